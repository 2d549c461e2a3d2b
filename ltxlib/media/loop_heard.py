"""How much sound jumps where a clip goes round, against how much it changes anyway. Arithmetic only.

What is heard just before the seam is compared with what is heard just behind it, in bands as the ear has
them; what counts is what is above the changes the clip has anyway. A click is not looked for: the kit lets
every seam melt for a few thousandths of a second. Silence at the seam is: LTX-2's sound ends before its
picture, and a hole in the rain once a round is what people hear first.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltxlib.media.sound import RATE_HZ

if TYPE_CHECKING:
    import numpy as np

HOP_S, WINDOW_S = 0.01, 0.04
BANDS, LOWEST_HZ, HIGHEST_HZ = 16, 60.0, 12_000.0
# What is heard as one moment at a seam.
MOMENT_S = 0.25
# Bands that are so far below the loudest are not heard beside it.
UNHEARD_DB = -45.0
SILENT_DB = -65.0
# A hole is so far below what usually sounds.
HOLE_DB = -20.0
LONGEST_HOLE_S = 0.5
HALF_SCORE_DB, HALF_SCORE_HOLE_S = 6.0, 0.15
EVENT_DB, EVENT_GAP_S, LONGEST_EVENT_S = 14.0, 0.25, 1.5


@dataclass(frozen=True)
class Heard:
    """A clip's sound in steps of HOP_S: power in each band, and how loud it is in all, in dB.

    usual_db: how much it changes anyway from one moment to the next.
    """

    bands: np.ndarray
    loudness_db: np.ndarray
    usual_db: float

    @property
    def silent(self) -> bool:
        """Whether nothing is to be heard in it."""
        return bool(self.loudness_db.max(initial=-200.0) < SILENT_DB)


def listen(sound: np.ndarray) -> Heard:
    """What a sound consists of. sound: samples x channels at 48 kHz."""
    import numpy as np

    hop, window = round(HOP_S * RATE_HZ), round(WINDOW_S * RATE_HZ)
    sound = np.asarray(sound, np.float32)
    steps = max(-(-len(sound) // hop), 1)
    padded = np.zeros((steps * hop + window, sound.shape[1]), np.float32)
    padded[(window - hop) // 2 : (window - hop) // 2 + len(sound)] = sound
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
    lines = np.searchsorted(np.fft.rfftfreq(window, 1 / RATE_HZ), edges)
    lines = np.maximum.accumulate(np.maximum(lines, np.arange(BANDS + 1) + lines[0]))
    bands = np.zeros((steps, BANDS))
    shape = np.hanning(window)[:, None].astype(np.float32)
    gain = 2.0 / float((shape**2).sum()) / window
    for first in range(0, steps, 256):
        starts = np.arange(first, min(first + 256, steps)) * hop
        cut = padded[starts[:, None] + np.arange(window)[None, :]]
        power = (np.abs(np.fft.rfft(cut * shape, axis=1)) ** 2).sum(2) * gain
        bands[first : first + len(starts)] = np.add.reduceat(power, lines[:-1], axis=1)
    loudness = _db(bands.sum(1))
    changes = _changes(bands)
    usual = float(np.quantile(changes, 0.8)) if len(changes) else 0.0
    return Heard(bands, loudness, usual)


def seam_db(heard: Heard, ins_s: np.ndarray, outs_s: np.ndarray) -> np.ndarray:
    """How much the sound changes at each seam beyond what it does anyway, in dB; rows: ins, columns: outs."""
    import numpy as np

    behind = np.stack([_moment(heard.bands, round(at / HOP_S), 1) for at in ins_s])
    before = np.stack([_moment(heard.bands, round(at / HOP_S), -1) for at in outs_s])
    found = _unlike(behind[:, None, :], before[None, :, :], heard.bands)
    return np.maximum(found - heard.usual_db, 0.0)


def hole_s(heard: Heard, in_s: float, out_s: float) -> float:
    """How long it is silent around a seam, in seconds; 0 where it is quiet there for long, as if meant so."""
    import numpy as np

    usual = float(np.median(heard.loudness_db))
    quiet = heard.loudness_db < max(usual + HOLE_DB, SILENT_DB)
    first, end = round(in_s / HOP_S), min(round(out_s / HOP_S), len(quiet))
    behind = _run(quiet[first:end])
    before = _run(quiet[first:end][::-1])
    silence = (behind + before) * HOP_S
    return silence if silence <= LONGEST_HOLE_S else LONGEST_HOLE_S


def score(beyond_db: np.ndarray | float, silence_s: np.ndarray | float = 0.0) -> np.ndarray:
    """Points from 0 to 100 for changes in dB and for silence at the seam in seconds."""
    import numpy as np

    parts = (np.asarray(beyond_db) / HALF_SCORE_DB) ** 1.5 + (
        np.asarray(silence_s) / HALF_SCORE_HOLE_S
    ) ** 1.5
    return np.asarray(100.0 / (1.0 + parts))


def odd_moments(heard: Heard) -> list[float]:
    """When something is heard, loud and short, that is heard nowhere else, in seconds."""
    import numpy as np

    if heard.silent:
        return []
    wide = max(round(0.1 / HOP_S), 1)
    level = np.convolve(10 ** (heard.loudness_db / 10), np.ones(wide) / wide, "same")
    loud = _db(level) > float(np.median(heard.loudness_db)) + EVENT_DB
    places = np.flatnonzero(loud)
    if not len(places) or len(places) * HOP_S > LONGEST_EVENT_S:
        return []
    starts = [int(places[0])]
    starts += [int(b) for a, b in itertools.pairwise(places) if (b - a) * HOP_S > EVENT_GAP_S]
    return [start * HOP_S for start in starts] if len(starts) <= 2 else []


def _run(quiet: np.ndarray) -> int:
    """How many steps from the beginning on are quiet."""
    import numpy as np

    loud = np.flatnonzero(~quiet)
    return int(loud[0]) if len(loud) else len(quiet)


def _moment(bands: np.ndarray, at: int, side: int) -> np.ndarray:
    """The mean power of a moment's bands, behind (1) or before (-1) a step."""
    wide = round(MOMENT_S / HOP_S)
    cut = bands[at : at + wide] if side > 0 else bands[max(at - wide, 0) : at]
    return cut.mean(0) if len(cut) else bands.mean(0)


def _changes(bands: np.ndarray) -> np.ndarray:
    """How unlike each moment is to the next one, in dB, all through the clip."""
    import numpy as np

    wide = round(MOMENT_S / HOP_S)
    places = range(wide, len(bands) - wide + 1, max(wide // 5, 1))
    if not len(places):
        return np.zeros(0)
    before = np.stack([_moment(bands, at, -1) for at in places])
    behind = np.stack([_moment(bands, at, 1) for at in places])
    return _unlike(behind, before, bands)


def _unlike(one: np.ndarray, other: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """How unlike moments sound in dB: in their bands, those that are heard, and in all."""
    import numpy as np

    floor = max(float(_db(bands.mean(0)).max()) + UNHEARD_DB, SILENT_DB)
    each = np.maximum(_db(one), floor) - np.maximum(_db(other), floor)
    total = np.maximum(_db(one.sum(-1)), floor) - np.maximum(_db(other.sum(-1)), floor)
    return np.hypot(np.sqrt((each**2).mean(-1)), total) / np.sqrt(2.0)


def _db(power: np.ndarray) -> np.ndarray:
    import numpy as np

    return 10.0 * np.log10(np.asarray(power) + 1e-20)
