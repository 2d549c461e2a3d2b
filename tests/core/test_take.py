"""Takes and their records."""

from dataclasses import replace

import pytest

from ltxlib.core.take import KEEP, REJECT, Take, newest_good
from tests.support.takes import a_take


def test_a_record_gives_its_take_back():
    """What is written as JSON is read as the same take."""
    take = a_take(warnings=("quiet",), settings={"seed": 1})
    assert Take.from_json(take.to_json()) == take


def test_a_record_of_a_newer_kit_is_read():
    """Keys that this kit does not know are passed over."""
    data = {**a_take().to_json(), "mood": "calm"}
    data["clip"] = {**data["clip"], "grain": 3}
    assert Take.from_json(data) == a_take()


@pytest.mark.parametrize("data", [{}, {"clip": 3}, {"clip": {}}])
def test_a_damaged_record_is_refused(data):
    """A record without its parts is no take."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        Take.from_json(data)


def test_the_newest_take_goes_into_the_film():
    """Of undecided takes the newest is chosen; a rejected one never."""
    old, new = a_take(take_id="a", made_at="2026-01-01"), a_take(take_id="b", made_at="2026-01-02")
    assert newest_good([new, old], {}) == new
    assert newest_good([new, old], {new.key: REJECT}) == old
    assert newest_good([new, old], {new.key: REJECT, old.key: REJECT}) is None
    assert newest_good([], {}) is None


def test_a_kept_take_goes_before_a_newer_one():
    """What a person kept wins over what was only rendered later."""
    old, new = a_take(take_id="a", made_at="2026-01-01"), a_take(take_id="b", made_at="2026-01-02")
    assert newest_good([old, new], {old.key: KEEP}) == old


def test_takes_of_two_scenes_may_share_an_id():
    """A take's key names its scene too."""
    assert a_take().key != replace(a_take(), scene="other").key
