"""How long work will still take, from how fast it went of late. Pure: the clock is the caller's."""

from __future__ import annotations

from collections import deque

WINDOW_S = 20.0
# So soon nothing can be said.
LEAST_S = 2.0
# What grows by more than this at once was not worked for: it was there already.
JUMP, JUMP_S = 0.03, 0.5


class TimeLeft:
    """Is told how far the work is (0 to 1) and when (in seconds), and tells how long the rest will take."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def seen(self, part: float, now_s: float) -> float | None:
        """Seconds that are left; None while too little was seen."""
        if self._seen:
            before, when_s = self._seen[-1]
            if part < before or (part - before > JUMP and now_s - when_s < JUMP_S):
                self._seen.clear()
        self._seen.append((part, now_s))
        while len(self._seen) > 2 and now_s - self._seen[1][1] > WINDOW_S:
            self._seen.popleft()
        first, since_s = self._seen[0]
        if part >= 1:
            return 0.0
        if now_s - since_s < LEAST_S or part <= first:
            return None
        return (1 - part) * (now_s - since_s) / (part - first)
