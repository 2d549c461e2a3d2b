"""The checklist of notebook 01: what is there, what is missing, and the cure for each red line."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.comfy.address import is_serverless
from ltxlib.comfy.backend import client_for
from ltxlib.core import catalog, check, roles, settings
from ltxlib.core.amounts import size_text
from ltxlib.core.catalog_parts import Model
from ltxlib.core.modes import MODES
from ltxlib.core.plan import WORKFLOWS, workflow_name
from ltxlib.core.problem import Problem
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import LtxlibError, MediaError
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.store.project import Project
from ltxlib.studio import caches
from ltxlib.studio.check import check_project, read_workflow
from ltxlib.studio.connect import address

GREEN, AMBER, RED = "green", "amber", "red"
# Names of cures in studio/curing.py.
REHEARSAL_OFF, EMPTY_CACHES, FREE_MEMORY, KERNEL = "rehearsal-off", "caches", "free", "kernel"
# Of the card's memory; what else is in use there was left by another program.
LITTLE_VRAM_SHARE, STRANGE_VRAM_BYTES = 0.1, 2 * 2**30
# A night of clips and their masters; below this, a night may end half way.
ENOUGH_DISK_BYTES = 20 * 10**9
LITTLE_DISK_BYTES = 3 * 10**9


@dataclass(frozen=True)
class Line:
    """One line of the checklist: what was looked at, how it is, one sentence, a cure if it is not well.

    key: of the cure in studio/curing.py that the kit can do itself, empty when there is none; group: where a
    person looks for the line.
    """

    name: str
    state: str
    says: str
    cure: str = ""
    key: str = ""
    group: str = ""


def checklist(project: Project) -> list[Line]:
    """Look at everything a film needs. Never raises for what is missing; that is what the lines say."""
    lines = [_ffmpeg(), _disk(project), _scenes(project)]
    url = address(project)
    try:
        client = client_for(url, timeout_s=10)
        stats = client.system_stats()
        schema = NodeSchema(client.object_info(), lists_known=client.lists_known)
    except LtxlibError as error:
        return [_no_server(url, error), *lines]
    return [_server(url, stats), _gpu(stats), *_graphs(project, schema, wanted_models(project)), *lines]


def _no_server(url: str, error: LtxlibError) -> Line:
    rehearse = "or switch on the rehearsal in notebook 01: it needs no GPU and costs nothing."
    if not is_serverless(url):
        return Line("Server", RED, error.message, f"Start ComfyUI on the pod, {rehearse}")
    told = [f"{one.where}: {one.what} {one.cure}" for one in getattr(error, "problems", ())]
    return Line("Server", RED, " ".join([error.message, *told]), f"{error.cure} Do that, {rehearse}")


def _server(url: str, stats: Mapping[str, Any]) -> Line:
    system = stats.get("system", {})
    version = system.get("comfyui_version", "of unknown version")
    if "ltx_rehearsal" in system:
        says = f"The rehearsal answers at {url}. Clips are stand-ins, marked REHEARSAL; nothing costs money."
        cure = "Switch the rehearsal off when you want the real model."
        return Line("Server", AMBER, says, cure, REHEARSAL_OFF)
    workers = system.get("workers")
    if isinstance(workers, Mapping):
        told = ", ".join(f"{count} {name}" for name, count in workers.items() if count) or "none awake"
        return Line("Server", GREEN, f"RunPod answers for the endpoint {url}; its workers: {told}.")
    return Line("Server", GREEN, f"ComfyUI {version} answers at {url}.")


def _gpu(stats: Mapping[str, Any]) -> Line:
    if "ltx_rehearsal" in stats.get("system", {}):
        return Line("GPU", AMBER, "The rehearsal uses none.")
    if "runpod_endpoint" in stats.get("system", {}):
        return Line("GPU", GREEN, "RunPod gives each worker of the endpoint the card that is chosen there.")
    cards = [device for device in stats.get("devices", []) if device.get("type") != "cpu"]
    if not cards:
        cure = "Start the pod again; if no GPU is free, rent another one."
        return Line("GPU", RED, "ComfyUI sees no graphics card.", cure)
    names = ", ".join(
        f"{device.get('name', '?')} ({device.get('vram_total', 0) / 2**30:.0f} GB, "
        f"{device.get('vram_free', 0) / 2**30:.0f} GB free)"
        for device in cards
    )
    for device in cards:
        total, free = device.get("vram_total", 0), device.get("vram_free", 0)
        strange = total - free - device.get("torch_vram_total", total)
        if strange > STRANGE_VRAM_BYTES:
            says = f"{names}. Another program holds {strange / 2**30:.0f} GB of the card's memory."
            return Line("GPU", AMBER, says, "End it; if you do not know what it is, start the pod again.")
        if free < LITTLE_VRAM_SHARE * total:
            says = f"{names}. ComfyUI keeps its models there, which is well while clips are made."
            return Line("GPU", AMBER, says, "Free it before something else uses the card.", FREE_MEMORY)
    return Line("GPU", GREEN, names)


def wanted_models(project: Project) -> list[Model]:
    """The models that scenes.csv asks for; the kit's standard one while it asks for none."""
    try:
        scenes = check_project(project).scenes
    except LtxlibError:
        scenes = ()
    names = dict.fromkeys(scene.model for scene in scenes if scene.enabled)
    return [catalog.MODELS[name] for name in names] or [next(iter(catalog.MODELS.values()))]


