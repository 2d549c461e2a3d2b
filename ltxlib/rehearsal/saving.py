"""Where an output node's file goes: folder, name and number, by ComfyUI's rules."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.aside import aside
from ltxlib.rehearsal.calls import NodeFailed

_NUMBERED = re.compile(r"_(\d+)_")


@dataclass(frozen=True)
class SavePlace:
    """A folder, the first free number, and how the file is listed for clients."""

    folder: Path
    stem: str
    subfolder: str
    kind: str
    number: int

    def name(self, suffix: str, offset: int = 0) -> str:
        """`stem_00001_.mp4`."""
        return f"{self.stem}_{self.number + offset:05}_.{suffix}"

    def listed(self, name: str) -> dict[str, str]:
        """The file as `executed` and /history list it."""
        return {"filename": name, "subfolder": self.subfolder, "type": self.kind}


def saved_as(graph: Mapping[str, Any]) -> str:
    """The names under which a graph asks its files to be saved, one after the other."""
    inputs = (node.get("inputs") for node in graph.values())
    prefixes = (given.get("filename_prefix") for given in inputs if isinstance(given, Mapping))
    return " ".join(prefix for prefix in prefixes if isinstance(prefix, str))


def place_for(prefix: str, root: Path, kind: str, size_px: tuple[int, int] = (0, 0)) -> SavePlace:
    """The place for a file with this prefix below `root`; the subfolder is made.

    `%width%`, `%height%` and the parts of the time are filled in; other `%words%` stay. A prefix that would
    leave the folder fails the node, in ComfyUI's words.
    """
    filled = os.path.normpath(_filled(prefix, size_px))
    subfolder, stem = os.path.split(filled)
    folder = os.path.abspath(os.path.join(root, subfolder))  # noqa: PTH100, PTH118
    if os.path.commonpath((root, folder)) != str(root):
        message = (
            "**** ERROR: Saving image outside the output folder is not allowed."
            f"\n full_output_folder: {folder}\n         output_dir: {root}"
        )
        raise NodeFailed("Exception", message)
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        taken = [_number(entry.name, stem) for entry in place.iterdir()]
    except OSError as error:
        raise NodeFailed(type(error).__name__, str(error)) from error
    return SavePlace(place, stem, subfolder, kind, max(taken, default=0) + 1)


def _filled(prefix: str, size_px: tuple[int, int]) -> str:
    if "%" not in prefix:
        return prefix
    now = time.localtime()
    known = {"width": str(size_px[0]), "height": str(size_px[1]), "year": str(now.tm_year)}
    parts = ("month", now.tm_mon), ("day", now.tm_mday), ("hour", now.tm_hour), ("minute", now.tm_min)
    known |= {name: f"{value:02}" for name, value in (*parts, ("second", now.tm_sec))}
    for name, value in known.items():
        prefix = prefix.replace(f"%{name}%", value)
    return prefix


def _number(name: str, stem: str) -> int:
    """The number in `stem_00012_...`; 0 when the name is not of that form."""
    if not name.lower().startswith(f"{stem}_".lower()):
        return 0
    found = _NUMBERED.match(name[len(stem) :])
    return int(found.group(1)) if found else 0


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside the path, then give it its name."""
    part = aside(path)
    try:
        write(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
