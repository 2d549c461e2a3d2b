"""A title card is a clip like any other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.errors import BadInput, StoreError
from ltxlib.media.card import title_card
from ltxlib.media.probe import probe
from ltxlib.media.settings import CardLook
from tests.support.clips import planes_of
from tests.support.films import complaints, pictures, samples

NTSC = Fraction(24000, 1001)


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    out = tmp_path_factory.mktemp("card") / "title.mp4"
    assert title_card("Rain at\nthe window", out, width_px=256, height_px=128, fps=NTSC, seconds=2) == 48
    return out


def test_it_has_exactly_its_frames_its_rate_and_its_tags(card):
    """Not one frame fewer (MoviePy's own writer drops the last), and BT.709 by name."""
    info = probe(card)
    assert (info.frames, info.fps, info.width_px, info.height_px) == (48, NTSC, 256, 128)
    assert (info.codec, info.profile, info.pixel_format) == ("h264", "High", "yuv420p")
    assert (info.color_space, info.color_primaries, info.color_transfer) == ("bt709",) * 3
    assert (info.audio_rate, info.audio_channels) == (48000, 2)
    assert info.audio_duration_s == pytest.approx(float(48 / NTSC), abs=1e-4)
    assert complaints(card) == ""


def test_it_is_silent(card):
    """The card brings sound, and the sound is silence."""
    assert not samples(card).any()


def test_its_ground_has_exactly_the_colour_that_was_chosen(card):
    """Corners are the paper's colour in BT.709."""
    expected = [plane.mean() for plane in planes_of(np.full((2, 2, 3), CardLook().paper, float), "bt709")]
    corner = [plane[:8, :8].mean() for plane in pictures(card)[24]]
    assert corner == pytest.approx(expected, abs=1)


def test_the_words_come_stand_and_go(card):
    """Nothing at the start, bright words in the middle, nothing at the end; they stand in the middle."""
    brightest = [planes[0].max() for planes in pictures(card)]
    assert brightest[0] < 45 < 150 < brightest[24]
    assert brightest[-1] < 45
    rows = np.nonzero(pictures(card)[24][0].max(axis=1) > 100)[0]
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(64, abs=6)


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("", {}, "0 characters"),
        (" \n", {}, "characters"),
        ("x" * 201, {}, "201 characters"),
        ("Rain", {"width_px": 127}, "width is 127"),
        ("Rain", {"height_px": 32}, "height is 32"),
        ("Rain", {"seconds": 0}, "0 seconds"),
        ("Rain", {"seconds": 3600}, "3600 seconds"),
    ],
)
def test_what_cannot_be_a_card_is_told(tmp_path, text, more, words):
    """Words, size and length have limits."""
    options = {"width_px": 128, "height_px": 64, "fps": Fraction(24), "seconds": 1.0, **more}
    with pytest.raises(BadInput) as caught:
        title_card(text, tmp_path / "a.mp4", **options)
    assert words in str(caught.value)


def test_a_folder_that_cannot_be_is_told_and_nothing_is_left(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        title_card("Rain", tmp_path / "file" / "a.mp4", width_px=128, height_px=64, fps=Fraction(24))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_frame_is_enough(tmp_path):
    """The shortest card is a frame long, in any look."""
    look = CardLook(ink=(255, 255, 255), paper=(0, 0, 0), fade_s=0.0)
    out = tmp_path / "a.mp4"
    options = {"width_px": 64, "height_px": 128, "fps": Fraction(24), "look": look}
    assert title_card("Night", out, seconds=0.01, **options) == 1
    assert probe(out).frames == 1
    assert pictures(out)[0][0].max() > 150
