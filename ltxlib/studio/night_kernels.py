"""The kernels that work for a night, found by the night that their environment names.

A notebook is ended as Jupyter's own stop button ends it: its kernel is interrupted, so the cell ends with a
word and the executed copy is saved.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ltxlib.store.night_files import VARIABLE, NightFolder

_KERNEL = b"ipykernel_launcher"


def kernels(night: NightFolder) -> tuple[int, ...]:
    """The processes of the kernels that run for this night; none on a machine without /proc."""
    wanted, found = f"{VARIABLE}={night.folder}".encode(), []
    for entry in _processes():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if _KERNEL in words and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            # It ended while it was looked at, or belongs to somebody else.
            continue
    return tuple(sorted(found))


def tell(night: NightFolder, kind: signal.Signals) -> tuple[int, ...]:
    """Send a signal to each of them; gives those that were there."""
    there = kernels(night)
    for process in there:
        try:
            os.kill(process, kind)
        except (ProcessLookupError, PermissionError):
            continue
    return there


def _processes() -> list[Path]:
    proc = Path("/proc")
    return [entry for entry in proc.iterdir() if entry.name.isdecimal()] if proc.is_dir() else []
