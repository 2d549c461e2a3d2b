"""Awkward clips as people have them, each made by real tools, and what must come of them in a film.

Every clip has a colour and a tone of its own, so a film of all of them shows whether each is in its place.
"""

from __future__ import annotations

import colorsys
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ltxlib.media.ffmpeg import find_ffmpeg

WIDTH, HEIGHT, RATE, FRAMES = 64, 48, 24, 12
LENGTH_S = FRAMES / RATE
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-bf", "2", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "96k")
VP9 = (
    "-c:v",
    "libvpx-vp9",
    "-pix_fmt",
    "yuv420p",
    "-crf",
    "8",
    "-b:v",
    "0",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
)
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "10", "-pix_fmt", "yuv420p")


@dataclass(frozen=True)
class Awkward:
    """One clip. file: its name. picture, sound: ffmpeg's words (sound None: none).

    size, rate, frames, sound_s: as made. shows: how many frames of a film of 24 a second it fills. heard:
    from when to when its tone is to be heard, in seconds. near: how far its colour may be off (None: any).
    filters: of the picture. needs: an encoder. more: ffmpeg's words for the file. after: what is done then.
    """

    what: str
    file: str = ""
    picture: tuple[str, ...] = X264
    sound: tuple[str, ...] | None = AAC
    size: tuple[int, int] = (WIDTH, HEIGHT)
    rate: str = "24"
    frames: int = FRAMES
    sound_s: float | None = None
    shows: int = FRAMES
    heard: tuple[float, float] | None = (0.0, LENGTH_S)
    near: float | None = 12.0
    filters: str = ""
    needs: str = ""
    more: tuple[str, ...] = ()
    after: Callable[[Path, int], Path] | None = field(default=None, repr=False)


