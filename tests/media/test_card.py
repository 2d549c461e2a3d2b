"""A title card is a clip like any other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.errors import BadInput, StoreError
from ltxlib.media import fonts
from ltxlib.media.card import laid_out, title_card
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


def ink(path, level: int = 60) -> tuple[int, int, int, int]:
    """Where the words stand in the middle of a card: left, right, top, bottom."""
    shown = pictures(path)
    luma = shown[len(shown) // 2][0]
    columns, rows = np.flatnonzero(luma.max(axis=0) > level), np.flatnonzero(luma.max(axis=1) > level)
    return columns[0], columns[-1], rows[0], rows[-1]


SHAPES = [(256, 144), (144, 256), (192, 128), (160, 160), (640, 64), (64, 640)]
TEXTS = {
    "title": "Rain at the window",
    "two lines": "Rain at\nthe window",
    "with small words": "Rain at the window\n\nthree hours of calm for sleep and study",
    "long word": "Donaudampfschifffahrtsgesellschaftskapitaensmuetze",
    "no spaces at all": "x" * 120,
    "many words": "a slow evening rain " * 9,
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", SHAPES)
def test_words_stay_in_the_safe_middle_of_every_shape(tmp_path, size, text):
    """Wide or upright, short words or long, nothing touches the edges and all stands in the middle."""
    out = tmp_path / "a.mp4"
    width, height = size
    title_card(TEXTS[text], out, width_px=width, height_px=height, fps=Fraction(24), seconds=0.1)
    left, right, top, bottom = ink(out)
    # Aliased edges of letters and the coder's ringing take a pixel or two.
    assert left >= width * 0.1 - 3
    assert right <= width * 0.9 + 3
    assert (left + right) / 2 == pytest.approx(width / 2, abs=max(4, 0.03 * width))
    if text in ("title", "two lines", "with small words"):
        assert (top + bottom) / 2 == pytest.approx(height / 2, abs=4)
        assert top > 0.1 * height


def test_letters_are_as_large_as_they_fit():
    """The size follows the shorter side, long words make all smaller, and no line is wider than it may be."""
    for size in ((1920, 1080), (1080, 1920), (3840, 2160)):
        [short] = laid_out("Rain", None, size)
        assert short.letter_px == round(min(size) / 12)
        [long] = laid_out("Rain Donaudampfschifffahrtsgesellschaftskapitaen", None, size)
        assert long.letter_px < short.letter_px or size[0] > 1080
        for line in (*short.lines, *long.lines):
            assert fonts.loaded(None, long.letter_px).getlength(line) <= 0.8 * size[0]
    title, small = laid_out("Rain\n\nthree hours", None, (1920, 1080))
    assert (title.lines, small.lines) == (("Rain",), ("three hours",))
    assert (small.letter_px, small.share < title.share) == (title.letter_px // 2, True)


def test_lines_are_even_and_no_line_begins_with_a_dash():
    """Two lines of about the same length instead of a full one and a word; signs stay at their words."""
    [words] = laid_out("The rain that fell all night on the roof of tin and glass", None, (1080, 1920))
    lengths = [fonts.loaded(None, words.letter_px).getlength(line) for line in words.lines]
    assert len(lengths) > 1
    assert min(lengths) > 0.6 * max(lengths)
    for width in range(300, 1900, 50):
        for part in laid_out("Rain at the window - a long night , slowly", None, (width, 1080)):
            assert not any(line[0] in "-," for line in part.lines)
    # Scripts without spaces may be broken after any sign, but not before their full stop.
    for width in range(300, 1900, 50):
        [part] = laid_out("雨の窓辺で静かに眠る夜。雨の窓辺で静かに眠る夜。", None, (width, 1080))
        assert "".join(part.lines) == "雨の窓辺で静かに眠る夜。雨の窓辺で静かに眠る夜。"
        assert not any(line.startswith("。") for line in part.lines)


def test_the_same_words_make_the_same_bytes(tmp_path):
    """So the pieces of a film's picture that show a card are found again."""
    options = {"width_px": 192, "height_px": 128, "fps": NTSC, "seconds": 1.0}
    for name in ("a.mp4", "b.mp4"):
        title_card("Rain\n\nall night", tmp_path / name, **options)
    title_card("  Rain \n \n\n all   night ", tmp_path / "c.mp4", **options)
    assert len({(tmp_path / name).read_bytes() for name in ("a.mp4", "b.mp4", "c.mp4")}) == 1


