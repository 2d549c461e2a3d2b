"""The moving picture of a clip, frame by frame, as the raw planes ffmpeg takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ltxlib.rehearsal import scenery
from ltxlib.rehearsal.camera import Camera
from ltxlib.rehearsal.palette import palette_for
from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.spec import ClipSpec
from ltxlib.rehearsal.stage import Canvas, Layer, Stage
from ltxlib.rehearsal.story import read_story
from ltxlib.rehearsal.texture import Plane

MOST_CANVAS_PX = 560_000
SHOULDER = 0.72

# BT.709 luma weights, and the 8-bit "TV" range every player expects: black 16, white 235, colour 128 +- 112.
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722
LUMA_BLACK, LUMA_SPAN, CHROMA_ZERO, CHROMA_SPAN = 16, 219, 128, 224


def stage_for(spec: ClipSpec, *, most_px: int = MOST_CANVAS_PX) -> Stage:
    """The canvas for a clip: its own size, or a half, a quarter ... of it, so that drawing stays quick."""
    shrink = 1
    while (spec.width_px // shrink) * (spec.height_px // shrink) > most_px:
        shrink *= 2
    story = read_story(spec.prompt)
    return Stage(
        width=max(2, spec.width_px // shrink),
        height=max(2, spec.height_px // shrink),
        story=story,
        colours=palette_for(story.time, spec.rng("palette")),
        rhythm=Rhythm(spec),
        rng=spec.rng,
        fps=float(spec.fps),
    )


class Drawing:
    """A scene that can be asked for any moment; what never changes is drawn once."""

    def __init__(self, stage: Stage, layers: list[Layer]) -> None:
        ground = 0
        while ground < len(layers) and layers[ground].still:
            ground += 1
        self._base = stage.black()
        for layer in layers[:ground]:
            layer.paint(self._base, 0.0)
        self._moving = layers[ground:]
        self._canvas = stage.black()

    def at(self, t: float) -> Canvas:
        """The canvas at `t` seconds; it is drawn over by the next call."""
        self._canvas[:] = self._base
        for layer in self._moving:
            layer.paint(self._canvas, t)
        return self._canvas


def frames(spec: ClipSpec) -> Iterator[bytes]:
    """Every frame of the clip as yuv420p bytes (BT.709, TV range), one at a time, with the REHEARSAL mark."""
    stage = stage_for(spec)
    drawing = Drawing(stage, scenery.layers(stage))
    finish = Finish(spec, stage)
    for index in range(spec.frames):
        yield finish.frame(drawing.at(index / float(spec.fps)), index)


class Finish:
    """Brings a canvas to the clip's size: camera, soft highlights, BT.709 planes, fine grain, mark."""

    def __init__(self, spec: ClipSpec, stage: Stage) -> None:
        self._size = (spec.width_px, spec.height_px)
        self._camera = Camera.named(spec.camera, spec.camera_strength, stage.width, stage.height)
        self._length_s, self._fps = float(spec.duration_s), float(spec.fps)
        # The same faint grain on every frame hides the steps of 8-bit gradients and costs the encoder nothing.
        self._grain = spec.rng("grain").triangular(-1, 0, 1, self._size[::-1]).astype(np.float32) * 0.75
        self._mark = Mark(spec.width_px, spec.height_px)
        self._soft = softness(spec.steps)

    def frame(self, canvas: Canvas, index: int) -> bytes:
        """One finished frame."""
        luma, blue, red = planes(shouldered(canvas))
        box = self._camera.box(index / self._fps, self._length_s)
        width, height = self._size
        luma = self._fit(luma, width, height, box)
        luma += self._grain
        blue, red = (self._fit(p, width // 2, height // 2, box) for p in (blue, red))
        self._mark.stamp(luma)
        return b"".join(as_bytes(plane) for plane in (luma, blue, red))

    def _fit(self, plane: Plane, width: int, height: int, box) -> Plane:
        image = Image.fromarray(plane)
        if self._soft > 1:
            small = (max(2, round(plane.shape[1] / self._soft)), max(2, round(plane.shape[0] / self._soft)))
            image = image.resize(small, Image.Resampling.HAMMING).resize(image.size, Image.Resampling.BICUBIC)
        if image.size == (width, height) and box is None:
            return np.array(image)
        return np.array(image.resize((width, height), Image.Resampling.BICUBIC, box=box))


def softness(steps: int) -> float:
    """How many times coarser the picture gets when a graph samples only few steps; 1 from 8 steps on."""
    return float(np.clip((8 / max(1, steps)) ** 0.6, 1.0, 3.5))


def shouldered(canvas: Canvas) -> Canvas:
    """Bends highlights softly into white instead of cutting them off; in place."""
    room = np.float32(1 - SHOULDER)
    over = canvas - np.float32(SHOULDER)
    np.maximum(over, 0, out=over)
    over *= -1 / room
    np.exp(over, out=over)
    np.clip(canvas, 0, SHOULDER, out=canvas)
    canvas += room
    over *= room
    canvas -= over
    return canvas


def planes(canvas: Canvas) -> tuple[Plane, Plane, Plane]:
    """Luma, blue difference and red difference in 8-bit steps, not yet rounded."""
    red, green, blue = canvas
    luma = red * np.float32(RED) + green * np.float32(GREEN) + blue * np.float32(BLUE)
    toward_blue = (blue - luma) * np.float32(CHROMA_SPAN / (2 * (1 - BLUE))) + CHROMA_ZERO
    toward_red = (red - luma) * np.float32(CHROMA_SPAN / (2 * (1 - RED))) + CHROMA_ZERO
    luma *= LUMA_SPAN
    luma += LUMA_BLACK
    return luma, toward_blue, toward_red


def as_bytes(plane: Plane) -> bytes:
    """The plane rounded to 8 bits; it is changed on the way."""
    plane += 0.5
    np.clip(plane, 0, 255, out=plane)
    return plane.astype(np.uint8).tobytes()


class Mark:
    """The word REHEARSAL, small and half see-through, in the lower right corner."""

    def __init__(self, width: int, height: int) -> None:
        size = max(8.0, 0.021 * (width * height) ** 0.5)
        word = "REHEARSAL"
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox(word)
        pad = max(2, round(size * 0.3))
        room = (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad)
        image = Image.new("L", room, 0)
        ImageDraw.Draw(image).text((pad - left, pad - top), word, fill=255, font=font)
        ink = np.asarray(image, np.float32)[-height:, -width:] / 255
        margin = max(0, min(round(size * 0.55), width - ink.shape[1], height - ink.shape[0]))
        bottom_px, right_px = height - margin, width - margin
        self._place = (slice(bottom_px - ink.shape[0], bottom_px), slice(right_px - ink.shape[1], right_px))
        shade = np.asarray(image.resize((max(1, room[0] // 3), max(1, room[1] // 3)), Image.Resampling.BOX)
                           .resize(room, Image.Resampling.BICUBIC), np.float32)[-height:, -width:] / 255
        self._shade, self._ink = 0.4 * np.clip(shade * 1.4, 0, 1), 0.5 * ink

    def stamp(self, luma: Plane) -> None:
        """Burns the word into one full-size luma plane."""
        part = luma[self._place]
        part *= 1 - self._shade
        part += self._ink * (225 - part)
