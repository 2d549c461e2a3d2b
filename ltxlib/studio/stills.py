"""Stills from elsewhere: brought into images/ whole and checked, listed, and made scenes of.

Whatever a name or a ZIP says, a picture lands in images/ itself and never over another one.
"""

from __future__ import annotations

import hashlib
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ltxlib.core import brought
from ltxlib.core.problem import errors_in
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.errors import BadInput, LtxlibError, StoreError
from ltxlib.media.brought import Picture, look_at_picture, seen_size, write_small
from ltxlib.store.files import inside, move_whole, sha256_of, write_whole
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import add_scene, read_sheet
from ltxlib.studio.disk import room_for

_MOST_IN_A_ZIP = 3000
_MOST_UNPACKED_BYTES = 8_000_000_000
_LISTED = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_SMALL_FOLDER = "stills"
IGNORED = "ignored"
_ONE_AT_A_TIME = threading.Lock()
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Brought:
    """What became of one file. asked: as its owner calls it. path: where it is kept, None when it is not.

    there: the very same picture was in images/ before. says: why it was refused, or what is worth knowing.
    """

    asked: str
    path: Path | None = None
    there: bool = False
    says: str = ""


@dataclass(frozen=True)
class Still:
    """A picture of images/ for a list. name: as scenes.csv names it. Sizes in pixels. small: a JPEG of it."""

    name: str
    path: Path
    width_px: int = 0
    height_px: int = 0
    small: Path | None = None


def judge(name: str, size_bytes: int) -> str:
    """Why a file need not even be sent; empty when it may come. Files that nobody means to bring say so."""
    return IGNORED if brought.kind_of(name) == brought.IGNORED else brought.refusal(name, size_bytes)


def bring(project: Project, source: Path, name: str) -> list[Brought]:
    """Take a file that has arrived: a picture, or a ZIP of them. `source` is used up, whatever comes of it.

    name: its path as its owner has it. One answer for each picture; nothing is raised for a bad one.
    """
    try:
        with source.open("rb") as file:
            is_zip = brought.kind_inside(file.read(16)) == brought.ZIP
        if is_zip or brought.kind_of(name) == brought.ZIP:
            return list(_unpacked(project, source, name))
        return [_one(project, source, name)]
    except OSError as error:
        return [Brought(name, says=f"“{brought.short(name)}” could not be read ({error.strerror}).")]
    finally:
        source.unlink(missing_ok=True)


def _one(project: Project, source: Path, name: str) -> Brought:
    """Keep one picture under a name of its own."""
    try:
        why = brought.refusal(name, source.stat().st_size)
        if why:
            return Brought(name, says=why)
        picture = look_at_picture(source, name)
        if picture.anew is not None:
            write_whole(source, picture.anew)
        with _ONE_AT_A_TIME:
            same = _same(project, source)
            if same is not None:
                return Brought(name, same, there=True, says=picture.says)
            path = _free_name(project, brought.kept_name(name, _ending(name, picture)))
            move_whole(source, path)
        # Files of a browser are for their owner alone; the rest of images/ is for everybody who may look.
        path.chmod(0o644)
        return Brought(name, path, says=picture.says)
    except BadInput as error:
        own = error.cure if error.cure != BadInput.default_cure else ""
        return Brought(name, says=f"{error.message} {own}".strip())
    except LtxlibError as error:
        return Brought(name, says=str(error))


def _ending(name: str, picture: Picture) -> str:
    """The ending of what the picture really is; .jpeg and .jpg are the same."""
    own = Path(name).suffix.lower()
    return own if (own, picture.ending) == (".jpeg", ".jpg") else picture.ending


def _same(project: Project, source: Path) -> Path | None:
    """The picture of images/ that is this one, byte for byte."""
    size, digest = source.stat().st_size, ""
    for path in _pictures(project):
        with suppress(OSError, StoreError):
            if path.stat().st_size == size:
                digest = digest or sha256_of(source)
                if sha256_of(path) == digest:
                    return path
    return None


def _free_name(project: Project, name: str) -> Path:
    """A path in images/ that nothing has, on Windows neither."""
    project.images.mkdir(parents=True, exist_ok=True)
    taken = {path.name.casefold() for path in project.images.iterdir()}
    stem, dot, ending = name.rpartition(".")
    number, wanted = 1, name
    while wanted.casefold() in taken:
        number += 1
        wanted = f"{stem}-{number}{dot}{ending}"
    return inside(project.images, wanted)


def _unpacked(project: Project, source: Path, name: str) -> Iterator[Brought]:
    try:
        with zipfile.ZipFile(source) as packed:
            wanted = [one for one in packed.infolist() if not one.is_dir()]
            wanted = [one for one in wanted if brought.kind_of(_called(one)) != brought.IGNORED]
            why = _not_unpacked(project, name, wanted)
            if why:
                yield Brought(name, says=why)
                return
            for number, one in enumerate(wanted):
                yield _entry(project, packed, one, source.with_name(f"{source.name}.{number}.part"))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        text = f"“{brought.short(name)}” is damaged or no ZIP. Make or download it anew."
        full = getattr(error, "strerror", None)
        yield Brought(name, says=f"“{brought.short(name)}” could not be unpacked ({full})." if full else text)