def test_words_come_and_go_evenly(tmp_path):
    """Up without a jump, the same way down."""
    out = tmp_path / "a.mp4"
    title_card("Rain", out, width_px=128, height_px=64, fps=Fraction(24), seconds=2.0)
    brightest = np.array([planes[0].max() for planes in pictures(out)])
    assert np.all(np.diff(brightest[:20]) > -3)
    assert np.abs(np.diff(brightest)).max() < 30
    assert brightest == pytest.approx(brightest[::-1], abs=8)
    assert brightest[19:29] == pytest.approx([brightest[24]] * 10, abs=3)


def test_letters_that_no_font_knows_are_named(tmp_path, monkeypatch):
    """Better no card than one with boxes; Pillow's own font knows no more than English."""
    monkeypatch.setattr(fonts, "USUAL", ("no-such-font.ttf",))
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path / "nowhere"])
    options = {"width_px": 128, "height_px": 64, "fps": Fraction(24), "seconds": 0.1}
    with pytest.raises(BadInput, match="é 雨") as caught:
        title_card("été 雨 night", tmp_path / "a.mp4", **options)
    assert "fonts-noto" in caught.value.cure
    assert not (tmp_path / "a.mp4").exists()
    assert title_card("Night, 3 a.m.", tmp_path / "b.mp4", **options) == 2


def test_fonts_that_are_no_fonts_are_passed_over(tmp_path, monkeypatch):
    """A damaged file in the fonts' folder keeps nobody from a card."""
    monkeypatch.setattr(fonts, "USUAL", ())
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "notes.txt").write_text("mine")
    assert fonts.font_for("Rain") is None
    with pytest.raises(BadInput, match="knows é"):
        fonts.font_for("Ré")


def test_accents_are_drawn_where_a_font_has_them(tmp_path):
    """Letter by letter, composed or not, none is a box."""
    try:
        font = fonts.font_for("Ærøskøbing, ночь")
    except BadInput:
        pytest.skip("no font of this machine knows these letters")
    assert font is not None
    assert fonts.font_for("e\u0301te\u0301") == fonts.font_for("été")
    sized = fonts.loaded(font, 60)
    assert bytes(sized.getmask("ø")) != bytes(sized.getmask("\uffff"))
    options = {"width_px": 256, "height_px": 128, "fps": Fraction(24), "seconds": 0.1}
    assert title_card("Ærøskøbing\n\nночь", tmp_path / "a.mp4", **options) == 2


def test_scripts_that_this_machine_cannot_set_are_told(monkeypatch):
    """Letters that run from right to left, or round each other, are not drawn in the wrong order."""
    monkeypatch.setattr(fonts, "_shapes", lambda: False)
    for text in ("שלום", "مطر", "नमस्ते"):
        with pytest.raises(BadInput, match="in a script"):
            fonts.font_for(text)
    assert fonts.font_for("Rain") is None


@pytest.mark.parametrize(
    ("system", "expected"),
    [("win32", "Windows/Fonts"), ("darwin", "Library/Fonts"), ("linux", "share/fonts")],
)
def test_fonts_are_looked_for_where_each_system_keeps_them(monkeypatch, system, expected):
    """Windows, macOS and Linux each have their folders."""
    monkeypatch.setattr(fonts.sys, "platform", system)
    monkeypatch.setenv("WINDIR", "C:/Windows")
    monkeypatch.setenv("LOCALAPPDATA", "C:/Local")
    assert any(folder.as_posix().endswith(expected) for folder in fonts._folders())
