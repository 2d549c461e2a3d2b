"""Taking films home: what of a pod's work lies nowhere else yet, a ZIP of it, or rclone to a place of yours.

A pod may be lost with all it holds. What was taken is written down by content, so a take that was made anew
counts as not taken. A ZIP counts as taken only when a person says that it arrived.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ltxlib.core.take import KEEP, REJECT, Take
from ltxlib.errors import BadInput, Cancelled, PodError, StoreError
from ltxlib.store import takes as take_store
from ltxlib.store.files import write_whole
from ltxlib.store.journal import Journal, now
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.rclone import Tell, run_rclone

REMOTE_VARIABLE = "LTX_RCLONE"
FOLDER = "to-take-home"
CONTENTS = "contents.json"
_BLOCK_BYTES = 4 << 20
_LIST_WAIT_S = 20
_REMOTE = re.compile(r"[A-Za-z0-9_][\w .+@-]*:[^\x00-\x1f]*")
WHAT = ("keepers", "films", "all")


def _quiet(_done: int, _whole: int) -> None:
    """Nobody wants to hear of each step."""


@dataclass(frozen=True)
class Good:
    """One thing worth taking: its files, the first of them the clip or the film. kind: "take" or "film".
    mark: of its content. kept: whether a person chose it (films always are)."""

    kind: str
    name: str
    files: tuple[Path, ...]
    mark: str
    size_bytes: int
    kept: bool


@dataclass(frozen=True)
class Left:
    """What lies only on this machine."""

    goods: tuple[Good, ...]

    @property
    def takes(self) -> int:
        """How many takes."""
        return sum(good.kind == "take" for good in self.goods)

    @property
    def films(self) -> int:
        """How many finished films."""
        return len(self.goods) - self.takes

    @property
    def size_bytes(self) -> int:
        """How large they are together."""
        return sum(good.size_bytes for good in self.goods)

    @property
    def says(self) -> str:
        """All that in a sentence."""
        if not self.goods:
            return "Nothing of the film lies on this machine alone."
        takes = f"{self.takes} take{'' if self.takes == 1 else 's'}"
        films = f"{self.films} film{'' if self.films == 1 else 's'}"
        return f"{takes} and {films} ({self.size_bytes / 1e9:.2f} GB) are NOT YET COPIED off this machine."


def goods(shelf: Shelf) -> list[Good]:
    """All takes that were not rejected, and all films, with the files that tell of them."""
    found, _problems = take_store.load_takes(shelf)
    decided = take_store.decisions(shelf)
    made = [_take(shelf, take, decided.get(take.key)) for take in found if decided.get(take.key) != REJECT]
    return [*made, *(_film(path) for path in sorted(shelf.masters.glob("*.mp4")))]


def left(shelf: Shelf) -> Left:
    """What was not copied off this machine yet."""
    taken = {(entry.get("name"), entry.get("mark")) for entry in _journal(shelf) if entry["event"] == "taken"}
    return Left(tuple(good for good in goods(shelf) if (good.name, good.mark) not in taken))


def chosen(shelf: Shelf, what: str = "keepers", *, again: bool = False) -> list[Good]:
    """Films and kept takes ("keepers"), films alone ("films"), or everything; again: what was taken too."""
    if what not in WHAT:
        raise BadInput(f"{what!r} is nothing that can be taken home.", cure=f"Choose {', '.join(WHAT)}.")
    found = goods(shelf) if again else left(shelf).goods
    return [
        good for good in found if what == "all" or good.kind == "film" or (what == "keepers" and good.kept)
    ]


def pack(
    shelf: Shelf,
    what: str = "keepers",
    *,
    again: bool = False,
    tell: Tell = _quiet,
    cancel: Event | None = None,
) -> Path | None:
    """Writes a ZIP of them, whole or not at all, and gives its path; None when there is nothing to take.

    Clips are stored as they are: they are packed already. tell: hears of the bytes written and of all bytes.
    Raises BadInput, StoreError (no room), Cancelled.
    """
    picked = chosen(shelf, what, again=again)
    if not picked:
        return None
    folder = shelf.folder / FOLDER
    out = folder / f"{shelf.folder.name}-{now()[:19].replace(':', '')}.zip"
    needed = sum(good.size_bytes for good in picked)
    part = out.with_name(f"{out.name}.part")
    done = 0

    def step(size_bytes: int) -> None:
        nonlocal done
        done += size_bytes
        tell(done, needed)
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped. No ZIP was written.", cure="Press it again when you like.")

    try:
        folder.mkdir(parents=True, exist_ok=True)
        _room_or_raise(folder, needed)
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
                for path in _files(picked):
                    _add(packed, path, path.relative_to(shelf.folder.parent).as_posix(), step)
                inside = [{"name": good.name, "mark": good.mark} for good in picked]
                packed.writestr(f"{shelf.folder.name}/{CONTENTS}", json.dumps(inside, indent=1))
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise StoreError(f"The ZIP could not be written ({error.strerror}).") from error
    finally:
        part.unlink(missing_ok=True)
    return out


def _room_or_raise(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StoreError(
            f"A ZIP of {needed / 1e9:.1f} GB does not fit: {free / 1e9:.1f} GB are free.",
            cure="Take the films alone, delete older ZIPs, or copy with rclone: it needs no room here.",
        )


def _add(packed: zipfile.ZipFile, path: Path, name: str, step: Callable[[int], None]) -> None:
    with path.open("rb") as source, packed.open(zipfile.ZipInfo.from_file(path, name), "w") as target:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
            step(len(block))


def zips(shelf: Shelf) -> list[Path]:
    """The ZIPs that were written and not yet deleted, the newest first."""
    return sorted((shelf.folder / FOLDER).glob("*.zip"), reverse=True)


def zip_arrived(shelf: Shelf, path: Path) -> int:
    """Writes down that a ZIP arrived with what was in it when it was written; gives how many.

    Raises StoreError for a ZIP that is not one of `pack`.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            inside = json.loads(packed.read(f"{shelf.folder.name}/{CONTENTS}"))
        goods = [Good("", str(one["name"]), (), str(one["mark"]), 0, True) for one in inside]
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path.name} is gone or damaged.", cure="Make a ZIP anew.") from error
    return arrived(shelf, goods, f"said by a person: {path.name}")


