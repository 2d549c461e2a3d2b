"""Measures how well a clip loops: straight as it is, cut at its best places, or melted into itself.

One decoding, then arithmetic. The search is bounded: at most LOOKED_AT frames at either end, whatever the
clip's length, so half a minute of film takes as long as ten seconds do.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.core.looping import AS_IS, CROSSFADE, FAIR, TRIMMED, LoopEvent, LoopMeasured, LoopWay
from ltxlib.errors import BadInput
from ltxlib.media import loop_camera, loop_heard, loop_picture
from ltxlib.media.loop_read import LoopSource, read_loop
from ltxlib.media.probe import probe

if TYPE_CHECKING:
    import numpy as np

# Bump when measuring changes, so that what was measured before is not believed any more.
VERSION = 1
FEWEST_FRAMES = 8
# A loop keeps so much of its take, and lasts so long.
LEAST_SHARE, LEAST_S = 0.6, 2.0
LOOKED_AT = 300
MELTS_S = (0.25, 0.5, 1.0, 1.5, 2.0)
# What a whole take's length is worth in points: longer loops repeat less.
LENGTH_POINTS, MELT_POINTS = 12.0, 1.5
# Ends that are tried for a crossfade are so far apart, as a part of a second.
MELT_STEP_S = 0.125
# Sound that melts for so long takes a difference down to half.
SOUND_MELT_S = 0.25


@dataclass(frozen=True)
class _Loops:
    """All that ways are judged by."""

    seams: loop_picture.Seams
    heard: loop_heard.Heard | None
    sounds_db: np.ndarray | None
    frames: int
    fps: float
    least: int


def measure_clip(path: Path) -> LoopMeasured:
    """Measures one clip's file. Raises ClipUnreadable, BadInput for one of fewer than 8 frames."""
    info = probe(path)
    if info.frames < FEWEST_FRAMES:
        raise BadInput(
            f"{path.name} has {info.frames} frames: too few to loop.",
            cure="Make a longer take of this scene.",
        )
    return measure(read_loop(info))


def measure(source: LoopSource) -> LoopMeasured:
    """Measures a clip that is in memory; the same clip always gives the same."""
    camera = loop_camera.camera_move(source.luma)
    loops = _loops(source, steady=not camera.words)
    as_is = _cut(loops, AS_IS, 0, source.frames)
    if as_is.picture >= FAIR:
        # It comes back to where it began, or it was waves.
        camera = loop_camera.CameraMove()
    fps, heard = loops.fps, loops.heard
    events = [LoopEvent("picture", round(at / fps, 2)) for at in loop_picture.odd_moments(loops.seams, fps)]
    if heard is not None:
        events += [LoopEvent("sound", round(at, 2)) for at in loop_heard.odd_moments(heard)]
    lasts_s = source.frames / fps
    silence_s = 0.0 if heard is None else max(loop_heard.hole_s(heard, 0.0, lasts_s), 0.0)
    return LoopMeasured(
        frames=source.frames,
        fps=str(Fraction(source.fps)),
        heard=heard is not None,
        as_is=as_is,
        trimmed=_best_cut(loops),
        crossfade=_best_melt(loops),
        motion=round(loops.seams.motion, 2),
        still=loops.seams.still,
        camera=camera.words,
        camera_share=camera.share,
        light=round(loop_picture.light_change(source), 1),
        silence_s=round(silence_s, 2),
        events=tuple(sorted(events, key=lambda event: event.at_s)),
    )


def _loops(source: LoopSource, *, steady: bool) -> _Loops:
    import numpy as np

    frames, fps = source.frames, float(source.fps)
    least = min(max(round(LEAST_SHARE * frames), min(round(LEAST_S * fps), frames - 2), 4), frames)
    last_in = min(frames - least, LOOKED_AT, frames - 4)
    first_out = max(least, frames - LOOKED_AT, 4)
    melt = min(round(MELTS_S[-1] * fps), frames - least)
    found = loop_picture.seams(source, last_in, first_out, melt, steady=steady)
    heard = loop_heard.listen(source.sound) if source.sound is not None else None
    if heard is None or heard.silent:
        return _Loops(found, None, None, frames, fps, least)
    ins, outs = np.arange(last_in + 1) / fps, np.arange(first_out, frames + 1) / fps
    return _Loops(found, heard, loop_heard.seam_db(heard, ins, outs), frames, fps, least)


