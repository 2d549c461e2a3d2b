"""A clip that starts from a still picture: it breathes, its light plays, its water moves, weather passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ltxlib.errors import BadInput
from ltxlib.rehearsal import colour
from ltxlib.rehearsal.camera import Box, Camera
from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.scenery_fire import WARM
from ltxlib.rehearsal.scenery_water import Waves
from ltxlib.rehearsal.spec import ClipSpec
from ltxlib.rehearsal.stage import Canvas, Layer, Stage
from ltxlib.rehearsal.texture import Plane, blur, resize, smoothstep

AWAKE_S = 1.2
BREATH_S, BREATH = 15.0, 0.014
WATERLINE = 0.42
MOST_PIXELS = 120_000_000


def opened(path: Path, width: int, height: int) -> Image.Image:
    """The picture, upright, in RGB, scaled and cropped to cover this size.

    Raises BadInput where it is missing, damaged, no picture, or too large to be meant.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadInput(
                    f"The picture {path.name} is far too large ({image.width} x {image.height} pixels).",
                    cure="Save a smaller copy and use that.",
                )
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError, SyntaxError) as error:
        raise BadInput(
            f"The picture {path.name} cannot be opened ({error}).",
            cure="Check that the file is there and is a whole JPEG, PNG or WebP picture.",
        ) from error
    return ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)


def planes_of(spec: ClipSpec, stage: Stage, weather: Sequence[Layer]) -> Iterator[tuple[Plane, Plane, Plane]]:
    """The planes of every frame; at image_strength 1 the first is the picture, at less it moves already.

    With an end_image the last is that picture in the same way, and the way there is a slow dissolve.
    Raises BadInput at once if a picture cannot be used.
    """
    assert spec.image is not None
    picture = opened(spec.image, spec.width_px, spec.height_px)
    living = _Living(spec, stage, weather, picture)
    if spec.end_image is None:
        return living.frames()
    end = opened(spec.end_image, spec.width_px, spec.height_px)
    if end.tobytes() == picture.tobytes():
        return living.frames()
    return _dissolved(living, _Living(spec, stage, weather, end), spec.frames)


def _dissolved(first: _Living, last: _Living, frames: int) -> Iterator[tuple[Plane, Plane, Plane]]:
    """From one living picture to another over the whole clip; only the first and last frame are unmixed."""
    for index, parts in enumerate(zip(first.frames(), last.frames(), strict=True)):
        share = np.float32(smoothstep(0, 1, index / max(1, frames - 1)))
        yield tuple(a + (b - a) * share for a, b in zip(*parts, strict=True))  # type: ignore[misc]