def arrived(shelf: Shelf, picked: Iterable[Good], how: str) -> int:
    """Writes down that these were copied off this machine; gives how many."""
    journal, count = _journal(shelf), 0
    for good in picked:
        journal.append("taken", name=good.name, mark=good.mark, how=how)
        count += 1
    return count


def remotes() -> list[str] | None:
    """The places that rclone is set up for, such as "drive:"; None where there is no rclone."""
    program = shutil.which("rclone")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "listremotes"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIST_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if _REMOTE.fullmatch(line.strip())]


def send(
    project: Project,
    shelf: Shelf,
    what: str = "keepers",
    *,
    remote: str = "",
    again: bool = False,
    tell: Tell = _quiet,
    cancel: Event | None = None,
) -> int:
    """Copies them with rclone and writes down what arrived; gives how many.

    remote: as rclone names it, such as "drive:films"; else LTX_RCLONE. While it copies, a night does not stop
    the pod. Raises BadInput, PodError with rclone's last words, Cancelled.
    """
    to = (remote or os.environ.get(REMOTE_VARIABLE, "")).strip()
    if not _REMOTE.fullmatch(to):
        raise BadInput(
            f"{to!r} is no place that rclone knows." if to else "No place is named to copy to.",
            cure=f"Set rclone up (rclone config), then name a place such as drive:films, or put it into "
            f"{REMOTE_VARIABLE}.",
        )
    program = shutil.which("rclone")
    if program is None:
        raise PodError(
            "rclone is not on this machine.", cure="Install it (apt install rclone), or take a ZIP."
        )
    picked = chosen(shelf, what, again=again)
    if not picked:
        return 0
    listed = shelf.work / "rclone-files.txt"
    names = [path.relative_to(shelf.folder).as_posix() for path in _files(picked)]
    write_whole(listed, "\n".join(names).encode())
    words = ["copy", str(shelf.folder), f"{to.rstrip('/')}/{shelf.folder.name}" if to[-1] != ":" else to]
    with project.copying:
        run_rclone(
            [program, *words, "--files-from-raw", str(listed), "--no-traverse"], tell, cancel or Event()
        )
    listed.unlink(missing_ok=True)
    return arrived(shelf, picked, f"rclone {to}")


def _journal(shelf: Shelf) -> Journal:
    return Journal(shelf.folder / "taken-home.jsonl")


def _files(picked: Iterable[Good]) -> list[Path]:
    return [path for good in picked for path in good.files]


def _take(shelf: Shelf, take: Take, decision: str | None) -> Good:
    clip = take_store.clip_path(shelf, take.scene, take.take_id)
    files = (clip, take_store.record_path(shelf, take.scene, take.take_id))
    return Good("take", take.key, files, take.clip.sha256, _size(files), decision == KEEP)


def _film(path: Path) -> Good:
    beside = sorted(
        other
        for other in path.parent.glob(f"{path.stem}*")
        if other != path and other.is_file() and other.suffix != ".part"
    )
    pack_files = sorted(one for one in path.with_name(f"{path.stem}-pack").rglob("*") if one.is_file())
    files = (path, *beside, *pack_files)
    return Good("film", path.name, files, _mark(path), _size(files), True)


def _mark(path: Path) -> str:
    """What a film's record says of its content, else its size."""
    try:
        return str(json.loads(path.with_suffix(".json").read_bytes())["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(path.stat().st_size)


def _size(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files)
