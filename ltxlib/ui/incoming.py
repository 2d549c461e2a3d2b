"""Files that arrive in pieces from a page: written aside, handed over whole, gone when they are called off.

The page (upload.js) asks, and is answered, piece by piece. Its words are not believed: a piece has to follow
the last one, a file never gets longer than it said, and its name is never used for a path here.
"""

from __future__ import annotations

import itertools
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.ui.job import Outcome

GO, NO, DONE = "go", "no", "done"
LARGEST_PIECE_BYTES = 4 << 20
_MOST_OPEN = 16
_FORGOTTEN_AFTER_S = 3600.0
_NUMBERS = itertools.count()


@dataclass
class _File:
    """One file under way."""

    name: str
    size_bytes: int
    part: Path
    has_bytes: int = 0
    heard: float = field(default_factory=time.monotonic)


class Incoming:
    """One door for files.

    folder: where they are written aside, on the disk where they stay. judge: why a file of that name and size
    is not wanted, empty when it is. take: gets a whole file and its name, on a thread of its own; the
    file is its to move. refused: hears of those that did not come, with the reason. over: all is through.
    """

    def __init__(
        self,
        folder: Path,
        judge: Callable[[str, int], str],
        take: Callable[[Path, str], None],
        refused: Callable[[str, str], None],
        over: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self._judge, self._take, self._refused, self._over = judge, take, refused, over
        self._open: dict[str, _File] = {}
        self._lock = threading.Lock()
        self._work: queue.Queue[Callable[[], None]] = queue.Queue()
        self._worker: threading.Thread | None = None

    def hear(self, said: Mapping[str, Any], buffers: Sequence[Any], answer: Callable[[str], None]) -> None:
        """One message of the page; it is answered once, soon or when its work is done."""
        what, key = said.get("do"), str(said.get("id", ""))
        if what == "begin":
            answer(self._begin(key, str(said.get("name", "")), said.get("size")))
        elif what == "piece":
            answer(self._piece(key, said.get("at"), buffers))
        elif what == "end":
            self._later(lambda: self._end(key, answer))
        elif what == "cancel":
            self._drop(key, str(said.get("why", "")))
            answer(DONE)
        else:
            self._later(lambda: self._all_through(answer))

    def give(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Small files, each with its name, that came in one piece another way."""
        for name, data in files:
            self._give(name, data)
        self._over()

    def _give(self, name: str, data: bytes) -> None:
        key = f"whole-{next(_NUMBERS)}"
        if self._begin(key, name, len(data)) != GO:
            return
        for at in range(0, len(data), LARGEST_PIECE_BYTES):
            if self._piece(key, at, [data[at : at + LARGEST_PIECE_BYTES]]) != GO:
                return
        self._end(key, lambda _: None)

    def settle(self) -> None:
        """Wait until all that has arrived is dealt with."""
        self._work.join()

    def _begin(self, key: str, name: str, size: Any) -> str:
        self._forget()
        told = isinstance(size, int) and size >= 0 and bool(key)
        why = "" if told else "The browser did not say how large it is."
        with self._lock:
            if key in self._open or len(self._open) >= _MOST_OPEN:
                why = why or "Too many files are on their way at once; bring this one again."
        why = why or self._judge(name, size)
        if why:
            self._refused(name, why)
            return NO
        part = self.folder / f".coming-{os.getpid()}-{next(_NUMBERS)}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(b"")
        except OSError as error:
            self._refused(name, f"It could not be written here ({error.strerror}).")
            return NO
        with self._lock:
            self._open[key] = _File(name, size, part)
        return GO

    def _piece(self, key: str, at: Any, buffers: Sequence[Any]) -> str:
        with self._lock:
            file = self._open.get(key)
        if file is None:
            return NO
        data = bytes(buffers[0]) if buffers else b""
        fits = at == file.has_bytes and file.has_bytes + len(data) <= file.size_bytes
        if not data or len(data) > LARGEST_PIECE_BYTES or not fits:
            self._drop(key, "It arrived damaged; bring it again.")
            return NO
        try:
            with file.part.open("ab") as out:
                out.write(data)
        except OSError as error:
            self._drop(key, f"It could not be written here ({error.strerror}).")
            return NO
        file.has_bytes += len(data)
        file.heard = time.monotonic()
        return GO

    def _end(self, key: str, answer: Callable[[str], None]) -> None:
        with self._lock:
            file = self._open.pop(key, None)
        if file is None:
            answer(NO)
            return
        outcome = Outcome()
        with outcome:
            if file.has_bytes != file.size_bytes:
                self._refused(file.name, "It arrived only in part; bring it again.")
            else:
                self._take(file.part, file.name)
        with suppress(OSError):
            file.part.unlink(missing_ok=True)
        if outcome.error is not None:
            self._refused(file.name, str(outcome.error))
        answer(DONE)

    def _all_through(self, answer: Callable[[str], None]) -> None:
        with Outcome():
            self._over()
        answer(DONE)

    def _drop(self, key: str, why: str) -> None:
        with self._lock:
            file = self._open.pop(key, None)
        if file is not None:
            file.part.unlink(missing_ok=True)
            if why:
                unreadable = "The browser could not read it. Bring it again."
                self._refused(file.name, unreadable if why == "unreadable" else why)

    def _forget(self) -> None:
        """Let go of what a page began and never ended, and of what a kernel that is gone left behind."""
        with self._lock:
            late = time.monotonic() - _FORGOTTEN_AFTER_S
            old = [key for key, file in self._open.items() if file.heard < late]
        for key in old:
            self._drop(key, "")
        for part in self.folder.glob(".coming-*.part"):
            owner = re.match(r"\.coming-(\d+)-", part.name)
            if owner and not Path("/proc", owner[1]).exists():
                with suppress(OSError):
                    part.unlink()

    def _later(self, work: Callable[[], None]) -> None:
        """Pictures take a moment to be looked at; meanwhile the next pieces are heard."""
        self._work.put(work)
        with self._lock:
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._do, name="ltx-incoming", daemon=True)
                self._worker.start()

    def _do(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            finally:
                self._work.task_done()
