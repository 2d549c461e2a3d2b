"""Bytes that are here and bytes that are missing."""

from __future__ import annotations

import random

from ltxlib.core.fetched import bytes_in, merged, missing, read_log


def test_spans_are_merged():
    """Overlaps, neighbours and empty spans become the fewest spans of the same bytes."""
    assert merged([(5, 9), (0, 3), (3, 5), (20, 20), (30, 31), (8, 12)]) == [(0, 12), (30, 31)]
    assert bytes_in([(0, 10), (5, 20)]) == 20


def test_what_is_missing_and_what_is_there_make_the_whole():
    """For any spans: together they are the file, nothing twice, no piece too long."""
    dice = random.Random(7)
    for _ in range(200):
        size = dice.randrange(1, 500)
        there = [tuple(sorted((dice.randrange(size + 1), dice.randrange(size + 1)))) for _ in range(6)]
        gaps = list(missing(there, size, 37))
        assert all(0 < last - first <= 37 for first, last in gaps)
        assert merged([*there, *gaps]) == [(0, size)]
        assert bytes_in(there) + bytes_in(gaps) == size


def test_an_empty_file_misses_nothing():
    """A file of no bytes is there."""
    assert list(missing([], 0, 10)) == []


def test_a_log_that_was_cut_off_is_read_to_its_last_whole_line():
    """A kill while writing can leave "0 50\\n50 1": the 1 is the beginning of a longer number."""
    assert read_log("0 50\n50 1", 1000) == [(0, 50)]
    assert read_log("0 50\nrubbish\n60 50\n70 2000\n-1 5\n80 90\n", 1000) == [(0, 50), (80, 90)]
    assert read_log("", 10) == []
