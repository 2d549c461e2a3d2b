"""Falling and deep water: a waterfall with its pool, and the light under the sea."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, ramp, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_brook import lake
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import dots, resize, sampled, smoothstep, tile


def waterfall(stage: Stage) -> list[Layer]:
    """A tall fall between dark cliffs into a pool, with spray drifting at its foot."""
    rng, c, w, h = stage.rng("waterfall"), stage.colours, stage.width, stage.height
    foot = int(h * 0.74)
    x = stage.xs / w
    y = np.arange(foot, dtype=np.float32)[:, None] / foot
    middle = 0.5 + rng.uniform(-0.08, 0.08)
    wide = 0.085 + 0.035 * y + 0.012 * np.sin(9 * y + rng.uniform(0, 6))
    off = (x - middle - 0.01 * np.sin(5 * y)) / wide
    strands = tile(rng, 1024, 1024, grain_x=26, grain_y=150, rough=0.75)
    fine = tile(rng, 1024, 1024, grain_x=9, grain_y=70, rough=0.7)
    fall_x, fall_y = off * 60 + 400, 620 * np.sqrt(y + 0.02)
    body = smoothstep(1.1, 0.62, np.abs(off)) * smoothstep(0.0, 0.03, y + 0.02)
    power = 0.3 + 0.75 * c.ambient
    white, blue = (
        mixed(scaled(rgb("f6fafb"), power), c.horizon, 0.12),
        mixed(scaled(rgb("5f8790"), power), c.zenith, 0.2),
    )
    sway = wander(rng, 7)

    def paint(canvas: Canvas, t: float) -> None:
        part = canvas[:, :foot]
        drop = np.float32(330 * t)
        thick = sampled(strands, fall_x + 3 * float(sway(t)), fall_y - drop)
        thin = sampled(fine, fall_x * 2.2, fall_y * 1.3 - 1.25 * drop)
        veil = np.clip(0.18 + 1.25 * (0.62 * thick + 0.38 * thin), 0, 1)
        alpha = body * smoothstep(0.22, 0.62, thick + 0.4 * (1 - np.abs(off)))
        for plane, b, f in zip(part, blue, white, strict=True):
            plane += (b + (f - b) * veil * veil - plane) * (alpha * 0.94)

    return [still(_cliffs(stage, middle, 0.1)), Layer(paint), *_pool(stage, foot, middle)]


def _cliffs(stage: Stage, middle: float, gap: float):
    """Wet rock walls in the shade, mossy ledges, and the light of the open sky above the fall."""
    rng, c, unit = stage.rng("cliffs"), stage.colours, stage.unit
    x, y = stage.xs / stage.width, stage.ys / stage.height
    slabs = tile(rng, stage.width, stage.height, grain_x=60 * unit, grain_y=170 * unit, rough=0.8)
    ledges = tile(rng, stage.width, stage.height, grain_x=150 * unit, grain_y=34 * unit, rough=0.85)
    k = max(1, round(2 * unit))
    facet = np.clip(0.5 + (slabs - np.roll(slabs, k, axis=1)) * 9 / k * unit, 0, 1)
    top_lit = np.clip((ledges - np.roll(ledges, k, axis=0)) * 16 / k * unit, 0, 1)
    power = 0.3 + 0.75 * c.ambient
    dark, pale = (
        mixed(scaled(rgb("0d1416"), power), c.zenith, 0.15),
        scaled(mixed(rgb("5d6664"), c.haze, 0.25), power),
    )
    away = np.abs(x - middle)
    depth = smoothstep(0.02, 0.42, away) * 0.5 + 0.35
    body = np.stack([d + (p - d) * (0.15 + 0.7 * facet) * depth for d, p in zip(dark, pale, strict=True)])
    cover(
        body,
        scaled(mixed(rgb("4f7038"), c.light, 0.12), power),
        smoothstep(0.05, 0.6, top_lit) * (0.25 + 0.6 * depth),
    )
    leafy = tile(rng, stage.width, stage.height, grain_x=16 * unit, grain_y=13 * unit, rough=0.5)
    trees = smoothstep(0.10, -0.02, y - 0.34 * np.clip(away - gap * 0.7, 0, 1) ** 0.7 + 0.10 * (leafy - 0.5))
    wood = np.stack([(0.3 + 0.9 * leafy) * v for v in scaled(mixed(rgb("3d5f34"), c.zenith, 0.2), power)])
    cover(body, wood, trees * smoothstep(gap * 0.5, gap * 1.2, away))
    notch = smoothstep(0.09, 0.0, y + 1.3 * np.clip(away - gap * 0.9, 0, 1))
    shade = 0.55 + 0.6 * smoothstep(0.9, 0.0, y)

    def paint(canvas: Canvas) -> None:
        canvas[:] = body * shade
        cover(canvas, mixed(c.horizon, c.light, 0.4), notch * 0.85)

    return paint


def _pool(stage: Stage, foot: int, middle: float) -> list[Layer]:
    """The pool below a fall, mirroring it, and the spray above."""
    rng, c, w, h = stage.rng("pool"), stage.colours, stage.width, stage.height
    small = (max(8, w // 4), max(8, h // 4))
    puffs = tile(rng, 256, 256, grain_x=60, grain_y=44, rough=1.0)
    x = np.linspace(0, 1, small[0], dtype=np.float32)[None, :]
    y = np.linspace(0, 1, small[1], dtype=np.float32)[:, None]
    cloud = np.exp(-(((x - middle) / 0.2) ** 2) - ((y - foot / h + 0.02) / 0.075) ** 2)
    cloud += 0.35 * np.exp(-(((x - middle) / 0.4) ** 2) - ((y - foot / h + 0.1) / 0.16) ** 2)
    gx, gy = np.meshgrid(np.arange(small[0], dtype=np.float32), np.arange(small[1], dtype=np.float32))
    white = mixed(scaled(rgb("f2f7f8"), 0.3 + 0.75 * c.ambient), c.horizon, 0.2)

    def spray(canvas: Canvas, t: float) -> None:
        puff = sampled(puffs, gx + 40 + 5 * (x - middle) * np.float32(t), gy + np.float32(9 * t))
        alpha = np.clip(cloud * smoothstep(0.15, 0.8, puff) * 0.95, 0, 0.9)
        cover(canvas, white, resize(alpha.astype(np.float32), w, h))

    return [lake(stage, foot / h, calm=0.9), Layer(spray)]


def underwater(stage: Stage) -> list[Layer]:
    """Under the surface: blue depth, beams of light, a web of light above, weed that sways."""
    rng, w, h = stage.rng("deep"), stage.width, stage.height
    y = np.linspace(0, 1, h, dtype=np.float32)
    base = np.repeat(
        ramp([(0, rgb("7fd3dc")), (0.22, rgb("2f93b4")), (0.6, rgb("125a86")), (1, rgb("07263f"))], y)[
            :, :, None
        ],
        w,
        axis=2,
    )
    if stage.story.time == "night":
        base = base * np.array([0.35, 0.42, 0.6], np.float32)[:, None, None]
    small = (max(8, w // 3), max(8, h // 3))
    web = tile(rng, 512, 512, grain_x=60, grain_y=60, rough=1.3)
    sy = np.linspace(0, 1, small[1], dtype=np.float32)[:, None]
    sx = np.linspace(-1, 1, small[0], dtype=np.float32)[None, :] * (w / h)
    away = 1 / (sy * 2.2 + 0.16)
    web_x, web_y = sx * away * 40, away * 60 + 0 * sx
    ceiling = smoothstep(0.34, 0.0, sy)

    def surface(canvas: Canvas, t: float) -> None:
        one = sampled(web, web_x + 7 * np.float32(t), web_y)
        two = sampled(web, web_x - 5 * np.float32(t) + 90, web_y + 6 * np.float32(t))
        light = np.clip(1 - np.abs(one - two) * 6, 0, 1) ** 2 * ceiling * 0.5
        lighten(canvas, rgb("d8fbff"), resize(light.astype(np.float32), w, h))

    def ground(canvas: Canvas) -> None:
        canvas[:] = base

    return [still(ground), Layer(surface), _weed(stage, 0.5, 0.25), _weed(stage, 1.0, 0.0)]


def _weed(stage: Stage, near: float, lift: float) -> Layer:
    """Ribbons of kelp from below."""
    rng = stage.rng(f"weed {near}")
    count = 16
    root = rng.uniform(-0.02, 1.02, count) * stage.width
    root = np.where(np.abs(root / stage.width - 0.5) < 0.16 * near, root + 0.3 * stage.width, root)
    tall = stage.height * rng.uniform(0.25, 0.62, count) * (0.6 + 0.45 * near)
    phase = rng.uniform(0, 6.28, count)
    along = np.linspace(0, 1, 60)
    wide = (
        (3.0 + 3.5 * near)
        * stage.unit
        * np.sin(np.pi * (0.12 + 0.86 * along)) ** 0.7
        * (0.8 + 0.2 * np.sin(40 * along))
    )
    colour = mixed(rgb("0c3b3a"), rgb("1c7f9a"), 0.55 * (1 - near))
    if stage.story.time == "night":
        colour = scaled(colour, 0.4)

    def paint(canvas: Canvas, t: float) -> None:
        sway = (
            np.sin(0.7 * t + phase[:, None] + 2.6 * along) * 0.13
            + np.sin(0.31 * t + 0.01 * root)[:, None] * 0.12
        )
        x = root[:, None] + sway * along**1.2 * tall[:, None]
        y = stage.height * (1.02 + 0 * lift) - tall[:, None] * along + 0 * x
        mask = dots(
            stage.blank(), x.ravel(), y.ravel(), np.tile(np.maximum(wide, 0.6), count), np.full(x.size, 0.5)
        )
        cover(canvas, colour, np.clip(mask, 0, 0.9) * (0.55 + 0.4 * near))

    return Layer(paint)
