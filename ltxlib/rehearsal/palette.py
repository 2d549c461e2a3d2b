"""Colours of the times of day, a little different for every seed."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]
"""Red, green and blue from 0 to 1 as a screen shows them; lights may go above 1."""


@dataclass(frozen=True)
class Palette:
    """zenith, middle, horizon: the sky from top to bottom. light: sun or moon. haze: what distance fades to.

    ambient: how bright things without light of their own are, 0 to 1.
    """

    zenith: Colour
    middle: Colour
    horizon: Colour
    light: Colour
    haze: Colour
    ambient: float


def rgb(code: str) -> Colour:
    """A colour from six hexadecimal digits."""
    return tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[return-value]


_TIMES = {
    "night": Palette(rgb("050a1a"), rgb("0b1a38"), rgb("213a63"), rgb("dbe6ff"), rgb("1c2f52"), 0.22),
    "dusk": Palette(rgb("161c3f"), rgb("54466f"), rgb("dc9a78"), rgb("ffc99a"), rgb("7d6580"), 0.38),
    "sunset": Palette(rgb("34487c"), rgb("c4857f"), rgb("ffbf86"), rgb("ffe0b0"), rgb("dca08a"), 0.62),
    "dawn": Palette(rgb("5877a3"), rgb("b3adc2"), rgb("ffdcbc"), rgb("fff0d6"), rgb("d3c2c4"), 0.68),
    "overcast": Palette(rgb("5d6d7b"), rgb("8494a0"), rgb("b6c2c8"), rgb("e2eaee"), rgb("a3b1b9"), 0.62),
    "day": Palette(rgb("3a77b8"), rgb("82b3dc"), rgb("dcedf4"), rgb("fff8e8"), rgb("bfd6e2"), 0.85),
}
_HUE_PLAY = 0.014
_VALUE_PLAY = 0.07


def palette_for(time: str, rng: np.random.Generator) -> Palette:
    """The colours of one time of day, turned and lightened a little by chance."""
    base = _TIMES[time]
    turn, lighter = rng.uniform(-_HUE_PLAY, _HUE_PLAY), 1 + rng.uniform(-_VALUE_PLAY, _VALUE_PLAY)
    return Palette(
        *(shifted(c, turn, lighter) for c in (base.zenith, base.middle, base.horizon)),
        light=base.light,
        haze=shifted(base.haze, turn, lighter),
        ambient=base.ambient,
    )


def shifted(colour: Colour, turn: float, lighter: float = 1.0) -> Colour:
    """The colour with its hue turned (1 is once around the wheel) and its brightness multiplied."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(min(1.0, c) for c in colour))
    return colorsys.hsv_to_rgb((hue + turn) % 1.0, saturation, min(1.0, value * lighter))


def mixed(a: Colour, b: Colour, part: float) -> Colour:
    """`a` with `part` of `b` in it."""
    return tuple(x + (y - x) * part for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def scaled(colour: Colour, by: float) -> Colour:
    """The colour made darker or brighter."""
    return tuple(c * by for c in colour)  # type: ignore[return-value]


def ramp(stops: Sequence[tuple[float, Colour]], at: np.ndarray) -> np.ndarray:
    """Colours along stops (place, colour), read at `at`; shape (3, *at.shape)."""
    places = [place for place, _ in stops]
    return np.stack(
        [np.interp(at, places, [colour[i] for _, colour in stops]).astype(np.float32) for i in range(3)]
    )
