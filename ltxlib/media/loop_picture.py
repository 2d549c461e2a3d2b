"""How much a picture jumps where a clip goes round, against how much it changes anyway. Arithmetic only.

Pictures are compared in blocks, so that a bird that jumps is not lost in a calm sky, and each block only with
itself: rain changes everywhere from frame to frame, and one more such change is no jump. What is above the
usual counts, the worst blocks most, in levels of brightness (0-255). Three things must go on across a seam:
the light (a block's mean, which the eye sees first), the structure, and the motion. Motion that begins or
ends suddenly is told by the second difference; motion that turns back by pictures around the seam that are
more alike than what moves there allows, and by what came before the one side and would have come behind the
other (as Schödl et al. do in "Video Textures", 2000): a pendulum that is at the right place and swings the
wrong way is a jump too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltxlib.media.loop_read import BLOCK_PX, LoopSource

if TYPE_CHECKING:
    import numpy as np

# Steps below this are coding noise, also where nothing moves.
NOISE = 0.6
# One step in five is larger; a seam that is no larger than those stands out nowhere.
USUAL_SHARE, NATURAL_SHARE = 0.8, 0.95
# The fourth power lets one block of seventy count that jumps while all others stay.
POWER = 4
# A change of light is seen at half the size of a change of detail, one of speed at twice its size.
LIGHT_WEIGHT, MOTION_WEIGHT = 2.0, 0.5
# What would have come (or came before) so many frames from the seam, and what a difference there counts.
AROUND_FRAMES, AROUND_WEIGHT, AROUND_TIMES = 3, 0.25, 1.3
# A jump of so many levels is worth half of the points.
HALF_SCORE_LEVELS, STEEPNESS = 3.0, 1.5
ROWS = 16
# What coding alone makes of it: a clip's first frame is coded better than its last.
UNSEEN_LEVELS = 0.4
# Motion is told to turn back over so many frames, where less than this part of the usual way is left.
TURN_FRAMES, TURN_SHARE = 3, 0.85
# Water that is another water after so long anyway may melt into itself: so much of that is no ghost.
RESTLESS_S, RESTLESS_SHARE = 0.75, 0.7
# Light that changes by so many levels a second while it melts is taken for weather; more of it is a pulse.
WEATHER, PULSE = 2.0, 3.0
STILL_STEP, STILL_FAR = 0.5, 1.2
EVENT_LEVELS, EVENT_TIMES, EVENT_GAP_S = 5.0, 4.0, 0.6


@dataclass(frozen=True)
class Seams:
    """What was found of every seam that was looked at, in levels.

    jump: rows: in-frames from 0 on; columns: `out_frames`. ghost, light: of single pairs of frames, which
    crossfades are made of: how unlike their structure is beyond the usual, and their brightness; rows: frames
    from 0 on; columns: frames from first_column on. usual: how much changes from frame to frame, one value a
    frame. far: how unlike frames far apart are.
    """

    jump: np.ndarray
    out_frames: np.ndarray
    ghost: np.ndarray
    light: np.ndarray
    first_column: int
    usual: np.ndarray
    far: float

    @property
    def motion(self) -> float:
        """How much usually changes from frame to frame, in levels."""
        import numpy as np

        return float(np.median(self.usual)) if len(self.usual) else 0.0

    @property
    def still(self) -> bool:
        """Whether nothing moves, neither from frame to frame nor slowly."""
        import numpy as np

        if not len(self.usual):
            return True
        return bool(np.quantile(self.usual, 0.95) < STILL_STEP and self.far < STILL_FAR)


def seams(source: LoopSource, last_in: int, first_out: int, melt: int = 0, *, steady: bool = True) -> Seams:
    """Jumps of all seams with in-frames 0 ... last_in and out-frames first_out ... frames, both included.

    last_in is at most frames - 4 and first_out at least 4. melt: for how many frames crossfades are looked at
    besides. steady: the camera stands still, so what changes all the time is water or leaves.
    """
    import numpy as np

    frames = source.frames
    rows = np.arange(0, min(last_in + max(melt, AROUND_FRAMES), frames))
    low = max(first_out - max(melt, AROUND_FRAMES), 0)
    columns = np.arange(low, frames)
    sums = _Sums((len(rows), len(columns)), frames, max(round(RESTLESS_S * source.fps), 1) if steady else 0)
    for block in _blocks(source):
        sums.add(block, rows, columns)
    sums.settle()
    ins, outs = np.arange(last_in + 1), np.arange(first_out, frames + 1)
    at = np.ix_(ins, outs - 1 - low)
    step = _beyond(sums.step[at], sums.odd_steps)
    motion = _beyond(sums.motion[at], sums.odd_motions)
    back = _beyond(sums.back[at], sums.odd_backs)
    # What is far from even is as usual here as what is even, so the middle counts and not the rare ones.
    natural = AROUND_TIMES * float(np.median(sums.odd_steps))
    around = AROUND_WEIGHT * _around(np.maximum(sums.step - natural, 0.0), ins, outs - low)
    jump = np.sqrt(step**2 + (MOTION_WEIGHT * np.maximum(motion, 2 * back)) ** 2 + around**2)
    ghost = _beyond(sums.ghost, sums.odd_steps)
    return Seams(jump, outs, ghost, sums.light, low, sums.usual, sums.far)


def score(jump: np.ndarray | float) -> np.ndarray:
    """Points from 0 to 100 for jumps in levels."""
    import numpy as np

    return 100.0 / (1.0 + (np.maximum(jump - UNSEEN_LEVELS, 0.0) / HALF_SCORE_LEVELS) ** STEEPNESS)


def melted(found: Seams, in_frame: int, out_frame: int, frames: int, fps: float) -> tuple[float, float]:
    """What is to be seen of a crossfade of `frames` frames, and how double things look, in levels.

    The frames in_frame ... melt with the last ones before out_frame. Short ones hide nothing.
    """
    import numpy as np

    steps = np.arange(frames)
    weight = np.sin((steps + 0.5) * (np.pi / frames)) ** 2
    rows = in_frame + steps
    columns = out_frame - frames + steps - found.first_column
    ghost = float((found.ghost[rows, columns] * weight).sum() / weight.sum())
    light = float((found.light[rows, columns] * weight).sum() / weight.sum())
    seconds = frames / fps
    seen = ghost * (0.35 + 0.65 * np.exp(-seconds / 0.25))
    return float(np.hypot(seen, max(light / seconds - WEATHER, 0.0) / PULSE)), ghost


def odd_moments(found: Seams, fps: float) -> list[int]:
    """Frames at which something flashes or jumps that does so nowhere else; many such are no event."""
    import numpy as np

    usual = found.usual
    if len(usual) < 8:
        return []
    places = np.flatnonzero(usual > max(EVENT_LEVELS, EVENT_TIMES * float(np.median(usual))))
    starts = [int(place) for place in places[:1]]
    starts += [int(b) for a, b in itertools.pairwise(places) if b - a > EVENT_GAP_S * fps]
    # The change lies between this picture and the next one.
    return [place + 1 for place in starts] if len(starts) <= 2 and len(places) <= len(usual) // 4 else []


def light_change(source: LoopSource) -> float:
    """By how many levels the whole picture is brighter at its end than at its beginning."""
    few = max(source.frames // 20, 1)
    return float(source.luma[-few:].mean() - source.luma[:few].mean())


def _beyond(found: np.ndarray, natural: np.ndarray) -> np.ndarray:
    """What is above what the clip itself does at one of ten of its frames."""
    import numpy as np

    usual = float(np.quantile(natural, NATURAL_SHARE)) if len(natural) else 0.0
    return np.maximum(found - usual, 0.0)


def _around(unlike: np.ndarray, ins: np.ndarray, outs: np.ndarray) -> np.ndarray:
    """How unlike the two sides of each seam are a little before it and behind it, where there are pictures.

    unlike: of all rows and columns; ins: rows, outs: columns of the frames behind the last ones.
    """
    import numpy as np

    sums, counts = np.zeros((2, len(ins), len(outs)))
    for step in (-AROUND_FRAMES, AROUND_FRAMES - 1):
        rows, columns = ins + step, outs + step
        row_there = (rows >= 0) & (rows < unlike.shape[0])
        column_there = (columns >= 0) & (columns < unlike.shape[1])
        there = np.outer(row_there, column_there)
        found = unlike[np.ix_(np.where(row_there, rows, 0), np.where(column_there, columns, 0))]
        sums += np.where(there, found, 0.0)
        counts += there
    return sums / np.maximum(counts, 1)


@dataclass(frozen=True)
class _Block:
    """One block over time: frames x values, its mean taken out, and the mean's own course."""

    detail: np.ndarray
    light: np.ndarray


