"""Fire: flames, a hearth, a camp fire, candles."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import mixed, ramp, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_air import embers
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, blur, glow, resize, sampled, smoothstep, tile

WARM = rgb("ff9a45")
_HEAT = ramp(
    [
        (0, (0.0, 0.0, 0.0)),
        (0.14, (0.25, 0.03, 0.0)),
        (0.34, (0.86, 0.23, 0.03)),
        (0.58, (1.16, 0.55, 0.10)),
        (0.8, (1.4, 0.92, 0.34)),
        (1.0, (1.6, 1.3, 0.8)),
    ],
    np.linspace(0, 1, 512),
)


class Flames:
    """A fire of soft tongues; x, base, wide and tall in canvas pixels."""

    def __init__(
        self, stage: Stage, x: float, base: float, wide: float, tall: float, *, name: str = "flames"
    ) -> None:
        rng = stage.rng(name)
        self._rhythm = stage.rhythm
        self._left, self._right = max(0, int(x - wide * 0.75)), min(stage.width, int(x + wide * 0.75))
        self._top, self._bottom = max(0, int(base - tall * 1.25)), min(stage.height, int(base + tall * 0.06))
        self._grid = (max(8, (self._right - self._left) // 2), max(8, (self._bottom - self._top) // 2))
        px = np.linspace(self._left, self._right, self._grid[0], dtype=np.float32)[None, :]
        py = np.linspace(self._top, self._bottom, self._grid[1], dtype=np.float32)[:, None]
        self._u, self._v = (
            (px - np.float32(x)) / np.float32(wide / 2),
            (np.float32(base) - py) / np.float32(tall),
        )
        self._coarse = tile(rng, 256, 256, grain_x=44, grain_y=64, rough=1.2)
        self._fine = tile(rng, 256, 256, grain_x=22, grain_y=40, rough=1.0)
        self._tops = tile(rng, 256, 64, grain_x=34, grain_y=22, rough=1.3)
        self._drift = wander(rng, 6)
        self._shift = rng.uniform(0, 256)

    def paint(self, canvas: Canvas, t: float) -> None:
        """Draws the flames as they burn at one moment."""
        heat = self.heat(t)
        shape = (self._right - self._left, self._bottom - self._top)
        part = canvas[:, self._top : self._bottom, self._left : self._right]
        alpha = resize(smoothstep(0.02, 0.4, heat).astype(np.float32), *shape, linear=True)
        look = np.clip(heat * 511, 0, 511).astype(np.intp)
        for plane, table in zip(part, _HEAT, strict=True):
            colour = resize(table.take(look), *shape, linear=True)
            plane *= 1 - 0.75 * alpha
            plane += colour

    def heat(self, t: float) -> Plane:
        """How hot each point of the flames' grid is, 0 to 1."""
        u, v, s = self._u, self._v, self._shift
        burn = float(self._rhythm.flicker(t))
        warp = sampled(self._coarse, u * 26 + s, v * 46 - 34 * t) - 0.5
        lean = 0.16 * v * v * float(self._drift(t)) + warp * (0.18 + 0.85 * np.clip(v, 0, 1.2))
        bent = u + lean
        tops = sampled(self._tops, bent * 34 + s, np.full_like(u + v, 4.5 * t))
        top = (0.30 + 0.95 * tops) * burn * np.clip(1.18 - 0.95 * bent * bent, 0.1, 2)
        licks = sampled(self._fine, bent * 30 + 2 * s, v * 58 - 62 * t)
        narrow = bent * (1.0 + 0.22 * smoothstep(0.3, 0.0, v))
        side = np.clip(1.04 - narrow * narrow, 0, 1)
        heat = (1.06 - np.clip(v, 0, 2) / np.maximum(top, 0.08)) * side
        heat += (licks - 0.5) * (0.5 + 0.9 * np.clip(v, 0, 1)) * side
        # No flame reaches the edge of its grid, where it would be cut off straight.
        return (
            np.clip(heat, 0, 1)
            * smoothstep(-0.05, 0.07, v)
            * smoothstep(1.2, 0.8, v)
            * smoothstep(1.45, 1.1, np.abs(u))
        )


