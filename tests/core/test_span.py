"""Lengths and rates."""

from fractions import Fraction

import pytest

from ltxlib.core import span


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("24.0", Fraction(24)),
        (" 25 ", Fraction(25)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_exact_rate_is_what_a_person_means(text, rate):
    """A rate is exact, also when it is written in its usual short form."""
    assert span.exact_rate(text) == rate


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2997/125", "24000/1001"),
        ("23.976", "24000/1001"),
        ("29.97", "30000/1001"),
        ("47.952", "48000/1001"),
        ("59.94", "60000/1001"),
        ("119.88", "120000/1001"),
        ("24000/1001", "24000/1001"),
        ("24", "24"),
        ("23.98", "23.98"),
        ("23.977", "23.977"),
        ("24.39", "24.39"),
    ],
)
def test_a_rate_in_thousandths_stands_for_the_usual_one(written, meant):
    """ComfyUI writes 23.976 where 24000/1001 is meant; a rate beside it is itself."""
    assert span.meant_rate(Fraction(written)) == Fraction(meant)


def test_thousandths_typed_as_a_fraction_are_the_usual_rate():
    """Whoever writes ComfyUI's own number means the rate that it stands for."""
    assert span.exact_rate("2997/125") == Fraction(24000, 1001)


@pytest.mark.parametrize("text", ["", "abc", "0", "-24", "24/0", "nan", "inf"])
def test_exact_rate_refuses_what_is_no_rate(text):
    """Nothing but a positive number is a rate."""
    with pytest.raises(ValueError):
        span.exact_rate(text)


def test_legal_lengths_are_whole_groups_and_an_opening_frame():
    """Between 9 and 481 frames at 24 fps exactly the lengths 8n+1 are legal."""
    legal = [n for n in range(0, 600) if span.is_legal(n, Fraction(24))]
    assert legal == list(range(9, 482, 8))


@pytest.mark.parametrize(
    ("frames", "nearest"),
    [
        (64, (57, 65)),
        (65, (65, 65)),
        (66, (65, 73)),
        (1, (9, 9)),
        (0, (9, 9)),
        (5000, (481, 481)),
        (-4, (9, 9)),
    ],
)
def test_nearest_legal_lengths_surround_an_illegal_one(frames, nearest):
    """The nearest legal lengths lie on both sides, and never outside what the model makes."""
    assert span.nearest_legal(frames, Fraction(24)) == nearest


def test_nearest_lengths_are_legal_at_every_rate():
    """Whatever the rate, what is offered as nearest is legal."""
    for fps in (Fraction(1), Fraction(12), Fraction(24000, 1001), Fraction(25), Fraction(50), Fraction(60)):
        for frames in range(0, 1300, 7):
            assert all(span.is_legal(near, fps) for near in span.nearest_legal(frames, fps))


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [
        ("5", 24, 121),
        ("10", 24, 241),
        ("20", 24, 481),
        ("2.71", 24, 65),
        ("2.7083", 24, 65),
        ("4", 25, 100),
        ("4.2", 24, 101),
    ],
)
def test_seconds_become_the_frames_a_person_means(seconds, fps, frames):
    """Whole groups get their opening frame; other lengths stay what they are, legal or not."""
    assert span.frames_for(Fraction(seconds), Fraction(fps)) == frames


def test_seconds_text_reads_like_a_length():
    """A length is shown in seconds with two decimals."""
    assert span.seconds_text(65, Fraction(24)) == "2.71 s"
