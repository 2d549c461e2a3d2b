"""A window: lights out of focus behind it, drops on it, and its frame."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ltxlib.rehearsal.palette import Colour, mixed, rgb, scaled, shifted
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_candle import Candle
from ltxlib.rehearsal.stage import Canvas, Layer, Stage, cover, lighten, still
from ltxlib.rehearsal.texture import Plane, blur, dots, glow, resize, sampled, smoothstep, tile

LIGHTS = (rgb("ffb765"), rgb("ff8f4a"), rgb("ffd9a0"), rgb("7fb4ff"), rgb("ff6f6a"), rgb("8fe0d0"))


def bokeh(
    stage: Stage,
    *,
    low: float = 0.22,
    high: float = 0.88,
    many: int = 70,
    bright: float = 1.0,
    warm: bool = False,
) -> Layer:
    """City lights far out of focus: soft discs that glow up and down a little; a few glide by."""
    rng, h = stage.rng("bokeh"), stage.height
    chances = [0.4, 0.25, 0.35, 0, 0, 0] if warm else [0.3, 0.2, 0.22, 0.12, 0.08, 0.08]
    groups = [stage.black() for _ in range(4)]
    for k in range(many):
        part = groups[k % 4]
        x, y = rng.uniform(0, stage.width), h * (low + (high - low) * rng.beta(2.2, 2.0))
        radius = h * (0.012 + 0.058 * rng.uniform(0, 1) ** 1.6)
        colour = shifted(LIGHTS[int(rng.choice(6, p=chances))], rng.uniform(-0.02, 0.02))
        _add_disc(
            part, x, y, radius, scaled(colour, bright * rng.uniform(0.2, 0.62) * (1.25 - 9 * radius / h))
        )
    curves = [wander(rng, 7 + 2 * k) for k in range(4)]
    lane = h * (low + (high - low) * rng.uniform(0.6, 0.95))
    cars = [
        (
            rng.uniform(0, 1),
            rng.choice([-1, 1]) * rng.uniform(0.012, 0.03),
            rng.uniform(0.022, 0.036) * h,
            scaled(rgb("fff0cf") if k % 2 else rgb("ff5a48"), 0.3 * bright),
        )
        for k in range(5)
    ]

    def paint(canvas: Canvas, t: float) -> None:
        for light, curve in zip(groups, curves, strict=True):
            canvas += light * np.float32(1 + 0.14 * float(curve(t)))
        for x, pace, radius, colour in cars:
            at = ((x + pace * t) % 1.2 - 0.1) * stage.width
            _add_disc(canvas, at, lane + pace * 400 * stage.unit, radius, colour)

    return Layer(paint)


def orbs(stage: Stage, many: int = 30) -> Layer:
    """Large soft lights that float past each other, for a prompt that names no place."""
    rng, w, h = stage.rng("orbs"), stage.width, stage.height
    x, y = rng.uniform(0, 1, many), rng.uniform(0.05, 1.0, many)
    radius = h * (0.015 + 0.06 * rng.uniform(0, 1, many) ** 1.5)
    pace = rng.uniform(0.004, 0.014, many) * rng.choice([-1, 1], many)
    paths = [(wander(rng, 12), wander(rng, 9)) for _ in range(many)]
    level = rng.uniform(0.06, 0.22, many)
    tints = [mixed(LIGHTS[int(k)], stage.colours.light, 0.4) for k in rng.integers(0, len(LIGHTS), many)]

    def paint(canvas: Canvas, t: float) -> None:
        for k, (aside, glow_) in enumerate(paths):
            px = ((x[k] + pace[k] * t + 0.1) % 1.2 - 0.1) * w
            py = (y[k] - 0.006 * t + 0.012 * float(aside(t))) * h
            _add_disc(canvas, px, py, radius[k], scaled(tints[k], level[k] * (1 + 0.3 * float(glow_(t)))))

    return Layer(paint)


def _add_disc(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    """Adds one out-of-focus light: an even disc with a slightly brighter rim."""
    reach = int(radius * 1.25) + 2
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    part = canvas[:, top : max(0, int(y) + reach + 1), left : max(0, int(x) + reach + 1)]
    if not part.size:
        return
    dx = np.arange(left, left + part.shape[2], dtype=np.float32)[None, :] - np.float32(x)
    dy = np.arange(top, top + part.shape[1], dtype=np.float32)[:, None] - np.float32(y)
    away = np.sqrt(dx * dx + dy * dy) / np.float32(radius)
    face = smoothstep(1.08, 0.9, away) * (0.72 + 0.35 * away**4)
    lighten(part, colour, face)


def town_at_night(stage: Stage) -> Layer:
    """The dark, blurred bulk of a town under a glowing sky, ground for its lights."""
    rng, c = stage.rng("town"), stage.colours
    y = stage.ys / stage.height
    glowing = mixed(c.horizon, rgb("c07a4a"), 0.35)
    haze = resize(rng.uniform(0, 1, (4, 7)), stage.width, stage.height)
    base = stage.black()
    for plane, top, middle, low in zip(base, c.zenith, glowing, scaled(c.zenith, 0.5), strict=True):
        up = smoothstep(0.0, 0.62, y)
        plane[:] = (top + (middle - top) * up * 0.75) + (low - middle) * smoothstep(0.55, 0.95, y) * 0.8
    blocks = stage.blank()
    x = 0.0
    while x < stage.width:
        wide, tall = rng.uniform(0.05, 0.14) * stage.width, rng.uniform(0.18, 0.5) * stage.height
        blocks[int(stage.height * 0.72 - tall) :, int(x) : int(x + wide)] = rng.uniform(0.45, 0.8)
        x += wide
    blocks = blur(blocks, 16 * stage.unit)

    def paint(canvas: Canvas) -> None:
        canvas[:] = base * (0.8 + 0.4 * haze)
        cover(canvas, scaled(c.zenith, 0.8), np.clip(blocks, 0, 0.85))

    return still(paint)


def out_of_focus(stage: Stage, radius: float) -> Layer:
    """Blurs all that is behind; radius as a part of the height."""
    small = (max(4, round(stage.width / (radius * stage.height))), max(4, round(1 / radius)))

    def paint(canvas: Canvas, t: float) -> None:
        for plane in canvas:
            image = Image.fromarray(plane).resize(small, Image.Resampling.HAMMING)
            plane[:] = np.asarray(image.resize((stage.width, stage.height), Image.Resampling.BICUBIC))

    return Layer(paint, still=True)


def scattered(stage: Stage, amount: float = 0.5) -> Layer:
    """The wide glow that lights throw into a misted pane."""
    small = (24, 16)

    def paint(canvas: Canvas, t: float) -> None:
        for plane in canvas:
            image = Image.fromarray(plane).resize(small, Image.Resampling.BOX)
            plane += np.float32(amount) * np.asarray(
                image.resize((stage.width, stage.height), Image.Resampling.BICUBIC)
            )

    return Layer(paint, still=True)


def wet_ground(stage: Stage, top: float) -> Layer:
    """A wet street from `top` down: the lights above it, drawn out into long soft streaks that shiver."""
    first = int(stage.height * top)
    rows, width = stage.height - first, stage.width
    texture = tile(stage.rng("wet ground"), 512, 256, grain_x=30, grain_y=9, rough=1.2)
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    small = (max(8, width // 2), max(8, rows // 2))
    x, y = np.meshgrid(np.arange(small[0], dtype=np.float32), np.arange(small[1], dtype=np.float32))
    fade = 0.62 - 0.3 * depth

    def paint(canvas: Canvas, t: float) -> None:
        shiver = sampled(texture, x + 30, y * 1.4 + np.float32(4 * t)) + sampled(
            texture, x + 230, y - np.float32(3 * t)
        )
        shiver = resize(shiver, width, rows)
        level = fade * (0.62 + 0.6 * smoothstep(0.75, 1.3, shiver))
        for plane in canvas:
            image = Image.fromarray(np.ascontiguousarray(plane[first - min(first, 2 * rows) : first][::-1]))
            streak = image.resize((max(8, width // 9), 4), Image.Resampling.BOX).resize(
                (width, rows), Image.Resampling.BICUBIC
            )
            plane[first:] = np.asarray(streak) * level * 1.25

    return Layer(paint)


def nightfall(stage: Stage) -> Layer:
    """Dims and cools what is outside, as an evening looks from a lit room."""

    def paint(canvas: Canvas, t: float) -> None:
        for plane, tint in zip(canvas, (0.58, 0.69, 0.88), strict=True):
            plane *= np.float32(tint)

    return Layer(paint, still=True)


def sill(stage: Stage, *, lamp: bool) -> list[Layer]:
    """The frame of the window from inside, and on the sill perhaps a candle whose light lies on the wood."""
    if not lamp:
        return [_frame(stage, None)]
    x = 0.2 + stage.rng("sill").uniform(-0.06, 0.03)
    light = glow(stage.width, stage.height, x * stage.width, 0.8 * stage.height, 0.3 * stage.height)
    flame = Candle(stage, x, 0.945, 0.15, name="sill", wide=0.27, halo=0.6)
    return [_reflection(stage, x + 0.035, 0.72), _frame(stage, light), Layer(flame.paint)]


def _frame(stage: Stage, light: Plane | None) -> Layer:
    """The wooden frame with its bars and sill; `light`: how a flame falls on it."""
    rng, unit, w, h = stage.rng("frame"), stage.unit, stage.width, stage.height
    image = Image.new("L", (w * 2, h * 2), 255)
    pen = ImageDraw.Draw(image)
    side, ledge, bar = min(0.055 * h, 0.08 * w), 0.13 * h, min(0.016 * h, 0.03 * w)
    upright_at, level_at = _bars(rng)
    across = upright_at * w
    for left, right in ((side, across - bar), (across + bar, w - side)):
        for top, bottom in ((side, level_at * h - bar), (level_at * h + bar, h - ledge)):
            pen.rectangle([2 * left, 2 * top, 2 * right, 2 * bottom], fill=0)
    wood = np.clip(blur(resize(np.asarray(image, np.float32) / 255, w, h, linear=True), 1.1), 0, 1)
    deep = blur(wood, 7 * unit) * (1 - wood) * 0.45
    level = tile(rng, w, h, grain_x=120 * unit, grain_y=6 * unit, rough=0.7)
    upright = tile(rng, w, h, grain_x=6 * unit, grain_y=120 * unit, rough=0.7)
    standing = np.maximum(np.abs(stage.xs - across) < bar, np.minimum(stage.xs, w - stage.xs) < side)
    grain = np.where(standing & (stage.ys < h - ledge), upright, level)
    ledge_top = smoothstep(h - ledge, h - ledge + 2 * unit, stage.ys)
    lit = np.clip(
        0.30 + 0.35 * stage.ys / h + 1.5 * (wood - np.roll(wood, -2, axis=0)) + 0.25 * ledge_top, 0, 1.3
    )
    body = np.stack([v * (0.55 + 0.55 * grain) * lit for v in rgb("3f281a")]).astype(np.float32)
    warm = None if light is None else np.stack([body[k] * light * v for k, v in enumerate((4.6, 3.4, 2.2))])

    def paint(canvas: Canvas, t: float) -> None:
        canvas *= 1 - deep
        if warm is None:
            cover(canvas, body, wood)
        else:
            cover(canvas, body + warm * np.float32(stage.rhythm.flicker(t)), wood)

    return Layer(paint, still=light is None)


def _bars(rng: np.random.Generator) -> tuple[float, float]:
    """Where the bars of a window stand: in the middle or to one side; parts of width and height."""
    return [
        (rng.uniform(0.46, 0.54), 0.40),
        (rng.uniform(0.60, 0.68), 0.30),
        (rng.uniform(0.30, 0.36), 0.24),
    ][int(rng.integers(3))]


def _reflection(stage: Stage, x: float, y: float) -> Layer:
    """The faint warm image of the flame in the pane."""
    near = dots(
        stage.blank(),
        np.array([x * stage.width]),
        np.array([y * stage.height]),
        np.array([0.011 * stage.height]),
        np.array([0.4]),
        stretch=2.2,
    )
    pool = near + 0.2 * glow(
        stage.width, stage.height, x * stage.width, y * stage.height, 0.13 * stage.height
    )

    def paint(canvas: Canvas, t: float) -> None:
        lighten(canvas, rgb("ff9d4f"), pool * np.float32(stage.rhythm.flicker(t)))

    return Layer(paint)
