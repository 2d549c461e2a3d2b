"""Looks at a fresh clip as a careful person would: is it whole, is it what was asked, is anything on it.

Each clip is decoded once; of each picture only every second pixel of every second row is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.problem import Problem
from ltxlib.core.span import in_thousandths
from ltxlib.errors import ClipUnreadable
from ltxlib.media.colour import is_full_range
from ltxlib.media.probe import ClipInfo, first_sound, open_clip, probe

if TYPE_CHECKING:
    import numpy as np

# 16 is black in video; below this nobody sees anything. One clear star or ember makes it no black picture.
DARK_LEVEL = 36
# A pixel has changed when it differs by more than coding noise; a still picture changes in fewer than these.
CHANGE_LEVELS = 6
CHANGED_SHARE = 1 / 50_000
STILL_FRAMES = 3
SILENT_PEAK = 10 ** (-60 / 20)
CLIPPED_LEVEL = 0.999
# Coding noise alone lifts the odd peak that high; more than this is sound that was cut flat.
CLIPPED_SHARE = 2e-3
SOUND_MISSING_S = 0.25
RENDER_AGAIN = "Render it again; another seed often helps."
LISTEN = "Watch and listen to it in the review notebook and reject it if it is not meant so."


@dataclass(frozen=True)
class ExpectedClip:
    """What was asked for: size in pixels of the finished clip, frames, exact rate, and whether with sound.

    strict: whether a clip that is otherwise sound, but not that, is an error; else it is a warning.
    """

    width_px: int
    height_px: int
    frames: int
    fps: Fraction
    sound: bool = True
    strict: bool = True


@dataclass
class _Look:
    """What a whole decoding found."""

    frames: int = 0
    brightest: int = 0
    most_changed: int = 0
    pixels: int = 1
    samples: int = 0
    peak: float = 0.0
    clipped: int = 0
    stopped: str = ""
    first: Any = field(default=None, repr=False)


def check_clip(path: Path, expected: ExpectedClip) -> list[Problem]:
    """Everything that is wrong with a clip; warnings are for what may be meant so.

    Errors: not readable, cut off, wrong size, frames or rate, no sound stream though asked. Warnings: silent
    or clipped sound, sound that ends well before the picture, a black picture, one that stands still.
    """
    path = Path(path)
    try:
        info = probe(path)
    except ClipUnreadable as error:
        return [Problem(path.name, error.message, error.cure)]
    problems = [replace(one, warning=not expected.strict) for one in _facts_problems(info, expected)]
    look = _looked(info)
    if look.stopped or look.frames < info.frames:
        told = f"only {look.frames} of its {info.frames} pictures can be decoded"
        problems.append(Problem(path.name, f"The clip is damaged: {told}.", RENDER_AGAIN))
        return problems
    return [*problems, *_picture_warnings(info, look), *_sound_warnings(info, look, expected)]


def _facts_problems(info: ClipInfo, expected: ExpectedClip) -> list[Problem]:
    name, found = info.path.name, []
    wanted = f"{expected.width_px}x{expected.height_px}"
    if (info.width_px, info.height_px) != (expected.width_px, expected.height_px):
        found.append(
            Problem(
                name,
                f"It is {info.width_px}x{info.height_px} pixels, not {wanted}.",
                "LTX-2 rounds sizes down to multiples of 64: choose such a size in scenes.csv.",
            )
        )
    if info.frames != expected.frames:
        found.append(
            Problem(
                name,
                f"It has {info.frames} frames, not {expected.frames}.",
                "LTX-2 makes 8n+1 frames, such as 65 or 121: choose such a length in scenes.csv.",
            )
        )
    if info.variable_rate or info.fps not in (expected.fps, in_thousandths(expected.fps)):
        rate = "at an uneven rate" if info.variable_rate else f"at {float(info.fps):g} frames a second"
        found.append(
            Problem(
                name,
                f"It plays {rate}, not at {float(expected.fps):g}.",
                "Look at the fps of the node that makes the video (title [ltx.fps]) in the workflow.",
            )
        )
    if expected.sound and not info.has_audio:
        found.append(
            Problem(
                name,
                "It has no sound, though sound was asked for.",
                "Look whether the workflow's sound branch reaches the node that saves.",
            )
        )
    return found


def _picture_warnings(info: ClipInfo, look: _Look) -> Iterator[Problem]:
    name = info.path.name
    dark = DARK_LEVEL - 16 if is_full_range(info) else DARK_LEVEL
    if look.brightest <= dark:
        yield Problem(name, "The picture is black from beginning to end.", RENDER_AGAIN, warning=True)
    elif look.frames >= STILL_FRAMES and look.most_changed <= look.pixels * CHANGED_SHARE:
        yield Problem(
            name,
            "The picture stands still from beginning to end.",
            "For image-to-video, describe what moves and lower the image strength; or render it again.",
            warning=True,
        )


def _sound_warnings(info: ClipInfo, look: _Look, expected: ExpectedClip) -> Iterator[Problem]:
    name = info.path.name
    if not (expected.sound and info.has_audio):
        return
    if look.peak < SILENT_PEAK:
        yield Problem(name, "Its sound is silent.", RENDER_AGAIN, warning=True)
        return
    if look.clipped > look.samples * CLIPPED_SHARE:
        share = 100 * look.clipped / look.samples
        yield Problem(
            name, f"Its sound is clipped ({share:.2g} % of it), which crackles.", LISTEN, warning=True
        )
    missing_s = info.duration_s - info.audio_duration_s
    if missing_s > SOUND_MISSING_S:
        yield Problem(
            name, f"Its sound ends {missing_s:.2f} s before the picture does.", LISTEN, warning=True
        )


def _looked(info: ClipInfo) -> _Look:
    """Decodes everything once."""
    from av import VideoFrame

    look = _Look()
    try:
        with open_clip(info.path) as container:
            picture, sound = container.streams.video[0], first_sound(container)
            picture.thread_type = "AUTO"
            for frame in container.decode([stream for stream in (picture, sound) if stream is not None]):
                if isinstance(frame, VideoFrame):
                    _see(look, frame)
                else:
                    _hear(look, frame)
    except ClipUnreadable as error:
        look.stopped = error.message
    return look


def _see(look: _Look, frame: Any) -> None:
    import numpy as np

    luma = _luma(frame)
    look.frames += 1
    look.brightest = max(look.brightest, int(luma.max()))
    if look.first is None:
        look.first, look.pixels = luma.copy(), luma.size
    elif luma.shape == look.first.shape:
        # |a-b| without leaving bytes: the larger less the smaller.
        difference = np.maximum(luma, look.first) - np.minimum(luma, look.first)
        look.most_changed = max(look.most_changed, int(np.count_nonzero(difference > CHANGE_LEVELS)))


def _luma(frame: Any) -> np.ndarray:
    """Every second pixel of every second row, brightness only, in 8 bits."""
    import numpy as np

    if not frame.format.name.startswith(("yuv", "nv12", "gray")):
        frame = frame.reformat(format="gray")
    plane, depth = frame.planes[0], frame.format.components[0].bits
    kind = np.uint16 if depth > 8 else np.uint8
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[::2, : plane.width : 2]
    return (rows >> (depth - 8)).astype(np.uint8) if depth > 8 else rows


def _hear(look: _Look, frame: Any) -> None:
    import numpy as np

    samples = frame.to_ndarray()
    if samples.dtype.kind == "i":
        samples = samples / float(np.iinfo(samples.dtype).max)
    level = np.abs(samples)
    look.samples += level.size
    look.peak = max(look.peak, float(level.max(initial=0.0)))
    look.clipped += int(np.count_nonzero(level >= CLIPPED_LEVEL))
