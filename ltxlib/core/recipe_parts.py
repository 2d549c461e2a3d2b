"""The parts that the shipped workflows have in common: models, prompt, pictures, stages, the saved file.

ComfyUI's core nodes only. Stages are those of the official templates, guides are chained as in the one for
first and last frame (comfyui-workflow-templates-json, `video_ltx2_t2v_distilled`, `video_ltx2_t2v`,
`video_ltx2_3_flf2v`). What a make of models has of its own is in `recipe_kinds.py`.
"""

from __future__ import annotations

from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.file_format import BYPASSED
from ltxlib.core.recipe_kinds import (
    CHECKPOINT,
    DISTILLED,
    FINISHED_PX,
    FIRST_SIGMAS,
    FPS,
    FRAMES,
    SAVED_AS,
    SECOND_SIGMAS,
    STAGE_ONE_PX,
    STATIC_CAMERA,
    TEXT_ENCODER,
    UPSCALER,
    Kind,
    offers,
)
from ltxlib.core.recipe_stages import (
    ONE,
    TWO,
    First,
    Guided,
    connect_vae,
    double_frames,
    guide,
    hold,
    sampling,
    stage_one,
    stage_two,
)

__all__ = [
    "AMBER",
    "BLUE",
    "CHECKPOINT",
    "FINISHED_PX",
    "FIRST_SIGMAS",
    "FPS",
    "FRAMES",
    "GREEN",
    "ONE",
    "SAVED_AS",
    "SECOND_SIGMAS",
    "SLATE",
    "STAGE_ONE_PX",
    "STATIC_CAMERA",
    "TEXT_ENCODER",
    "TWO",
    "UPSCALER",
    "VIOLET",
    "First",
    "Guided",
    "connect_vae",
    "describe",
    "double_frames",
    "finish",
    "guide",
    "hold",
    "load_models",
    "picture",
    "sampling",
    "stage_one",
    "stage_two",
]

BLUE, GREEN, AMBER, VIOLET, SLATE = "#5fa8d3", "#7bbf7b", "#d9a441", "#a884d6", "#8fa3b3"


def load_models(
    builder: WorkflowBuilder,
    kind: Kind = DISTILLED,
    *,
    enlarger: bool = True,
    sound: bool = True,
    more: int = 0,
) -> None:
    """The model, its sound model and text reader, the places for LoRAs; the enlarger for two stages.

    sound: whether the sound model is loaded. more: how many files are loaded elsewhere.
    """
    about = words.about_models(kind.files(enlarger) + more, camera=bool(kind.camera), gated=kind.split)
    builder.note("about_models", about, title="About the models", size=(380, 210 if kind.split else 150))
    if kind.split:
        _load_parts(builder, kind)
    else:
        _load_checkpoint(builder, kind, sound=sound)
    if enlarger:
        builder.add(
            "upscaler",
            "LatentUpscaleModelLoader",
            {"model_name": kind.upscaler},
            title="Enlarger, twice the size [ltx.upscaler]",
            models=offers(kind.upscaler),
        )
    if kind.camera:
        builder.add(
            "camera",
            "LoraLoaderModelOnly",
            {"lora_name": kind.camera, "strength_model": 1.0},
            title="Camera [ltx.camera]",
            models=offers(kind.camera),
        )
        builder.connect("checkpoint", "MODEL", "camera", "model")
    builder.add(
        "style",
        "LoraLoaderModelOnly",
        {"lora_name": kind.style, "strength_model": 1.0},
        title="Style, switched off [ltx.style]",
        mode=BYPASSED,
    )
    builder.connect("camera" if kind.camera else "checkpoint", "MODEL", "style", "model")
    if enlarger and not kind.distilled:
        builder.add(
            "distilled",
            "LoraLoaderModelOnly",
            {"lora_name": kind.lora, "strength_model": 1.0},
            title="Distilled, for stage two [ltx.distilled_lora]",
            models=offers(kind.lora),
        )
        builder.connect("style", "MODEL", "distilled", "model")


def _load_checkpoint(builder: WorkflowBuilder, kind: Kind, *, sound: bool) -> None:
    """Model, sound model and text reader, of which one file holds the greater part."""
    builder.add(
        "checkpoint",
        "CheckpointLoaderSimple",
        {"ckpt_name": kind.checkpoint},
        title="LTX-2 model [ltx.checkpoint]",
        models=offers(kind.checkpoint),
    )
    if sound:
        builder.add(
            "audio_vae",
            "LTXVAudioVAELoader",
            {"ckpt_name": kind.checkpoint},
            title="Sound model [ltx.checkpoint]",
            models=offers(kind.checkpoint),
        )
    builder.add(
        "encoder",
        "LTXAVTextEncoderLoader",
        {"text_encoder": kind.text_encoder, "ckpt_name": kind.checkpoint},
        title="Text reader [ltx.checkpoint] [ltx.text_encoder]",
        models=offers(kind.text_encoder, kind.checkpoint),
    )


