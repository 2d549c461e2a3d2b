"""The two workflows the kit ships, written in Python: `workflows/asmr-txt2vid.json` and `asmr-img2vid.json`.

LTX-2 19B distilled with ComfyUI's core nodes only: a first pass at half size, the latent made twice as
large, a second pass that refines it; the sound is made once and carried through both. Sigmas and
files are those of the official distilled template (comfyui-workflow-templates-json,
`video_ltx2_t2v_distilled`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.file_format import BYPASSED

CHECKPOINT = "ltx-2-19b-distilled.safetensors"
TEXT_ENCODER = "gemma_3_12B_it_fp4_mixed.safetensors"
UPSCALER = "ltx-2-spatial-upscaler-x2-1.0.safetensors"
STATIC_CAMERA = "ltx-2-19b-lora-camera-control-static.safetensors"

FIRST_SIGMAS = "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"
SECOND_SIGMAS = "0.909375, 0.725, 0.421875, 0.0"
STAGE_ONE_PX = (768, 512)
FINISHED_PX = (2 * STAGE_ONE_PX[0], 2 * STAGE_ONE_PX[1])
FRAMES, FPS = 65, 24

# Where ComfyUI may offer to fetch a missing file from: repository, path in it, folder under models/.
_SOURCES = {
    CHECKPOINT: ("Lightricks/LTX-2", CHECKPOINT, "checkpoints"),
    TEXT_ENCODER: ("Comfy-Org/ltx-2", f"split_files/text_encoders/{TEXT_ENCODER}", "text_encoders"),
    UPSCALER: ("Lightricks/LTX-2", UPSCALER, "latent_upscale_models"),
    STATIC_CAMERA: ("Lightricks/LTX-2-19b-LoRA-Camera-Control-Static", STATIC_CAMERA, "loras"),
}

_BLUE, _GREEN, _AMBER, _VIOLET, _SLATE = "#5fa8d3", "#7bbf7b", "#d9a441", "#a884d6", "#8fa3b3"


def _models(*names: str) -> list[dict[str, str]]:
    found = []
    for name in names:
        repo, path, folder = _SOURCES[name]
        url = f"https://huggingface.co/{repo}/resolve/main/{path}"
        found.append({"name": name, "url": url, "directory": folder})
    return found


def txt2vid() -> dict[str, Any]:
    """Text to video with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder("asmr-txt2vid")
    _load_models(builder)
    _describe(builder, words.PROMPT, words.START_T2V)
    _stage_one(builder)
    _stage_two(builder)
    builder.connect("latent", 0, "join", "video_latent")
    builder.connect("upsample", 0, "rejoin", "video_latent")
    _finish(builder, "asmr/txt2vid")
    _group_models(builder)
    builder.group(
        "2 What to film",
        ["start"],
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=_GREEN,
        row=0,
    )
    _group_stages(builder, picture=False)
    return builder.build()


def img2vid() -> dict[str, Any]:
    """A still picture brought to life with sound, in UI format: 1536x1024, 65 frames at 24 fps."""
    builder = WorkflowBuilder("asmr-img2vid")
    _load_models(builder)
    _describe(builder, words.MOTION, words.START_I2V)
    _picture(builder)
    _stage_one(builder)
    _stage_two(builder)
    for stage, latent, joined in (("one", "latent", "join"), ("two", "upsample", "rejoin")):
        key = f"hold_{stage}"
        builder.add(
            key,
            "LTXVImgToVideoInplace",
            {"strength": 1.0},
            title=f"Hold the first frame, stage {stage} [ltx.image_strength]",
        )
        builder.connect("checkpoint", "VAE", key, "vae")
        builder.connect("soften", 0, key, "image")
        builder.connect(latent, 0, key, "latent")
        builder.connect(key, 0, joined, "video_latent")
    _finish(builder, "asmr/img2vid")
    _group_models(builder)
    builder.group(
        "2 What to film",
        ["start", "fit", "soften"],
        ["image"],
        ["prompt", "negative"],
        ["frames", "fps", "conditioning"],
        color=_GREEN,
        row=0,
    )
    _group_stages(builder, picture=True)
    return builder.build()


def _group_models(builder: WorkflowBuilder) -> None:
    builder.group(
        "1 Models",
        ["about_models", "checkpoint"],
        ["encoder", "audio_vae", "upscaler"],
        ["camera", "style"],
        color=_BLUE,
        row=0,
    )


