"""Small real clips for tests: real H.264, real AAC, with the oddities that clips have in the wild.

    clip = make_clip(tmp_path / "rain.mp4", frames=33, sound="mono")
    clip = make_clip(tmp_path / "old.mp4", rgb=(200, 40, 30), matrix="bt601", tagged=False)

Every option is a field of `Recipe`, with its unit in its name. A 128x64 clip of 17 frames takes about 20 ms.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ltxlib.media.ffmpeg import find_ffmpeg

WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
CODES = {"bt601": 6, "bt709": 1}


@dataclass(frozen=True)
class Recipe:
    """What a test clip is; everything has a calm default.

    picture: "pattern" (coloured waves that move), "still" (its first frame for ever), "black"; `rgb` makes it
    one flat colour, `flashes` (frame numbers) white frames on black, `levels` one grey level a frame (0-255),
    which names each frame so that a test can tell which one it sees.
    sound: "stereo", "mono", "5.1" or None. wave: "tone", "noise", "silence", "clipped", "clicks".
    clicks_s: when. sound_s: None is as long as the picture. times_s: when each frame shows (variable rate).
    matrix: how colours are coded; tagged: whether the file says so; transfer: its H.273 number (13: sRGB).
    full_range: 0-255 instead of 16-235.
    """

    width_px: int = 128
    height_px: int = 64
    frames: int = 17
    fps: str | int | Fraction = "24"
    picture: str = "pattern"
    rgb: tuple[int, int, int] | None = None
    flashes: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    times_s: tuple[float, ...] | None = None
    sound: str | None = "stereo"
    sound_rate_hz: int = 24000
    sound_s: float | None = None
    wave: str = "tone"
    tone_hz: float = 440.0
    peak: float = 0.25
    clicks_s: tuple[float, ...] = ()
    seed: int = 0
    matrix: str = "bt709"
    tagged: bool = True
    transfer: int | None = None
    full_range: bool = False
    pixel_format: str = "yuv420p"
    codec: str = "libx264"
    sound_codec: str = "aac"
    options: dict[str, str] = field(default_factory=lambda: {"crf": "12", "preset": "ultrafast"})
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> Fraction:
        """The frame rate, exact."""
        return Fraction(self.fps)

    @property
    def picture_s(self) -> float:
        """How long the picture lasts."""
        if self.times_s:
            return self.times_s[-1] + float(1 / self.rate)
        return float(self.frames / self.rate)


def make_clip(out: Path, **options: object) -> Path:
    """Write one clip and give its path back; the options are the fields of `Recipe`."""
    recipe = Recipe(**options)  # type: ignore[arg-type]
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    extra = {"movflags": "use_metadata_tags"} if out.suffix in (".mp4", ".mov") else {}
    container_format = None if out.suffix else "mp4"
    with av.open(str(out.absolute()), "w", format=container_format, options=extra) as container:
        container.metadata.update(recipe.tags)
        video = _video_stream(container, recipe)
        audio = _audio_stream(container, recipe)
        for number in range(recipe.frames):
            container.mux(video.encode(_frame(recipe, number)))
        container.mux(video.encode(None))
        if audio is not None:
            for block in _sound_frames(recipe):
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return out


def cut_short(clip: Path, keep: float = 0.6) -> Path:
    """Keep only the first part of a file's bytes, as a broken download does."""
    data = clip.read_bytes()
    clip.write_bytes(data[: int(len(data) * keep)])
    return clip


def rgb_picture(recipe: Recipe, number: int) -> np.ndarray:
    """What frame `number` looks like: height x width x 3, floats 0-255."""
    height, width = recipe.height_px, recipe.width_px
    if recipe.levels:
        return np.full((height, width, 3), float(recipe.levels[number]))
    if recipe.flashes or recipe.picture == "black":
        return np.full((height, width, 3), 255.0 if number in recipe.flashes else 0.0)
    if recipe.rgb is not None:
        return np.broadcast_to(np.array(recipe.rgb, float), (height, width, 3))
    shift = 0 if recipe.picture == "still" else number * 3
    down, along = np.mgrid[0:height, 0:width]
    turn = recipe.seed * 1.7
    red = 120 + 70 * np.sin((along + shift) / 19 + turn)
    green = 110 + 60 * np.cos((down - shift) / 13 + turn)
    blue = 100 + 60 * np.sin((along + down + shift) / 23 - turn)
    return np.stack([red, green, blue], -1)


