"""Brings a long film's sound to the loudness asked for, and codes what of it has to be coded.

How loud it must be is found on one time around the loop; the rest is the same. Coding overshoots by some
tenths of a dB, and differently in other rounds, so what was coded is measured, and made softer where a peak
is too high.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.media.ffmpeg import Ffmpeg
from ltxlib.media.level import ROUNDING_DB, STEP_DB, level_sound
from ltxlib.media.limiter import Limited
from ltxlib.media.long_sound import AnySpan, PacketPlan, coded_sound, sound_track
from ltxlib.media.loudness import Loudness, measure
from ltxlib.media.mp4_boxes import STREAM_TABLE, Track, box_in, plain_description
from ltxlib.media.mp4_writer import write_mp4
from ltxlib.media.settings import MasterSettings
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK, write_sound

if TYPE_CHECKING:
    import numpy as np

# So much of the sound is listened to at most; a quarter of an hour tells how loud a night is.
LISTENED_S = 900


@dataclass(frozen=True)
class Levelled:
    """The coded sound: its packets, its stream's description, the gain in it, how loud its beginning is."""

    media: Path
    places: np.ndarray
    sizes: np.ndarray
    description: bytes
    gain_db: float
    loudness: Loudness
    notes: tuple[str, ...]

    def track(self, plan: PacketPlan, samples: int) -> Track:
        """The whole film's sound."""
        return sound_track(
            self.media, self.places[plan.order], self.sizes[plan.order], self.description, samples
        )


@dataclass(frozen=True)
class Louder:
    """The same sound with a gain, its peaks held at a ceiling (None: they are not)."""

    mix: AnySpan
    gain_db: float
    ceiling_dbtp: float | None = None

    @property
    def samples(self) -> int:
        """How many there are."""
        return self.mix.samples

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """These samples, louder."""
        yield from Limited(self.mix, self.gain_db, self.ceiling_dbtp).span(first, last)


def level_long(
    mix: AnySpan,
    plan: PacketPlan,
    room: Path,
    wishes: MasterSettings,
    ffmpeg: Ffmpeg,
    cancel: threading.Event | None,
    on_packets: Callable[[int, int], None],
) -> Levelled:
    """Finds the gain, codes the packets of the plan into `room` and measures them.

    on_packets: called with packets done of all. Raises MediaError, ClipUnreadable, Cancelled.
    """
    one = room / "one.m4a"
    write_sound([next(mix.span(0, 1))], one, wishes.audio_kbps)
    description = plain_description(box_in(one.read_bytes(), STREAM_TABLE))
    level = level_sound(mix.span(*heard_span(mix)), room, wishes, ffmpeg, cancel)
    gain_db, held_dbtp, media = level.gain_db, level.ceiling_dbtp, room / "sound.bin"
    while True:
        places, sizes = coded_sound(
            Louder(mix, gain_db, held_dbtp), plan, media, wishes.audio_kbps, on_packets
        )
        heard = min(plan.coded[0][1], LISTENED_S * RATE_HZ // AAC_BLOCK)
        samples = min((heard - 1) * AAC_BLOCK, mix.samples)
        write_mp4([sound_track(media, places[:heard], sizes[:heard], description, samples)], one, RATE_HZ, {})
        decoded = measure(one, ffmpeg, cancel=cancel)
        peak_db = decoded.true_peak_dbtp
        if peak_db is None or peak_db <= wishes.ceiling_dbtp - ROUNDING_DB:
            return Levelled(media, places, sizes, description, round(gain_db, 2), decoded, level.notes)
        change_db = wishes.ceiling_dbtp - ROUNDING_DB - peak_db - STEP_DB
        if held_dbtp is None:
            gain_db += change_db
        else:
            held_dbtp += change_db


def heard_span(mix: AnySpan) -> tuple[int, int]:
    """What of a sound tells how loud it is: once around, where the film neither begins nor ends."""
    first, end = mix.steady
    last = min(end, first + min(mix.period, LISTENED_S * RATE_HZ))
    if last - first < min(mix.period, mix.samples // 2):
        return 0, min(mix.samples, LISTENED_S * RATE_HZ)
    return first, last
