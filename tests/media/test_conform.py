"""Any clip becomes exactly the frames the film needs."""

from __future__ import annotations

import subprocess
from fractions import Fraction

import numpy as np
import pytest

from ltxlib.core.timeline import Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media.conform import conformed, fit_inside
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.picture import mixed, plane_of
from ltxlib.media.probe import probe
from tests.support.clips import Recipe, make_clip, planes_of, rgb_picture, turn

FINE = {"crf": "1", "preset": "ultrafast"}
LEVELS = tuple(40 + 10 * number for number in range(17))
VP9 = {"codec": "libvpx-vp9", "sound": None, "options": {"crf": "4", "b:v": "0", "cpu-used": "8"}}


def film(fps="24", width=128, height=64) -> Timeline:
    return Timeline((), Fraction(fps), width, height)


def shown(clip, timeline: Timeline, frames: int) -> list[int]:
    """Which source frame each film frame shows, read from its grey."""
    numbers = []
    for frame in conformed(probe(clip), timeline, frames):
        luma = plane_of(frame, 0).mean()
        numbers.append(round(((luma - 16) * 255 / 219 - 40) / 10))
    return numbers


def counted(tmp_path, **options):
    name = options.pop("name", "a.mp4")
    return make_clip(tmp_path / name, **{"levels": LEVELS, "sound": None, "options": FINE, **options})


@pytest.mark.parametrize("fps", ["24000/1001", "24", "25", "30000/1001", "30", "48", "60"])
def test_at_its_own_rate_no_frame_is_lost_or_doubled(tmp_path, fps):
    """Every usual rate passes through unchanged."""
    assert shown(counted(tmp_path, fps=fps), film(fps), 17) == list(range(17))


@pytest.mark.parametrize("fps", ["24", "24000/1001", "60"])
def test_clocks_that_round_to_milliseconds_lose_no_frame(tmp_path, fps):
    """WebM's rounded times do not double or drop a frame."""
    assert shown(counted(tmp_path, name="a.webm", fps=fps, **VP9), film(fps), 17) == list(range(17))


@pytest.mark.parametrize(
    ("source", "fps", "expected"),
    [
        ("48", "24", [0, 2, 4, 6, 8, 10, 12, 14, 16]),
        ("24", "48", [n // 2 for n in range(34)]),
        ("24000/1001", "24", list(range(17))),
        ("24", "24000/1001", list(range(17))),
        ("25", "24", list(range(16))),
        ("60", "24", [0, 3, 5, 8, 10, 13, 15]),
        ("30", "24", [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16]),
    ],
)
def test_other_rates_are_met_by_whole_frames_evenly(tmp_path, source, fps, expected):
    """Leaving out and repeating follow a steady rhythm, beginning with the first frame."""
    assert shown(counted(tmp_path, fps=source), film(fps), len(expected)) == expected


def test_a_variable_rate_is_laid_on_even_frames(tmp_path):
    """Frames late by a fifth stay in their place; a gap holds the frame before it."""
    times = [n / 24 + (0.008 if n % 2 else 0) for n in range(12)] + [(n + 5) / 24 for n in range(12, 17)]
    numbers = shown(counted(tmp_path, times_s=tuple(times)), film(), 22)
    assert numbers == [*range(12), *[11] * 5, *range(12, 17)]


def test_a_clip_that_ends_early_repeats_its_last_frame(tmp_path):
    """The count asked for is the count given."""
    assert shown(counted(tmp_path), film(), 20) == [*range(17), 16, 16, 16]


def test_fewer_frames_than_there_are_is_a_cut(tmp_path):
    """A shorter place shows the beginning."""
    assert shown(counted(tmp_path), film(), 5) == [0, 1, 2, 3, 4]


def test_one_frame_stands_for_as_long_as_asked(tmp_path):
    """A single picture is a clip too."""
    assert shown(counted(tmp_path, frames=1), film(), 4) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("clip", "film_size", "expected"),
    [
        ((128, 64), (256, 128), (256, 128)),
        ((128, 128), (256, 128), (128, 128)),
        ((64, 128), (256, 128), (64, 128)),
        ((1024, 576), (1536, 1024), (1536, 864)),
        ((1535, 1023), (1536, 1024), (1536, 1024)),
        ((127, 63), (128, 64), (128, 64)),
        ((5000, 2), (64, 64), (64, 2)),
    ],
)
def test_a_shape_is_fitted_inside_with_even_sides(clip, film_size, expected):
    """Nothing is cut off or stretched; an edge thinner than two pixels is none."""
    assert fit_inside(*clip, *film_size) == expected


def test_another_shape_gets_black_sides_and_nothing_is_stretched(tmp_path):
    """A square in a wide film stands in the middle between black."""
    clip = make_clip(tmp_path / "a.mp4", width_px=64, height_px=64, rgb=(200, 200, 200), sound=None)
    [frame] = conformed(probe(clip), film(width=128, height=64), 1)
    luma = plane_of(frame, 0)
    assert luma.shape == (64, 128)
    assert np.all(luma[:, :30] == 16)
    assert np.all(luma[:, 98:] == 16)
    assert luma[:, 34:94].mean() == pytest.approx(16 + 200 * 219 / 255, abs=1)
    assert np.all(plane_of(frame, 1)[:, :15] == 128)


def test_another_size_is_scaled_to_the_film(tmp_path):
    """A half-size take of the same scene fills the film."""
    clip = make_clip(tmp_path / "a.mp4", width_px=64, height_px=32, sound=None)
    frames = list(conformed(probe(clip), film(), 17))
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {(128, 64, "yuv420p")}


def test_odd_sizes_are_handled(tmp_path):
    """127 x 63 pixels fill 128 x 64."""
    clip = make_clip(
        tmp_path / "a.mkv", width_px=127, height_px=63, pixel_format="yuv444p", sound=None, rgb=(90, 90, 90)
    )
    [frame] = conformed(probe(clip), film(), 1)
    assert plane_of(frame, 0).mean() == pytest.approx(16 + 90 * 219 / 255, abs=1)


def test_a_turned_clip_stands_upright(tmp_path):
    """The note to turn is obeyed, in the right direction."""
    flat, turned = tmp_path / "a.mp4", tmp_path / "b.mp4"
    words = ["-v", "error", "-f", "lavfi", "-i", "color=black:s=128x64:d=0.5,drawbox=0:0:32:64:white:fill"]
    subprocess.run([find_ffmpeg().path, *words, "-c:v", "libx264", flat], check=True)
    # 90 counter-clockwise: what was on the left comes to the bottom.
    turn(flat, turned, 90)
    [frame] = conformed(probe(turned), film(width=64, height=128), 1)
    luma = plane_of(frame, 0)
    assert luma[100:].mean() > 200
    assert luma[:90].mean() < 20


COLOURS = {
    "tagged 709": {"matrix": "bt709"},
    "tagged 601": {"matrix": "bt601"},
    "silent and small is 601": {"matrix": "bt601", "tagged": False},
    "silent and large is 709": {"matrix": "bt709", "tagged": False, "width_px": 1280},
    "silent and large from ComfyUI is 601": {
        "matrix": "bt601",
        "tagged": False,
        "width_px": 1280,
        "tags": {"prompt": "{}"},
    },
    "full range 709": {"full_range": True},
    "full range 601": {"full_range": True, "matrix": "bt601"},
    "10 bit 709": {"pixel_format": "yuv420p10le"},
    "10 bit 601": {"pixel_format": "yuv420p10le", "matrix": "bt601"},
    "4:4:4 601": {"pixel_format": "yuv444p", "matrix": "bt601"},
    "ProRes 709": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "options": {}, "name": "a.mov"},
}


