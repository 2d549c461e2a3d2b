"""Water that moves: open sea and beach."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import Colour, mixed, ramp, rgb, scaled
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover
from ltxlib.rehearsal.texture import Plane, sampled, smoothstep, tile

GRAVITY = 9.81
EYE_M = 4.6
MELT = 0.16


class Waves:
    """The slopes of a sea seen in perspective, as a sum of travelling waves, cheap at every moment.

    Each wave is kept as a cosine and a sine picture; a moment is only a sum of both with changing weights.
    slope(t) -> (across, along): arrays of the sea's part of the canvas, shape (rows, width).
    """

    def __init__(
        self, stage: Stage, horizon_px: int, *, count: int = 17, longest_m: float = 13.0, wild=1.0
    ) -> None:
        rng = stage.rng("waves")
        rows = stage.height - horizon_px
        below = (np.arange(rows, dtype=np.float32)[:, None] + 0.8) / rows
        away = EYE_M / (below + 0.012)
        self.away_m = away
        side = (stage.xs - stage.width / 2) / rows * away * 0.9
        length = longest_m * (0.5 ** np.linspace(0, 4.9, count)) * rng.uniform(0.85, 1.15, count)
        turn = np.clip(rng.normal(0, 0.3, count), -0.6, 0.6) + rng.uniform(-0.12, 0.12)
        number = 2 * np.pi / length
        self.pace = np.sqrt(GRAVITY * number) * 0.62
        self.kx, self.kz = number * np.sin(turn), number * np.cos(turn)
        steep = wild * 0.052 * (length / longest_m) ** 0.12
        phase = rng.uniform(0, 2 * np.pi, count)
        # A wave much finer than a pixel would sparkle at random: it is faded out instead.
        per_pixel = away**2 / (EYE_M * rows)
        self._parts = []
        for k in range(count):
            seen = np.exp(-((self.kz[k] * per_pixel * 0.55) ** 2)).astype(np.float32)
            at = self.kx[k] * side + self.kz[k] * away + phase[k]
            self._parts.append((np.cos(at) * (steep[k] * seen), np.sin(at) * (steep[k] * seen)))

    def slope(self, t: float) -> tuple[Plane, Plane]:
        """How the water leans across and along the view at one moment."""
        across = np.zeros_like(self._parts[0][0])
        along = np.zeros_like(across)
        for k, (cosine, sine) in enumerate(self._parts):
            angle = self.pace[k] * t
            lean = cosine * np.float32(np.cos(angle)) - sine * np.float32(np.sin(angle))
            along += lean
            across += lean * np.float32(self.kx[k] / np.hypot(self.kx[k], self.kz[k]))
        return across, along


def sea(stage: Stage, horizon: float, place: tuple[float, float], *, wild: float = 1.0) -> Layer:
    """Open water under the sky's colours, with the path of the sun or moon on it."""
    c = stage.colours
    top = int(stage.height * horizon)
    rows = stage.height - top
    waves = Waves(stage, top, wild=wild)
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    dark = mixed(c.zenith, rgb("0a2a36"), 0.55)
    deep = ramp(
        [(0, mixed(c.horizon, c.middle, 0.5)), (0.35, mixed(c.middle, dark, 0.5)), (1, scaled(dark, 0.75))],
        depth[:, 0],
    )[:, :, None]
    shine = ramp(
        [(0, c.horizon), (0.5, c.middle), (1, mixed(c.middle, c.zenith, 0.6))], np.linspace(0, 1, 256)
    )
    path = 0.0 if stage.story.time == "overcast" or stage.story.has("rain", "thunder", "fog") else 1.0
    centre = (stage.xs - place[0] * stage.width) / stage.width
    lean_x = centre * (1.15 + 0.5 * depth)
    lean_y = 0.02 + 0.03 * depth
    spread = 1.0 / (0.055 + 0.04 * depth) ** 2
    bright = (1.0 if c.ambient < 0.3 else 1.2) * path

    def paint(canvas: Canvas, t: float) -> None:
        across, along = waves.slope(t)
        mirror = 0.34 + along * (1.5 / (0.14 + np.abs(along))) * 0.3 - 0.12 * depth
        np.clip(mirror, 0, 1, out=mirror)
        look = np.clip((0.42 - along * 1.9) * 255, 0, 255).astype(np.intp)
        miss = ((across - lean_x) ** 2 + (along - lean_y) ** 2) * spread
        glint = 1.0 + 0.55 * miss
        glint = bright / (glint * glint * glint)
        part = canvas[:, top:]
        for i in range(3):
            part[i] = deep[i] + (shine[i].take(look) - deep[i]) * mirror + c.light[i] * glint

    return Layer(paint)


def horizon_haze(stage: Stage, horizon: float, amount: float = 0.5, *, deep: float = 0.03) -> Layer:
    """A soft veil where sky and water meet."""
    veil = np.exp(-(((stage.ys / stage.height - horizon) / deep) ** 2)).astype(np.float32) * amount

    def paint(canvas: Canvas) -> None:
        cover(canvas, mixed(stage.colours.horizon, stage.colours.haze, 0.4), veil)

    return Layer(lambda canvas, t: paint(canvas), still=True)