def _load_parts(builder: WorkflowBuilder, kind: Kind) -> None:
    """Model, text reader, picture and sound from a file each."""
    loaders = (
        ("checkpoint", "UNETLoader", "unet_name", kind.checkpoint, f"{kind.made_by} model [ltx.checkpoint]"),
        ("encoder", "CLIPLoader", "clip_name", kind.text_encoder, "Text reader [ltx.text_encoder]"),
        ("audio_vae", "VAELoader", "vae_name", kind.audio_vae, "Sound model"),
        ("video_vae", "VAELoader", "vae_name", kind.video_vae, "Picture model"),
    )
    for key, loader, name, file, title in loaders:
        values = {name: file, **({"type": "ltxv"} if key == "encoder" else {})}
        builder.add(key, loader, values, title=title, models=offers(file))


def describe(builder: WorkflowBuilder, prompt: str, start: str, kind: Kind = DISTILLED) -> None:
    """Prompt, what is not wanted, length and rate."""
    builder.note("start", start, title="Start here", size=(400, 290))
    builder.add("prompt", "CLIPTextEncode", {"text": prompt}, title="Prompt [ltx.prompt]", size=(460, 300))
    builder.add(
        "negative",
        "CLIPTextEncode",
        {"text": words.NEGATIVE},
        title=f"Not wanted{' (hardly heard at CFG 1)' if kind.distilled else ''} [ltx.negative_prompt]",
        size=(460, 120),
    )
    builder.add("frames", "PrimitiveInt", {"value": FRAMES}, title="Length in frames, 8n+1 [ltx.frames]")
    builder.add("fps", "PrimitiveFloat", {"value": float(FPS)}, title="Frames per second [ltx.fps]")
    builder.add("conditioning", "LTXVConditioning", title="What to film, and how fast")
    builder.connect("encoder", "CLIP", "prompt", "clip")
    builder.connect("encoder", "CLIP", "negative", "clip")
    builder.connect("prompt", 0, "conditioning", "positive")
    builder.connect("negative", 0, "conditioning", "negative")
    builder.connect("fps", 0, "conditioning", "frame_rate")


def picture(
    builder: WorkflowBuilder,
    key: str = "image",
    title: str = "First picture [ltx.image]",
    size_px: tuple[int, int] = FINISHED_PX,
    kind: Kind = DISTILLED,
) -> None:
    """A still picture, cropped to the film's shape; `soften` (or `soften_KEY`) gives it."""
    fit, soften = (f"fit_{key}", f"soften_{key}") if key != "image" else ("fit", "soften")
    width, height = size_px
    builder.add(key, "LoadImage", {"image": "example.png"}, title=title, size=(320, 420))
    builder.add(
        fit,
        "ImageScale",
        {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"},
        title="Crop to the film's shape [ltx.full_size]",
    )
    # Film is never as clean as a photograph; a touch of compression keeps the first frame from freezing.
    builder.add(
        soften, "LTXVPreprocess", {"img_compression": kind.compression}, title="Make it look like film"
    )
    builder.connect(key, "IMAGE", fit, "image")
    builder.connect(fit, 0, soften, "image")


def finish(
    builder: WorkflowBuilder,
    prefix: str,
    kind: Kind = DISTILLED,
    *,
    last: str = "finished",
    crop: str = "",
    fps: str = "fps",
) -> None:
    """Decode what the node `last` parted (the picture by way of `crop`), and save the clip under `prefix`."""
    at_once, overlap = kind.at_once
    builder.note("about_end", words.ABOUT_END, title="About the sound", size=(300, 100))
    builder.add(
        "picture",
        "VAEDecodeTiled",
        {"tile_size": 512, "overlap": 64, "temporal_size": at_once, "temporal_overlap": overlap},
        title="Picture",
    )
    builder.add("sound", "LTXVAudioVAEDecode", title="Sound [ltx.audio]")
    builder.add("video", "CreateVideo", title="Picture and sound in one")
    builder.add(
        "save",
        "SaveVideo",
        {"filename_prefix": prefix, **SAVED_AS},
        title="Save the clip [ltx.save]",
        size=(420, 330),
    )
    builder.connect(crop or last, "latent" if crop else "video_latent", "picture", "samples")
    connect_vae(builder, "picture")
    builder.connect(last, "audio_latent", "sound", "samples")
    builder.connect("audio_vae", 0, "sound", "audio_vae")
    builder.connect("picture", 0, "video", "images")
    builder.connect("sound", 0, "video", "audio")
    builder.connect(fps, 0, "video", "fps")
    builder.connect("video", 0, "save", "video")