def ffmpeg(*words: object) -> None:
    """Runs ffmpeg, which must succeed."""
    done = subprocess.run(
        [str(find_ffmpeg().path), "-nostdin", "-v", "error", "-y", *map(str, words)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def colour_of(number: int) -> tuple[int, int, int]:
    """The colour of a clip; neighbours differ clearly."""
    red, green, blue = colorsys.hls_to_rgb(number * 0.382 % 1, 0.45, 0.6)
    return round(red * 255), round(green * 255), round(blue * 255)


def hz_of(number: int) -> int:
    """The tone of a clip."""
    return 300 + 40 * (number % 30)


def made(one: Awkward, folder: Path, number: int) -> Path:
    """Makes the clip in a folder of its own."""
    folder = folder / str(number)
    folder.mkdir()
    suffix = Path(one.file).suffix
    safe = folder / f"making{'.mp4' if suffix in ('', '.txt', '.jpg') else suffix}"
    colour = "0x{:02X}{:02X}{:02X}".format(*colour_of(number))
    filters = ",".join(filter(None, ["format=rgb24", f"trim=end_frame={one.frames}", one.filters]))
    words = ["-f", "lavfi", "-i", f"color=c={colour}:s={one.size[0]}x{one.size[1]}:r={one.rate},{filters}"]
    if one.sound is not None:
        sound_s = one.sound_s or float(one.frames / Fraction(one.rate))
        tone = f"sine=frequency={hz_of(number)}:sample_rate=48000:duration={sound_s:.6f},volume=6dB"
        words += ["-f", "lavfi", "-i", tone]
    ffmpeg(*words, *one.picture, *(one.sound or ()), *one.more, safe)
    done = one.after(safe, number) if one.after else safe
    # Names are given last: this is about what the kit does with them, not about ffmpeg's own line.
    return done.rename(folder / (one.file or "clip.mp4"))


def remade(*words: str, suffix: str = "", before: tuple[str, ...] = ()) -> Callable[[Path, int], Path]:
    """Puts a file through ffmpeg once more, packets copied unless the words say otherwise."""

    def do(path: Path, _number: int) -> Path:
        out = path.with_name(f"again{suffix or path.suffix}")
        ffmpeg(*before, "-i", path, "-c", "copy", *words, out)
        return out

    return do


def with_cover(path: Path, _number: int) -> Path:
    """A picture of another colour is attached, as shops and phones do."""
    cover, out = path.with_name("cover.jpg"), path.with_name("covered.mp4")
    ffmpeg("-f", "lavfi", "-i", "color=c=white:s=300x300", "-frames:v", 1, cover)
    ffmpeg(
        "-i", path, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:1", "attached_pic", out
    )
    return out


def with_subtitles(path: Path, _number: int) -> Path:
    """Words run along as a stream of their own."""
    words, out = path.with_name("words.srt"), path.with_name("told.mp4")
    words.write_text("1\n00:00:00,000 --> 00:00:00,400\nRain\n")
    ffmpeg("-i", path, "-i", words, "-map", 0, "-map", 1, "-c", "copy", "-c:s", "mov_text", out)
    return out


def two_pictures(path: Path, _number: int) -> Path:
    """A second picture lies behind the first."""
    out = path.with_name("two.mp4")
    ffmpeg(
        *("-i", path, "-f", "lavfi", "-i", "color=c=white:s=32x32:r=24", "-map", 0, "-map", "1:v"),
        *("-frames:v:1", 12, *X264, "-c:v:0", "copy", "-c:a", "copy", out),
    )
    return out


def late_sound(path: Path, _number: int) -> Path:
    """The sound begins 0.2 s after the picture."""
    out = path.with_name("late.mov")
    ffmpeg("-i", path, "-itsoffset", 0.2, "-i", path, "-map", "0:v", "-map", "1:a", "-c", "copy", out)
    return out


def early_sound(path: Path, _number: int) -> Path:
    """The sound began 0.2 s before the picture."""
    out = path.with_name("early.mkv")
    ffmpeg("-i", path, "-itsoffset", 0.2, "-i", path, "-map", "1:v", "-map", "0:a", "-c", "copy", out)
    return out


CORNER = "drawbox=x=0:y=0:w=iw/2:h=ih/2:color=white:t=fill"
# Theora says nothing of pictures that do not change.
NOISE = "noise=alls=40:allf=t"
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none")
TO_601, TO_709 = "scale=out_color_matrix=bt601", "scale=out_color_matrix=bt709"
ALL_SIDES = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"
UNEVEN = "settb=1/9600,setpts=PTS+mod(N\\,3)*0.01/TB"
PCM, FLAC, OPUS, VORBIS = ("-c:a", "pcm_s16le"), ("-c:a", "flac"), ("-c:a", "libopus"), ("-c:a", "libvorbis")
BARE_X264 = X264[:-2]
MUTE = {"sound": None, "heard": None}


def turned(degrees: int) -> Callable[[Path, int], Path]:
    """Notes that a player must turn it, as phones do."""
    return remade(before=("-display_rotation", str(degrees)))


def h264(pixels: str, *more: str) -> tuple[str, ...]:
    """H.264 of other pixels."""
    return (*BARE_X264, "-pix_fmt", pixels, *more)


SOUNDS = (
    Awkward("no sound", **MUTE),
    Awkward("mono", sound=(*AAC, "-ac", "1")),
    Awkward("8 kHz", sound=(*AAC, "-ar", "8000", "-ac", "1")),
    Awkward("5.1", sound=(*AAC, "-af", ALL_SIDES)),
    Awkward("96 kHz", sound=(*AAC, "-ar", "96000")),
    Awkward("shorter sound", sound_s=0.25, heard=(0.0, 0.25)),
    Awkward("longer sound", sound_s=1.5),
    Awkward("sound that starts late", "c.mov", sound=PCM, after=late_sound, heard=(0.2, LENGTH_S)),
    Awkward("sound that starts early", "c.mkv", sound=FLAC, after=early_sound, heard=(0.0, 0.3)),
    Awkward("24 bits of sound", "c.mov", sound=("-c:a", "pcm_s24be")),
    Awkward("8 bits of sound", "c.mov", sound=("-c:a", "pcm_u8")),
    Awkward("two sounds", after=remade("-map", "0", "-map", "0:a")),
)
SHAPES = (
    Awkward("odd sizes", picture=h264("yuv444p"), size=(65, 49)),
    Awkward("tiny", size=(16, 16)),
    Awkward("huge", picture=(*X264, "-colorspace", "bt709"), size=(4096, 3072), frames=2, shows=2, **MUTE),
    Awkward("turned by 90", size=(HEIGHT, WIDTH), filters=CORNER, after=turned(90)),
    Awkward("turned by 180", filters=CORNER, after=turned(180)),
    Awkward("turned by 270", size=(HEIGHT, WIDTH), filters=CORNER, after=turned(270)),
    Awkward("anamorphic", size=(WIDTH // 2, HEIGHT), filters="setsar=2"),
)
PIXELS = (
    Awkward("10 bits", picture=h264("yuv420p10le")),
    Awkward("4:2:2", picture=h264("yuv422p")),
    Awkward("4:4:4", picture=h264("yuv444p")),
    Awkward("full range", picture=h264("yuvj420p", "-color_range", "pc")),
    Awkward("RGB", picture=("-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "0"), needs="libx264rgb"),
    Awkward("BT.601 by tag", picture=(*X264, "-colorspace", "smpte170m"), filters=TO_601),
    Awkward("BT.709 by tag", picture=(*X264, "-colorspace", "bt709"), filters=TO_709),
    Awkward(
        "HDR", picture=h264("yuv420p10le", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"), near=None
    ),
    Awkward("grey", picture=h264("gray"), near=None),
    Awkward("see-through", "c.mov", picture=("-c:v", "qtrle", "-pix_fmt", "argb")),
    Awkward("see-through VP9", "c.webm", (*VP9, "-pix_fmt", "yuva420p"), OPUS, needs="libvpx-vp9"),
    Awkward("interlaced", picture=(*X264, "-flags", "+ilme+ildct", "-x264-params", "tff=1")),
)
CODERS = (
    Awkward("VP9 in WebM", "c.webm", VP9, OPUS, needs="libvpx-vp9"),
    Awkward("AV1", picture=AV1, needs="libsvtav1"),
    Awkward("ProRes", "c.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"), PCM, needs="prores_ks"),
    Awkward("HEVC", picture=HEVC, needs="libx265"),
    Awkward("MPEG-4", "c.avi", ("-c:v", "mpeg4", "-q:v", "2", "-bf", "2"), PCM),
    Awkward("Motion JPEG", "c.avi", ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"), PCM),
    Awkward("MPEG-2", "c.mpg", ("-c:v", "mpeg2video", "-q:v", "2"), ("-c:a", "mp2")),
    Awkward("Matroska", "c.mkv", sound=FLAC),
    Awkward("Windows Media", "c.wmv", ("-c:v", "wmv2", "-q:v", "2"), ("-c:a", "wmav2")),
    Awkward("Flash", "c.flv", ("-c:v", "flv", "-q:v", "2")),
    Awkward(
        "Theora",
        "c.ogv",
        ("-c:v", "libtheora", "-q:v", "9"),
        VORBIS,
        filters=NOISE,
        near=20,
        needs="libtheora",
    ),
    Awkward("PNG in MOV", "c.mov", ("-c:v", "png"), PCM),
    Awkward("lossless", "c.mkv", ("-c:v", "ffv1"), FLAC),
    Awkward("animated GIF", "c.gif", ("-c:v", "gif"), rate="25", frames=10, shows=10, near=30, **MUTE),
    Awkward("transport stream", "c.ts"),
    Awkward("in fragments", more=("-movflags", "frag_keyframe+empty_moov")),
)
TIMES = (
    Awkward("uneven times", picture=(*X264, "-fps_mode", "vfr", "-enc_time_base", "1/9600"), filters=UNEVEN),
    Awkward("23.976", rate="24000/1001"),
    Awkward("50", rate="50", frames=25),
    Awkward("120", rate="120", frames=60),
    Awkward("1 a second", rate="1", frames=1, shows=24, heard=(0.0, 1.0)),
    Awkward("one frame", frames=1, shows=1, **MUTE),
    Awkward("two frames", frames=2, shows=2, **MUTE),
    Awkward("edit list", picture=(*X264, "-bf", "3", "-g", "12")),
    Awkward("times from an hour on", "c.ts", more=("-output_ts_offset", "3600")),
    Awkward("times from an hour on, MKV", "c.mkv", more=("-output_ts_offset", "3600")),
)
STREAMS = (
    Awkward("two pictures", after=two_pictures),
    Awkward("a cover picture", after=with_cover),
    Awkward("subtitles", after=with_subtitles),
)
NAMES = (
    Awkward("called .txt", "clip.txt"),
    Awkward("called .jpg", "clip.jpg"),
    Awkward("quotes", 'it\'s "rain".mp4'),
    Awkward("emoji", "🌧️ régen.mp4"),
    Awkward("a new line", "one\ntwo.mp4"),
    Awkward("percent", "100%d %s.mp4"),
    Awkward("a leading dash", "-i.mp4"),
    Awkward("a colon", "concat:a|b.mp4"),
    Awkward("a very long name", f"{'n' * 240}.mp4"),
    Awkward("no ending at all", "clip"),
)
AWKWARD = (*SOUNDS, *SHAPES, *PIXELS, *CODERS, *TIMES, *STREAMS, *NAMES)
