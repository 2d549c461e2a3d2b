"""What the kit keeps only to be quicker: pieces of films, measured seams, half-done things. It may all go."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.amounts import size_text
from ltxlib.errors import ProjectBusy, StoreError
from ltxlib.store.project import Project, Shelf

# Less than this is not worth anybody's press.
WORTH_BYTES = 10**8
# A film that is being rendered holds no lock, but writes all the time.
_QUIET_S = 120.0


@dataclass(frozen=True)
class Cache:
    """One thing in a work/ folder that may go, and how large it is with all that is in it."""

    path: Path
    size_bytes: int


def found(project: Project) -> tuple[Cache, ...]:
    """All that lies in the work/ folders of the film and of the rehearsal, the largest first."""
    there = [
        Cache(path, sum(size for _, size, _ in _files(path)))
        for shelf in _shelves(project)
        for path in _entries(shelf.work)
    ]
    return tuple(sorted(there, key=lambda cache: -cache.size_bytes))


def told(project: Project) -> str:
    """What would go and how much that is, in a sentence; empty when there is nothing."""
    there = [cache for cache in found(project) if cache.size_bytes]
    if not there:
        return ""
    whole = size_text(sum(cache.size_bytes for cache in there))
    named = [f"{_name(project, cache.path)} ({size_text(cache.size_bytes)})" for cache in there[:3]]
    more = f" and {len(there) - 3} more" if len(there) > 3 else ""
    return (
        f"This deletes {whole}: {', '.join(named)}{more}. Takes, films and models stay; the next film takes "
        "longer, as its pieces are made again."
    )


def empty(project: Project, now: Callable[[], float] = time.time) -> int:
    """Deletes all that; gives the bytes. Raises ProjectBusy while a batch runs or a film is written."""
    with ExitStack() as held:
        for shelf in _shelves(project):
            if shelf.folder.is_dir():
                held.enter_context(shelf.lock)
        there = found(project)
        places = (*(cache.path for cache in there), *(shelf.masters for shelf in _shelves(project)))
        if any(changed_s > now() - _QUIET_S for path in places for _, _, changed_s in _files(path)):
            raise ProjectBusy(
                "Something was written there a moment ago: a film may be in the making.",
                cure="Do this again when the film is done, or in two minutes.",
            )
        for cache in there:
            _delete(cache.path)
    return sum(cache.size_bytes for cache in there)


def _shelves(project: Project) -> tuple[Shelf, Shelf]:
    return project.set(rehearsal=False), project.set(rehearsal=True)


def _entries(work: Path) -> list[Path]:
    try:
        return sorted(work.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"{work.name} cannot be read ({error.strerror}).") from error


def _files(path: Path) -> Iterator[tuple[Path, int, float]]:
    """Every file below, its size and when it was written; a link counts as itself."""
    if path.is_dir() and not path.is_symlink():
        inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    else:
        inside = iter((path,))
    for one in inside:
        # It may end while it is looked at.
        with suppress(OSError):
            facts = one.lstat()
            yield one, facts.st_size, facts.st_mtime


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path.name} could not be deleted ({error.strerror}).") from error


def _name(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
