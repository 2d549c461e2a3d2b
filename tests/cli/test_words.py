"""Numbers and moments in words."""

import pytest

from ltxlib.cli import words
from ltxlib.core.catalog_parts import ModelFile, Price
from ltxlib.core.plan import Estimate
from ltxlib.studio import events


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (42, "42 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (3599.7, "1 h 0 min"),
    ],
)
def test_times_are_said_as_people_say_them(seconds, said):
    """Seconds, minutes, hours, whichever fits."""
    assert words.span(seconds) == said


def test_a_pods_time_names_its_source():
    """The range is followed by where it comes from."""
    assert words.pod_time(Estimate(60, 120, "reports")) == "1 min to 2 min (reports)"
    some, none = Estimate(60, 120, "reports", 1), Estimate(60, 120, "no reports", 1, known=False)
    assert words.pod_time(some) == "more than 1 min to 2 min (reports)"
    assert words.pod_time(none) == "a time that is not known (no reports)"


def test_progress_is_not_worth_a_line():
    """The terminal shows what happened, not every step."""
    assert words.event_line(events.TakeProgress(None, 1, 8)) == ""
    assert "waiting" in words.event_line(events.ServerLost("gone"))
    assert words.event_line(events.BatchEnded(1, 2, 3, True)).startswith("stopped: 1 made, 2 there")


@pytest.mark.parametrize(
    ("took", "said"),
    [
        (None, "not known"),
        ((1, 2), "under $0.01"),
        ((1, 3600), "up to $1.00"),
        ((1800, 3600), "$0.50 to $1.00"),
        ((3600, 3600), "$1.00"),
    ],
)
def test_money_is_said_in_cents(took, said):
    """A range, one sum, or less than a cent."""
    assert words.money(took, Price("card", 1.0, "x")) == said


def test_what_is_not_known_is_not_counted_as_nothing():
    """Times and costs that are not known stay so, and a sum with an unknown part says more than."""
    assert words.span_facts(None, Price("card", 1.0, "x")) == dict.fromkeys(
        ("low_s", "high_s", "low_usd", "high_usd")
    )
    assert words.span_of(None) == words.gigabytes(None) == "not known"
    known = ModelFile("a", "b", "c/d", 27_130_000_000)
    assert words.together([known]) == "27.1 GB"
    assert words.together([known, ModelFile("e", "b", "c/d", None)]) == "more than 27.1 GB"
