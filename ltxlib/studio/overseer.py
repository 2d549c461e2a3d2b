"""Ends a batch when it is to end: a person, the clock and the budget are looked at beside the work."""

from __future__ import annotations

import threading
import time

from ltxlib.core.limits import CANCELLED
from ltxlib.store.night_files import NOW, NightFolder, night_around

LOOK_EVERY_S = 0.5


class Overseer:
    """Watches `cancel` and, where the batch belongs to a night, that night's orders and limits.

    now: set when the batch is to end at once. reason: a word of `core.limits`, empty while all may go on;
    with a reason and without `now`, what is rendered is finished and nothing is begun. bell: rung when
    something changes. Use it in a `with` block.
    """

    def __init__(self, cancel: threading.Event, bell: threading.Event) -> None:
        self.now = cancel
        self._reason = ""
        self._bell = bell
        self._night: NightFolder | None = night_around()
        self._limits = self._night.read_limits() if self._night else None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ltx-overseer", daemon=True)

    @property
    def reason(self) -> str:
        """Why the batch is to end; empty while it may go on."""
        return self._reason or (CANCELLED if self.now.is_set() else "")

    def end(self, reason: str) -> None:
        """End after what is rendered now, for this reason; the first reason stays."""
        self._reason = self._reason or reason

    def __enter__(self) -> Overseer:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        was = False
        while not self._over.wait(LOOK_EVERY_S):
            self._look()
            if self.reason and not was:
                was = True
                self._bell.set()

    def _look(self) -> None:
        if self._night is None:
            return
        order = self._night.read_orders().end
        if order:
            self.end(CANCELLED)
        if order == NOW:
            self.now.set()
        reached = self._limits.reached(time.time()) if self._limits else ""
        if reached:
            self.end(reached)
