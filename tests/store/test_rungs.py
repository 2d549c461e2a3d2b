"""The memory of the ladder on disk."""

from __future__ import annotations

import json

import pytest

from ltxlib.core import ladder
from ltxlib.errors import StoreError
from ltxlib.store import rungs
from ltxlib.store.project import Project
from tests.core.test_ladder import MEANS, SEA, planned

CARD = "NVIDIA RTX 4090"
ASKED = planned()
WORK = 768 * 512 * 65


@pytest.fixture
def shelf(tmp_path):
    return Project(tmp_path).set(rehearsal=True)


def failed(shelf, rung, plan=ASKED, machine=CARD):
    rungs.note(shelf, machine, ladder.lower(plan, rung, MEANS), worked=False)


def test_what_failed_is_known_to_the_next_night(shelf):
    """It is kept by machine and by kind of clip, in a file that people can read."""
    failed(shelf, 1)
    failed(shelf, 2)
    failed(shelf, 3, planned(SEA))
    assert rungs.held_for(shelf, CARD, ASKED) == {0: WORK, 2: WORK}
    assert rungs.held_for(shelf, CARD, planned(SEA)) == {3: WORK}
    assert rungs.held_for(shelf, "NVIDIA A40", ASKED) == {}
    written = json.loads((shelf.folder / "rungs.json").read_text())
    assert written[CARD]["ltx-2-19b-distilled, t2v, 2 stages, sound, asmr-txt2vid.json"] == {
        "0": WORK,
        "2": WORK,
    }


def test_what_works_is_taken_back_and_written_only_when_it_changes(shelf):
    """A success where a failure was held clears it; one that tells nothing new does not touch the disk."""
    rungs.note(shelf, CARD, ASKED, worked=True)
    assert not (shelf.folder / "rungs.json").exists()
    failed(shelf, 1)
    before = (shelf.folder / "rungs.json").stat().st_mtime_ns
    failed(shelf, 1)
    failed(shelf, 0)
    assert (shelf.folder / "rungs.json").stat().st_mtime_ns == before
    rungs.note(shelf, CARD, ASKED, worked=True)
    assert rungs.held_for(shelf, CARD, ASKED) == {}
    assert json.loads((shelf.folder / "rungs.json").read_text()) == {CARD: {}}


def test_it_can_be_forgotten(shelf):
    """On request all begins as asked again; there may have been nothing to forget."""
    failed(shelf, 1)
    assert rungs.forget(shelf) is True
    assert rungs.held_for(shelf, CARD, ASKED) == {}
    assert rungs.forget(shelf) is False


@pytest.mark.parametrize("text", ["", "[]", '{"NVIDIA RTX 4090": 3}', '{"NVIDIA RTX 4090": {', "\x00"])
def test_a_damaged_memory_is_no_memory(shelf, text):
    """Nothing is remembered, nothing fails, and the next thing that is learned makes it whole."""
    shelf.folder.mkdir(parents=True)
    (shelf.folder / "rungs.json").write_text(text)
    assert rungs.held_for(shelf, CARD, ASKED) == {}
    failed(shelf, 1)
    assert rungs.held_for(shelf, CARD, ASKED) == {0: WORK}


def test_numbers_that_are_none_are_passed_over(shelf):
    """Whatever somebody wrote into the file, only rungs and work are taken from it."""
    failed(shelf, 1)
    path = shelf.folder / "rungs.json"
    kinds = json.loads(path.read_text())[CARD]
    kind = next(iter(kinds))
    path.write_text(json.dumps({CARD: {kind: {"2": WORK, "three": 1, "4": "much", "5": True, "6": 2.5}}}))
    assert rungs.held_for(shelf, CARD, ASKED) == {2: WORK}


def test_a_memory_that_cannot_be_deleted_is_told(shelf):
    """A folder in its place is a sentence, not a traceback."""
    (shelf.folder / "rungs.json").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"rungs\.json could not be deleted"):
        rungs.forget(shelf)


def test_a_machine_is_named_by_its_cards():
    """Two cards are another machine than one; a server that names none still has a memory."""
    assert rungs.machine_of({"devices": ["cuda:0 NVIDIA A40", "cuda:1 NVIDIA A40"]}) == (
        "cuda:0 NVIDIA A40, cuda:1 NVIDIA A40"
    )
    assert rungs.machine_of({}) == rungs.machine_of({"devices": [""]}) == rungs.UNNAMED
