"""Puts a finished file under its name: written aside, made safe on the disk, then renamed in one step."""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ltxlib.errors import StoreError


@contextmanager
def placed(out: Path, what: str) -> Iterator[Path]:
    """Gives the name to write to, beside `out`; at the end what is there gets the name `out`, whole.

    When the work inside fails or is stopped, `out` is as it was and nothing is left. what: for the message,
    such as "The poster". Raises StoreError for every fault of the disk, also those of the work inside.
    """
    # Named after the thread: two may make the same file, and what a dead one left can be told.
    part = out.with_name(f"{out.name}.{threading.get_native_id()}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        yield part
        _sync(part)
        part.replace(out)
        _sync(out.parent)
    except OSError as error:
        raise StoreError(f"{what} could not be stored ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Waits until the disk has it; for a folder, until it has the names in it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(out: Path) -> None:
    """Deletes what threads that are gone left of this very file."""
    for part in out.parent.glob(f"{glob.escape(out.name)}.*.part"):
        thread = part.suffixes[-2][1:]
        if thread.isdecimal() and not Path("/proc", thread).exists():
            part.unlink(missing_ok=True)
