"""Skies: colour, clouds, sun and moon, stars, aurora, far lightning, birds."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, ramp, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import disc, dots, glow, resize, sampled, smoothstep, tile

AURORA_GREEN, AURORA_TOP = rgb("48ffb0"), rgb("8a5cff")


def sky(stage: Stage, horizon: float, *, sun: tuple[float, float] | None = None) -> Layer:
    """The sky's colours from the top down to `horizon` (a part of the height), with a glow about the sun."""
    c = stage.colours
    depth = np.clip(stage.ys / (stage.height * horizon), 0, 1)[:, 0]
    rows = ramp([(0, c.zenith), (0.55, c.middle), (1, c.horizon)], smoothstep(-0.15, 1.08, depth))
    base = np.repeat(rows[:, :, None], stage.width, axis=2)
    if sun is not None:
        around = glow(
            stage.width, stage.height, sun[0] * stage.width, sun[1] * stage.height, stage.height * 0.42
        )
        cover(base, mixed(c.horizon, c.light, 0.6), 0.55 * around)
    drift = resize(stage.rng("sky").uniform(-1, 1, (3, 4)), stage.width, stage.height)
    base *= 1 + 0.035 * drift

    def paint(canvas: Canvas) -> None:
        canvas[:] = base

    return still(paint)


def sun(stage: Stage, x: float, y: float, radius: float = 0.035, *, soft: float = 0.3) -> Layer:
    """A pale sun in its glow; x, y and radius as parts of width, height and height."""
    c = stage.colours
    px, py, r = x * stage.width, y * stage.height, radius * stage.height
    face = disc(stage.width, stage.height, px, py, r, max(1.5, r * soft))
    halo = glow(stage.width, stage.height, px, py, r * 3.2)

    def paint(canvas: Canvas) -> None:
        lighten(canvas, c.light, 0.5 * halo)
        cover(canvas, scaled(c.light, 1.5), face)

    return still(paint)


def moon(stage: Stage, x: float, y: float, radius: float = 0.04) -> Layer:
    """A full moon with its seas and a wide, faint halo."""
    px, py, r = x * stage.width, y * stage.height, radius * stage.height
    face = disc(stage.width, stage.height, px, py, r, max(1.2, r * 0.09))
    near = glow(stage.width, stage.height, px, py, r * 2.4)
    wide = glow(stage.width, stage.height, px, py, r * 9)
    seas = tile(stage.rng("moon"), stage.width, stage.height, grain_x=r * 1.1, grain_y=r * 1.1, rough=0.8)
    bright = (1.16 - 0.4 * smoothstep(0.3, 0.95, seas)).astype(np.float32)

    def paint(canvas: Canvas) -> None:
        lighten(canvas, rgb("8fb2ee"), 0.16 * wide)
        lighten(canvas, rgb("c6d8ff"), 0.2 * near)
        for plane, tint in zip(canvas, rgb("f6f6f4"), strict=True):
            plane += face * (bright * tint - plane)

    return still(paint)


def clouds(
    stage: Stage, horizon: float, *, amount: float = 0.5, pace: float = 1.0, bright: float = 1.0
) -> Layer:
    """Clouds that drift, smaller toward the horizon; amount 0 (a few wisps) to 1 (a closed sky)."""
    rng, c = stage.rng("clouds"), stage.colours
    width, height = max(8, stage.width // 3), max(8, int(stage.height * horizon) // 3)
    texture = tile(rng, 512, 512, grain_x=210, grain_y=95, rough=0.95)
    away = 1.0 / (1.12 - np.linspace(0, 1, height, dtype=np.float32)[:, None])
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) * away * 150 / width + rng.uniform(0, 512)
    y = away * 62 + np.zeros_like(x)
    low = 0.62 - 0.3 * amount
    fade = smoothstep(1.02, 0.72, np.linspace(0, 1, height, dtype=np.float32)[:, None])
    lit = scaled(mixed(c.horizon, c.light, 0.55), bright)
    dark = mixed(c.middle, c.zenith, 0.35)
    rows = int(stage.height * horizon)

    def paint(canvas: Canvas, t: float) -> None:
        here = x + np.float32(2.2 * pace * t)
        thick = sampled(texture, here, y)
        shade = thick - sampled(texture, here + 5, y + 7)
        alpha = smoothstep(low, low + 0.3, thick) * fade * (0.55 + 0.35 * amount)
        light = np.clip(0.5 + 4.2 * shade - 0.5 * (thick - low), 0, 1)
        alpha, light = (resize(p, stage.width, rows) for p in (alpha, light))
        top = canvas[:, :rows]
        for plane, d, b in zip(top, dark, lit, strict=True):
            plane += alpha * (d + (b - d) * light - plane)

    return Layer(paint)