def _blocks(source: LoopSource) -> Iterator[_Block]:
    import numpy as np

    height, width = source.luma.shape[1:]
    half = BLOCK_PX // 2
    for top in range(0, height, BLOCK_PX):
        for left in range(0, width, BLOCK_PX):
            grey = source.luma[:, top : top + BLOCK_PX, left : left + BLOCK_PX]
            small = source.chroma[:, :, top // 2 : top // 2 + half, left // 2 : left // 2 + half]
            parts = [
                part.reshape(len(grey), -1).astype(np.float32) for part in (grey, small[:, 0], small[:, 1])
            ]
            means = [part.mean(1, keepdims=True) for part in parts]
            values = np.concatenate([part - mean for part, mean in zip(parts, means, strict=True)], axis=1)
            # Scaled so that squared lengths are mean squares; the average frame takes the size out.
            values -= values.mean(0)
            size = np.float32(grey.shape[1] * grey.shape[2]) ** 0.5
            yield _Block(values / size, LIGHT_WEIGHT * np.concatenate(means, axis=1))


class _Sums:
    """Sums over the blocks of what is beyond the usual, to the fourth power."""

    def __init__(self, size: tuple[int, int], frames: int, restless_frames: int) -> None:
        import numpy as np

        self.step, self.motion, self.back, self.ghost, self.light = np.zeros((5, *size), np.float32)
        self.usual, self.odd_steps = np.zeros((2, frames - 1))
        self.odd_motions = np.zeros(frames - 2)
        self.odd_backs = np.zeros(max(frames - 1 - 2 * TURN_FRAMES, 0))
        self.far, self._blocks, self._restless = 0.0, 0, restless_frames

    def add(self, block: _Block, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take in one block."""
        import numpy as np

        detail, light = block.detail, block.light
        both = np.concatenate([detail, light], axis=1)
        moves = np.diff(both, axis=0)
        steps, turns = _lengths(moves), _lengths(np.diff(moves, axis=0))
        usual, usual_turn = _usual(steps), _usual(turns)
        usual_detail = _usual(_lengths(np.diff(detail, axis=0)))
        if self._restless:
            later = _lengths(detail[self._restless :] - detail[: -self._restless])
            usual_detail = max(usual_detail, RESTLESS_SHARE * float(np.median(later)) if len(later) else 0.0)
        ghost = _squares(detail[rows], detail[columns])
        shade = _squares(light[rows], light[columns])
        whole = ghost + shade
        self.step += _over(whole, usual)
        self.ghost += _over(ghost, usual_detail)
        self.light += shade
        self.motion += _over(_turns(whole, steps, columns), usual_turn)
        gone = _lengths(both[TURN_FRAMES:] - both[:-TURN_FRAMES])
        self.back += _backs(whole, gone, rows, columns)
        inner, ends = gone[TURN_FRAMES - 1 : 1 - TURN_FRAMES], 2 * TURN_FRAMES - 2
        self.odd_backs += _less(inner, gone[:-ends], gone[ends:]) ** POWER
        self.usual += steps**POWER
        self.odd_steps += np.maximum(steps - usual, 0) ** POWER
        self.odd_motions += np.maximum(turns - usual_turn, 0) ** POWER
        apart = len(both) // 2
        self.far += float(np.mean(_lengths(both[apart:] - both[: len(both) - apart]) ** POWER))
        self._blocks += 1

    def settle(self) -> None:
        """Turn the sums into means, in levels."""
        for name in ("step", "motion", "ghost", "back", "usual", "odd_steps", "odd_motions", "odd_backs"):
            setattr(self, name, (getattr(self, name) / self._blocks) ** (1 / POWER))
        self.light = (self.light / self._blocks) ** 0.5 / LIGHT_WEIGHT
        self.far = (self.far / self._blocks) ** (1 / POWER)


def _turns(whole: np.ndarray, steps: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Squared second differences across each seam, the larger of the one before it and the one behind it.

    |a - 2b + c| squared is 2|a - b| + 2|b - c| - |a - c|, each squared: distances are all that is needed.
    """
    import numpy as np

    squares = (steps**2).astype(np.float32)
    before = np.full_like(whole, 0.0)
    # b: the last frame, c: the one before it, a: the first frame.
    before[:, 1:] = 2 * whole[:, 1:] + 2 * squares[columns[1:] - 1][None, :] - whole[:, :-1]
    behind = np.full_like(whole, 0.0)
    # b: the first frame, c: the last one, a: the second frame.
    count = len(whole) - 1
    behind[:-1] = 2 * squares[:count][:, None] + 2 * whole[:-1] - whole[1:]
    return np.maximum(before, behind)


def _backs(whole: np.ndarray, gone: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """How much less than what moves there the pictures around each seam differ, to the fourth power.

    Two before the seam and one behind it, TURN_FRAMES apart as `gone` is, against the same just before (its
    end is the last frame) and just behind (its beginning is the first frame).
    """
    import numpy as np

    found = np.zeros_like(whole)
    before = gone[np.maximum(columns - TURN_FRAMES, 0)].astype(np.float32)
    behind = gone[np.minimum(rows, len(gone) - 1)].astype(np.float32)
    across = np.sqrt(whole[1:, :-1])
    found[:-1, 1:] = _less(across, behind[:-1, None], before[None, 1:]) ** POWER
    return found


def _less(across: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.maximum(TURN_SHARE * np.minimum(one, other) - across, 0.0)


def _lengths(values: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.sqrt((values.astype(np.float64) ** 2).sum(1))


def _usual(lengths: np.ndarray) -> float:
    import numpy as np

    return max(float(np.quantile(lengths, USUAL_SHARE)) if len(lengths) else 0.0, NOISE)


def _squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances of all rows of one to all rows of the other."""
    import numpy as np

    # A few rows at a time: large products are shared out over threads, which on a busy machine wait for each
    # other forty times as long as the work takes (measured).
    cross = np.concatenate([one[at : at + ROWS] @ other.T for at in range(0, len(one), ROWS)])
    found = (one**2).sum(1)[:, None] + (other**2).sum(1)[None, :] - 2 * cross
    return np.maximum(found, 0.0)


def _over(squares: np.ndarray, usual: float) -> np.ndarray:
    """How far distances are above the usual, to the fourth power."""
    import numpy as np

    return np.maximum(np.sqrt(np.maximum(squares, 0.0)) - np.float32(usual), 0.0) ** POWER
