"""Clips of another shape or size than the film's: fitted in, filling it, or before their own blur."""

from __future__ import annotations

import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from ltxlib.core.timeline import SIDES, Cut, Timeline
from ltxlib.media import colour, sides
from ltxlib.media.conform import conformed
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.mezzanine import SUFFIX
from ltxlib.media.pieces import plan_pieces
from ltxlib.media.planes import plane_of
from ltxlib.media.probe import probe
from tests.support.clips import make_clip, turn
from tests.support.films import complaints, pictures

FINE = {"crf": "1", "preset": "ultrafast"}


def film(width, height, fill="fit", cuts=()) -> Timeline:
    return Timeline(tuple(cuts), Fraction(24), width, height, sides=fill)


def first(clip, timeline) -> list[np.ndarray]:
    [frame] = conformed(probe(clip), timeline, 1)
    assert (frame.width, frame.height) == (timeline.width_px, timeline.height_px)
    assert (frame.format.name, int(frame.colorspace), int(frame.color_range)) == ("yuv420p", 1, 1)
    return [plane_of(frame, number).astype(float) for number in range(3)]


def source(clip) -> list[np.ndarray]:
    return pictures(clip)[0]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A picture of coloured waves, 192 x 128."""
    out = tmp_path_factory.mktemp("wide") / "a.mp4"
    return make_clip(out, width_px=192, height_px=128, frames=3, sound=None, options=FINE, seed=4)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Grey, 192 x 128, with a white bar in its middle and at each of its four edges another grey."""
    out = tmp_path_factory.mktemp("marked") / "a.mkv"
    draw = "color=0x606060:s=192x128:d=0.2:r=24,drawbox=88:0:16:128:0xF0F0F0:fill"
    draw += ",drawbox=0:0:8:128:0x202020:fill,drawbox=184:0:8:128:0xA0A0A0:fill,format=yuv420p"
    tags = ["-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709"]
    words = ["-v", "error", "-f", "lavfi", "-i", draw, "-c:v", "ffv1", *tags, out]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    return out


@pytest.mark.parametrize("fill", SIDES)
@pytest.mark.parametrize("size", [(192, 128), (384, 256), (288, 192)])
def test_clips_of_the_films_shape_are_the_same_in_all_ways(wide, fill, size):
    """Nothing is cut off and nothing stands beside them; of the film's size they pass untouched."""
    found, expected = first(wide, film(*size, fill)), first(wide, film(*size))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    if size == (192, 128):
        assert all(np.array_equal(a, b) for a, b in zip(found, source(wide), strict=True))


def test_filling_cuts_off_as_much_on_both_sides_and_stretches_nothing(marked):
    """The bar in the middle stays in the middle and as wide as the picture is enlarged; edges are gone."""
    luma = first(marked, film(144, 256, "fill"))[0]
    row = luma[128]
    bright = np.flatnonzero(row > 160)
    # Twice as large: 16 columns become 32.
    assert len(bright) == 32
    assert (bright[0] + bright[-1]) / 2 == pytest.approx(71.5, abs=1)
    assert row[:40].std() < 1
    assert row[:40].mean() == pytest.approx(row[-40:].mean(), abs=1)
    assert np.allclose(luma, row, atol=2)


def test_filling_a_wide_film_with_an_upright_clip_keeps_its_middle(tmp_path):
    """What is in the middle of the height stays there."""
    flat = tmp_path / "a.mkv"
    draw = "color=0x404040:s=64x192:d=0.2:r=24,drawbox=0:88:64:16:0xF0F0F0:fill,format=yuv420p"
    words = ["-v", "error", "-f", "lavfi", "-i", draw, "-c:v", "ffv1", flat]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    column = first(flat, film(192, 108, "fill"))[0][:, 96]
    bright = np.flatnonzero(column > 150)
    assert len(bright) == pytest.approx(48, abs=1)
    assert (bright[0] + bright[-1]) / 2 == pytest.approx(53.5, abs=1)


def test_a_clip_before_its_blurred_picture_is_whole_and_exactly_as_fitted(wide):
    """The front is the picture that stands between black sides otherwise, to the last bit."""
    timeline = film(192, 256, "blur")
    fitted, found = first(wide, film(192, 256)), first(wide, timeline)
    for number, (a, b) in enumerate(zip(found, fitted, strict=True)):
        top, height = (32, 64) if number else (64, 128)
        assert np.array_equal(a[top : top + height], b[top : top + height])
        assert not np.array_equal(a[:top], b[:top])


