"""A small harbour in the haze: a rowing boat at its rope, masts behind it, a quay of stone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import Colour, mixed, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, still
from ltxlib.rehearsal.texture import Plane, blur, smoothstep, tile

FINE = 3


def harbour(stage: Stage) -> list[Layer]:
    """Two sailing boats far off, one rowing boat close by, and the quay in front."""
    return [
        _boat(stage, _sailing_boat, 0.27, 0.56, 0.34, far=0.75, name="first"),
        _boat(stage, _sailing_boat, 0.70, 0.53, 0.27, far=0.85, name="second"),
        _boat(stage, _rowing_boat, 0.44, 0.80, 0.15, far=0.1, name="rowing"),
        still(_quay(stage)),
    ]


def _rowing_boat(pen: ImageDraw.ImageDraw, size: float, x: float, y: float) -> None:
    """Outline of a rowing boat seen from the side, a little from above."""
    along = np.linspace(-1, 1, 40)
    rim = [(x + a * 1.75 * size, y - (0.30 + 0.30 * a * a + 0.08 * a) * size) for a in along]
    keel = [(x + a * 1.45 * size, y + (0.30 - 0.34 * abs(a) ** 3.0) * size) for a in along[::-1]]
    pen.polygon([*rim, *keel], fill=255)


def _sailing_boat(pen: ImageDraw.ImageDraw, size: float, x: float, y: float) -> None:
    """Outline of a moored sailing boat: hull, low cabin, mast with its stays and furled sail."""
    pen.polygon(
        [
            (x - 0.62 * size, y - 0.16 * size),
            (x + 0.68 * size, y - 0.2 * size),
            (x + 0.5 * size, y + 0.04 * size),
            (x - 0.5 * size, y + 0.04 * size),
        ],
        fill=255,
    )
    pen.polygon(
        [
            (x - 0.2 * size, y - 0.16 * size),
            (x - 0.14 * size, y - 0.26 * size),
            (x + 0.22 * size, y - 0.26 * size),
            (x + 0.3 * size, y - 0.18 * size),
        ],
        fill=255,
    )
    thin = max(1, int(0.014 * size))
    pen.line([(x + 0.05 * size, y - 0.2 * size), (x + 0.05 * size, y - 1.5 * size)], fill=255, width=2 * thin)
    pen.line(
        [(x + 0.05 * size, y - 0.36 * size), (x - 0.5 * size, y - 0.32 * size)], fill=255, width=4 * thin
    )
    for foot in (-0.58, 0.64):
        pen.line(
            [(x + 0.05 * size, y - 1.48 * size), (x + foot * size, y - 0.18 * size)], fill=150, width=thin
        )


def _boat(stage: Stage, outline, x: float, y: float, size: float, *, far: float, name: str) -> Layer:
    """A boat that rises, sinks and rolls, with its broken reflection below."""
    w, h, c = stage.width, stage.height, stage.colours
    image = Image.new("L", (w * FINE, h * FINE), 0)
    outline(ImageDraw.Draw(image), size * h * FINE, x * w * FINE, y * h * FINE)
    mask = np.asarray(image.resize((w, h), Image.Resampling.BOX), np.float32) / 255
    near = 1 - far
    paint_colour: Colour = mixed(scaled(rgb("3f6b52"), 0.35 + 0.75 * c.ambient), c.haze, far)
    dark = mixed(scaled(rgb("20292b"), 0.3 + 0.7 * c.ambient), c.haze, far)
    up = (stage.ys - y * h) / (size * h)
    planks = 0.9 + 0.14 * np.sin(up * 46) * near
    stripe = smoothstep(-0.34, -0.28, up) * near
    body = np.stack(
        [
            (d + (p - d) * stripe * (0.75 - 0.5 * up)) * planks * np.ones_like(stage.xs)
            for p, d in zip(paint_colour, dark, strict=True)
        ]
    )
    mirrored = np.zeros_like(mask)
    line = int((y + 0.04 * size) * h) + round(0.22 * size * h * near)
    rows = min(line, h - line)
    mirrored[line : line + rows] = (
        mask[line - rows : line][::-1] * np.linspace(0.75, 0.1, rows, dtype=np.float32)[:, None]
    )
    mirrored = np.clip(blur(mirrored, 3.5 * stage.unit), 0, 1)
    lift, roll = wander(stage.rng(f"lift {name}"), 5), wander(stage.rng(f"roll {name}"), 6)

    def paint(canvas: Canvas, t: float) -> None:
        down = 2.4 * stage.unit * (0.35 + near) * float(lift(t))
        lean = (0.006 + 0.006 * near) * float(roll(t))
        wave = 2.5 * stage.unit * np.sin(stage.ys[:, 0] * 0.16 / stage.unit - 1.6 * t)
        cover(canvas, dark, _rowwise(mirrored, wave.astype(np.float32)) * 0.55)
        cover(canvas, body, _moved(mask, down, lean, x * w, y * h))

    return Layer(paint)


def _moved(mask: Plane, down: float, lean: float, x: float, y: float) -> Plane:
    """The mask shifted down and turned a little about a point."""
    image = Image.fromarray(mask)
    return np.asarray(
        image.transform(
            image.size,
            Image.Transform.AFFINE,
            (1, lean, -lean * y, -lean, 1, lean * x - down),
            Image.Resampling.BILINEAR,
        )
    )


def _rowwise(plane: Plane, shift: np.ndarray) -> Plane:
    """Each row moved sideways by its own amount."""
    width = plane.shape[1]
    at = np.clip(
        np.arange(width, dtype=np.int64)[None, :] + np.rint(shift).astype(np.int64)[:, None], 0, width - 1
    )
    return np.take_along_axis(plane, at, axis=1)


def _quay(stage: Stage):
    """The edge of a stone quay along the lower right."""
    rng, c, w, h, unit = stage.rng("quay"), stage.colours, stage.width, stage.height, stage.unit
    x, y = stage.xs / w, stage.ys / h
    edge = 0.985 - 0.10 * np.clip((x - 0.42) / 0.58, 0, 1) ** 0.8 + 0.3 * np.clip(0.42 - x, 0, 1)
    mask = smoothstep(edge - 0.003, edge + 0.004, y)
    grain = tile(rng, w, h, grain_x=26 * unit, grain_y=12 * unit, rough=0.5)
    joint = np.abs((x * 9 + 0.4 * y) % 1 - 0.5)
    level = (
        (0.6 + 0.6 * grain)
        * (1 - 0.4 * smoothstep(0.475, 0.495, joint))
        * (1 + 0.6 * np.exp(-(((y - edge) / 0.006) ** 2)))
    )
    stone = np.stack([v * level for v in mixed(scaled(rgb("6a6c6a"), 0.3 + 0.6 * c.ambient), c.middle, 0.2)])

    def paint(canvas: Canvas) -> None:
        cover(canvas, stone, mask)

    return paint
