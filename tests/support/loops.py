"""Made pictures for the loop lab: small films as arrays whose seams are known, and the same as clips."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ltxlib.media.loop_read import LoopSource

WIDTH_PX, HEIGHT_PX, FPS = 160, 96, 24
_DOWN, _ALONG = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]


def texture(height: int, width: int, seed: int = 1) -> np.ndarray:
    """A soft random pattern, 20 to 220, such as leaves or a wall."""
    grain = np.random.default_rng(seed).normal(size=(height, width))
    for axis in (0, 1):
        for _ in range(3):
            grain = (np.roll(grain, 1, axis) + 2 * grain + np.roll(grain, -1, axis)) / 4
    return 20 + 200 * (grain - grain.min()) / (grain.max() - grain.min())


WALL = texture(HEIGHT_PX + 40, WIDTH_PX + 240)


def turning(number: int, frames: int) -> np.ndarray:
    """Light that goes round once in `frames`: the perfect loop."""
    turn = 2 * np.pi * number / frames
    return 0.6 * WALL[:HEIGHT_PX, :WIDTH_PX] + 30 * np.sin(_ALONG / 15 + turn) + 15 * np.cos(_DOWN / 9 - turn)


def standing(number: int, frames: int) -> np.ndarray:
    """A wall."""
    return WALL[:HEIGHT_PX, :WIDTH_PX]


def panned(number: int, frames: int) -> np.ndarray:
    """A camera that goes along the wall, a pixel a frame."""
    return WALL[:HEIGHT_PX, number : number + WIDTH_PX]


def nearing(number: int, frames: int) -> np.ndarray:
    """A camera that comes nearer, by a fifth in all."""
    scale = 1 + 0.2 * number / frames
    down = ((_DOWN - HEIGHT_PX / 2) / scale + HEIGHT_PX / 2).clip(0, HEIGHT_PX - 1.001)
    along = ((_ALONG - WIDTH_PX / 2) / scale + WIDTH_PX / 2).clip(0, WIDTH_PX - 1.001)
    top, left = down.astype(int), along.astype(int)
    part_down, part_along = down - top, along - left
    upper = WALL[top, left] * (1 - part_along) + WALL[top, left + 1] * part_along
    lower = WALL[top + 1, left] * (1 - part_along) + WALL[top + 1, left + 1] * part_along
    return upper * (1 - part_down) + lower * part_down


def raining(number: int, frames: int) -> np.ndarray:
    """Drops before a wall, other ones each frame."""
    picture = 0.5 * WALL[:HEIGHT_PX, :WIDTH_PX] + 30
    random = np.random.default_rng(number)
    for _ in range(90):
        down, along = random.integers(0, HEIGHT_PX - 8), random.integers(0, WIDTH_PX)
        picture[down : down + 8, along] += 60
    return picture


def swinging(number: int, frames: int) -> np.ndarray:
    """A pendulum that needs 40 frames to and fro."""
    picture = 0.3 * WALL[:HEIGHT_PX, :WIDTH_PX] + 60
    middle = 80 + 50 * np.sin(2 * np.pi * number / 40)
    picture += 120 * np.exp(-(((_ALONG - middle) / 6) ** 2) - ((_DOWN - 48) / 12) ** 2)
    return picture


def crossing(number: int, frames: int) -> np.ndarray:
    """A boat that crosses from left to right, once."""
    picture = 0.3 * WALL[:HEIGHT_PX, :WIDTH_PX] + 60
    left = 8 + number
    picture[56:72, left : left + 16] = 220
    return picture


def restless(number: int, frames: int) -> np.ndarray:
    """Water: waves that never come again, below a dark sky."""
    random = np.random.default_rng(7)
    picture = np.full((HEIGHT_PX, WIDTH_PX), 90.0)
    for _ in range(14):
        high, wide, deep, turn = random.uniform((3, -0.4, 0.1, 0.05), (9, 0.4, 0.6, 0.4))
        picture += high * np.sin(_ALONG * wide + _DOWN * deep + number * turn + random.uniform(0, 6))
    picture[:32] = 40
    return picture


def darkening(number: int, frames: int) -> np.ndarray:
    """An evening: the light goes down to half."""
    return turning(number % 40, 40) * (1 - 0.5 * number / frames)


def flashing(number: int, frames: int) -> np.ndarray:
    """The perfect loop with one flash of lightning in its middle."""
    return turning(number, frames) + (90 if 0 <= number - frames // 2 < 3 else 0)


def source(picture, frames: int = 96, sound: np.ndarray | None = None) -> LoopSource:
    """Such a film as the loop lab reads it. sound: samples x 2 at 48 kHz."""
    luma = np.stack([np.clip(np.round(picture(n, frames)), 0, 255) for n in range(frames)]).astype(np.uint8)
    chroma = np.full((frames, 2, HEIGHT_PX // 2, WIDTH_PX // 2), 128, np.uint8)
    return LoopSource(luma, chroma, Fraction(FPS), sound, 0.0 if sound is None else len(sound) / 48_000)


def rustle(seconds: float, seed: int = 3, level: float = 0.05) -> np.ndarray:
    """An even rustle: samples x 2 at 48 kHz."""
    noise = np.random.default_rng(seed).normal(size=(round(seconds * 48_000), 2)) * level
    return noise.astype(np.float32)


def film(out: Path, picture, frames: int = 96, sound: np.ndarray | None = None) -> Path:
    """Such a film as a clip."""
    with av.open(str(out), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"crf": "14", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio = None if sound is None else container.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(frames):
            grey = np.clip(np.round(picture(number, frames)), 16, 235).astype(np.uint8)
            container.mux(
                video.encode(av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p"))
            )
        container.mux(video.encode(None))
        for first in range(0, 0 if sound is None else len(sound), 1024):
            block = np.ascontiguousarray(sound[first : first + 1024].T)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, first, Fraction(1, 48_000)
            container.mux(audio.encode(frame))
        if audio is not None:
            container.mux(audio.encode(None))
    return out
