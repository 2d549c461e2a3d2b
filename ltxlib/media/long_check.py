"""Looks at a finished long film with fresh eyes: its tables are added up, its end is decoded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from ltxlib.core.longform import LongFilm
from ltxlib.errors import MediaError
from ltxlib.media.film_tables import FilmTables, TornTables, read_tables
from ltxlib.media.probe import open_clip
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK

# So much of the film's end is decoded; less than this lies between any two key frames of its picture.
END_S = 10


def check_long(path: Path, film: LongFilm, between: Callable[[], None]) -> None:
    """Raises MediaError unless the file is exactly the film: its frames, samples, times and bytes.

    between: called now and then, may stop the work.
    """
    try:
        tables = read_tables(path)
    except TornTables as error:
        raise MediaError(f"The finished film is damaged. {error}") from error
    _times(tables, film)
    between()
    _places(tables, compact=film.length.compact)
    between()
    _last_frame(path, film.frames)


def _times(tables: FilmTables, film: LongFilm) -> None:
    import numpy as np

    picture, sound = tables.track("picture"), tables.track("sound")
    if picture is None or sound is None:
        raise MediaError("The finished film has no picture or no sound.")
    frames, samples = film.frames, film.loop.sample_at(film.frames, RATE_HZ)
    lasts_s, sounds_s = frames / film.loop.fps, Fraction(samples, RATE_HZ)
    wanted = {
        "frames": (len(picture.lasts), frames),
        "length": (picture.told_s, lasts_s),
        "length of sound": (sound.told_s, sounds_s),
        "run-up of sound": (Fraction(sound.skipped, sound.clock_hz), Fraction(AAC_BLOCK, RATE_HZ)),
        "samples": (Fraction(sound.length, sound.clock_hz), sounds_s),
    }
    for what, (found, meant) in wanted.items():
        if abs(found - meant) * RATE_HZ >= Fraction(1, 2):
            raise MediaError(f"The finished film has another {what} than it should: {found}, not {meant}.")
    step = lasts_s / frames * picture.clock_hz
    meant_times = picture.skipped + np.arange(frames, dtype=np.int64) * int(step)
    if step.denominator != 1 or not np.array_equal(np.sort(picture.shows), meant_times):
        raise MediaError("The finished film's pictures do not follow on each other evenly.")


def _places(tables: FilmTables, *, compact: bool) -> None:
    """Every chunk lies in the media, and none where another lies, unless the film is a compact one."""
    import numpy as np

    begins = next(first for name, first, _last in tables.boxes if name == "mdat")
    starts = np.concatenate([track.chunk_starts for track in tables.tracks])
    ends = np.concatenate([track.chunk_ends for track in tables.tracks])
    order = np.argsort(starts)
    overlap = (starts[order][1:] < ends[order][:-1]).any() and not compact
    if starts.min() < begins or overlap:
        raise MediaError("The finished film's tables do not name each picture and sound in its place.")


def _last_frame(path: Path, frames: int) -> None:
    """Decodes the film's end, which must be its last frame."""
    with open_clip(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = Fraction(stream.average_rate)
        container.seek(max(int(((frames - 1) / rate - END_S) / stream.time_base), 0), stream=stream)
        numbers = [round(frame.pts * stream.time_base * rate) for frame in container.decode(stream)]
    if not numbers or numbers != list(range(numbers[0], frames)):
        raise MediaError(f"The finished film ends at frame {numbers[-1:]}, not at {frames - 1}.")
