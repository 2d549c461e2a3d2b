"""The parts of workflows that need ComfyUI-LTXVideo: its samplers, its guider, its loaders.

Facts: the pack's own sources and example workflows of June 2026 (github.com/Lightricks/ComfyUI-LTXVideo).
Its tiled sampler wants a guider that keeps its conditionings, which of all that take a picture alone only
STGGuiderAdvanced does; its tiled and looping samplers take pictures without sound.
"""

from __future__ import annotations

from ltxlib.core import catalog, pack_words
from ltxlib.core import recipe_parts as parts
from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.file_format import BYPASSED

PACK = "ComfyUI-LTXVideo"
# The layer that LTX-2's own pipeline leaves out for STG (github.com/Lightricks/LTX-2, ltx-pipelines).
STG_LAYER = "29"
TILES, TILE_OVERLAP = 2, 4
STRETCH_FRAMES, STRETCH_OVERLAP_FRAMES = 120, 24
DECODED_FRAMES, DECODED_OVERLAP_FRAMES = 128, 16


def found(*names: str) -> list[dict[str, str]]:
    """Files as a node names them, so that ComfyUI can offer to fetch those that are missing."""
    files = [catalog.shipped().files[name] for name in names]
    return [
        {
            "name": file.name,
            "url": f"https://huggingface.co/{file.hf_repo}/resolve/main/{file.path}",
            "directory": file.folder,
        }
        for file in files
    ]