def test_the_blurred_picture_is_smooth_darker_and_of_the_clips_colours(wide):
    """No step of more than a few levels between neighbours, less light and less colour, no black border."""
    luma, blue, red = first(wide, film(192, 512, "blur"))
    outside = np.concatenate([luma[:180], luma[332:]])
    steps = [np.abs(np.diff(part, axis=axis)).max() for part in (luma[:180], luma[332:]) for axis in (0, 1)]
    assert max(steps) <= 4
    shown = source(wide)
    assert 0.5 < (outside.mean() - 16) / (shown[0].mean() - 16) < 0.8
    assert outside.min() > 16
    for plane, whole in ((blue, shown[1]), (red, shown[2])):
        assert np.abs(plane[:90] - 128).mean() <= np.abs(whole - 128).mean()


def test_soft_slopes_behind_a_clip_have_no_steps():
    """Between two levels there is a mixture of both, so that no line can be seen where one begins."""
    frame = av.VideoFrame(256, 64, "yuv420p")
    plane_of(frame, 0)[:] = np.round(np.linspace(30, 42, 256))
    plane_of(frame, 1)[:], plane_of(frame, 2)[:] = 128, 128
    steps = sides.blurred((256, 64), (256, 64), (1080, 960))
    chain = colour.filter_chain(frame, steps)
    chain.push(frame)
    luma = plane_of(chain.pull(), 0).astype(float)
    levels = len(np.unique(luma))
    blocks = luma[: 960 // 8 * 8].reshape(120, 8, 135, 8).mean((1, 3))
    tones = len(np.unique(np.round(blocks, 1)))
    assert tones >= 4 * levels
    assert np.abs(np.diff(blocks, axis=1)).max() < 0.5


SHAPES = [
    ((192, 128), (108, 192)),
    ((128, 192), (192, 108)),
    ((192, 110), (192, 128)),
    ((160, 160), (192, 108)),
]


@pytest.mark.parametrize("fill", SIDES)
@pytest.mark.parametrize(("clip", "size"), SHAPES)
@pytest.mark.parametrize("kind", ["709", "601", "silent", "full range", "10 bit"])
def test_colours_stay_in_all_ways(tmp_path, clip, size, fill, kind):
    """Mean luma of what is shown is within half a level of the source's, whatever code it came in."""
    options = {
        "709": {},
        "601": {"matrix": "bt601"},
        "silent": {"matrix": "bt601", "tagged": False},
        "full range": {"full_range": True},
        "10 bit": {"pixel_format": "yuv420p10le"},
    }[kind]
    made = {"frames": 1, "sound": None, "options": FINE, "width_px": clip[0], "height_px": clip[1]}
    path = make_clip(tmp_path / "a.mp4", **made, **options)
    # The same picture in the film's own code is the measure, conversions of codes have tests of their own.
    plain = source(make_clip(tmp_path / "b.mp4", **made))
    found = first(path, film(*size, fill))
    width, height = sides.fit_inside(*clip, *size)
    if fill == "fill":
        part_w, part_h = size[0] * clip[1] / size[1], size[1] * clip[0] / size[0]
        left, top = max((clip[0] - part_w) / 2, 0), max((clip[1] - part_h) / 2, 0)
        expected = [
            mean_inside(plane, left / half, top / half) for plane, half in zip(plain, (1, 2, 2), strict=True)
        ]
        shown = [plane.mean() for plane in found]
    else:
        left, top = sides.middle((width, height), size)
        shown = [
            plane[top // half : (top + height) // half, left // half : (left + width) // half].mean()
            for plane, half in zip(found, (1, 2, 2), strict=True)
        ]
        expected = [plane.mean() for plane in plain]
    assert shown[0] == pytest.approx(expected[0], abs=0.5)
    assert shown[1:] == pytest.approx(expected[1:], abs=1.0)


def mean_inside(plane: np.ndarray, left: float, top: float) -> float:
    """The mean of a plane without so many columns and rows on both sides, parts of them counted in part."""
    weights = []
    for length, cut in ((plane.shape[0], top), (plane.shape[1], left)):
        inside = np.arange(length)
        weights.append(np.clip(np.minimum(inside + 1 - cut, length - cut - inside), 0, 1))
    weight = np.outer(*weights)
    return float((plane * weight).sum() / weight.sum())


@pytest.mark.parametrize("fill", ["fill", "blur"])
@pytest.mark.parametrize(
    ("clip", "size"),
    [
        ((2000, 16), (64, 64)),
        ((16, 2000), (64, 64)),
        ((127, 63), (64, 128)),
        ((192, 128), (2, 64)),
        ((64, 64), (64, 2)),
    ],
)
def test_the_oddest_shapes_come_out_in_the_films_size(tmp_path, clip, size, fill):
    """Very long, very thin, odd: a picture of the film's size and near the clip's brightness."""
    path = make_clip(
        tmp_path / "a.mkv",
        width_px=clip[0],
        height_px=clip[1],
        frames=1,
        sound=None,
        rgb=(120, 120, 120),
        pixel_format="yuv444p",
    )
    luma = first(path, film(*size, fill))[0]
    assert 16 < luma.mean() <= 16 + 120 * 219 / 255 + 1


@pytest.mark.parametrize("fill", ["fill", "blur"])
def test_turned_clips_are_upright_before_they_are_fitted(tmp_path, fill):
    """A phone's upright clip in a wide film shows its middle, upright."""
    flat, turned = tmp_path / "a.mp4", tmp_path / "b.mp4"
    draw = "color=0x303030:s=192x64:d=0.3:r=24,drawbox=80:0:32:64:0xF0F0F0:fill,format=yuv420p"
    words = ["-v", "error", "-f", "lavfi", "-i", draw, "-c:v", "libx264", "-crf", "4", flat]
    subprocess.run([find_ffmpeg().path, *words], check=True)
    turn(flat, turned, 90)
    luma = first(turned, film(128, 72, fill))[0]
    rows = np.flatnonzero(luma[:, 64] > 150)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(35.5, abs=1.5)
    if fill == "fill":
        assert luma[0, 0] == luma[71, 127] == pytest.approx(luma[0, 64], abs=2)
        assert len(rows) == pytest.approx(64, abs=3)


@pytest.mark.parametrize(
    ("clip", "lines", "width"),
    [
        ((1536, 1024), 2160, 3240),
        ((1536, 1024), 1440, 2160),
        ((1280, 704), 1080, 1964),
        ((1920, 1088), 2160, 3812),
    ],
)
def test_large_films_are_filled_by_clips_of_their_shape(clip, lines, width):
    """At 1080, 1440 and 2160 lines the width that follows from the clip is even and leaves no edge."""
    assert sides.fit_inside(*clip, width, lines) == (width, lines)


def test_enlarging_is_sharp_and_keeps_colours(tmp_path):
    """Within 44 dB of a lanczos in floating point, means within a tenth of a level, range kept."""
    small = make_clip(tmp_path / "a.mp4", width_px=256, height_px=170, frames=1, sound=None, options=FINE)
    frame, before = first(small, film(540, 360)), source(small)
    for number in range(3):
        size = frame[number].shape[::-1]
        wanted = np.asarray(Image.fromarray(before[number].astype(np.float32)).resize(size, Image.LANCZOS))
        # Colours lie on the left of their two columns, which Pillow knows nothing of.
        inner = (slice(8, -8), slice(8, -8))
        error = np.mean((frame[number][inner] - wanted[inner]) ** 2)
        assert 10 * np.log10(255**2 / error) > (44 if number == 0 else 36)
        assert frame[number].mean() == pytest.approx(before[number].mean(), abs=0.1)


@pytest.mark.parametrize("width", [64, 192, 256, 384])
def test_colours_stay_on_their_edges_at_every_size(width):
    """A spot of colour and its brightness keep the same middle: colours lie over every second column."""
    before, middle_px = av.VideoFrame(128, 128, "yuv420p"), 60.3
    for number, step in ((0, 1), (1, 2), (2, 2)):
        across = np.arange(0, 128, step)
        down = np.arange(0, 128, step) + (step - 1) / 2
        spot = np.exp(-(((across - middle_px) / 6) ** 2)[None] - (((down - middle_px) / 6) ** 2)[:, None])
        plane_of(before, number)[:] = np.round((128 if number else 60) + 90 * spot)
    chain = colour.filter_chain(before, sides.scaled((128, 128), (width, width)))
    chain.push(before)
    after = chain.pull()
    found = []
    for number, step in ((0, 1), (1, 2)):
        spot = plane_of(after, number).astype(float) - (128 if number else 60)
        spot[spot < 3] = 0
        found.append(step * (spot.sum(0) * np.arange(spot.shape[1])).sum() / spot.sum())
    assert found[1] == pytest.approx(found[0], abs=0.1)
    assert found[0] == pytest.approx((middle_px + 0.5) * width / 128 - 0.5, abs=0.1)


@pytest.mark.parametrize("tags", [{"comment": "REHEARSAL: drawn on this computer"}, {"comment": "rain"}])
def test_stand_ins_say_so_also_where_their_edges_are_cut_off(tmp_path, tags):
    """The word at the clip's edge is gone with it, so it is written again; only on stand-ins."""
    clip = make_clip(tmp_path / "a.mp4", width_px=192, height_px=128, rgb=(40, 40, 40), sound=None, tags=tags)
    shown = {fill: first(clip, film(108, 192, fill))[0] for fill in SIDES}
    corner = shown["fill"][-24:, :80]
    assert (corner.max() > 100) == (tags["comment"] != "rain")
    assert shown["fill"][:160].max() < 60
    # The decoder builds on pictures that were given out: those that are only cut are not written into.
    clip = make_clip(tmp_path / "b.mp4", width_px=192, height_px=128, sound=None, tags=tags, frames=9)
    found = [plane_of(frame, 0)[:60] for frame in conformed(probe(clip), film(108, 128, "fill"), 9)]
    for luma, planes in zip(found, pictures(clip), strict=True):
        assert np.array_equal(luma, planes[0][:60, 42:150])
    # Elsewhere the clip is whole, and so is its own mark.
    assert max(shown["fit"].max(), shown["blur"].max()) < 60


@pytest.mark.parametrize("fill", ["fill", "blur"])
def test_an_upright_short_is_made_of_wide_and_upright_clips(tmp_path, wide, fill):
    """A 9:16 film as phones show it, tagged, whole, its wide clip without any black."""
    upright = make_clip(tmp_path / "up.mp4", width_px=108, height_px=192, frames=12, seed=2)
    cuts = [Cut(str(wide), "wide", "take-01", 12), Cut(str(upright), "up", "take-01", 12)]
    timeline = film(108, 192, fill, cuts)
    settings = MasterSettings(preset="ultrafast", crf=10, fade_in_s=0, fade_out_s=0)
    more = {"work_dir": tmp_path / "work", "cache_dir": tmp_path / "pieces"}
    report = render_master(timeline, tmp_path / "short.mp4", settings, **more)
    info = probe(report.path)
    assert (info.width_px, info.height_px, info.frames) == (108, 192, 24)
    assert (info.color_space, info.color_range) == ("bt709", "tv")
    assert complaints(report.path) == ""
    shown = pictures(report.path)
    assert shown[0][0][:40].mean() > 30
    assert np.abs(shown[20][0] - pictures(upright)[8][0]).mean() < 2
    assert {"fill": "edges are cut off", "blur": "blurred picture"}[fill] in " ".join(report.notes)
    # The middle of each cut, past the coder: the upright clip whole, of the wide one what is to be seen.
    assert shown[20][0].mean() == pytest.approx(pictures(upright)[8][0].mean(), abs=0.5)
    seen = shown[0][0] if fill == "fill" else shown[0][0][60:132]
    part = source(wide)[0][:, 60:132] if fill == "fill" else source(wide)[0]
    assert seen.mean() == pytest.approx(part.mean(), abs=0.5)
    # The upright clip's pieces serve every way of filling the sides, the wide one's do not.
    before = {path.name for path in (tmp_path / "pieces").glob(f"*{SUFFIX}")}
    render_master(film(108, 192, "fit", cuts), tmp_path / "fit.mp4", settings, **more)
    after = {path.name for path in (tmp_path / "pieces").glob(f"*{SUFFIX}")}
    assert (len(before), len(after - before)) == (2, 1)


def test_pieces_are_named_by_their_sides_unless_it_is_known_that_none_are_seen():
    """Who does not say which clips have the film's shape gets names that differ by the way."""
    cuts = [Cut("a.mp4", "a", "t", 9), Cut("b.mp4", "b", "t", 9)]
    names = {}
    for fill in SIDES:
        careful = plan_pieces(film(64, 64, fill, cuts), ["a", "b"], (0, 0))
        known = plan_pieces(film(64, 64, fill, cuts), ["a", "b"], (0, 0), [True, False])
        names[fill] = [str(piece.shows) for piece in (*careful, *known)]
    for number, differ in enumerate((True, True, False, True)):
        assert len({names[fill][number] for fill in SIDES}) == (3 if differ else 1)


def test_people_are_told_what_was_done_to_a_clip_of_another_size(wide):
    """One phrase for each way; none where nothing was done."""
    info = probe(wide)
    said = {
        sides.told(info, film(*size, fill)) for size in ((192, 128), (384, 256), (128, 128)) for fill in SIDES
    }
    assert len(said) == 1 + 1 + 3
    assert "" in said
