"""The shipped workflows over a whole clip: more detail, one take melting into another.

Wiring as in ComfyUI-LTXVideo's example workflows of June 2026 (LTX-2_V2V_Detailer and
LTX-2_ICLoRA_All_Distilled); detail in one piece needs core nodes only. The pack lays latents over
each other along axis 2, which is time.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import pack_parts as pack
from ltxlib.core import pack_words
from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE, VIOLET
from ltxlib.core.recipes_takes import take

DETAILER = "ltx-2-19b-ic-lora-detailer.safetensors"
DETAIL_STRETCH_FRAMES, DETAIL_OVERLAP_FRAMES = 56, 24
# A melting is a mixture already, so only its last steps are made anew.
MELT_SIGMAS = "0.725, 0.421875, 0.0"
MELT_FRAMES = 49


def detail(*, stretches: bool = False) -> dict[str, Any]:
    """Goes over a take once more with the detailer; its sound stays. stretches: 56 frames at a time."""
    name = "ltxvideo-detail" if stretches else "asmr-detail"
    builder = WorkflowBuilder(name)
    parts.load_models(builder, enlarger=False, sound=False, more=1)
    parts.describe(
        builder, words.MOTION, pack_words.START_DETAIL_PACK if stretches else pack_words.START_DETAIL
    )
    _whole_take(builder, "source", "Take to go over [ltx.source]", frames=True)
    _encode(builder, "source")
    lora(builder, "detailer", DETAILER, "Detailer")
    _steps(builder, parts.SECOND_SIGMAS, "3 steps")
    builder.add("guider", "CFGGuider", {"cfg": 1.0}, title="Follow take and prompt (CFG 1)")
    builder.connect("detailer", "MODEL", "guider", "model")
    if stretches:
        pack.lead(builder, "guider")
        values = {"temporal_tile_size": DETAIL_STRETCH_FRAMES, "temporal_overlap": DETAIL_OVERLAP_FRAMES}
        builder.add("refine", "LTXVLoopingSampler", values, title="Refine in stretches")
        pack.wire_sampler(builder, "refine", ("guider", "noise", "sigmas"), "encode_source", "detailer")
        builder.connect("encode_source", 0, "refine", "optional_guiding_latents")
        _finish(builder, "refine", name)
    else:
        _guided(builder, [("guide", "Follow the take", 0, "fit_source")], "encode_source")
        _finish(builder, "crop", name)
    group_models(builder, ["detailer"], sound=False)
    group_take(builder, ["source", "source_parts"], ["start", "cut_source", "fit_source"])
    middle = [] if stretches else [["guide"]]
    columns = (["encode_source", "sigmas", "sampler"], *middle, ["noise", "guider", "refine"])
    builder.group("3 Finer", *columns, *([] if stretches else [["crop"]]), color=AMBER, row=1)
    group_end(builder, "4", ["picture"])
    return builder.build()


def transition() -> dict[str, Any]:
    """One take melts into another: its last 49 frames into the first 49 of the other, with new sound."""
    builder = WorkflowBuilder("ltxvideo-transition")
    parts.load_models(builder, enlarger=False)
    parts.describe(builder, words.BETWEEN, pack_words.START_TRANSITION)
    builder.set_value("frames", "value", MELT_FRAMES)
    _whole_take(builder, "source", "Take to begin with [ltx.source]", tail=True)
    _whole_take(builder, "end_source", "Take to end with [ltx.end_source]", frames=True)
    for key in ("source", "end_source"):
        _encode(builder, key)
    values = {"overlap": (MELT_FRAMES - 1) // 8 + 1, "axis": 2}
    builder.add("melt", "LTXVLinearOverlapLatentTransition", values, title="One into the other [ltx.melt]")
    builder.connect("encode_source", 0, "melt", "samples1")
    builder.connect("encode_end_source", 0, "melt", "samples2")
    for key, source, place in (("first", "source", 0), ("last", "end_source", -1)):
        title = f"Its {key} picture"
        builder.add(key, "ImageFromBatch", {"batch_index": place, "length": 1}, title=title)
        builder.connect(f"fit_{source}", 0, key, "image")
    _steps(builder, MELT_SIGMAS, "2 steps")
    builder.add("guider", "CFGGuider", {"cfg": 1.0}, title="Follow takes and prompt (CFG 1)")
    builder.connect("style", "MODEL", "guider", "model")
    guides = [("begin", "Begin as the one", 0, "first"), ("end", "End as the other", -1, "last")]
    _guided(builder, guides, "melt")
    pack.plain_guider(builder, "guider_sound", "Follow the prompt, sound (CFG 1)")
    builder.add("sigmas_sound", "ManualSigmas", {"sigmas": parts.FIRST_SIGMAS}, title="Sound: 8 steps")
    pack.sound_for_the_picture(builder, ("crop", "latent"), "guider_sound", "sigmas_sound")
    parts.finish(builder, "asmr/transition", last="heard", crop="crop")
    group_models(builder, [], sound=True)
    group_take(
        builder,
        ["source", "source_parts"],
        ["cut_source", "fit_source", "first"],
        ["end_source", "end_source_parts"],
        ["start", "cut_end_source", "fit_end_source", "last"],
    )
    columns = ["encode_source", "encode_end_source", "melt"], ["begin", "end"], ["noise", "sampler", "sigmas"]
    builder.group("3 Melting", *columns, ["guider", "refine", "crop"], color=AMBER, row=1)
    heard = ["sound_latent", "join", "guider_sound"], ["hold_picture", "sigmas_sound"]
    builder.group("4 The sound", *heard, ["noise_sound", "listen", "heard"], color=VIOLET, row=1)
    group_end(builder, "5", ["picture", "sound", "about_end"])
    return builder.build()


def cut(builder: WorkflowBuilder, key: str, *, tail: bool) -> None:
    """As many frames of a take as the clip has: its last ones, or its first."""
    tag = " [ltx.overlap]" if tail else ""
    values = {"batch_index": -MELT_FRAMES if tail else 0, "length": MELT_FRAMES if tail else parts.FRAMES}
    which = "last" if tail else "first"
    builder.add(f"cut_{key}", "ImageFromBatch", values, title=f"Its {which} frames{tag}")
    builder.connect(f"{key}_parts", "images", f"cut_{key}", "image")
    if not tail:
        builder.connect("frames", 0, f"cut_{key}", "length")


def _whole_take(
    builder: WorkflowBuilder, key: str, title: str, *, tail: bool = False, frames: bool = False
) -> None:
    """The frames of a take in the film's size; `fit_KEY` gives them."""
    take(builder, key, title)
    cut(builder, key, tail=tail and not frames)
    width, height = parts.FINISHED_PX
    values = {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"}
    builder.add(f"fit_{key}", "ImageScale", values, title="The film's size [ltx.full_size]")
    builder.connect(f"cut_{key}", 0, f"fit_{key}", "image")


def _encode(builder: WorkflowBuilder, key: str) -> None:
    values = {"tile_size": 512, "overlap": 64, "temporal_size": 512, "temporal_overlap": 8}
    builder.add(f"encode_{key}", "VAEEncodeTiled", values, title="As the model sees it")
    builder.connect(f"fit_{key}", 0, f"encode_{key}", "pixels")
    builder.connect("checkpoint", "VAE", f"encode_{key}", "vae")


def lora(builder: WorkflowBuilder, key: str, name: str, title: str) -> None:
    """A LoRA of the official ones, on the model with camera and style."""
    values = {"lora_name": name, "strength_model": 1.0}
    builder.add(key, "LoraLoaderModelOnly", values, title=title, models=pack.found(name))
    builder.connect("style", "MODEL", key, "model")


def _steps(builder: WorkflowBuilder, sigmas: str, title: str) -> None:
    builder.add("noise", "RandomNoise", {"noise_seed": 42}, title="Seed [ltx.seed]")
    builder.add("sampler", "KSamplerSelect", {"sampler_name": "euler"}, title="Sampler")
    builder.add("sigmas", "ManualSigmas", {"sigmas": sigmas}, title=title)


def _guided(builder: WorkflowBuilder, guides: list[tuple[str, str, int, str]], latent: str) -> None:
    """One sampler led by guides (key, title, frame, pictures), which are taken away again by `crop`."""
    before, source = "conditioning", latent
    for key, title, frame, pictures in guides:
        builder.add(key, "LTXVAddGuide", {"frame_idx": frame, "strength": 1.0}, title=title)
        for side in ("positive", "negative"):
            builder.connect(before, side, key, side)
        builder.connect("checkpoint", "VAE", key, "vae")
        builder.connect(source, "LATENT", key, "latent")
        builder.connect(pictures, 0, key, "image")
        before, source = key, key
    builder.add("refine", "SamplerCustomAdvanced", title="Refine")
    for name in ("noise", "guider", "sampler", "sigmas"):
        builder.connect(name, 0, "refine", name)
    builder.connect(source, "LATENT", "refine", "latent_image")
    builder.add("crop", "LTXVCropGuides", title="Take the guides away")
    for side in ("positive", "negative"):
        builder.connect(before, side, "guider", side)
        builder.connect(before, side, "crop", side)
    builder.connect("refine", "output", "crop", "latent")


def _finish(builder: WorkflowBuilder, last: str, name: str) -> None:
    """Decode the picture and save it with the sound of the take."""
    decode = {"tile_size": 512, "overlap": 64, "temporal_size": 128, "temporal_overlap": 16}
    builder.add("picture", "VAEDecodeTiled", decode, title="Picture")
    builder.add("video", "CreateVideo", title="Picture and the take's sound in one")
    # Format and codec are named, so that ComfyUI 0.27 and 0.33 both run it; 0.27 reads the third as codec.
    values = {"filename_prefix": f"asmr/{name}", "format": "mp4", "format.codec": "h264", "codec": "h264"}
    builder.add("save", "SaveVideo", values, title="Save the clip [ltx.save]", size=(420, 330))
    builder.connect(last, "LATENT", "picture", "samples")
    builder.connect("checkpoint", "VAE", "picture", "vae")
    builder.connect("picture", 0, "video", "images")
    builder.connect("source_parts", "audio", "video", "audio")
    builder.connect("fps", 0, "video", "fps")
    builder.connect("video", 0, "save", "video")


def group_models(builder: WorkflowBuilder, loras: list[str], *, sound: bool, enlarger: bool = False) -> None:
    """The box of the models, with those that only this workflow has."""
    second = ["encoder", *(["audio_vae"] if sound else []), *(["upscaler"] if enlarger else [])]
    columns = ["about_models", "checkpoint"], second, ["camera", "style"]
    builder.group("1 Models", *columns, *([loras] if loras else []), color=BLUE, row=0)


def group_take(builder: WorkflowBuilder, *columns: list[str]) -> None:
    """The box of what is filmed, the take's own columns first."""
    wishes = ["prompt", "negative"], ["frames", "fps", "conditioning"]
    builder.group("2 What to film", *columns, *wishes, color=GREEN, row=0)


def group_end(builder: WorkflowBuilder, number: str, first: list[str]) -> None:
    """The box of what is saved."""
    builder.group(f"{number} Picture, sound and file", first, ["video", "save"], color=SLATE, row=1)


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {
        "asmr-detail.json": detail(),
        "ltxvideo-detail.json": detail(stretches=True),
        "ltxvideo-transition.json": transition(),
    }
