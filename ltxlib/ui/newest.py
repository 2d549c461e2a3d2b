"""Work on another thread of which only the newest counts: a form is measured while it is filled in."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Newest:
    """Does what was asked for last; what was asked for before it and has not begun is left out.

    run: how a thread is begun. One thread at a time works, so nothing overtakes.
    """

    def __init__(self, run: Callable[[Callable[[], None]], None]) -> None:
        self._begin = run
        self._lock = threading.Lock()
        self._wanted: Callable[[], None] | None = None
        self._working = False

    def ask(self, work: Callable[[], None]) -> None:
        """Do this soon; `work` keeps its own failures."""
        with self._lock:
            self._wanted = work
            if self._working:
                return
            self._working = True
        self._begin(self._work)

    @property
    def waiting(self) -> bool:
        """Whether something asked for has not been done yet."""
        with self._lock:
            return self._working

    def _work(self) -> None:
        while True:
            with self._lock:
                work, self._wanted = self._wanted, None
                if work is None:
                    self._working = False
                    return
            work()
