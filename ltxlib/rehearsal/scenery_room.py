"""Small indoor still lifes: a dim room with its table, a cup of tea, a lamp, books."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import Colour, mixed, rgb, scaled
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, blur, dots, glow, resize, smoothstep, tile

FINE = 3


def shape(stage: Stage, draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Plane:
    """A smooth mask from a drawing; `draw(pen, k)` paints in white on a canvas k times as large."""
    image = Image.new("L", (stage.width * FINE, stage.height * FINE), 0)
    draw(ImageDraw.Draw(image), FINE)
    small = image.resize((stage.width, stage.height), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def dim_room(stage: Stage, table: float, *, lamp: tuple[float, float] | None = None) -> Layer:
    """A dark warm room out of focus, and a wooden table from `table` down."""
    rng, w, h = stage.rng("room"), stage.width, stage.height
    wall = resize(rng.uniform(0.5, 1.0, (4, 6)), w, h)
    base = np.stack([v * wall for v in mixed(rgb("2a1c16"), stage.colours.zenith, 0.25)])
    for _ in range(9):
        x, y = rng.uniform(0, w), rng.uniform(0.1, table - 0.1) * h
        spot = dots(
            stage.blank(),
            np.array([x]),
            np.array([y]),
            np.array([rng.uniform(0.03, 0.08) * h]),
            np.array([1.0]),
        )
        lighten(
            base,
            scaled(rgb("ff9a4a") if rng.random() < 0.75 else rgb("ffd6a0"), rng.uniform(0.05, 0.16)),
            spot,
        )
    if lamp is not None:
        lighten(base, rgb("ff9f55"), 0.75 * glow(w, h, lamp[0] * w, lamp[1] * h, 0.3 * h))
    grain = tile(rng, w, h, grain_x=200 * stage.unit, grain_y=7 * stage.unit, rough=0.7)
    depth = np.clip((stage.ys / h - table) / (1 - table), 0, 1)
    wood = np.stack([v * (0.55 + 0.7 * grain) * (0.5 + 0.75 * depth) for v in rgb("4c2d1c")])
    edge = smoothstep(table - 0.012, table + 0.012, stage.ys / h)

    def paint(canvas: Canvas) -> None:
        canvas[:] = base
        cover(canvas, wood, edge)

    return still(paint)


def cup(stage: Stage, x: float, base: float, tall: float) -> Layer:
    """A round stoneware cup with a handle and tea to the brim, lit warmly from the left."""
    w, h = stage.width, stage.height
    cx, high, half = x * w, tall * h, tall * h * 0.62
    top, bottom = base * h - high, base * h
    glaze = [rgb("c9b8a0"), rgb("8fa3a6"), rgb("b98a6a"), rgb("7f8f78")][int(stage.rng("cup").integers(4))]
    body, handle, brim, tea = _cup_parts(stage, cx, top, high)
    off = (stage.xs - cx) / half
    light = np.clip(0.58 - 0.42 * off - 0.30 * off**2, 0.08, 1)
    light = light * (1.05 - 0.35 * np.clip((stage.ys - top) / high, 0, 1)) + 0.18 * np.exp(
        -(((off + 0.5) / 0.1) ** 2)
    )
    below = (round(high * 0.04), round(half * 0.5))
    shadow = blur(np.roll(np.clip(body + handle, 0, 1), below, axis=(0, 1)), half * 0.35)
    shadow = shadow * smoothstep(bottom - high * 0.12, bottom + high * 0.02, stage.ys)
    grip_light = 0.34 - 0.22 * (stage.ys - top) / high + 0.0 * off

    def toned(colour: Colour, level: Plane) -> Canvas:
        return np.stack([v * level * np.ones_like(light) for v in colour])

    clay, grip = toned(glaze, light), toned(glaze, grip_light)
    rim, drink = toned(glaze, 0.4 - 0.2 * off), toned(rgb("7a3d16"), 0.75 - 0.5 * off)

    def paint(canvas: Canvas) -> None:
        canvas *= 1 - 0.55 * shadow
        cover(canvas, grip, handle * (1 - body))
        cover(canvas, clay, body)
        cover(canvas, rim, brim)
        cover(canvas, drink, tea)

    return still(paint)


def _cup_parts(stage: Stage, cx: float, top: float, high: float) -> tuple[Plane, Plane, Plane, Plane]:
    """Masks of a cup's body, handle, brim and tea; its middle, upper edge and height in canvas pixels."""
    half, bottom = high * 0.62, top + high
    narrowing = np.linspace(0, 1, 24)

    def oval(wide: float, up: float, down: float, y: float):
        return [cx - wide, y - up, cx + wide, y + down]

    def body(pen: ImageDraw.ImageDraw, k: int) -> None:
        side = [(half * (1 - 0.42 * s**3.2), top + high * s) for s in narrowing]
        outline = [(cx - reach, y) for reach, y in side] + [(cx + reach, y) for reach, y in reversed(side)]
        pen.polygon([(px * k, py * k) for px, py in outline], fill=255)
        for box in (
            oval(half, half * 0.2, half * 0.2, top),
            oval(half * 0.58, half * 0.1, half * 0.1, bottom),
        ):
            pen.ellipse([k * v for v in box], fill=255)

    def handle(pen: ImageDraw.ImageDraw, k: int) -> None:
        box = [cx + half * 0.66, top + high * 0.14, cx + half * 1.52, top + high * 0.72]
        pen.ellipse([k * v for v in box], outline=255, width=int(k * half * 0.15))

    def flat(box: list[float]) -> Plane:
        return shape(stage, lambda pen, k: pen.ellipse([k * v for v in box], fill=255))

    brim, tea = oval(half, half * 0.2, half * 0.2, top), oval(half * 0.9, half * 0.14, half * 0.17, top)
    return shape(stage, body), shape(stage, handle), flat(brim), flat(tea)