def stars(stage: Stage, horizon: float, *, many: float = 1.0) -> Layer:
    """Stars down to `horizon` that twinkle slowly, a faint milky way among them."""
    rng = stage.rng("stars")
    count = int(520 * many * stage.unit**0.5)
    x = rng.uniform(0, stage.width, count)
    y = rng.uniform(0, stage.height * horizon, count)
    size = rng.pareto(2.1, count) * 0.16 + 0.1
    size = np.clip(size, 0, 1.1) * smoothstep(1.0, 0.72, y / (stage.height * horizon))
    warm = rng.uniform(0, 1, count)
    pace, phase = rng.uniform(0.5, 1.6, count), rng.uniform(0, 2 * np.pi, count)
    sigma = (0.55 + 0.35 * size) * max(0.7, stage.unit)
    dust = _milky_way(stage, rng, horizon) * 0.15 * many

    def paint(canvas: Canvas, t: float) -> None:
        lighten(canvas, rgb("7f93d8"), dust)
        light = size * (1 + 0.28 * np.sin(pace * t + phase))
        for plane, tint in zip(canvas, (0.82 + 0.22 * warm, 0.92, 1.05 - 0.22 * warm), strict=True):
            dots(plane, x, y, sigma, light * tint)

    return Layer(paint)


def _milky_way(stage: Stage, rng: np.random.Generator, horizon: float):
    """A soft slanting band of star dust."""
    lean, middle = rng.uniform(0.5, 1.0) * rng.choice([-1, 1]), rng.uniform(0.35, 0.65)
    off = (stage.xs / stage.width - middle) - lean * (stage.ys / stage.height - 0.3)
    cloud = tile(
        rng, stage.width, stage.height, grain_x=120 * stage.unit, grain_y=120 * stage.unit, rough=0.8
    )
    band = np.exp(-((off / 0.17) ** 2)) * smoothstep(0.25, 0.85, cloud)
    return (band * smoothstep(horizon, horizon * 0.4, stage.ys / stage.height)).astype(np.float32)


