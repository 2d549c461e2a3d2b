"""What a clip really is: its packets are counted, its rate is worked out exactly, its tags are read.

Nothing that a file merely claims is believed where it can be counted. No ffprobe is needed: PyAV reads it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.core.span import meant_rate
from ltxlib.core.timeline import frames_at
from ltxlib.errors import ClipUnreadable
from ltxlib.media.film_tables import missing_bytes

# Numbers of ITU-T H.273, under the names ffmpeg uses; "" is "the file does not say".
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS = {
    1: "bt709",
    6: "smpte170m",
    13: "iec61966-2-1",
    14: "bt2020-10",
    16: "smpte2084",
    18: "arib-std-b67",
}
_RANGES = {1: "tv", 2: "pc"}

USUAL_RATES = tuple(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 12, 15, 16, 8, 120)) + tuple(
    Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)
)
# Containers that count in milliseconds round each frame's time; that is no variable rate.
ROUNDING_S = Fraction(1, 1000)
TORN_S = 0.25
# Kinds of files that only name others, as ffmpeg calls them.
LISTS = ("concat", "hls", "dash", "imf", "sdp")


@dataclass(frozen=True)
class ClipInfo:
    """The facts of one clip.

    width_px, height_px: as shown, with square pixels and after `rotation` (degrees clockwise that a player
    turns it). frames: pictures in the file. fps: exact; the average where `variable_rate`. color_*: names as
    ffmpeg writes them, "" where the file does not say. audio_duration_s: how long it sounds.
    tags: the file's own words (ComfyUI writes `prompt` and `workflow`).
    """

    path: Path
    width_px: int
    height_px: int
    frames: int
    fps: Fraction
    duration_s: float
    variable_rate: bool
    codec: str
    profile: str
    pixel_format: str
    color_space: str
    color_primaries: str
    color_transfer: str
    color_range: str
    rotation: int
    has_audio: bool
    audio_codec: str
    audio_rate: int
    audio_channels: int
    audio_duration_s: float
    size_bytes: int
    tags: dict[str, str] = field(default_factory=dict)

    def frames_at(self, fps: Fraction) -> int:
        """How many frames the clip fills in a film of this rate: exact at its own rate, else the nearest."""
        if self.variable_rate:
            return frames_at(Fraction(self.duration_s).limit_denominator(90_000), fps)
        return frames_at(self.frames / self.fps, fps)


@dataclass
class _Seen:
    """What a walk through the packets found: when each picture shows, in its stream's ticks; else seconds."""

    times: list[int] = field(default_factory=list)
    frames: int = 0
    damaged: bool = False
    as_before: bool = False
    picture_end: float = 0.0
    sound_start: float | None = None
    sound_end: float = 0.0


@contextmanager
def open_clip(path: Path, *, look: bool = True) -> Iterator[Any]:
    """The file as an open PyAV container; every way of being unreadable becomes ClipUnreadable.

    look: whether libavformat decodes some pictures beforehand to learn what the file does not say. It takes
    twenty times as long as the rest; without it, only packets and sound can be relied on.
    """
    import av

    path = Path(path)
    try:
        if path.stat().st_size == 0:
            raise ClipUnreadable(f"{path.name} is empty (0 bytes).")
        options = {} if look else {"skip_frame": "all"}
        # An absolute path cannot be taken for an option ("-x") or an address ("a:b").
        with av.open(os.fspath(path.absolute()), metadata_errors="replace", options=options) as container:
            yield container
    except av.error.FFmpegError as error:
        raise ClipUnreadable(f"{path.name} is damaged or is not a clip ({error.strerror}).") from error
    except FileNotFoundError as error:
        raise ClipUnreadable(f"{path.name} is not there.", cure="Check that it was not moved.") from error
    except OSError as error:
        raise ClipUnreadable(f"{path.name} cannot be read ({error.strerror}).") from error