@pytest.mark.parametrize("kind", COLOURS)
@pytest.mark.parametrize("larger", [1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_colours_come_out_as_bt709_whatever_the_source_says(tmp_path, kind, seed, larger):
    """Mean Y, Cb and Cr are within half a level of the textbook's BT.709 for the same RGB, scaled or not."""
    options = {"seed": seed, "sound": None, "frames": 1, "options": FINE, **COLOURS[kind]}
    name = options.pop("name", "a.mp4")
    clip = make_clip(tmp_path / name, **options)
    size = {"width": probe(clip).width_px * larger, "height": probe(clip).height_px * larger}
    [frame] = conformed(probe(clip), film(**size), 1)
    expected = [plane.mean() for plane in planes_of(rgb_picture(Recipe(**options), 0), "bt709")]
    found = [plane_of(frame, number).mean() for number in range(3)]
    assert found == pytest.approx(expected, abs=0.5)
    assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)


def test_rgb_clips_are_converted(tmp_path):
    """A clip coded in RGB needs no matrix to be undone."""
    clip, rgb = tmp_path / "a.mkv", (200, 60, 40)
    colour = "color=0x{:02x}{:02x}{:02x}:s=64x64:d=0.2,format=gbrp".format(*rgb)
    words = ["-v", "error", "-f", "lavfi", "-i", colour, "-c:v", "ffv1", clip]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    [frame] = conformed(probe(clip), film(width=64, height=64), 1)
    expected = [plane.mean() for plane in planes_of(np.full((2, 2, 3), rgb, float), "bt709")]
    assert [plane_of(frame, number).mean() for number in range(3)] == pytest.approx(expected, abs=1)


def test_a_frame_that_fits_passes_untouched(tmp_path):
    """No conversion, no loss: the same numbers come out."""
    import av

    clip = make_clip(tmp_path / "a.mp4", sound=None)
    with av.open(str(clip)) as container:
        sources = [plane_of(frame, 0).copy() for frame in container.decode(video=0)]
    for frame, source in zip(conformed(probe(clip), film(), 17), sources, strict=True):
        assert np.array_equal(plane_of(frame, 0), source)


def test_mixing_is_exact_and_symmetric(tmp_path):
    """A third of one and two thirds of the other, to the rounding; with nothing it is black."""
    dark = make_clip(tmp_path / "a.mp4", rgb=(40, 40, 40), sound=None, options=FINE)
    light = make_clip(tmp_path / "b.mp4", rgb=(220, 220, 220), sound=None, options=FINE)
    [a], [b] = (list(conformed(probe(clip), film(), 1)) for clip in (dark, light))
    low, high = plane_of(a, 0).mean(), plane_of(b, 0).mean()
    assert plane_of(mixed(a, b, 0.25), 0).mean() == pytest.approx(0.75 * low + 0.25 * high, abs=0.6)
    assert plane_of(mixed(b, a, 0.75), 0).mean() == pytest.approx(0.75 * low + 0.25 * high, abs=0.6)
    assert plane_of(mixed(None, b, 0.5), 0).mean() == pytest.approx((16 + high) / 2, abs=0.6)
    assert np.all(plane_of(mixed(None, b, 0.0), 1) == 128)
    assert np.array_equal(plane_of(mixed(a, b, 1.0), 0), plane_of(b, 0))


def test_a_clip_that_breaks_while_it_is_read_is_told(tmp_path):
    """A file that was fine when it was looked at and is damaged now ends in a sentence."""
    clip = make_clip(tmp_path / "a.mp4", sound=None)
    info = probe(clip)
    clip.write_bytes(b"gone")
    with pytest.raises(ClipUnreadable, match=r"a\.mp4"):
        list(conformed(info, film(), 3))
