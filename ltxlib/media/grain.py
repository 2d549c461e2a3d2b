"""Gentle film grain: hides the steps in soft dark slopes, which eight bits and the encoder both make.

Each picture of a piece gets another place of one tile of noise, by its number in the piece, so a piece is the
same wherever in a film it stands. What the noise does to a brightness stands in a table: most in shadows and
middle tones, less in light, nothing in black; it never goes below 16 and, over all, makes nothing brighter or
darker. Colour is left alone, as film's grain is seen in brightness. Whole numbers make the noise, not numpy's
dice, which other versions may throw otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from ltxlib.media.planes import plane_of

# How far a brightness goes by each strength, in levels, one standard deviation where most is seen.
LEVELS = (0.0, 0.8, 1.4, 2.2, 3.2)
BLACK, WHITE = 16, 235
# The noise has so many steps, ten of them a standard deviation.
STEPS, STEPS_EACH = 64, 10
TILE_PX = 512
# From so many lines on grains are larger, else they would be too fine to be seen.
LARGE_LINES_PX = 1400


def with_grain(frames: Iterable[Any], strength: int) -> Iterator[Any]:
    """The pictures (PyAV, yuv420p) with grain of a strength from 0 (as they are) to 4, as new pictures."""
    for number, frame in enumerate(frames):
        yield grained(frame, number, strength) if strength else frame


def grained(frame: Any, number: int, strength: int) -> Any:
    """A new picture with the grain of this number, 0 or more."""
    import av
    import numpy as np

    result = av.VideoFrame(frame.width, frame.height, "yuv420p")
    for plane in (1, 2):
        plane_of(result, plane)[:] = plane_of(frame, plane)
    # Odd constants scatter the numbers over the tile; neighbours are far apart.
    mixed = (number * 0x9E3779B1 + 0x7F4A7C15) % 2**32
    mixed = (mixed ^ mixed >> 15) * 0x85EBCA6B % 2**32
    top, left = mixed % TILE_PX, (mixed >> 16) % TILE_PX
    noise = _noise(frame.width, frame.height)[top : top + frame.height, left : left + frame.width]
    plane_of(result, 0)[:] = np.take(_table(strength), noise + plane_of(frame, 0), mode="wrap")
    result.colorspace, result.color_range = 1, 1
    return result


@lru_cache(maxsize=8)
def _table(strength: int) -> Any:
    """The brightness that comes of each step of noise (times 256) plus each brightness before."""
    import numpy as np

    before = np.arange(256, dtype=float)
    light = np.clip((before - BLACK) / (WHITE - BLACK), 0.0, 1.0)
    # Up quickly from black, down again towards white.
    seen = np.minimum(np.sqrt(light / 0.08), 1.0) * (1.0 - 0.7 * np.clip((light - 0.4) / 0.6, 0.0, 1.0))
    room = np.clip(np.minimum(before - BLACK, WHITE - before), 0.0, None)
    noise = (np.arange(STEPS, dtype=float) - (STEPS - 1) / 2) / STEPS_EACH
    change = np.clip(noise[:, None] * seen * LEVELS[strength], -room, room)
    return np.floor(before + change + 0.5).astype(np.uint8).reshape(-1)


@lru_cache(maxsize=2)
def _noise(width_px: int, height_px: int) -> Any:
    """Steps of noise times 256 for every place that a picture of this size may look at."""
    import numpy as np

    tile = _tile(2 if min(width_px, height_px) >= LARGE_LINES_PX else 1)
    times = -(-(height_px + TILE_PX) // TILE_PX), -(-(width_px + TILE_PX) // TILE_PX)
    return np.tile(tile, times)


def _tile(softer: int) -> Any:
    """Noise that goes on without a seam at its edges, blurred a little, as grains are not points."""
    import numpy as np

    dots = np.arange(TILE_PX * TILE_PX, dtype=np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        dots = (dots + np.uint64(0x9E3779B97F4A7C15) ^ dots >> np.uint64(shift)) * np.uint64(factor)
    # Four dice together fall nearly as the bell curve does.
    bell = sum((dots >> np.uint64(16 * part) & np.uint64(0xFFFF)).astype(np.int64) for part in range(4))
    bell = bell.reshape(TILE_PX, TILE_PX)
    for _ in range(softer):
        for axis in (0, 1):
            bell = np.roll(bell, 1, axis) + 2 * bell + np.roll(bell, -1, axis)
    even = (bell - bell.mean()) / bell.std() * STEPS_EACH + (STEPS - 1) / 2
    return np.clip(np.round(even), 0, STEPS - 1).astype(np.uint16) * np.uint16(256)