def probe(path: Path) -> ClipInfo:
    """Reads a clip's facts by walking through its packets and decoding its first frame.

    Raises ClipUnreadable for a file that is missing, empty, cut off before its end or not a clip.
    """
    path = Path(path)
    # The first picture, decoded below, tells all that a look beforehand would.
    with open_clip(path, look=False) as container:
        _must_be_clip(path, container.format.name)
        picture = first_picture(container)
        if picture is None:
            cover = " but a cover" if container.streams.video else ""
            raise ClipUnreadable(f"{path.name} has no picture{cover}.")
        sound = first_sound(container)
        seen = _walked(container, picture, sound)
        _must_be_whole(path, container, picture, seen)
        # Opened once more: not every kind of file lets one go back to its beginning.
        with open_clip(path, look=False) as again:
            decoded = first_picture(again)
            first = _first_frame(path, decoded)
            return _info(path, container, seen, first, (decoded, sound))


def _must_be_clip(path: Path, kind: str) -> None:
    """Single pictures and lists of other files are read by ffmpeg as if they were clips."""
    if kind in LISTS:
        raise ClipUnreadable(f"{path.name} is a list of other files, not a clip.")
    if kind.endswith("_pipe") or kind == "image2":
        cure = "Give it to a scene as its image, or reject it."
        raise ClipUnreadable(f"{path.name} is a single picture, not a clip.", cure=cure)


def first_picture(container: Any) -> Any | None:
    """The first picture stream that is no cover of the sound, or None."""
    from av.stream import Disposition

    return next((s for s in container.streams.video if not s.disposition & Disposition.attached_pic), None)


def first_sound(container: Any) -> Any | None:
    """The first sound stream that can be decoded, or None."""
    return next((stream for stream in container.streams.audio if stream.codec_context is not None), None)


def _walked(container: Any, picture: Any, sound: Any | None) -> _Seen:
    import av

    seen = _Seen()
    picture_end, sound_start, sound_end = 0, None, 0
    try:
        for packet in container.demux([stream for stream in (picture, sound) if stream is not None]):
            if packet.size == 0 or packet.is_discard:
                # An empty packet with a time says "the picture as before", which no decoder gives out.
                seen.as_before |= packet.stream is picture and not packet.size and packet.pts is not None
                continue
            seen.damaged = seen.damaged or packet.is_corrupt
            # Whole ticks: a fraction for each of many thousand packets would take longer than reading them.
            start, end = packet.pts, (packet.pts or 0) + (packet.duration or 0)
            if packet.stream is picture:
                seen.frames += 1
                seen.times += [] if start is None else [start]
                picture_end = max(picture_end, end)
            else:
                # Sound before 0 is the coder's run-up, which players leave out.
                begin = max(start or 0, 0)
                sound_start = begin if sound_start is None else min(begin, sound_start)
                sound_end = max(sound_end, end)
    except av.error.FFmpegError:
        seen.damaged = True
    seen.times.sort()
    seen.picture_end = float(picture_end * picture.time_base)
    if sound_start is not None:
        seen.sound_start = float(sound_start * sound.time_base)
        seen.sound_end = float(sound_end * sound.time_base)
    return seen


def _must_be_whole(path: Path, container: Any, picture: Any, seen: _Seen) -> None:
    told_s = container.duration / 1_000_000 if container.duration else 0.0
    torn = told_s - max(seen.picture_end, seen.sound_end) > TORN_S and bool(seen.times)
    if seen.frames == 0:
        raise ClipUnreadable(f"{path.name} holds no picture: it was cut off before its first frame.")
    if seen.as_before:
        cure = "Convert it to an H.264 MP4 first."
        raise ClipUnreadable(f"{path.name} leaves out pictures that are as the one before.", cure=cure)
    if seen.damaged or torn or seen.frames < (picture.frames or 0):
        told = f" of {picture.frames}" if picture.frames > seen.frames else ""
        raise ClipUnreadable(f"{path.name} was cut off before its end: it holds {seen.frames}{told} frames.")
    missing = missing_bytes(path) if "mp4" in container.format.name else 0
    if missing:
        raise ClipUnreadable(f"{path.name} was cut off: {missing:,} bytes are missing at its end.")


