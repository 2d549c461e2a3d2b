"""What is chosen for a night, and hours of the clock."""

import time

import pytest

from ltxlib.core.limits import Limits
from ltxlib.errors import BadInput
from ltxlib.store.night_files import VARIABLE, night_folder
from ltxlib.store.project import Project
from ltxlib.studio.night_options import NightOptions, clock_words, ladder_wanted, next_clock


@pytest.fixture
def in_zone(monkeypatch):
    """A machine whose clock shows the time of a zone."""

    def choose(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


def moment(*parts):
    return time.mktime((*parts, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("text", "now", "wanted"),
    [
        ("06:30", (2026, 11, 22, 23, 0), (2026, 11, 23, 6, 30)),
        ("6.30", (2026, 11, 22, 5, 0), (2026, 11, 22, 6, 30)),
        (" 23:59 ", (2026, 12, 31, 23, 59), (2027, 1, 1, 23, 59)),
        # In the night in which clocks go back an hour, and in the one in which 02:30 does not exist.
        ("06:30", (2026, 10, 24, 23, 0), (2026, 10, 25, 6, 30)),
        ("02:30", (2026, 3, 28, 23, 0), (2026, 3, 29, 3, 30)),
    ],
)
def test_the_next_such_moment_is_meant(in_zone, text, now, wanted):
    """An hour that is past today is tomorrow's, and a change of clocks does not shift it."""
    in_zone("Europe/Berlin")
    assert next_clock(text, moment(*now)) == moment(*wanted)


def test_a_moment_is_told_with_its_zone(in_zone):
    """On a pod the clock shows UTC, so the zone and the day are told."""
    in_zone("UTC")
    assert clock_words(next_clock("06:30", 1795388400.0)) == "06:30 UTC on Monday"


@pytest.mark.parametrize("text", ["24:00", "6:60", "half past six", "", "06:30:00", "-1:00"])
def test_no_time_of_day_is_told(text):
    """What is no hour of the clock is refused in a sentence."""
    with pytest.raises(BadInput, match="is no time of day"):
        next_clock(text)


def test_a_night_s_batch_knows_whether_the_ladder_is_wanted(tmp_path, monkeypatch):
    """By day it is; in a night it is as was chosen, also for the process of a notebook."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert ladder_wanted()
    night = night_folder(Project(tmp_path))
    monkeypatch.setenv(VARIABLE, str(night.folder))
    assert ladder_wanted()
    night.write({"options": NightOptions(ladder=False).to_json()})
    assert not ladder_wanted()


def test_options_come_back_and_set_the_limits():
    """What was written is what is read; unknown and missing names do no harm."""
    options = NightOptions(assemble=True, budget_usd=2.5, until=9.0, stop_pod=True, ladder=False)
    assert NightOptions.from_json(options.to_json()) == options
    assert NightOptions.from_json({"colour": "red"}) == NightOptions()
    assert options.limits(1.0, 0.5) == Limits(1.0, 9.0, 2.5, 0.5)
