"""The ladder for want of memory: what a take is given up for, step by step, so that it is made at all.

Each rung has those above it too. From rung 2 on a take is another clip than the one that was asked for, so it
has an id of its own, `<id>-r<rung>`, and both may lie side by side.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ltxlib.core import catalog, overlap, roles, specials
from ltxlib.core.columns import BY_NAME
from ltxlib.core.modes import MODES
from ltxlib.core.plan import WORKFLOWS, RenderPlan, row_values, workflow_name
from ltxlib.core.scene import Scene
from ltxlib.core.schema import NodeSchema
from ltxlib.core.sources import Source
from ltxlib.core.span import FRAME_GROUP, SHORTEST_FRAMES, seconds_text
from ltxlib.core.tiles import tile
from ltxlib.core.variants import missing_classes
from ltxlib.core.wiring import has_sound
from ltxlib.core.workflow import content_sha256
from ltxlib.errors import WorkflowError

__all__ = [
    "AS_ASKED",
    "FREED",
    "LADDER",
    "ONE_STAGE",
    "SHORTER",
    "SILENT",
    "SMALLER",
    "TILED",
    "Means",
    "Rung",
    "asked_id",
    "difference",
    "follows",
    "lower",
    "lowered_id",
    "next_rung",
    "rung_in",
    "rungs_of",
    "stood_in",
    "tile",
    "words_of",
    "workflows_for",
]

AS_ASKED, FREED, TILED, SHORTER, SMALLER, ONE_STAGE, SILENT = range(7)
_FRAMES_LEFT = 2 / 3
_SIDE_LEFT = 3 / 4
_ID = re.compile(r"(.+)-r(\d+)")


@dataclass(frozen=True)
class Rung:
    """One step down: its number, what a take made there is called, and what is done, in a sentence."""

    number: int
    name: str
    sentence: str


LADDER: tuple[Rung, ...] = (
    Rung(AS_ASKED, "as asked", "Made as the row asks."),
    Rung(FREED, "as asked", "The server's memory is emptied and the take tried again, as the row asks."),
    Rung(TILED, "in small tiles", "The picture is put together from small tiles; size and length stay."),
    Rung(SHORTER, "shorter", "About two thirds of the frames."),
    Rung(SMALLER, "smaller", "Three quarters of the width and the height."),
    Rung(ONE_STAGE, "in one stage", "Made in one stage, without the enlarging and refining of the second."),
    Rung(SILENT, "without sound", "The picture alone, without sound."),
)


@dataclass(frozen=True)
class Means:
    """What decides which rungs there are: the workflow files that were read, and the server's nodes."""

    workflows: Mapping[str, Mapping[str, Any]]
    schema: NodeSchema


def words_of(rung: int) -> str:
    """What a take made on a rung is called, as "smaller"; empty for one that is as it was asked for."""
    return LADDER[rung].name if TILED <= rung < len(LADDER) else ""


def lowered_id(take_id: str, rung: int) -> str:
    """The id of the take that stands in for this one on a rung."""
    return take_id if rung < TILED else f"{take_id}-r{rung}"


def asked_id(take_id: str) -> str:
    """The id of the take that was asked for, from that of one which may stand in for it."""
    found = _ID.fullmatch(take_id)
    return found[1] if found else take_id


def rung_in(take_id: str) -> int:
    """The rung that an id tells of; 0 for a take as it was asked for."""
    found = _ID.fullmatch(take_id)
    return int(found[2]) if found else AS_ASKED


def workflows_for(plans: Iterable[RenderPlan]) -> frozenset[str]:
    """The files that these plans need on lower rungs and not where they are now."""
    names = (_one_stage(plan.scene) for plan in plans if not plan.draft)
    return frozenset(name for name in names if name)


def rungs_of(plan: RenderPlan, means: Means) -> tuple[int, ...]:
    """The rungs that there are for a plan: those that change anything and break nothing."""
    asked = plan.whole
    if asked.draft:
        # A draft is the very first stage of its take, or it is none.
        return AS_ASKED, FREED
    found = [AS_ASKED, FREED]
    if _can_tile(asked, means):
        found.append(TILED)
    scene = asked.scene
    for rung in (SHORTER, SMALLER, ONE_STAGE, SILENT):
        lowered = _lowered(asked, scene, rung, means)
        if lowered != scene:
            found.append(rung)
            scene = lowered
    return tuple(found)


def next_rung(plan: RenderPlan, means: Means, held: Collection[int] = ()) -> int | None:
    """The next rung down from where a plan is, passing over those that are held to fail; None at the end.

    A plan that follows a lowered take down has no rungs of its own.
    """
    if follows(plan):
        return None
    return next((rung for rung in rungs_of(plan, means) if rung > plan.rung and rung not in held), None)


def follows(plan: RenderPlan) -> bool:
    """Whether a plan starts from a take that stands in for another one."""
    return any(plan.sources[key] != plan.whole.sources[key] for key in plan.sources)


def lower(plan: RenderPlan, rung: int, means: Means) -> RenderPlan:
    """The plan on a rung, with all that the rungs above it give up too; as it is where it is as low already.

    A rung that there is not for the plan means the nearest above it.
    """
    asked = plan.whole
    if rung <= plan.rung or follows(plan):
        return plan
    if rung == FREED:
        return replace(asked, rung=rung, lowered_from=asked)
    rung = max(there for there in rungs_of(asked, means) if there <= rung)
    if rung <= max(plan.rung, FREED):
        return plan
    scene = asked.scene
    for step in range(SHORTER, rung + 1):
        scene = _lowered(asked, scene, step, means)
    changes: dict[str, Any] = {}
    if scene.stages != asked.scene.stages:
        changes["workflow"] = name = _one_stage(asked.scene)
        changes["workflow_sha256"] = content_sha256(means.workflows[name])
    return stood_in(asked, rung, scene, asked.sources, **changes)


