"""Still and running fresh water: lakes with their mirror, rings of rain, lilies, brooks."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb, scaled
from ltxlib.rehearsal.scenery_water import Waves
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten
from ltxlib.rehearsal.texture import Plane, dots, sampled, smoothstep, tile


def lake(stage: Stage, horizon: float, *, calm: float = 0.35) -> Layer:
    """Still water that mirrors all that is drawn above `horizon`, softly broken by ripples."""
    c, w = stage.colours, stage.width
    top = max(1, int(stage.height * horizon))
    rows = stage.height - top
    waves = Waves(stage, top, count=9, longest_m=5.0, wild=calm)
    down = np.arange(rows, dtype=np.float32)[:, None]
    depth = down / rows
    mirrored = top - 1 - down * np.float32(min(1.0, (top - 2) / rows))
    reach = (14 + 90 * depth) * stage.unit
    tint = scaled(mixed(c.zenith, rgb("0c2a2e"), 0.5), 0.8)
    dark = 0.12 + 0.34 * depth
    columns = np.arange(w, dtype=np.int64)[None, :]

    def paint(canvas: Canvas, t: float) -> None:
        across, along = waves.slope(t)
        source = np.clip(mirrored + along * reach, 0, top - 2)
        row = source.astype(np.int64)
        part = source - row
        column = np.clip(columns + (across * reach * 0.5).astype(np.int64), 0, w - 1)
        at = row * w + column
        glance = np.clip(along, 0, 0.1) * 0.7
        for plane, t_, horizon_ in zip(canvas, tint, c.horizon, strict=True):
            flat = plane[:top].reshape(-1)
            upper = flat.take(at)
            seen = upper + (flat.take(at + w) - upper) * part
            plane[top:] = seen + (t_ - seen) * dark + glance * horizon_

    return Layer(paint)


def rings(stage: Stage, top: float) -> Layer:
    """Rings that raindrops leave on water from `top` (a part of the height) down."""
    ticks = stage.rhythm.ticks
    rng = stage.rng("rings")
    depth = rng.uniform(0.04, 1, len(ticks)) ** 0.7
    y = (top + (1 - top) * depth) * stage.height
    x = (ticks[:, 2] * 0.5 + 0.5) * stage.width
    life = 1.3
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)

    def paint(canvas: Canvas, t: float) -> None:
        age = (t - ticks[:, 0]) / life
        live = np.flatnonzero((age > 0) & (age < 1))
        if not len(live):
            return
        radius = (3 + 34 * age[live] ** 0.7) * (0.25 + 0.75 * depth[live]) * stage.unit
        px = x[live, None] + radius[:, None] * np.cos(angle)
        py = y[live, None] + radius[:, None] * 0.3 * np.sin(angle)
        light = (1 - age[live]) ** 1.5 * 0.11 * (0.4 + 0.6 * depth[live])
        light = light[:, None] * (0.55 - 0.45 * np.sin(angle))
        ring = dots(stage.blank(), px.ravel(), py.ravel(), np.full(px.size, 0.9 * stage.unit), light.ravel())
        lighten(canvas, stage.colours.haze, ring)

    return Layer(paint)


def lilies(stage: Stage, top: float) -> Layer:
    """Lily pads on still water and a closed pink bud, all rocking a little; the near ones large."""
    rng, c, w, h = stage.rng("lilies"), stage.colours, stage.width, stage.height
    power = 0.3 + 0.8 * c.ambient
    pads = []
    for k in range(13):
        depth = float(np.clip((k + rng.uniform(0, 1)) / 13, 0.05, 1))
        side = rng.choice([0.06, 0.2, 0.34, 0.75, 0.9]) + rng.normal(0, 0.05)
        pads.append(
            (
                side * w,
                (top + (0.97 - top) * depth) * h,
                (0.02 + 0.14 * depth**1.3) * h * rng.uniform(0.8, 1.15),
                rng.uniform(0, 6.28),
                rng.uniform(0, 6.28),
            )
        )
    light, dark = scaled(mixed(rgb("86b25a"), c.light, 0.15), power), scaled(rgb("2c4f2c"), power)
    bud = scaled(mixed(rgb("eab3c4"), c.light, 0.2), power + 0.15)

    def paint(canvas: Canvas, t: float) -> None:
        for k, (x, y, r, notch, phase) in enumerate(pads):
            at_y = y + 0.03 * r * np.sin(0.9 * t + phase)
            left, right = max(0, int(x - 1.2 * r)), min(w, int(x + 1.2 * r) + 1)
            upper, lower = max(0, int(at_y - 0.55 * r)), min(h, int(at_y + 0.5 * r) + 1)
            if right <= left or lower <= upper:
                continue
            part = canvas[:, upper:lower, left:right]
            dx = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(r)
            dy = (np.arange(upper, lower, dtype=np.float32)[:, None] - np.float32(at_y)) / np.float32(
                0.36 * r
            )
            away, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
            turn = np.abs((angle - notch + np.pi) % (2 * np.pi) - np.pi)
            pad = smoothstep(1.0, 1 - 4 / max(6.0, r), away) * smoothstep(
                0.10, 0.16, turn + 0.12 * (away < 0.1)
            )
            veins = smoothstep(0.9, 1.0, np.cos(9 * (angle - notch))) * (0.25 + 0.3 * away)
            level = np.clip(
                0.5 - 0.25 * dy - 0.2 * dx + 0.25 * veins - 0.2 * smoothstep(0.8, 1.0, away), 0, 1
            )
            cover(part, np.stack([d + (b - d) * level for d, b in zip(dark, light, strict=True)]), pad)
            if k == 9:
                _bud(canvas, x + 0.5 * r, at_y - 0.34 * r, 0.2 * r, bud)

    return Layer(paint)


def _bud(canvas: Canvas, x: float, y: float, size: float, colour) -> None:
    """A closed lotus bud on its stem."""
    _, h, w = canvas.shape
    left, right = max(0, int(x - size)), min(w, int(x + size) + 1)
    upper, lower = max(0, int(y - 1.7 * size)), min(h, int(y + 1.6 * size) + 1)
    if right <= left or lower <= upper:
        return
    part = canvas[:, upper:lower, left:right]
    dx = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(size)
    dy = (np.arange(upper, lower, dtype=np.float32)[:, None] - np.float32(y)) / np.float32(size)
    stem = (
        smoothstep(0.11, 0.05, np.abs(dx + 0.06 * dy)) * smoothstep(0.7, 0.8, dy) * smoothstep(1.6, 1.3, dy)
    )
    cover(part, (0.22, 0.36, 0.2), stem)
    half = (
        0.62 * np.sqrt(np.clip(1 - ((dy - 0.1) / 1.0) ** 2, 0, 1)) * (0.75 + 0.25 * np.clip(dy + 0.5, 0, 1))
    )
    petal = (
        smoothstep(1.06, 0.9, np.abs(dx) / np.maximum(half, 0.05))
        * smoothstep(-1.0, -0.8, dy)
        * smoothstep(1.12, 1.0, dy)
    )
    level = 0.82 - 0.25 * dx + 0.14 * np.cos(8 * dx / np.maximum(half, 0.1)) - 0.18 * dy
    cover(part, np.stack([v * level for v in colour]), petal)


def brook(stage: Stage, top: float) -> list[Layer]:
    """A brook that comes toward the viewer between mossy stones."""
    rng, c, w, h, unit = stage.rng("brook"), stage.colours, stage.width, stage.height, stage.unit
    first = int(h * top)
    rows = h - first
    down = (np.arange(rows, dtype=np.float32)[:, None] + 1) / rows
    bend = rng.uniform(-0.12, 0.12)
    middle = (0.5 + bend * np.sin(3.4 * down + rng.uniform(0, 6)) * (1 - 0.6 * down)) * w
    half = (0.045 + 0.36 * down**1.25) * w
    ragged = tile(rng, w, rows, grain_x=60 * unit, grain_y=30 * unit, rough=0.8) - 0.5
    off = (stage.xs - middle) / half
    bank = np.abs(off) + 0.5 * ragged
    water = smoothstep(1.03, 0.95, bank) * smoothstep(0.0, 0.08, down)
    meets = smoothstep(0.0, 0.07, down + 0.05 * ragged)
    stones, lit, wake = _boulders(stage, rng, first, middle, half)
    away = 1 / (down + 0.16)
    flow_x, flow_y = off * 40 + 24 * ragged, away * 105
    streaks = tile(rng, 512, 1024, grain_x=9, grain_y=46, rough=0.9)
    ripples = tile(rng, 512, 512, grain_x=30, grain_y=22, rough=1.0)
    power = 0.25 + 0.8 * c.ambient
    sky_tone = mixed(scaled(rgb("b9cbb6"), power), c.horizon, 0.5)
    deep = mixed(scaled(rgb("1f342f"), power), c.zenith, 0.2)
    bed = mixed(deep, scaled(rgb("6a5a3c"), power), 0.4)
    white = mixed(scaled(rgb("f4f8f6"), 0.3 + 0.75 * c.ambient), c.horizon, 0.15)
    shore = np.exp(-(((bank - 1) / 0.07) ** 2)) * 0.5
    moss = _bank(stage, rng, first)
    far = 0.5 * np.exp(-down * 9) * meets

    def paint(canvas: Canvas, t: float) -> None:
        part = canvas[:, first:]
        rush = sampled(streaks, flow_x, flow_y + np.float32(66 * t))
        swell = sampled(ripples, flow_x * 0.9 + 4 * rush, flow_y * 0.9 + np.float32(44 * t))
        mirror = np.clip(0.28 + 1.15 * (swell - 0.45) + 0.4 * (1 - down), 0, 1)
        foam = smoothstep(0.62, 0.9, rush + 0.55 * wake + 0.35 * shore - 0.12)
        for plane, d, b, s, f, m in zip(part, deep, bed, sky_tone, white, moss, strict=True):
            plane += (m - plane) * meets
            wet = d + (b - d) * (0.3 * rush + 0.25 * shore)
            wet = wet + (s - wet) * mirror * 0.62
            wet += (f - wet) * foam * 0.72
            plane += (wet - plane) * water
        cover(part, lit, stones)
        cover(part, c.haze, far)

    return [Layer(paint)]


def _bank(stage: Stage, rng: np.random.Generator, first: int) -> Canvas:
    """Moss and leaves on both sides."""
    c, rows, unit = stage.colours, stage.height - first, stage.unit
    y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    soft = tile(rng, stage.width, rows, grain_x=110 * unit, grain_y=40 * unit, rough=0.9)
    fine = tile(rng, 1024, 512, grain_x=12, grain_y=7, rough=0.5)
    away = 1 / (y + 0.2)
    tufts = sampled(fine, (stage.xs - stage.width / 2) * away * 0.55 + 300, away * 260 + 0 * stage.xs)
    tufts = 0.55 * soft + 0.45 * tufts
    power = 0.25 + 0.8 * c.ambient
    low = mixed(scaled(rgb("1c2a1b"), power), c.zenith, 0.12)
    high = scaled(mixed(rgb("76934a"), c.light, 0.15), power)
    level = smoothstep(0.2, 0.95, tufts) * (0.9 - 0.45 * y)
    return np.stack([d + (b - d) * level for d, b in zip(low, high, strict=True)]).astype(np.float32)


def _boulders(stage: Stage, rng: np.random.Generator, first: int, middle: Plane, half: Plane):
    """Stones in and beside the brook: their mask, their colours, and the white water below them."""
    c, w, unit = stage.colours, stage.width, stage.unit
    rows = stage.height - first
    mask, wake = np.zeros((rows, w), np.float32), np.zeros((rows, w), np.float32)
    light = np.zeros((rows, w), np.float32)
    ys = np.arange(rows, dtype=np.float32)[:, None]
    places = np.sort(rng.uniform(0.06, 1.02, 34))
    for part in places:
        row = min(rows - 1, int(part * rows))
        side = rng.choice([-1, 1]) * (
            rng.uniform(0.75, 1.35) if rng.random() < 0.72 else rng.uniform(0.1, 0.7)
        )
        x = float(middle[row, 0] + side * half[row, 0])
        r = (6 + 46 * part**1.2) * unit * rng.uniform(0.5, 1.15)
        dx, dy = (stage.xs - x) / r, (ys - part * rows) / (r * rng.uniform(0.5, 0.68))
        lump = 1 + 0.1 * np.sin(3 * np.arctan2(dy, dx) + x) + 0.05 * np.sin(5 * np.arctan2(dy, dx) + 2 * x)
        shape = smoothstep(1.05, 0.97, np.sqrt(dx * dx + dy * dy) * lump)
        light = light * (1 - shape) + shape * np.clip(0.45 - 0.55 * dy + 0.1 * dx, 0.02, 1)
        mask = np.maximum(mask, shape)
        wake = np.maximum(wake, np.exp(-((dx / 1.15) ** 2) - ((dy - 1.0) / 0.75) ** 2))
    grain = tile(rng, w, rows, grain_x=24 * unit, grain_y=16 * unit, rough=0.5)
    power = 0.28 + 0.8 * c.ambient
    dark, pale = (
        mixed(scaled(rgb("23262a"), power), c.zenith, 0.2),
        mixed(scaled(rgb("9a9c94"), power), c.horizon, 0.2),
    )
    moss = scaled(rgb("6d8a45"), power)
    level = light * (0.6 + 0.75 * grain)
    body = np.stack([d + (p - d) * level for d, p in zip(dark, pale, strict=True)])
    cover(body, moss, smoothstep(0.45, 0.8, light + 0.5 * (grain - 0.5)) * 0.7)
    return mask, body.astype(np.float32), wake
