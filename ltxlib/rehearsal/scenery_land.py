"""Land: ridges, pines, snowfields, meadows, woods."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import Colour, mixed, rgb, scaled
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, blur, dots, resize, sampled, smoothstep, tile

FINE = 2


def ridge_line(rng: np.random.Generator, x: Plane, *, rough: float = 0.55, first: float = 1.6) -> Plane:
    """A mountain's outline along x (in canvas heights), between about -1 and 1."""
    line = np.zeros_like(x)
    for octave in range(7):
        line = line + rough**octave * np.sin(first * 1.93**octave * x + rng.uniform(0, 6.28)) * rng.uniform(
            0.6, 1.0
        )
    return line / 1.9


def peaks(rng: np.random.Generator, x: Plane) -> Plane:
    """The outline of steep mountains along x (in canvas heights), between about -0.6 and 1."""
    line = np.zeros_like(x)
    for octave in range(7):
        at = x * 1.7 * 2.03**octave + rng.uniform(0, 10)
        line = line + 0.47**octave * (1 - 2 * np.abs(np.abs(at / 2 % 1 - 0.5) * 2 - rng.uniform(0.35, 0.65)))
    return line / 1.5


def ridges(
    stage: Stage, horizon: float, *, count: int = 4, tall: float = 0.22, snowy: bool = False
) -> list[Layer]:
    """Mountains or hills behind each other, the far ones pale, with mist in the valleys between."""
    c = stage.colours
    land = mixed(rgb("2f4a3c"), rgb("9fb0c2"), 0.75) if snowy else rgb("2c4a3a")
    near = mixed(scaled(land, 0.35 + 0.75 * c.ambient), c.zenith, 0.35)
    return [_ridge(stage, horizon, i, count, tall, near, snowy) for i in range(count)]


def _ridge(stage: Stage, horizon: float, i: int, count: int, tall: float, near: Colour, snowy: bool) -> Layer:
    rng, c = stage.rng(f"ridge {i}"), stage.colours
    part = i / max(1, count - 1)
    x = stage.xs / stage.height
    outline = (
        peaks(rng, x) if snowy else ridge_line(rng, x, rough=0.42 + 0.1 * (1 - part), first=1.3 + 0.5 * part)
    )
    line = (horizon - tall * (1 - part) * 0.62 - tall * 0.34 * outline * (1 - 0.45 * part)) * stage.height
    mask = smoothstep(line - 0.9, line + 0.9, stage.ys)
    colour = mixed(mixed(c.haze, c.horizon, 0.35), near, 0.16 + 0.74 * part)
    below = np.clip((stage.ys - line) / (stage.height * 0.22), 0, 1)
    veil = below * (0.75 - 0.3 * part)
    grain = tile(rng, stage.width, stage.height, grain_x=70 * stage.unit, grain_y=34 * stage.unit, rough=0.6)
    tone = 0.9 + 0.2 * grain
    body = np.stack(
        [(v + (z - v) * veil) * tone for v, z in zip(colour, mixed(c.haze, c.horizon, 0.3), strict=True)]
    )
    if snowy:
        white = mixed(scaled(rgb("eef3fb"), 0.35 + 0.6 * c.ambient), c.horizon, 0.3)
        folds = tile(
            rng, stage.width, stage.height, grain_x=110 * stage.unit, grain_y=80 * stage.unit, rough=0.85
        )
        k = max(1, round(3 * stage.unit))
        facet = (folds - np.roll(folds, (-k, k), axis=(0, 1))) * (26 / k) * stage.unit
        slope = np.clip(np.gradient(blur(line, 9 * stage.unit)[0]), -1, 1)[None, :] * smoothstep(
            0.5, 0.0, below
        )
        cap = smoothstep(-0.75, 0.75, facet + 0.5 * slope) * (1 - veil) * (0.8 - 0.3 * part)
        body += cap * (np.array(white, np.float32)[:, None, None] - body)

    def paint(canvas: Canvas) -> None:
        cover(canvas, body, mask)

    return still(paint)


