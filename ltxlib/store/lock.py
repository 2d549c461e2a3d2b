"""One run at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ltxlib.errors import ProjectBusy, StoreError

# How often, and how long apart, a lock is tried that somebody may only be looking at.
_LOOKS, _LOOK_S = 5, 0.02


class ProjectLock:
    """Holds a lock file while in use; raises ProjectBusy when another process has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __enter__(self) -> ProjectLock:
        handle = self._open()
        try:
            _take(handle)
        except OSError as error:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
            os.close(handle)
            raise ProjectBusy(
                f"Another batch is running in this project (process {holder or '?'})."
            ) from error
        self._keep(handle)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Holds it too, but waits, however long, until the process that has it ends or lets go."""
        handle = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._keep(handle)
            yield
        finally:
            self._handle = None
            os.close(handle)

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path.name} could not be made: {error.strerror or error}.") from error

    def _keep(self, handle: int) -> None:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle


def _take(handle: int) -> None:
    """Take the lock; who only looks whether it is held holds it for an instant, and that is waited out."""
    for _ in range(_LOOKS):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOOK_S)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