def stood_in(
    asked: RenderPlan, rung: int, scene: Scene, sources: Mapping[str, Source], **changes: Any
) -> RenderPlan:
    """The plan of the take that stands in for another one on a rung: this scene, from these takes."""
    values = row_values(scene, asked.seed, asked.prompt) | overlap.values(scene, sources)
    if scene.workflow:
        # What a graph of the creator's own has no tag for was left out before.
        values = {name: value for name, value in values.items() if name in asked.values}
    decides = {
        "instead of": asked.fingerprint,
        "rung": rung,
        "values": {name: str(value) for name, value in values.items()},
        "sources": {column: source.key for column, source in sources.items()},
    }
    return replace(
        asked,
        scene=scene,
        take_id=lowered_id(asked.take_id, rung),
        fingerprint=hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest(),
        values=values,
        sources=sources,
        overlap_frames=overlap.frames(scene, sources),
        rung=rung,
        lowered_from=asked,
        **changes,
    )


def difference(plan: RenderPlan) -> str:
    """What a lowered plan makes otherwise than asked, in one sentence; empty where it is as asked."""
    if not plan.asked:
        return ""
    made = "; ".join(_differences(plan.scene, plan.whole.scene)) or LADDER[TILED].name
    followed = [plan.sources[key] for key in plan.sources if plan.sources[key] != plan.whole.sources[key]]
    if followed:
        return f"Made {made}, since {followed[0].scene}, which it starts from, was made with less memory."
    return f"Made {made}, since memory ran out."


def _differences(scene: Scene, asked: Scene) -> Iterator[str]:
    if (scene.width, scene.height) != (asked.width, asked.height):
        sizes = f"{scene.width}x{scene.height} instead of {asked.width}x{asked.height}"
        yield f"{LADDER[SMALLER].name}, {sizes}"
    if scene.clip_frames != asked.clip_frames:
        now, before = (seconds_text(one.clip_frames, one.clip_fps) for one in (scene, asked))
        yield f"{LADDER[SHORTER].name}, {now} instead of {before}"
    if scene.stages != asked.stages:
        yield f"{LADDER[ONE_STAGE].name} instead of two"
    if scene.audio != asked.audio:
        yield LADDER[SILENT].name


def _lowered(asked: RenderPlan, scene: Scene, rung: int, means: Means) -> Scene:
    """The scene one rung lower; the same where that rung changes nothing or would break something.

    What starts from a take keeps its length and size: those are the take's.
    """
    mode = MODES[scene.mode]
    if scene.sources or mode.sound_alone:
        return scene
    if rung == SHORTER and "frames" in asked.values:
        return replace(scene, frames=_fewer(scene.frames))
    if rung == SMALLER and {"width_px", "height_px"} <= asked.values.keys():
        return _smaller(scene)
    if rung == ONE_STAGE and _one_stage(scene) in means.workflows:
        lacks = missing_classes(means.workflows[_one_stage(scene)], means.schema)
        return scene if lacks else replace(scene, stages=1)
    if rung == SILENT and scene.audio and _hears(asked, means):
        return replace(scene, audio=False)
    return scene


def _fewer(frames: int) -> int:
    groups = round((frames * _FRAMES_LEFT - 1) / FRAME_GROUP)
    return max(SHORTEST_FRAMES, groups * FRAME_GROUP + 1)


def _smaller(scene: Scene) -> Scene:
    """Both sides smaller, in whole steps of the model; as it is where one of them can be no smaller."""
    step = catalog.KNOWN[scene.model].family.side_step_px(scene.stages)
    if scene.workflow:
        step = max(step, catalog.KNOWN[scene.model].family.side_step_px(2))
    sides = []
    for name in ("width", "height"):
        side, least = getattr(scene, name), int(BY_NAME[name].low or step)
        smaller = min(round(side * _SIDE_LEFT / step), (side - 1) // step) * step
        if smaller < least:
            return scene
        sides.append(smaller)
    return replace(scene, width=sides[0], height=sides[1])


def _one_stage(scene: Scene) -> str:
    """The file that makes a scene of two stages in one; empty where none makes the same film."""
    plain = not scene.workflow and not scene.smooth and scene.special == specials.NONE
    if not plain or scene.stages == 1 or (scene.mode, 1) not in WORKFLOWS:
        return ""
    return workflow_name(scene.mode, 1, catalog.KNOWN[scene.model].graph)


def _hears(asked: RenderPlan, means: Means) -> bool:
    """Whether there is sound to be left out; a graph of the creator's own may have none."""
    if not asked.scene.workflow:
        return True
    graph = _graph(asked, means)
    return graph is not None and has_sound(graph, means.schema)


def _can_tile(asked: RenderPlan, means: Means) -> bool:
    graph = _graph(asked, means)
    return graph is not None and tile(graph, means.schema) != graph


def _graph(asked: RenderPlan, means: Means) -> dict[str, Any] | None:
    """The graph of a plan; None where it cannot be filled in, which is told elsewhere."""
    values = {**asked.values, **asked.names, "filename_prefix": asked.prefix("ladder")}
    try:
        return roles.prepare(means.workflows[asked.workflow], means.schema, values)
    except (KeyError, WorkflowError):
        return None
