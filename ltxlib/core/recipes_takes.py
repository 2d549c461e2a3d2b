"""The shipped workflow that goes on where a take ends.

The clip of the take comes in by core's LoadVideo and GetVideoComponents. Its last frames are a guide at frame
0 of both stages: LTXVAddGuide takes 8n+1 of them and makes each as small as the stage is, LTXVCropGuides
takes them away again (ComfyUI 0.33.0, comfy_extras/nodes_lt.py).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ltxlib.core import carried_sound
from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE, VIOLET, Guided

OVERLAP_FRAMES = 25
# A little more than the overlap, since a file may last a moment longer than its picture.
END_S = 1.5


def extend() -> dict[str, Any]:
    """Goes on from the end of a take, with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder("asmr-extend")
    parts.load_models(builder)
    parts.describe(builder, words.MOTION, words.START_EXTEND)
    take(builder, "source", "Take to go on from [ltx.source]", end_s=END_S)
    builder.add(
        "tail",
        "ImageFromBatch",
        {"batch_index": -OVERLAP_FRAMES, "length": OVERLAP_FRAMES},
        title="Its last frames [ltx.overlap]",
    )
    builder.connect("source_parts", "images", "tail", "image")
    parts.stage_one(builder, first=parts.First(guided=True, sound="carried"))
    carry_sound(builder)
    lead(builder, parts.ONE, "tail")
    parts.stage_two(builder, guided=True)
    lead(builder, parts.TWO, "tail")
    parts.finish(builder, "asmr/extend", crop="crop_two")
    _group(builder)
    return builder.build()


def take(builder: WorkflowBuilder, key: str, title: str, *, end_s: float = 0.0) -> None:
    """The clip of a take; `KEY_parts` gives its images, sound and rate.

    end_s: only so much of its end is read; a long clip, decoded whole, would fill gigabytes.
    """
    builder.add(key, "LoadVideo", {"file": "example.mp4"}, title=title, size=(320, 420))
    builder.add(f"{key}_parts", "GetVideoComponents", title="Its pictures and its sound")
    if end_s:
        values = {"start_time": -end_s, "duration": 0.0, "strict_duration": False}
        builder.add(f"{key}_end", "Video Slice", values, title="Only its end is read [ltx.overlap_from]")
        builder.connect(key, "VIDEO", f"{key}_end", "video")
    builder.connect(f"{key}_end" if end_s else key, "VIDEO", f"{key}_parts", "video")


def carry_sound(builder: WorkflowBuilder) -> None:
    """The source's last sound at the beginning of the new one, which is held there; the rest is made.

    Silence is put behind it and the whole cut to a length that is encoded as it is. A mask says what is to be
    made: as high as the sound has steps, black as far as the source reaches.
    """
    builder.note(
        "about_sound", words.ABOUT_CARRIED_SOUND, title="About the sound that goes on", size=(340, 230)
    )
    tail_s, lasts_s = Fraction(OVERLAP_FRAMES, parts.FPS), Fraction(parts.FRAMES, parts.FPS)
    together_s = carried_sound.whole_blocks_s(lasts_s)
    length = {"duration": round(float(together_s + carried_sound.SPARE_S), 4)}
    steps, held = carried_sound.steps_of(together_s), carried_sound.held_steps(lasts_s, tail_s)
    builder.add(
        "tail_sound",
        "TrimAudioDuration",
        {"start_index": round(-float(tail_s), 2), "duration": round(float(tail_s), 2)},
        title="Its last sound [ltx.overlap_sound]",
    )
    builder.add("rest", "EmptyAudio", length, title="Silence behind it [ltx.sound_length]")
    builder.add("both", "AudioConcat", title="One after the other")
    title = "As long as the clip, in whole blocks [ltx.sound_length]"
    builder.add("whole", "TrimAudioDuration", {"start_index": 0.0, **length}, title=title)
    builder.add("encoded", "LTXVAudioVAEEncode", title="Sound to the model's own form")
    white, black = (
        {"width": 8, "height": height, "value": value} for height, value in ((steps, 1.0), (held, 0.0))
    )
    builder.add("make", "SolidMask", white, title="White: sound that is made [ltx.sound_steps]")
    builder.add("hold", "SolidMask", black, title="Black: sound that stays [ltx.held_sound]")
    builder.add("mask", "MaskComposite", {"operation": "multiply"}, title="Black above white")
    builder.add("carried", "SetLatentNoiseMask", title="Sound that goes on [ltx.carried_sound]")
    for origin, output, target, name in (
        ("source_parts", "audio", "tail_sound", "audio"),
        ("tail_sound", 0, "both", "audio1"),
        ("rest", 0, "both", "audio2"),
        ("both", 0, "whole", "audio"),
        ("whole", 0, "encoded", "audio"),
        ("audio_vae", 0, "encoded", "audio_vae"),
        ("make", 0, "mask", "destination"),
        ("hold", 0, "mask", "source"),
        ("encoded", 0, "carried", "samples"),
        ("mask", 0, "carried", "mask"),
    ):
        builder.connect(origin, output, target, name)
    builder.connect("carried", 0, "join", "audio_latent")


def lead(builder: WorkflowBuilder, at: Guided, pictures: str, what: str = "Begin as it ended") -> None:
    """Lead the beginning of a stage by the pictures of a node, and take the guide away again after it."""
    guide, crop = f"lead_{at.stage}", f"crop_{at.stage}"
    title = f"{what}, stage {at.stage}"
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
        ["source", "source_end", "source_parts"],
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=GREEN,
        row=0,
    )
    builder.group(
        "3 Sound that goes on",
        ["about_sound", "tail_sound", "rest"],
        ["both", "whole", "encoded", "sound_latent"],
        ["make", "hold"],
        ["mask", "carried"],
        color=BLUE,
        row=1,
    )
    builder.group(
        "4 Stage one: half size",
        ["about_stages", "latent"],
        ["lead_one", "join"],
        ["noise", "guider", "sampler", "sigmas"],
        ["film", "split", "crop_one"],
        color=AMBER,
        row=2,
    )
    builder.group(
        "5 Stage two: full size",
        ["upsample", "lead_two", "rejoin"],
        ["noise_two", "guider_two", "sigmas_two"],
        ["refine", "finished", "crop_two"],
        color=VIOLET,
        row=2,
    )
    columns = ["picture", "sound", "about_end"], ["video", "save"]
    builder.group("6 Picture, sound and file", *columns, color=SLATE, row=2)


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {"asmr-extend.json": extend()}
