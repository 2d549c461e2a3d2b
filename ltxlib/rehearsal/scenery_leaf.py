"""One broad leaf in slow rain, seen from very near."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb, scaled
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import blur, dots, smoothstep, tile


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
