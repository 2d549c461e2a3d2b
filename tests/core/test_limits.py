"""When a night is to end early."""

import pytest

from ltxlib.core.limits import BUDGET, CLOCK, STOP_WORDS, Limits


def test_without_limits_it_never_ends():
    """No limit is ever reached when none was set."""
    assert Limits(began=0.0).reached(10**9) == ""


def test_the_clock_is_reached_at_its_second():
    """The hour counts from the very second on."""
    limits = Limits(began=100.0, until=200.0)
    assert limits.reached(199.9) == ""
    assert limits.reached(200.0) == CLOCK


def test_the_budget_counts_the_whole_time():
    """Money is the time since the night began, at the hourly price."""
    limits = Limits(began=0.0, budget_usd=1.0, usd_per_hour=0.5)
    assert limits.spent_usd(3600.0) == pytest.approx(0.5)
    assert limits.reached(7199.0) == ""
    assert limits.reached(7200.0) == BUDGET


def test_a_budget_without_a_price_cannot_be_held():
    """Nothing is spent that can be counted when nobody knows the price."""
    limits = Limits(began=0.0, budget_usd=1.0)
    assert limits.spent_usd(10**6) is None
    assert limits.reached(10**6) == ""


def test_limits_come_back_as_they_were_written():
    """What was written is what is read, the missing ones included."""
    limits = Limits(began=5.0, until=9.5, budget_usd=None, usd_per_hour=0.59)
    assert Limits.from_json(limits.to_json()) == limits
    with pytest.raises(TypeError):
        Limits.from_json({})


def test_every_reason_has_words():
    """A person is told why it ended, whatever the reason."""
    assert all(STOP_WORDS[word].endswith(".") for word in (BUDGET, CLOCK, *STOP_WORDS))
