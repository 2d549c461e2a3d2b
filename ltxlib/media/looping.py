"""A sound that goes on for ever: its end melts into its beginning, so that nobody hears where it starts.

    file    |..a===================b..|        quiet edges (a, b) are left out
    loop    |xx================|xx=====...     xx: what follows the loop's end goes, its beginning comes

Where end and beginning are alike (a hum), a fade at equal power would swell or cancel; so the seam is put
where both agree best, and weighed by how alike they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltxlib.media.floats import BLOCK, CHANNELS, RATE_HZ, Floats, overwrite
from ltxlib.media.ramps import POWER, rising

if TYPE_CHECKING:
    import numpy as np

SEAM_S = 4.0
SHORTEST_S = 1.0
# Edges this much softer than the whole are left out, window by window, up to a quarter of it at each end.
EDGE_DB = 2.0
WINDOW = round(0.4 * RATE_HZ)
# How far the seam is moved to where both sides agree: more than one wave of the deepest hum.
SEARCH = round(0.05 * RATE_HZ)


@dataclass(frozen=True)
class Endless:
    """Samples of a file from `first` on, `length` of them again and again."""

    floats: Floats
    first: int
    length: int

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples `first` to `last` of what never ends, also before its beginning."""
        import numpy as np

        found = np.empty((last - first, CHANNELS), np.float32)
        at = first
        while at < last:
            begin = at % self.length
            count = min(self.length - begin, last - at)
            start = self.first + begin
            found[at - first : at - first + count] = self.floats.read(start, start + count)
            at += count
        return found


def endless(floats: Floats) -> Endless:
    """Makes a loop of a file of at least SHORTEST_S; its seam is written into the file."""
    low, high = _even_part(floats)
    seam = min(round(SEAM_S * RATE_HZ), (high - low) // 4)
    search = min(SEARCH, seam // 2)
    head = floats.read(low, low + seam)
    tail = floats.read(high - seam - search, high)
    shift = _best_shift(head, tail)
    overwrite(floats, low, melted(tail[shift : shift + seam], head))
    return Endless(floats, low, high - seam - search + shift - low)


def melted(leaving: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """One sound going, the other coming, over their whole length, without a dip or a swell."""
    import numpy as np

    up = rising(POWER, len(coming), 0, len(coming)).astype(np.float64)[:, None]
    down = up[::-1]
    powers = float((leaving.astype(np.float64) ** 2).sum() * (coming.astype(np.float64) ** 2).sum()) ** 0.5
    alike = float((leaving.astype(np.float64) * coming).sum()) / powers if powers else 0.0
    # Two equal tones add up to more than equal power, two opposite ones to less.
    weight = 1 / np.sqrt(1 + 2 * up * down * max(alike, -0.8))
    return ((up * coming + down * leaving) * weight).astype(np.float32)


def _even_part(floats: Floats) -> tuple[int, int]:
    """From where to where the sound is about as loud as the whole: without its own fades."""
    import numpy as np

    powers = []
    for at in range(0, floats.count, WINDOW * (BLOCK // WINDOW)):
        block = floats.read(at, min(at + WINDOW * (BLOCK // WINDOW), floats.count)).astype(np.float64)
        powers += [float((block[i : i + WINDOW] ** 2).mean()) for i in range(0, len(block), WINDOW)]
    least = float(np.median(powers)) * 10 ** (-EDGE_DB / 10)
    most = len(powers) // 4
    before = next((n for n, power in enumerate(powers[:most]) if power >= least), most)
    after = next((n for n, power in enumerate(powers[::-1][:most]) if power >= least), most)
    if after:
        # The last window may be a short one.
        return before * WINDOW, (len(powers) - after) * WINDOW
    return before * WINDOW, floats.count


def _best_shift(head: np.ndarray, tail: np.ndarray) -> int:
    """How many samples into `tail` it is most like `head`."""
    import numpy as np

    choices = len(tail) - len(head)
    if choices <= 0:
        return 0
    size = 1 << (len(tail) + len(head)).bit_length()
    one = np.fft.rfft(tail.sum(axis=1, dtype=np.float64), size)
    other = np.fft.rfft(head.sum(axis=1, dtype=np.float64), size)
    return int(np.fft.irfft(one * np.conj(other), size)[: choices + 1].argmax())
