"""Which pieces a film's picture is made of, so that each is coded once and serves every film that shows it.

    cut 0  |head|======= body =======|
    cut 1                        |xx|======= body =======|
    cut 2                                             |xx|======= body =======|tail|

The body of a clip goes from the crossfade's length after its start to as much before its end, wherever in the
film the clip stands; so after a new order only the crossfades (xx), the first head and the last tail are new.
Fades from and to black are pieces of their own as well, taken from a body by whole groups of pictures. What a
piece shows is written down in full, by the clips' contents; its name in the cache is made of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.media.writer import group_frames

# A piece of one picture would stand between two fresh starts, which H.264 forbids with equal numbers.
LEAST_FRAMES = 2

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """Some of the film's pictures, coded together: from frame `first` up to `last`, of which the film shows
    `used`. fade_frames: the fades from and to black that are to be seen in it; (0, 0) where it has none.
    shows: all that decides its pictures, as plain JSON values, in frames counted from its first."""

    first: int
    last: int
    used: Span
    fade_frames: Span
    shows: dict[str, Any]

    @property
    def frames(self) -> int:
        """How many pictures are coded."""
        return self.last - self.first

    def uses(self, frame: int) -> bool:
        """Whether the film shows this frame of itself out of this piece."""
        return self.used[0] <= frame < self.used[1]


def plan_pieces(timeline: Timeline, digests: Sequence[str], fade_frames: Span) -> list[Piece]:
    """The pieces in the film's order; what they are used for joins up to exactly the film.

    digests: of the content of each cut's clip, in order. fade_frames: of the fades from and to black.
    """
    found = []
    for span in _whole(_spans(timeline)):
        for part, used, fades in _faded(span, timeline, fade_frames):
            found.append(Piece(*part, used, fades, _shows(timeline, digests, part, fades)))
    return found


def key_frames(frames: int, group: int) -> range:
    """Where the key frames of a piece of so many frames stand; none is left alone at its end."""
    return range(0, max(frames - LEAST_FRAMES + 1, 1), group)


def _spans(timeline: Timeline) -> Iterator[Span]:
    joints, starts = (*timeline.joints_frames, 0), timeline.starts_frames
    for number, cut in enumerate(timeline.cuts):
        start, low, high = starts[number], joints[number], cut.frames - joints[number + 1]
        # The usual crossfade also counts where none is, so that the body is the same in every place.
        body = max(low, timeline.crossfade_frames), min(high, cut.frames - timeline.crossfade_frames)
        edges = [0, low, *(body if body[0] < body[1] else ()), high]
        for begin, end in pairwise(edges):
            if begin < end:
                yield start + begin, start + end


def _whole(spans: Iterator[Span]) -> list[Span]:
    """The spans, those that are too short joined to a neighbour."""
    found: list[Span] = []
    for span in spans:
        if found and min(span[1] - span[0], found[-1][1] - found[-1][0]) < LEAST_FRAMES:
            found[-1] = (found[-1][0], span[1])
        else:
            found.append(span)
    return found


def _faded(span: Span, timeline: Timeline, fade_frames: Span) -> Iterator[tuple[Span, Span, Span]]:
    """What of a span is coded as it is and what with a fade: frames coded, frames used, fades in them."""
    none, (first, last) = (0, 0), span
    bright, dark = fade_frames[0], timeline.frames - fade_frames[1]
    if bright <= first and last <= dark:
        yield span, span, none
        return
    edges = [first + key for key in key_frames(last - first, group_frames(timeline.fps))] + [last]
    clear = [edge for edge in edges if bright <= edge <= dark]
    if len(clear) < 2:
        yield span, span, fade_frames
        return
    low, high = clear[0], clear[-1]
    if first < low:
        yield (first, low), (first, low), fade_frames
    yield span, (low, high), none
    if high < last:
        yield (high, last), (high, last), fade_frames


def _shows(timeline: Timeline, digests: Sequence[str], part: Span, fades: Span) -> dict[str, Any]:
    (first, last), layers = part, []
    joints, starts = timeline.joints_frames, timeline.starts_frames
    for start, cut, joint, digest in zip(starts, timeline.cuts, joints, digests, strict=True):
        low, high = max(start, first), min(start + cut.frames, last)
        if low < high:
            mixing = joint > 0 and low < start + joint and bool(layers)
            layers.append(
                {
                    "clip": digest,
                    "at": low - first,
                    "from": cut.skip_frames + low - start,
                    "frames": high - low,
                    "mixed": [start - first, joint] if mixing else None,
                }
            )
    shown: dict[str, Any] = {"frames": last - first, "layers": layers}
    if first < fades[0]:
        shown["from black"] = [-first, fades[0]]
    if last > timeline.frames - fades[1]:
        shown["to black"] = [timeline.frames - first, fades[1]]
    return shown
