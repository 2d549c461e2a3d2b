"""Looks at a finished long film with fresh eyes: its tables are added up, its two ends are decoded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from ltxlib.core.longform import LongFilm
from ltxlib.errors import MediaError
from ltxlib.media.mp4_reader import read_tables
from ltxlib.media.probe import open_clip
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK

# So much of the film's end is decoded; less than this lies between any two key frames of its picture.
END_S = 10


def check_long(path: Path, film: LongFilm, between: Callable[[], None]) -> None:
    """Raises MediaError unless the file is exactly the film: its frames, samples, times and bytes."""
    import numpy as np

    tracks, (begin, end) = read_tables(path)
    if [track.kind for track in tracks] != ["vide", "soun"]:
        raise MediaError("The finished film has no picture or no sound.")
    picture, sound = tracks
    between()
    frames, samples = film.frames, film.loop.sample_at(film.frames, RATE_HZ)
    wanted = {
        "frames": (picture.samples, frames),
        "length": (picture.shown_s, frames / film.loop.fps),
        "frames' times": (picture.lasts_s, frames / film.loop.fps),
        "sound's length": (sound.shown_s, Fraction(samples, RATE_HZ)),
        "sound's run-up": (sound.begins_s, Fraction(AAC_BLOCK, RATE_HZ)),
        "samples": (sound.lasts_s - sound.begins_s, Fraction(samples, RATE_HZ)),
    }
    for what, (found, meant) in wanted.items():
        if abs(found - meant) * RATE_HZ >= Fraction(1, 2):
            raise MediaError(f"The finished film has other {what} than it should: {found}, not {meant}.")
    places = np.concatenate([picture.places, sound.places])
    ends = places + np.concatenate([picture.sizes, sound.sizes])
    if places.min() < begin or ends.max() > end or end > path.stat().st_size:
        raise MediaError("The finished film's tables point beside its pictures and sounds.")
    if not film.length.compact and len(np.unique(places)) < len(places):
        raise MediaError("The finished film's tables name a picture or sound twice.")
    between()
    last_frame(path, frames)


def last_frame(path: Path, frames: int) -> None:
    """Decodes the film's end. Raises MediaError when it is not where it should be, or cannot be decoded."""
    with open_clip(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = Fraction(stream.average_rate)
        container.seek(max(int(((frames - 1) / rate - END_S) / stream.time_base), 0), stream=stream)
        numbers = [round(frame.pts * stream.time_base * rate) for frame in container.decode(stream)]
    if not numbers or numbers != list(range(numbers[0], frames)):
        raise MediaError(f"The finished film ends at frame {numbers[-1:]}, not at {frames - 1}.")
