"""When things happen in a clip: read by the picture and by the sound, so that both keep together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ltxlib.rehearsal.spec import ClipSpec

Curve = Callable[[np.ndarray | float], np.ndarray]
LEAD_IN_S = 6.0


def wander(rng: np.random.Generator, slow_s: float, parts: int = 4) -> Curve:
    """A curve over time (seconds) that strolls between about -1 and 1; slow_s: its slowest turn."""
    pace = 2 * np.pi / slow_s * (1 + 2.2 * np.linspace(0, 1, parts) ** 1.3 + rng.uniform(-0.15, 0.15, parts))
    phase = rng.uniform(0, 2 * np.pi, parts)
    weight = 1.0 / (1 + np.arange(parts)) ** 0.7
    weight /= np.sqrt(np.sum(weight**2) / 2) * 1.9

    def curve(t):
        t = np.asarray(t, dtype=np.float64)
        return np.tensordot(weight, np.sin(np.multiply.outer(pace, t) + phase.reshape(-1, *[1] * t.ndim)), 1)

    return curve


class Rhythm:
    """The clip's own timetable.

    swell, gust, flicker: curves over time; swell and gust from 0 to 1, flicker around 1.
    pops: fire cracks, ticks: drops, rumbles: thunder; each an array of rows (time in s, strength 0 to 1,
    place from -1 left to 1 right), sorted by time, some before 0 so that the first frame is in full swing.
    """

    def __init__(self, spec: ClipSpec) -> None:
        rng = spec.rng("rhythm")
        self.length_s = float(spec.duration_s)
        self.period_s = rng.uniform(5.5, 7.5)
        self.phase = rng.uniform(0, 1)
        self._breath = wander(rng, 17.0)
        self._gusts = wander(rng, 9.0, 5)
        self._fast, self._slow = wander(rng, 0.9, 5), wander(rng, 4.2, 3)
        self.pops = self._events(rng, 2.6, 1.8)
        self.ticks = self._events(rng, 16.0, 2.5)
        # However short the clip, one rumble falls into it.
        first = [[rng.uniform(-0.6, 0.35 * self.length_s), 0.7, rng.uniform(-0.6, 0.6)]]
        later = self._events(rng, 0.09, 1.0)
        self.rumbles = np.vstack([first, later[later[:, 0] > first[0][0] + 3.0]])

    def cycle(self, t: np.ndarray | float) -> np.ndarray:
        """How many waves have come in by now; the part after the point is the place within one."""
        return np.asarray(t) / self.period_s + self.phase + 0.06 * self._breath(t)

    def swell(self, t: np.ndarray | float) -> np.ndarray:
        """The sea's swell, 0 in the trough to 1 when a wave runs up."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * self.cycle(t))

    def gust(self, t: np.ndarray | float) -> np.ndarray:
        """How hard the wind blows, 0 to 1."""
        return np.clip(0.5 + 0.42 * self._gusts(t), 0, 1)

    def flicker(self, t: np.ndarray | float) -> np.ndarray:
        """How bright a fire burns, gently around 1."""
        return 1 + 0.045 * self._fast(t) + 0.06 * self._slow(t)

    def _events(self, rng: np.random.Generator, per_second: float, sharp: float) -> np.ndarray:
        count = int(rng.poisson(per_second * (self.length_s + LEAD_IN_S)))
        times = np.sort(rng.uniform(-LEAD_IN_S, self.length_s, count))
        return np.column_stack([times, rng.uniform(0, 1, count) ** sharp, rng.uniform(-1, 1, count)])
