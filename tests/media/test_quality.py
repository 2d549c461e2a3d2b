"""A fresh clip is looked at as a careful person would."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction

import pytest

from ltxlib.core.problem import errors_in
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.quality import ExpectedClip, check_clip
from tests.support.clips import cut_short, make_clip

ASKED = ExpectedClip(128, 64, 17, Fraction(24))


def found(clip, expected=ASKED) -> list[str]:
    return [problem.what for problem in check_clip(clip, expected)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sound_s": 0.69},
        {"sound": "mono"},
        {"pixel_format": "yuv420p10le"},
        {"full_range": True},
        {"sound_codec": "pcm_s16le", "name": "a.mov"},
        {"wave": "noise", "peak": 0.5},
        {"levels": (20,) * 16 + (60,)},
    ],
)
def test_a_clip_as_asked_has_no_problem(tmp_path, options):
    """Sound a little short, mono, 10 bit, one late flash: all right."""
    assert found(make_clip(tmp_path / options.pop("name", "a.mp4"), **options)) == []


def test_a_rate_rounded_to_thousandths_is_as_asked(tmp_path):
    """1000/41 can only come as 24.39 from ComfyUI; 24.4 would be another rate."""
    clip = make_clip(tmp_path / "a.mp4", fps="24.39")
    assert found(clip, replace(ASKED, fps=Fraction(1000, 41))) == []
    assert found(clip, replace(ASKED, fps=Fraction("24.4"))) != []


def test_a_silent_clip_is_right_where_no_sound_was_asked(tmp_path):
    """Sound is only missed when it was asked for; more than was asked is no harm."""
    mute = ExpectedClip(128, 64, 17, Fraction(24), sound=False)
    assert found(make_clip(tmp_path / "a.mp4", sound=None), mute) == []
    assert found(make_clip(tmp_path / "b.mp4", wave="silence"), mute) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width_px": 192, "height_px": 128}, "192x128 pixels, not 128x64"),
        ({"frames": 9}, "9 frames, not 17"),
        ({"frames": 25}, "25 frames, not 17"),
        ({"fps": "25"}, "at 25 frames a second, not at 24"),
        ({"fps": "24000/1001"}, "at 23.976 frames a second"),
        ({"times_s": tuple(n / 24 + 0.015 * (n % 2) for n in range(17))}, "at an uneven rate"),
        ({"sound": None}, "no sound, though"),
    ],
)
def test_what_differs_from_the_order_is_an_error(tmp_path, options, words):
    """Size, length, rate and missing sound are told one by one, with a cure."""
    [problem] = check_clip(make_clip(tmp_path / "a.mp4", **options), ASKED)
    assert words in problem.what
    assert problem.cure
    assert not problem.warning


def test_everything_wrong_is_told_at_once(tmp_path):
    """One look finds all."""
    clip = make_clip(tmp_path / "a.mp4", width_px=64, frames=9, fps="30", sound=None, picture="black")
    assert len(found(clip)) == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wave": "silence"}, "silent"),
        ({"wave": "tone", "peak": 0.0005}, "silent"),
        ({"wave": "clipped"}, "clipped"),
        ({"sound_s": 0.3}, "ends 0.41 s before"),
        ({"picture": "black"}, "black"),
        ({"picture": "black", "full_range": True}, "black"),
        ({"picture": "still"}, "stands still"),
        ({"picture": "still", "pixel_format": "yuv420p10le"}, "stands still"),
    ],
)
def test_what_may_be_meant_so_is_a_warning(tmp_path, options, words):
    """Silence, clipping, darkness and stillness are told, but a person decides."""
    [problem] = check_clip(make_clip(tmp_path / "a.mp4", **options), ASKED)
    assert words in problem.what
    assert problem.warning
    assert not errors_in([problem])


def test_a_dark_picture_with_one_light_is_not_black(tmp_path):
    """A night with a flash, or with a star, is a picture."""
    assert found(make_clip(tmp_path / "a.mp4", flashes=(8,))) == []


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.8, 0.99])
def test_an_empty_or_torn_clip_is_an_error(tmp_path, keep):
    """Zero bytes and half files are one plain error."""
    [problem] = check_clip(cut_short(make_clip(tmp_path / "a.mp4"), keep), ASKED)
    assert not problem.warning
    assert problem.where == "a.mp4"


def test_damage_inside_a_whole_file_is_an_error(tmp_path):
    """A file of the right length whose pictures cannot be decoded does not pass."""
    clip, first = make_clip(tmp_path / "a.mp4", frames=33, sound=None), tmp_path / "b.mp4"
    words = ["-v", "error", "-i", clip, "-c", "copy", "-movflags", "faststart", first]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    data = bytearray(first.read_bytes())
    start = data.index(b"mdat") + 3000
    data[start : start + 4000] = b"\xff" * 4000
    first.write_bytes(data)
    problems = check_clip(first, ExpectedClip(128, 64, 33, Fraction(24), sound=False))
    assert [problem.warning for problem in problems] == [False]
    assert "damaged" in problems[0].what


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    """Nothing leaks: a missing file is a problem like any other."""
    [problem] = check_clip(tmp_path / "gone.mp4", ASKED)
    assert "not there" in problem.what


def test_rgb_clips_are_looked_at_too(tmp_path):
    """A lossless RGB clip is read by its brightness."""
    clip = tmp_path / "a.mkv"
    words = ["-v", "error", "-f", "lavfi", "-i", "color=black:s=128x64:r=24,format=gbrp", "-frames:v", "17"]
    subprocess.run([find_ffmpeg().path, *words, "-c:v", "ffv1", clip], check=True)
    mute = ExpectedClip(128, 64, 17, Fraction(24), sound=False)
    assert found(clip, mute) == ["The picture is black from beginning to end."]
