"""The shipped workflows with twice as many frames a second, from words and from a picture.

Stage one films at the row's rate; LTX-2's temporal upscaler doubles the latent's steps, the spatial one its
size, and stage two refines the result at the doubled rate. The recorded graph `033_core_temporal_upscaler` is
where this ran first.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE, VIOLET


def txt2vid_smooth() -> dict[str, Any]:
    """Text to video with sound at 48 frames a second, in UI format: 1536x1024, 65 frames become 129."""
    builder = WorkflowBuilder("asmr-txt2vid-smooth")
    parts.load_models(builder, more=1)
    parts.describe(builder, words.PROMPT, words.START_T2V)
    _film(builder)
    builder.connect("latent", 0, "join", "video_latent")
    builder.connect("upsample", 0, "rejoin", "video_latent")
    parts.finish(builder, "asmr/txt2vid-smooth", fps="clip_fps")
    _group(builder)
    return builder.build()


def img2vid_smooth() -> dict[str, Any]:
    """A still picture brought to life at 48 frames a second, in UI format: 65 frames become 129."""
    builder = WorkflowBuilder("asmr-img2vid-smooth")
    parts.load_models(builder, more=1)
    parts.describe(builder, words.MOTION, words.START_I2V)
    parts.picture(builder)
    _film(builder)
    parts.hold(builder, "hold_one", "Hold the first frame, stage one", "latent", "join")
    parts.hold(builder, "hold_two", "Hold the first frame, stage two", "upsample", "rejoin")
    parts.finish(builder, "asmr/img2vid-smooth", fps="clip_fps")
    _group(builder, ["fit", "soften"], ["image"], ["hold_one"], ["hold_two"])
    return builder.build()


def _film(builder: WorkflowBuilder) -> None:
    parts.stage_one(builder)
    builder.note("about_doubled", words.ABOUT_DOUBLED, title="About the doubled frames", size=(340, 130))
    parts.double_frames(builder)
    parts.stage_two(builder, doubled=True)


def _group(builder: WorkflowBuilder, *still: list[str]) -> None:
    """still: what a picture adds below the start, beside it, and to stages one and two; nothing for words."""
    under, beside, hold_one, hold_two = still or ([], [], [], [])
    models = ["about_models", "checkpoint"], ["encoder", "audio_vae", "upscaler"], ["camera", "style"]
    builder.group("1 Models", *models, color=BLUE, row=0)
    wishes = ["prompt", "negative"], ["frames", "fps", "conditioning"]
    pictures = [beside] if beside else []
    builder.group("2 What to film", ["start", *under], *pictures, *wishes, color=GREEN, row=0)
    builder.group(
        "3 Stage one: half size",
        ["about_stages", "latent", "sound_latent"],
        [*hold_one, "join", "noise", "guider"],
        ["sampler", "sigmas", "film", "split"],
        color=AMBER,
        row=1,
    )
    doubling = ["about_doubled", "doubler", "doubled"], ["clip_fps", "conditioning_two"]
    builder.group("4 Twice the frames", *doubling, color=GREEN, row=1)
    builder.group(
        "5 Stage two: full size",
        ["upsample", *hold_two, "rejoin", "guider_two"],
        ["noise_two", "sigmas_two", "refine", "finished"],
        color=VIOLET,
        row=1,
    )
    end = ["picture", "sound", "about_end"], ["video", "save"]
    builder.group("6 Picture, sound and file", *end, color=SLATE, row=1)


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {
        "asmr-txt2vid-smooth.json": txt2vid_smooth(),
        "asmr-img2vid-smooth.json": img2vid_smooth(),
    }
