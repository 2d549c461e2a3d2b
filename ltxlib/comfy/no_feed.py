"""Where there is no live progress to hear: the same shape as `ProgressFeed`, and silence."""

from __future__ import annotations

import threading

from ltxlib.comfy.events import Event


class NoFeed:
    """Stands where a ProgressFeed would; `events` waits as long as is asked and brings nothing."""

    live = False

    def __init__(self) -> None:
        self._closed = threading.Event()

    def __enter__(self) -> NoFeed:
        self._closed.clear()
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def wait_until_live(self, timeout_s: float) -> bool:
        """False, at once: nothing will ever be heard."""
        return False

    def events(self, timeout_s: float) -> list[Event]:
        """Nothing, after `timeout_s`; at once when the feed is closed."""
        self._closed.wait(max(0.0, timeout_s))
        return []

    def close(self) -> None:
        """End the waiting; harmless when done twice."""
        self._closed.set()
