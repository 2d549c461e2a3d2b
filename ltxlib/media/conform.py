"""Turns any clip into exactly the frames the film needs: its rate, its size, its colours, its count.

Frame k of the film shows the source frame that stands at k/fps. A rate the clip does not have is met by
leaving out or repeating whole frames, never by mixing them. A clip that ends early repeats its last frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media import colour
from ltxlib.media.probe import ClipInfo, open_clip

_TURNS = {90: [("transpose", "clock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "cclock")]}
# Clocks of containers round; a frame that comes up to a quarter of a frame late still counts as there.
# A quarter, not a half: at twice the film's rate a half would sit exactly on the next frame.
LATE_FRAMES = Fraction(1, 4)


def conformed(info: ClipInfo, timeline: Timeline, frames: int, skip: int = 0) -> Iterator[Any]:
    """Exactly `frames` pictures (PyAV, yuv420p, BT.709, the timeline's size) of one clip, from its first on.

    skip: how many come before them and are left out. Raises ClipUnreadable when the file cannot be decoded.
    Close the iterator to let the file go early.
    """
    painter = Painter(info, timeline.width_px, timeline.height_px)
    shown: Any = None
    chosen: Any = None
    for source in islice(_chosen(info, timeline.fps, skip + frames), skip, None):
        if source is not chosen:
            chosen, shown = source, painter.paint(source)
        yield shown


def fit_inside(width_px: int, height_px: int, film_w_px: int, film_h_px: int) -> tuple[int, int]:
    """The largest even size of the clip's shape that fits the film's; less than two pixels make no edge."""
    ratio = min(Fraction(film_w_px, width_px), Fraction(film_h_px, height_px))
    fitted = []
    for side, film_side in ((width_px, film_w_px), (height_px, film_h_px)):
        exact = side * ratio
        even = max(2 * round(exact / 2), 2)
        fitted.append(film_side if film_side - exact < 2 else min(even, film_side))
    return fitted[0], fitted[1]


def turned(info: ClipInfo) -> list[colour.Step]:
    """The filter steps that bring a clip upright, as players do."""
    return list(_TURNS.get(info.rotation, ()))


class Painter:
    """Brings single frames of one clip to the film's size and colours; frames that fit pass untouched."""

    def __init__(self, info: ClipInfo, width_px: int, height_px: int) -> None:
        self._steps = [*turned(info), *colour.to_bt709(info)]
        self._target = (width_px, height_px)
        self._fitted = fit_inside(info.width_px, info.height_px, width_px, height_px)
        self._turned = info.rotation in (90, 270)
        self._kind: tuple[int, int, str] | None = None
        self._chain: Any = None

    def paint(self, frame: Any) -> Any:
        """The frame as the film shows it."""
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            steps = self._all_steps(frame)
            self._kind, self._chain = kind, colour.filter_chain(frame, steps) if steps else None
        if self._chain is not None:
            self._chain.push(frame)
            frame = self._chain.pull()
        frame.colorspace, frame.color_range = 1, 1
        return frame

    def _all_steps(self, frame: Any) -> list[colour.Step]:
        size = (frame.height, frame.width) if self._turned else (frame.width, frame.height)
        steps = list(self._steps)
        width, height = self._fitted
        if size != self._fitted:
            steps.append(("scale", f"{width}:{height}:{colour.SAME}:{colour.EXACT}"))
        if self._fitted != self._target:
            film_w, film_h = self._target
            # Even offsets: a colour sample of 4:2:0 covers two by two pixels.
            left, top = (film_w - width) // 4 * 2, (film_h - height) // 4 * 2
            steps.append(("pad", f"{film_w}:{film_h}:{left}:{top}:black"))
        return steps


def _chosen(info: ClipInfo, fps: Fraction, frames: int) -> Iterator[Any]:
    """The source frame for each film frame, in order; the same object again where it stays."""
    same_rate = not info.variable_rate and info.fps == fps
    sources = _timed(info)
    current = next(sources, None)
    if current is None:
        raise ClipUnreadable(f"{info.path.name} holds no picture that can be decoded.")
    following = next(sources, None)
    for number in range(frames):
        limit = (number + LATE_FRAMES) / fps
        while following is not None and (number > 0 if same_rate else following[0] <= limit):
            current, following = following, next(sources, None)
            if same_rate:
                break
        yield current[1]


def _timed(info: ClipInfo) -> Iterator[tuple[Fraction, Any]]:
    """Every frame of the file with the time it shows, counted from the first."""
    with open_clip(info.path) as container:
        picture = container.streams.video[0]
        picture.thread_type = "AUTO"
        start: Fraction | None = None
        for number, frame in enumerate(container.decode(picture)):
            time = number / info.fps if frame.pts is None else frame.pts * Fraction(frame.time_base)
            start = time if start is None else start
            yield time - start, frame
