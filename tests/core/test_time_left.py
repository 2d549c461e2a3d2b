"""How long work will still take."""

import pytest

from ltxlib.core.time_left import TimeLeft


def test_time_left_follows_the_pace_of_late():
    """It is told from the last seconds, so a slow beginning is soon forgotten."""
    left = TimeLeft()
    assert left.seen(0.0, 0.0) is None
    assert left.seen(0.01, 1.0) is None
    assert left.seen(0.1, 10.0) == pytest.approx(90.0)
    for second in range(11, 60):
        told = left.seen(0.1 + (second - 10) * 0.015, float(second))
    assert told == pytest.approx((1 - 0.835) / 0.015, rel=0.05)
    assert left.seen(1.0, 61.0) == 0.0


def test_what_was_there_already_is_no_pace():
    """A leap at the beginning, and a step back, begin the reckoning anew."""
    left = TimeLeft()
    left.seen(0.02, 0.0)
    left.seen(0.12, 5.0)
    assert left.seen(0.72, 5.1) is None
    assert left.seen(0.74, 8.1) == pytest.approx(39.0)
    assert left.seen(0.1, 9.0) is None
    assert left.seen(0.1, 12.0) is None
