"""Lengths of time as people write them."""

import pytest

from ltxlib.core.lengths import length_text, read_seconds


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10 h", 36000),
        ("1:30:00", 5400),
        ("1:30", 90),
        ("90:00", 5400),
        ("45 min", 2700),
        ("1 h 30 min", 5400),
        ("1h30m", 5400),
        ("2,5 s", 2.5),
        ("2 Hours", 7200),
        (".5s", 0.5),
        ("90", 90),
        (90, 90),
        (0.04, 0.04),
        ("0:01.5", 1.5),
        ("  8   hrs. ", 28800),
    ],
)
def test_people_write_lengths_in_many_ways(written, seconds):
    """Clock times, units in words and plain seconds mean what they say."""
    assert read_seconds(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "soon", "-1", -1, True, None, "1:75", "1:61:00", "30 min 1 h", "1 s 1 s", "10 hh", "nan"]
)
def test_what_is_no_length_is_refused(written):
    """Anything else is told in a sentence instead of being guessed."""
    with pytest.raises(ValueError, match="no length of time"):
        read_seconds(written)


@pytest.mark.parametrize(
    "seconds", [0, 0.04, 1.5, 59, 60, 61, 90, 3600, 3601, 5400.0, 36000, 12.3456789, 1 / 3]
)
def test_a_length_is_written_as_it_is_read(seconds):
    """Nothing is lost on the way to the file and back."""
    assert read_seconds(length_text(seconds)) == seconds


def test_whole_lengths_read_well():
    """Hours and minutes are said as such."""
    assert [length_text(seconds) for seconds in (36000, 5400, 2700, 45, 0.5)] == [
        "10 h",
        "1 h 30 min",
        "45 min",
        "45 s",
        "0.5 s",
    ]
