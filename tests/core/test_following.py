"""Rows that start from a take which was made with less memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltxlib.core import ladder
from ltxlib.core.following import follow
from ltxlib.core.modes import MODES
from ltxlib.core.scene import Scene
from ltxlib.core.sources import of_row
from ltxlib.core.take import Take
from ltxlib.errors import SourceMissing
from tests.core.test_ladder import planned
from tests.support.takes import a_take

FIELD = Scene("sea", "x", width=768, height=512, frames=65)
ASKED = of_row(FIELD, "take01-0000000000")


def row(mode: str, **changes) -> Scene:
    stages = MODES[mode].stages[0]
    return replace(FIELD, scene="rain", mode=mode, source="sea", end_source="sea", stages=stages, **changes)


def low(rung: int, **changes) -> Take:
    """A take of the scene sea on a rung."""
    clip = replace(a_take().clip, **{"width_px": 768, "height_px": 512, "frames": 65, **changes})
    take_id = f"{ASKED.take_id}-r{rung}"
    return a_take(scene="sea", take_id=take_id, rung=rung, asked=ASKED.take_id, clip=clip)


def plan_of(scene: Scene):
    return planned(scene, **dict.fromkeys(MODES[scene.mode].sources, ASKED))


def test_a_row_whose_sources_are_there_is_as_asked():
    """Nothing stands in for anything, so nothing changes."""
    plan = plan_of(row("extend"))
    assert follow(plan, {}) is plan


def test_going_on_from_a_shorter_and_smaller_take():
    """The new clip has its size, keeps its own length, and goes on from where that take really ends."""
    plan = follow(plan_of(row("extend")), {"source": low(4, width_px=576, height_px=384, frames=41)})
    assert (plan.take_id, plan.rung) == (f"{plan.whole.take_id}-r4", 4)
    assert (plan.size_px, plan.scene.frames, plan.overlap_frames) == ((576, 384), 65, 25)
    assert (plan.values["width_px"], plan.values["height_px"]) == (576, 384)
    assert plan.values["overlap_from_s"] == pytest.approx((41 - 25 - 0.5) / 24, abs=1e-4)
    assert plan.sources["source"].take_id == f"{ASKED.take_id}-r4"
    assert plan.whole.sources["source"] == ASKED
    assert plan.asked == plan.whole.take_id == plan_of(row("extend")).take_id
    assert plan.names == {"source": f"{ASKED.take_id}-r4.mp4"}


def test_a_silent_source_leads_into_new_sound():
    """Where the source was made without sound there is none to carry on; the row's own is still made."""
    plan = follow(plan_of(row("extend")), {"source": low(6, has_sound=False)})
    assert plan.values["carry_sound"] is False
    assert plan.values["audio"] is True


@pytest.mark.parametrize("mode", ["detail", "foley"])
def test_what_keeps_its_sources_picture_keeps_its_size_and_length(mode):
    """Finer detail and new sound are made for the clip that is there, whatever it measures."""
    plan = follow(plan_of(row(mode)), {"source": low(4, width_px=576, height_px=384, frames=41)})
    assert (plan.size_px, plan.scene.frames, plan.values["frames"]) == ((576, 384), 41, 41)


def test_detail_of_a_take_without_sound_has_none():
    """The sound of the source is kept, so there is none to keep: that is said, not refused."""
    plan = follow(plan_of(row("detail")), {"source": low(6, has_sound=False)})
    assert plan.values["audio"] is False
    assert ladder.difference(plan) == (
        "Made without sound, since sea, which it starts from, was made with less memory."
    )


def test_a_film_on_outlines_is_no_longer_than_they_are():
    """Mode control keeps its own size, which is not its source's, and ends where the outlines end."""
    plan = follow(plan_of(row("control", width=1024)), {"source": low(3, frames=41)})
    assert (plan.size_px, plan.scene.frames) == ((1024, 512), 41)


def test_a_transition_reaches_as_far_as_its_shorter_end():
    """One of two takes is lowered: size by the first, length by the shorter, the other stays as it is."""
    stand_in = low(4, width_px=576, height_px=384, frames=41)
    plan = follow(plan_of(row("transition")), {"end_source": stand_in})
    assert (plan.size_px, plan.scene.frames, plan.rung) == ((768, 512), 41, 4)
    assert plan.sources["source"] == ASKED
    both = follow(plan_of(row("transition")), {"source": low(3, frames=49), "end_source": stand_in})
    assert (both.scene.frames, both.rung) == (41, 4)


def test_a_source_that_is_only_put_together_from_tiles_changes_no_figures():
    """Size, length and sound hold; only the name tells from which take it starts."""
    asked = plan_of(row("extend"))
    plan = follow(asked, {"source": low(2)})
    assert plan.scene == asked.scene
    assert plan.values == asked.values
    assert plan.take_id == f"{asked.take_id}-r2"
    assert plan.fingerprint != asked.fingerprint
    said = "Made in small tiles, since sea, which it starts from, was made with less memory."
    assert ladder.difference(plan) == said


def test_what_cannot_be_made_from_it_is_given_up_with_a_sentence():
    """Another frame rate cannot be followed: the reason and what to do are told."""
    for mode in ("control", "extend", "foley"):
        with pytest.raises(SourceMissing) as told:
            follow(plan_of(row(mode)), {"source": low(3, fps="12")})
        assert "there is only a take made with less memory (shorter)" in told.value.message
        assert "12 frames a second" in told.value.message
        assert "Render sea as its row asks" in told.value.cure
    with pytest.raises(SourceMissing, match="nothing new would be left"):
        follow(plan_of(row("extend", frames=17)), {"source": low(3, frames=1)})
