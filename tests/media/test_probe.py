"""A clip's facts are counted, not believed."""

from __future__ import annotations

import subprocess
from fractions import Fraction

import pytest

from ltxlib.errors import ClipUnreadable
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.probe import probe
from tests.support.clips import cut_short, make_clip, turn

UNEVEN = tuple(n / 24 + (0.017 if n % 3 == 1 else 0) for n in range(17))
VP9 = {
    "codec": "libvpx-vp9",
    "sound_codec": "libopus",
    "sound_rate_hz": 48000,
    "options": {"crf": "20", "b:v": "0", "cpu-used": "8"},
}
PRORES = {"codec": "prores_ks", "pixel_format": "yuv422p10le", "sound_codec": "pcm_s16le", "options": {}}


def test_a_clip_as_comfyui_makes_it_is_read_exactly(tmp_path):
    """Size, frames, rate, sound, colours and the embedded prompt come out as they went in."""
    clip = make_clip(tmp_path / "a.mp4", frames=17, sound_s=0.69, tags={"prompt": '{"1": {}}'})
    info = probe(clip)
    assert (info.width_px, info.height_px, info.frames, info.fps) == (128, 64, 17, 24)
    assert (info.codec, info.pixel_format, info.variable_rate) == ("h264", "yuv420p", False)
    assert info.duration_s == pytest.approx(17 / 24)
    assert (info.audio_codec, info.audio_rate, info.audio_channels) == ("aac", 24000, 2)
    assert info.audio_duration_s == pytest.approx(0.69, abs=0.002)
    assert (info.color_space, info.color_primaries, info.color_range) == ("bt709", "bt709", "tv")
    assert info.tags["prompt"] == '{"1": {}}'
    assert info.size_bytes == clip.stat().st_size


def test_a_clip_without_sound_says_so(tmp_path):
    """No sound stream is a fact, not an error."""
    info = probe(make_clip(tmp_path / "a.mp4", sound=None))
    assert (info.has_audio, info.audio_codec, info.audio_rate, info.audio_duration_s) == (False, "", 0, 0.0)


@pytest.mark.parametrize("fps", ["24000/1001", "24", "25", "30000/1001", "30", "48", "60", "12.5"])
def test_rates_are_exact_fractions(tmp_path, fps):
    """23.976 is 24000/1001, not something near it."""
    info = probe(make_clip(tmp_path / "a.mp4", fps=fps))
    assert (info.fps, info.variable_rate, info.frames) == (Fraction(fps), False, 17)


@pytest.mark.parametrize(("written", "meant"), [("2997/125", "24000/1001"), ("2997/100", "30000/1001")])
def test_the_rate_that_comfyui_writes_is_what_was_meant(tmp_path, written, meant):
    """ComfyUI rounds rates to thousandths; a clip of 23.976 so written is one of 24000/1001."""
    info = probe(make_clip(tmp_path / "a.mp4", fps=written, frames=49))
    assert (info.fps, info.variable_rate, info.frames) == (Fraction(meant), False, 49)


@pytest.mark.parametrize("fps", ["24", "24000/1001", "60"])
def test_a_container_that_counts_milliseconds_still_has_an_exact_rate(tmp_path, fps):
    """WebM rounds each frame's time; that is no variable rate."""
    info = probe(make_clip(tmp_path / "a.webm", fps=fps, frames=33, **VP9))
    assert (info.fps, info.variable_rate, info.codec) == (Fraction(fps), False, "vp9")


def test_a_variable_rate_is_recognised_with_its_average(tmp_path):
    """Frames at uneven times are told apart from rounding, and the length is the real one."""
    info = probe(make_clip(tmp_path / "a.mp4", times_s=UNEVEN))
    assert info.variable_rate
    assert float(info.fps) == pytest.approx(24, rel=0.05)
    assert info.duration_s == pytest.approx(17 / 24, abs=0.03)
    assert info.frames_at(Fraction(24)) == 17


def test_lengths_at_another_rate_are_exact_for_even_clips(tmp_path):
    """48 frames at 48 fps fill 24 frames at 24."""
    assert probe(make_clip(tmp_path / "a.mp4", fps="48", frames=48)).frames_at(Fraction(24)) == 24


def test_one_frame_is_a_clip(tmp_path):
    """A single picture has the rate its file tells."""
    info = probe(make_clip(tmp_path / "a.mp4", frames=1, sound=None))
    assert (info.frames, info.fps, info.variable_rate) == (1, 24, False)


