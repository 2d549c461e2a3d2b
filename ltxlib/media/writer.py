"""Writes the film's file as YouTube likes it: H.264 High, BT.709, closed groups, moov first, AAC-LC.

Source of the recipe: YouTube's recommended upload settings. Everything is written under the name it is given;
giving it its final name is the caller's part.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.errors import MediaError
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.steady import steady_words

if TYPE_CHECKING:
    import numpy as np

# Two seconds: players seek to any whole second or two, and joins stay possible.
GROUP_S = 2
AAC_BLOCK = 1024
X264, NVENC = "libx264", "h264_nvenc"
PLENTY_KBPS = 192


@dataclass(frozen=True)
class FilmShape:
    """Size in pixels (even) and exact rate of the file."""

    width_px: int
    height_px: int
    fps: Fraction


@dataclass(frozen=True)
class Coding:
    """How the picture is coded (x264's crf, 1 fine to 51 coarse, and preset), and the tags of the file.

    encoder: as libavcodec names it, X264 or NVENC (then crf is its `cq`, and preset does not count).
    """

    crf: float = 18.0
    preset: str = "veryfast"
    tags: Mapping[str, str] = field(default_factory=dict)
    encoder: str = X264


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turns PyAV's errors while writing into MediaError."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{what} could not be written ({error.strerror}).",
            cure="Check that the folder is writable and the disk has room, then run this again.",
        ) from error


def aac_options(kbps: int, *, thorough: bool = False) -> dict[str, str]:
    """The words for ffmpeg's AAC coder. thorough: several times the work, where the quick way spoils sound.

    The quick one ("fast") is a fifth of the default's work and, as ffmpeg's manual says, better at rates
    like ours; but a pure tone near full scale comes out up to 3 dB softer (measured), which is when to ask
    for more.
    """
    options = {"aac_coder": "twoloop" if thorough else "fast"}
    # Where bits are plenty, melting both sides into one only blurs rain (measured: 10 dB more noise).
    return {**options, "aac_is": "0"} if kbps >= PLENTY_KBPS else options


def write_sound(blocks: Iterable[np.ndarray], out: Path, kbps: int, *, thorough: bool = False) -> int:
    """Codes float32 samples x 2 at 48 kHz as AAC-LC into an MP4; gives back how many samples there were.

    thorough: as in `aac_options`.
    """
    import av
    import numpy as np

    written = 0
    options = {"movie_timescale": str(RATE_HZ)}
    with writing("The sound"), av.open(file_name(out), "w", format="mp4", options=options) as container:
        coder = aac_options(kbps, thorough=thorough)
        stream = container.add_stream("aac", rate=RATE_HZ, layout="stereo", options=coder)
        stream.bit_rate = kbps * 1000
        waiting = np.zeros((0, 2), np.float32)
        for block in _with_end(blocks):
            waiting = waiting if block is None else np.concatenate([waiting, block])
            whole = len(waiting) if block is None else len(waiting) // AAC_BLOCK * AAC_BLOCK
            for start in range(0, whole, AAC_BLOCK):
                samples = np.ascontiguousarray(waiting[start : min(start + AAC_BLOCK, whole)].T)
                frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, written, Fraction(1, RATE_HZ)
                container.mux(stream.encode(frame))
                written += samples.shape[1]
            waiting = waiting[whole:]
        container.mux(stream.encode(None))
    return written


def write_film(
    frames: Iterable[Any], sound: Path | None, out: Path, shape: FilmShape, coding: Coding
) -> Iterator[int]:
    """Writes pictures (PyAV, yuv420p, BT.709) with an already coded sound beside them; yields frames done.

    Take it to its end, or close it to stop; the file is only whole at the end. Raises MediaError.
    """
    import av

    options = {"movflags": "faststart", "movie_timescale": str(timescale(shape.fps))}
    done = 0
    with writing("The film"), av.open(file_name(out), "w", format="mp4", options=options) as container:
        container.metadata.update(coding.tags)
        video = video_stream(container, shape, coding)
        with SoundBeside(container, sound) as beside:
            for frame in frames:
                # The decoder's picture types would be orders to x264, and its times are the source's.
                frame.pict_type, frame.pts, frame.time_base = 0, done, 1 / shape.fps
                container.mux(video.encode(frame))
                done += 1
                # Sound goes in step with the picture; else the muxer would hold the whole picture in memory.
                beside.up_to(float(done / shape.fps))
                yield done
            container.mux(video.encode(None))
            beside.up_to(math.inf)


def video_stream(container: Any, shape: FilmShape, coding: Coding, keys: str = "") -> Any:
    """A stream of H.264 as this kit writes it; keys: x264's words on where key frames stand, if special."""
    group = group_frames(shape.fps)
    keys = keys or f"keyint={group}:min-keyint={max(group // 10, 1)}"
    options = {
        "crf": f"{coding.crf:g}",
        "preset": coding.preset,
        "forced-idr": "1",
        # 8x8dct is what makes it High profile at every preset; the word "profile" fails in some libraries.
        "x264-params": f"8x8dct=1:open-gop=0:{keys}{steady_words()}",
    }
    options = _nvenc_words(coding) if coding.encoder == NVENC else options
    stream = container.add_stream(coding.encoder, rate=shape.fps, options=options)
    if coding.encoder == NVENC:
        # Its default is 2 Mbit/s, whatever the quality asked for; and as with x264 it sets no key by itself.
        stream.bit_rate, stream.codec_context.gop_size = 0, 2 * group
    stream.width, stream.height, stream.pix_fmt = shape.width_px, shape.height_px, "yuv420p"
    context = stream.codec_context
    context.max_b_frames = 2
    context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1
    return stream


def _nvenc_words(coding: Coding) -> dict[str, str]:
    quality = {"preset": "p5", "tune": "hq", "profile": "high", "rc": "vbr", "cq": f"{coding.crf:g}"}
    # As with x264: key frames where they are asked for, each a fresh start, and B-frames that nothing needs.
    keys = {"forced-idr": "1", "no-scenecut": "1", "strict_gop": "1", "b_ref_mode": "disabled"}
    return {**quality, **keys}


def group_frames(fps: Fraction) -> int:
    """How many frames apart key frames stand."""
    return max(round(GROUP_S * fps), 1)


class SoundBeside:
    """Copies coded sound packets from a file into the film, as far as asked each time."""

    def __init__(self, container: Any, sound: Path | None) -> None:
        import av

        self._container = container
        self._source = None if sound is None else av.open(file_name(sound))
        self._packets: Iterator[Any] = iter(())
        self._held: Any = None
        if self._source is not None:
            self._stream = container.add_stream_from_template(self._source.streams.audio[0])
            self._packets = (p for p in self._source.demux(audio=0) if p.size)

    def __enter__(self) -> SoundBeside:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._source is not None:
            self._source.close()

    def up_to(self, seconds: float) -> None:
        """Copies what begins up to this moment."""
        while True:
            packet = self._held or next(self._packets, None)
            self._held = packet
            if packet is None or float((packet.pts or 0) * packet.time_base) > seconds:
                return
            self._held = None
            packet.stream = self._stream
            self._container.mux(packet)


def _with_end(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray | None]:
    yield from blocks
    yield None


def timescale(fps: Fraction) -> int:
    """A clock in which frames and samples both are whole, so that the told durations are exact."""
    return math.lcm(fps.numerator, RATE_HZ)


def file_name(path: Path) -> str:
    """The name as PyAV is to be told it."""
    # An absolute path cannot be taken for an option ("-x") or an address ("a:b").
    return os.fspath(Path(path).absolute())
