"""Holds the highest peaks down, so that a film can be as loud as asked without distorting them.

The true peak is what counts: the wave between the samples, found by working out four points for each. The
gain goes down before a peak comes (5 ms), reaches what is needed exactly there, and comes back slowly; it
is smooth, so nothing clicks and the tone of what is held keeps its shape. All else is left as it is, to the
bit.

ffmpeg's `alimiter` knows only samples (white noise held at -1 dB had true peaks of +4.6). Between two
changes of rate, to 192 kHz and back, it exceeded the ceiling by 0.1 to 0.4 dB, took more from crackles (0.9
LU, not 0.6), changed every sample, and what it gave depended on where it began; so this is our own, as
fast. Every stretch is worked out from the sound around it alone: in whichever order parts are asked for,
they are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ltxlib.media.floats import RATE_HZ

if TYPE_CHECKING:
    import numpy as np

# More would press a film flat: what is left of a crackle is then as soft as the rain around it.
MOST_HELD_DB = 15.0
AHEAD = round(0.005 * RATE_HZ)
# The gain comes back by so many dB a second, and by so much of what is missing: soon after a crackle that
# was held far down, so that the rain around it hardly dips; slowly where little is missing, so that deep
# tones keep their shape.
BACK_DB_S, BACK_PART_S = 20.0, 20.0
# How many samples to both sides tell the wave between two samples, and how many points are worked out.
REACH, POINTS = 12, 4
# A wave rises less than this above its samples; what stays below needs no closer look.
CLOSE = 0.5
STRETCH = 1 << 17
# After so many samples even the deepest dip is over, with some to spare.
MEMORY = round(math.log1p(2 * MOST_HELD_DB * BACK_PART_S / BACK_DB_S) / BACK_PART_S * RATE_HZ)


class Spans(Protocol):
    """Sound of which any stretch can be had; silence before its beginning and after its end."""

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Samples `first` to `last`, in blocks of float32, n x 2."""
        ...


class Limited:
    """Sound with a gain, its true peaks held at a ceiling where they would exceed it (None: not held).

    held_db: by how much peaks were held down at most, in what was given out so far.
    """

    def __init__(self, sound: Spans, gain_db: float, ceiling_dbtp: float | None = None) -> None:
        self._sound, self.gain_db, self.ceiling_dbtp = sound, gain_db, ceiling_dbtp
        self.held_db = 0.0

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Samples `first` to `last`: the same for the same sample, whichever stretch is asked for."""
        import numpy as np

        factor = np.float32(10 ** (self.gain_db / 20))
        if self.ceiling_dbtp is None:
            for block in self._sound.span(first, last):
                yield block * factor
            return
        while first < last:
            begin = first // STRETCH * STRETCH
            end = min(begin + STRETCH, last)
            yield self._held(begin, begin + STRETCH, factor)[first - begin : end - begin]
            first = end

    def _held(self, begin: int, end: int, factor: np.float32) -> np.ndarray:
        """One stretch, from all that bears on it."""
        import numpy as np

        before, after = MEMORY + AHEAD, AHEAD + REACH
        sound = np.concatenate(list(self._sound.span(begin - before, end + after))) * factor
        middle = sound[before : before + end - begin]
        gain = held_gain(sound, 10 ** (float(self.ceiling_dbtp or 0.0) / 20))
        if gain is None:
            return middle
        gain = gain[before : before + end - begin]
        self.held_db = max(self.held_db, float(-20 * np.log10(gain.min())))
        return middle * gain.astype(np.float32)[:, None]


def held_gain(sound: np.ndarray, ceiling: float) -> np.ndarray | None:
    """The gain, 0 to 1, that keeps the true peaks of a sound at a ceiling (linear); None: none is needed.

    Exact but for the first MEMORY and the last AHEAD samples, of which not all around them is known.
    """
    import numpy as np

    peaks = true_peaks(sound, ceiling * CLOSE)
    if peaks is None or peaks.max() <= ceiling:
        return None
    held_db = 20 * np.log10(np.maximum(peaks, ceiling) / ceiling)
    # Counted in the time it takes to come back, coming back is a straight line: the highest of all from
    # before.
    passing = np.arange(len(held_db)) / RATE_HZ
    away_s = np.log1p(held_db * (BACK_PART_S / BACK_DB_S)) / BACK_PART_S
    away_s = np.maximum(np.maximum.accumulate(away_s + passing) - passing, 0.0)
    held_db = np.expm1(away_s * BACK_PART_S) * (BACK_DB_S / BACK_PART_S)
    # As low as anything within reach ahead, then smoothed over just that reach: in time, and no lower.
    return _smoothed(_lowest_ahead(10 ** (held_db / -20), AHEAD))


def true_peaks(sound: np.ndarray, close: float) -> np.ndarray | None:
    """How high the wave goes from each sample to the next, on the louder side; None: nowhere above `close`.

    Where the samples themselves stay below `close`, their own height is told.
    """
    import numpy as np

    heights = np.abs(sound).max(axis=1).astype(np.float64)
    loud = np.flatnonzero(heights > close)
    if not len(loud):
        return None
    # Stretches of sound around loud samples, those near to each other as one.
    for part in np.split(loud, np.flatnonzero(np.diff(loud) > 8 * REACH) + 1):
        low, high = max(int(part[0]) - REACH, 0), min(int(part[-1]) + REACH, len(sound))
        around = np.zeros((high - low + 2 * REACH, sound.shape[1]))
        begin, end = max(low - REACH, 0), min(high + REACH, len(sound))
        around[begin - low + REACH : end - low + REACH] = sound[begin:end]
        for weights in _between():
            for side in around.T:
                wave = np.abs(np.convolve(side, weights, "valid"))[1 : high - low + 1]
                np.maximum(heights[low:high], wave, out=heights[low:high])
    return heights


def _lowest_ahead(values: np.ndarray, reach: int) -> np.ndarray:
    """Of each value and the `reach` after it, the lowest."""
    import numpy as np

    lowest, covered = values.copy(), 1
    while covered < reach + 1:
        step = min(covered, reach + 1 - covered)
        lowest[:-step] = np.minimum(lowest[:-step], lowest[step:])
        covered += step
    return lowest


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Each value melted with the AHEAD before it: the mean of means over half of them."""
    import numpy as np

    half = AHEAD // 2
    for _time in range(2):
        sums = np.concatenate([np.zeros(half + 1), values]).cumsum()
        values = (sums[half + 1 :] - sums[: -half - 1]) / (half + 1)
    return values


@lru_cache(maxsize=1)
def _between() -> tuple[np.ndarray, ...]:
    """The weights of the samples around for each point between two of them."""
    import numpy as np

    found = []
    for point in range(1, POINTS):
        # Sample k of the window stands REACH - 1 - k before the earlier of the two.
        away = np.arange(2 * REACH) - (REACH - 1) - point / POINTS
        weights = np.sinc(away) * np.kaiser(2 * REACH + 1, 5.0)[:-1]
        found.append((weights / weights.sum())[::-1])
    return tuple(found)
