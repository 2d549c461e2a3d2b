"""The shipped workflows that start from a take: going on where it ends.

The clip of the take comes in by core's LoadVideo and GetVideoComponents. Its last frames are a guide at frame
0 of both stages: LTXVAddGuide takes 8n+1 of them and makes each as small as the stage is, LTXVCropGuides
takes them away again (ComfyUI 0.33.0, comfy_extras/nodes_lt.py).
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE, VIOLET, Guided

OVERLAP_FRAMES = 25


def extend() -> dict[str, Any]:
    """Goes on from the end of a take, with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder("asmr-extend")
    parts.load_models(builder)
    parts.describe(builder, words.MOTION, words.START_EXTEND)
    take(builder, "source", "Take to go on from [ltx.source]")
    builder.add(
        "tail",
        "ImageFromBatch",
        {"batch_index": -OVERLAP_FRAMES, "length": OVERLAP_FRAMES},
        title="Its last frames [ltx.overlap]",
    )
    builder.connect("source_parts", "images", "tail", "image")
    parts.stage_one(builder, guided=True)
    lead(builder, parts.ONE, "tail")
    parts.stage_two(builder, guided=True)
    lead(builder, parts.TWO, "tail")
    parts.finish(builder, "asmr/extend", crop="crop_two")
    _group(builder)
    return builder.build()


def take(builder: WorkflowBuilder, key: str, title: str) -> None:
    """The clip of a take; `KEY_parts` gives its images, sound and rate."""
    builder.add(key, "LoadVideo", {"file": "example.mp4"}, title=title, size=(320, 420))
    builder.add(f"{key}_parts", "GetVideoComponents", title="Its pictures and its sound")
    builder.connect(key, "VIDEO", f"{key}_parts", "video")


def lead(builder: WorkflowBuilder, at: Guided, pictures: str) -> None:
    """Lead the beginning of a stage by the pictures of a node, and take the guide away again after it."""
    guide, crop = f"lead_{at.stage}", f"crop_{at.stage}"
    title = f"Begin as it ended, stage {at.stage}"
    builder.add(guide, "LTXVAddGuide", {"frame_idx": 0, "strength": 1.0}, title=title)
    builder.add(crop, "LTXVCropGuides", title=f"Take the guide away, stage {at.stage}")
    builder.connect("checkpoint", "VAE", guide, "vae")
    builder.connect(at.latent, 0, guide, "latent")
    builder.connect(pictures, 0, guide, "image")
    builder.connect(guide, "latent", at.joined, "video_latent")
    builder.connect(at.film, "video_latent", crop, "latent")
    for side in ("positive", "negative"):
        builder.connect(at.conditioning, side, guide, side)
        builder.connect(guide, side, at.guider, side)
        builder.connect(guide, side, crop, side)


def _group(builder: WorkflowBuilder) -> None:
    models = ["about_models", "checkpoint"], ["encoder", "audio_vae", "upscaler"], ["camera", "style"]
    builder.group("1 Models", *models, color=BLUE, row=0)
    builder.group(
        "2 What to film",
        ["start", "tail"],
        ["source", "source_parts"],
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=GREEN,
        row=0,
    )
    builder.group(
        "3 Stage one: half size",
        ["about_stages", "latent", "sound_latent"],
        ["lead_one", "join"],
        ["noise", "guider", "sampler", "sigmas"],
        ["film", "split", "crop_one"],
        color=AMBER,
        row=1,
    )
    builder.group(
        "4 Stage two: full size",
        ["upsample", "lead_two", "rejoin"],
        ["noise_two", "guider_two", "sigmas_two"],
        ["refine", "finished", "crop_two"],
        color=VIOLET,
        row=1,
    )
    columns = ["picture", "sound", "about_end"], ["video", "save"]
    builder.group("5 Picture, sound and file", *columns, color=SLATE, row=1)


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {"asmr-extend.json": extend()}