def _load_models(builder: WorkflowBuilder) -> None:
    builder.note("about_models", words.ABOUT_MODELS, title="About the models", size=(380, 150))
    builder.add(
        "checkpoint",
        "CheckpointLoaderSimple",
        {"ckpt_name": CHECKPOINT},
        title="LTX-2 model [ltx.checkpoint]",
        models=_models(CHECKPOINT),
    )
    builder.add(
        "audio_vae",
        "LTXVAudioVAELoader",
        {"ckpt_name": CHECKPOINT},
        title="Sound model [ltx.checkpoint]",
        models=_models(CHECKPOINT),
    )
    builder.add(
        "encoder",
        "LTXAVTextEncoderLoader",
        {"text_encoder": TEXT_ENCODER, "ckpt_name": CHECKPOINT},
        title="Text reader [ltx.checkpoint]",
        models=_models(TEXT_ENCODER, CHECKPOINT),
    )
    builder.add(
        "upscaler",
        "LatentUpscaleModelLoader",
        {"model_name": UPSCALER},
        title="Enlarger, twice the size",
        models=_models(UPSCALER),
    )
    builder.add(
        "camera",
        "LoraLoaderModelOnly",
        {"lora_name": STATIC_CAMERA, "strength_model": 1.0},
        title="Camera [ltx.camera]",
        models=_models(STATIC_CAMERA),
    )
    builder.add(
        "style",
        "LoraLoaderModelOnly",
        {"lora_name": STATIC_CAMERA, "strength_model": 1.0},
        title="Style, switched off [ltx.style]",
        mode=BYPASSED,
    )
    builder.connect("checkpoint", "MODEL", "camera", "model")
    builder.connect("camera", "MODEL", "style", "model")