@pytest.mark.parametrize(
    ("name", "options", "facts"),
    [
        ("a.mp4", {"matrix": "bt601"}, ("yuv420p", "smpte170m", "tv")),
        ("a.mp4", {"tagged": False}, ("yuv420p", "", "")),
        ("a.mp4", {"full_range": True}, ("yuvj420p", "bt709", "pc")),
        ("a.mp4", {"pixel_format": "yuv420p10le"}, ("yuv420p10le", "bt709", "tv")),
        ("a.mkv", {"pixel_format": "yuv444p"}, ("yuv444p", "bt709", "tv")),
    ],
)
def test_colour_tags_are_read_as_they_are(tmp_path, name, options, facts):
    """What the file says of its colours, and nothing where it says nothing."""
    info = probe(make_clip(tmp_path / name, **options))
    assert (info.pixel_format, info.color_space, info.color_range) == facts


def test_prores_with_uncompressed_sound_is_read(tmp_path):
    """Files from an editor are clips too."""
    info = probe(make_clip(tmp_path / "a.mov", **PRORES))
    assert (info.codec, info.pixel_format, info.audio_codec) == ("prores", "yuv422p10le", "pcm_s16le")


@pytest.mark.parametrize(("degrees", "size"), [(90, (64, 128)), (180, (128, 64)), (-90, (64, 128))])
def test_a_turned_clip_has_the_size_that_is_shown(tmp_path, degrees, size):
    """Phones write upright pictures lying down, with a note to turn them (here counter-clockwise)."""
    flat, turned = make_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    turn(flat, turned, degrees)
    info = probe(turned)
    assert (info.width_px, info.height_px) == size
    assert info.rotation == -degrees % 360


def test_pixels_that_are_not_square_count_as_shown(tmp_path):
    """A stretched clip has the width a player gives it."""
    narrow, wide = make_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    words = ["-v", "error", "-i", narrow, "-vf", "setsar=3/2", "-c:v", "libx264", wide]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    assert (probe(wide).width_px, probe(wide).height_px) == (192, 64)


def test_a_wrong_ending_does_not_matter(tmp_path):
    """The bytes decide, not the name."""
    clip = make_clip(tmp_path / "a.mp4").rename(tmp_path / "a.jpg.txt")
    assert probe(clip).frames == 17


@pytest.mark.parametrize(
    "name", ["- a.mp4", 'it\'s "x".mp4', "night 🌧.mp4", "two\nlines.mp4", "a:b %03d.mp4"]
)
def test_any_name_is_a_name(tmp_path, monkeypatch, name):
    """Names are never options, addresses or patterns, also when they are given without a folder."""
    make_clip(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe(name).frames == 17


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"not a clip at all" * 99, "damaged or is not a clip"), (b"\0" * 5000, "not a clip")],
)
def test_what_is_no_clip_is_refused_in_a_sentence(tmp_path, data, words):
    """Empty files and other bytes are told, with a cure."""
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    with pytest.raises(ClipUnreadable, match=words) as caught:
        probe(path)
    assert "a.mp4" in caught.value.message
    assert caught.value.cure


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    """Neither is a clip, and neither leaks an OSError."""
    with pytest.raises(ClipUnreadable, match="not there"):
        probe(tmp_path / "gone.mp4")
    with pytest.raises(ClipUnreadable):
        probe(tmp_path)


def test_sound_alone_is_no_clip(tmp_path):
    """A file with sound but no picture is refused."""
    path = tmp_path / "a.m4a"
    words = ["-v", "error", "-f", "lavfi", "-i", "sine=d=1", path]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    with pytest.raises(ClipUnreadable, match="no picture"):
        probe(path)


@pytest.mark.parametrize("keep", [0.97, 0.6, 0.2])
@pytest.mark.parametrize("order", ["last", "first"])
def test_a_clip_cut_off_before_its_end_is_refused(tmp_path, keep, order):
    """Whether its table stands first (ComfyUI 0.33) or last (0.27), a torn file is no clip."""
    clip = make_clip(tmp_path / "a.mp4", frames=33)
    if order == "first":
        words = ["-v", "error", "-i", clip, "-c", "copy", "-movflags", "faststart", tmp_path / "b.mp4"]
        subprocess.run([find_ffmpeg().path, *words], check=True)
        clip = tmp_path / "b.mp4"
    with pytest.raises(ClipUnreadable, match=r"cut off|damaged|no picture"):
        probe(cut_short(clip, keep))


def test_a_torn_webm_is_refused(tmp_path):
    """A container without a frame count is held to the length it tells."""
    clip = make_clip(tmp_path / "a.webm", frames=49, **VP9)
    with pytest.raises(ClipUnreadable, match="cut off"):
        probe(cut_short(clip, 0.5))
