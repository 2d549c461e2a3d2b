"""The workflows that need ComfyUI-LTXVideo: tiles, STG, loaders one after the other, long takes in stretches.

Each is the plain two-stage recipe with one thing done by the pack's nodes, from words or from a picture; the
plain recipe is what a server without the pack makes instead.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import pack_parts as pack
from ltxlib.core import pack_words
from ltxlib.core import recipe_parts as parts
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE, VIOLET

_LED_ONE, _LED_TWO = ("guider", "noise", "sigmas"), ("guider_two", "noise_two", "sigmas_two")


def tiled(*, picture: bool = False) -> dict[str, Any]:
    """Stage two in tiles, for large sizes: 1536x1024, 65 frames at 24 fps, with the sound of stage one."""
    builder = WorkflowBuilder(_name("tiled", picture))
    parts.load_models(builder)
    pack.describe(builder, picture=picture)
    parts.stage_one(builder)
    _begin(builder, "join", picture)
    pack.enlarge(builder, ("split", "video_latent"))
    pack.tile_guider(builder, picture=picture)
    pack.refine_in_tiles(builder, picture=picture)
    parts.finish(builder, _prefix("tiled", picture), last="split", crop="refine")
    builder.note("about_pack", pack_words.TILED, title="About the tiles", size=(360, 160))
    _group_beginning(builder, picture)
    _group_stage_one(builder, ["hold_one"] if picture else [])
    second = (["about_pack", "upsample", "noise_two"], ["guider_two", "sigmas_two"], ["refine"])
    builder.group("4 Stage two: full size, in tiles", *second, color=VIOLET, row=1)
    _group_end(builder)
    return builder.build()


def stg(*, picture: bool = False) -> dict[str, Any]:
    """STG guidance in stage one, plain two-stage otherwise: 1536x1024, 65 frames at 24 fps, with sound."""
    builder = WorkflowBuilder(_name("stg", picture))
    parts.load_models(builder)
    pack.describe(builder, picture=picture)
    pack.leave_out_a_layer(builder)
    parts.stage_one(builder, first=parts.First(guider=("STGGuider", "skip")))
    pack.plain_guider(builder, "guider_two", "Follow the prompt, stage two (CFG 1)")
    parts.stage_two(builder, guider="guider_two")
    _begin(builder, "join", picture)
    _go_on(builder, picture)
    parts.finish(builder, _prefix("stg", picture))
    builder.note("about_pack", pack_words.STG, title="About STG", size=(360, 160))
    _group_beginning(builder, picture)
    _group_stage_one(builder, ["hold_one"] if picture else [], ["about_pack", "skip"])
    _group_stage_two(builder, ["hold_two"] if picture else [], ["guider_two"])
    _group_end(builder)
    return builder.build()


def lowmem(*, picture: bool = False) -> dict[str, Any]:
    """Two stages with the loaders one after the other: 1536x1024, 65 frames at 24 fps, with sound."""
    builder = WorkflowBuilder(_name("lowmem", picture))
    pack.load_models_one_by_one(builder)
    pack.describe(builder, picture=picture)
    parts.stage_one(builder)
    parts.stage_two(builder)
    pack.wait_in_line(builder)
    _begin(builder, "join", picture)
    _go_on(builder, picture)
    parts.finish(builder, _prefix("lowmem", picture))
    pack.decode_in_stretches(builder)
    builder.note("about_pack", pack_words.LOWMEM, title="About the memory", size=(380, 150))
    _group_beginning(builder, picture, ["about_pack"])
    _group_stage_one(builder, ["hold_one"] if picture else [])
    _group_stage_two(builder, ["hold_two"] if picture else [])
    _group_end(builder)
    return builder.build()


def long(*, picture: bool = False) -> dict[str, Any]:
    """Both stages in stretches, the sound made to the picture: 1536x1024, 241 frames (10 s) at 24 fps."""
    builder = WorkflowBuilder(_name("long", picture))
    parts.load_models(builder)
    pack.describe(builder, picture=picture, soften=False)
    builder.set_value("frames", "value", 241)
    tag = " [ltx.image_strength]" if picture else ""
    pack.begin_alone(builder)
    pack.in_stretches(builder, "film", f"Film in stretches, stage one{tag}", _LED_ONE, "latent")
    pack.sound_for_the_picture(builder, ("film", 0))
    pack.enlarge(builder, ("film", 0))
    pack.plain_guider(builder, "guider_two", "Follow the prompt, stage two (CFG 1)")
    pack.in_stretches(builder, "refine", f"Refine in stretches, stage two{tag}", _LED_TWO, "upsample")
    if picture:
        builder.connect("fit", 0, "film", "optional_cond_images")
        builder.connect("fit", 0, "refine", "optional_cond_images")
    parts.finish(builder, _prefix("long", picture), last="heard", crop="refine")
    pack.decode_in_stretches(builder)
    builder.note("about_pack", pack_words.LONG, title="About long takes", size=(360, 160))
    _group_beginning(builder, picture, soften=False)
    first = (["about_pack", "latent", "noise"], ["guider", "sampler", "sigmas"], ["film"])
    builder.group("3 Stage one: half size, in stretches", *first, color=AMBER, row=1)
    heard = (["sound_latent", "join"], ["hold_picture"], ["noise_sound", "listen", "heard"])
    builder.group("4 The sound", *heard, color=BLUE, row=1)
    second = (["upsample", "noise_two", "sigmas_two"], ["guider_two", "refine"])
    builder.group("5 Stage two: full size, in stretches", *second, color=VIOLET, row=1)
    _group_end(builder, "6")
    return builder.build()


def _name(special: str, picture: bool) -> str:
    return f"ltxvideo-{special}-img2vid" if picture else f"ltxvideo-{special}"


def _prefix(special: str, picture: bool) -> str:
    return f"asmr/{_name(special, picture)}"


def _begin(builder: WorkflowBuilder, joined: str, picture: bool) -> None:
    """Stage one's empty film, with the first picture held where there is one."""
    if picture:
        parts.hold(builder, "hold_one", "Hold the first frame, stage one", "latent", joined)
    else:
        builder.connect("latent", 0, joined, "video_latent")