def _first_frame(path: Path, picture: Any) -> Any:
    # One picture is wanted: with a thread for each core, as many would be decoded.
    picture.codec_context.thread_count = 1
    frame = next(picture.container.decode(picture), None)
    if frame is None:
        raise ClipUnreadable(f"{path.name} holds no picture that can be decoded.")
    return frame


def _info(path: Path, container: Any, seen: _Seen, first: Any, streams: tuple[Any, Any | None]) -> ClipInfo:
    picture, sound = streams
    fps, variable = exact_fps(seen.times, picture, seen.frames)
    start = float(seen.times[0] * picture.time_base) if seen.times else 0.0
    duration_s = max(seen.picture_end - start, 0.0) if variable else float(seen.frames / fps)
    context = picture.codec_context
    width, height, rotation = shown_size(first, picture)
    return ClipInfo(
        path=path,
        width_px=width,
        height_px=height,
        frames=seen.frames,
        fps=fps,
        duration_s=duration_s,
        variable_rate=variable,
        codec=context.codec.canonical_name,
        profile=str(context.profile or ""),
        pixel_format=first.format.name,
        color_space=_MATRICES.get(int(context.colorspace), ""),
        color_primaries=_PRIMARIES.get(int(context.color_primaries), ""),
        color_transfer=_TRANSFERS.get(int(context.color_trc), ""),
        color_range=_RANGES.get(int(context.color_range), ""),
        rotation=rotation,
        has_audio=sound is not None,
        audio_codec=sound.codec_context.codec.canonical_name if sound is not None else "",
        audio_rate=int(sound.codec_context.sample_rate) if sound is not None else 0,
        audio_channels=int(sound.codec_context.channels) if sound is not None else 0,
        audio_duration_s=max(seen.sound_end - (seen.sound_start or 0.0), 0.0),
        size_bytes=path.stat().st_size,
        tags={**picture.metadata, **container.metadata},
    )


def shown_size(frame: Any, picture: Any) -> tuple[int, int, int]:
    """Width and height in pixels as a player shows them, and the turn in degrees clockwise."""
    turn = round(-(frame.rotation or 0) / 90) * 90 % 360
    width, height = frame.width, frame.height
    # Where the container does not say, the coded picture may.
    ratio = picture.sample_aspect_ratio or picture.codec_context.sample_aspect_ratio
    if ratio and ratio > 0 and ratio != 1:
        width = max(round(width * ratio), 1)
    return (height, width, turn) if turn in (90, 270) else (width, height, turn)


def exact_fps(times: list[int], picture: Any, frames: int) -> tuple[Fraction, bool]:
    """The exact rate, and whether frames come at uneven times (then the rate is their average).

    times: when each frame shows, in ticks of the stream, sorted.
    """
    told = picture.average_rate or picture.guessed_rate or picture.base_rate or Fraction(24)
    told = Fraction(told) if told > 0 else Fraction(24)
    if frames < 2 or len(times) < frames or times[-1] <= times[0]:
        return told, False
    tick = Fraction(picture.time_base)
    average = (len(times) - 1) / ((times[-1] - times[0]) * tick)
    near = sorted(USUAL_RATES, key=lambda rate: abs(rate - average))[:2]
    # The even step first: where the container counts finely it is the whole truth.
    for rate in (average, *([told] if told in USUAL_RATES else []), *near, told):
        allowed = Fraction(0) if rate == average else max(ROUNDING_S, tick)
        # |ticks - number / rate| <= allowed, all brought to whole numbers.
        along, step = tick.numerator * rate.numerator, rate.denominator * tick.denominator
        most = math.floor(allowed * tick.denominator * rate.numerator)
        if all(abs((time - times[0]) * along - number * step) <= most for number, time in enumerate(times)):
            return meant_rate(rate), False
    return Fraction(average).limit_denominator(1_000_000), True
