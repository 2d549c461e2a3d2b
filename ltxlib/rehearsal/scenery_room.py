"""Small indoor still lifes: candles, a cup of tea, a lamp, books."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import Colour, mixed, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, blur, dots, glow, resize, smoothstep, tile

FINE = 3
FLAME_STOPS = (
    (0.0, rgb("4a6cff"), 0.35),
    (0.16, rgb("ff9a3a"), 0.95),
    (0.5, rgb("ffd27a"), 1.25),
    (1.0, rgb("ff9c46"), 0.8),
)


def shape(stage: Stage, draw) -> Plane:
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


class Candle:
    """One candle with its flame; x, base, tall in parts of width, height and height."""

    def __init__(
        self,
        stage: Stage,
        x: float,
        base: float,
        tall: float,
        *,
        name: str,
        wide: float = 0.26,
        halo: float = 1.0,
    ) -> None:
        self._stage = stage
        rng = stage.rng(f"candle {name}")
        h = stage.height
        self._x, self._wick = x * stage.width, (base - tall) * h
        self._sway, self._bob = wander(rng, 3.2, 5), wander(rng, 1.9, 4)
        self._size = max(5.0, min(tall, 0.34) * h * 0.30) if tall > 0.12 else max(4.0, 0.05 * h)
        half = tall * h * wide
        off = (stage.xs - self._x) / half
        rim = 0.10 * half * np.sqrt(np.clip(1 - off**2, 0, 1))
        body = smoothstep(1.0 + 1 / half, 1.0 - 1 / half, np.abs(off))
        foot = smoothstep(base * h + rim + 1, base * h + rim - 1, stage.ys)
        self._mask = body * smoothstep(self._wick - rim - 1, self._wick - rim + 1, stage.ys) * foot
        down = np.clip((stage.ys - self._wick) / (tall * h), 0, 1)
        through = np.exp(-down * 3.4) * (1.05 - 0.35 * off**2)
        roundness = np.sqrt(np.clip(1 - off**2 * 0.92, 0, 1))
        self._wax = [
            0.16 * v * roundness + 0.92 * g * through
            for v, g in zip(rgb("d8c4a4"), rgb("ff9c4e"), strict=True)
        ]
        pool = smoothstep(1.0, 0.8, np.hypot(off, (stage.ys - self._wick) / np.maximum(0.10 * half, 1)))
        self._pool = pool * 0.5
        self._halo = (
            0.42 * halo * glow(stage.width, h, self._x, self._wick - 0.6 * self._size, 0.16 * h * halo)
        )
        self._halo += 0.10 * halo * glow(stage.width, h, self._x, self._wick, 0.55 * h)

    def paint(self, canvas: Canvas, t: float) -> None:
        """Draws candle, flame and halo."""
        burn = 1 + 0.05 * float(self._bob(t)) + 0.4 * (float(self._stage.rhythm.flicker(t)) - 1)
        cover(canvas, np.stack([w * np.float32(0.9 + 0.1 * burn) for w in self._wax]), self._mask)
        lighten(canvas, rgb("ffb46a"), self._pool)
        lighten(canvas, rgb("ff8a3c"), self._halo * np.float32(burn))
        self._flame(canvas, burn, 0.1 * float(self._sway(t)))

    def _flame(self, canvas: Canvas, burn: float, lean: float) -> None:
        tall = self._size * (0.92 + 0.25 * (burn - 1))
        left, right = int(self._x - tall * 0.7), int(self._x + tall * 0.7) + 1
        top, bottom = int(self._wick - tall * 1.35), int(self._wick + tall * 0.12) + 1
        left, top = max(0, left), max(0, top)
        part = canvas[:, top:bottom, left:right]
        if not part.size:
            return
        x = np.arange(left, left + part.shape[2], dtype=np.float32)[None, :]
        y = np.arange(top, top + part.shape[1], dtype=np.float32)[:, None]
        v = (np.float32(self._wick) - y) / np.float32(tall)
        u = (x - np.float32(self._x)) / np.float32(tall) - np.float32(lean) * v * v
        inside = np.clip(v, 0, 1)
        half = 0.155 * np.sqrt(inside + 1e-4) * (1 - inside) ** 0.62 * 1.75
        body = (
            smoothstep(1.12, 0.55, np.abs(u) / np.maximum(half, 0.012))
            * smoothstep(1.0, 0.9, v)
            * smoothstep(-0.04, 0.05, v)
        )
        heights = [s[0] for s in FLAME_STOPS]
        for i, plane in enumerate(part):
            tint = np.interp(inside[:, 0], heights, [s[1][i] * s[2] for s in FLAME_STOPS]).astype(np.float32)
            plane += body * (tint[:, None] * np.float32(1.15 * burn) - plane * 0.85)


def candles(stage: Stage, table: float) -> list[Layer]:
    """Three or more candles of several heights on a table, with their sheen on the wood."""
    rng = stage.rng("candles")
    spots = [
        (0.5 + rng.uniform(-0.06, 0.06), 0.30, 0.09),
        (0.33 + rng.uniform(-0.05, 0.03), 0.19, 0.05),
        (0.66 + rng.uniform(-0.03, 0.05), 0.22, 0.04),
        (0.8 + rng.uniform(-0.02, 0.04), 0.11, 0.11),
    ]
    if stage.story.has("single candle"):
        spots = [(0.5 + rng.uniform(-0.08, 0.08), 0.34, 0.1)]
    made = [_sheen(stage, [x for x, _, _ in spots], table)]
    for k, (x, tall, lower) in enumerate(sorted(spots, key=lambda s: s[2])):
        wide = 0.2 if tall > 0.15 else 0.42
        made.append(Layer(Candle(stage, x, table + lower, tall, name=str(k), wide=wide).paint))
    return made


def _sheen(stage: Stage, places: list[float], table: float) -> Layer:
    """The lights' reflection on the table."""
    w, h = stage.width, stage.height
    down = np.clip(stage.ys / h - table, 0, 1)
    light = sum(np.exp(-(((stage.xs / w - x) / (0.035 + 0.1 * down)) ** 2)) for x in places)
    light = (light * np.exp(-down * 5) * smoothstep(0, 0.02, down)).astype(np.float32)

    def paint(canvas: Canvas, t: float) -> None:
        lighten(canvas, rgb("ff9448"), light * np.float32(0.3 * float(stage.rhythm.flicker(t))))

    return Layer(paint)


