"""Woods: tall trees, birches, bamboo, ferns, and the light between the leaves."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import Colour, mixed, ramp, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, dots, resize, sampled, smoothstep, tile


def woods(stage: Stage) -> list[Layer]:
    """The inside of a wood: light between the leaves far back, trunks in rows, ferns on the ground."""
    trunks = [_trunks(stage, k) for k in range(4)]
    return [still(_woodlight(stage)), *trunks[:2], _flutter(stage), *trunks[2:], _undergrowth(stage)]


def _flutter(stage: Stage) -> Layer:
    """Leaves high up that turn in the wind: points of light that come and go with the gusts."""
    rng, c, unit = stage.rng("flutter"), stage.colours, stage.unit
    count = 420
    x, y = rng.uniform(0, stage.width, count), rng.uniform(0, 0.58, count) ** 1.3 * stage.height
    size, depth = rng.uniform(1.2, 3.0, count) * unit, rng.uniform(0.3, 1, count)
    turn, phase = rng.uniform(1.6, 3.8, count), rng.uniform(0, 6.28, count)
    tint = rgb("f0c860") if stage.story.has("birch") else rgb("c8e088")
    colour = scaled(mixed(tint, c.light, 0.3), 0.25 + 0.8 * c.ambient)

    def paint(canvas: Canvas, t: float) -> None:
        gust = float(stage.rhythm.gust(t))
        sway = unit * (3.5 * gust * np.sin(1.1 * t + 0.01 * x / unit) + 1.6 * np.sin(turn * t + phase))
        shine = np.clip(0.45 + 0.55 * np.sin(turn * t + phase), 0, 1) * (0.45 + 0.55 * gust) * depth
        leaves = dots(stage.blank(), x + sway, y + 0.4 * sway, size, 0.5 * shine)
        cover(canvas, colour, np.clip(leaves, 0, 0.8))

    return Layer(paint)


def _woodlight(stage: Stage):
    rng, c, unit = stage.rng("woodlight"), stage.colours, stage.unit
    x, y = stage.xs / stage.width, stage.ys / stage.height
    spot = np.exp(-(((x - rng.uniform(0.38, 0.62)) / 0.34) ** 2) - ((y - 0.4) / 0.38) ** 2)
    coarse = tile(rng, stage.width, stage.height, grain_x=120 * unit, grain_y=90 * unit, rough=0.9)
    count = 2600
    leafy = dots(
        stage.blank(),
        rng.uniform(0, stage.width, count),
        rng.uniform(0, 0.75 * stage.height, count),
        rng.uniform(2, 6, count) * unit,
        rng.uniform(-0.35, 0.5, count),
    )
    autumn = stage.story.has("birch")
    bright = mixed(rgb("c3d98a") if not autumn else rgb("f2cf7a"), c.light, 0.35)
    green, dark = (rgb("5c8a4a"), rgb("16281c")) if not autumn else (rgb("b98a45"), rgb("3a2a1c"))
    level = np.clip(0.85 * spot + 0.42 * (coarse - 0.42) + 0.5 * leafy * (0.25 + spot), 0, 1)
    power = 0.2 + 0.95 * c.ambient
    colours = ramp(
        [
            (0, scaled(mixed(dark, c.zenith, 0.25), power)),
            (0.5, scaled(mixed(green, c.haze, 0.2), power)),
            (1, scaled(mixed(bright, c.horizon, 0.3), power * 1.05)),
        ],
        level,
    )
    fog = np.exp(-(((y - 0.55) / 0.25) ** 2)) * (0.5 if stage.story.has("fog", "rain") else 0.22)
    cover(colours, c.haze, fog)

    def paint(canvas: Canvas) -> None:
        canvas[:] = colours

    return paint


def _bark(stage: Stage, row: int, off: Plane) -> tuple[Colour, Plane]:
    """The colour of the trunks and their markings, by kind of wood."""
    rng, unit = stage.rng(f"bark {row}"), stage.unit
    if stage.story.has("bamboo"):
        joints = np.abs((stage.ys / stage.height * (5.5 - row * 0.8) + 0.37 * np.round(off * 0)) % 1 - 0.5)
        return rgb("6f9a48"), 1.0 - 0.45 * smoothstep(0.02, 0.006, joints) + 0 * off
    if stage.story.has("birch"):
        marks = tile(rng, stage.width, stage.height, grain_x=14 * unit, grain_y=4 * unit, rough=0.8)
        return rgb("d9d6cc"), 1.05 - 0.75 * smoothstep(0.7, 0.78, marks) - 0.2 * (np.abs(off) > 0.75)
    bark = tile(rng, stage.width, stage.height, grain_x=7 * unit, grain_y=60 * unit, rough=0.9)
    return rgb("2a221b"), 0.75 + 0.5 * bark


def _trunks(stage: Stage, row: int) -> Layer:
    rng, c, unit = stage.rng(f"trunks {row}"), stage.colours, stage.unit
    near = row / 3
    count = (15, 10, 6, 3)[row]
    slim = 0.62 if stage.story.has("bamboo", "birch") else 1.0
    ground = 0.66 + 0.1 * row + 0.03 * near
    mask, light, across = stage.blank(), stage.blank(), stage.blank()
    y = stage.ys / stage.height
    for k in range(count):
        x = (k + rng.uniform(0.1, 0.9)) / count * stage.width
        if row == 3 and abs(x / stage.width - 0.5) < 0.22:
            x += stage.width * 0.3 * np.sign(x / stage.width - 0.5 + 1e-3)
        wide = (3.2 + 4.2 * row + 7 * near**2) * unit * rng.uniform(0.7, 1.3) * slim
        bend = rng.normal(0, 10) * unit
        centre = x + bend * np.sin(y * rng.uniform(2, 4) + rng.uniform(0, 6))
        taper = wide * (0.75 + 0.35 * y + 0.5 * np.exp((y - ground) * 22))
        off = (stage.xs - centre) / taper
        soft = 0.8 / wide
        shape = smoothstep(1 + soft, 1 - soft, np.abs(off)) * smoothstep(ground + 0.012, ground - 0.004, y)
        light = light * (1 - shape) + shape * np.clip(0.5 - 0.7 * off * np.sign(stage.width / 2 - x), 0, 1)
        across = across * (1 - shape) + shape * off
        mask = np.maximum(mask, shape)
    colour, marks = _bark(stage, row, across)
    dark = mixed(scaled(colour, 0.3 + 0.75 * c.ambient), c.zenith, 0.2)
    far = mixed(c.haze, rgb("4d6b48"), 0.4)
    base = mixed(scaled(far, 0.25 + 0.8 * c.ambient), dark, 0.25 + 0.75 * near)
    lit = mixed(base, mixed(c.light, rgb("c9b48a"), 0.5), 0.26)
    body = np.stack(
        [(b * (0.8 if slim < 1 else 1) + (a - b) * light) * marks for b, a in zip(base, lit, strict=True)]
    )

    def paint(canvas: Canvas) -> None:
        cover(canvas, body, mask)

    return still(paint)


def _undergrowth(stage: Stage) -> Layer:
    """Mossy ground and ferns that stir."""
    rng, c, unit = stage.rng("undergrowth"), stage.colours, stage.unit
    y = stage.ys / stage.height
    moss = tile(rng, stage.width, stage.height, grain_x=46 * unit, grain_y=16 * unit, rough=0.6)
    ground = smoothstep(0.64, 0.74, y + 0.05 * (moss - 0.5))
    power = 0.25 + 0.85 * c.ambient
    autumn = stage.story.has("birch")
    lit = scaled(mixed(rgb("b5793f") if autumn else rgb("7d9a4c"), c.light, 0.2), power)
    dark = mixed(scaled(rgb("3a2416") if autumn else rgb("17251a"), power), c.zenith, 0.15)
    level = np.clip(1.1 * (moss - 0.3) + 0.25 * np.exp(-(((stage.xs / stage.width - 0.5) / 0.3) ** 2)), 0, 1)
    soil = np.stack([d + (b - d) * level * (1.12 - 0.5 * y) for d, b in zip(dark, lit, strict=True)])
    ferns = _ferns(stage, rng)

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, soil, ground)
        ferns(canvas, t)

    return Layer(paint)


def _ferns(stage: Stage, rng: np.random.Generator):
    """Fern fronds in the lower corners; a function of canvas and time."""
    c, unit = stage.colours, stage.unit
    count, sway = 26, wander(rng, 6)
    root = (
        np.concatenate([rng.uniform(-0.04, 0.36, count // 2), rng.uniform(0.64, 1.04, count - count // 2)])
        * stage.width
    )
    base = stage.height * rng.uniform(0.9, 1.06, count)
    angle, length = rng.uniform(-0.95, 0.95, count), stage.height * rng.uniform(0.14, 0.28, count)
    along = np.linspace(0, 1, 22)
    colour = mixed(scaled(rgb("3d6a35"), 0.25 + 0.8 * c.ambient), c.zenith, 0.1)

    def paint(canvas: Canvas, t: float) -> None:
        lean = angle + 0.05 * float(sway(t)) + 0.03 * np.sin(1.3 * t + root)
        x = root[:, None] + length[:, None] * np.sin(lean)[:, None] * along
        y = base[:, None] - length[:, None] * (
            np.cos(lean)[:, None] * along - 0.35 * np.abs(np.sin(lean))[:, None] * along**2
        )
        wide = length[:, None] * 0.2 * np.sin(np.pi * np.clip(along * 0.9 + 0.1, 0, 1))
        leafs = [
            (
                x + s * k * wide * np.cos(lean)[:, None],
                y + s * k * wide * np.sin(lean)[:, None] + abs(k) * wide * 0.35,
            )
            for s in (-1, 1)
            for k in (0.0, 0.35, 0.7, 1.0)
        ]
        px, py = (np.concatenate([leaf[i].ravel() for leaf in leafs]) for i in (0, 1))
        alpha = dots(stage.blank(), px, py, np.full(px.size, 1.25 * unit), np.full(px.size, 0.5))
        cover(canvas, colour, np.clip(alpha, 0, 0.92))

    return paint


def sunspots(stage: Stage) -> Layer:
    """Dapples of light on the ground that move as the leaves do."""
    rng, unit = stage.rng("dapples"), stage.unit
    small = (max(8, stage.width // 4), max(8, stage.height // 4))
    texture = tile(rng, 512, 256, grain_x=22, grain_y=9, rough=1.1)
    x, y = np.meshgrid(np.arange(small[0], dtype=np.float32), np.arange(small[1], dtype=np.float32))
    ground = smoothstep(0.68, 0.85, y / small[1]) * unit**0

    def paint(canvas: Canvas, t: float) -> None:
        spot = sampled(texture, x + 2.4 * np.float32(np.sin(0.7 * t)), y + 0.8 * np.float32(np.sin(0.9 * t)))
        light = smoothstep(0.6, 0.95, spot) * ground * 0.2
        lighten(canvas, stage.colours.light, resize(light.astype(np.float32), stage.width, stage.height))

    return Layer(paint)
