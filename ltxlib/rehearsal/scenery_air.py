"""What moves in the air: rain, snow, mist, embers, leaves, fireflies, dust, steam, rays of light."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import Colour, mixed, rgb
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten
from ltxlib.rehearsal.texture import dots, resize, sampled, scrolled, smoothstep, tile


def rain(stage: Stage, *, amount: float = 1.0, slant: float = 0.08) -> Layer:
    """Fine streaks of rain in three depths, thin enough to look through."""
    rng = stage.rng("rain")
    veils = []
    for depth, (many, long_px, pace, alpha) in enumerate(
        ((0.0016, 15, 300, 0.10), (0.0008, 28, 460, 0.13), (0.00028, 48, 640, 0.15))
    ):
        veils.append(
            (
                _streaks(stage, rng, many * amount, long_px * stage.unit, slant, 0.5 + 0.3 * depth) * alpha,
                pace * stage.unit,
            )
        )
    colour = mixed(stage.colours.light, stage.colours.haze, 0.35)

    def paint(canvas: Canvas, t: float) -> None:
        alpha = stage.blank()
        for veil, pace in veils:
            down = round(pace * t)
            alpha += np.roll(veil, (down, round(-down * slant)), axis=(0, 1))
        cover(canvas, colour, alpha)

    return Layer(paint)


def _streaks(
    stage: Stage, rng: np.random.Generator, density: float, long_px: float, slant: float, wide: float
):
    """A joined picture of slanted soft strokes, 0 to about 1."""
    height, width = stage.height, stage.width
    seeds = (rng.random((height, width)) < density / stage.unit**2) * rng.uniform(0.4, 1, (height, width))
    fx, fy = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    along = fy - slant * fx
    blurred = np.exp(-((along * long_px) ** 2) * 2.2) * np.exp(-((fx * wide * 2.2) ** 2) * 2)
    veil = np.fft.irfft2(np.fft.rfft2(seeds) * blurred, s=(height, width))
    return np.clip(veil * long_px * wide * 1.1, 0, 1).astype(np.float32)


def snow(stage: Stage, *, amount: float = 1.0, wind: float = 0.0) -> Layer:
    """Snow in depth: many fine flakes far away, few large soft ones close by, all swaying as they fall."""
    rng, unit = stage.rng("snow"), stage.unit
    count = int(620 * amount)
    near = rng.pareto(1.7, count) * 0.16
    near = np.sort(np.clip(near, 0.02, 1.0))
    size = (0.75 + 5.2 * near**1.1) * unit
    alpha = np.clip(0.62 - 0.42 * near + rng.uniform(-0.15, 0.15, count), 0.1, 0.8)
    pace = (17 + 62 * near) * unit
    side = (-7 + 26 * wind) * (0.5 + 1.5 * near) * unit
    reach, turn, phase = (3 + 12 * near) * unit, rng.uniform(0.4, 1.1, count), rng.uniform(0, 6.28, count)
    wide, tall = stage.width + 40 * unit, stage.height + 40 * unit
    x0, y0 = rng.uniform(0, wide, count), rng.uniform(0, tall, count)
    groups = np.array_split(np.arange(count), [int(count * 0.7), int(count * 0.93)])
    colour = mixed(rgb("ffffff"), stage.colours.haze, 0.12 + 0.3 * (1 - stage.colours.ambient))

    def paint(canvas: Canvas, t: float) -> None:
        x = (x0 + side * t + reach * np.sin(turn * t + phase)) % wide - 20 * unit
        y = (y0 + pace * t + 0.25 * reach * np.cos(turn * t)) % tall - 20 * unit
        flakes = stage.blank()
        for group in groups:
            dots(flakes, x[group], y[group], size[group], alpha[group])
        cover(canvas, colour, np.clip(flakes, 0, 0.9))

    return Layer(paint)


def mist(stage: Stage, line: float, *, thick: float = 0.5, spread: float = 0.18, pace: float = 1.0) -> Layer:
    """A bank of mist about the height `line` (a part of the height) that drifts and thins and gathers."""
    rng = stage.rng(f"mist {line}")
    width, height = max(8, stage.width // 6), max(8, stage.height // 6)
    first, second = (tile(rng, 256, 128, grain_x=g, grain_y=g * 0.42, rough=1.1) for g in (90, 54))
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    bank = np.exp(-(((y - line) / spread) ** 2)) * thick

    def paint(canvas: Canvas, t: float) -> None:
        a = scrolled(first, 40 + 2.0 * pace * t, 0, width, height)
        b = scrolled(second, 90 - 1.1 * pace * t, 20 + 0.35 * t, width, height)
        alpha = bank * smoothstep(0.62, 1.32, a + b)
        cover(canvas, stage.colours.haze, resize(alpha, stage.width, stage.height))

    return Layer(paint)


def embers(stage: Stage, x: float, y: float, spread: float, *, rise: float = 0.5) -> Layer:
    """Sparks that fly up whenever a fire cracks; x is a part of the width, the others of the height."""
    pops = stage.rhythm.pops
    rng = stage.rng("embers")
    each = 4
    begin = np.repeat(pops[:, 0], each) + rng.uniform(0, 0.25, len(pops) * each)
    count = len(begin)
    power = np.repeat(pops[:, 1], each)
    from_x = (
        x * stage.width
        + (np.repeat(pops[:, 2], each) * 0.6 + rng.normal(0, 0.25, count)) * spread * stage.height
    )
    life, lift = rng.uniform(1.4, 3.4, count), rng.uniform(0.35, 1.0, count) * rise * stage.height
    curl, phase, size = (
        rng.uniform(4, 22, count) * stage.unit,
        rng.uniform(0, 6.28, count),
        rng.uniform(0.65, 1.15, count),
    )

    def paint(canvas: Canvas, t: float) -> None:
        age = (t - begin) / life
        flying = (age > 0) & (age < 1)
        a = age[flying]
        up = lift[flying] * a**0.85
        px = from_x[flying] + curl[flying] * np.sin(2.6 * a + phase[flying]) * a
        light = smoothstep(0, 0.06, a) * (1 - a) ** 1.3 * (0.45 + 0.9 * power[flying])
        place = (px, y * stage.height - up, size[flying] * max(0.8, stage.unit))
        for plane, tint in zip(canvas, (1.6, 0.72, 0.2), strict=True):
            dots(plane, *place, light * tint)
        for plane, tint in zip(canvas, (0.22, 0.07, 0.01), strict=True):
            dots(plane, *place[:2], place[2] * 3.4, light * tint)

    return Layer(paint)


def leaves(stage: Stage, colours: tuple[Colour, ...]) -> Layer:
    """A few leaves that sail down, turning as they go."""
    rng, unit = stage.rng("leaves"), stage.unit
    count = 15
    x0, y0 = rng.uniform(0, stage.width, count), rng.uniform(0, stage.height, count)
    size, pace = rng.uniform(2.0, 4.6, count) * unit, rng.uniform(15, 30, count) * unit
    turn, phase = rng.uniform(0.5, 1.1, count), rng.uniform(0, 6.28, count)
    tints = np.array([colours[i % len(colours)] for i in range(count)], np.float32)
    along = np.linspace(-1, 1, 7)

    def paint(canvas: Canvas, t: float) -> None:
        x = (x0 + 9 * unit * t + 20 * unit * np.sin(turn * t + phase)) % (stage.width + 40) - 20
        y = (y0 + pace * t + 7 * unit * np.cos(2 * turn * t + phase)) % (stage.height + 40) - 20
        angle = phase + 0.9 * np.sin(turn * t + phase)
        thin = 0.35 + 0.3 * np.abs(np.cos(0.8 * turn * t + phase))
        px = x[:, None] + np.cos(angle)[:, None] * along * size[:, None] * 1.7
        py = y[:, None] + np.sin(angle)[:, None] * along * size[:, None] * 1.7
        sigma = (size * thin)[:, None] * (1 - 0.6 * along**2)
        alpha = stage.blank()
        paint_by = [stage.blank() for _ in range(3)]
        weight = np.full(px.shape, 0.42)
        dots(alpha, px.ravel(), py.ravel(), sigma.ravel(), weight.ravel())
        for plane, tint in zip(paint_by, tints.T, strict=True):
            dots(plane, px.ravel(), py.ravel(), sigma.ravel(), (weight * tint[:, None]).ravel())
        total = np.maximum(alpha, 1e-3)
        shown = np.clip(alpha, 0, 0.85)
        cover(canvas, np.stack([plane / total for plane in paint_by]), shown)

    return Layer(paint)


def fireflies(stage: Stage, low: float, high: float) -> Layer:
    """Small warm lights that wander and glow up and down between two heights (parts of the height)."""
    rng, unit = stage.rng("fireflies"), stage.unit
    count = 26
    x0, y0 = rng.uniform(0.03, 0.97, count) * stage.width, rng.uniform(low, high, count) * stage.height
    paths = [(wander(rng, 11), wander(rng, 13)) for _ in range(count)]
    turn, phase = rng.uniform(0.8, 1.7, count), rng.uniform(0, 6.28, count)
    size = rng.uniform(0.8, 1.7, count) * unit

    def paint(canvas: Canvas, t: float) -> None:
        x = x0 + np.array([float(a(t)) for a, _ in paths]) * 26 * unit
        y = y0 + np.array([float(b(t)) for _, b in paths]) * 14 * unit
        light = np.clip(np.sin(turn * t + phase), 0, 1) ** 1.5
        for plane, tint in zip(canvas, (1.1, 1.15, 0.45), strict=True):
            dots(plane, x, y, size, light * tint)
            dots(plane, x, y, size * 5.5, light * tint * 0.13)

    return Layer(paint)


def motes(stage: Stage, colour: Colour, *, count: int = 70, rise: float = 2.0) -> Layer:
    """Dust or plankton that floats in the light."""
    rng, unit = stage.rng("motes"), stage.unit
    x0, y0 = rng.uniform(0, stage.width, count), rng.uniform(0, stage.height, count)
    near = rng.uniform(0, 1, count) ** 2
    size, phase, turn = (0.8 + 2.6 * near) * unit, rng.uniform(0, 6.28, count), rng.uniform(0.15, 0.4, count)

    def paint(canvas: Canvas, t: float) -> None:
        x = (x0 + (8 + 10 * near) * unit * np.sin(turn * t + phase) + 2 * unit * t) % stage.width
        y = (y0 - rise * (0.5 + near) * unit * t) % stage.height
        light = (0.10 + 0.16 * (1 - near)) * (0.7 + 0.3 * np.sin(2 * turn * t + phase))
        for plane, tint in zip(canvas, colour, strict=True):
            dots(plane, x, y, size, light * tint)

    return Layer(paint)


def rays(stage: Stage, x: float, *, strength: float = 0.2, lean: float = 0.5) -> Layer:
    """Soft beams of light that fall from above about `x` (a part of the width) and change slowly."""
    rng = stage.rng("rays")
    width, height = max(8, stage.width // 4), max(8, stage.height // 4)
    beams = tile(rng, 256, 64, grain_x=20, grain_y=40, rough=1.0)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(-x, 1 - x, width, dtype=np.float32)[None, :] * stage.width / stage.height
    angle = (across - lean * y) / (0.55 + 0.75 * y)
    fade = smoothstep(1.05, 0.05, y) * np.exp(-((angle / 0.55) ** 2)) * strength

    def paint(canvas: Canvas, t: float) -> None:
        beam = sampled(beams, angle * 95 + 0.9 * t, np.full_like(angle, 2.2 * t))
        light = fade * smoothstep(0.42, 0.85, beam)
        lighten(canvas, stage.colours.light, resize(light.astype(np.float32), stage.width, stage.height))

    return Layer(paint)


def steam(
    stage: Stage, x: float, y: float, *, wide: float = 0.05, tall: float = 0.32, light: float = 0.35
) -> Layer:
    """A thin plume that rises from a point and curls; x is a part of the width, the others of the height."""
    rng = stage.rng("steam")
    sway = wander(rng, 8)
    height, width = max(8, int(tall * stage.height / 2)), max(8, int(tall * stage.height / 2.2))
    texture = tile(rng, 256, 256, grain_x=34, grain_y=70, rough=1.05)
    up = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * (tall / 2.2) / wide / 2
    left, top = int(x * stage.width - width), int(y * stage.height - 2 * height)

    def paint(canvas: Canvas, t: float) -> None:
        bend = 0.5 * up**1.5 * (float(sway(t)) + np.sin(5 * up - 1.1 * t) * 0.8)
        off = (across - bend) / (0.3 + 0.8 * up)
        body = np.exp(-(off**2) * 1.6) * smoothstep(0, 0.12, up) * smoothstep(1, 0.35, up)
        curls = sampled(texture, off * 16 + 60, up * 78 + 24 * t)
        alpha = resize(
            (body * smoothstep(0.36, 0.85, curls) * light).astype(np.float32), 2 * width, 2 * height
        )
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(stage.width, left + 2 * width), min(stage.height, top + 2 * height)
        if x1 > x0 and y1 > y0:
            cover(
                canvas[:, y0:y1, x0:x1],
                rgb("e9e4dc"),
                np.clip(alpha[y0 - top : y1 - top, x0 - left : x1 - left], 0, 1),
            )

    return Layer(paint)
