"""The film's pictures one after the other: clips, crossfades, the ways from, to and through black.

Two clips at most are open at any moment and nothing is kept, so memory does not grow with the film.
Pictures are mixed as they are coded (Y, Cb, Cr), which needs no conversion and costs no quality. Grain is not
in them: it goes by pieces (`grain.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.media.conform import conformed
from ltxlib.media.planes import plane_of
from ltxlib.media.probe import ClipInfo

__all__ = ["Reader", "film_frames", "mixed", "plane_of"]

# Gives so many pictures of a clip, beginning after so many; `conformed` is one.
Reader = Callable[[ClipInfo, Timeline, int, int], Iterator[Any]]
BLACK = (16, 128, 128)
FULL = 256
# Mixed so many lines at a time, numbers stay near the processor: three times as quick.
STRIP_LINES = 64


def film_frames(
    timeline: Timeline,
    clips: Sequence[ClipInfo],
    fade_frames: tuple[int, int] | None = (0, 0),
    span: tuple[int, int] | None = None,
    reader: Reader = conformed,
) -> Iterator[Any]:
    """Every picture of the film, exactly `timeline.frames` of them, or those of a span (from, up to).

    clips: the facts of each cut's file, in the timeline's order. fade_frames: how long the fades from black
    at the start and to black at the end last; None: nothing is made darker, not even on a way through black.
    Only clips that show in the span are opened. reader: how a clip is read.
    """
    first, last = span or (0, timeline.frames)
    shares = {} if fade_frames is None else _shares(timeline, fade_frames, first, last)
    for number, frame in enumerate(_joined(timeline, clips, (first, last), reader), first):
        share = shares.get(number, 1.0)
        yield frame if share == 1.0 else mixed(None, frame, share)


def _shares(timeline: Timeline, fade_frames: tuple[int, int], first: int, last: int) -> dict[int, float]:
    """How much of its light each frame keeps that is darker than its clip; the rest is black."""
    fade_in, fade_out = fade_frames
    ways = [(timeline.frames, fade_out, 0), (0, 0, fade_in), *timeline.dips_frames]
    shares: dict[int, float] = {}
    for at, down, up in ways:
        for number in range(max(at - down, first), min(at + up, last)):
            # The middle of each frame decides, so that both halves of the way are alike.
            share = (at - number - 0.5) / down if number < at else (number - at + 0.5) / up
            shares[number] = min(share, shares.get(number, 1.0))
    return shares


def _joined(
    timeline: Timeline, clips: Sequence[ClipInfo], span: tuple[int, int], reader: Reader
) -> Iterator[Any]:
    first, last = span
    joints, starts = timeline.joints_frames, timeline.starts_frames
    leaving: Any = None
    for number in timeline.cuts_in(first, last):
        cut, start, shared = timeline.cuts[number], starts[number], joints[number]
        after = joints[number + 1] if number + 1 < len(joints) else 0
        alone, end = start + shared, start + cut.frames
        passed = max(first - start, 0)
        coming = reader(clips[number], timeline, cut.frames - passed, cut.skip_frames + passed)
        if leaving is not None:
            with closing(leaving):
                for place in range(max(start, first), min(alone, last)):
                    # The middle of each frame decides: the mix is even and symmetric around the join.
                    yield mixed(next(leaving), next(coming), (place - start + 0.5) / shared)
        for _ in range(max(alone, first), min(end - after, last)):
            yield next(coming)
        leaving = coming


def mixed(first: Any | None, second: Any, share: float) -> Any:
    """A new picture of `1 - share` of the first (None: black) and `share` of the second; both yuv420p."""
    import av
    import numpy as np

    weight, result = round(share * FULL), av.VideoFrame(second.width, second.height, "yuv420p")
    mine, others = np.uint16(weight), np.uint16(FULL - weight)
    for number in range(3):
        coming, shown = plane_of(second, number), plane_of(result, number)
        leaving = None if first is None else plane_of(first, number)
        for top in range(0, len(shown), STRIP_LINES):
            strip = slice(top, top + STRIP_LINES)
            total = np.multiply(coming[strip], mine, dtype=np.uint16)
            if leaving is None:
                total += np.uint16(BLACK[number] * (FULL - weight))
            else:
                total += np.multiply(leaving[strip], others, dtype=np.uint16)
            total += np.uint16(FULL // 2)
            total >>= 8
            shown[strip] = total
    result.colorspace, result.color_range = 1, 1
    return result
