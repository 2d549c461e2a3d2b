"""Room for everything a night writes, on every disk that it is written to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltxlib.comfy.address import is_loopback
from ltxlib.core.amounts import size_text
from ltxlib.core.plan import RenderPlan
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line
from ltxlib.core.room import Rate, bytes_for
from ltxlib.errors import PodError
from ltxlib.pod.comfyui import ComfyHome, find_home
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.connect import Connection
from ltxlib.studio.disk import free_bytes, what_may_go
from ltxlib.studio.job import Care

# A film is joined from clips that are levelled and blended in between, so for a while it is there twice.
_FILM_SHARE = 2
# Below so many times what is needed, it is worth a look.
_AMPLE = 1.5


@dataclass(frozen=True)
class Needs:
    """What is to be written: takes that are missing, and a film of all takes in `film` (none: no film)."""

    rate: Rate
    missing: Sequence[RenderPlan]
    film: Sequence[RenderPlan] = ()

    @property
    def takes_bytes(self) -> int:
        """Bytes for the missing takes, written once."""
        return bytes_for(self.missing, self.rate)

    @property
    def film_bytes(self) -> int:
        """Bytes for the film and its making."""
        return bytes_for(self.film, self.rate) * _FILM_SHARE

    @property
    def all_bytes(self) -> int:
        """Bytes for both, in production/."""
        return self.takes_bytes + self.film_bytes


def lines(project: Project, shelf: Shelf, needs: Needs, connection: Connection | None) -> Iterator[Line]:
    """A line for each disk that is written to; what goes to the same one is added up."""
    written = [("the project", shelf.folder, needs.all_bytes)]
    outputs = _outputs(project, connection)
    written += [("ComfyUI's output folder", folder, needs.takes_bytes) for folder in outputs]
    disks: dict[int, tuple[list[str], Path, int]] = {}
    for name, folder, size_bytes in written:
        device = _device(folder)
        names, first, so_far = disks.get(device, ([], folder, 0))
        disks[device] = ([*names, name], first, so_far + size_bytes)
    for names, folder, size_bytes in disks.values():
        yield _line(" and ".join(names), folder, size_bytes, shelf, needs.rate.source)


def _line(name: str, folder: Path, size_bytes: int, shelf: Shelf, source: str) -> Line:
    free = free_bytes(folder)
    if free is None:
        cure = "Look yourself, with df -h."
        return Line("Disk", DOUBT, f"Nobody can tell how much room there is for {name}.", cure)
    seen = f"{size_text(free)} free for {name}; {size_text(size_bytes)} may be written ({source})."
    if free < size_bytes + Care().reserve_bytes:
        return Line("Disk", BAD, f"Too little room: {seen}", what_may_go(shelf))
    if free < size_bytes * _AMPLE:
        return Line("Disk", DOUBT, seen, what_may_go(shelf))
    return Line("Disk", GOOD, seen)


def _outputs(project: Project, connection: Connection | None) -> list[Path]:
    """Where servers on this machine put their own copies."""
    folders = []
    for server in connection.servers if connection else ():
        if not is_loopback(server.client.url):
            continue
        if server.facts.get("rehearsal"):
            folders.append(project.set(rehearsal=True).folder / "server")
            continue
        try:
            home = find_home()
        except PodError:
            continue
        if home is not None:
            folders.append(output_folder(home))
    return list(dict.fromkeys(folders))


def output_folder(home: ComfyHome) -> Path:
    """Where a ComfyUI writes what it makes: its folder output, unless its arguments name another place."""
    named = dict(zip(home.arguments, home.arguments[1:], strict=False))
    if "--output-directory" in named:
        return home.root / named["--output-directory"]
    return home.root / named.get("--base-directory", "") / "output"


def _device(folder: Path) -> int:
    """The number of the disk that a folder lies on or will lie on."""
    for place in (folder, *folder.parents):
        try:
            return place.stat().st_dev
        except OSError:
            continue
    return -1
