"""Files that are kept for the next film: each is named after what it is of and after what it holds.

So a file is believed only while its content fits its name, and one that a killed render left half written
never has a name at all.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ltxlib.errors import ClipUnreadable

# Coded pieces of picture, and the ends of clips as they came out of the decoder.
PIECE, END = ".piece", ".end"
BLOCK_BYTES = 1 << 20
KEPT_BYTES = 40 * 10**9


def digest_of(clip: Path, between: Callable[[], None]) -> str:
    """The name of a file's content. between: called now and then. Raises ClipUnreadable."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with clip.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                between()
    except OSError as error:
        raise ClipUnreadable(f"{clip.name} cannot be read ({error.strerror}).") from error
    return digest.hexdigest()


def found(folder: Path, key: str, suffix: str, between: Callable[[], None]) -> Path | None:
    """The whole file of this key, or None; what is damaged is removed."""
    for path in sorted(folder.glob(f"{key}-*{suffix}")):
        with suppress(ClipUnreadable):
            if path.stem == f"{key}-{digest_of(path, between)}":
                # When it was last of use, for `tidy`.
                os.utime(path)
                return path
        path.unlink(missing_ok=True)
    return None


def keep(part: Path, folder: Path, key: str, suffix: str, between: Callable[[], None]) -> Path:
    """Gives a finished file its name; `part` lies on the same disk."""
    path = folder / f"{key}-{digest_of(part, between)}{suffix}"
    part.replace(path)
    return path


def tidy(folder: Path, most_bytes: int = KEPT_BYTES) -> None:
    """Removes what is beyond so many bytes, those first that have been of no use for longest."""
    left = []
    for path in (path for suffix in (PIECE, END) for path in folder.glob(f"*{suffix}")):
        with suppress(FileNotFoundError):
            facts = path.stat()
            left.append((facts.st_mtime_ns, facts.st_size, path))
    kept = 0
    for _when, size, path in sorted(left, reverse=True):
        kept += size
        if kept > most_bytes:
            path.unlink(missing_ok=True)
