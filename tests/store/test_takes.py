"""Takes on disk and what was decided on them."""

import json

import pytest

from ltxlib.errors import StoreError, UnsafeName
from ltxlib.store import takes
from ltxlib.store.project import Project
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
