"""Looks into a finished long film: where flashes and clicks are, and the sound where the loop closes."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.core.longform import LongFilm
from ltxlib.media.longform import circular_mix
from ltxlib.media.probe import open_clip, probe
from ltxlib.media.settings import MasterSettings
from ltxlib.media.sound import RATE_HZ

# In every clip of the benchmark, counted from its first frame.
FLASH_FRAME = 60
# How much of the film is looked at around each moment.
AROUND_S = 1.0
# Half a second on both sides of a joint.
JOINT_S = 0.5


def steps_between(film: LongFilm, path: Path) -> list[int]:
    """How many samples the click comes after its flash, near the film's start, middle and end."""
    rate, last = film.loop.fps, film.frames - film.cycle_frames
    found = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        # The flash of the loop's first clip in the round that begins there.
        frame = int(last * part) // film.cycle_frames * film.cycle_frames + FLASH_FRAME
        seen = flash_at(path, frame, rate)
        first = film.loop.sample_at(seen, RATE_HZ) - RATE_HZ // 4
        heard = sound_of(path, first, first + RATE_HZ // 2)
        found.append(int(abs(heard).max(1).argmax()) - RATE_HZ // 4)
    return found


def flash_at(path: Path, frame: int, rate: Fraction) -> int:
    """The frame that is white, of those around where one is meant to be."""
    import numpy as np

    with open_clip(path) as container:
        stream = container.streams.video[0]
        container.seek(int((frame / rate - AROUND_S) / stream.time_base), stream=stream)
        for picture in container.decode(stream):
            plane = picture.planes[0]
            if np.frombuffer(plane, np.uint8).mean() > 200:
                return round(picture.pts * stream.time_base * rate)
            if picture.time > frame / rate + AROUND_S:
                break
    raise RuntimeError(f"there is no flash near frame {frame}")


def sound_of(path: Path, first: int, last: int) -> Any:
    """These samples of the film, as they are decoded behind a jump."""
    import numpy as np

    blocks, begins = [], None
    with open_clip(path) as container:
        stream = container.streams.audio[0]
        container.seek(max(first - RATE_HZ // 4, 0), stream=stream)
        for frame in container.decode(stream):
            begins = frame.pts if begins is None else begins
            blocks.append(frame.to_ndarray())
            if frame.pts + frame.samples >= last:
                break
    heard = np.concatenate(blocks, axis=1).T
    return heard[first - begins : last - begins]


def joint_errors(
    film: LongFilm, path: Path, settings: MasterSettings, gain_db: float, room: Path
) -> tuple[float, float]:
    """How far the decoded sound is from the mix: where rounds are joined, and in their middle, in dB of full
    scale; the worse of the film's first, middle and last joints."""
    import numpy as np

    facts = {cut.clip: probe(Path(cut.clip)) for cut in film.loop.cuts}
    fades = round(settings.fade_in_s * film.loop.fps), round(settings.fade_out_s * film.loop.fps)
    mix = circular_mix(film, facts, settings, room, fades)
    factor, around = np.float32(10 ** (gain_db / 20)), round(JOINT_S * RATE_HZ)

    def error_db(middle: int) -> float:
        span = middle - around, middle + around
        meant = np.concatenate(list(mix.span(*span))) * factor
        return 20 * math.log10(float(np.sqrt(((sound_of(path, *span) - meant) ** 2).mean())))

    rounds = mix.samples // mix.period
    chosen = sorted({1, rounds // 2, rounds - 1} - {0})
    # Packets are laid together where the film's fade has ended, a round later and so on.
    joints = [number * mix.period + mix.steady[0] for number in chosen]
    bodies = [joint - mix.period // 2 + 7 * RATE_HZ // 8 for joint in joints]
    return round(max(map(error_db, joints)), 2), round(max(map(error_db, bodies)), 2)
