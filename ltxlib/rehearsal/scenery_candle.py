"""Candles: wax that glows from within, a flame that leans in the draught, and their sheen on a table."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import rgb
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten
from ltxlib.rehearsal.texture import glow, smoothstep

# The flame's colours from its foot up: (part of its height, colour, brightness).
FLAME_STOPS = (
    (0.0, rgb("4a6cff"), 0.35),
    (0.16, rgb("ff9a3a"), 0.95),
    (0.5, rgb("ffd27a"), 1.25),
    (1.0, rgb("ff9c46"), 0.8),
)


class Candle:
    """One candle with its flame; x, base, tall in parts of width, height and height."""

    def __init__(
        self,
        stage: Stage,
        x: float,
        base: float,
        tall: float,
        *,
        name: str,
        wide: float = 0.26,
        halo: float = 1.0,
    ) -> None:
        self._stage = stage
        rng = stage.rng(f"candle {name}")
        h = stage.height
        self._x, self._wick = x * stage.width, (base - tall) * h
        self._sway, self._bob = wander(rng, 3.2, 5), wander(rng, 1.9, 4)
        self._size = max(5.0, min(tall, 0.34) * h * 0.30) if tall > 0.12 else max(4.0, 0.05 * h)
        half = tall * h * wide
        off = (stage.xs - self._x) / half
        rim = 0.10 * half * np.sqrt(np.clip(1 - off**2, 0, 1))
        body = smoothstep(1.0 + 1 / half, 1.0 - 1 / half, np.abs(off))
        foot = smoothstep(base * h + rim + 1, base * h + rim - 1, stage.ys)
        self._mask = body * smoothstep(self._wick - rim - 1, self._wick - rim + 1, stage.ys) * foot
        down = np.clip((stage.ys - self._wick) / (tall * h), 0, 1)
        through = np.exp(-down * 3.4) * (1.05 - 0.35 * off**2)
        roundness = np.sqrt(np.clip(1 - off**2 * 0.92, 0, 1))
        self._wax = [
            0.16 * v * roundness + 0.92 * g * through
            for v, g in zip(rgb("d8c4a4"), rgb("ff9c4e"), strict=True)
        ]
        pool = smoothstep(1.0, 0.8, np.hypot(off, (stage.ys - self._wick) / np.maximum(0.10 * half, 1)))
        self._pool = pool * 0.5
        self._halo = (
            0.42 * halo * glow(stage.width, h, self._x, self._wick - 0.6 * self._size, 0.16 * h * halo)
        )
        self._halo += 0.10 * halo * glow(stage.width, h, self._x, self._wick, 0.55 * h)

    def paint(self, canvas: Canvas, t: float) -> None:
        """Draws candle, flame and halo."""
        burn = 1 + 0.05 * float(self._bob(t)) + 0.9 * (float(self._stage.rhythm.flicker(t)) - 1)
        cover(canvas, np.stack([w * np.float32(0.9 + 0.1 * burn) for w in self._wax]), self._mask)
        lighten(canvas, rgb("ffb46a"), self._pool)
        lighten(canvas, rgb("ff8a3c"), self._halo * np.float32(burn))
        self._flame(canvas, burn, 0.1 * float(self._sway(t)))

    def _flame(self, canvas: Canvas, burn: float, lean: float) -> None:
        tall = self._size * (0.92 + 0.25 * (burn - 1))
        left, right = int(self._x - tall * 0.7), int(self._x + tall * 0.7) + 1
        top, bottom = int(self._wick - tall * 1.35), int(self._wick + tall * 0.12) + 1
        left, top = max(0, left), max(0, top)
        part = canvas[:, top:bottom, left:right]
        if not part.size:
            return
        x = np.arange(left, left + part.shape[2], dtype=np.float32)[None, :]
        y = np.arange(top, top + part.shape[1], dtype=np.float32)[:, None]
        v = (np.float32(self._wick) - y) / np.float32(tall)
        u = (x - np.float32(self._x)) / np.float32(tall) - np.float32(lean) * v * v
        inside = np.clip(v, 0, 1)
        half = 0.155 * np.sqrt(inside + 1e-4) * (1 - inside) ** 0.62 * 1.75
        body = (
            smoothstep(1.12, 0.55, np.abs(u) / np.maximum(half, 0.012))
            * smoothstep(1.0, 0.9, v)
            * smoothstep(-0.04, 0.05, v)
        )
        heights = [s[0] for s in FLAME_STOPS]
        for i, plane in enumerate(part):
            tint = np.interp(inside[:, 0], heights, [s[1][i] * s[2] for s in FLAME_STOPS]).astype(np.float32)
            plane += body * (tint[:, None] * np.float32(1.15 * burn) - plane * 0.85)


def candles(stage: Stage, table: float) -> list[Layer]:
    """Three or more candles of several heights on a table, with their sheen on the wood."""
    rng = stage.rng("candles")
    spots = [
        (0.5 + rng.uniform(-0.06, 0.06), 0.30, 0.09),
        (0.33 + rng.uniform(-0.05, 0.03), 0.19, 0.05),
        (0.66 + rng.uniform(-0.03, 0.05), 0.22, 0.04),
        (0.8 + rng.uniform(-0.02, 0.04), 0.11, 0.11),
    ]
    if stage.story.has("single candle"):
        spots = [(0.5 + rng.uniform(-0.08, 0.08), 0.34, 0.1)]
    made = [_sheen(stage, [x for x, _, _ in spots], table)]
    for k, (x, tall, lower) in enumerate(sorted(spots, key=lambda s: s[2])):
        wide = 0.2 if tall > 0.15 else 0.42
        made.append(Layer(Candle(stage, x, table + lower, tall, name=str(k), wide=wide).paint))
    return made


def _sheen(stage: Stage, places: list[float], table: float) -> Layer:
    """The lights' reflection on the table."""
    w, h = stage.width, stage.height
    down = np.clip(stage.ys / h - table, 0, 1)
    light = sum(np.exp(-(((stage.xs / w - x) / (0.035 + 0.1 * down)) ** 2)) for x in places)
    light = (light * np.exp(-down * 5) * smoothstep(0, 0.02, down)).astype(np.float32)

    def paint(canvas: Canvas, t: float) -> None:
        lighten(canvas, rgb("ff9448"), light * np.float32(0.3 * float(stage.rhythm.flicker(t))))

    return Layer(paint)