def planes_of(rgb: np.ndarray, matrix: str, full_range: bool = False, bits: int = 8) -> list[np.ndarray]:
    """Y, Cb and Cr at full size as floats, by the textbook."""
    red_weight, blue_weight = WEIGHTS[matrix]
    red, green, blue = (rgb[..., index] / 255 for index in range(3))
    luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    chroma = [(blue - luma) / (2 * (1 - blue_weight)), (red - luma) / (2 * (1 - red_weight))]
    scale = 2 ** (bits - 8)
    if full_range:
        return [255 * scale * luma, *(128 * scale + 255 * scale * plane for plane in chroma)]
    return [scale * (16 + 219 * luma), *(scale * (128 + 224 * plane) for plane in chroma)]


def _video_stream(container, recipe: Recipe):
    rate = recipe.rate
    stream = container.add_stream(recipe.codec, rate=rate, options=dict(recipe.options))
    stream.width, stream.height, stream.pix_fmt = recipe.width_px, recipe.height_px, recipe.pixel_format
    context = stream.codec_context
    if recipe.times_s:
        context.time_base = Fraction(1, 90000)
        context.max_b_frames = 0
    if recipe.tagged:
        code = CODES[recipe.matrix]
        context.colorspace, context.color_primaries = code, code
        context.color_trc = recipe.transfer or code
        context.color_range = 2 if recipe.full_range else 1
    return stream


def _audio_stream(container, recipe: Recipe):
    if recipe.sound is None:
        return None
    return container.add_stream(recipe.sound_codec, rate=recipe.sound_rate_hz, layout=recipe.sound)


def _frame(recipe: Recipe, number: int):
    frame = av.VideoFrame(recipe.width_px, recipe.height_px, recipe.pixel_format)
    bits = frame.format.components[0].bits
    kind = np.uint16 if bits > 8 else np.uint8
    for plane, values in zip(
        frame.planes,
        planes_of(rgb_picture(recipe, number), recipe.matrix, recipe.full_range, bits),
        strict=True,
    ):
        down, along = values.shape[0] // plane.height, values.shape[1] // plane.width
        small = values[: plane.height * down, : plane.width * along]
        small = small.reshape(plane.height, down, plane.width, along).mean((1, 3))
        store = np.frombuffer(plane, kind).reshape(plane.height, -1)
        store[:, : plane.width] = np.clip(np.round(small), 0, 2**bits - 1)
    if recipe.tagged:
        frame.colorspace, frame.color_range = CODES[recipe.matrix], 2 if recipe.full_range else 1
    if recipe.times_s:
        frame.time_base, frame.pts = Fraction(1, 90000), round(recipe.times_s[number] * 90000)
    else:
        frame.time_base, frame.pts = 1 / recipe.rate, number
    return frame


def sound_of(recipe: Recipe) -> np.ndarray:
    """The samples of a recipe: channels x samples, floats."""
    seconds = recipe.picture_s if recipe.sound_s is None else recipe.sound_s
    count = round(seconds * recipe.sound_rate_hz)
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[recipe.sound or "stereo"]
    time = np.arange(count) / recipe.sound_rate_hz
    random = np.random.default_rng(recipe.seed)
    if recipe.wave == "noise":
        samples = random.uniform(-1, 1, (channels, count)) * recipe.peak
    elif recipe.wave == "silence":
        samples = np.zeros((channels, count))
    elif recipe.wave == "clicks":
        samples = np.zeros((channels, count))
        for moment in recipe.clicks_s:
            first = round(moment * recipe.sound_rate_hz)
            samples[:, first : first + 8] = recipe.peak
    else:
        samples = np.tile(recipe.peak * np.sin(2 * np.pi * recipe.tone_hz * time), (channels, 1))
        if recipe.wave == "clipped":
            samples = np.clip(samples * 8 / recipe.peak, -1, 1)
    return samples.astype(np.float32)


def _sound_frames(recipe: Recipe):
    samples = sound_of(recipe)
    kind = "s16" if recipe.sound_codec.startswith("pcm") else "fltp"
    for start in range(0, samples.shape[1], 1024):
        block = samples[:, start : start + 1024]
        if kind == "s16":
            block = np.round(block.T.reshape(1, -1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format=kind, layout=recipe.sound)
        frame.sample_rate, frame.pts = recipe.sound_rate_hz, start
        frame.time_base = Fraction(1, recipe.sound_rate_hz)
        yield frame


def turn(flat: Path, turned: Path, degrees: int) -> None:
    """Copy a clip with a note that it is to be shown turned counter-clockwise, as phones write it."""
    ffmpeg = find_ffmpeg().path
    new = [ffmpeg, "-v", "error", "-y", "-display_rotation", str(degrees), "-i", flat, "-c", "copy", turned]
    if subprocess.run(new, check=False, capture_output=True).returncode:
        # Before ffmpeg 6 the note was a tag.
        note = f"rotate={degrees % 360}"
        old = [ffmpeg, "-v", "error", "-y", "-i", flat, "-c", "copy", "-metadata:s:v:0", note, turned]
        subprocess.run(old, check=True)
