"""Rain on a pane: resting drops that show the world upside down, and running ones that wipe a trail."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.palette import mixed, rgb
from ltxlib.rehearsal.stage import Canvas, Stage, cover
from ltxlib.rehearsal.texture import Plane, dots, smoothstep, tile


class Drops:
    """Rain on a pane: resting drops that show the world upside down, and running ones that wipe a trail."""

    def __init__(self, stage: Stage, *, many: float = 1.0, fogged: float = 0.3, gain: float = 0.0) -> None:
        self._stage = stage
        rng = stage.rng("drops")
        self._rng_look = stage.rng("drop shapes")
        unit, w, h = stage.unit, stage.width, stage.height
        self._look = np.arange(w * h, dtype=np.int64).reshape(h, w)
        self._alpha, self._shade, self._spark = stage.blank(), np.ones((h, w), np.float32), stage.blank()
        sizes = np.sort(np.clip(rng.pareto(1.9, int(820 * many)) * 1.5 + 1.1, 1.1, 10.5))[::-1] * unit
        for radius in sizes:
            self._rest(rng.uniform(0, w), rng.uniform(0, h), float(radius))
        small = int(5200 * many)
        beads = dots(
            stage.blank(),
            rng.uniform(0, w, small),
            rng.uniform(0, h, small),
            rng.uniform(0.5, 0.95, small) * unit,
            rng.uniform(0.1, 0.5, small),
        )
        self._beads = np.clip(beads, 0, 0.6) * (1 - self._alpha)
        self._runs = _runs(stage, rng)
        clouded = tile(rng, w, h, grain_x=160 * unit, grain_y=160 * unit, rough=1.2)
        edge = np.maximum(np.abs(stage.xs / w - 0.5), np.abs(stage.ys / h - 0.5)) * 2
        dark = stage.colours.ambient < 0.45
        self._gain = np.float32(gain or {"night": 1.75, "dusk": 1.6}.get(stage.story.time, 1.0))
        self._fog = np.clip(
            (0.5 if dark else 1.0) * fogged * (0.55 + 0.6 * clouded + 0.5 * edge**3), 0, 0.8
        ).astype(np.float32)

    def _rest(self, x: float, y: float, radius: float) -> None:
        """Sets one resting drop: what it shows, its soft edge, its dark and bright sides."""
        w, h = self._stage.width, self._stage.height
        tall = radius * self._rng_look.uniform(1.0, 1.3)
        left, top = max(0, int(x - radius) - 1), max(0, int(y - tall) - 1)
        right, bottom = min(w, int(x + radius) + 2), min(h, int(y + tall) + 2)
        if right <= left or bottom <= top:
            return
        px = np.arange(left, right, dtype=np.float32)[None, :]
        py = np.arange(top, bottom, dtype=np.float32)[:, None]
        dx, dy = (px - np.float32(x)) / np.float32(radius), (py - np.float32(y)) / np.float32(tall)
        wobble = 1 + 0.09 * np.sin(3 * np.arctan2(dy, dx) + x)
        away = np.sqrt(dx * dx + dy * dy) * wobble
        here = (slice(top, bottom), slice(left, right))
        soft = min(0.5, 0.8 / radius)
        shape = smoothstep(1 + soft, 1 - soft, away)
        inside = shape > self._alpha[here]
        self._alpha[here] = np.where(inside, shape, self._alpha[here])
        bulge = 1 + 1.2 * away**2
        sx = np.clip(px - dx * bulge * w * 0.2, 0, w - 1).astype(np.int64)
        sy = np.clip(py - dy * bulge * h * 0.33, 0, h - 1).astype(np.int64)
        self._look[here] = np.where(inside, sy * w + sx, self._look[here])
        shade = 0.95 + 0.30 * dy - 0.55 * smoothstep(0.62, 1.05, away) * (0.75 - 0.45 * dy)
        self._shade[here] = np.where(inside, shade, self._shade[here])
        glint = np.exp(-(((dx + 0.34) ** 2 + (dy + 0.42) ** 2) / 0.035)) * min(1.0, radius / 3)
        self._spark[here] = np.where(inside, 0.55 * glint, self._spark[here])

    def paint(self, canvas: Canvas, t: float) -> None:
        """Lays pane, fog and drops over what is outside."""
        stage = self._stage
        c = stage.colours
        clear = canvas.copy()
        veil = mixed(mixed(c.haze, c.horizon, 0.4), rgb("8a5a3a"), 0.25 if c.ambient < 0.45 else 0.0)
        wiped, heads = self._trails(t)
        cover(canvas, veil, self._fog * (1 - 0.85 * wiped))
        rest = self._alpha * (1 - wiped)
        beads = self._beads * (1 - wiped)
        for plane, source, light in zip(canvas, clear, c.light, strict=True):
            seen = source.reshape(-1).take(self._look)
            seen *= self._shade * self._gain
            seen += self._spark * np.float32(0.35 + 0.65 * light * c.ambient)
            plane += (seen - plane) * rest
            plane += beads * (0.16 * light * (0.35 + c.ambient))
        for x, y, radius in heads:
            self._head(canvas, clear, x, y, radius)

    def _trails(self, t: float) -> tuple[Plane, list[tuple[float, float, float]]]:
        """Where running drops have wiped the pane, and where their heads are."""
        wiped, heads = self._stage.blank(), []
        xs, ys, sizes, amounts = [], [], [], []
        for run in self._runs:
            y, path_y, fade = run.trail(t)
            if y is None:
                continue
            xs.append(run.x(path_y))
            ys.append(path_y)
            sizes.append(run.radius * (0.42 + 0.2 * fade))
            amounts.append(0.5 * fade)
            heads.append((float(run.x(y)), float(y), run.radius))
        if xs:
            dots(wiped, *(np.concatenate(v) for v in (xs, ys, sizes, amounts)))
        return np.clip(wiped, 0, 0.95), heads

    def _head(self, canvas: Canvas, clear: Canvas, x: float, y: float, radius: float) -> None:
        """Draws one running drop."""
        w, h = self._stage.width, self._stage.height
        tall = radius * 1.45
        left, top, right, bottom = (
            int(x - radius) - 1,
            int(y - tall) - 1,
            int(x + radius) + 2,
            int(y + tall) + 2,
        )
        left, top, right, bottom = max(0, left), max(0, top), min(w, right), min(h, bottom)
        if right <= left or bottom <= top:
            return
        px = np.arange(left, right, dtype=np.float32)[None, :]
        py = np.arange(top, bottom, dtype=np.float32)[:, None]
        dy = (py - np.float32(y)) / np.float32(tall)
        dx = (px - np.float32(x)) / np.float32(radius) * (1 + 0.28 * np.clip(-dy, 0, 1))
        away = np.sqrt(dx * dx + dy * dy)
        shape = smoothstep(1.08, 0.88, away)
        bulge = 1 + 1.2 * away * away
        sx = np.clip(px - dx * bulge * w * 0.22, 0, w - 1).astype(np.int64)
        sy = np.clip(py - dy * bulge * h * 0.36, 0, h - 1).astype(np.int64)
        shade = 1.0 + 0.32 * dy - 0.5 * smoothstep(0.6, 1.05, away) * (0.75 - 0.5 * dy)
        glint = 0.6 * np.exp(-(((dx + 0.3) ** 2 + (dy + 0.45) ** 2) / 0.03))
        for plane, source in zip(canvas, clear, strict=True):
            part = plane[top:bottom, left:right]
            part += (
                source[sy, sx] * shade * self._gain
                + glint * np.float32(0.3 + 0.6 * self._stage.colours.ambient)
                - part
            ) * shape


class _Run:
    """One running drop: it slides, waits and slides on, again and again from the top."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        unit = stage.unit
        self.radius = float(rng.uniform(3.6, 7.0) * unit)
        self._start, self._wiggle = rng.uniform(0.02, 0.98) * stage.width, rng.uniform(1.5, 5) * unit
        self._turn = rng.uniform(0.02, 0.05, 2) / unit
        self._phase = rng.uniform(0, 6.28, 2)
        self._height, self._rest = stage.height, 60 * unit
        self._pace = rng.uniform(26, 62) * unit
        self._hold, self._offset = rng.uniform(0.8, 1.6), rng.uniform(0, 1) * (stage.height + 400 * unit)
        self._length = rng.uniform(150, 320) * unit
        self._step = 2.2 * unit

    def x(self, y):
        """The path: where the drop is across when it is at `y`."""
        return self._start + self._wiggle * (
            np.sin(self._turn[0] * y + self._phase[0])
            + 0.6 * np.sin(2.3 * self._turn[1] * y + self._phase[1])
        )

    def trail(self, t: float):
        """The head's height, the points of its trail and how fresh each is; None while it is out of sight."""
        wave = self._hold * 0.9 * np.sin(t / self._hold + self._phase[0])
        gone = self._offset + self._pace * (t + wave)
        y = gone % (self._height + self._length + 2 * self._rest) - self._rest
        points = np.arange(y - self._length, y, self._step)
        fresh = np.clip((points - (y - self._length)) / self._length, 0, 1) ** 0.8
        seen = (points > -self._rest) & (points < self._height + self._rest)
        return (y, points[seen], fresh[seen]) if seen.any() else (None, points, fresh)


def _runs(stage: Stage, rng: np.random.Generator) -> list[_Run]:
    return [_Run(stage, rng) for _ in range(20)]
