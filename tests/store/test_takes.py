"""Takes on disk and what was decided on them."""

import json
from dataclasses import replace

import pytest

from ltxlib.core import ladder
from ltxlib.core.sources import of_row
from ltxlib.errors import StoreError, UnsafeName
from ltxlib.store import takes
from ltxlib.store.project import Project
from tests.core.test_ladder import FIELD, MEANS, RAIN, planned
from tests.support.takes import a_take


@pytest.fixture
def shelf(tmp_path):
    return Project(tmp_path).set(rehearsal=True)


def saved(shelf, take=None, data=b"clip"):
    source = shelf.folder / "incoming.mp4"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(data)
    return takes.save_take(shelf, take or a_take(), source)


def test_a_saved_take_is_found_again(shelf):
    """Clip and record lie side by side and give the take back."""
    clip = saved(shelf)
    assert clip.read_bytes() == b"clip"
    assert takes.load_takes(shelf) == ([a_take()], [])
    assert takes.has_take(shelf, "rain", "take01-abc")


def test_nothing_is_no_take(shelf):
    """An empty shelf has no takes and no problems."""
    assert takes.load_takes(shelf) == ([], [])
    assert not takes.has_take(shelf, "rain", "take01-abc")


@pytest.mark.parametrize("damage", ["truncated", "gone", "record", "foreign", "list"])
def test_a_damaged_take_is_never_taken_for_a_whole_one(shelf, damage):
    """Whatever half of a take is missing or changed, it counts as not made, and a problem says so."""
    clip = saved(shelf)
    record = clip.with_suffix(".json")
    if damage == "truncated":
        clip.write_bytes(b"cl")
    elif damage == "gone":
        clip.unlink()
    elif damage == "record":
        record.write_text('{"take_id"')
    elif damage == "foreign":
        record.write_text(json.dumps({**json.loads(record.read_text()), "scene": "other"}))
    else:
        record.write_text("[]")
    found, problems = takes.load_takes(shelf)
    assert found == []
    assert [problem.where for problem in problems] == ["takes/rain/take01-abc"]
    assert not takes.has_take(shelf, "rain", "take01-abc")


def test_a_take_cannot_be_saved_outside_its_shelf(shelf):
    """A scene name from elsewhere cannot lead out of the takes folder."""
    with pytest.raises(UnsafeName):
        saved(shelf, a_take(scene="../.."))


def test_the_last_decision_counts(shelf):
    """A decision can be changed; each is kept, the last one holds."""
    take = a_take()
    takes.decide(shelf, take, "keep")
    takes.decide(shelf, take, "reject")
    takes.decide(shelf, a_take(take_id="b"), "keep")
    assert takes.decisions(shelf) == {"rain/take01-abc": "reject", "rain/b": "keep"}
    with pytest.raises(StoreError, match="not a decision"):
        takes.decide(shelf, take, "maybe")


def lowered(plan, rung, **changes):
    """The record of a take that stands in for a plan's on a rung."""
    low = ladder.lower(plan, rung, MEANS)
    return a_take(scene="rain", take_id=low.take_id, rung=rung, asked=low.asked, **changes)


def test_a_lowered_take_stands_in_for_the_one_asked_for(shelf):
    """It counts as there while the ladder is on, the best of several first; off, only the true one does."""
    asked = planned(RAIN)
    assert takes.standing_in(shelf, "rain", asked.take_id) is None
    assert not takes.there(shelf, asked)
    saved(shelf, lowered(asked, 4))
    saved(shelf, lowered(asked, 3))
    assert takes.standing_in(shelf, "rain", asked.take_id).rung == 3
    assert takes.there(shelf, asked)
    assert takes.there(shelf, ladder.lower(asked, 5, MEANS))
    assert not takes.there(shelf, asked, ladder=False)
    assert not takes.has_take(shelf, "rain", asked.take_id)
    saved(shelf, a_take(scene="rain", take_id=asked.take_id))
    assert takes.there(shelf, asked, ladder=False)


def test_only_a_whole_take_that_says_so_stands_in(shelf):
    """One that is damaged, or stands in for another take, is passed over."""
    asked = planned(RAIN)
    clip = saved(shelf, lowered(asked, 3))
    saved(shelf, a_take(scene="rain", take_id=f"{asked.take_id}-r4", rung=4, asked="take02-abc"))
    assert takes.standing_in(shelf, "rain", asked.take_id).rung == 3
    clip.write_bytes(b"cl")
    assert takes.standing_in(shelf, "rain", asked.take_id) is None
    assert not takes.there(shelf, asked)


def test_what_followed_its_source_down_follows_it_up_again(shelf):
    """A take from a lowered source will do, until the source is there as it was asked for."""
    begun = of_row(FIELD, "take01-0000000000")
    asked = planned(replace(RAIN, mode="extend", source="sea"), source=begun)
    saved(shelf, lowered(asked, 4, source="sea/take01-0000000000-r4"))
    assert takes.there(shelf, asked)
    saved(shelf, a_take(scene="sea", take_id="take01-0000000000"))
    assert not takes.there(shelf, asked)
    saved(shelf, lowered(asked, 2, source="sea/take01-0000000000"))
    assert takes.there(shelf, asked)
