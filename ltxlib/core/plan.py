"""From scenes to render plans: which takes to make, with which seed, under which name.

A take's id comes from a fingerprint of everything that decides what the clip looks like, so planning
the same scenes twice gives the same takes, and changing a prompt gives a new take beside the old one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ltxlib.core import catalog, controls, enhance, overlap, own, settings, specials
from ltxlib.core.catalog_parts import Graph
from ltxlib.core.modes import MODES
from ltxlib.core.scene import Scene
from ltxlib.core.sources import Ref, Source

# Mode and number of stages to the file that makes the clip.
WORKFLOWS = {
    ("t2v", 2): "asmr-txt2vid.json",
    ("i2v", 2): "asmr-img2vid.json",
    ("loop", 2): "asmr-loop.json",
    ("flf", 2): "asmr-first-last.json",
    ("t2v", 1): "asmr-txt2vid-1stage.json",
    ("i2v", 1): "asmr-img2vid-1stage.json",
    ("extend", 2): "asmr-extend.json",
    ("foley", 1): "asmr-foley.json",
    ("sound", 1): "asmr-sound.json",
    ("detail", 2): "asmr-detail.json",
    ("control", 2): "asmr-control.json",
    ("transition", 2): "ltxvideo-transition.json",
}
# The same, with twice as many frames a second.
SMOOTH_WORKFLOWS = {
    ("t2v", 2): "asmr-txt2vid-smooth.json",
    ("i2v", 2): "asmr-img2vid-smooth.json",
}
# Values that came later: they count only where they are used, so that takes made before keep their names.
_LATER = ("style_loras",)


def workflow_name(mode: str, stages: int, graph: Graph | None, *, smooth: bool = False) -> str:
    """The name of the file that makes a clip in this mode and so many stages, with models of a kind."""
    stem, dot, ending = (SMOOTH_WORKFLOWS if smooth else WORKFLOWS)[mode, stages].rpartition(".")
    return f"{stem}{graph.suffix if graph else ''}{dot}{ending}"


def workflow_for(scene: Scene) -> str:
    """The name of the workflow file that makes a scene."""
    graph = catalog.KNOWN[scene.model].graph
    special = scene.workflow or specials.workflow_for(scene) or controls.workflow_for(scene)
    return special or workflow_name(scene.mode, scene.stages, graph, smooth=scene.smooth)


@dataclass(frozen=True)
class Ingredients:
    """What a plan needs to know from outside the row; pure values that the store has read.

    prompts: scene name to the prompt's full text. workflows: file name to the hash of what it does.
    images: image name to the hash of its bytes. offers: for each graph of the creator's own, the values that
    it has tags for. instructions: file below prompts/enhance/ to what it says. sources: scene name to column
    to the take it starts from, as `sources.resolve` found them. rejected: the keys of takes that are not to
    be started from unasked.
    """

    prompts: Mapping[str, str]
    workflows: Mapping[str, str]
    images: Mapping[str, str]
    offers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    instructions: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Ref]] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RenderPlan:
    """One take to make.

    values are for `roles.prepare`, all but the names of images and clips on the server and the filename
    prefix. pictures: for each image that is used, the value it is for, to the hash of its bytes. sources: for
    each take that it starts from, the value it is for, to that take. overlap_frames: how many frames at its
    beginning show again what the end of its source showed. enhance_key: under which the prompt that the text
    encoder writes is kept; empty when the prompt stays. draft_factor: for a draft above 1, how many times
    larger its finished take is. from_draft: the draft that this take finishes. instead_of: the workflow that
    was asked for, where the server cannot run it and this plain one stands in for it. rung: of the ladder for
    want of memory, 0 is as asked. lowered_from: on a rung, the plan as it was asked for.
    """

    scene: Scene
    take_no: int
    seed: int
    take_id: str
    fingerprint: str
    prompt: str
    workflow: str
    workflow_sha256: str
    pictures: Mapping[str, str]
    values: Mapping[str, Any]
    enhance_key: str = ""
    draft_factor: float = 1.0
    from_draft: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    overlap_frames: int = 0
    instead_of: str = ""
    rung: int = 0
    lowered_from: RenderPlan | None = None

    @property
    def whole(self) -> RenderPlan:
        """The plan as it was asked for: itself, unless it was lowered for want of memory."""
        return self.lowered_from or self

    @property
    def asked(self) -> str:
        """The id of the take that this one stands in for; empty where it is the one that was asked for."""
        return "" if self.whole.take_id == self.take_id else self.whole.take_id

    @property
    def instructions(self) -> str:
        """The file that tells the text encoder how to write the prompt out, below prompts/enhance/."""
        return enhance.file_for(self.scene)

    @property
    def draft(self) -> bool:
        """Whether it is a draft: stage one alone."""
        return self.draft_factor > 1

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the clip that it makes."""
        return round(self.scene.width / self.draft_factor), round(self.scene.height / self.draft_factor)

    @property
    def key(self) -> str:
        """The take's name in the whole project, "scene/take"."""
        return f"{self.scene.scene}/{self.take_id}"

    @property
    def names(self) -> dict[str, str]:
        """What stands for its pictures and clips in a graph before they have names on a server."""
        clips = {column: f"{source.take_id}.mp4" for column, source in self.sources.items()}
        return {**{key: self.picture(key) for key in self.pictures}, **clips}

    def picture(self, key: str) -> str:
        """The name of the image that is used for a value; of a loop it is the same at both ends."""
        return self.scene.pictures.get(key, self.scene.image)

    def prefix(self, prompt_id: str) -> str:
        """Where the server is asked to write the clip; new for each submission, so never from a cache."""
        return f"ltx-kit/{self.scene.scene}/{self.take_id}-{prompt_id[:8]}"


