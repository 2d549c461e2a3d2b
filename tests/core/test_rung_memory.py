"""What is remembered of the ladder, and where the next take begins because of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ltxlib.core import ladder
from ltxlib.core.ladder import FREED, SHORTER, SMALLER, TILED
from ltxlib.core.rung_memory import held_at, kind_of, learn, start_rung, work_of
from ltxlib.core.sources import Source
from tests.core.test_ladder import MEANS, RAIN, SEA, planned

ASKED = planned()
WORK = 768 * 512 * 65
LARGER = planned(replace(RAIN, frames=73))
SHORT = planned(replace(RAIN, frames=57))


def on(rung, plan=ASKED):
    return ladder.lower(plan, rung, MEANS)


def test_a_night_on_a_small_card_is_learned_once():
    """Failing from the top down to the rung that works, the next of that kind and work begins there."""
    held = {}
    for rung in (0, FREED, TILED, SHORTER):
        held = learn(held, on(rung), worked=False)
    held = learn(held, on(SMALLER), worked=True)
    assert held == {0: WORK, TILED: WORK, SHORTER: WORK}
    assert held_at(ASKED, held) == {0, FREED, TILED, SHORTER}
    assert ladder.next_rung(ASKED, MEANS, held_at(ASKED, held)) == SMALLER
    assert start_rung(ASKED, held, MEANS) == start_rung(LARGER, held, MEANS) == SMALLER


def test_a_smaller_clip_is_not_held_down():
    """What ran out of memory at some work says nothing of less of it."""
    held = {0: WORK, TILED: WORK}
    assert start_rung(SHORT, held, MEANS) == 0
    assert held_at(SHORT, held) == frozenset()
    assert start_rung(ASKED, {}, MEANS) == 0


def test_the_first_failure_may_be_healed_by_freeing():
    """It counts only once it fails with memory emptied too; then it counts as failing as asked."""
    assert learn({}, ASKED, worked=False) == {}
    assert learn({}, on(FREED), worked=False) == {0: WORK}
    assert start_rung(ASKED, {0: WORK}, MEANS) == TILED
    assert learn({0: WORK}, on(FREED), worked=True) == {}


def test_a_success_takes_back_what_was_held_against_it():
    """Made at or above a rung that had failed: that counts no more, nor those below; larger ones do."""
    held = {0: WORK, TILED: WORK * 2, SHORTER: WORK}
    assert learn(held, on(TILED), worked=True) == {0: WORK, TILED: WORK * 2}
    assert learn(held, ASKED, worked=True) == {TILED: WORK * 2}
    assert learn(held, SHORT, worked=True) == held


def test_the_least_work_that_failed_counts():
    """A later failure with less work moves the line down, one with more does not move it up."""
    assert learn({TILED: WORK}, on(TILED, SHORT), worked=False)[TILED] == work_of(SHORT)
    assert learn({TILED: WORK}, on(TILED, LARGER), worked=False)[TILED] == WORK


def test_where_all_has_failed_the_last_rung_is_tried():
    """A take for which every rung is held to fail begins at the end, and has no next."""
    held = dict.fromkeys(range(7), WORK)
    plan = on(start_rung(ASKED, held, MEANS))
    assert plan.rung == 6
    assert ladder.next_rung(plan, MEANS, held_at(plan, held)) is None


def test_work_and_kind_are_those_that_were_asked_for():
    """A lowered plan is of the kind and size of its row, or nothing could be compared."""
    low = on(6)
    assert work_of(low) == work_of(ASKED) == WORK
    assert kind_of(low) == kind_of(ASKED)
    kinds = [
        planned(scene)
        for scene in (
            RAIN,
            replace(RAIN, stages=1),
            replace(RAIN, audio=False),
            replace(RAIN, smooth=True),
            replace(RAIN, model="ltx-2-19b-distilled-fp8"),
            SEA,
        )
    ]
    assert len({kind_of(plan) for plan in kinds}) == len(kinds)
    assert kind_of(planned(replace(RAIN, seed=5, prompt="y", frames=9))) == kind_of(ASKED)


def test_what_follows_its_source_teaches_nothing():
    """A row that is low because its source is, begins where it is, and nothing is concluded from it."""
    field = Source("sea", "take01-0000000000", 768, 512, 65, Fraction(24), True)
    scene = replace(RAIN, mode="extend", source="sea")
    asked = planned(scene, source=field)
    low = replace(field, take_id="take01-0000000000-r4", width_px=576, height_px=384)
    plan = ladder.stood_in(asked, SMALLER, replace(scene, width=576, height=384), {"source": low})
    assert start_rung(plan, {0: 1, TILED: 1}, MEANS) == SMALLER
    assert learn({0: 1}, plan, worked=True) == learn({0: 1}, plan, worked=False) == {0: 1}
    assert ladder.next_rung(plan, MEANS) is None
    assert ladder.lower(plan, 6, MEANS) is plan
    said = "Made smaller, 576x384 instead of 768x512, since sea, which it starts from, was made with less"
    assert ladder.difference(plan) == f"{said} memory."
