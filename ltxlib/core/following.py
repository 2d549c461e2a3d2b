"""Takes that start from one made with less memory: they follow it down in size, length and sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ltxlib.core import ladder, overlap, source_rules
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.scene import Scene
from ltxlib.core.sources import Source, of_take
from ltxlib.core.span import FRAME_GROUP, SHORTEST_FRAMES
from ltxlib.core.take import Take
from ltxlib.errors import SourceMissing


def follow(plan: RenderPlan, stand_ins: Mapping[str, Take]) -> RenderPlan:
    """The plan as it starts from takes that stand in for those it names; on the lowest rung among them.

    stand_ins: by column. What a row keeps of its source (size, length), it keeps of that one.
    Raises SourceMissing where the row cannot be made from it.
    """
    if not stand_ins:
        return plan
    asked = plan.whole
    begun = {
        column: of_take(stand_ins[column]) if column in stand_ins else source
        for column, source in asked.sources.items()
    }
    scene = _kept(asked.scene, begun)
    reasons = _against(scene, begun)
    if reasons:
        taken = next(iter(stand_ins.values()))
        raise SourceMissing(
            f"It starts from {taken.scene}, of which there is only a take made with less memory"
            f" ({ladder.words_of(taken.rung)}), and cannot be made from that: {reasons[0]}",
            cure=f"Render {taken.scene} as its row asks, with the ladder switched off or on a larger card,"
            " then run the batch again; or ask less of this row.",
        )
    rung = max(ladder.TILED, *(take.rung for take in stand_ins.values()))
    return ladder.stood_in(asked, rung, scene, begun)


def _against(scene: Scene, begun: Mapping[str, Source]) -> list[str]:
    """Why a scene cannot be made from these takes."""
    mode, first = MODES[scene.mode], next(iter(begun.values()))
    reasons = [what for _, what, _ in source_rules.broken(scene, begun)]
    if "fps" in mode.same and first.fps != scene.fps:
        reasons.append(f"it has {float(first.fps):g} frames a second instead of {float(scene.fps):g}.")
    if mode.continues and overlap.frames(scene, begun) < SHORTEST_FRAMES:
        reasons.append("nothing new would be left.")
    return reasons


def _kept(scene: Scene, begun: Mapping[str, Source]) -> Scene:
    """The scene with what its mode takes over from its first source, and no longer than they all reach."""
    mode, first = MODES[scene.mode], next(iter(begun.values()))
    # The rate is not among them: no rung changes it.
    has: dict[str, Any] = {"width": first.width_px, "height": first.height_px, "frames": first.frames}
    changes = {name: value for name, value in has.items() if name in mode.same}
    if mode.covered:
        reach = min(scene.frames, *(source.frames for source in begun.values()))
        changes["frames"] = (reach - 1) // FRAME_GROUP * FRAME_GROUP + 1
    if mode.keeps_sound and not all(source.has_sound for source in begun.values()):
        changes["audio"] = False
    return replace(scene, **changes)