def describe(builder: WorkflowBuilder, *, picture: bool, soften: bool = True) -> None:
    """Prompt, length and rate, with a note that tells of the pack; a first picture where one is wanted.

    soften: False where the pack's sampler does that itself.
    """
    start = pack_words.START_PICTURE if picture else pack_words.START
    parts.describe(builder, words.MOTION if picture else words.PROMPT, start)
    if picture and soften:
        parts.picture(builder)
    elif picture:
        title = "First picture [ltx.image]"
        builder.add("image", "LoadImage", {"image": "example.png"}, title=title, size=(320, 420))
        width, height = parts.FINISHED_PX
        values = {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"}
        builder.add("fit", "ImageScale", values, title="Crop to the film's shape [ltx.full_size]")
        builder.connect("image", "IMAGE", "fit", "image")


def leave_out_a_layer(builder: WorkflowBuilder) -> None:
    """The model with the layer named that STG leaves out."""
    builder.add("skip", "LTXVApplySTG", {"block_indices": STG_LAYER}, title="Layer to leave out (STG)")
    builder.connect("style", "MODEL", "skip", "model")


def plain_guider(builder: WorkflowBuilder, key: str, title: str) -> None:
    """A guider at CFG 1, for a stage that does not share the first one."""
    builder.add(key, "CFGGuider", {"cfg": 1.0}, title=title)
    builder.connect("style", "MODEL", key, "model")
    lead(builder, key)


def tile_guider(builder: WorkflowBuilder, *, picture: bool) -> None:
    """The guider that the tiled sampler accepts, set so that it does what CFG 1 without STG does."""
    values = {
        # No step is so noisy that either value would leave it out. They differ because the tiled sampler
        # leaves guides behind in a guider that ComfyUI keeps; a film without a picture would trip over them.
        "skip_steps_sigma_threshold": 2.0 if picture else 1.0,
        "cfg_star_rescale": False,
        "sigmas": "1.0",
        "cfg_values": "1",
        "stg_scale_values": "0",
        "stg_rescale_values": "1",
        "stg_layers_indices": f"[{STG_LAYER}]",
    }
    builder.add("guider_two", "STGGuiderAdvanced", values, title="Follow the prompt, stage two (CFG 1)")
    builder.connect("style", "MODEL", "guider_two", "model")
    lead(builder, "guider_two")


def lead(builder: WorkflowBuilder, key: str) -> None:
    """Lead a node by the prompt and by what is not wanted."""
    for side in ("positive", "negative"):
        builder.connect("conditioning", side, key, side)


def enlarge(builder: WorkflowBuilder, samples: tuple[str, str | int]) -> None:
    """The picture of stage one made twice as large, with seed and steps of stage two."""
    builder.add("upsample", "LTXVLatentUpsampler", title="Enlarge the film")
    builder.add("noise_two", "RandomNoise", {"noise_seed": 42}, title="Seed, stage two [ltx.seed]")
    builder.add("sigmas_two", "ManualSigmas", {"sigmas": parts.SECOND_SIGMAS}, title="Stage two: 3 steps")
    builder.connect(*samples, "upsample", "samples")
    builder.connect("upscaler", 0, "upsample", "upscale_model")
    builder.connect("checkpoint", "VAE", "upsample", "vae")


def refine_in_tiles(builder: WorkflowBuilder, *, picture: bool) -> None:
    """Stage two by the tiled sampler, on the picture alone."""
    values = {"horizontal_tiles": TILES, "vertical_tiles": TILES, "overlap": TILE_OVERLAP, "crop": "center"}
    hold = {"optional_cond_indices": "0", "images_cond_strengths": "1"} if picture else {}
    title = "Refine in tiles" + (" [ltx.image_strength]" if picture else "")
    builder.add("refine", "LTXVTiledSampler", {**values, **hold}, title=title)
    if picture:
        builder.connect("soften", 0, "refine", "optional_cond_images")
    wire_sampler(builder, "refine", ("guider_two", "noise_two", "sigmas_two"), "upsample")


def wire_sampler(
    builder: WorkflowBuilder, key: str, led_by: tuple[str, str, str], latents: str, model: str = "style"
) -> None:
    """Wire one of the pack's samplers; led_by: the keys of its guider, its noise and its steps."""
    guider, noise, sigmas = led_by
    builder.connect(model, "MODEL", key, "model")
    builder.connect("checkpoint", "VAE", key, "vae")
    builder.connect(noise, 0, key, "noise")
    builder.connect("sampler", 0, key, "sampler")
    builder.connect(sigmas, 0, key, "sigmas")
    builder.connect(guider, 0, key, "guider")
    builder.connect(latents, 0, key, "latents")


def begin_alone(builder: WorkflowBuilder) -> None:
    """An empty film of half size with seed, steps and guider, for a sampler that takes no sound."""
    width, height = parts.STAGE_ONE_PX
    size = {"width": width, "height": height}
    builder.add("latent", "EmptyLTXVLatentVideo", size, title="Empty film, half size [ltx.size]")
    builder.add("noise", "RandomNoise", {"noise_seed": 42}, title="Seed [ltx.seed]")
    plain_guider(builder, "guider", "Follow the prompt (CFG 1)")
    sampler = {"sampler_name": "euler_ancestral"}
    builder.add("sampler", "KSamplerSelect", sampler, title="Sampler, both stages")
    builder.add("sigmas", "ManualSigmas", {"sigmas": parts.FIRST_SIGMAS}, title="Stage one: 8 steps")
    builder.connect("frames", 0, "latent", "length")


def in_stretches(
    builder: WorkflowBuilder, key: str, title: str, led_by: tuple[str, str, str], latents: str
) -> None:
    """A stage by the looping sampler; it begins with the first picture where the workflow has one."""
    values = {"temporal_tile_size": STRETCH_FRAMES, "temporal_overlap": STRETCH_OVERLAP_FRAMES}
    builder.add(key, "LTXVLoopingSampler", values, title=title)
    wire_sampler(builder, key, led_by, latents)


def load_models_one_by_one(builder: WorkflowBuilder) -> None:
    """The pack's loaders, which wait for what is wired to them; `wait_in_line` tells what for."""
    builder.note("about_models", words.about_models(4), title="About the models", size=(380, 150))
    checkpoint, encoder, upscaler = parts.CHECKPOINT, parts.TEXT_ENCODER, parts.UPSCALER
    builder.add(
        "encoder",
        "LTXAVTextEncoderLoader",
        {"text_encoder": encoder, "ckpt_name": checkpoint},
        title="Text reader [ltx.checkpoint]",
        models=found(encoder, checkpoint),
    )
    for key, kind, title in (
        ("checkpoint", "LowVRAMCheckpointLoader", "LTX-2 model, after the text [ltx.checkpoint]"),
        # The pack's own loader for this one fails on ComfyUI 0.27 (recorded); the sound model is small.
        ("audio_vae", "LTXVAudioVAELoader", "Sound model [ltx.checkpoint]"),
    ):
        builder.add(key, kind, {"ckpt_name": checkpoint}, title=title, models=found(checkpoint))
    builder.add(
        "upscaler",
        "LowVRAMLatentUpscaleModelLoader",
        {"model_name": upscaler},
        title="Enlarger, after stage one",
        models=found(upscaler),
    )
    lora = {"lora_name": parts.STATIC_CAMERA, "strength_model": 1.0}
    builder.add(
        "camera", "LoraLoaderModelOnly", lora, title="Camera [ltx.camera]", models=found(parts.STATIC_CAMERA)
    )
    title = "Style, switched off [ltx.style]"
    builder.add("style", "LoraLoaderModelOnly", lora, title=title, mode=BYPASSED)
    builder.connect("checkpoint", "MODEL", "camera", "model")
    builder.connect("camera", "MODEL", "style", "model")


def wait_in_line(builder: WorkflowBuilder) -> None:
    """The model is loaded when the text has been read, the enlarger when stage one is done."""
    builder.connect("conditioning", "positive", "checkpoint", "dependencies")
    builder.connect("split", "video_latent", "upscaler", "dependencies")


def sound_for_the_picture(
    builder: WorkflowBuilder, picture: tuple[str, str | int], guider: str = "guider", sigmas: str = "sigmas"
) -> None:
    """Eight steps of sound beside a picture that is held as it is; the node `heard` parts the two.

    picture: key and output of the node that gives it. guider, sigmas: the keys of the nodes that lead.
    """
    builder.add(
        "sound_latent", "LTXVEmptyLatentAudio", {"frame_rate": parts.FPS}, title="Empty sound [ltx.fps]"
    )
    builder.add("join", "LTXVConcatAVLatent", title="Picture and empty sound together")
    values = {"end_time": 2000.0, "mask_video": False, "mask_audio": True}
    builder.add(
        "hold_picture", "LTXVSetAudioVideoMaskByTime", values, title="Hold the picture, make the sound"
    )
    builder.add("noise_sound", "RandomNoise", {"noise_seed": 42}, title="Seed, sound [ltx.seed]")
    builder.add("listen", "SamplerCustomAdvanced", title="Sound for the picture")
    builder.add("heard", "LTXVSeparateAVLatent", title="The sound alone")
    builder.connect("frames", 0, "sound_latent", "frames_number")
    builder.connect("audio_vae", 0, "sound_latent", "audio_vae")
    builder.connect(*picture, "join", "video_latent")
    builder.connect("sound_latent", 0, "join", "audio_latent")
    builder.connect("join", 0, "hold_picture", "av_latent")
    lead(builder, "hold_picture")
    builder.connect("style", "MODEL", "hold_picture", "model")
    builder.connect("checkpoint", "VAE", "hold_picture", "vae")
    builder.connect("audio_vae", 0, "hold_picture", "audio_vae")
    builder.connect("fps", 0, "hold_picture", "video_fps")
    builder.connect("noise_sound", 0, "listen", "noise")
    builder.connect(guider, 0, "listen", "guider")
    builder.connect("sampler", 0, "listen", "sampler")
    builder.connect(sigmas, 0, "listen", "sigmas")
    builder.connect("hold_picture", "av_latent", "listen", "latent_image")
    builder.connect("listen", "output", "heard", "av_latent")


def decode_in_stretches(builder: WorkflowBuilder) -> None:
    """Let the picture be decoded a few seconds at a time."""
    builder.set_value("picture", "temporal_size", DECODED_FRAMES)
    builder.set_value("picture", "temporal_overlap", DECODED_OVERLAP_FRAMES)