def _not_unpacked(project: Project, name: str, wanted: list[zipfile.ZipInfo]) -> str:
    said, size = brought.short(name), sum(one.file_size for one in wanted)
    if not wanted:
        return f"There is nothing in “{said}”."
    if len(wanted) > _MOST_IN_A_ZIP or size > _MOST_UNPACKED_BYTES:
        return (
            f"“{said}” holds {len(wanted)} files of {size / 1e9:.1f} GB, more than is taken at once "
            f"({_MOST_IN_A_ZIP} files, {_MOST_UNPACKED_BYTES / 1e9:.0f} GB). Bring it in parts."
        )
    why = room_for(project.images, size)
    return f"“{said}” was not unpacked. {why}" if why else ""


def _entry(project: Project, packed: zipfile.ZipFile, one: zipfile.ZipInfo, part: Path) -> Brought:
    """One file of a ZIP; it is never put where its name says, and no more of it is read than it may have."""
    name = _called(one)
    if one.flag_bits & 1:
        return Brought(name, says=f"“{brought.short(name)}” is locked with a password; bring it without.")
    if (one.external_attr >> 16) & 0o170000 == 0o120000:
        return Brought(name, says=f"“{brought.short(name)}” is a link to a file, not a picture.")
    kind = brought.kind_of(name)
    if kind == brought.ZIP:
        return Brought(name, says=f"“{brought.short(name)}” is a ZIP inside a ZIP. Bring it by itself.")
    why = brought.refusal(name, one.file_size, kind)
    if why:
        return Brought(name, says=why)
    try:
        with packed.open(one) as inner, part.open("wb") as out:
            left = brought.LARGEST_BYTES
            while block := inner.read(min(_READ_BYTES, left + 1)):
                left -= len(block)
                if left < 0:
                    return Brought(name, says=brought.refusal(name, brought.LARGEST_BYTES + 1))
                out.write(block)
        return _one(project, part, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        text = f"“{brought.short(name)}” is damaged inside the ZIP ({type(error).__name__})."
        return Brought(name, says=text)
    finally:
        part.unlink(missing_ok=True)


def _called(one: zipfile.ZipInfo) -> str:
    """The name of a file in a ZIP; older ZIPs of a Mac have UTF-8 in it without saying so."""
    if not one.flag_bits & 0x800:
        with suppress(UnicodeError):
            return one.filename.encode("cp437").decode("utf-8")
    return one.filename


def stills(project: Project) -> list[Path]:
    """All pictures of images/, those brought last first."""
    return sorted(_pictures(project), key=lambda path: (-_changed_ns(path), path.name.casefold()))


def shown(project: Project, path: Path) -> Still:
    """One of them with its size and a small picture, which is kept; without them when it does not open."""
    name = path.relative_to(project.images).as_posix()
    key = f"{name}\n{_changed_ns(path)}\n{path.stat().st_size}" if path.is_file() else name
    small = project.production / _SMALL_FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.jpg"
    try:
        # The size is read anew each time: it stands in the first bytes of the file.
        width, height = seen_size(path) if small.is_file() else write_small(path, small)
    except LtxlibError:
        return Still(name, path)
    return Still(name, path, width, height, small)


def used_in(project: Project) -> dict[str, list[str]]:
    """Which scenes start from or lead to which picture, by its name; empty when there is no table to read."""
    found: dict[str, list[str]] = {}
    with suppress(LtxlibError):
        for scene in read_sheet(project.scenes_csv).scenes:
            for image in scene.pictures.values():
                found.setdefault(image, []).append(scene.scene)
    return found


def draft_scene(project: Project, still: Still, sizes: list[tuple[int, int]]) -> Scene:
    """A scene that starts from a picture: a free name, the nearest size, words to begin with."""
    try:
        taken = [scene.scene for scene in read_sheet(project.scenes_csv).scenes]
    except LtxlibError:
        taken = []
    size = brought.fitting_size(still.width_px or 3, still.height_px or 2, sizes)
    return Scene(
        scene=brought.scene_name(still.name, taken),
        prompt=brought.DEFAULT_PROMPT,
        mode="i2v",
        image=still.name,
        width=size[0],
        height=size[1],
    )


def make_scene(project: Project, draft: Scene, name: str, prompt: str) -> Scene:
    """Put a drafted scene into scenes.csv, with the name and words that a person gave it.

    Raises BadInput when the row would be no good, or a scene of that name is there.
    """
    wanted = replace(draft, scene=name.strip(), prompt=prompt.strip())
    scene, problems = read_scene(cells_for(wanted), 0, "scene")
    if scene is None:
        raise BadInput("Something is to be mended first.", errors_in(problems), cure="Then press it again.")
    add_scene(project.scenes_csv, scene)
    return scene


def _pictures(project: Project) -> list[Path]:
    return [path for path in project.images.rglob("*") if path.suffix.lower() in _LISTED and path.is_file()]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
