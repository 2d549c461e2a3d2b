"""Places seen from close by: inside a tent, under a porch, a leaf in the rain."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_room import Candle, shape
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, darken, lighten, still
from ltxlib.rehearsal.texture import blur, dots, glow, smoothstep, tile

HONEY = rgb("ffb45e")


def tent(stage: Stage) -> list[Layer]:
    """Inside a tent at night: lit canvas, shadows of raindrops that slide down it, a lamp on a crate, blankets."""
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
        burn = np.float32(1.3 * (float(stage.rhythm.flicker(t)) - 1))
        canvas *= 1 + pool * burn

    return Layer(paint)


def porch(stage: Stage) -> list[Layer]:
    """The edge of a porch roof with its curtain of drops, a post and a lantern, over whatever garden is behind."""
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


def leaf(stage: Stage) -> list[Layer]:
    """One broad leaf in slow rain: veins, beads of water, and the drop at its tip that swells and falls."""
    return [still(_green_dusk(stage)), _Leaf(stage, far=True).layer(), _Leaf(stage, far=False).layer()]


def _green_dusk(stage: Stage):
    rng, c, w, h, unit = stage.rng("green dusk"), stage.colours, stage.width, stage.height, stage.unit
    power = 0.3 + 0.8 * c.ambient
    base = tile(rng, w, h, grain_x=230 * unit, grain_y=190 * unit, rough=1.4)
    body = np.stack(
        [
            d + (b - d) * smoothstep(0.2, 0.85, base)
            for d, b in zip(scaled(rgb("0a1a14"), power), scaled(rgb("2f5a38"), power), strict=True)
        ]
    )
    count = 46
    spots = dots(
        stage.blank(),
        rng.uniform(0, w, count),
        rng.uniform(0, 0.7 * h, count),
        rng.uniform(9, 26, count) * unit,
        rng.uniform(0.03, 0.16, count),
    )
    lighten(body, scaled(mixed(rgb("8fc07a"), c.light, 0.4), power), spots)

    def paint(canvas: Canvas) -> None:
        canvas[:] = body

    return paint


class _Leaf:
    """A leaf drawn once and moved up and down as drops strike it."""

    def __init__(self, stage: Stage, *, far: bool) -> None:
        self._stage, self._far = stage, far
        rng, c, w, h = stage.rng(f"leaf {far}"), stage.colours, stage.width, stage.height
        tip = np.array([0.74, 0.66] if not far else [0.30, 0.44]) * (w, h)
        root = np.array([-0.05, 0.16] if not far else [1.08, 0.10]) * (w, h)
        axis = tip - root
        length = float(np.hypot(*axis))
        along = ((stage.xs - root[0]) * axis[0] + (stage.ys - root[1]) * axis[1]) / length**2
        aside = ((stage.ys - root[1]) * axis[0] - (stage.xs - root[0]) * axis[1]) / length**2
        bow = aside - 0.10 * np.sin(np.pi * np.clip(along, 0, 1)) * (1 if not far else -1)
        half = 0.36 * np.sin(np.pi * np.clip(along, 0, 1) ** 0.8) ** 0.8 * (1 - 0.25 * along)
        edge = np.abs(bow) / np.maximum(half + 0.006 * np.sin(along * 70), 1e-3)
        soft = 0.012 if not far else 0.12
        self._mask = (smoothstep(1 + soft, 1 - soft, edge) * smoothstep(1.0, 0.985, along)).astype(np.float32)
        veins = np.abs((along * 13 - np.abs(bow) * 16) % 1 - 0.5)
        groove = smoothstep(0.10, 0.0, veins) * smoothstep(0.02, 0.06, np.abs(bow))
        rib = np.exp(-((bow / 0.006) ** 2))
        sheen = smoothstep(-0.1, 0.9, np.sin(along * 13 * 2 * np.pi - np.abs(bow) * 100) * 0.5 + 0.5)
        light = np.clip(
            0.62 - 1.1 * bow - 0.25 * along + 0.12 * (sheen - 0.5) - 0.22 * groove + 0.35 * rib, 0.05, 1.2
        )
        cells = tile(rng, w, h, grain_x=5, grain_y=5, rough=0.4)
        power = (0.3 + 0.85 * c.ambient) * (1 if not far else 0.55)
        low, high = scaled(rgb("0f3318"), power), scaled(mixed(rgb("7fb84e"), c.light, 0.12), power)
        self._body = np.stack(
            [a + (b - a) * light * (0.9 + 0.2 * cells) for a, b in zip(low, high, strict=True)]
        )
        if far:
            self._body = np.stack([blur(p, 9 * stage.unit) for p in self._body])
            self._mask = np.clip(blur(self._mask, 9 * stage.unit), 0, 1)
        else:
            self._beads(rng, edge, along)
        self._tip = tip
        self._bob = wander(stage.rng(f"bob {far}"), 2.6, 4)

    def _beads(self, rng: np.random.Generator, edge, along) -> None:
        """Round beads of water on the leaf: dark above, bright below, a glint of sky."""
        stage = self._stage
        inside = np.argwhere((edge < 0.9) & (along > 0.02) & (along < 0.95))
        if not len(inside):
            return
        for y, x in inside[rng.integers(0, len(inside), 150)]:
            r = float(np.clip(rng.pareto(2.0) * 1.8 + 1.3, 1.3, 11)) * stage.unit
            left, top = max(0, int(x - r - 2)), max(0, int(y - r - 2))
            part = self._body[:, top : int(y + r + 3), left : int(x + r + 3)]
            dx = (np.arange(left, left + part.shape[2])[None, :] - x) / r
            dy = (np.arange(top, top + part.shape[1])[:, None] - y) / (r * 0.86)
            away = np.sqrt(dx * dx + dy * dy)
            shade = 0.92 + 0.42 * dy - 0.35 * smoothstep(0.65, 1.0, away) * (0.6 - 0.6 * dy)
            glint = 0.85 * np.exp(-(((dx + 0.32) ** 2 + (dy + 0.42) ** 2) / 0.035))
            drop = smoothstep(1.1, 0.9, away)
            part += (part * shade + glint - part) * drop

    def layer(self) -> Layer:
        """The leaf with, if near, its falling drop."""
        stage = self._stage
        period = stage.rng("drip").uniform(2.2, 3.0)
        reach = (3.2 if not self._far else 2.0) * stage.unit

        def paint(canvas: Canvas, t: float) -> None:
            age = (t / period) % 1
            spring = np.exp(-3.2 * age) * np.sin(11 * age) * -0.8
            down = reach * (
                1.2 + float(self._bob(t)) + (0 if self._far else spring + 0.8 * smoothstep(0.2, 1, age))
            )
            first = int(np.floor(down))
            part = np.float32(down - first)

            def moved(plane):
                rows = np.arange(stage.height)
                a = np.clip(rows - first, 0, stage.height - 1)
                b = np.clip(rows - first - 1, 0, stage.height - 1)
                return plane[a] * (1 - part) + plane[b] * part

            mask = moved(self._mask)
            for plane, source in zip(canvas, self._body, strict=True):
                plane += (moved(source) - plane) * mask
            if not self._far:
                self._drop(canvas, age, period, down)

        return Layer(paint)

    def _drop(self, canvas: Canvas, age: float, period: float, down: float) -> None:
        """The bead at the tip, and the one that has just let go."""
        stage = self._stage
        r = stage.unit * (1.6 + 4.6 * float(smoothstep(0.08, 0.98, age)))
        fall = age * period
        places = [
            (self._tip[1] + down + 0.2 * r, r, 1.15),
            (self._tip[1] + down + 620 * stage.unit * fall**2 + 6, 5.2 * stage.unit, 1.25),
        ]
        for y, size, tall in places:
            if y > stage.height + 20:
                continue
            dx, dy = (stage.xs - self._tip[0]) / size, (stage.ys - y) / (size * tall)
            away = np.sqrt(dx * dx + dy * dy)
            drop = smoothstep(1.1, 0.85, away)
            tone = np.clip(0.35 + 0.4 * dy, 0, 1) + 0.8 * np.exp(
                -(((dx + 0.3) ** 2 + (dy + 0.4) ** 2) / 0.05)
            )
            cover(
                canvas,
                np.stack([v * tone for v in mixed(stage.colours.light, rgb("9cc88a"), 0.5)]),
                drop * 0.85,
            )
