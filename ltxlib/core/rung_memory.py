"""What is remembered of the ladder: on which rung clips of a kind ran out of memory on a machine."""

from __future__ import annotations

from collections.abc import Mapping

from ltxlib.core import ladder
from ltxlib.core.plan import RenderPlan

# Rung to the least work, in pixels times frames as asked for, that ran out of memory there.
Held = Mapping[int, int]


def kind_of(plan: RenderPlan) -> str:
    """What plans have in common that need memory alike: model, mode, stages, sound, and the graph."""
    asked = plan.whole
    scene = asked.scene
    stages = f"{scene.stages} stage{'s' if scene.stages > 1 else ''}"
    sound = "sound" if scene.audio else "silent"
    draft = ", draft" if asked.draft else ""
    return f"{scene.model}, {scene.mode}, {stages}, {sound}, {asked.workflow}{draft}"


def work_of(plan: RenderPlan) -> int:
    """Pixels times frames of the clip that was asked for, whatever rung the plan is on."""
    scene = plan.whole.scene
    return scene.width * scene.height * scene.clip_frames


def held_at(plan: RenderPlan, held: Held) -> frozenset[int]:
    """The rungs on which a clip of at most this plan's work ran out of memory before."""
    failed = frozenset(rung for rung, least in held.items() if least <= work_of(plan))
    return failed | {ladder.FREED} if ladder.AS_ASKED in failed else failed


def start_rung(plan: RenderPlan, held: Held, means: ladder.Means) -> int:
    """Where a plan should begin: as asked, or on the first rung that is not known to fail.

    Memory is not emptied in advance (it takes minutes to fill again), so nothing begins on that rung. Where
    every rung has failed it begins on the last, since little else would be learned.
    """
    if ladder.follows(plan):
        return plan.rung
    failed = held_at(plan, held)
    if not failed:
        return plan.rung
    begins = [rung for rung in ladder.rungs_of(plan, means) if rung != ladder.FREED]
    return next((rung for rung in begins if rung not in failed), begins[-1])


def learn(held: Held, plan: RenderPlan, *, worked: bool) -> dict[int, int]:
    """What is remembered once a plan was made on its rung, or ran out of memory there.

    A first failure is not remembered: what lay in memory before may have been the cause. Whoever fails with
    memory emptied, fails as asked. A success takes back what was held against that rung and lower ones. What
    follows its source down tells of the source, not of itself.
    """
    work = work_of(plan)
    if ladder.follows(plan) or (plan.rung == ladder.AS_ASKED and not worked):
        return dict(held)
    rung = ladder.AS_ASKED if plan.rung == ladder.FREED else plan.rung
    if worked:
        return {other: least for other, least in held.items() if other < rung or least > work}
    return {**held, rung: min(held.get(rung, work), work)}