def aurora(stage: Stage, horizon: float) -> Layer:
    """Curtains of northern light, green below and violet above, that sway and breathe."""
    rng = stage.rng("aurora")
    width, height = max(8, stage.width // 4), max(8, stage.height // 4)
    x = np.linspace(0, stage.width / stage.height, width, dtype=np.float32)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    rays = tile(rng, 1024, 64, grain_x=26, grain_y=40, rough=0.9)
    curtains = [
        (
            rng.uniform(0.42, 0.62) * horizon + 0.07 * i,
            wander(rng, 26 + 7 * i),
            rng.uniform(0.26, 0.4),
            i * 331,
        )
        for i in range(3)
    ]
    waves = [(rng.uniform(1.5, 5.5), rng.uniform(0, 6.28), rng.uniform(0.1, 0.24)) for _ in range(4)]

    def paint(canvas: Canvas, t: float) -> None:
        green, violet = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
        for i, (base, breath, tall, shift) in enumerate(curtains):
            line = base + sum(
                0.045 / (1 + k) * np.sin(f * x * (1 + 0.2 * i) + p + s * t + i)
                for k, (f, p, s) in enumerate(waves)
            )
            at = (x * 150 + shift + 26 * np.sin(1.3 * x + 0.11 * t + i))[None, :]
            ray = 0.22 + 1.5 * sampled(rays, at, np.full_like(at, 5.0 * t + 9 * i)) ** 1.6
            above = (line[None, :] - y) / tall
            body = np.exp(-np.clip(above, 0, None) * 2.3) * smoothstep(-0.1, 0.05, above) * ray
            body *= (0.52 + 0.14 * float(breath(t))) / (1 + 0.45 * i)
            green += body
            violet += body * np.clip(above * 1.5, 0, 1)
        green, violet = (resize(p, stage.width, stage.height) for p in (green, violet))
        lighten(canvas, AURORA_GREEN, np.clip(green - 0.75 * violet, 0, None))
        lighten(canvas, AURORA_TOP, violet)

    return Layer(paint)


def far_lightning(stage: Stage, horizon: float) -> Layer:
    """Lightning behind far clouds: the sky warms up softly and sinks back, never a flash."""
    rng, times = stage.rng("lightning"), stage.rhythm.rumbles
    width, height = max(8, stage.width // 4), max(8, stage.height // 4)
    where = [
        resize(
            glow(
                width,
                height,
                rng.uniform(0.15, 0.85) * width,
                horizon * height * rng.uniform(0.55, 0.9),
                height * 0.3,
                flat=0.6,
            ),
            stage.width,
            stage.height,
        )
        for _ in times
    ]

    def paint(canvas: Canvas, t: float) -> None:
        for (begin, strength, _), place in zip(times, where, strict=True):
            since = t - begin
            if 0 < since < 4:
                level = smoothstep(0, 0.5, since) * np.exp(-1.6 * since) * (0.3 + 0.3 * strength)
                lighten(canvas, rgb("b9c4ff"), place * np.float32(level))

    return Layer(paint)


def birds(stage: Stage, horizon: float) -> Layer:
    """A few far birds that glide and now and then beat their wings."""
    rng = stage.rng("birds")
    count = int(rng.integers(4, 8))
    x0, y0 = rng.uniform(0.1, 0.75, count), rng.uniform(0.18, 0.6, count) * horizon
    pace, lift = (
        rng.uniform(0.012, 0.02) + rng.uniform(-0.002, 0.002, count),
        rng.uniform(-0.003, 0.002, count),
    )
    size, phase = rng.uniform(3.4, 5.6, count) * stage.unit, rng.uniform(0, 6.28, count)
    dark = scaled(mixed(stage.colours.zenith, stage.colours.haze, 0.25), 0.5)
    along = np.linspace(-1, 1, 15)

    def paint(canvas: Canvas, t: float) -> None:
        beat = 0.35 + 0.5 * np.sin(3.2 * t + phase) * np.clip(np.sin(0.6 * t + 2 * phase), 0, 1)
        cx = (x0 + pace * t) * stage.width
        cy = (y0 + lift * t) * stage.height
        x = cx[:, None] + along[None, :] * size[:, None]
        arch = np.abs(along) * (1.35 - np.abs(along))
        y = cy[:, None] - arch[None, :] * (size * beat)[:, None]
        mark = dots(
            stage.blank(),
            x.ravel(),
            y.ravel(),
            np.full(x.size, 0.62 * max(0.8, stage.unit)),
            np.tile(0.42 - 0.26 * np.abs(along), count),
        )
        cover(canvas, dark, np.clip(mark, 0, 0.85))

    return Layer(paint)


def light_place(stage: Stage, horizon: float) -> tuple[float, float]:
    """Where sun or moon stands, by chance: low by day's ends, high at night."""
    rng = stage.rng("light place")
    side = rng.choice([-1, 1]) * rng.uniform(0.08, 0.27)
    low = {"sunset": 0.86, "dawn": 0.84, "dusk": 0.97}.get(stage.story.time)
    return 0.5 + side, horizon * (low if low else rng.uniform(0.3, 0.45))


def heavens(stage: Stage, horizon: float, place: tuple[float, float]) -> list[Layer]:
    """The whole sky as the story wants it: colours, stars, moon or sun, aurora, clouds, lightning, birds."""
    story = stage.story
    night = story.time == "night"
    clear = not story.has("rain", "fog", "thunder") and story.time != "overcast"
    moonlit = night and (story.has("moon") or not story.has("stars", "aurora", "rain", "fire", "thunder"))
    dull = not clear if not night else not moonlit
    layers = [sky(stage, horizon, sun=None if dull else place)]
    if night and not story.has("rain", "thunder"):
        layers.append(stars(stage, horizon, many=1.6 if story.has("stars", "aurora") else 0.7))
    if story.has("aurora"):
        layers.append(aurora(stage, horizon))
    if moonlit:
        layers.append(moon(stage, *place))
    elif story.time in {"sunset", "dawn", "day"} and clear:
        layers.append(sun(stage, *place, radius=0.03))
    if not (night and story.has("stars", "aurora")):
        amount = 0.95 if story.time == "overcast" or story.has("rain", "thunder") else 0.42
        layers.append(
            clouds(
                stage,
                horizon,
                amount=amount,
                pace=1.6 if story.has("wind") else 1.0,
                bright=0.55 if night else 1.0,
            )
        )
    if story.has("thunder"):
        layers.append(far_lightning(stage, horizon))
    if story.has("birds") and not night:
        layers.append(birds(stage, horizon))
    return layers
