"""Shelters seen from inside: a tent at night, the edge of a porch."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_candle import Candle
from ltxlib.rehearsal.scenery_room import shape
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, darken, lighten, still
from ltxlib.rehearsal.texture import blur, dots, glow, smoothstep, tile

HONEY = rgb("ffb45e")


def tent(stage: Stage) -> list[Layer]:
    """Inside a tent at night: lit canvas, shadows of drops sliding down it, a lamp on a crate, blankets."""
    lamp = (0.31 + stage.rng("tent").uniform(-0.04, 0.06), 0.66)
    return [
        still(_canvas_walls(stage, lamp)),
        _drop_shadows(stage),
        still(_bedding(stage, lamp)),
        *_lamp(stage, lamp),
    ]


def _canvas_walls(stage: Stage, lamp: tuple[float, float]):
    rng, w, h, unit = stage.rng("tent walls"), stage.width, stage.height, stage.unit
    x, y = stage.xs / w, stage.ys / h
    ridge = 0.55 + rng.uniform(-0.05, 0.05)
    weave = tile(rng, w, h, grain_x=3.0, grain_y=3.0, rough=0.3)
    folds = tile(rng, w, h, grain_x=170 * unit, grain_y=240 * unit, rough=1.3)
    light = glow(w, h, lamp[0] * w, (lamp[1] - 0.08) * h, 0.6 * h)
    side = np.where(x + 0.10 * (y - 0.5) < ridge, 1.0, 0.72)
    seam = np.exp(-(((x + 0.10 * (y - 0.5) - ridge) / 0.0025) ** 2)) * 0.35
    hems = (
        sum(
            np.exp(-(((x - at + 0.22 * (y - 0.5) * np.sign(at - ridge)) / 0.0016) ** 2)) for at in (0.2, 0.87)
        )
        * 0.18
    )
    level = side * (0.20 + 0.95 * light) * (0.72 + 0.56 * folds) * (0.93 + 0.14 * weave) * (1 - seam - hems)
    colour = mixed(HONEY, rgb("c98a4e"), 0.4)

    def paint(canvas: Canvas) -> None:
        for plane, value, tint in zip(canvas, colour, (1.0, 0.92, 0.8), strict=True):
            plane[:] = level * value * tint

    return paint


def _drop_shadows(stage: Stage) -> Layer:
    """Drops running down the outside, seen as small soft shadows with a bright heart."""
    rng, w, h, unit = stage.rng("drop shadows"), stage.width, stage.height, stage.unit
    count = 75
    x0, y0 = rng.uniform(0, w, count), rng.uniform(0, h, count)
    pace, size = rng.uniform(9, 42, count) * unit, rng.uniform(1.4, 3.2, count) * unit
    hold, phase = rng.uniform(0.8, 1.5, count), rng.uniform(0, 6.28, count)
    slope = np.where(x0 < 0.55 * w, -0.28, 0.28)
    steps = np.linspace(0, 34, 10) * unit

    def paint(canvas: Canvas, t: float) -> None:
        gone = pace * (t + 0.9 * hold * np.sin(t / hold + phase))
        y = (y0 + gone) % (h * 1.15) - 0.07 * h
        x = x0 + slope * y
        trail = dots(
            stage.blank(),
            (x[:, None] - slope[:, None] * steps).ravel(),
            (y[:, None] - steps).ravel(),
            np.repeat(size * 0.6, 10),
            np.tile(0.16 * (1 - steps / steps[-1]), count),
        )
        dark = dots(trail, x, y, size, np.full(count, 0.42))
        darken(canvas, np.clip(dark, 0, 0.6))
        lighten(canvas, HONEY, dots(stage.blank(), x, y + 0.35 * size, size * 0.38, np.full(count, 0.16)))

    return Layer(paint)


def _bedding(stage: Stage, lamp: tuple[float, float]):
    """Folded blankets and the crate."""
    rng, w, h, unit = stage.rng("bedding"), stage.width, stage.height, stage.unit
    x, y = stage.xs / w, stage.ys / h
    light = glow(w, h, lamp[0] * w, lamp[1] * h, 0.55 * h)
    wool = tile(rng, w, h, grain_x=6, grain_y=5, rough=0.4)
    body = stage.black()
    total = stage.blank()
    for k, (edge, colour) in enumerate(((0.80, rgb("6a5a48")), (0.86, rgb("7a3f30")), (0.93, rgb("4a5560")))):
        line = edge + 0.035 * np.sin(4.2 * x + k * 2.1 + rng.uniform(0, 6)) + 0.012 * np.sin(13 * x + k)
        mask = smoothstep(line - 0.004, line + 0.006, y) * smoothstep(
            0.10 + 0.06 * k, 0.30 + 0.06 * k, x + 0.4 * (y - line)
        )
        below = np.clip((y - line) / 0.09, 0, 1)
        shade = (0.14 + 1.25 * light) * (1.1 - 0.65 * below) * (0.75 + 0.5 * wool)
        cover(body, np.stack([v * shade for v in colour]), mask)
        total = np.maximum(total, mask)
    ground = smoothstep(0.84, 0.9, y)
    crate = shape(
        stage,
        lambda pen, k: pen.rectangle(
            [k * (lamp[0] - 0.085) * w, k * 0.755 * h, k * (lamp[0] + 0.085) * w, k * 0.95 * h], fill=255
        ),
    )
    slats = 0.65 + 0.35 * smoothstep(0.04, 0.09, np.abs((y - 0.755) / 0.065 % 1 - 0.5) * 2)
    grain = tile(rng, w, h, grain_x=70 * unit, grain_y=4 * unit, rough=0.7)
    top = np.exp(-(((y - 0.757) / 0.006) ** 2)) * 0.8
    wood = np.stack(
        [v * ((0.10 + 0.5 * light) * slats * (0.7 + 0.6 * grain) + top * light) for v in rgb("a8713f")]
    )

    def paint(canvas: Canvas) -> None:
        cover(canvas, rgb("120b07"), ground * 0.85)
        cover(canvas, wood, crate)
        cover(canvas, body, total)

    return paint


def _lamp(stage: Stage, lamp: tuple[float, float]) -> list[Layer]:
    """An oil lamp with its glass and flame."""
    w, h = stage.width, stage.height
    cx, base = lamp[0] * w, 0.757 * h
    brass = shape(
        stage,
        lambda pen, k: (
            pen.ellipse(
                [k * (cx - 0.04 * h), k * (base - 0.055 * h), k * (cx + 0.04 * h), k * base], fill=255
            ),
            pen.rectangle(
                [k * (cx - 0.016 * h), k * (base - 0.075 * h), k * (cx + 0.016 * h), k * (base - 0.03 * h)],
                fill=255,
            ),
        ),
    )
    glassy = shape(
        stage,
        lambda pen, k: pen.ellipse(
            [k * (cx - 0.036 * h), k * (base - 0.215 * h), k * (cx + 0.036 * h), k * (base - 0.065 * h)],
            fill=255,
        ),
    )
    rim = np.clip(glassy - blur(glassy, 5 * stage.unit), 0, 1)
    off = (stage.xs - cx) / (0.04 * h)
    metal = np.stack(
        [v * (0.35 + 0.6 * np.exp(-((off + 0.3) ** 2) * 6)) * np.ones_like(stage.ys) for v in rgb("d9a04a")]
    )
    flame = Candle(stage, lamp[0], 0.757, 0.075, name="lamp", wide=0.05)

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, metal, brass)
        flame.paint(canvas, t)
        lighten(canvas, HONEY, rim * 0.22 + glassy * np.float32(0.07 * float(stage.rhythm.flicker(t))))

    return [Layer(paint), _breathing_light(stage, lamp)]


def _breathing_light(stage: Stage, lamp: tuple[float, float]) -> Layer:
    pool = glow(stage.width, stage.height, lamp[0] * stage.width, lamp[1] * stage.height, 0.6 * stage.height)

    def paint(canvas: Canvas, t: float) -> None:
        burn = np.float32(0.8 * (float(stage.rhythm.flicker(t)) - 1))
        canvas *= 1 + pool * burn

    return Layer(paint)


def porch(stage: Stage) -> list[Layer]:
    """The edge of a porch roof with its curtain of drops, a post and a lantern, over the garden behind."""
    return [_drip_curtain(stage), still(_beams(stage)), _lantern(stage)]


def _beams(stage: Stage):
    w, h, unit = stage.width, stage.height, stage.unit
    rng, c = stage.rng("beams"), stage.colours
    x, y = stage.xs / w, stage.ys / h
    grain = tile(rng, w, h, grain_x=130 * unit, grain_y=6 * unit, rough=0.7)
    upright = tile(rng, w, h, grain_x=6 * unit, grain_y=130 * unit, rough=0.7)
    roof = smoothstep(0.088, 0.082, y)
    post = smoothstep(0.030, 0.0285, np.abs(x - 0.885))
    floor = smoothstep(0.90, 0.905, y)
    boards = 1 - 0.5 * smoothstep(0.93, 1.0, np.abs(((x - 0.5) / (0.25 + 1.2 * (y - 0.8)) * 4) % 1 - 0.5) * 2)
    warm = np.exp(-(((x - 0.80) / 0.16) ** 2) - ((y - 0.34) / 0.3) ** 2)
    dark = mixed(rgb("3a281c"), c.zenith, 0.35)

    def lit(texture, level) -> Canvas:
        return np.stack(
            [
                (v * (0.42 + 0.4 * c.ambient) + g * 0.5 * warm) * (0.65 + 0.7 * texture) * level
                for v, g in zip(dark, rgb("ff9a45"), strict=True)
            ]
        )

    edge = lit(grain, 1.0 - 0.35 * smoothstep(0.06, 0.085, y))
    stand = lit(upright, 0.8 + 0.5 * (1 - np.abs(x - 0.885) / 0.03))
    planks = lit(grain, (1.35 - 0.35 * (y - 0.9) / 0.1) * boards)

    def paint(canvas: Canvas) -> None:
        cover(canvas, planks, floor)
        cover(canvas, stand, post)
        cover(canvas, edge, roof)

    return paint


def _drip_curtain(stage: Stage) -> Layer:
    """Drops that fall from the roof's edge, each quicker as it goes."""
    rng, w, h, unit = stage.rng("curtain"), stage.width, stage.height, stage.unit
    count = 74
    x = rng.uniform(0, w, count)
    period, offset = rng.uniform(0.9, 2.2, count), rng.uniform(0, 2.2, count)
    steps = np.linspace(0, 1, 8)

    def paint(canvas: Canvas, t: float) -> None:
        age = (t + offset) % period
        hang = 0.35 * period
        fall = np.clip(age - hang, 0, None)
        y = 0.088 * h + 0.5 * 1150 * unit * fall**2
        long = np.clip(1150 * unit * fall * 0.03, 1.0, 26 * unit)
        size = 0.95 * unit * np.clip(age / hang, 0.2, 1)
        px = np.repeat(x, 8)
        py = (y[:, None] - long[:, None] * steps).ravel()
        mark = dots(stage.blank(), px, py, np.repeat(size, 8), np.repeat(np.full(count, 0.16), 8))
        cover(canvas, mixed(stage.colours.light, stage.colours.haze, 0.2), np.clip(mark, 0, 0.6))

    return Layer(paint)


