"""An append-only file of what happened: one JSON object a line, on disk before the next step begins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ltxlib.errors import StoreError


def now() -> str:
    """The time as it stands in journals and records: UTC, ISO 8601, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Journal:
    """A journal file; several processes may append to it, none ever rewrites it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, **facts: Any) -> dict[str, Any]:
        """Write one line and make it lasting; gives the line back.

        Raises StoreError when the disk refuses.
        """
        entry = {"at": now(), "event": event, **facts}
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                # A line cut short by a crash is closed first, so that it spoils nothing but itself.
                size = os.fstat(handle).st_size
                if size and os.pread(handle, 1, size - 1) != b"\n":
                    line = b"\n" + line
                os.write(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise StoreError(f"{self.path.name} could not be written: {error.strerror or error}.") from error
        return entry

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The whole lines, oldest first; a line that is damaged is passed over."""
        try:
            with self.path.open("rb") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(entry, dict) and "event" in entry:
                        yield entry
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self.path.name} could not be read: {error.strerror or error}.") from error
