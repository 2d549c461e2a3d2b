"""The shipped workflows that are about sound: new sound for the picture of a take, and sound alone.

Picture and sound are sampled together, as the model does it, but nothing is made of the picture: either it is
a take's, held by a black mask (SetLatentNoiseMask), or the smallest there is, and nobody looks at it.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.modes import SMALLEST_PX
from ltxlib.core.recipe_parts import AMBER, BLUE, GREEN, SLATE
from ltxlib.core.recipes_takes import take


def foley() -> dict[str, Any]:
    """New sound for the picture of a take, in UI format; the model sees it at half size."""
    builder = WorkflowBuilder("asmr-foley")
    parts.load_models(builder, enlarger=False)
    parts.describe(builder, words.FOLEY, words.START_FOLEY)
    take(builder, "source", "Take to sound anew [ltx.source]")
    small = {"upscale_method": "area", "scale_by": 0.5}
    builder.add("small", "ImageScaleBy", small, title="Half its size")
    builder.add("seen", "VAEEncode", title="Picture to the model's own form")
    builder.add(
        "black", "SolidMask", {"value": 0.0, "width": 64, "height": 64}, title="Black: nothing is made"
    )
    builder.add("held", "SetLatentNoiseMask", title="Picture that stays")
    builder.note("about_held", words.ABOUT_HELD, title="About the picture", size=(320, 130))
    parts.sampling(builder, first=parts.First(alone=True))
    builder.connect("held", 0, "join", "video_latent")
    _decode(builder)
    builder.note("about_saved", words.ABOUT_SAVED_SOUND, title="About the file", size=(320, 130))
    builder.add("video", "CreateVideo", title="Picture and sound in one")
    saved = {"filename_prefix": "asmr/foley", **parts.SAVED_AS}
    builder.add("save", "SaveVideo", saved, title="Save the clip [ltx.save]", size=(420, 330))
    for origin, output, target, name in (
        ("source_parts", "images", "small", "image"),
        ("small", 0, "seen", "pixels"),
        ("checkpoint", "VAE", "seen", "vae"),
        ("seen", 0, "held", "samples"),
        ("black", 0, "held", "mask"),
        ("source_parts", "images", "video", "images"),
        ("sound", 0, "video", "audio"),
        ("fps", 0, "video", "fps"),
        ("video", 0, "save", "video"),
    ):
        builder.connect(origin, output, target, name)
    models = ["about_models", "checkpoint"], ["encoder", "audio_vae"], ["camera", "style"]
    builder.group("1 Models", *models, color=BLUE, row=0)
    wishes = ["prompt", "negative"], ["frames", "fps", "conditioning"]
    builder.group("2 What to hear", ["start"], ["source", "source_parts"], *wishes, color=GREEN, row=0)
    kept = ["about_held", "small", "seen"], ["black", "held"]
    builder.group("3 Picture that stays", *kept, color=BLUE, row=1)
    _group_sound(builder, "4 Sound")
    end = ["sound", "video", "about_saved"], ["save"]
    builder.group("5 Picture, sound and file", *end, color=SLATE, row=1)
    return builder.build()


def _group_sound(builder: WorkflowBuilder, title: str, *first: str) -> None:
    sampling = ["sampler", "sigmas", "film", "split"]
    builder.group(title, [*first, "sound_latent", "join"], ["noise", "guider"], sampling, color=AMBER, row=1)


def sound() -> dict[str, Any]:
    """Sound alone, from words, in UI format: as long as 65 frames at 24 a second."""
    builder = WorkflowBuilder("asmr-sound")
    parts.load_models(builder, enlarger=False)
    parts.describe(builder, words.FOLEY, words.START_SOUND)
    builder.note("about_small", words.ABOUT_SMALLEST, title="About the picture", size=(320, 110))
    smallest = {"width": SMALLEST_PX, "height": SMALLEST_PX}
    builder.add("latent", "EmptyLTXVLatentVideo", smallest, title="The smallest film there is")
    parts.sampling(builder, first=parts.First(alone=True))
    builder.connect("latent", 0, "join", "video_latent")
    _decode(builder)
    saved = {"filename_prefix": "asmr/sound"}
    builder.add("save", "SaveAudio", saved, title="Save the sound [ltx.save]", size=(420, 130))
    builder.connect("sound", 0, "save", "audio")
    models = ["about_models", "checkpoint"], ["encoder", "audio_vae"], ["camera", "style"]
    builder.group("1 Models", *models, color=BLUE, row=0)
    wishes = ["prompt", "negative"], ["frames", "fps", "conditioning"]
    builder.group("2 What to hear", ["start"], *wishes, color=GREEN, row=0)
    _group_sound(builder, "3 Sound", "about_small", "latent")
    builder.group("4 File", ["sound", "save"], color=SLATE, row=1)
    return builder.build()


def _decode(builder: WorkflowBuilder) -> None:
    builder.add("sound", "LTXVAudioVAEDecode", title="Sound")
    builder.connect("split", "audio_latent", "sound", "samples")
    builder.connect("audio_vae", 0, "sound", "audio_vae")


def recipes() -> dict[str, dict[str, Any]]:
    """Every workflow of this module, by file name."""
    return {"asmr-foley.json": foley(), "asmr-sound.json": sound()}