def _cut(loops: _Loops, kind: str, in_frame: int, out_frame: int) -> LoopWay:
    """A straight cut from one frame to another."""
    column = out_frame - int(loops.seams.out_frames[0])
    picture = float(loop_picture.score(loops.seams.jump[in_frame, column]))
    sound = None
    if loops.heard is not None and loops.sounds_db is not None:
        hole = loop_heard.hole_s(loops.heard, in_frame / loops.fps, out_frame / loops.fps)
        sound = float(loop_heard.score(loops.sounds_db[in_frame, column], hole))
    return _way(kind, (in_frame, out_frame, 0), picture, sound)


def _way(
    kind: str, frames: tuple[int, int, int], picture: float, sound: float | None, ghost: float = 0.0
) -> LoopWay:
    return LoopWay(
        kind=kind,
        in_frame=frames[0],
        out_frame=frames[1],
        crossfade_frames=frames[2],
        score=round(together(picture, sound)),
        picture=round(picture),
        sound=None if sound is None else round(sound),
        ghost=round(ghost, 1),
    )


def together(picture: float, sound: float | None) -> float:
    """One score of both: mostly the worse one, since one bad seam is a seam."""
    if sound is None:
        return picture
    return 0.65 * min(picture, sound) + 0.35 * (0.65 * picture + 0.35 * sound)


def _best_cut(loops: _Loops) -> LoopWay:
    """The best pair of in and out; of pairs as good, the longest."""
    import numpy as np

    picture = loop_picture.score(loops.seams.jump)
    points = picture
    rows, columns = picture.shape
    outs = loops.seams.out_frames
    if loops.heard is not None and loops.sounds_db is not None:
        ends = np.array([loop_heard.hole_s(loops.heard, 0.0, out / loops.fps) for out in outs])
        sound = loop_heard.score(loops.sounds_db, ends[None, :])
        worse = np.minimum(picture, sound)
        points = 0.65 * worse + 0.35 * (0.65 * picture + 0.35 * sound)
    length = outs[None, :] - np.arange(rows)[:, None]
    worth = points - LENGTH_POINTS * (1 - length / loops.frames)
    worth = np.where(length >= loops.least, worth, -np.inf)
    row, column = np.unravel_index(int(np.argmax(np.round(worth, 3))), (rows, columns))
    return _cut(loops, TRIMMED, int(row), int(outs[column]))


def _best_melt(loops: _Loops) -> LoopWay | None:
    """The best crossfade: how long, and from where to where; None when the clip is too short for any."""
    best: tuple[float, LoopWay] | None = None
    step = max(round(MELT_STEP_S * loops.fps), 1)
    outs = loops.seams.out_frames
    for seconds in MELTS_S:
        melt = round(seconds * loops.fps)
        if melt < 2 or melt > (loops.frames - loops.least) or melt > loops.frames // 3:
            continue
        for in_frame in range(0, loops.seams.jump.shape[0], step):
            for out_frame in range(int(outs[-1]), int(outs[0]) - 1, -step):
                if out_frame - in_frame - melt < loops.least:
                    break
                way = _melt(loops, in_frame, out_frame, melt)
                lost = 1 - way.frames / loops.frames
                worth = way.score - LENGTH_POINTS * lost - MELT_POINTS * seconds
                if best is None or worth > best[0]:
                    best = worth, way
    return best[1] if best else None


def _melt(loops: _Loops, in_frame: int, out_frame: int, melt: int) -> LoopWay:
    seen, ghost = loop_picture.melted(loops.seams, in_frame, out_frame, melt, loops.fps)
    sound = None
    if loops.heard is not None and loops.sounds_db is not None:
        seconds = melt / loops.fps
        beyond = loops.sounds_db[in_frame, out_frame - int(loops.seams.out_frames[0])]
        hole = loop_heard.hole_s(loops.heard, in_frame / loops.fps, out_frame / loops.fps)
        left = max(hole - seconds / 2, 0.0)
        sound = float(loop_heard.score(beyond / (1 + seconds / SOUND_MELT_S), left))
    frames = (in_frame, out_frame, melt)
    return _way(CROSSFADE, frames, float(loop_picture.score(seen)), sound, ghost)
