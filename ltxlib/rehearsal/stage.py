"""The canvas a clip is drawn on and what every layer may ask: size, colours, story, timetable, chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ltxlib.rehearsal.palette import Colour, Palette
from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.story import Story
from ltxlib.rehearsal.texture import Plane

Canvas = np.ndarray
"""Red, green and blue planes, float32, shape (3, height, width), 0 to 1 as a screen shows them."""

UNIT_AREA_PX = 768 * 512


@dataclass(frozen=True)
class Stage:
    """width, height: the canvas in its own pixels (the clip may have more). rng: chance by purpose."""

    width: int
    height: int
    story: Story
    colours: Palette
    rhythm: Rhythm
    rng: Callable[[str], np.random.Generator]
    fps: float = 24.0
    grid: dict = field(default_factory=dict, repr=False)

    @property
    def unit(self) -> float:
        """The size of one pixel of a 768x512 canvas on this canvas."""
        return (self.width * self.height / UNIT_AREA_PX) ** 0.5

    @property
    def xs(self) -> Plane:
        """Pixel places across, shape (1, width)."""
        return np.arange(self.width, dtype=np.float32)[None, :]

    @property
    def ys(self) -> Plane:
        """Pixel places down, shape (height, 1)."""
        return np.arange(self.height, dtype=np.float32)[:, None]

    def blank(self) -> Plane:
        """A plane of nothing."""
        return np.zeros((self.height, self.width), np.float32)

    def black(self) -> Canvas:
        """A black canvas."""
        return np.zeros((3, self.height, self.width), np.float32)


@dataclass(frozen=True)
class Layer:
    """One thing drawn over what is there; `paint(canvas, t)` changes the canvas in place, t in seconds.

    still: it looks the same at every t, so it is drawn once if all below it is still too.
    """

    paint: Callable[[Canvas, float], None]
    still: bool = False


def still(paint: Callable[[Canvas], None]) -> Layer:
    """A layer that never changes."""
    return Layer(lambda canvas, t: paint(canvas), still=True)


def cover(canvas: Canvas, colour: Colour | np.ndarray, alpha: Plane | float) -> None:
    """Lays a colour (or a canvas) over the canvas; alpha 1 hides what was there."""
    for plane, value in zip(canvas, colour, strict=True):
        plane += (np.float32(value) if np.isscalar(value) else value) * alpha - plane * alpha


def lighten(canvas: Canvas, colour: Colour, amount: Plane) -> None:
    """Adds coloured light."""
    for plane, value in zip(canvas, colour, strict=True):
        plane += amount * np.float32(value)


def darken(canvas: Canvas, amount: Plane) -> None:
    """Takes light away: amount 1 leaves black."""
    canvas *= 1.0 - amount
