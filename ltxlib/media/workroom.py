"""A folder for the intermediate files of one render, gone when the render ends, however it ends."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"render-(\d+)-\w+")


@contextmanager
def workroom(folder: Path) -> Iterator[Path]:
    """A new folder inside `folder`; what killed renders left there is removed first."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        owner = _NAME.fullmatch(left.name)
        if owner is not None and not _lives(int(owner[1])):
            shutil.rmtree(left, ignore_errors=True)
    room = Path(tempfile.mkdtemp(prefix=f"render-{os.getpid()}-", dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
