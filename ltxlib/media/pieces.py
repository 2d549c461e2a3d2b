"""Which pieces a film's picture is made of, so that each is coded once and serves every film that shows it.

    cut 0  |head|======= body =======|
    cut 1                        |xx|======= body =======|
    cut 2                                             |xx|======= body =======|tail|

The body of a clip goes from the crossfade's length after its start to as much before its end, wherever in the
film the clip stands; so after a new order only the crossfades (xx), the first head and the last tail are new.
What is darker than its clips, at the film's ends or on the way through black, has pieces of its own as well,
taken from a body by whole groups of pictures. What a piece shows is written down in full, by the clips'
contents; its name in the cache is made of that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
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
    `used`. fade_frames: the fades from and to black that are seen where it lies in the film; None: it is kept
    as bright as its clips, for every film, also where this one goes through black. shows: all that decides
    its pictures, as plain JSON values, in frames counted from its first."""

    first: int
    last: int
    used: Span
    fade_frames: Span | None
    shows: dict[str, Any]

    @property
    def frames(self) -> int:
        """How many pictures are coded."""
        return self.last - self.first

    def uses(self, frame: int) -> bool:
        """Whether the film shows this frame of itself out of this piece."""
        return self.used[0] <= frame < self.used[1]


def plan_pieces(
    timeline: Timeline, digests: Sequence[str], fade_frames: Span, own_shape: Sequence[bool] = ()
) -> list[Piece]:
    """The pieces in the film's order; what they are used for joins up to exactly the film.

    digests: of the content of each cut's clip, in order. fade_frames: of the fades from and to black.
    own_shape: which clips have the film's shape, so that its sides do not count; without it they do for all.
    """
    digests = [*digests]
    if timeline.sides != "fit":
        for number in range(len(digests)):
            if not (own_shape and own_shape[number]):
                digests[number] += f" {timeline.sides}"
    found = []
    for span in _whole(_spans(timeline)):
        for part, used, fades in _faded(span, timeline, fade_frames, group_frames(timeline.fps)):
            shows = _shows(timeline, digests, part, fades)
            if timeline.grain:
                shows["grain"] = timeline.grain
            found.append(Piece(*part, used, fades, shows))
    return found


def key_frames(frames: int, group: int) -> range:
    """Where the key frames of a piece of so many frames stand; none is left alone at its end."""
    return range(0, max(frames - LEAST_FRAMES + 1, 1), group)


def _spans(timeline: Timeline) -> Iterator[Span]:
    joints, starts, usual = (*timeline.joints_frames, 0), timeline.starts_frames, usual_frames(timeline)
    for number, cut in enumerate(timeline.cuts):
        start, low, high = starts[number], joints[number], cut.frames - joints[number + 1]
        # The usual transition also counts where none is, so that the body is the same in every place.
        body = max(low, usual), min(high, cut.frames - usual)
        edges = [0, low, *(body if body[0] < body[1] else ()), high]
        for begin, end in pairwise(edges):
            if begin < end:
                yield start + begin, start + end


def usual_frames(timeline: Timeline) -> int:
    """How many frames of a cut its transitions take as a rule: by crossfade, or to or from black."""
    if timeline.crossfade_frames:
        return timeline.crossfade_frames
    taken = zip(timeline.joints_frames[1:], timeline.cuts[1:], strict=True)
    counts = Counter(max(joint, (cut.black_frames + 1) // 2) for joint, cut in taken)
    return max(counts, key=lambda frames: (counts[frames], frames), default=0)


def _whole(spans: Iterator[Span]) -> list[Span]:
    """The spans, those that are too short joined to a neighbour."""
    found: list[Span] = []
    for span in spans:
        if found and min(span[1] - span[0], found[-1][1] - found[-1][0]) < LEAST_FRAMES:
            found[-1] = (found[-1][0], span[1])
        else:
            found.append(span)
    return found


def _faded(
    span: Span, timeline: Timeline, fade_frames: Span, group: int
) -> Iterator[tuple[Span, Span, Span | None]]:
    """What of a span is coded as it is and what darker: frames coded, frames used, fades in them."""
    first, last = span
    ends = [(0, fade_frames[0]), (timeline.frames - fade_frames[1], timeline.frames)]
    dark = [*ends, *((at - down, at + up) for at, down, up in _dips(timeline, first, last))]
    darker = [(begin, end) for begin, end in dark if max(begin, first) < min(end, last)]
    edges = [first + key for key in key_frames(last - first, group)] + [last]
    runs = [(edges[0], edges[0])]
    for low, high in pairwise(edges if darker else ()):
        clear = not any(begin < high and low < end for begin, end in darker)
        runs.append((runs[-1][0] if clear else high, high))
    low, high = max(runs, key=lambda run: run[1] - run[0])
    if low == high:
        yield span, span, fade_frames
        return
    if first < low:
        yield (first, low), (first, low), fade_frames
    yield span, (low, high), None
    if high < last:
        yield (high, last), (high, last), fade_frames


def _shows(timeline: Timeline, digests: Sequence[str], part: Span, fades: Span | None) -> dict[str, Any]:
    (first, last), layers = part, []
    for number in timeline.cuts_in(first, last):
        cut, start, joint = (
            timeline.cuts[number],
            timeline.starts_frames[number],
            timeline.joints_frames[number],
        )
        low, high = max(start, first), min(start + cut.frames, last)
        mixing = joint > 0 and low < start + joint and bool(layers)
        layers.append(
            {
                "clip": digests[number],
                "at": low - first,
                "from": cut.skip_frames + low - start,
                "frames": high - low,
                "mixed": [start - first, joint] if mixing else None,
            }
        )
    shown: dict[str, Any] = {"frames": last - first, "layers": layers}
    if fades is None:
        return shown
    if first < fades[0]:
        shown["from black"] = [-first, fades[0]]
    if last > timeline.frames - fades[1]:
        shown["to black"] = [timeline.frames - first, fades[1]]
    dips = _dips(timeline, first, last)
    if dips:
        shown["through black"] = [[at - first, down, up] for at, down, up in dips]
    return shown


def _dips(timeline: Timeline, first: int, last: int) -> list[tuple[int, int, int]]:
    """The ways through black that are seen from frame `first` up to `last`."""
    dips = timeline.dips_frames
    # They stand one behind the other, as no cut is shorter than what its transitions take.
    low = bisect_right(dips, first, key=lambda dip: dip[0] + dip[2])
    high = bisect_left(dips, last, key=lambda dip: dip[0] - dip[1])
    return list(dips[low:high])
