"""What killed processes leave of their coverage.

Many tests kill a process of the kit at its worst moment. Where that was the moment in which it wrote its
coverage down, the file is half there, and coverage 7.17 gives up on all the others because of it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from coverage import CoverageData
from coverage.exceptions import CoverageException


def drop_damaged(folder: Path) -> list[Path]:
    """Removes the data files in a folder that cannot be combined with the others; gives their paths."""
    together = CoverageData(no_disk=True)
    damaged = []
    for path in sorted(folder.glob(".coverage.*")):
        try:
            part = CoverageData(str(path))
            part.read()
            together.update(part)
        except (CoverageException, sqlite3.Error):
            damaged.append(path)
            # What was taken over of it is not to be judged the others by.
            with contextlib.suppress(CoverageException, sqlite3.Error):
                together.close()
            together = CoverageData(no_disk=True)
            path.unlink(missing_ok=True)
    return damaged