def books(stage: Stage, x: float, base: float, wide: float) -> Layer:
    """A small pile of closed books, no words on them."""
    rng, w, h = stage.rng("books"), stage.width, stage.height
    covers = [rgb("5c2f2a"), rgb("2f4a4a"), rgb("6a5230"), rgb("3a3552"), rgb("50603a")]
    parts: list[tuple[Plane, Plane, Colour]] = []
    y = base * h
    for k in range(4):
        thick, half = rng.uniform(0.028, 0.045) * h, wide * h * rng.uniform(0.8, 1.0) / 2
        cx = x * w + rng.normal(0, 0.02) * h

        def block(pen, s, cx=cx, half=half, y=y, thick=thick):
            pen.rounded_rectangle(
                [s * (cx - half), s * (y - thick), s * (cx + half), s * y], radius=s * thick * 0.16, fill=255
            )

        def pages(pen, s, cx=cx, half=half, y=y, thick=thick):
            pen.rectangle(
                [
                    s * (cx + half * 0.1),
                    s * (y - thick * 0.84),
                    s * (cx + half * 0.985),
                    s * (y - thick * 0.16),
                ],
                fill=255,
            )

        parts.append((shape(stage, block), shape(stage, pages), covers[(k + int(rng.integers(5))) % 5]))
        y -= thick
    light = np.clip(1.0 - 0.8 * np.abs(stage.xs / w - 0.3), 0.2, 1) * np.ones_like(stage.ys)

    def paint(canvas: Canvas) -> None:
        for mask, paper, colour in parts:
            cover(canvas, np.stack([v * light for v in colour]), mask)
            lines = 0.8 + 0.2 * np.sin(stage.ys * 2.4 / max(0.6, stage.unit))
            cover(canvas, np.stack([0.62 * v * light * lines for v in rgb("e8d8b8")]), paper)

    return still(paint)


def lamp(stage: Stage, x: float, y: float) -> Layer:
    """A shaded lamp: the warm shade itself and the pool of light about it."""
    w, h = stage.width, stage.height
    cx, cy = x * w, y * h
    wide, high = 0.15 * h, 0.17 * h

    def shade(pen: ImageDraw.ImageDraw, k: int) -> None:
        pen.polygon(
            [
                (k * (cx - wide * 0.55), k * (cy - high / 2)),
                (k * (cx + wide * 0.55), k * (cy - high / 2)),
                (k * (cx + wide), k * (cy + high / 2)),
                (k * (cx - wide), k * (cy + high / 2)),
            ],
            fill=255,
        )

    mask = blur(shape(stage, shade), 2.2 * stage.unit)
    off, down = (stage.xs - cx) / wide, (stage.ys - cy) / high
    level = np.clip(0.9 - 0.32 * off**2 + 0.42 * down, 0.2, 1.4)
    pool = glow(w, h, cx, cy + high * 0.7, 0.26 * h)
    foot = smoothstep(0.012 * h, 0.009 * h, np.abs(stage.xs - cx)) * smoothstep(
        cy + high * 0.5, cy + high * 0.55, stage.ys
    )
    foot = foot * smoothstep(0.73 * h, 0.72 * h, stage.ys)

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, rgb("1c110b"), foot * 0.9)
        cover(canvas, np.stack([v * level for v in (1.12, 0.72, 0.36)]), mask)
        lighten(canvas, rgb("ff9c50"), pool * np.float32(0.34 + 0.25 * (float(stage.rhythm.flicker(t)) - 1)))

    return Layer(paint)