def beach(stage: Stage, edge: float) -> Layer:
    """Sand in front, and thin sheets of water that run up, leave lace and sink; edge: where the sea ends."""
    rng, c = stage.rng("beach"), stage.colours
    top = int(stage.height * (edge - 0.2))
    rows = stage.height - top
    y = (np.arange(rows, dtype=np.float32)[:, None] + top) / stage.height
    x = stage.xs / stage.height
    lace = tile(rng, 768, 512, grain_x=60 * stage.unit, grain_y=20 * stage.unit, rough=0.75)
    lumps = tile(rng, stage.width, rows, grain_x=90 * stage.unit, grain_y=26 * stage.unit, rough=0.35)
    shape = sum(np.sin(f * x + p) / (1 + f) for f, p in rng.uniform((1, 0), (6, 6.28), (5, 2))) * 0.03
    shape = shape.astype(np.float32)
    sand = mixed(mixed(rgb("d8b88c"), c.light, 0.15), c.zenith, 0.75 * (1 - c.ambient))
    wet = mixed(scaled(sand, 0.55), c.horizon, 0.3)
    ground = np.stack([s * (0.9 + 0.2 * lumps) * (1.08 - 0.35 * y) for s in sand])
    dry = smoothstep(edge - 0.03, edge + 0.02, y - shape * 0.5)
    damp = dry * smoothstep(edge + 0.2, edge + 0.1, y - shape) * 0.8

    def paint(canvas: Canvas, t: float) -> None:
        part = canvas[:, top:]
        cycle = float(stage.rhythm.cycle(t))
        cover(part, ground, dry)
        cover(part, wet, damp)
        number = np.floor(cycle)
        for wave in (1, 0, -1):
            age = cycle - number + wave
            side = np.sin(2.3 * (number - wave))
            line = edge + 0.01 + _reach(age) + shape * (1 + side) + 0.006 * np.sin(9 * x + 0.6 * t + 2 * side)
            # Near the sand a wave is both for a moment, so that its crest melts into the sheet.
            if age > -MELT:
                _sheet(stage, part, y, line, age, lace, t)
            if age < MELT:
                _breaker(stage, part, y, line, age, lace, t)

    return Layer(paint)


def _reach(age: float) -> float:
    """How far up the sand a wave is, as a part of the height: below 0 still out at sea."""
    if age < 0:
        return -0.14 * float(-age) ** 1.2
    return 0.13 * float(np.sin(np.pi * np.clip(age / 1.9, 0, 1)) ** 1.2)


def _foam(stage: Stage, lace: Plane, rows: int, line: Plane, grow: float, drift: float) -> Plane:
    """White threads that ride with the edge of the water."""
    at_x = np.broadcast_to(stage.xs / np.float32(grow), (rows, stage.width))
    at_y = (np.arange(rows, dtype=np.float32)[:, None] - line * stage.height) / np.float32(grow) + np.float32(
        drift
    )
    threads = sampled(lace, at_x, at_y)
    return 1 - np.abs(2 * threads - 1)


def _sheet(stage: Stage, part: Canvas, y: Plane, line: Plane, age: float, lace: Plane, t: float) -> None:
    """One thin sheet of water with its white edge and the lace it leaves."""
    c = stage.colours
    behind = line - y
    fading = smoothstep(1.95, 1.2, age) * smoothstep(-MELT, 0.12, age)
    inner = smoothstep(-0.19, -0.06, y - line + _reach(age))
    thin = smoothstep(0.0, 0.01, behind) * inner * fading
    water = mixed(mixed(c.middle, c.horizon, 0.5), rgb("8fc4bd"), 0.25 * c.ambient)
    cover(part, water, thin * (0.35 + 0.25 * smoothstep(0.0, 0.14, behind)))
    threads = _foam(stage, lace, *y.shape[:1], line, 1 + 0.1 * age, 3 * t)
    net = smoothstep(0.72 + 0.05 * age, 0.98, threads) * inner
    trail = net * smoothstep(0.0, 0.008, behind) * np.exp(-np.clip(behind, 0, 1) * 13)
    rim = np.exp(-((behind / 0.0045) ** 2)) * (0.35 + 0.65 * threads)
    bank = (
        smoothstep(0.0, 0.003, behind) * np.exp(-np.clip(behind, 0, 1) * 45) * smoothstep(0.5, 0.95, threads)
    )
    white = np.clip(rim + 0.75 * trail + 0.6 * bank, 0, 1) * fading
    cover(part, _foam_colour(stage), white * 0.9)


def _breaker(stage: Stage, part: Canvas, y: Plane, line: Plane, age: float, lace: Plane, t: float) -> None:
    """A low wave on its way in: a dark face, then a crest that turns white as it comes near."""
    c = stage.colours
    near = smoothstep(-1.0, -0.15, age) * smoothstep(MELT, -0.1, age)
    off = y - line
    face = np.exp(-(((off - 0.004) / (0.004 + 0.012 * near)) ** 2)) * near
    cover(part, mixed(c.middle, c.zenith, 0.4), face * 0.35)
    threads = _foam(stage, lace, y.shape[0], line, 1.0, 4 * t)
    crest = np.exp(-(((off + 0.006) / (0.003 + 0.009 * near)) ** 2)) * smoothstep(
        0.85 - 0.75 * near, 1.0, threads
    )
    cover(part, _foam_colour(stage), crest * near * 0.85)


def _foam_colour(stage: Stage) -> Colour:
    c = stage.colours
    return mixed(c.haze, mixed(c.light, rgb("ffffff"), 0.5), 0.35 + 0.55 * c.ambient)
