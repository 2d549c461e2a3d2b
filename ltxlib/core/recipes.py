"""The workflows the kit ships, written in Python: text or pictures to video, loops, one stage or two.

ComfyUI's core nodes only, a set of files for each kind of models: a first pass at half size, the latent made
twice as large, a second pass that refines it; the sound is made once and carried through both. In one stage
the first pass is made at the finished size and there is no second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ltxlib.core import (
    pack_recipes,
    recipes_clips,
    recipes_control,
    recipes_smooth,
    recipes_sound,
    recipes_takes,
)
from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_kinds import DISTILLED, KINDS, Kind
from ltxlib.core.recipe_parts import (
    AMBER,
    BLUE,
    CHECKPOINT,
    FINISHED_PX,
    GREEN,
    SLATE,
    STAGE_ONE_PX,
    STATIC_CAMERA,
    TEXT_ENCODER,
    UPSCALER,
    VIOLET,
)

__all__ = [
    "CHECKPOINT",
    "FINISHED_PX",
    "STAGE_ONE_PX",
    "STATIC_CAMERA",
    "TEXT_ENCODER",
    "UPSCALER",
    "as_text",
    "first_last",
    "img2vid",
    "img2vid_one_stage",
    "loop",
    "shipped",
    "txt2vid",
    "txt2vid_one_stage",
]


def txt2vid(kind: Kind = DISTILLED) -> dict[str, Any]:
    """Text to video with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-txt2vid{kind.suffix}")
    parts.load_models(builder, kind)
    parts.describe(builder, words.PROMPT, words.START_T2V, kind)
    parts.stage_one(builder, kind)
    parts.stage_two(builder, kind)
    builder.connect("latent", 0, "join", "video_latent")
    builder.connect("upsample", 0, "rejoin", "video_latent")
    parts.finish(builder, f"asmr/txt2vid{kind.suffix}", kind)
    _group_models(builder)
    _group_wishes(builder)
    _group_two_stages(builder)
    _group_end(builder, "5")
    return builder.build()


def img2vid(kind: Kind = DISTILLED) -> dict[str, Any]:
    """A still picture brought to life with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-img2vid{kind.suffix}")
    parts.load_models(builder, kind)
    parts.describe(builder, words.MOTION, words.START_I2V, kind)
    parts.picture(builder, kind=kind)
    parts.stage_one(builder, kind)
    parts.stage_two(builder, kind)
    parts.hold(builder, "hold_one", "Hold the first frame, stage one", "latent", "join")
    parts.hold(builder, "hold_two", "Hold the first frame, stage two", "upsample", "rejoin")
    parts.finish(builder, f"asmr/img2vid{kind.suffix}", kind)
    _group_models(builder)
    _group_wishes(builder, ["fit", "soften"], ["image"])
    _group_two_stages(builder, ["hold_one"], ["hold_two"])
    _group_end(builder, "5")
    return builder.build()


def loop(kind: Kind = DISTILLED) -> dict[str, Any]:
    """A living loop: the clip begins and ends with the same picture; 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-loop{kind.suffix}")
    parts.load_models(builder, kind)
    parts.describe(builder, words.MOTION, words.START_LOOP, kind)
    parts.picture(builder, title="Picture, first and last [ltx.image]", kind=kind)
    _guided_stages(builder, kind, last_picture="soften")
    parts.finish(builder, f"asmr/loop{kind.suffix}", kind, crop="crop_two")
    _group_models(builder)
    _group_wishes(builder, ["fit", "soften"], ["image"])
    _group_guided_stages(builder)
    return builder.build()


def first_last(kind: Kind = DISTILLED) -> dict[str, Any]:
    """From one picture to another, with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-first-last{kind.suffix}")
    parts.load_models(builder, kind)
    parts.describe(builder, words.BETWEEN, words.START_FLF, kind)
    parts.picture(builder, kind=kind)
    parts.picture(builder, "end", "Last picture [ltx.end_image]", kind=kind)
    _guided_stages(builder, kind, last_picture="soften_end")
    parts.finish(builder, f"asmr/first-last{kind.suffix}", kind, crop="crop_two")
    _group_models(builder)
    _group_wishes(builder, None, ["image", "fit", "soften"], ["end", "fit_end", "soften_end"])
    _group_guided_stages(builder)
    return builder.build()


def txt2vid_one_stage(kind: Kind = DISTILLED) -> dict[str, Any]:
    """Text to video with sound in one stage, without the enlarger: 768x512, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-txt2vid-1stage{kind.suffix}")
    parts.load_models(builder, kind, enlarger=False)
    parts.describe(builder, words.PROMPT, words.START_T2V, kind)
    parts.stage_one(builder, kind, parts.First(alone=True))
    builder.connect("latent", 0, "join", "video_latent")
    parts.finish(builder, f"asmr/txt2vid-1stage{kind.suffix}", kind, last="split")
    _group_models(builder)
    _group_wishes(builder)
    _group_film(builder)
    _group_end(builder, "4")
    return builder.build()


