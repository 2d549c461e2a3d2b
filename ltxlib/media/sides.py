"""Clips of another shape than the film's: black at their sides, cut to fill it, or before their own blur.

    fit  |  [clip]  |      fill  [cl|ip cut|s off]      blur  |~~[clip]~~|

The blurred picture is made from one so small that blurring costs next to nothing, and enlarged. Between the
two it has 16 bits: in 8, soft dark slopes would show as steps, and swscale spreads what it rounds away only
when it comes from more.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.media import colour
from ltxlib.media.planes import plane_of
from ltxlib.media.probe import ClipInfo

# The blurred picture's shorter side, how far it is blurred, and how much of its light and colour it keeps.
SMALL_PX, BLUR_PX, LIGHT = 72, 2.5, 0.65
# In a plane of one column ffmpeg's gblur reads what is beside it (measured).
LEAST_PX = 8
# Columns and rows beyond the cut that the enlarging filter looks at.
MARGIN_PX = 8
_DEEP, _BLACK, _GREY = "yuv420p16le", 16 << 8, 128 << 8

_TOLD = {
    "fit": "was fitted into the film's size, with black at its sides",
    "fill": "fills the film, so its edges are cut off",
    "blur": "was fitted into the film's size, with its own blurred picture at its sides",
}

Size = tuple[int, int]


def fit_inside(width_px: int, height_px: int, film_w_px: int, film_h_px: int) -> Size:
    """The largest even size of the clip's shape that fits the film's; less than two pixels make no edge."""
    ratio = min(Fraction(film_w_px, width_px), Fraction(film_h_px, height_px))
    fitted = []
    for side, film_side in ((width_px, film_w_px), (height_px, film_h_px)):
        exact = side * ratio
        even = max(2 * round(exact / 2), 2)
        fitted.append(film_side if film_side - exact < 2 else min(even, film_side))
    return fitted[0], fitted[1]


def is_own_shape(info: ClipInfo, timeline: Timeline) -> bool:
    """Whether a clip fills the film by itself, so that nothing stands at its sides or is cut off."""
    film = timeline.width_px, timeline.height_px
    return fit_inside(info.width_px, info.height_px, *film) == film


def told(info: ClipInfo, timeline: Timeline) -> str:
    """What was done to a clip of another size, for people; "" where it has the film's."""
    if (info.width_px, info.height_px) == (timeline.width_px, timeline.height_px):
        return ""
    done = "was brought to the film's size" if is_own_shape(info, timeline) else _TOLD[timeline.sides]
    return f"it is {info.width_px}x{info.height_px} and {done}."


def scaled(size: Size, target: Size, how: str = colour.EXACT) -> list[colour.Step]:
    """The steps from one size to another, colours as they are; none where it has it."""
    width, height = target
    return [] if size == target else [("scale", f"{width}:{height}:{colour.SAME}:{how}")]


def padded(size: Size, film: Size) -> list[colour.Step]:
    """The steps that put a picture into the middle of a black film."""
    if size == film:
        return []
    left, top = middle(size, film)
    return [("pad", f"{film[0]}:{film[1]}:{left}:{top}:black")]


def covering(size: Size, shape: Size, film: Size, how: str = colour.EXACT) -> list[colour.Step]:
    """The steps that let a picture fill the film and cut off what is too much, as much on both sides.

    size: in pixels as they are coded. shape: as shown, with square ones.
    """
    over = max(Fraction(film[0], shape[0]), Fraction(film[1], shape[1]))
    sides = [_covered(*side, over) for side in zip(size, shape, film, strict=True)]
    (taken_w, large_w), (taken_h, large_h) = sides
    # What will not be seen is cut off before it is enlarged, all but a margin: quick for the oddest shapes.
    before, taken, large = size, (taken_w, taken_h), (large_w, large_h)
    return [*_cut(before, taken), *scaled(taken, large, how), *_cut(large, film)]


def blurred(size: Size, shape: Size, film: Size) -> list[colour.Step]:
    """The steps to the picture behind a clip: its own, filling the film, without any detail, and darker."""
    share = Fraction(SMALL_PX, max(min(film), SMALL_PX))
    small = (max(2 * round(film[0] * share / 2), LEAST_PX), max(2 * round(film[1] * share / 2), LEAST_PX))
    dimmed = f"y=(val-{_BLACK})*{LIGHT}+{_BLACK}"
    for name in ("u", "v"):
        dimmed += f":{name}=(val-{_GREY})*{LIGHT}+{_GREY}"
    return [
        *covering(size, shape, small, "flags=area+accurate_rnd"),
        ("format", _DEEP),
        ("gblur", f"sigma={BLUR_PX}:steps=3"),
        ("lutyuv", dimmed),
        *scaled(small, film, "flags=bicubic+accurate_rnd"),
        ("format", "yuv420p"),
    ]


def laid_on(back: Any, front: Any) -> Any:
    """The front picture in the middle of the back one, which is changed."""
    left, top = middle((front.width, front.height), (back.width, back.height))
    for number in range(3):
        plane, half = plane_of(front, number), 2 if number else 1
        x, y, (height, width) = left // half, top // half, plane.shape
        plane_of(back, number)[y : y + height, x : x + width] = plane
    return back


def middle(inner: Size, outer: Size) -> Size:
    """Where the smaller one begins, in even numbers: a colour sample of 4:2:0 covers two by two pixels."""
    return (outer[0] - inner[0]) // 4 * 2, (outer[1] - inner[1]) // 4 * 2


def _covered(pixels: int, shown: int, film: int, over: Fraction) -> Size:
    """Of one side: how many pixels are taken, and how many they are scaled to."""
    wanted = shown * over
    if wanted - film < 2:
        return pixels, film
    ratio = wanted / pixels
    taken = math.ceil(film / ratio) + 2 * MARGIN_PX
    taken = min(taken + taken % 2, pixels)
    return taken, max(2 * round(taken * ratio / 2), film)


def _cut(size: Size, target: Size) -> list[colour.Step]:
    if size == target:
        return []
    left, top = middle(target, size)
    return [("crop", f"{target[0]}:{target[1]}:{left}:{top}")]
