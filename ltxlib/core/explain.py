"""What would run, told from the graph itself: which files it names, which stages it has, at which size.

Nothing is asked of a server: the shipped node table stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.core import catalog, roles
from ltxlib.core.catalog_parts import Model, ModelFile
from ltxlib.core.modes import MODES, SMALLEST_PX
from ltxlib.core.plan import RenderPlan
from ltxlib.core.scene import Scene
from ltxlib.core.schema import shipped
from ltxlib.core.wiring import enlarged_later, is_link, running_order
from ltxlib.errors import WorkflowError

_WEIGHTS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")


@dataclass(frozen=True)
class GraphStage:
    """One pass of sampling: its size in pixels, its steps and CFG (None where the graph does not tell)."""

    width_px: int
    height_px: int
    steps: int | None
    cfg: float | None


@dataclass(frozen=True)
class Way:
    """One way in which takes are made: the takes that share a graph, a model, a size and a length.

    unknown_files: names in the graph that the catalog does not hold. unread: why the graph could not be read
    without a server, so that files and stages are those of the catalog; empty when it could. model_told:
    False for a graph of the creator's own that loads no model of the catalog; `model` is then only the row's.
    """

    plans: tuple[RenderPlan, ...]
    model: Model
    files: tuple[ModelFile, ...]
    unknown_files: tuple[str, ...]
    stages: tuple[GraphStage, ...]
    unread: str = ""
    model_told: bool = True

    @property
    def plan(self) -> RenderPlan:
        """The first of its takes."""
        return self.plans[0]


def ways(plans: Iterable[RenderPlan], workflows: Mapping[str, Mapping[str, Any]]) -> list[Way]:
    """The different ways in which these takes are made, in the order of the takes.

    workflows: file name to UI graph.
    """
    groups: dict[tuple[Any, ...], list[RenderPlan]] = {}
    for plan in plans:
        scene = plan.scene
        size = scene.width, scene.height, scene.frames, scene.fps
        sampling = scene.steps, scene.cfg
        key = plan.workflow, scene.mode, scene.model, scene.camera_lora, scene.audio, size, sampling
        key += scene.style_loras, scene.enhance
        groups.setdefault(key, []).append(plan)
    return [_way(tuple(group), workflows[group[0].workflow]) for group in groups.values()]


def _way(plans: tuple[RenderPlan, ...], workflow: Mapping[str, Any]) -> Way:
    plan, scene = plans[0], plans[0].scene
    model = catalog.KNOWN[scene.model]
    values = {**plan.values, **plan.names, "filename_prefix": plan.prefix("explained")}
    try:
        api = roles.prepare(workflow, shipped(), values)
    except WorkflowError as error:
        # A graph may hold nodes that only the creator's own server knows.
        if scene.workflow:
            return Way(plans, model, (), (), (), error.message, model_told=False)
        files = catalog.files_for(scene.model, scene.camera_lora)
        return Way(plans, model, files, (), _catalog_stages(model, scene), error.message)
    names = model_names(api)
    loaded = next((one for one in catalog.KNOWN.values() if one.checkpoint.name in names), None)
    known = catalog.shipped().files
    return Way(
        plans=plans,
        model=loaded or model if scene.workflow else model,
        files=tuple(known[name] for name in names if name in known),
        unknown_files=tuple(name for name in names if name not in known),
        stages=stages(api, *_seen(scene)),
        model_told=loaded is not None or not scene.workflow,
    )


def _seen(scene: Scene) -> tuple[int, int]:
    """The size at which the model sees the picture at the end."""
    seen = MODES[scene.mode].seen
    return (round(scene.width * seen), round(scene.height * seen)) if seen else (SMALLEST_PX, SMALLEST_PX)


def _catalog_stages(model: Model, scene: Scene) -> tuple[GraphStage, ...]:
    return tuple(
        GraphStage(
            width_px=round(scene.width * stage.scale),
            height_px=round(scene.height * stage.scale),
            steps=int(stage.steps[0]) if stage.steps else None,
            cfg=stage.cfg[0] if stage.cfg else None,
        )
        for stage in model.stages
    )


def model_names(api: Mapping[str, Any]) -> list[str]:
    """The model files that a graph names, each once, in the order of its nodes."""
    names = (value for node in api.values() for value in node["inputs"].values() if isinstance(value, str))
    return list(dict.fromkeys(name for name in names if name.lower().endswith(_WEIGHTS)))


def stages(api: Mapping[str, Any], width_px: int, height_px: int) -> tuple[GraphStage, ...]:
    """The passes of sampling in a graph, in the order they run; sizes are of the finished clip."""
    found = []
    for node_id in running_order(api)[0]:
        inputs = api[node_id]["inputs"]
        # The pack's samplers take their latents under another name.
        if "latent_image" not in inputs and not {"latents", "sigmas"} <= set(inputs):
            continue
        factor = enlarged_later(api, node_id)
        found.append(
            GraphStage(
                width_px=round(width_px / factor),
                height_px=round(height_px / factor),
                steps=_steps(api, inputs),
                cfg=_cfg(api, inputs),
            )
        )
    return tuple(found)


def _feeder(api: Mapping[str, Any], inputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The inputs of the node behind a wire; of the node itself when there is no such wire."""
    value = inputs.get(name)
    return api[value[0]]["inputs"] if is_link(value, api) else inputs


def _steps(api: Mapping[str, Any], inputs: Mapping[str, Any]) -> int | None:
    source = _feeder(api, inputs, "sigmas")
    if isinstance(source.get("sigmas"), str):
        return len([part for part in source["sigmas"].split(",") if part.strip()]) - 1
    steps = source.get("steps")
    return steps if isinstance(steps, int) else None


def _cfg(api: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    guider = _feeder(api, inputs, "guider")
    # Where picture and sound have a CFG each, the picture's is the one that people speak of.
    cfg = guider.get("cfg", guider.get("video_cfg"))
    if cfg is None and str(guider.get("cfg_values", "")).strip() == "1":
        cfg = 1
    return float(cfg) if isinstance(cfg, (int, float)) else None