def _describe(builder: WorkflowBuilder, prompt: str, start: str) -> None:
    builder.note("start", start, title="Start here", size=(400, 290))
    builder.add("prompt", "CLIPTextEncode", {"text": prompt}, title="Prompt [ltx.prompt]", size=(460, 300))
    builder.add(
        "negative",
        "CLIPTextEncode",
        {"text": words.NEGATIVE},
        title="Not wanted (hardly heard at CFG 1) [ltx.negative_prompt]",
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


def _picture(builder: WorkflowBuilder) -> None:
    width, height = FINISHED_PX
    builder.add(
        "image", "LoadImage", {"image": "example.png"}, title="First picture [ltx.image]", size=(320, 420)
    )
    builder.add(
        "fit",
        "ImageScale",
        {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"},
        title="Crop to the film's shape [ltx.full_size]",
    )
    # Film is never as clean as a photograph; a touch of compression keeps the first frame from freezing.
    builder.add("soften", "LTXVPreprocess", {"img_compression": 33}, title="Make it look like film")
    builder.connect("image", "IMAGE", "fit", "image")
    builder.connect("fit", 0, "soften", "image")


def _stage_one(builder: WorkflowBuilder) -> None:
    width, height = STAGE_ONE_PX
    builder.note("about_stages", words.ABOUT_STAGES, title="About the two stages", size=(360, 150))
    builder.add(
        "latent",
        "EmptyLTXVLatentVideo",
        {"width": width, "height": height},
        title="Empty film, half size [ltx.size]",
    )
    builder.add("sound_latent", "LTXVEmptyLatentAudio", {"frame_rate": FPS}, title="Empty sound [ltx.fps]")
    builder.add("join", "LTXVConcatAVLatent", title="Film and sound together")
    builder.add("noise", "RandomNoise", {"noise_seed": 42}, title="Seed [ltx.seed]")
    builder.add("guider", "CFGGuider", {"cfg": 1.0}, title="Follow the prompt (CFG 1)")
    builder.add(
        "sampler", "KSamplerSelect", {"sampler_name": "euler_ancestral"}, title="Sampler, both stages"
    )
    builder.add("sigmas", "ManualSigmas", {"sigmas": FIRST_SIGMAS}, title="Stage one: 8 steps")
    builder.add("film", "SamplerCustomAdvanced", title="Film, stage one")
    builder.add("split", "LTXVSeparateAVLatent", title="Film and sound apart")
    builder.connect("frames", 0, "latent", "length")
    builder.connect("frames", 0, "sound_latent", "frames_number")
    builder.connect("audio_vae", 0, "sound_latent", "audio_vae")
    builder.connect("sound_latent", 0, "join", "audio_latent")
    builder.connect("style", "MODEL", "guider", "model")
    builder.connect("conditioning", "positive", "guider", "positive")
    builder.connect("conditioning", "negative", "guider", "negative")
    _sample(builder, "film", noise="noise", sigmas="sigmas", latent="join")
    builder.connect("film", "output", "split", "av_latent")


def _stage_two(builder: WorkflowBuilder) -> None:
    builder.add("upsample", "LTXVLatentUpsampler", title="Enlarge the film")
    builder.add("rejoin", "LTXVConcatAVLatent", title="Film and sound once more")
    builder.add("noise_two", "RandomNoise", {"noise_seed": 42}, title="Seed, stage two [ltx.seed]")
    builder.add("sigmas_two", "ManualSigmas", {"sigmas": SECOND_SIGMAS}, title="Stage two: 3 steps")
    builder.add("refine", "SamplerCustomAdvanced", title="Refine, stage two")
    builder.add("finished", "LTXVSeparateAVLatent", title="Finished film and sound")
    builder.connect("split", "video_latent", "upsample", "samples")
    builder.connect("upscaler", 0, "upsample", "upscale_model")
    builder.connect("checkpoint", "VAE", "upsample", "vae")
    builder.connect("split", "audio_latent", "rejoin", "audio_latent")
    _sample(builder, "refine", noise="noise_two", sigmas="sigmas_two", latent="rejoin")
    builder.connect("refine", "output", "finished", "av_latent")


def _sample(builder: WorkflowBuilder, key: str, *, noise: str, sigmas: str, latent: str) -> None:
    builder.connect(noise, 0, key, "noise")
    builder.connect("guider", 0, key, "guider")
    builder.connect("sampler", 0, key, "sampler")
    builder.connect(sigmas, 0, key, "sigmas")
    builder.connect(latent, 0, key, "latent_image")


def _finish(builder: WorkflowBuilder, prefix: str) -> None:
    builder.note("about_end", words.ABOUT_END, title="About the sound", size=(300, 100))
    builder.add(
        "picture",
        "VAEDecodeTiled",
        {"tile_size": 512, "overlap": 64, "temporal_size": 4096, "temporal_overlap": 8},
        title="Picture",
    )
    builder.add("sound", "LTXVAudioVAEDecode", title="Sound [ltx.audio]")
    builder.add("video", "CreateVideo", title="Picture and sound in one")
    # Format and codec are named, so that ComfyUI 0.27 and 0.33 both run it; 0.27 reads the third as codec.
    builder.add(
        "save",
        "SaveVideo",
        {"filename_prefix": prefix, "format": "mp4", "format.codec": "h264", "codec": "h264"},
        title="Save the clip [ltx.save]",
        size=(420, 330),
    )
    builder.connect("finished", "video_latent", "picture", "samples")
    builder.connect("checkpoint", "VAE", "picture", "vae")
    builder.connect("finished", "audio_latent", "sound", "samples")
    builder.connect("audio_vae", 0, "sound", "audio_vae")
    builder.connect("picture", 0, "video", "images")
    builder.connect("sound", 0, "video", "audio")
    builder.connect("fps", 0, "video", "fps")
    builder.connect("video", 0, "save", "video")


def _group_stages(builder: WorkflowBuilder, *, picture: bool) -> None:
    hold_one, hold_two = (["hold_one"], ["hold_two"]) if picture else ([], [])
    builder.group(
        "3 Stage one: half size",
        ["about_stages", "latent", "sound_latent"],
        [*hold_one, "join", "noise", "guider"],
        ["sampler", "sigmas", "film", "split"],
        color=_AMBER,
        row=1,
    )
    builder.group(
        "4 Stage two: full size",
        ["upsample", *hold_two, "rejoin"],
        ["noise_two", "sigmas_two", "refine", "finished"],
        color=_VIOLET,
        row=1,
    )
    builder.group(
        "5 Picture, sound and file",
        ["picture", "sound", "about_end"],
        ["video", "save"],
        color=_SLATE,
        row=1,
    )


def shipped() -> dict[str, str]:
    """The text of every workflow file the kit ships, by file name."""
    recipes = {"asmr-txt2vid.json": txt2vid(), "asmr-img2vid.json": img2vid()}
    return {name: as_text(workflow) for name, workflow in recipes.items()}


def as_text(workflow: Mapping[str, Any]) -> str:
    """A workflow as the text of a file."""
    return json.dumps(workflow, indent=1, ensure_ascii=False) + "\n"
