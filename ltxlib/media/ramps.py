"""How sound rises and falls: curves whose every sample has one value, whichever part of them is asked for.

Sine and cosine may differ in their last bit with the number of values worked out at once. So a curve is
always worked out in the same stretches, counted from its own beginning, and cut to what is wanted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Two sounds that are not alike, the same sound twice, and one sound from silence.
POWER, STRAIGHT, SOFT = "power", "straight", "soft"
_STRETCH = 1 << 14


def rising(kind: str, length: int, first: int, last: int) -> np.ndarray:
    """Samples `first` to `last` of a rise that begins at sample 0 and ends after `length`: float32, 0 to 1.

    Before it all is 0, after it 1. kind: POWER (quarter sine), STRAIGHT, or SOFT (sine squared).
    """
    import numpy as np

    values = np.empty(last - first, np.float32)
    values[: max(-first, 0)] = 0
    values[max(length - first, 0) :] = 1
    at, end = max(first, 0), min(last, length)
    while at < end:
        number = at // _STRETCH
        begin = number * _STRETCH
        stretch = _stretch(kind, length, number)
        count = min(begin + len(stretch), end) - at
        values[at - first : at - first + count] = stretch[at - begin : at - begin + count]
        at += count
    return values


def falling(kind: str, length: int, first: int, last: int) -> np.ndarray:
    """Samples `first` to `last` of the mirrored curve: 1 before it, 0 after it."""
    return rising(kind, length, length - last, length - first)[::-1]


@lru_cache(maxsize=64)
def _stretch(kind: str, length: int, number: int) -> np.ndarray:
    import numpy as np

    samples = np.arange(number * _STRETCH, min((number + 1) * _STRETCH, length), dtype=np.float64)
    part = (samples + 0.5) / length
    if kind == POWER:
        part = np.sin(part * (np.pi / 2))
    elif kind == SOFT:
        part = np.sin(part * (np.pi / 2)) ** 2
    return part.astype(np.float32)