def firelight(stage: Stage, x: float, y: float, reach: float, *, strength: float = 0.5) -> Layer:
    """The warm light a fire throws about itself; x, y parts of the canvas, reach of its height."""
    pool = glow(stage.width, stage.height, x * stage.width, y * stage.height, reach * stage.height, flat=0.85)

    def paint(canvas: Canvas, t: float) -> None:
        burn = np.float32(strength * float(stage.rhythm.flicker(t)))
        for plane, tint in zip(canvas, WARM, strict=True):
            plane *= 1 + pool * (1.9 * burn * tint)
            plane += pool * (0.10 * burn * tint)

    return Layer(paint)


def logs(stage: Stage, x: float, base: float, wide: float) -> Layer:
    """Crossed logs with glowing cracks; x, base, wide in canvas pixels."""
    rng = stage.rng("logs")
    k = 2
    body = Image.new("L", (stage.width * k, stage.height * k), 0)
    pen = ImageDraw.Draw(body)
    thick = wide * 0.085
    for along, up, tilt in ((-0.02, 0.0, 0.04), (0.03, 0.13, -0.16), (-0.03, 0.15, 0.2)):
        dx, dy = wide * 0.40, wide * 0.40 * tilt
        cx, cy = x + along * wide, base - thick - up * wide
        r = thick * rng.uniform(0.85, 1.1)
        pen.line(
            [(k * (cx - dx), k * (cy - dy)), (k * (cx + dx), k * (cy + dy))], fill=255, width=int(2 * r * k)
        )
        for end in (-1, 1):
            ex, ey = k * (cx + end * dx), k * (cy + end * dy)
            pen.ellipse([ex - r * k, ey - r * k, ex + r * k, ey + r * k], fill=255)
    mask = resize(np.asarray(body, np.float32) / 255, stage.width, stage.height)
    mask = np.clip(blur(mask, 1.2), 0, 1)
    bark = tile(rng, stage.width, stage.height, grain_x=26 * stage.unit, grain_y=7 * stage.unit, rough=1.0)
    patches = tile(
        rng, stage.width, stage.height, grain_x=50 * stage.unit, grain_y=24 * stage.unit, rough=1.3
    )
    top_lit = np.clip(mask - np.roll(mask, int(5 * stage.unit) + 1, axis=0), 0, 1)
    cracks = smoothstep(0.66, 0.86, bark) * mask * smoothstep(0.44, 0.7, patches)
    ash = np.stack([mask * 0 + v * (0.5 + 0.8 * bark) for v in rgb("2a1d17")])

    def paint(canvas: Canvas, t: float) -> None:
        breath = 0.75 + 0.2 * float(np.sin(0.9 * t)) * float(stage.rhythm.flicker(t))
        cover(canvas, ash, mask)
        lighten(canvas, (1.0, 0.30, 0.06), cracks * np.float32(0.85 * breath) + top_lit * 0.3)

    return Layer(paint)


def hearth(stage: Stage) -> list[Layer]:
    """A brick fireplace seen from the rug, with logs, flames, sparks, and its light in the room."""
    w, h = stage.width, stage.height
    x = 0.5 + stage.rng("hearth").uniform(-0.05, 0.05)
    if stage.story.has("window", "snow", "rain"):
        x = 0.58 + stage.rng("hearth").uniform(0, 0.04)
    base, wide = h * 0.8, min(w * 0.46, h * 0.72)
    flames = Flames(stage, x * w, base - wide * 0.10, wide * 0.62, wide * 0.66)
    return [
        still(_fireplace(stage, x, base, wide)),
        firelight(stage, x, base / h - 0.12, 0.55, strength=0.85),
        logs(stage, x * w, base, wide * 0.86),
        Layer(flames.paint),
        _front_log(stage, x * w, base, wide),
        _bloom(stage, x, base / h - 0.18, 0.3),
        embers(stage, x, base / h - 0.1, 0.12, rise=0.4 * min(1.0, w / h / 1.5)),
    ]


