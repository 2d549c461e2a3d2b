"""Thumbnails and the contact sheet, from real films."""

import itertools

import numpy as np
import pytest
from PIL import Image

from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media import lettering
from ltxlib.media.thumbnails import (
    LARGEST_BYTES,
    fill,
    pictures_at,
    write_contact_sheet,
    write_thumbnails,
)
from tests.support.clips import make_clip


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Ten seconds: grey steps that get lighter, with groups of pictures as a master has."""
    levels = tuple(20 + number // 4 * 3 for number in range(240))
    options = {"crf": "12", "preset": "ultrafast", "g": "48"}
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", frames=240, levels=levels, options=options)


def test_pictures_are_those_of_their_moment(film):
    """Each time gives the frame that shows then, with its right brightness; beyond the end, the last."""
    times = [0.0, 2.5, 5.0, 9.99, 60.0]
    found = [(time, np.asarray(image).mean()) for time, image in pictures_at(film, times)]
    wanted = [20 + min(round(time * 24), 239) // 4 * 3 for time in times]
    assert [time for time, _ in found] == times
    assert [mean for _, mean in found] == pytest.approx(wanted, abs=1.6)


def test_thumbnails_are_as_youtube_wants_them(film, tmp_path):
    """1280x720 JPEGs below 2 MB, from different moments, the best one first, never the darkest."""
    found = write_thumbnails(film, tmp_path, 10.0)
    assert [one.path.name for one in found] == [f"thumbnail-{n}.jpg" for n in range(1, 7)]
    for one in found:
        with Image.open(one.path) as image:
            assert (image.size, image.format) == ((1280, 720), "JPEG")
        assert one.path.stat().st_size < LARGEST_BYTES
    times = sorted(one.time_s for one in found)
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0.3
    assert found[0].time_s > 5
    assert not list(tmp_path.glob("*.part"))


def test_stretches_to_leave_out_are_left_out(film, tmp_path):
    """No thumbnail comes from a crossfade; where all is to be left out, nothing is."""
    found = write_thumbnails(film, tmp_path / "a", 10.0, leave_out=[(2.0, 4.0), (5.0, 10.0)])
    assert all(one.time_s < 2 or 4 < one.time_s < 5 for one in found)
    assert write_thumbnails(film, tmp_path / "b", 10.0, leave_out=[(0.0, 10.0)], count=1)


def test_a_mark_stands_before_the_words(film, tmp_path):
    """A rehearsal's thumbnails say so, with and without other words, however many."""
    (plain,) = write_thumbnails(film, tmp_path / "a", 10.0, count=1)
    grey = np.asarray(Image.open(plain.path).convert("L"), float)
    for number, words in enumerate(("", "x" * 60)):
        (one,) = write_thumbnails(film, tmp_path / f"m{number}", 10.0, words=words, mark="REHEARSAL", count=1)
        assert np.abs(np.asarray(Image.open(one.path).convert("L"), float) - grey).max() > 60


def test_a_sharp_bright_moment_is_preferred(tmp_path):
    """Of black and of flashing frames, the lit ones are chosen."""
    film = make_clip(tmp_path / "dark.mp4", frames=80, flashes=tuple(range(40, 60)))
    found = write_thumbnails(film, tmp_path / "t", 80 / 24)
    assert len(found) == 1
    assert 40 / 24 <= found[0].time_s <= 60 / 24


def test_a_film_that_is_one_still_gives_one(tmp_path):
    """Where all moments look alike, the same picture is not offered six times; black alone gives one too."""
    still = make_clip(tmp_path / "still.mp4", frames=48, picture="still")
    assert len(write_thumbnails(still, tmp_path / "a", 2.0)) == 1
    black = make_clip(tmp_path / "black.mp4", frames=24, picture="black")
    assert len(write_thumbnails(black, tmp_path / "b", 1.0)) == 1


def test_noise_stays_below_two_megabytes(tmp_path):
    """A picture of pure noise is stored as poorly as it needs."""
    from ltxlib.media.thumbnails import _save

    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    _save(Image.fromarray(noise), tmp_path / "noise.jpg")
    assert (tmp_path / "noise.jpg").stat().st_size < LARGEST_BYTES