def pine(pen: ImageDraw.ImageDraw, x: float, base: float, height: float, rng: np.random.Generator) -> None:
    """One pine: drooping, ragged tiers on a thin trunk."""
    tiers = int(rng.integers(11, 17))
    spread = height * rng.uniform(0.17, 0.23)
    sides = []
    for side in (-1, 1):
        points = []
        for k in range(tiers + 1):
            part = k / tiers
            y = base - height * (1 - part) * 1.0 - height * 0.05 * (1 - part)
            reach = spread * (0.05 + part**0.85) * rng.uniform(0.72, 1.12)
            points.append((x + side * reach * 0.38, y))
            points.append((x + side * reach, y + height / tiers * rng.uniform(0.7, 1.0)))
        sides.append(points)
    pen.polygon([(x, base - height * 1.06), *sides[1], *reversed(sides[0])], fill=255)
    pen.rectangle(
        [x - height * 0.014, base - height * 0.08, x + height * 0.014, base + height * 0.04], fill=255
    )


def pines(
    stage: Stage,
    line: float,
    tall: float,
    *,
    depth: float,
    name: str,
    snowy: bool = False,
    gap: tuple[float, float] | None = None,
) -> Layer:
    """A row of pines at `line`, `tall` high (parts of the height); depth 0 (far, hazy) to 1 (near, dark).

    gap: (middle, half width) as parts of the width where no trees stand.
    """
    rng, c = stage.rng(f"pines {name}"), stage.colours
    image = Image.new("L", (stage.width * FINE, stage.height * FINE), 0)
    pen = ImageDraw.Draw(image)
    step = tall * stage.height * 0.21
    x = -step
    while x < stage.width + step:
        here = x / stage.width
        high = tall * rng.uniform(0.55, 1.08) * stage.height
        if gap is not None:
            high *= float(smoothstep(gap[1] * 0.55, gap[1] * 1.5, abs(here - gap[0])))
        if high > max(4, 0.3 * tall * stage.height):
            ground = (line + 0.012 * np.sin(here * 9 + depth * 5)) * stage.height
            pine(pen, x * FINE, ground * FINE, high * FINE, rng)
        x += step * rng.uniform(0.55, 1.35)
    mask = resize(np.asarray(image, np.float32) / 255, stage.width, stage.height, linear=True)
    mask = np.clip(mask, 0, 1)
    ground = smoothstep((line - 0.012) * stage.height, (line + 0.012) * stage.height, stage.ys)
    dark = mixed(scaled(rgb("1f3a30"), 0.32 + 0.7 * c.ambient), c.zenith, 0.3)
    colour = mixed(mixed(c.haze, c.middle, 0.3), dark, 0.25 + 0.75 * depth)
    down = np.clip(1 - (line * stage.height - stage.ys) / (tall * stage.height), 0, 1)
    body = np.stack(
        [v + (z - v) * down**2 * 0.45 * (1 - 0.6 * depth) for v, z in zip(colour, c.haze, strict=True)]
    )
    body = np.broadcast_to(body, (3, stage.height, 1)) * np.ones((1, 1, stage.width), np.float32)
    if snowy:
        lit = np.clip(mask - np.roll(mask, max(1, round(2.2 * stage.unit)), axis=0), 0, 1)
        body = (
            body
            + blur(lit, 0.8)
            * (np.array(mixed(c.light, c.haze, 0.5), np.float32)[:, None, None] - body)
            * 0.75
        )

    def paint(canvas: Canvas) -> None:
        cover(canvas, body, mask * (1 - ground))

    return still(paint)


def snowfield(stage: Stage, line: float) -> Layer:
    """Smooth drifts of snow from `line` down to the viewer, with long blue shadows."""
    rng, c = stage.rng("snowfield"), stage.colours
    x, y = stage.xs / stage.height, stage.ys / stage.height
    body = stage.black()
    lit = mixed(scaled(rgb("f4f7fc"), 0.34 + 0.66 * c.ambient), c.horizon, 0.22)
    shade = mixed(scaled(rgb("8fa6cc"), 0.3 + 0.62 * c.ambient), c.middle, 0.3)
    grain = tile(rng, stage.width, stage.height, grain_x=5, grain_y=4, rough=0.2)
    total = stage.blank()
    for k, start in enumerate(np.linspace(line, 0.97, 5)):
        rise = 0.028 + 0.03 * k / 4
        edge = start + rise * ridge_line(rng, x, rough=0.3, first=1.1 + 0.4 * rng.uniform())
        mask = smoothstep(edge - 0.0025 - 0.003 * k, edge + 0.0025 + 0.003 * k, y)
        slope = np.gradient(edge[0])[None, :] * stage.height
        light = np.clip(0.74 - 0.9 * slope - 2.6 * (y - edge) + 0.06 * (grain - 0.5), 0.06, 1)
        part = [s + (b - s) * light for s, b in zip(shade, lit, strict=True)]
        far = 0.45 * (1 - k / 4)
        cover(body, np.stack([p + (h - p) * far for p, h in zip(part, c.haze, strict=True)]), mask)
        total = np.maximum(total, mask)

    def paint(canvas: Canvas) -> None:
        cover(canvas, body, total)

    return still(paint)


