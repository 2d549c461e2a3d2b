"""The parts that the shipped workflows have in common: models, prompt, pictures, stages, the saved file.

LTX-2 19B distilled with ComfyUI's core nodes only. Sigmas and files are those of the official distilled
template, guides are chained as in its template for first and last frame (comfyui-workflow-templates-json,
`video_ltx2_t2v_distilled`, `video_ltx2_3_flf2v`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.file_format import BYPASSED

CHECKPOINT = "ltx-2-19b-distilled.safetensors"
TEXT_ENCODER = "gemma_3_12B_it_fp4_mixed.safetensors"
UPSCALER = "ltx-2-spatial-upscaler-x2-1.0.safetensors"
DOUBLER = "ltx-2-temporal-upscaler-x2-1.0.safetensors"
STATIC_CAMERA = "ltx-2-19b-lora-camera-control-static.safetensors"

FIRST_SIGMAS = "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"
SECOND_SIGMAS = "0.909375, 0.725, 0.421875, 0.0"
STAGE_ONE_PX = (768, 512)
FINISHED_PX = (2 * STAGE_ONE_PX[0], 2 * STAGE_ONE_PX[1])
FRAMES, FPS = 65, 24
# Format and codec are named, so that ComfyUI 0.27 and 0.33 both run it; 0.27 reads the third as codec.
SAVED_AS = {"format": "mp4", "format.codec": "h264", "codec": "h264"}

# Where ComfyUI may offer to fetch a missing file from: repository, path in it, folder under models/.
_SOURCES = {
    CHECKPOINT: ("Lightricks/LTX-2", CHECKPOINT, "checkpoints"),
    TEXT_ENCODER: ("Comfy-Org/ltx-2", f"split_files/text_encoders/{TEXT_ENCODER}", "text_encoders"),
    UPSCALER: ("Lightricks/LTX-2", UPSCALER, "latent_upscale_models"),
    DOUBLER: ("Lightricks/LTX-2", DOUBLER, "latent_upscale_models"),
    STATIC_CAMERA: ("Lightricks/LTX-2-19b-LoRA-Camera-Control-Static", STATIC_CAMERA, "loras"),
}

BLUE, GREEN, AMBER, VIOLET, SLATE = "#5fa8d3", "#7bbf7b", "#d9a441", "#a884d6", "#8fa3b3"


def _models(*names: str) -> list[dict[str, str]]:
    found = []
    for name in names:
        repo, path, folder = _SOURCES[name]
        url = f"https://huggingface.co/{repo}/resolve/main/{path}"
        found.append({"name": name, "url": url, "directory": folder})
    return found


def load_models(builder: WorkflowBuilder, *, enlarger: bool = True) -> None:
    """The model, its sound model and text reader, the places for LoRAs; the enlarger for two stages."""
    about = words.ABOUT_MODELS if enlarger else words.ABOUT_THREE_MODELS
    builder.note("about_models", about, title="About the models", size=(380, 150))
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
    if enlarger:
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


def describe(builder: WorkflowBuilder, prompt: str, start: str) -> None:
    """Prompt, what is not wanted, length and rate."""
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


def picture(
    builder: WorkflowBuilder,
    key: str = "image",
    title: str = "First picture [ltx.image]",
    size_px: tuple[int, int] = FINISHED_PX,
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
    builder.add(soften, "LTXVPreprocess", {"img_compression": 33}, title="Make it look like film")
    builder.connect(key, "IMAGE", fit, "image")
    builder.connect(fit, 0, soften, "image")


def hold(builder: WorkflowBuilder, key: str, title: str, latent: str, joined: str) -> None:
    """Put the picture into the first frame of a latent on its way to the sampler."""
    builder.add(key, "LTXVImgToVideoInplace", {"strength": 1.0}, title=f"{title} [ltx.image_strength]")
    builder.connect("checkpoint", "VAE", key, "vae")
    builder.connect("soften", 0, key, "image")
    builder.connect(latent, 0, key, "latent")
    builder.connect(key, 0, joined, "video_latent")


@dataclass(frozen=True)
class Guided:
    """A stage that is led by a first and a last frame: the keys of the nodes it goes through."""

    stage: str
    conditioning: str
    latent: str
    guider: str
    joined: str
    film: str
    last_picture: str = "soften"


ONE = Guided("one", "conditioning", "latent", "guider", "join", "split")
TWO = Guided("two", "crop_one", "upsample", "guider_two", "rejoin", "finished")


def guide(builder: WorkflowBuilder, at: Guided) -> None:
    """Lead a stage by a first and a last frame, and take both guides away again after it.

    Each guide counts those before it by the conditioning, so they are chained; one that is not taken away
    leaves eight frames too many.
    """
    first, last, crop = f"first_{at.stage}", f"last_{at.stage}", f"crop_{at.stage}"
    steps = (
        (first, "First frame", 0, "soften", at.conditioning, at.latent),
        (last, "Last frame", -1, at.last_picture, first, first),
    )
    for key, name, frame, still, conditioning, latent in steps:
        title = f"{name}, stage {at.stage} [ltx.image_strength]"
        builder.add(key, "LTXVAddGuide", {"frame_idx": frame, "strength": 1.0}, title=title)
        builder.connect(conditioning, "positive", key, "positive")
        builder.connect(conditioning, "negative", key, "negative")
        builder.connect("checkpoint", "VAE", key, "vae")
        builder.connect(latent, "latent" if latent == first else 0, key, "latent")
        builder.connect(still, 0, key, "image")
    builder.connect(last, "latent", at.joined, "video_latent")
    builder.add(crop, "LTXVCropGuides", title=f"Take the guides away, stage {at.stage}")
    builder.connect(at.film, "video_latent", crop, "latent")
    for side in ("positive", "negative"):
        builder.connect(last, side, at.guider, side)
        builder.connect(last, side, crop, side)


def stage_one(
    builder: WorkflowBuilder, *, alone: bool = False, guided: bool = False, sound: str = "sound_latent"
) -> None:
    """Film and sound, eight steps; alone: the only stage, at the finished size. guided: `guide` leads it.

    sound: what the sound begins with; anything but the empty one is wired by whoever makes it.
    """
    width, height = STAGE_ONE_PX
    about = words.ABOUT_ONE_STAGE if alone else words.ABOUT_STAGES
    title = "About the size" if alone else "About the two stages"
    builder.note("about_stages", about, title=title, size=(360, 150))
    builder.add(
        "latent",
        "EmptyLTXVLatentVideo",
        {"width": width, "height": height},
        title="Empty film [ltx.size]" if alone else "Empty film, half size [ltx.size]",
    )
    builder.connect("frames", 0, "latent", "length")
    sampling(builder, alone=alone, guided=guided, sound=sound)


def sampling(
    builder: WorkflowBuilder, *, alone: bool = False, guided: bool = False, sound: str = "sound_latent"
) -> None:
    """An empty sound, joined with what is wired to `join`, sampled in eight steps and parted again."""
    builder.add("sound_latent", "LTXVEmptyLatentAudio", {"frame_rate": FPS}, title="Empty sound [ltx.fps]")
    builder.add("join", "LTXVConcatAVLatent", title="Film and sound together")
    builder.add("noise", "RandomNoise", {"noise_seed": 42}, title="Seed [ltx.seed]")
    builder.add("guider", "CFGGuider", {"cfg": 1.0}, title="Follow the prompt (CFG 1)")
    sampler = "Sampler" if alone else "Sampler, both stages"
    builder.add("sampler", "KSamplerSelect", {"sampler_name": "euler_ancestral"}, title=sampler)
    steps = "8 steps" if alone else "Stage one: 8 steps"
    builder.add("sigmas", "ManualSigmas", {"sigmas": FIRST_SIGMAS}, title=steps)
    builder.add("film", "SamplerCustomAdvanced", title="Film" if alone else "Film, stage one")
    builder.add("split", "LTXVSeparateAVLatent", title="Film and sound apart")
    builder.connect("frames", 0, "sound_latent", "frames_number")
    builder.connect("audio_vae", 0, "sound_latent", "audio_vae")
    if sound == "sound_latent":
        builder.connect(sound, 0, "join", "audio_latent")
    builder.connect("style", "MODEL", "guider", "model")
    if not guided:
        builder.connect("conditioning", "positive", "guider", "positive")
        builder.connect("conditioning", "negative", "guider", "negative")
    _sample(builder, "film", noise="noise", sigmas="sigmas", latent="join")
    builder.connect("film", "output", "split", "av_latent")


def double_frames(builder: WorkflowBuilder) -> None:
    """Between the stages: twice as many frames a second, which the second stage must know of."""
    builder.add(
        "doubler",
        "LatentUpscaleModelLoader",
        {"model_name": DOUBLER},
        title="Doubler, twice the frames",
        models=_models(DOUBLER),
    )
    title = "Frames per second of the file, twice as many [ltx.clip_fps]"
    builder.add("clip_fps", "PrimitiveFloat", {"value": 2.0 * FPS}, title=title)
    builder.add("conditioning_two", "LTXVConditioning", title="What to film, twice as fast")
    builder.add("doubled", "LTXVLatentUpsampler", title="Double the frames: 2n-1 of n")
    builder.connect("prompt", 0, "conditioning_two", "positive")
    builder.connect("negative", 0, "conditioning_two", "negative")
    builder.connect("clip_fps", 0, "conditioning_two", "frame_rate")
    builder.connect("doubler", 0, "doubled", "upscale_model")
    builder.connect("checkpoint", "VAE", "doubled", "vae")
    builder.connect("split", "video_latent", "doubled", "samples")


def stage_two(builder: WorkflowBuilder, *, guided: bool = False, doubled: bool = False) -> None:
    """The film made twice as large and refined in three steps; guided: `guide` leads it.

    doubled: `double_frames` comes before it.
    """
    builder.add("upsample", "LTXVLatentUpsampler", title="Enlarge the film")
    builder.add("rejoin", "LTXVConcatAVLatent", title="Film and sound once more")
    builder.add("noise_two", "RandomNoise", {"noise_seed": 42}, title="Seed, stage two [ltx.seed]")
    builder.add("sigmas_two", "ManualSigmas", {"sigmas": SECOND_SIGMAS}, title="Stage two: 3 steps")
    builder.add("refine", "SamplerCustomAdvanced", title="Refine, stage two")
    builder.add("finished", "LTXVSeparateAVLatent", title="Finished film and sound")
    if guided or doubled:
        builder.add("guider_two", "CFGGuider", {"cfg": 1.0}, title="Follow the prompt, stage two (CFG 1)")
        builder.connect("style", "MODEL", "guider_two", "model")
    if doubled:
        for side in ("positive", "negative"):
            builder.connect("conditioning_two", side, "guider_two", side)
    before = ("doubled", 0) if doubled else ("crop_one", "latent") if guided else ("split", "video_latent")
    builder.connect(*before, "upsample", "samples")
    builder.connect("upscaler", 0, "upsample", "upscale_model")
    builder.connect("checkpoint", "VAE", "upsample", "vae")
    builder.connect("split", "audio_latent", "rejoin", "audio_latent")
    guider = "guider_two" if guided or doubled else "guider"
    _sample(builder, "refine", noise="noise_two", sigmas="sigmas_two", latent="rejoin", guider=guider)
    builder.connect("refine", "output", "finished", "av_latent")


def _sample(
    builder: WorkflowBuilder, key: str, *, noise: str, sigmas: str, latent: str, guider: str = "guider"
) -> None:
    builder.connect(noise, 0, key, "noise")
    builder.connect(guider, 0, key, "guider")
    builder.connect("sampler", 0, key, "sampler")
    builder.connect(sigmas, 0, key, "sigmas")
    builder.connect(latent, 0, key, "latent_image")


def finish(
    builder: WorkflowBuilder, prefix: str, *, last: str = "finished", crop: str = "", fps: str = "fps"
) -> None:
    """Decode what the node `last` parted (the picture by way of `crop`), and save the clip under `prefix`."""
    builder.note("about_end", words.ABOUT_END, title="About the sound", size=(300, 100))
    builder.add(
        "picture",
        "VAEDecodeTiled",
        {"tile_size": 512, "overlap": 64, "temporal_size": 4096, "temporal_overlap": 8},
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
    builder.connect("checkpoint", "VAE", "picture", "vae")
    builder.connect(last, "audio_latent", "sound", "samples")
    builder.connect("audio_vae", 0, "sound", "audio_vae")
    builder.connect("picture", 0, "video", "images")
    builder.connect("sound", 0, "video", "audio")
    builder.connect(fps, 0, "video", "fps")
    builder.connect("video", 0, "save", "video")