def _lantern(stage: Stage) -> Layer:
    """A small lantern on the post that turns a little."""
    w, h = stage.width, stage.height
    cx, cy = 0.80 * w, 0.34 * h
    sway = wander(stage.rng("lantern"), 5)
    arm = shape(
        stage,
        lambda pen, k: pen.line(
            [(k * cx, k * (cy - 0.095 * h)), (k * 0.875 * w, k * (cy - 0.13 * h))],
            fill=255,
            width=int(k * 0.008 * h),
        ),
    )
    body = shape(
        stage,
        lambda pen, k: (
            pen.polygon(
                [
                    (k * (cx - 0.04 * h), k * (cy - 0.055 * h)),
                    (k * cx, k * (cy - 0.1 * h)),
                    (k * (cx + 0.04 * h), k * (cy - 0.055 * h)),
                ],
                fill=255,
            ),
            pen.rectangle(
                [k * (cx - 0.034 * h), k * (cy + 0.05 * h), k * (cx + 0.034 * h), k * (cy + 0.064 * h)],
                fill=255,
            ),
        ),
    )
    pane = shape(
        stage,
        lambda pen, k: pen.rectangle(
            [k * (cx - 0.029 * h), k * (cy - 0.055 * h), k * (cx + 0.029 * h), k * (cy + 0.05 * h)], fill=255
        ),
    )
    near, wide = glow(w, h, cx, cy, 0.09 * h), glow(w, h, cx, cy, 0.3 * h)
    bars = smoothstep(0.0035 * h, 0.002 * h, np.abs(np.abs(stage.xs - cx) - 0.0285 * h))

    def paint(canvas: Canvas, t: float) -> None:
        burn = np.float32(1 + 0.6 * (float(stage.rhythm.flicker(t)) - 1) + 0.02 * float(sway(t)))
        cover(canvas, rgb("15100c"), arm)
        cover(canvas, (1.25 * burn, 0.82 * burn, 0.38 * burn), pane * (1 - 0.7 * bars))
        cover(canvas, rgb("15100c"), body)
        lighten(canvas, rgb("ff9a45"), near * np.float32(0.5) * burn + wide * np.float32(0.15) * burn)

    return Layer(paint)