def hut(stage: Stage, x: float, line: float, tall: float) -> list[Layer]:
    """A small cabin with lit windows and snow on its roof; its light lies on the ground before it."""
    c, h = stage.colours, stage.height
    left, right = x * stage.width - tall * h * 0.85, x * stage.width + tall * h * 0.85
    base, eaves, top = line * h, (line - tall * 0.52) * h, (line - tall) * h

    def shape(points) -> Plane:
        image = Image.new("L", (stage.width * FINE, h * FINE), 0)
        ImageDraw.Draw(image).polygon([(px * FINE, py * FINE) for px, py in points], fill=255)
        return np.clip(resize(np.asarray(image, np.float32) / 255, stage.width, h, linear=True), 0, 1)

    walls = shape([(left, base), (left, eaves), (right, eaves), (right, base)])
    middle, over = (left + right) / 2, tall * h * 0.16
    roof = shape(
        [
            (left - over, eaves + over * 0.3),
            (left + over * 2.2, top),
            (right - over * 2.2, top),
            (right + over, eaves + over * 0.3),
        ]
    )
    panes = stage.blank()
    for at in (0.24, 0.72):
        wx, ww, wy, wh = left + (right - left) * at, tall * h * 0.13, (eaves + base) / 2, tall * h * 0.12
        panes = np.maximum(
            panes, shape([(wx - ww, wy - wh), (wx + ww, wy - wh), (wx + ww, wy + wh), (wx - ww, wy + wh)])
        )
    halo = blur(panes, tall * h * 0.5) * 1.6 + blur(panes, tall * h * 0.14)
    spill = np.exp(
        -(((stage.xs - middle) / (tall * h * 1.3)) ** 2)
        - ((stage.ys - base - tall * h * 0.2) / (tall * h * 0.3)) ** 2
    )
    snow = mixed(scaled(rgb("eef3fb"), 0.4 + 0.55 * c.ambient), c.middle, 0.3)
    planks = 0.85 + 0.15 * np.sin(stage.ys / max(1.0, tall * h * 0.022))
    wood = np.stack([v * planks * np.ones_like(stage.xs) for v in mixed(rgb("2b1d16"), c.zenith, 0.25)])

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, wood, walls)
        cover(canvas, snow, roof)
        cover(canvas, (1.15, 0.74, 0.34), panes)
        burn = np.float32(0.9 + 0.5 * (float(stage.rhythm.flicker(t)) - 1))
        lighten(canvas, (0.62, 0.33, 0.11), (halo + 0.35 * spill) * burn)

    return [Layer(paint)]


