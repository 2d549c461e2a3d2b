"""The moving picture of a clip, frame by frame, as the raw planes ffmpeg takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from ltxlib.media.mark import Mark
from ltxlib.rehearsal import living_image, scenery
from ltxlib.rehearsal.camera import Box, Camera
from ltxlib.rehearsal.colour import planes
from ltxlib.rehearsal.palette import palette_for
from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.spec import ClipSpec
from ltxlib.rehearsal.stage import Canvas, Layer, Stage
from ltxlib.rehearsal.story import read_story
from ltxlib.rehearsal.texture import Plane

MOST_CANVAS_PX = 560_000
SHOULDER = 0.72


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
    """Every frame of the clip as yuv420p bytes (BT.709, TV range), one at a time, with the REHEARSAL mark.

    Raises BadInput at once if the start image cannot be used.
    """
    stage = stage_for(spec)
    finish = Finish(spec)
    if spec.image is not None and spec.image_strength > 0:
        made = living_image.planes_of(spec, stage, scenery.over_an_image(stage))
    else:
        made = _drawn(spec, stage)
    return (finish.frame(*parts) for parts in made)


def _drawn(spec: ClipSpec, stage: Stage) -> Iterator[tuple[Plane, Plane, Plane]]:
    """The planes of a scene drawn from the prompt, at the clip's size."""
    drawing = Drawing(stage, scenery.layers(stage))
    camera = Camera.named(spec.camera, spec.camera_strength, stage.width, stage.height)
    soft = softness(spec.steps)
    size, half = (spec.width_px, spec.height_px), (spec.width_px // 2, spec.height_px // 2)
    for index in range(spec.frames):
        t = index / float(spec.fps)
        luma, blue, red = planes(shouldered(drawing.at(t)))
        box = camera.box(t, float(spec.duration_s))
        yield tuple(fitted(p, s, box, soft) for p, s in ((luma, size), (blue, half), (red, half)))


class Finish:
    """Gives frames their grain and their mark and makes bytes of them."""

    def __init__(self, spec: ClipSpec) -> None:
        # One faint grain for all frames hides the steps of 8-bit gradients and costs the encoder nothing.
        size = (spec.height_px, spec.width_px)
        self._grain = spec.rng(f"grain{spec.refined}").triangular(-1, 0, 1, size).astype(np.float32) * 0.75
        self._mark = Mark(spec.width_px, spec.height_px)

    def frame(self, luma: Plane, blue: Plane, red: Plane) -> bytes:
        """One finished frame; the planes are changed on the way."""
        luma += self._grain
        self._mark.stamp(luma)
        return b"".join(as_bytes(plane) for plane in (luma, blue, red))


def fitted(plane: Plane, size: tuple[int, int], box: Box | None, soft: float) -> Plane:
    """What the camera sees of the plane, at this size (width, height), a little coarser if `soft` > 1."""
    image = Image.fromarray(plane)
    if soft > 1:
        small = (max(2, round(plane.shape[1] / soft)), max(2, round(plane.shape[0] / soft)))
        image = image.resize(small, Image.Resampling.HAMMING).resize(image.size, Image.Resampling.BICUBIC)
    if image.size == size and box is None:
        return np.array(image)
    return np.array(image.resize(size, Image.Resampling.BICUBIC, box=box))


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


def as_bytes(plane: Plane) -> bytes:
    """The plane rounded to 8 bits; it is changed on the way."""
    plane += 0.5
    np.clip(plane, 0, 255, out=plane)
    return plane.astype(np.uint8).tobytes()
