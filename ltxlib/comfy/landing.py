"""How a clip reaches the disk: written aside, made safe there, then given its name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ltxlib.errors import StoreError


class OnDisk:
    """A file being written, whose faults are the disk's and are told as such."""

    def __init__(self, part: Path, name: str) -> None:
        self._part, self._name = part, name

    def __enter__(self) -> OnDisk:
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as error:
            raise _not_saved(self._name, error) from error
        return self

    def __exit__(self, *about: object) -> None:
        # What was not written by now is told by sync(); a second complaint would hide the first.
        with suppress(OSError):
            self._file.close()

    def write(self, data: bytes) -> None:
        """Add to it."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _not_saved(self._name, error) from error

    def sync(self) -> None:
        """Have all of it on the disk itself."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _not_saved(self._name, error) from error


def put_in_place(part: Path, to: Path) -> None:
    """Give a file that is whole its name. Raises StoreError."""
    try:
        part.replace(to)
    except OSError as error:
        raise _not_saved(to.name, error) from error
    # The new name must outlive a power cut too; network folders may not offer that, and then it is as it is.
    with suppress(OSError):
        folder = os.open(to.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _not_saved(name: str, error: OSError) -> StoreError:
    return StoreError(f"The clip {name} could not be saved: {error.strerror or 'no reason given'}.")