def meadow(stage: Stage, line: float) -> Layer:
    """A field of grass from `line` down; the wind goes over it in slow bright waves."""
    rng, c = stage.rng("meadow"), stage.colours
    top = int(stage.height * line)
    rows = stage.height - top
    down = (np.arange(rows, dtype=np.float32)[:, None] + 1) / rows
    away = 1 / (down + 0.09)
    side = (stage.xs - stage.width / 2) / rows * away
    stems = tile(rng, 1024, 1024, grain_x=9, grain_y=60, rough=0.55)
    tufts = tile(rng, 512, 512, grain_x=60, grain_y=30, rough=0.8)
    coarse = sampled(tufts, side * 62 + 100, away * 80 + 0 * side)
    fine = sampled(stems, side * 260 + 40 * coarse, away * 330 + 0 * side)
    golden = stage.story.time in {"sunset", "dusk", "dawn"} or stage.story.has("leaves")
    green = rgb("a39a4a") if golden else rgb("6f9a48")
    deep = rgb("4a4a24") if golden else rgb("234526")
    light = scaled(mixed(green, c.light, 0.25), 0.25 + 0.9 * c.ambient)
    dark = mixed(scaled(deep, 0.3 + 0.8 * c.ambient), c.zenith, 0.2)
    tone = np.clip(0.30 + 0.35 * (coarse - 0.5) + (0.25 + 0.5 * down) * (fine - 0.5) * 1.6, 0, 1)
    far = np.exp(-down * 6) * 0.62
    edge = smoothstep(0.0, 0.03, down + 0.02 * ridge_line(rng, stage.xs / stage.height))
    small = (max(8, stage.width // 4), max(8, rows // 4))
    waves = tile(rng, 512, 512, grain_x=130, grain_y=80, rough=1.3)
    wx, wy = resize(side * 85, *small), resize(np.broadcast_to(away, side.shape) * 95, *small)
    pale = mixed(light, c.light, 0.35)

    def paint(canvas: Canvas, t: float) -> None:
        gone = 26 * t + 14 * float(stage.rhythm.gust(t))
        wave = sampled(waves, wx - np.float32(gone), wy + np.float32(0.35 * gone))
        bright = resize(smoothstep(0.42, 0.78, wave).astype(np.float32), stage.width, rows)
        body = tone + bright * (0.14 + 0.3 * fine)
        part = canvas[:, top:]
        for plane, d, b, p, haze in zip(part, dark, light, pale, c.haze, strict=True):
            field = d + (b - d) * body + (p - b) * bright * 0.22
            field += (haze - field) * far
            plane += (field - plane) * edge

    return Layer(paint)


def blades(stage: Stage, *, count: int = 210, tall: float = 0.44, flowers: bool = True) -> Layer:
    """Long grass close to the viewer that bends with the gusts, some of it in flower."""
    rng, c, h = stage.rng("blades"), stage.colours, stage.height
    root = rng.uniform(-0.05, 1.05, count) * stage.width
    length = rng.uniform(0.45, 1.0, count) * tall * h
    base = h * rng.uniform(1.0, 1.06, count)
    lean, phase = rng.normal(0, 0.22, count), rng.uniform(0, 6.28, count)
    along = np.linspace(0, 1, 30)
    thin = (1.5 * (1 - along) ** 0.8 + 0.5) * max(0.75, stage.unit)
    golden = stage.story.time in {"sunset", "dusk", "dawn"}
    colour = mixed(
        scaled(rgb("57502a") if golden else rgb("2c4c26"), 0.25 + 0.75 * c.ambient), c.zenith, 0.15
    )
    heads = rng.random(count) < (0.22 if flowers else 0)
    tints = np.array([rgb("f2e9d0"), rgb("e7b7c8"), rgb("f0cf6a"), rgb("b9a6e0")])[rng.integers(0, 4, count)]
    tints = tints * (0.3 + 0.75 * c.ambient)

    def paint(canvas: Canvas, t: float) -> None:
        gust = float(stage.rhythm.gust(t))
        bend = (
            lean + 0.10 + 0.26 * gust + 0.05 * np.sin(1.7 * t + phase) + 0.04 * np.sin(0.9 * t + root * 0.012)
        )
        x = root[:, None] + (bend * length)[:, None] * along**1.8
        y = base[:, None] - length[:, None] * (along - 0.18 * (bend**2)[:, None] * along**2)
        alpha = np.clip(
            dots(stage.blank(), x.ravel(), y.ravel(), np.tile(thin, count), np.full(x.size, 0.5)), 0, 0.92
        )
        cover(canvas, colour, alpha)
        for k in np.flatnonzero(heads):
            _flower(canvas, x[k, -1], y[k, -1], 2.4 * stage.unit, tints[k])

    return Layer(paint)


def _flower(canvas: Canvas, x: float, y: float, size: float, colour: np.ndarray) -> None:
    """One soft flower head."""
    reach = int(size * 2.4) + 1
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    part = canvas[:, top : int(y) + reach + 1, left : int(x) + reach + 1]
    if part.size:
        dx = np.arange(left, left + part.shape[2], dtype=np.float32)[None, :] - np.float32(x)
        dy = np.arange(top, top + part.shape[1], dtype=np.float32)[:, None] - np.float32(y)
        cover(
            part, tuple(map(float, colour)), np.exp(-((dx * dx + dy * dy) / np.float32(size * size))) * 0.85
        )