def _graphs(project: Project, schema: NodeSchema, models: list[Model]) -> list[Line]:
    """Nodes and model files, asked of the server with the graphs that the kit would send."""
    files: list[Problem] = []
    others: list[Problem] = []
    ways = [
        (mode, stages, model)
        for model in models
        for mode, stages in WORKFLOWS
        if model.graph and (model.graph.modes is None or mode in model.graph.modes)
    ]
    for mode, stages, model in ways:
        name = workflow_name(mode, stages, model.graph)
        try:
            ui = read_workflow(project, name)
            if MODES[mode].covered:
                continue  # it needs files of its own, which only those fetch who use it
            graph = roles.prepare(ui, schema, sample_values(mode, stages, model))
        except LtxlibError as error:
            others.append(Problem(name, error.message, error.cure))
            continue
        for problem in check.check_graph(graph, schema):
            (files if ".safetensors" in problem.what else others).append(problem)
    if not schema.lists_known:
        cure = "The README says what the endpoint needs; a first clip shows whether it is there."
        unknown = Line("Models", AMBER, "An endpoint cannot be asked which model files it has.", cure)
        return [_line("Nodes", others, "The shipped workflows need only ComfyUI's own nodes."), unknown]
    return [
        _line("Nodes", others, "Every node that the shipped workflows use is there."),
        _line("Models", files, "Every model file that the shipped workflows use is there."),
    ]


def _line(name: str, problems: list[Problem], well: str) -> Line:
    if not problems:
        return Line(name, GREEN, well)
    said = list(dict.fromkeys(problem.what for problem in problems))
    cures = list(dict.fromkeys(problem.cure for problem in problems))
    return Line(name, RED, " ".join(said), " ".join(cures))


def sample_values(mode: str, stages: int = 2, model: Model | None = None) -> dict[str, Any]:
    """Values of an ordinary take, with which a graph can be checked before anybody has written a scene.

    model: the kit's standard one when it is left out.
    """
    model = model or next(iter(catalog.MODELS.values()))
    camera = model.family.cameras.get("static")
    values = {
        "prompt": "Rain runs down a window.",
        "negative_prompt": "",
        "seed": 1,
        "width_px": 1536,
        "height_px": 1024,
        "frames": 65,
        "fps": 24.0,
        "checkpoint": model.checkpoint.name,
        "camera_lora": camera.name if camera else None,
        "camera_strength": 1.0,
        "audio": True,
        "filename_prefix": "ltx-kit/check",
        **settings.beyond_the_file(model, stages, None, None),
    }
    used = MODES[mode]
    if not used.sized:
        del values["width_px"], values["height_px"]
    values |= dict.fromkeys(used.images, "picture.png") | dict.fromkeys(used.sources, "clip.mp4")
    if used.images:
        values["image_strength"] = 1.0
    if used.continues:
        values |= {"overlap_first": -25, "overlap_frames": 25, "overlap_start_s": 0.0208, "overlap_s": 1.0417}
        values |= {"overlap_from_s": 1.6458, "sound_s": 2.7866, "carry_sound": True}
        values |= {"sound_steps": 70, "held_steps": 25}
    return values


def _ffmpeg() -> Line:
    try:
        ffmpeg = find_ffmpeg()
    except MediaError as error:
        return Line("ffmpeg", RED, error.message, error.cure)
    cards = "h264_nvenc" in ffmpeg.encoders
    coders = "H.264 and AAC" + (", and H.264 by the card (NVENC)" if cards else "; not H.264 by the card")
    return Line("ffmpeg", GREEN, f"ffmpeg {ffmpeg.version}: {ffmpeg.reason} It codes {coders}.")


def _disk(project: Project) -> Line:
    free_bytes = shutil.disk_usage(project.root).free
    says = f"{free_bytes / 10**9:.0f} GB free where the film is written."
    if free_bytes >= ENOUGH_DISK_BYTES:
        return Line("Disk", GREEN, says)
    state = RED if free_bytes < LITTLE_DISK_BYTES else AMBER
    cure = "Delete old takes and masters in production/, or rent a larger volume."
    spare_bytes = sum(cache.size_bytes for cache in caches.found(project))
    if spare_bytes < caches.WORTH_BYTES:
        return Line("Disk", state, says, cure)
    cure = f"The kit's own half-done things ({size_text(spare_bytes)}) may go. {cure}"
    return Line("Disk", state, says, cure, EMPTY_CACHES)


def _scenes(project: Project) -> Line:
    try:
        checked = check_project(project)
    except LtxlibError as error:
        return Line("Scenes", RED, error.message, error.cure)
    if checked.errors:
        plural = "s" if len(checked.errors) > 1 else ""
        says = f"{len(checked.errors)} problem{plural} in scenes.csv or what it names."
        return Line("Scenes", RED, says, str(checked.errors[0]))
    scenes = len({plan.scene.scene for plan in checked.plans})
    return Line("Scenes", GREEN, f"scenes.csv asks for {scenes} scenes, {len(checked.plans)} takes.")