def _go_on(builder: WorkflowBuilder, picture: bool) -> None:
    """The enlarged film on its way into stage two."""
    if picture:
        parts.hold(builder, "hold_two", "Hold the first frame, stage two", "upsample", "rejoin")
    else:
        builder.connect("upsample", 0, "rejoin", "video_latent")


def _group_beginning(
    builder: WorkflowBuilder, picture: bool, more: list[str] | None = None, *, soften: bool = True
) -> None:
    builder.group(
        "1 Models",
        ["about_models", "checkpoint", *(more or [])],
        ["encoder", "audio_vae", "upscaler"],
        ["camera", "style"],
        color=BLUE,
        row=0,
    )
    builder.group(
        "2 What to film",
        ["start", *(["fit"] if picture else []), *(["soften"] if picture and soften else [])],
        *([["image"]] if picture else []),
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=GREEN,
        row=0,
    )


def _group_stage_one(builder: WorkflowBuilder, hold: list[str], *more: list[str]) -> None:
    builder.group(
        "3 Stage one: half size",
        *more,
        ["about_stages", "latent", "sound_latent"],
        [*hold, "join", "noise", "guider"],
        ["sampler", "sigmas", "film", "split"],
        color=AMBER,
        row=1,
    )


def _group_stage_two(builder: WorkflowBuilder, hold: list[str], more: list[str] | None = None) -> None:
    builder.group(
        "4 Stage two: full size",
        ["upsample", *hold, "rejoin", *(more or [])],
        ["noise_two", "sigmas_two", "refine", "finished"],
        color=VIOLET,
        row=1,
    )


def _group_end(builder: WorkflowBuilder, number: str = "5") -> None:
    columns = (["picture", "sound", "about_end"], ["video", "save"])
    builder.group(f"{number} Picture, sound and file", *columns, color=SLATE, row=1)


def shipped() -> dict[str, dict[str, Any]]:
    """The workflows of this module by file name."""
    recipes = {"tiled": tiled, "stg": stg, "lowmem": lowmem, "long": long}
    return {
        f"{_name(name, picture)}.json": recipe(picture=picture)
        for name, recipe in recipes.items()
        for picture in (False, True)
    }
