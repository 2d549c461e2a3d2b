"""Takes: watched, kept, rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltxlib.store.takes import clip_path, decisions, load_takes, record_path, save_take
from ltxlib.ui import review
from ltxlib.ui.review import ReviewPanel, review_panel


@pytest.fixture
def panel(filled) -> ReviewPanel:
    """The panel over two takes of rain and one of still; no server runs."""
    made = ReviewPanel(filled)
    made.settle()
    return made


def card(panel, scene, take_no):
    return next(
        card
        for card in panel._cards.values()
        if (card.one.take.scene, card.one.take.take_no) == (scene, take_no)
    )


def test_takes_are_shown_by_scene_without_any_server(panel):
    """What was rehearsed can be looked at later, and is named a rehearsal."""
    assert "REHEARSAL" in panel.banner.value
    assert "3 takes of 2 scenes" in panel.head.value
    assert len(panel._cards) == 3
    assert all("<img" in card.still.value for card in panel._cards.values())
    newest = card(panel, "rain", 2)
    assert "in the film" in newest.words.value
    assert "ltx-chosen" in newest.part._dom_classes


def test_keep_and_reject_are_written_down_and_shown(panel, filled):
    """The film follows the decisions at once, and they can be taken back."""
    first, second = card(panel, "rain", 1), card(panel, "rain", 2)
    first.choice.value = "keep"
    panel.settle()
    assert "in the film" in first.words.value
    assert "in the film" not in second.words.value
    first.choice.value = "undecided"
    panel.settle()
    second.choice.value = "reject"
    panel.settle()
    assert "ltx-rejected" in second.part._dom_classes
    assert "in the film" in first.words.value
    decided = decisions(filled.set(rehearsal=True))
    assert decided[first.one.take.key] == "undecided"
    assert decided[second.one.take.key] == "reject"


def test_a_decision_made_elsewhere_is_shown_and_not_written_again(panel, filled):
    """Two panels agree after Look again; the file of decisions holds one line."""
    other = ReviewPanel(filled)
    other.settle()
    card(other, "rain", 1).choice.value = "keep"
    other.settle()
    panel.again.click()
    panel.settle()
    assert card(panel, "rain", 1).choice.value == "keep"
    assert len(list(filled.set(rehearsal=True).decisions)) == 1


def test_one_player_serves_all_takes(panel, filled, in_jupyter):
    """Play shows that take, by address, with what is known of it."""
    in_jupyter(filled.root)
    for number in (1, 2):
        chosen = card(panel, "rain", number)
        chosen.play.click()
        assert chosen.one.take.take_id in panel.player.value
        assert f"seed {chosen.one.take.seed}" in panel.player.value
    assert panel.player.value.count("<video") == 1


def test_many_takes_come_in_pages(panel, monkeypatch):
    """A page holds so many takes, and no more are drawn."""
    monkeypatch.setattr(review, "PAGE", 2)
    panel.refresh()
    panel.settle()
    assert len(panel._cards) == 2
    assert "page 1 of 2" in panel.where.value
    assert panel.earlier.disabled
    panel.later.click()
    panel.settle()
    assert len(panel._cards) == 1
    assert panel.later.disabled
    panel.earlier.click()
    panel.settle()
    assert len(panel._cards) == 2


def test_one_scene_can_be_looked_at_alone(filled):
    """Chosen by the parameter or by the list."""
    panel = ReviewPanel(filled, only_scene="still")
    panel.settle()
    assert {card.one.take.scene for card in panel._cards.values()} == {"still"}
    panel.only.value = "rain"
    panel.settle()
    assert {card.one.take.scene for card in panel._cards.values()} == {"rain"}
    panel.only.value = ""
    panel.settle()
    assert len(panel._cards) == 3


def test_damaged_takes_are_told(filled):
    """A clip that is not the recorded one is named, with what to do, and the others are shown."""
    clip = next((filled.production / "REHEARSAL" / "takes" / "still").glob("*.mp4"))
    clip.write_bytes(b"short")
    panel = ReviewPanel(filled)
    panel.settle()
    assert "takes/still" in panel.problems.value
    assert len(panel._cards) == 2


def test_nothing_to_review_leads_back(project):
    """An empty shelf says where takes come from."""
    panel = ReviewPanel(project)
    panel.settle()
    assert "There is no take yet" in panel.head.value
    assert panel.banner.value == ""


@pytest.fixture
def lowered(filled) -> str:
    """The sentence of a take of the scene still that stands in for the one it was, made on rung 4."""
    shelf = filled.set(rehearsal=True)
    take = next(take for take in load_takes(shelf)[0] if take.scene == "still")
    clip = clip_path(shelf, take.scene, take.take_id)
    said = "Made smaller, 192x128 instead of 256x128, since memory ran out."
    less = replace(
        take, take_id=f"{take.take_id}-r4", rung=4, asked=take.take_id, warnings=(said, *take.warnings)
    )
    save_take(shelf, less, clip)
    record_path(shelf, take.scene, take.take_id).unlink()
    return said


def test_a_take_made_with_less_memory_is_marked(lowered, filled):
    """Its card says in a word what it is; the whole sentence stands below the player. Others bear no mark."""
    panel = ReviewPanel(filled)
    panel.settle()
    still = card(panel, "still", 1)
    assert "smaller" in still.words.value
    assert "smaller" not in card(panel, "rain", 1).words.value
    panel.play(still.one)
    assert lowered in panel.player.value


def test_the_night_says_which_takes_are_less_than_asked(lowered, filled, night, capsys):
    """The list of takes has the sentence below the take."""
    review_panel()
    lines = capsys.readouterr().out.splitlines()
    (place,) = (number for number, text in enumerate(lines) if lowered in text)
    assert lines[place - 1].startswith("  still, take 1: ")


def test_the_night_lists_the_takes(filled, night, capsys):
    """By night: every take, and which go into the film."""
    review_panel()
    said = capsys.readouterr().out
    assert said.startswith("REHEARSAL: 3 takes")
    assert said.count("in the film") == 2
    review_panel(only_scene="still")
    assert "1 take to look at" in capsys.readouterr().out