def _bloom(stage: Stage, x: float, y: float, reach: float, strength: float = 0.16) -> Layer:
    pool = glow(stage.width, stage.height, x * stage.width, y * stage.height, reach * stage.height)

    def paint(canvas: Canvas, t: float) -> None:
        lighten(canvas, (1.0, 0.45, 0.14), pool * np.float32(strength * float(stage.rhythm.flicker(t)) ** 2))

    return Layer(paint)


def _front_log(stage: Stage, x: float, base: float, wide: float) -> Layer:
    """One dark log in front, so that the flames stand among the wood."""
    y, r = base - wide * 0.045, wide * 0.05
    xs, ys = stage.xs - np.float32(x), stage.ys - np.float32(y)
    bump = 1.5 * stage.unit * np.sin(xs / (11 * stage.unit))
    mask = smoothstep(r + 1, r - 1.5, np.abs(ys + bump + 0.03 * xs)) * smoothstep(
        wide * 0.36, wide * 0.33, np.abs(xs)
    )
    bark = tile(
        stage.rng("front log"),
        stage.width,
        stage.height,
        grain_x=34 * stage.unit,
        grain_y=6 * stage.unit,
        rough=1.0,
    )
    wood = np.stack([v * (0.5 + 0.9 * bark) for v in rgb("22160f")])
    rim = np.clip(mask - np.roll(mask, int(4 * stage.unit) + 1, axis=0), 0, 1)
    patches = tile(
        stage.rng("coals"),
        stage.width,
        stage.height,
        grain_x=60 * stage.unit,
        grain_y=30 * stage.unit,
        rough=1.3,
    )
    coals = smoothstep(0.6, 0.85, bark) * mask * smoothstep(0.5, 0.75, patches) * 0.6

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, wood, mask)
        lighten(canvas, (1.0, 0.36, 0.08), (rim * 0.7 + coals) * np.float32(stage.rhythm.flicker(t)))

    return Layer(paint)


def _fireplace(stage: Stage, x: float, base: float, wide: float):
    """Wall, bricks, the dark opening and the hearth stone, still unlit."""
    w, h, unit = stage.width, stage.height, stage.unit
    rng = stage.rng("bricks")
    xs, ys = stage.xs, stage.ys
    grain = tile(rng, w, h, grain_x=60 * unit, grain_y=60 * unit, rough=0.6)
    wall = np.stack([v * (0.75 + 0.5 * grain) for v in scaled(rgb("4a3a30"), 0.55)])
    tall_brick, wide_brick = 19 * unit, 46 * unit
    row = np.floor(ys / tall_brick)
    along = (xs + (row % 2) * wide_brick / 2) / wide_brick
    in_x, in_y = np.abs(along % 1 - 0.5) * wide_brick, np.abs(ys / tall_brick % 1 - 0.5) * tall_brick
    joint = smoothstep(wide_brick / 2 - 2.6 * unit, wide_brick / 2 - 0.6 * unit, in_x)
    joint = np.maximum(joint, smoothstep(tall_brick / 2 - 2.6 * unit, tall_brick / 2 - 0.6 * unit, in_y))
    shade = np.sin(np.floor(along) * 12.9898 + row * 78.233) * 43758.5453
    tone = (0.72 + 0.4 * (shade - np.floor(shade))) * (0.7 + 0.6 * grain)
    surround = smoothstep(wide * 0.80, wide * 0.795, np.abs(xs - x * w))
    bricks = np.stack([v * tone * (1 - 0.6 * joint) for v in scaled(rgb("8a4a35"), 0.62)])
    off = np.abs(xs - x * w) / (wide * 0.5)
    arch = base - wide * (0.74 + 0.13 * np.sqrt(np.clip(1 - off**2, 0, 1)))
    inside = (
        smoothstep(1.01, 0.985, off)
        * smoothstep(arch - 1.5, arch + 1.5, ys)
        * smoothstep(base + 1, base - 1, ys)
    )
    soot = smoothstep(base - wide * 0.9, base, ys)
    stone = smoothstep(base - 1, base + 1.5, ys) * smoothstep(base + h * 0.07, base + h * 0.066, ys)
    floor = smoothstep(base + h * 0.066, base + h * 0.07, ys) + 0 * xs
    mantel_y = base - wide * 1.02
    mantel = smoothstep(9 * unit, 7.5 * unit, np.abs(ys - mantel_y)) * smoothstep(
        wide * 0.87, wide * 0.865, np.abs(xs - x * w)
    )
    planks = 0.75 + 0.35 * tile(rng, w, h, grain_x=150 * unit, grain_y=5 * unit, rough=0.7)

    def paint(canvas: Canvas) -> None:
        canvas[:] = wall
        cover(canvas, bricks, surround * smoothstep(mantel_y - 1, mantel_y + 1, ys))
        cover(
            canvas, np.stack([v * (0.35 + 0.65 * soot) * (0.7 + 0.6 * grain) for v in rgb("2b1710")]), inside
        )
        cover(canvas, np.stack([v * (0.7 + 0.5 * grain) for v in rgb("54443a")]), stone)
        cover(
            canvas,
            np.stack([v * planks * (1.1 - 0.5 * (ys - base) / (h - base)) for v in rgb("35221a")]),
            floor,
        )
        cover(
            canvas,
            np.stack([v * planks * (1 - 0.3 * (ys - mantel_y) / (9 * unit)) for v in rgb("51331f")]),
            mantel,
        )
        canvas *= 0.62

    return paint