def cup(stage: Stage, x: float, base: float, tall: float) -> Layer:
    """A round stoneware cup with a handle and tea to the brim, lit warmly from the left."""
    w, h = stage.width, stage.height
    cx, high, half = x * w, tall * h, tall * h * 0.62
    top, bottom = base * h - high, base * h
    rng = stage.rng("cup")
    glaze = [rgb("c9b8a0"), rgb("8fa3a6"), rgb("b98a6a"), rgb("7f8f78")][int(rng.integers(4))]

    def outline(pen: ImageDraw.ImageDraw, k: int) -> None:
        points = []
        for s in np.linspace(0, 1, 24):
            points.append((cx - half * (1 - 0.42 * s**3.2), top + high * s))
        for s in np.linspace(1, 0, 24):
            points.append((cx + half * (1 - 0.42 * s**3.2), top + high * s))
        pen.polygon([(px * k, py * k) for px, py in points], fill=255)
        pen.ellipse(
            [k * (cx - half), k * (top - half * 0.2), k * (cx + half), k * (top + half * 0.2)], fill=255
        )
        pen.ellipse(
            [
                k * (cx - half * 0.58),
                k * (bottom - half * 0.1),
                k * (cx + half * 0.58),
                k * (bottom + half * 0.1),
            ],
            fill=255,
        )

    def grip(pen: ImageDraw.ImageDraw, k: int) -> None:
        box = [
            k * (cx + half * 0.66),
            k * (top + high * 0.14),
            k * (cx + half * 1.52),
            k * (top + high * 0.72),
        ]
        pen.ellipse(box, outline=255, width=int(k * half * 0.15))

    body, handle = shape(stage, outline), shape(stage, grip)
    brim = shape(
        stage,
        lambda pen, k: pen.ellipse(
            [k * (cx - half), k * (top - half * 0.2), k * (cx + half), k * (top + half * 0.2)], fill=255
        ),
    )
    tea = shape(
        stage,
        lambda pen, k: pen.ellipse(
            [k * (cx - half * 0.9), k * (top - half * 0.14), k * (cx + half * 0.9), k * (top + half * 0.17)],
            fill=255,
        ),
    )
    off = (stage.xs - cx) / half
    light = np.clip(0.58 - 0.42 * off - 0.30 * off**2, 0.08, 1) * (
        1.05 - 0.35 * np.clip((stage.ys - top) / high, 0, 1)
    )
    light = light + 0.35 * np.exp(-(((off + 0.5) / 0.1) ** 2)) * 0.5
    shadow = blur(
        np.roll(np.clip(body + handle, 0, 1), (round(high * 0.04), round(half * 0.5)), axis=(0, 1)),
        half * 0.35,
    )
    shadow = shadow * smoothstep(bottom - high * 0.12, bottom + high * 0.02, stage.ys)
    clay = np.stack([v * light for v in glaze])
    tint = scaled(glaze, 0.8)

    def paint(canvas: Canvas) -> None:
        canvas *= 1 - 0.55 * shadow
        cover(canvas, clay * 0.8, handle * (1 - body))
        cover(canvas, clay, body)
        cover(canvas, np.stack([v * (0.5 - 0.25 * off) * np.ones_like(light) for v in tint]), brim)
        cover(canvas, np.stack([v * (0.75 - 0.5 * off) * np.ones_like(light) for v in rgb("7a3d16")]), tea)

    return still(paint)


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
        lighten(canvas, rgb("ff9c50"), pool * 0.34)

    return Layer(paint, still=True)
