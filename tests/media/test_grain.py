"""Film grain hides steps, harms nothing, and belongs to the piece alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.grain import LEVELS, grained, with_grain
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.mezzanine import SUFFIX
from ltxlib.media.planes import plane_of
from ltxlib.media.writer import Coding, FilmShape, write_film
from tests.support.clips import make_clip
from tests.support.films import pictures

SIZE = (512, 288)
SHAPE = FilmShape(*SIZE, Fraction(24))


def flat(luma: int, size=(256, 128)):
    return slope(luma, luma, size)


def slope(low: int, high: int, size=SIZE):
    """A picture that grows slowly brighter from left to right, in whole levels."""
    frame = av.VideoFrame(*size, "yuv420p")
    plane_of(frame, 0)[:] = np.round(np.linspace(low, high, size[0]))
    plane_of(frame, 1)[:], plane_of(frame, 2)[:] = 120, 140
    return frame


def luma(frame) -> np.ndarray:
    return plane_of(frame, 0).astype(float)


@pytest.mark.parametrize("strength", [1, 2, 3, 4])
def test_grain_is_as_strong_as_it_says_and_makes_nothing_brighter_or_darker(strength):
    """In middle tones it has its standard deviation; the mean of the picture stays."""
    found = luma(grained(flat(80), 3, strength))
    assert found.mean() == pytest.approx(80, abs=0.05)
    # Rounding to whole levels adds a twelfth to the variance.
    assert found.std() == pytest.approx((LEVELS[strength] ** 2 + 1 / 12) ** 0.5, rel=0.06)


def test_shadows_and_middle_tones_have_more_of_it_than_light():
    """Most from shadows to middle tones, less in light, next to none in white."""
    spread = {level: luma(grained(flat(level), 0, 3)).std() for level in (22, 40, 90, 180, 225, 235)}
    assert spread[40] == pytest.approx(spread[90], rel=0.05)
    assert spread[90] > 1.5 * spread[180] > spread[225] > spread[235] == 0
    assert spread[22] > 0.5 * spread[90]


def test_it_never_goes_below_black_or_above_white():
    """Black stays black, also sides; every brightness keeps within 16 and 235, its mean where it was."""
    for level in range(16, 236):
        found = luma(grained(flat(level, (128, 64)), level, 4))
        assert 16 <= found.min() <= found.max() <= 235
        assert found.mean() == pytest.approx(level, abs=0.25)
    for level in (0, 15, 16, 240, 255):
        assert np.all(luma(grained(flat(level, (64, 64)), 1, 4)) == level)


def test_colour_is_left_alone_and_the_picture_itself_too():
    """A new picture is made: the decoder may still need the old one."""
    before = slope(30, 60)
    kept = luma(before).copy()
    after = grained(before, 0, 4)
    for plane in (1, 2):
        assert np.array_equal(plane_of(before, plane), plane_of(after, plane))
    assert np.array_equal(luma(before), kept)
    assert not np.array_equal(luma(after), kept)
    assert (int(after.colorspace), int(after.color_range)) == (1, 1)


def test_it_changes_with_every_frame_and_none_is_like_another():
    """A hundred frames of one flat picture: no two noises go together, and none stands still."""
    frame = flat(80, (128, 64))
    noises = np.stack([luma(grained(frame, number, 3)).ravel() - 80 for number in range(100)])
    alike = np.corrcoef(noises) - np.eye(100)
    assert np.abs(alike).max() < 0.25
    assert np.abs(noises.mean(0)).max() < 1.5


def test_nothing_happens_without_it():
    """Strength 0 gives the same pictures back."""
    frames = [flat(80), flat(90)]
    assert [id(frame) for frame in with_grain(frames, 0)] == [id(frame) for frame in frames]


def test_it_is_the_same_on_every_machine():
    """Another process makes the same numbers, and these are the ones: pieces are kept for months."""
    words = "from tests.media.test_grain import *; import zlib; f = grained(slope(20, 200), 7, 2);"
    words += "print(zlib.crc32(plane_of(f, 0).tobytes()))"
    project = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True, cwd=project)
    assert int(done.stdout) == 2212403360


def steps(path: Path) -> tuple[float, int]:
    """How long brightness stays the same along a line, in pixels, and how many different tones are seen."""
    lumas = [planes[0] for planes in pictures(path)][6:18]
    runs = [np.diff(np.flatnonzero(np.diff(row, prepend=-1, append=-1))).mean() for row in lumas[5][::4]]
    # What the eye sees of a few frames together, over a little area.
    seen = np.mean(lumas, 0).reshape(36, 8, 64, 8).mean((1, 3))
    return float(np.mean(runs)), len(np.unique(np.round(seen, 1)))


def test_a_soft_dark_slope_loses_its_steps_in_the_finished_file(tmp_path):
    """24 levels over 512 columns, coded at crf 18: without grain broad flat bands, with it none."""
    found = {}
    for strength in (0, 1, 2, 3):
        out = tmp_path / f"{strength}.mp4"
        frames = with_grain([slope(20, 44)] * 24, strength)
        for _done in write_film(frames, None, out, SHAPE, Coding()):
            pass
        found[strength] = steps(out)
    runs, tones = zip(*(found[strength] for strength in range(4)), strict=True)
    assert runs[0] > 15
    assert runs[1] < 0.7 * runs[0]
    assert runs[2] < 4
    assert runs[3] < 2.5
    assert tones[1] > 2 * tones[0]
    assert tones[3] > tones[2] > 3 * tones[0]


def test_it_costs_little_beside_coding(tmp_path):
    """Less than half of what coding the same pictures takes, counted in this process's own work."""
    import time

    frames = [slope(20, 200, (1536, 1024))] * 12
    grained(frames[0], 0, 2)
    started = time.process_time()
    noisy = list(with_grain(frames, 2))
    spent = time.process_time() - started
    started = time.process_time()
    for _done in write_film(noisy, None, tmp_path / "a.mp4", FilmShape(1536, 1024, Fraction(24)), Coding()):
        pass
    assert spent < 0.5 * (time.process_time() - started)


