"""A take made tiny: the same graph, files and wiring, just large enough to show whether it runs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ltxlib.core import overlap
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.sources import Source
from ltxlib.core.span import FRAME_GROUP, SHORTEST_FRAMES

# Smaller sides save nothing beside loading the model, and leave nothing to cut for graphs that work in tiles.
SIDE_PX = 256
# A clip that goes on from a take begins with a group of that take's frames, and one group must be new.
LED_FRAMES = SHORTEST_FRAMES + FRAME_GROUP
STEPS = 2
TAKE_ID = "canary"
_TEXTS = ("prompt", "negative_prompt")


def kind_of(plan: RenderPlan) -> Hashable:
    """What decides whether a take's graph runs at all; takes that differ only in words and numbers are alike.

    That is: workflow, mode, model files, LoRAs, sound or none, drafts or takes, whether the prompt is written
    out first.
    """
    told = ((name, _choice(name, value)) for name, value in plan.values.items())
    chosen = tuple(sorted((name, choice) for name, choice in told if choice))
    return plan.workflow, plan.scene.mode, plan.scene.model, plan.draft, bool(plan.enhance_key), chosen


def _choice(name: str, value: Any) -> str:
    """What of a value counts: which file, on or off, that there are words; nothing of a number."""
    if name in _TEXTS:
        return "text"
    if name == "style_loras":
        return repr([lora for lora, _ in value or ()])
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    return ""


def kinds(plans: Iterable[RenderPlan]) -> list[tuple[RenderPlan, ...]]:
    """The takes in groups of one kind, in the order of the first of each."""
    groups: dict[Hashable, list[RenderPlan]] = {}
    for plan in plans:
        groups.setdefault(kind_of(plan), []).append(plan)
    return [tuple(group) for group in groups.values()]


def sample_of(source: Source) -> Source:
    """A take to start from, cut down to what a tiny clip needs of it."""
    width, height = min(source.width_px, SIDE_PX), min(source.height_px, SIDE_PX)
    return replace(source, width_px=width, height_px=height, frames=min(source.frames, LED_FRAMES))


def tiny(plan: RenderPlan, offers: Iterable[str] = ()) -> RenderPlan:
    """The same take, tiny, with its sources cut down as `sample_of` does; its name is that of no take.

    offers: the values that its workflow has tags for. A graph of the creator's own without a tag for size or
    length makes the clip as large and long as it is saved.
    """
    samples = {column: sample_of(source) for column, source in plan.sources.items()}
    scene, first = plan.scene, next(iter(samples.values()), None)
    frames = first.frames if first else SHORTEST_FRAMES
    frames = min(LED_FRAMES if MODES[scene.mode].continues else frames, scene.frames)
    width, height = min(scene.width, SIDE_PX), min(scene.height, SIDE_PX)
    if first and "width" in MODES[scene.mode].same:
        width, height = first.width_px, first.height_px
    if scene.workflow:
        # What the graph has no tag for stays as it is saved.
        width = width if "width_px" in plan.values else scene.width
        height = height if "height_px" in plan.values else scene.height
        frames = frames if "frames" in plan.values else scene.frames
    scene = replace(scene, width=width, height=height, frames=frames)
    values = dict(plan.values)
    changed: Mapping[str, Any] = {
        "width_px": width,
        "height_px": height,
        "frames": frames,
        **overlap.values(scene, samples),
    }
    values |= {name: value for name, value in changed.items() if name in values}
    if "steps" in set(offers):
        values["steps"] = STEPS
    return replace(
        plan,
        scene=scene,
        take_id=TAKE_ID,
        values=values,
        sources=samples,
        overlap_frames=overlap.frames(scene, samples),
        rung=0,
        lowered_from=None,
    )
