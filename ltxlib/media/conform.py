"""Turns any clip into exactly the frames the film needs: its rate, its size, its colours, its count.

Frame k of the film shows the source frame that stands at k/fps. A rate the clip does not have is met by
leaving out or repeating whole frames, never by mixing them. A clip that ends early repeats its last frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media import colour, sides
from ltxlib.media.mark import Mark
from ltxlib.media.probe import ClipInfo, first_picture, open_clip
from ltxlib.media.sides import fit_inside
from ltxlib.media.stand_in import is_marked

__all__ = ["Painter", "conformed", "fit_inside", "turned"]

_TURNS = {90: [("transpose", "clock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "cclock")]}
CONVERT = "Reject this take, or convert it to an H.264 MP4 first."
# Clocks of containers round; a frame that comes up to a quarter of a frame late still counts as there.
# A quarter, not a half: at twice the film's rate a half would sit exactly on the next frame.
LATE_FRAMES = Fraction(1, 4)


def conformed(info: ClipInfo, timeline: Timeline, frames: int, skip: int = 0) -> Iterator[Any]:
    """Exactly `frames` pictures (PyAV, yuv420p, BT.709, the timeline's size) of one clip, from its first on.

    skip: how many come before them and are left out. Raises ClipUnreadable when the file cannot be decoded.
    Close the iterator to let the file go early.
    """
    painter = Painter(info, timeline.width_px, timeline.height_px, timeline.sides)
    shown: Any = None
    chosen: Any = None
    for source in islice(_chosen(info, timeline.fps, skip + frames), skip, None):
        if source is not chosen:
            chosen, shown = source, painter.paint(source)
        yield shown


def turned(info: ClipInfo) -> list[colour.Step]:
    """The filter steps that bring a clip upright, as players do."""
    return list(_TURNS.get(info.rotation, ()))


class Painter:
    """Brings single frames of one clip to the film's size and colours; frames that fit pass untouched.

    fill: what is done with a clip of another shape, one of `core.timeline.SIDES`.
    """

    def __init__(self, info: ClipInfo, width_px: int, height_px: int, fill: str = "fit") -> None:
        self._info = info
        self._shape, self._film = (info.width_px, info.height_px), (width_px, height_px)
        self._fitted = fit_inside(*self._shape, *self._film)
        self._fill = "fit" if self._fitted == self._film else fill
        # With a clip's edges its mark is cut off, and nobody should take a stand-in for the real thing. What
        # may be left of that is in the right corner.
        marked = self._fill == "fill" and is_marked(info.tags)
        self._mark = Mark(*self._film, left_corner=True) if marked else None
        self._turned = info.rotation in (90, 270)
        self._kind: tuple[int, int, str] | None = None
        self._ready = self._front = self._back = _unchanged

    def paint(self, frame: Any) -> Any:
        """The frame as the film shows it. Raises ClipUnreadable for pictures that cannot be brought there."""
        import av

        try:
            return self._painted(frame)
        except av.error.FFmpegError as error:
            text = f"The pictures of {self._info.path.name} cannot be brought into the film"
            raise ClipUnreadable(f"{text} ({error.strerror}).", cure=CONVERT) from error

    def _painted(self, frame: Any) -> Any:
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            self._kind = kind
            self._prepare(frame)
        frame = self._ready(frame)
        shown = self._front(frame)
        if self._fill == "blur":
            shown = sides.laid_on(self._back(frame), shown)
        if self._mark is not None:
            shown = self._mark.stamped(shown)
        shown.colorspace, shown.color_range = 1, 1
        return shown

    def _prepare(self, frame: Any) -> None:
        """Makes the filters for frames like this one."""
        size = (frame.height, frame.width) if self._turned else (frame.width, frame.height)
        even = frame.width % 2 == frame.height % 2 == 0
        self._ready = _filtered([*turned(self._info), *colour.to_bt709(self._info, even=even)])
        if self._fill == "fill":
            self._front = _filtered(sides.covering(size, self._shape, self._film))
            return
        fitting = sides.scaled(size, self._fitted)
        if self._fill == "blur":
            self._back = _filtered(sides.blurred(size, self._shape, self._film))
        else:
            fitting += sides.padded(self._fitted, self._film)
        self._front = _filtered(fitting)


def _unchanged(frame: Any) -> Any:
    return frame


def _filtered(steps: list[colour.Step]) -> Callable[[Any], Any]:
    """A filter for one frame after the other; all must be alike."""
    chain: Any = None

    def through(frame: Any) -> Any:
        nonlocal chain
        chain = chain or colour.filter_chain(frame, steps)
        chain.push(frame)
        return chain.pull()

    return through if steps else _unchanged


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
        picture = first_picture(container)
        picture.thread_type = "AUTO"
        start: Fraction | None = None
        for number, frame in enumerate(container.decode(picture)):
            time = number / info.fps if frame.pts is None else frame.pts * Fraction(frame.time_base)
            start = time if start is None else start
            yield time - start, frame
