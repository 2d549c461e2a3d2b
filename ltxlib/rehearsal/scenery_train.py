"""The view from a train: land that glides by in layers, the far ones slowly."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb, scaled
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten
from ltxlib.rehearsal.texture import dots, smoothstep

NEAREST_PACE = 150.0


def passing(stage: Stage, horizon: float) -> list[Layer]:
    """Hills and woods in four depths that move past from right to left, and at night a few far lights."""
    layers = [_row(stage, horizon, k) for k in range(4)]
    if stage.story.time in {"night", "dusk"}:
        layers.insert(3, _lights(stage, horizon))
    return layers


def _row(stage: Stage, horizon: float, k: int) -> Layer:
    rng, c = stage.rng(f"passing {k}"), stage.colours
    near = k / 3
    period = stage.width * 2
    octaves = np.arange(1, 7 + 8 * k)
    height = rng.normal(0, 1, len(octaves)) / octaves ** (1.25 - 0.25 * near)
    phase = rng.uniform(0, 6.28, len(octaves))
    at = np.arange(period) / period * 2 * np.pi
    outline = np.sum(height[:, None] * np.sin(octaves[:, None] * at + phase[:, None]), axis=0)
    outline = outline / max(1e-6, np.abs(outline).max())
    line = ((horizon + 0.03 + 0.10 * k - (0.10 - 0.015 * k) * outline) * stage.height).astype(np.float32)
    pace = NEAREST_PACE * stage.unit * (0.06 + 0.94 * near**1.8)
    land = mixed(scaled(rgb("2b4433"), 0.3 + 0.75 * c.ambient), c.zenith, 0.3)
    colour = mixed(mixed(c.haze, c.horizon, 0.3), land, 0.2 + 0.75 * near)
    soft = 1.0 + 5 * near
    columns = np.arange(stage.width)

    def paint(canvas: Canvas, t: float) -> None:
        gone = pace * t
        first = int(gone)
        part = np.float32(gone - first)
        here = line[(columns + first) % period] * (1 - part) + line[(columns + first + 1) % period] * part
        below = stage.ys - here[None, :]
        body = 1 - 0.3 * np.clip(below / (0.3 * stage.height), 0, 1)
        mask = smoothstep(-soft, soft, below)
        for plane, value in zip(canvas, colour, strict=True):
            plane += (np.float32(value) * body - plane) * mask

    return Layer(paint)


def _lights(stage: Stage, horizon: float) -> Layer:
    """The windows of far houses."""
    rng = stage.rng("passing lights")
    count = 16
    x0, depth = rng.uniform(0, 1.3, count) * stage.width, rng.uniform(0, 1, count)
    y = (horizon + 0.1 + 0.12 * depth) * stage.height
    pace = NEAREST_PACE * stage.unit * (0.2 + 0.3 * depth)
    size = (1.1 + 1.5 * depth) * stage.unit

    def paint(canvas: Canvas, t: float) -> None:
        x = (x0 - pace * t) % (stage.width * 1.3) - 0.15 * stage.width
        light = dots(stage.blank(), x, y, size, np.full(count, 0.9)) + dots(
            stage.blank(), x, y, size * 4, np.full(count, 0.14)
        )
        lighten(canvas, rgb("ffc27a"), light)

    return Layer(paint)


def night_veil(stage: Stage) -> Layer:
    """The dimness of the carriage on the pane."""
    edge = np.maximum(np.abs(stage.xs / stage.width - 0.5), np.abs(stage.ys / stage.height - 0.5)) * 2
    veil = (0.5 * edge**4).astype(np.float32)

    def paint(canvas: Canvas, t: float) -> None:
        cover(canvas, rgb("0a0807"), veil)

    return Layer(paint)
