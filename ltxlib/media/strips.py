"""One stretch of sound in the film: what sounds, from where to where, how loud, and how it comes and goes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from ltxlib.media.floats import RATE_HZ
from ltxlib.media.ramps import SOFT, falling, rising

if TYPE_CHECKING:
    import numpy as np

EDGE = round(0.005 * RATE_HZ)

# A curve of `ramps.py` and how many samples it takes.
Ramp = tuple[str, int]


class Source(Protocol):
    """Something that sounds: any stretch of it, silence outside."""

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples `first` to `last`: float32, n x 2, the caller's own."""
        ...


@dataclass(frozen=True)
class Strip:
    """Sound of a source from sample `first` up to `end` of the film; `begin`: its own sample heard first.

    factor: how loud. rise, fall: how it comes and goes, inside its place.
    """

    first: int
    end: int
    source: Source
    begin: int = 0
    factor: float = 1.0
    rise: Ramp = (SOFT, 0)
    fall: Ramp = (SOFT, 0)

    def add_to(self, block: np.ndarray, at: int) -> None:
        """Adds what sounds of it to a block of the film that begins at sample `at`."""
        import numpy as np

        low, high = max(self.first, at), min(self.end, at + len(block))
        if low >= high:
            return
        shift = self.begin - self.first
        sound = self.source.read(low + shift, high + shift)
        sound *= np.float32(self.factor)
        self._shape(sound, low, high)
        block[low - at : high - at] += sound

    def _shape(self, sound: np.ndarray, low: int, high: int) -> None:
        (kind, length), begin = self.rise, self.first
        if low < begin + length:
            sound *= rising(kind, length, low - begin, high - begin)[:, None]
        (kind, length), begin = self.fall, self.end - self.fall[1]
        if high > begin:
            sound *= falling(kind, length, low - begin, high - begin)[:, None]


class Strips:
    """Strips roughly in the order of time; they are added in the order given."""

    def __init__(self, strips: Sequence[Strip]) -> None:
        self._strips = list(strips)
        # Before which no strip from there on begins, and after which none up to there still sounds.
        self._firsts = list(accumulate((strip.first for strip in reversed(self._strips)), min))[::-1]
        self._ends = list(accumulate((strip.end for strip in self._strips), max))

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self._ends[-1] if self._ends else 0

    def add_to(self, block: np.ndarray, at: int) -> None:
        """Adds what sounds of all of them to a block that begins at sample `at`."""
        low = bisect_right(self._ends, at)
        high = bisect_left(self._firsts, at + len(block))
        for strip in self._strips[low:high]:
            strip.add_to(block, at)


def hard_edge(samples: int) -> Ramp:
    """The ramp where sound begins or ends at once: too short to be heard, long enough not to click."""
    return SOFT, min(EDGE, samples // 2)