def seed_for(scene: Scene, take_no: int) -> int:
    """The seed of a take: counted up from the scene's own, else derived from scene and take (48 bits)."""
    if scene.seed is not None:
        return scene.seed + take_no - 1
    digest = hashlib.sha256(f"{scene.scene}\n{take_no}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def plan_takes(scenes: list[Scene], ingredients: Ingredients) -> list[RenderPlan]:
    """The takes that the enabled scenes ask for, in the order of the file, take by take.

    A scene that starts from a take of another row is planned after it: that take's id is part of its own.
    """
    enabled = [scene for scene in scenes if scene.enabled]
    by_name = {scene.scene: scene for scene in enabled}
    planned: dict[Scene, list[RenderPlan]] = {}

    def takes_of(scene: Scene) -> list[RenderPlan]:
        if scene not in planned:
            refs = ingredients.sources.get(scene.scene, {})
            begun = {column: meant(ref) for column, ref in refs.items()}
            numbers = range(1, scene.takes + 1)
            planned[scene] = [plan_take(scene, number, ingredients, begun) for number in numbers]
        return planned[scene]

    def meant(ref: Ref) -> Source:
        if ref.row is None:
            return ref.source
        takes = takes_of(by_name[ref.row.scene])
        good = [plan for plan in takes if plan.key not in ingredients.rejected]
        chosen = takes[ref.number - 1] if ref.number else (good or takes)[0]
        return replace(ref.source, take_id=chosen.take_id)

    return [plan for scene in enabled for plan in takes_of(scene)]


def plan_take(
    scene: Scene, take_no: int, ingredients: Ingredients, begun: Mapping[str, Source] | None = None
) -> RenderPlan:
    """The plan of one take of a scene whose prompt, workflow and image are among the ingredients.

    begun: the takes it starts from, by column.
    """
    begun = begun or {}
    seed = seed_for(scene, take_no)
    prompt = ingredients.prompts[scene.scene]
    workflow = workflow_for(scene)
    offers = ingredients.offers.get(workflow, frozenset())
    pictures = {key: ingredients.images[name] for key, name in own.pictures(scene, offers).items()}
    values = row_values(scene, seed, prompt) | overlap.values(scene, begun)
    if scene.workflow:
        values = own.applicable(scene, values, offers)
    decides = {
        "values": {name: str(value) for name, value in values.items() if name not in _LATER or value},
        "workflow": ingredients.workflows[workflow],
        "image": pictures.get("image", ""),
    }
    # What came later is added only where it counts, so that takes made before keep their names.
    if "end_image" in pictures:
        decides["end_image"] = pictures["end_image"]
    decides |= {column: source.take_id for column, source in begun.items()}
    if not scene.audio:
        decides["sampled"] = "picture alone"
    enhance_key = ""
    if scene.enhance:
        told = ingredients.instructions[enhance.file_for(scene)]
        enhance_key = decides["enhanced"] = enhance.key_of(prompt, told, pictures.get("image", ""))
    fingerprint = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
    return RenderPlan(
        scene=scene,
        take_no=take_no,
        seed=seed,
        take_id=f"take{take_no:02d}-{fingerprint[:10]}",
        fingerprint=fingerprint,
        prompt=prompt,
        workflow=workflow,
        workflow_sha256=ingredients.workflows[workflow],
        pictures=pictures,
        values=values,
        enhance_key=enhance_key,
        sources=begun,
        overlap_frames=overlap.frames(scene, begun),
    )


def row_values(scene: Scene, seed: int, prompt: str) -> dict[str, Any]:
    """All that a row could set in a workflow, its images and the file's prefix aside."""
    model = catalog.KNOWN[scene.model]
    camera = model.family.cameras.get(scene.camera_lora)
    values: dict[str, Any] = {
        "prompt": prompt,
        "seed": seed,
        **({"width_px": scene.width, "height_px": scene.height} if MODES[scene.mode].sized else {}),
        "frames": scene.frames,
        "fps": float(scene.fps),
        "checkpoint": model.checkpoint.name,
        "camera_lora": camera.name if camera else None,
        "camera_strength": scene.camera_strength,
        "audio": scene.audio,
        **settings.beyond_the_file(model, scene.stages, scene.steps, scene.cfg),
        # What a graph of the creator's own holds is not known, so there the row's figures are always written.
        **(settings.asked(scene.steps, scene.cfg) if scene.workflow else {}),
    }
    if scene.smooth:
        values["clip_fps"] = float(scene.clip_fps)
    if scene.from_image:
        values["image_strength"] = scene.image_strength
    if scene.negative_prompt:
        # An empty cell leaves what the workflow itself says.
        values["negative_prompt"] = scene.negative_prompt
    values["style_loras"] = [(lora.name, lora.strength) for lora in scene.style_loras]
    return values


@dataclass(frozen=True)
class Estimate:
    """How long work would take on a pod, in seconds from best to worst, and where the figure comes from.

    left_out: takes of which no time is known, so that it lasts longer. known: whether the figure tells of any
    take at all.
    """

    low_s: float
    high_s: float
    source: str
    left_out: int = 0
    known: bool = True


def take_s(plan: RenderPlan) -> tuple[float, float] | None:
    """How long one take lasts on a pod, in seconds from best to worst; None when no time is known."""
    scene = plan.scene
    if scene.workflow:
        return None  # what samples in a graph of the creator's own, and how often, the catalog cannot know
    took = catalog.KNOWN[scene.model].render_s(scene.width, scene.height, scene.frames)
    if not MODES[scene.mode].seen:
        return None
    share = work_share(scene, draft=plan.draft)
    return took if took is None or share is None else (took[0] * share, took[1] * share)


def work_share(scene: Scene, *, draft: bool = False) -> float | None:
    """How much work a take is beside one in two stages with the model's own steps; None when not known.

    Times are reported of those; one stage makes all its steps at full size.
    """
    stages = catalog.KNOWN[scene.model].stages
    usual_work = sum(stage.work for stage in stages)
    if not usual_work:
        return None
    first, *rest = stages
    first = replace(first, own_steps=scene.steps or first.own_steps, own_cfg=scene.cfg or first.own_cfg)
    made = [first, *rest] if scene.stages == 2 else [replace(first, scale=1)]
    if draft:
        made, rest = [first], []
    # Frames are doubled between the stages, so that only those after the first have twice as many.
    doubled = sum(stage.work for stage in rest) if scene.smooth else 0
    share = (sum(stage.work for stage in made) + doubled) / usual_work * MODES[scene.mode].seen ** 2
    return share * specials.work(scene)


def estimate(plans: list[RenderPlan]) -> Estimate:
    """What a night of these plans would take on a pod, from the catalog's figures.

    A reported time is scaled to a take: work is taken to grow with pixels times frames, and with the steps
    that are made at full size. Takes of models of which no time is known are left out; the source says so.
    """
    if not plans:
        return Estimate(0.0, 0.0, "nothing to render")
    low_s, high_s = catalog.FIRST_LOAD_S
    sources: dict[str, None] = {}
    left_out = 0
    for plan in plans:
        took = take_s(plan)
        scene = plan.scene
        if took is None:
            left_out += 1
            alone = not MODES[scene.mode].seen
            what = f"mode {scene.mode}" if alone else scene.workflow or scene.model
            sources[f"no time is known for {what}: nobody has reported one"] = None
            continue
        low_s += took[0]
        high_s += took[1]
        report = catalog.KNOWN[scene.model].nearest_time(scene.width, scene.height, scene.frames)
        if report:
            sources[f"on {report.gpu}; {report.source}"] = None
    return Estimate(low_s, high_s, "; ".join(sources), left_out, known=left_out < len(plans))
