"""The shipped workflows that film anew on what a take shows: its outlines, its depth, or a pose.

Wiring as in the official templates video_ltx2_canny_to_video and video_ltx2_depth_to_video; poses are found
as in utility_sdpose_ood_video_to_pose_map (comfyui-workflow-templates-json 0.1.123). Core nodes only.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import pack_parts as pack
from ltxlib.core import pack_words
from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.controls import CONTROLS, DEPTH, EDGES, POSE
from ltxlib.core.recipe_parts import AMBER, BLUE, VIOLET
from ltxlib.core.recipes_clips import cut, group_end, group_models, group_take, lora
from ltxlib.core.recipes_takes import lead, take

# The template's own figure: Lotus works in one step from this noise level.
LOTUS_SIGMA = 999.0
_LORA_TITLES = {EDGES: "Follows outlines", DEPTH: "Follows depth", POSE: "Follows a pose"}
_LEADS = {EDGES: "Follow the outlines", DEPTH: "Follow the depth", POSE: "Follow the pose"}


def control(by: str = EDGES) -> dict[str, Any]:
    """A new film on what a take shows, two stages with sound: 1536x1024, 65 frames at 24 fps."""
    kept = CONTROLS[by]
    name = kept.workflow.removesuffix(".json")
    builder = WorkflowBuilder(name)
    parts.load_models(builder, more=len(kept.needs))
    parts.describe(builder, words.PROMPT, pack_words.START_CONTROLS[by])
    take(builder, "source", "Take to follow [ltx.source]")
    cut(builder, "source", tail=False)
    width, height = parts.STAGE_ONE_PX
    values = {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"}
    builder.add("half", "ImageScale", values, title="Half size [ltx.size]")
    found = _FOUND[by](builder)
    builder.connect("cut_source", 0, "half", "image")
    if by == EDGES:
        builder.connect("half", 0, "outlines", "image")
    lora(builder, "outliner", kept.needs[0], _LORA_TITLES[by])
    parts.stage_one(builder, first=parts.First(guided=True, guider=("CFGGuider", "outliner")))
    lead(builder, parts.ONE, found, _LEADS[by])
    parts.stage_two(builder, guided=True)
    pack.lead(builder, "guider_two")
    builder.connect("upsample", 0, "rejoin", "video_latent")
    parts.finish(builder, f"asmr/{name.removeprefix('asmr-')}")
    _group(builder, by)
    return builder.build()


def _edges(builder: WorkflowBuilder) -> str:
    builder.add("outlines", "Canny", {"low_threshold": 0.4, "high_threshold": 0.8}, title="Its outlines")
    return "outlines"


def _depth(builder: WorkflowBuilder) -> str:
    """Lotus paints far things bright in one step without noise; turned round, near ones are."""
    _, model, vae = CONTROLS[DEPTH].needs
    builder.add("lotus", "UNETLoader", {"unet_name": model}, title="Depth model", models=pack.found(model))
    builder.add("lotus_vae", "VAELoader", {"vae_name": vae}, title="Its pictures", models=pack.found(vae))
    builder.add("lotus_words", "LotusConditioning", title="It needs no words")
    builder.add("lotus_guider", "BasicGuider", title="Look at the take")
    builder.add("lotus_noise", "DisableNoise", title="No noise")
    builder.add("lotus_sampler", "KSamplerSelect", {"sampler_name": "euler"}, title="Sampler, depth")
    steps = {"scheduler": "normal", "steps": 1, "denoise": 1.0}
    builder.add("lotus_steps", "BasicScheduler", steps, title="One step")
    builder.add("lotus_sigma", "SetFirstSigma", {"sigma": LOTUS_SIGMA}, title="Its only noise level")
    builder.add("lotus_in", "VAEEncode", title="As the depth model sees it")
    builder.add("lotus_look", "SamplerCustomAdvanced", title="Find the depth")
    builder.add("lotus_out", "VAEDecode", title="Far is bright")
    builder.add("depth", "ImageInvert", title="Near is bright")
    for origin, output, target, name in (
        ("lotus", "MODEL", "lotus_guider", "model"),
        ("lotus_words", 0, "lotus_guider", "conditioning"),
        ("lotus", "MODEL", "lotus_steps", "model"),
        ("lotus_steps", 0, "lotus_sigma", "sigmas"),
        ("half", 0, "lotus_in", "pixels"),
        ("lotus_vae", "VAE", "lotus_in", "vae"),
        ("lotus_noise", 0, "lotus_look", "noise"),
        ("lotus_guider", 0, "lotus_look", "guider"),
        ("lotus_sampler", 0, "lotus_look", "sampler"),
        ("lotus_sigma", 0, "lotus_look", "sigmas"),
        ("lotus_in", 0, "lotus_look", "latent_image"),
        ("lotus_look", "output", "lotus_out", "samples"),
        ("lotus_vae", "VAE", "lotus_out", "vae"),
        ("lotus_out", 0, "depth", "image"),
    ):
        builder.connect(origin, output, target, name)
    return "depth"


def _pose(builder: WorkflowBuilder) -> str:
    """Joints of one person, drawn as the LoRA knows them: coloured limbs on black."""
    (model,) = CONTROLS[POSE].needs[1:]
    builder.add(
        "finder",
        "CheckpointLoaderSimple",
        {"ckpt_name": model},
        title="Pose finder",
        models=pack.found(model),
    )
    builder.add("joints", "SDPoseKeypointExtractor", {"batch_size": 16}, title="Find the joints")
    values = {"draw_body": True, "draw_hands": True, "draw_face": True, "draw_feet": True, "draw_head": True}
    drawn = {**values, "stick_width": 4, "face_point_size": 2, "score_threshold": 0.5}
    builder.add("pose", "SDPoseDrawKeypoints", drawn, title="Its pose")
    builder.connect("finder", "MODEL", "joints", "model")
    builder.connect("finder", "VAE", "joints", "vae")
    builder.connect("half", 0, "joints", "image")
    builder.connect("joints", 0, "pose", "keypoints")
    return "pose"


_FOUND = {EDGES: _edges, DEPTH: _depth, POSE: _pose}
_FINDERS: dict[str, tuple[list[str], ...]] = {
    DEPTH: (
        ["lotus", "lotus_vae", "lotus_words", "lotus_noise"],
        ["lotus_guider", "lotus_sampler", "lotus_steps", "lotus_sigma"],
        ["lotus_in", "lotus_look", "lotus_out", "depth"],
    ),
    POSE: (["finder", "joints"], ["pose"]),
}


def _group(builder: WorkflowBuilder, by: str) -> None:
    group_models(builder, ["outliner"], sound=True, enlarger=True)
    outlines = ["outlines"] if by == EDGES else []
    group_take(builder, ["source", "source_parts"], ["start", "cut_source", "half", *outlines])
    number = 3
    if by != EDGES:
        builder.group(f"3 {_LEADS[by].split()[-1].capitalize()}", *_FINDERS[by], color=BLUE, row=1)
        number = 4
    first = ["about_stages", "latent", "sound_latent"], ["lead_one", "join", "noise"]
    last = ["guider", "sampler", "sigmas"], ["film", "split", "crop_one"]
    builder.group(f"{number} Stage one: half size", *first, *last, color=AMBER, row=1)
    second = ["upsample", "rejoin", "guider_two"], ["noise_two", "sigmas_two", "refine", "finished"]
    builder.group(f"{number + 1} Stage two: full size", *second, color=VIOLET, row=1)
    group_end(builder, f"{number + 2}", ["picture", "sound", "about_end"])


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {one.workflow: control(by) for by, one in CONTROLS.items()}
