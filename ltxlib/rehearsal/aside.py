"""Files that are not whole yet lie beside their final name, marked with the process that writes them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_PART = re.compile(r"\.(\d+)\.part")


def aside(path: Path) -> Path:
    """Where this process writes a file before it gets its name."""
    return path.with_name(f"{path.name}.{os.getpid()}.part")


def sweep(folder: Path) -> None:
    """Remove the half files below a folder that a process left which is no more, such as a killed one."""
    for part in folder.rglob("*.part"):
        found = _PART.fullmatch("".join(part.suffixes[-2:]))
        if found and not _lives(int(found.group(1))):
            # Another rehearsal may sweep here too.
            with suppress(OSError):
                part.unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