class _Living:
    """The picture and all that moves in it."""

    def __init__(self, spec: ClipSpec, stage: Stage, weather: Sequence[Layer], picture: Image.Image) -> None:
        self._spec, self._stage = spec, stage
        full = np.asarray(picture, np.float32).transpose(2, 0, 1) / 255
        half = np.asarray(
            picture.resize((spec.width_px // 2, spec.height_px // 2), Image.Resampling.BOX), np.float32
        )
        self._luma = colour.planes(full)[0]
        _, self._blue, self._red = colour.planes(half.transpose(2, 0, 1) / 255)
        small = picture.resize((stage.width, stage.height), Image.Resampling.BOX)
        self._small: Canvas = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
        self._layers = [Layer(self._light(spec)), *self._masked(weather)]
        self._camera = Camera.named(spec.camera, spec.camera_strength, 1, 1, from_all=True)
        self._water = (
            _Water(stage, self._small)
            if stage.story.has("sea", "waves", "lake", "shore", "stream", "boat")
            else None
        )

    def frames(self) -> Iterator[tuple[Plane, Plane, Plane]]:
        """Luma, blue and red difference of each frame, the last two at half size."""
        spec, loose = self._spec, 1 - min(1.0, self._spec.image_strength)
        end_s = (spec.frames - 1) / float(spec.fps)
        for index in range(spec.frames):
            t = index / float(spec.fps)
            # How far away the nearest frame is that shall be the picture itself.
            away_s, wake_s = t, AWAKE_S
            if spec.end_image is not None:
                away_s, wake_s = min(t, end_s - t), max(0.01, min(AWAKE_S, end_s / 2))
            awake = (loose + (1 - loose) * float(smoothstep(0, wake_s, away_s))) * (1 + loose)
            yield self._frame(t, awake, away_s)

    def _frame(self, t: float, awake: float, moved_s: float) -> tuple[Plane, Plane, Plane]:
        canvas = self._small.copy()
        for layer in self._layers:
            layer.paint(canvas, t)
        canvas -= self._small
        canvas *= np.float32(awake)
        made = []
        box = self._box(moved_s, awake)
        for base, change in zip((self._luma, self._blue, self._red), colour.differences(canvas), strict=True):
            plane = base if self._water is None else self._water.moved(base, t, awake)
            height, width = base.shape
            if box is not None:
                plane = _seen(plane, box)
            # Weather belongs to the air before the lens, so the camera does not carry it along.
            made.append(plane + resize(change, width, height, linear=True))
        return tuple(made)  # type: ignore[return-value]

    def _box(self, t: float, awake: float) -> Box | None:
        """What is seen after so long a move: the camera's way and a slow breath; None for all of it."""
        left, top, right, bottom = self._camera.box(t, float(self._spec.duration_s)) or (0.0, 0.0, 1.0, 1.0)
        inset = BREATH * awake * 0.5 * (1 - np.cos(2 * np.pi * t / BREATH_S)) / 2
        across, down = (right - left) * inset, (bottom - top) * inset
        box = (left + across, top + down, right - across, bottom - down)
        return None if box == (0.0, 0.0, 1.0, 1.0) else box

    def _light(self, spec: ClipSpec):
        """Light that plays: warm bright places flicker like flames, all else shifts as if clouds passed."""
        red, green, blue = self._small
        warm = smoothstep(0.08, 0.4, red - blue) * smoothstep(0.25, 0.75, np.maximum(red, green))
        warm = np.clip(blur(warm.astype(np.float32), 10 * self._stage.unit), 0, 1)
        slow = [wander(spec.rng(f"light {k}"), 9) for k in range(12)]
        flame = self._stage.story.has("fire", "fireplace", "campfire", "candle", "lamp", "cabin")
        story_light = 1.0 if flame else 0.25
        stage = self._stage

        def paint(canvas: Canvas, t: float) -> None:
            drift = np.array([float(curve(t)) for curve in slow], np.float32).reshape(3, 4) * 0.016
            canvas *= 1 + resize(drift, stage.width, stage.height)
            burn = np.float32((float(stage.rhythm.flicker(t)) - 1) * 1.5 * story_light)
            for plane, tint in zip(canvas, WARM, strict=True):
                plane *= 1 + warm * (burn * tint)

        return paint

    def _masked(self, weather: Sequence[Layer]) -> list[Layer]:
        """Weather that stays outside: through a window it shows only where the picture is cool and blue."""
        if not self._stage.story.has("window", "cabin", "candle", "fireplace"):
            return list(weather)
        red, _, blue = self._small
        outside = smoothstep(-0.02, 0.08, blue - red)
        outside = smoothstep(0.35, 0.8, blur(outside.astype(np.float32), 6 * self._stage.unit))

        def kept_outside(layer: Layer) -> Layer:
            def paint(canvas: Canvas, t: float) -> None:
                before = canvas.copy()
                layer.paint(canvas, t)
                canvas -= before
                canvas *= outside
                canvas += before

            return Layer(paint)

        return [kept_outside(layer) for layer in weather]


class _Water:
    """Ripples over the lower part of a picture."""

    def __init__(self, stage: Stage, picture: Canvas) -> None:
        self._top = WATERLINE
        self._first = int(stage.height * self._top)
        self._waves = Waves(stage, self._first, count=7, longest_m=7.0)
        self._liquid = _liquid(picture[:, self._first :], 5 * stage.unit)
        self._now: tuple[float, Plane] | None = None

    def moved(self, plane: Plane, t: float, awake: float) -> Plane:
        """The plane with its water in motion."""
        if awake == 0:
            return plane
        if self._now is None or self._now[0] != t:
            self._now = (t, self._waves.slope(t)[1] * self._liquid)
        height, width = plane.shape
        first = int(height * self._top)
        rows = height - first
        depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
        shift = resize(self._now[1], width, rows, linear=True) * (
            depth * smoothstep(0, 0.25, depth) * 0.11 * height
        )
        source = np.clip(
            np.arange(first, height, dtype=np.float32)[:, None] + shift * np.float32(awake), 0, height - 1.01
        )
        row = source.astype(np.int64)
        part = source - row
        at = row * width + np.arange(width)[None, :]
        flat = plane.reshape(-1)
        upper = flat.take(at)
        out = plane.copy()
        out[first:] = upper + (flat.take(at + width) - upper) * part
        return out


def _liquid(picture: Canvas, soft_px: float) -> Plane:
    """Where a picture shows water, 0 to 1: what has the commonest colour, and what glints; not stones."""
    luma, blue, red = colour.differences(picture)
    strange = np.zeros_like(luma)
    for plane in (blue, red):
        away = np.abs(plane - np.median(plane))
        strange = np.maximum(strange, away / (2.5 * np.median(away) + 3.0))
    water = np.maximum(smoothstep(1.7, 0.9, strange), smoothstep(100, 150, luma))
    return np.clip(blur(water.astype(np.float32), soft_px), 0, 1)


def _seen(plane: Plane, box: Box) -> Plane:
    """The part of a plane inside the box (parts of its sides), back at full size."""
    height, width = plane.shape
    left, top, right, bottom = box
    image = Image.fromarray(plane)
    pixels = (left * width, top * height, right * width, bottom * height)
    return np.array(image.resize((width, height), Image.Resampling.BICUBIC, box=pixels))