def test_a_piece_has_the_same_grain_wherever_it_stands(tmp_path):
    """With another order bodies serve again; with another strength all is coded anew; twice is the same."""
    clips = [make_clip(tmp_path / f"{n}.mp4", frames=33, seed=n, sound=None) for n in range(3)]
    cuts = [Cut(str(clip), clip.stem, "take-01", 33) for clip in clips]
    settings = MasterSettings(preset="ultrafast", crf=6, fade_in_s=0, fade_out_s=0)

    def made(order, grain, name):
        before = {path.name for path in (tmp_path / "pieces").glob(f"*{SUFFIX}")}
        timeline = Timeline(tuple(cuts[n] for n in order), Fraction(24), 128, 64, 6, grain=grain)
        more = {"work_dir": tmp_path / "work", "cache_dir": tmp_path / "pieces"}
        report = render_master(timeline, tmp_path / f"{name}.mp4", settings, **more)
        after = {path.name for path in (tmp_path / "pieces").glob(f"*{SUFFIX}")}
        return report, len(after - before)

    first, pieces = made((0, 1, 2), 2, "a")
    assert pieces == 7
    assert made((0, 2, 1), 2, "b")[1] == 3
    assert made((0, 1, 2), 3, "c")[1] == 7
    plain, count = made((0, 1, 2), 0, "d")
    assert count == 7
    again, count = made((0, 1, 2), 2, "e")
    assert (again.sha256, count) == (first.sha256, 0)
    noisy, bare = (pictures(replace(report).path) for report in (first, plain))
    differences = [np.std(a[0] - b[0]) for a, b in zip(noisy, bare, strict=True)]
    assert min(differences) > 0.7
    assert len(noisy) == len(bare) == 87