@pytest.mark.parametrize(
    "words", ["Night rain", "TEN HOURS OF RAIN ON A TIN ROOF IN THE DEEP FOREST", "W" * 60]
)
def test_words_are_written_below_and_readable(film, tmp_path, words):
    """White letters with dark edges in the lower part; the upper part stays as it is."""
    (plain,) = write_thumbnails(film, tmp_path / "plain", 10.0, count=1)
    (told,) = write_thumbnails(film, tmp_path / "told", 10.0, words=words, count=1)
    before, after = (np.asarray(Image.open(one.path).convert("L"), float) for one in (plain, told))
    assert np.abs(after[:100] - before[:100]).mean() < 2
    assert (after > 245).mean() > 0.005
    assert (after[300:] < 40).mean() > 0.005
    # Nothing is written over the edges.
    assert np.abs(after[:, -60:] - before[:, -60:]).mean() < 12


@pytest.mark.parametrize("words", ["x" * 61, "a\nb", "\ue123 rain"])
def test_words_that_cannot_be_written_are_refused(film, tmp_path, words):
    """Too long, of two lines, or letters that no font here has: a sentence, and nothing is written."""
    with pytest.raises(BadInput, match="words on the thumbnail"):
        write_thumbnails(film, tmp_path / "t", 10.0, words=words)
    assert not (tmp_path / "t").exists()


def test_machines_without_fonts_have_pillows_own(monkeypatch, film, tmp_path):
    """Where no font is installed, Pillow's own writes, and what it does not know is said."""
    monkeypatch.setattr(lettering, "FONTS", ("no-such-font.ttf",))
    monkeypatch.setattr(lettering, "PLAIN_FONTS", ())
    assert len(write_thumbnails(film, tmp_path, 10.0, words="Rain", count=1)) == 1
    with pytest.raises(BadInput, match="雨"):
        lettering.check_words("雨")
    assert lettering.fitting("word " * 50, lettering.plain_font(15), 200).endswith("...")


def test_upright_films_are_shown_whole():
    """A 9:16 picture stands in the middle before a blurred copy; a wide one is cut to fill."""
    upright = Image.new("RGB", (90, 160), (200, 0, 0))
    upright.putpixel((45, 2), (255, 255, 255))
    wide = fill(upright, (1280, 720))
    assert wide.size == (1280, 720)
    assert wide.getpixel((640, 360))[0] > 190 > 140 > wide.getpixel((100, 360))[0]
    assert fill(Image.new("RGB", (160, 90), (0, 9, 0)), (1280, 720)).getpixel((3, 3)) == (0, 9, 0)


def test_the_contact_sheet_shows_each_moment_in_order(film, tmp_path):
    """One cell a moment, five in a row, lighter and lighter as the film is."""
    moments = [(number * 1.0, f"scene <{number}>") for number in range(7)]
    sheet = write_contact_sheet(film, tmp_path / "sheet.jpg", moments, "Film " * 300)
    with Image.open(sheet) as image:
        grey = np.asarray(image.convert("L"), float)
    assert grey.shape[1] == 8 + 5 * 328
    cells = [grey[42 + n // 5 * 214 + 90, 8 + n % 5 * 328 + 160] for n in range(7)]
    assert cells == sorted(cells)
    assert cells[6] > cells[0] + 50


def test_a_night_gets_sixty_cells(film, tmp_path):
    """Of many moments, sixty are shown; of none, none."""
    moments = [(number / 100, "x") for number in range(900)]
    with Image.open(write_contact_sheet(film, tmp_path / "s.jpg", moments, "Film")) as image:
        assert image.height == 42 + 12 * 214
    with pytest.raises(BadInput):
        write_contact_sheet(film, tmp_path / "t.jpg", [], "Film")


def test_a_film_that_cannot_be_read_is_a_sentence(tmp_path):
    """A file that is no film, or sound alone, is refused as such."""
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    with pytest.raises(ClipUnreadable):
        write_thumbnails(tmp_path / "x.mp4", tmp_path, 1.0)
