"""Brings the mixed sound to the loudness asked for, and codes it.

Where the peaks have room for it, by plain gain, which changes nothing but how loud it is: no compressor
breathes in the rain. Where they have not (a crack of the fire in a quiet night), a limiter holds just those
peaks down (`limiter.py`), within bounds; without it, or beyond its bounds, the film stays softer and the
report says so.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import Cancelled
from ltxlib.media.ffmpeg import Ffmpeg
from ltxlib.media.floats import Floats, write_floats
from ltxlib.media.limiter import MOST_HELD_DB, Limited
from ltxlib.media.loudness import NOTHING_LUFS, SILENCE, Loudness, measure, measure_blocks
from ltxlib.media.settings import MasterSettings
from ltxlib.media.writer import PLENTY_KBPS, write_sound

if TYPE_CHECKING:
    import numpy as np

# Peaks are told to 0.1 dB by some meters, so a told -1.0 may be -0.96; this much more room makes it true.
ROUNDING_DB = 0.05
STEP_DB = 0.1
# How far coding raises peaks that were held, as a first guess: it spares coding twice.
CODING_DB = 0.25
NEAR_LU = 0.15
SETTLED_LU = 0.05
TRIES = 5
# Holding peaks must not cost more loudness than this: then all is pressed and not only peaks.
MOST_LOST_LU = 2.0
# More than this held down is told to people.
TOLD_HELD_DB = 6.0
# Sound that comes out of the quick coder so much softer than it went in was spoilt by it.
SPOILT_LU = 0.3
SILENT_PEAK = 1e-5


@dataclass(frozen=True)
class Level:
    """The coded sound: its file, the gain applied, its loudness decoded, and what people should know.

    ceiling_dbtp: at which its peaks were held (None: they were not). held_db: by how much at most.
    """

    path: Path
    gain_db: float
    loudness: Loudness
    notes: tuple[str, ...]
    ceiling_dbtp: float | None = None
    held_db: float = 0.0


def level_sound(
    blocks: Iterable[np.ndarray],
    room: Path,
    wishes: MasterSettings,
    ffmpeg: Ffmpeg,
    cancel: threading.Event | None = None,
) -> Level:
    """Writes the mix into `room`, finds its gain and codes it; `loudness` is measured on the decoded AAC.

    Raises MediaError, ClipUnreadable, Cancelled.
    """
    watch = _Watch(cancel)
    raw = write_floats(room / "mix.f32", watch(blocks))
    shaping = _Shaping(raw, _measured(raw, watch), wishes, watch)
    level = _coded(shaping, room / "sound.m4a", ffmpeg)
    raw.path.unlink()
    return level


class _Watch:
    """Lets blocks through, notes their peak, and stops when somebody asks for it."""

    def __init__(self, cancel: threading.Event | None) -> None:
        self.cancel, self.peak = cancel, 0.0

    def __call__(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for block in blocks:
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled("The film was stopped; nothing was changed.")
            self.peak = max(self.peak, float(abs(block).max(initial=0.0)))
            yield block


def _measured(raw: Floats, watch: _Watch) -> Loudness:
    """How loud the mix is, measured near full scale, where the meter tells peaks most finely."""
    if watch.peak < SILENT_PEAK:
        return SILENCE
    up = -3.0 - 20 * math.log10(watch.peak)
    found = measure_blocks(Limited(raw, up).span(0, raw.count), cancel=watch.cancel)
    peak = None if found.true_peak_dbtp is None else found.true_peak_dbtp - up
    if found.integrated_lufs is None or found.integrated_lufs - up <= NOTHING_LUFS:
        return Loudness(None, peak, None)
    return Loudness(found.integrated_lufs - up, peak, found.range_lu)


class _Shaping:
    """Finds the gain of a mix, and whether its peaks are to be held, for a loudness and a highest peak."""

    def __init__(self, raw: Floats, mix: Loudness, wishes: MasterSettings, watch: _Watch) -> None:
        self.raw, self.mix, self.wishes, self.watch = raw, mix, wishes, watch

    def exceeds(self, aim_dbtp: float, target_lufs: float) -> bool:
        """Whether peaks are to be held: without that they would be too high at this loudness."""
        lufs, peak = self.mix.integrated_lufs, self.mix.true_peak_dbtp
        if lufs is None or peak is None or not self.wishes.soundtrack.limit:
            return False
        return target_lufs - lufs > aim_dbtp - peak

    def shaped(self, aim_dbtp: float, target_lufs: float) -> tuple[Limited, float | None]:
        """The sound for these, or as near as it can be, and how loud it is before coding (None: unknown)."""
        lufs, peak = self.mix.integrated_lufs, self.mix.true_peak_dbtp
        if peak is None:
            return Limited(self.raw, 0.0), None
        free = aim_dbtp - peak
        if lufs is None:
            # Nothing to go by is no reason to change it, but for its peaks.
            return Limited(self.raw, min(0.0, free)), None
        wanted = target_lufs - lufs
        if self.exceeds(aim_dbtp, target_lufs):
            return self._held(aim_dbtp, target_lufs, min(wanted, free + MOST_HELD_DB), free + MOST_HELD_DB)
        return Limited(self.raw, min(wanted, free)), lufs + min(wanted, free)

    def _held(
        self, aim_dbtp: float, target_lufs: float, gain_db: float, most_db: float
    ) -> tuple[Limited, float]:
        """With peaks held: that takes some of the loudness, so the gain is found by trying."""
        lufs = float(self.mix.integrated_lufs or 0.0)
        gain_before, got_before = 0.0, lufs
        for _try in range(TRIES):
            held = Limited(self.raw, gain_db, aim_dbtp)
            found = measure_blocks(self.watch(held.span(0, self.raw.count)), peaks=False).integrated_lufs
            got = lufs + gain_db if found is None else found
            lost, short = lufs + gain_db - got, target_lufs - got
            if lost > MOST_LOST_LU:
                step = -max(lost - MOST_LOST_LU, STEP_DB)
                most_db = gain_db + step
            elif short > SETTLED_LU and gain_db >= most_db:
                break
            elif abs(short) > SETTLED_LU:
                # The more is held, the less a dB of gain brings.
                brings = (got - got_before) / ((gain_db - gain_before) or 1.0)
                step = min(short / min(max(brings, 0.3), 1.0), most_db - gain_db)
            else:
                break
            gain_before, got_before = gain_db, got
            gain_db += step
        return held, got


def _coded(shaping: _Shaping, path: Path, ffmpeg: Ffmpeg) -> Level:
    """Codes the mix until it is, decoded, as loud as it can be and no peak exceeds the ceiling."""
    wishes, watch = shaping.wishes, shaping.watch
    ceiling, target = wishes.ceiling_dbtp - ROUNDING_DB, wishes.target_lufs
    aim = ceiling
    if shaping.exceeds(aim, target):
        aim -= CODING_DB
    shaped, before = shaping.shaped(aim, target)
    # How far coding overshoots changes with every gain. It may rise once; from then on it only falls, which
    # comes to an end.
    may_rise, thorough = True, False
    while True:
        write_sound(watch(shaped.span(0, shaping.raw.count)), path, wishes.audio_kbps, thorough=thorough)
        decoded = measure(path, ffmpeg, cancel=watch.cancel)
        if decoded.true_peak_dbtp is None:
            break
        over, (short, lost) = decoded.true_peak_dbtp - ceiling, _missing(before, decoded, wishes)
        if lost > SPOILT_LU and not thorough and wishes.audio_kbps >= PLENTY_KBPS:
            thorough = True
            continue
        if over > 0:
            aim, may_rise = aim - over - STEP_DB, False
        elif may_rise and abs(short) > NEAR_LU:
            room = max(-over - STEP_DB, 0.0) if short > 0 else 0.0
            aim, target, may_rise = aim + room, target + lost, False
        else:
            break
        again, before = shaping.shaped(aim, target)
        if again.ceiling_dbtp == shaped.ceiling_dbtp and abs(again.gain_db - shaped.gain_db) < SETTLED_LU:
            break
        shaped = again
    notes = _notes(shaping.mix, decoded, wishes, shaped)
    held_db = round(shaped.held_db, 2)
    return Level(path, round(shaped.gain_db, 2), decoded, notes, shaped.ceiling_dbtp, held_db)


def _missing(before: float | None, decoded: Loudness, wishes: MasterSettings) -> tuple[float, float]:
    """How much softer coded sound is than asked for, and than it was before it was coded, in LU."""
    if decoded.integrated_lufs is None or before is None:
        return 0.0, 0.0
    return wishes.target_lufs - decoded.integrated_lufs, before - decoded.integrated_lufs


def _notes(mix: Loudness, decoded: Loudness, wishes: MasterSettings, shaped: Limited) -> tuple[str, ...]:
    if mix.true_peak_dbtp is None:
        return ("The film is silent.",)
    if mix.integrated_lufs is None or decoded.integrated_lufs is None:
        return ("The film is too short or too quiet to measure its loudness, so it was not changed.",)
    notes = []
    if shaped.held_db > TOLD_HELD_DB:
        notes.append(
            f"The highest peaks were held down by up to {shaped.held_db:.1f} dB, so that the film can be so "
            "loud; with a softer loudness they stay as they are."
        )
    missing = wishes.target_lufs - decoded.integrated_lufs
    if missing > 2 * NEAR_LU:
        asked = f"the {wishes.target_lufs:g} LUFS asked for"
        softer = f"The sound is {missing:.1f} LU softer than {asked}: its peaks "
        if shaped.ceiling_dbtp is None:
            softer += f"are at the ceiling of {wishes.ceiling_dbtp:g} dBTP, and louder would distort them."
        else:
            softer += "are held down as far as is good, and more would press all of it flat."
        notes.append(softer)
    return tuple(notes)
