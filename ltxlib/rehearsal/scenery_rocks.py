"""Rocks at the edge of the sea, wet and dark, with white water that comes and goes around them."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb, scaled
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover
from ltxlib.rehearsal.texture import Plane, sampled, smoothstep, tile


def rocks(stage: Stage) -> Layer:
    """A few rocks in the lower corners; the swell that is heard lifts the foam around them."""
    rng, c, w, h, unit = stage.rng("rocks"), stage.colours, stage.width, stage.height, stage.unit
    mask, light, foam = stage.blank(), stage.blank(), stage.blank()
    rough = tile(rng, w, h, grain_x=60 * unit, grain_y=40 * unit, rough=1.0) - 0.5
    for x, y, size in _places(rng):
        dx = (stage.xs / h - x * w / h) / size
        dy = (stage.ys / h - y) / (size * 0.62)
        round_ = (
            np.sqrt(np.abs(dx) ** 2.3 + np.abs(np.where(dy < 0, dy, dy * 0.8)) ** 1.9 + 1e-6) + 0.55 * rough
        )
        above = smoothstep(0.32, 0.24, dy + 0.25 * rough + 0.05 * np.sin(9 * dx))
        shape = smoothstep(1.0 + 0.012 / size, 1.0 - 0.012 / size, round_) * above
        light = light * (1 - shape) + shape * np.clip(0.55 - 0.75 * dy - 0.2 * np.abs(dx), 0, 1)
        mask = np.maximum(mask, shape)
        ring = np.sqrt((dx / 1.16) ** 2 + ((dy - 0.26) / 0.34) ** 2)
        foam = np.maximum(foam, np.exp(-(((ring - 1.0) / 0.30) ** 2)) * smoothstep(-0.1, 0.25, dy))
    body = _stone(stage, light, rough)
    lace = tile(rng, 768, 512, grain_x=34 * unit, grain_y=14 * unit, rough=0.75)
    white = mixed(c.haze, mixed(c.light, rgb("ffffff"), 0.5), 0.4 + 0.5 * c.ambient)
    xs, ys = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    first = int(0.55 * h)

    def paint(canvas: Canvas, t: float) -> None:
        swell = float(stage.rhythm.swell(t))
        part = canvas[:, first:]
        threads = 1 - np.abs(
            2 * sampled(lace, xs[first:] + 5 * np.float32(t), ys[first:] - 9 * np.float32(swell)) - 1
        )
        level = foam[first:] * smoothstep(0.84 - 0.5 * (0.35 + 0.65 * swell) * foam[first:], 1.02, threads)
        cover(part, white, np.clip(level * (0.45 + 0.5 * swell), 0, 0.9))
        cover(part, body[:, first:], mask[first:])

    return Layer(paint)


def _places(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Middle (parts of the canvas) and size (part of the height) of each rock, the farther ones first."""
    made = []
    for side in (0.10, 0.90):
        for step in range(4):
            x = side + rng.normal(0, 0.085)
            y = 0.75 + 0.065 * step + rng.uniform(-0.02, 0.02)
            made.append((x, y, 0.05 + 0.42 * max(0.0, y - 0.72) * rng.uniform(0.7, 1.1)))
    made.append((0.5 + rng.uniform(-0.2, 0.2), rng.uniform(0.70, 0.74), rng.uniform(0.028, 0.04)))
    return sorted(made, key=lambda place: place[1])


def _stone(stage: Stage, light: Plane, rough: Plane) -> Canvas:
    """Dark wet stone, lit from above and glossy where it is smooth."""
    c = stage.colours
    k = max(1, round(2 * stage.unit))
    facet = np.clip((rough - np.roll(rough, (k, -k), axis=(0, 1))) * 6 / k * stage.unit, -0.5, 0.5)
    dark = mixed(scaled(rgb("15181b"), 0.5 + 0.8 * c.ambient), c.zenith, 0.3)
    pale = mixed(scaled(rgb("4a5258"), 0.35 + 0.8 * c.ambient), c.horizon, 0.22)
    level = np.clip(light * light * (0.75 + 0.7 * facet), 0, 1)
    gloss = smoothstep(0.7, 1.15, light + 0.5 * facet) * (0.06 + 0.16 * np.clip(facet, 0, 1))
    return np.stack([d + (p - d) * level + gloss * v for d, p, v in zip(dark, pale, c.light, strict=True)])