def img2vid_one_stage(kind: Kind = DISTILLED) -> dict[str, Any]:
    """A still picture brought to life in one stage, without the enlarger: 768x512, 65 frames at 24 fps."""
    builder = WorkflowBuilder(f"asmr-img2vid-1stage{kind.suffix}")
    parts.load_models(builder, kind, enlarger=False)
    parts.describe(builder, words.MOTION, words.START_I2V, kind)
    parts.picture(builder, size_px=STAGE_ONE_PX, kind=kind)
    parts.stage_one(builder, kind, parts.First(alone=True))
    parts.hold(builder, "hold", "Hold the first frame", "latent", "join")
    parts.finish(builder, f"asmr/img2vid-1stage{kind.suffix}", kind, last="split")
    _group_models(builder)
    _group_wishes(builder, ["fit", "soften"], ["image"])
    _group_film(builder, ["hold"])
    _group_end(builder, "4")
    return builder.build()


def _guided_stages(builder: WorkflowBuilder, kind: Kind, last_picture: str) -> None:
    """Two stages, each led by both pictures."""
    parts.stage_one(builder, kind, parts.First(guided=True))
    parts.guide(builder, replace(parts.ONE, last_picture=last_picture))
    parts.stage_two(builder, kind, guided=True)
    parts.guide(builder, replace(parts.TWO, last_picture=last_picture))


def _there(builder: WorkflowBuilder, *keys: str) -> list[str]:
    """Those of the nodes that this kind of workflow has."""
    return [key for key in keys if builder.has(key)]


def _group_models(builder: WorkflowBuilder) -> None:
    builder.group(
        "1 Models",
        ["about_models", "checkpoint"],
        _there(builder, "encoder", "audio_vae", "video_vae", "upscaler"),
        _there(builder, "camera", "style", "distilled"),
        color=BLUE,
        row=0,
    )


def _group_wishes(
    builder: WorkflowBuilder, under_start: list[str] | None = None, *pictures: list[str]
) -> None:
    builder.group(
        "2 What to film",
        ["start", *(under_start or [])],
        *pictures,
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=GREEN,
        row=0,
    )


def _group_film(builder: WorkflowBuilder, hold: list[str] | None = None) -> None:
    builder.group(
        "3 Film",
        ["about_stages", "latent", "sound_latent"],
        [*(hold or []), "join", "noise", "guider"],
        ["sampler", "sigmas", "film", "split"],
        color=AMBER,
        row=1,
    )


def _group_two_stages(
    builder: WorkflowBuilder, hold_one: list[str] | None = None, hold_two: list[str] | None = None
) -> None:
    builder.group(
        "3 Stage one: half size",
        ["about_stages", "latent", "sound_latent"],
        [*(hold_one or []), "join", "noise", "guider"],
        ["sampler", "sigmas", "film", "split"],
        color=AMBER,
        row=1,
    )
    builder.group(
        "4 Stage two: full size",
        ["upsample", *(hold_two or []), "rejoin"],
        [*_there(builder, "guider_two"), "noise_two", "sigmas_two", "refine", "finished"],
        color=VIOLET,
        row=1,
    )


def _group_guided_stages(builder: WorkflowBuilder) -> None:
    builder.group(
        "3 Stage one: half size",
        ["about_stages", "latent", "sound_latent"],
        ["first_one", "last_one", "join"],
        ["noise", "guider", "sampler", "sigmas"],
        ["film", "split", "crop_one"],
        color=AMBER,
        row=1,
    )
    builder.group(
        "4 Stage two: full size",
        ["upsample", "first_two", "last_two", "rejoin"],
        ["noise_two", "guider_two", "sigmas_two"],
        ["refine", "finished", "crop_two"],
        color=VIOLET,
        row=1,
    )
    _group_end(builder, "5")


def _group_end(builder: WorkflowBuilder, number: str) -> None:
    builder.group(
        f"{number} Picture, sound and file",
        ["picture", "sound", "about_end"],
        ["video", "save"],
        color=SLATE,
        row=1,
    )


def shipped() -> dict[str, str]:
    """The text of every workflow file the kit ships, by file name."""
    return dict(_written())


@lru_cache(maxsize=1)
def _written() -> dict[str, str]:
    written = {
        "asmr-txt2vid": txt2vid,
        "asmr-img2vid": img2vid,
        "asmr-loop": loop,
        "asmr-first-last": first_last,
        "asmr-txt2vid-1stage": txt2vid_one_stage,
        "asmr-img2vid-1stage": img2vid_one_stage,
    }
    recipes = {
        f"{stem}{kind.suffix}.json": recipe(kind) for kind in KINDS for stem, recipe in written.items()
    }
    more = recipes_takes.recipes() | recipes_smooth.recipes() | recipes_sound.recipes()
    more |= recipes_clips.recipes() | recipes_control.recipes() | pack_recipes.shipped()
    return {name: as_text(workflow) for name, workflow in (recipes | more).items()}


def as_text(workflow: Mapping[str, Any]) -> str:
    """A workflow as the text of a file."""
    return json.dumps(workflow, indent=1, ensure_ascii=False) + "\n"
