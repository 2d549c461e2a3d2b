"""Whether there is room on the disk for what comes next, and what may go when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ltxlib.core.plan import RenderPlan
from ltxlib.core.room import Rate, bytes_for
from ltxlib.core.take import REJECT
from ltxlib.store import takes as take_store
from ltxlib.store.project import Shelf

_MB = 1_000_000
# What a file that is brought leaves free for everything else.
_LEFT_BYTES = 200 * _MB


def free_bytes(folder: Path) -> int | None:
    """How much room there is where a folder lies or will lie; None when nobody can tell."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def room_for(folder: Path, size_bytes: int) -> str:
    """Why a file of that size cannot come into a folder, in a sentence; empty when there is room."""
    free = free_bytes(folder)
    if free is None or free >= size_bytes + _LEFT_BYTES:
        return ""
    return f"There is too little room for it: {_size(size_bytes)} are needed, {_size(free)} are free."


def shortage(shelf: Shelf, plans: Sequence[RenderPlan], rate: Rate, reserve_bytes: int) -> str:
    """Why there is no room to begin these takes, with what may be deleted; empty when there is room."""
    free = free_bytes(shelf.folder)
    need = bytes_for(plans, rate) + reserve_bytes
    if free is None or free >= need:
        return ""
    return (
        f"There are {_size(free)} left on the disk and {_size(need)} are needed, so nothing more is begun. "
        f"{what_may_go(shelf)}"
    )


def what_may_go(shelf: Shelf) -> str:
    """What of a shelf may be deleted, in a sentence."""
    rejected = [key for key, decision in take_store.decisions(shelf).items() if decision == REJECT]
    clips = (take_store.clip_path(shelf, *key.split("/", 1)) for key in rejected)
    sizes = {
        f"{shelf.folder.name}/work": _bytes_below(shelf.work),
        f"{shelf.folder.name}/posters": _bytes_below(shelf.posters),
        "the takes you rejected": sum(clip.stat().st_size for clip in clips if clip.is_file()),
    }
    large = [f"{name} ({_size(size)})" for name, size in sizes.items() if size >= _MB]
    if not large:
        return "Delete what you do not need on this disk, or take a larger one, and run this again."
    return f"What may be deleted: {', '.join(large)}. Then run this again."


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"
