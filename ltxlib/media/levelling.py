"""Brings clips nearer to one loudness, so that no scene jumps out of the film.

Each clip is measured as broadcasters do (EBU R128) over what the film shows of it. A clip has one gain
wherever it stands, constant from its first to its last sample: what is loud and soft within a scene stays so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ltxlib.media.floats import BLOCK, RATE_HZ, Floats
from ltxlib.media.loudness import measure_blocks

if TYPE_CHECKING:
    import numpy as np

# More would lift the hiss of a quiet night, or take the storm out of a storm.
MOST_DB = 6.0
# What is softer than this, or than the others by so much, is meant to be quiet.
QUIET_LUFS, APART_LU = -50.0, 25.0
# What is told to people: less is not heard as another loudness.
TOLD_DB = 1.0
SILENT_PEAK = 1e-4
# Loudness is told for 0.4 s and more; shorter sound is heard again and again until it is long enough.
MEASURED_S = 0.4


@dataclass(frozen=True)
class Levels:
    """How loud each clip is (LUFS; None: silent), and what it is changed by (dB). after_lufs: of the median
    clip, None where none sounds."""

    lufs: Mapping[Path, float | None]
    gains_db: Mapping[Path, float]
    after_lufs: float | None


def levels_of(heard: Mapping[Path, tuple[Floats, int, int]], *, even: bool) -> Levels:
    """Measures every clip from one sample to another, and says how each comes nearer to the median.

    even: whether they are changed at all. Raises MediaError.
    """
    found = {path: loudness_of(*span) for path, span in heard.items()}
    lufs = {path: value for path, (value, _peak) in found.items()}
    told = [value for value in lufs.values() if value is not None]
    if not told:
        return Levels(lufs, dict.fromkeys(lufs, 0.0), None)
    middle, highest = median(told), max(peak for _value, peak in found.values())
    least = max(QUIET_LUFS, middle - APART_LU)
    gains = dict.fromkeys(lufs, 0.0)
    for path, (value, peak) in found.items():
        if even and value is not None and value >= least:
            # A few loud cracks in the quiet are measured as soft; louder they would jump out of the film.
            most = min(MOST_DB, 20 * math.log10(highest / peak))
            gains[path] = round(min(max(middle - value, -MOST_DB), most), 2)
    return Levels(lufs, gains, middle)


def loudness_of(floats: Floats, first: int, last: int) -> tuple[float | None, float]:
    """The loudness of some samples of a file in LUFS (None: silence), and their peak. Raises MediaError."""
    first, last = max(first, floats.first), min(last, floats.end)
    if last <= first:
        return None, 0.0
    times = -(-round(MEASURED_S * RATE_HZ) // (last - first))
    peak = 0.0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal peak
        for _time in range(times):
            for at in range(first, last, BLOCK):
                block = floats.read(at, min(at + BLOCK, last))
                peak = max(peak, float(abs(block).max()))
                yield block

    found = measure_blocks(blocks(), peaks=False).integrated_lufs
    return found if peak > SILENT_PEAK else None, peak
