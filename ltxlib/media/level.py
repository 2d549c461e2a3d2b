"""Brings the mixed sound to the loudness asked for, by plain gain, and codes it.

Plain gain changes nothing but how loud it is: no compressor breathes in the rain. Where the ceiling does not
allow the target (a crack of the fire in a quiet night), the film stays softer and the report says so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import Cancelled
from ltxlib.media.ffmpeg import Ffmpeg
from ltxlib.media.loudness import Loudness, measure, measure_samples
from ltxlib.media.settings import MasterSettings
from ltxlib.media.sound import CHANNELS, RATE_HZ
from ltxlib.media.writer import write_sound

if TYPE_CHECKING:
    import numpy as np

# Peaks are told to 0.1 dB, so a told -1.0 may be -0.96; this much more room makes the ceiling true.
ROUNDING_DB = 0.05
STEP_DB = 0.1
NEAR_LU = 0.15
BLOCK_SAMPLES = 1 << 16


@dataclass(frozen=True)
class Level:
    """The coded sound: its file, the gain applied, its loudness decoded, and what people should know."""

    path: Path
    gain_db: float
    loudness: Loudness
    notes: tuple[str, ...]


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
    raw, coded = room / "mix.f32", room / "sound.m4a"
    with raw.open("wb") as file:
        for block in blocks:
            file.write(block.astype("<f4").tobytes())
    mix = measure_samples(raw, RATE_HZ, ffmpeg, cancel=cancel)
    gain, decoded = _first_gain(mix, wishes), mix
    # How far coding overshoots changes with every gain. It may rise once; from then on it only falls, which
    # comes to an end.
    may_rise = True
    while True:
        write_sound(_louder(raw, gain, cancel), coded, wishes.audio_kbps)
        decoded = measure(coded, ffmpeg, cancel=cancel)
        change = _change(decoded, wishes)
        if change == 0 or (change > 0 and not may_rise):
            break
        gain, may_rise = gain + change, False
    raw.unlink()
    return Level(coded, round(gain, 2), decoded, _notes(mix, decoded, wishes))


def _first_gain(mix: Loudness, wishes: MasterSettings) -> float:
    """To the target, or as far as the ceiling lets the mix go; nothing to go by is no reason to change it."""
    wanted = 0.0 if mix.integrated_lufs is None else wishes.target_lufs - mix.integrated_lufs
    if mix.true_peak_dbtp is None:
        return 0.0
    return min(wanted, wishes.ceiling_dbtp - ROUNDING_DB - mix.true_peak_dbtp)


def _change(decoded: Loudness, wishes: MasterSettings) -> float:
    """How much more gain is needed (negative: less); 0 when the sound is as it should be."""
    if decoded.true_peak_dbtp is None:
        return 0.0
    room = wishes.ceiling_dbtp - ROUNDING_DB - decoded.true_peak_dbtp
    if room < 0:
        return room - STEP_DB
    wanted = 0.0 if decoded.integrated_lufs is None else wishes.target_lufs - decoded.integrated_lufs
    if abs(wanted) <= NEAR_LU or (wanted > 0 and room < 2 * STEP_DB):
        return 0.0
    return min(wanted, room - STEP_DB)


def _louder(raw: Path, gain_db: float, cancel: threading.Event | None) -> Iterator[np.ndarray]:
    import numpy as np

    factor = np.float32(10 ** (gain_db / 20))
    with raw.open("rb") as file:
        while data := file.read(BLOCK_SAMPLES * CHANNELS * 4):
            if cancel is not None and cancel.is_set():
                raise Cancelled("The film was stopped; nothing was changed.")
            yield np.frombuffer(data, "<f4").reshape(-1, CHANNELS) * factor


def _notes(mix: Loudness, decoded: Loudness, wishes: MasterSettings) -> tuple[str, ...]:
    if mix.true_peak_dbtp is None:
        return ("The film is silent.",)
    if mix.integrated_lufs is None or decoded.integrated_lufs is None:
        return ("The film is too short or too quiet to measure its loudness, so it was not changed.",)
    missing = wishes.target_lufs - decoded.integrated_lufs
    if missing <= 2 * NEAR_LU:
        return ()
    return (
        f"The sound is {missing:.1f} LU softer than the {wishes.target_lufs:g} LUFS asked for: its peaks are "
        f"at the ceiling of {wishes.ceiling_dbtp:g} dBTP, and louder would distort them.",
    )