def campfire(stage: Stage) -> list[Layer]:
    """A camp fire on the ground, in front of whatever night stands behind it."""
    w, h = stage.width, stage.height
    x = 0.5 + stage.rng("campfire").uniform(-0.1, 0.1)
    base, wide = h * 0.86, min(0.42 * w, 0.6 * h)
    flames = Flames(stage, x * w, base - wide * 0.06, wide * 0.56, wide * 0.66)
    return [
        still(_ground(stage, x, base)),
        firelight(stage, x, base / h - 0.02, 0.4, strength=1.0),
        logs(stage, x * w, base, wide * 0.72),
        Layer(flames.paint),
        _front_log(stage, x * w, base + wide * 0.01, wide * 0.8),
        _stones(stage, x * w, base + wide * 0.02, wide * 0.5),
        _bloom(stage, x, base / h - 0.12, 0.26),
        embers(stage, x, base / h - 0.06, 0.12, rise=0.6),
    ]


def _ground(stage: Stage, x: float, base: float):
    """Dark earth that slopes up to the trees."""
    rng = stage.rng("ground")
    grain = tile(rng, stage.width, stage.height, grain_x=30 * stage.unit, grain_y=8 * stage.unit, rough=0.5)
    top = base - stage.height * 0.13
    line = top + stage.height * 0.02 * np.sin(stage.xs / stage.width * 5 + x * 9)
    mask = smoothstep(line - 6, line + 16, stage.ys)
    colour = np.stack([v * (0.55 + 0.8 * grain) for v in mixed(rgb("2a2019"), stage.colours.zenith, 0.25)])

    def paint(canvas: Canvas) -> None:
        cover(canvas, colour, mask)

    return paint


def _stones(stage: Stage, x: float, y: float, reach: float) -> Layer:
    """A ring of stones, lit on the side of the fire."""
    rng = stage.rng("stones")
    mask, light = stage.blank(), stage.blank()
    for angle in np.linspace(0.08 * np.pi, 0.92 * np.pi, 9):
        cx, cy = x + reach * np.cos(angle) * 1.05, y + reach * 0.2 * np.sin(angle)
        r = reach * rng.uniform(0.085, 0.125)
        dx, dy = (stage.xs - cx) / (r * 1.25), (stage.ys - cy) / (r * 0.8)
        shape = smoothstep(1.06, 0.94, np.sqrt(dx * dx + dy * dy))
        toward = -(dx * np.cos(angle) * 0.8 + dy)
        mask = np.maximum(mask, shape)
        light = light * (1 - shape) + shape * np.clip(0.15 + 0.55 * toward, 0, 1)

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, rgb("191312"), mask)
        lighten(canvas, scaled(WARM, 0.5), light * np.float32(stage.rhythm.flicker(t)))

    return Layer(paint)
