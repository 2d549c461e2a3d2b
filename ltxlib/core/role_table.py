"""The roles: what each tag in a node's title stands for, and where in a node its value goes."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "ltx."


@dataclass(frozen=True)
class Role:
    """What a tag stands for: the values it takes, and what it means to a person."""

    keys: tuple[str, ...]
    meaning: str


ROLES: dict[str, Role] = {
    "prompt": Role(("prompt",), "the prompt text"),
    "negative_prompt": Role(("negative_prompt",), "what is not wanted"),
    "seed": Role(("seed",), "the seed"),
    "size": Role(
        ("width_px", "height_px"), "width and height where the film begins (half size in two stages)"
    ),
    "width": Role(("width_px",), "the width where the film begins"),
    "height": Role(("height_px",), "the height where the film begins"),
    "full_size": Role(("width_px", "height_px"), "width and height of the finished clip"),
    "full_width": Role(("width_px",), "the width of the finished clip"),
    "full_height": Role(("height_px",), "the height of the finished clip"),
    "frames": Role(("frames",), "the number of frames"),
    "fps": Role(("fps",), "the frame rate"),
    "clip_fps": Role(("clip_fps",), "the frame rate of the file, where frames are doubled"),
    "image": Role(("image",), "the first picture"),
    "end_image": Role(("end_image",), "the last picture"),
    "image_strength": Role(("image_strength",), "how firmly the first picture is held"),
    "checkpoint": Role(("checkpoint",), "the model file"),
    "camera": Role(("camera_lora", "camera_strength"), "the camera LoRA"),
    "camera_lora": Role(("camera_lora",), "the camera LoRA"),
    "camera_strength": Role(("camera_strength",), "how strongly the camera LoRA works"),
    "text_encoder": Role(("text_encoder",), "the text reader's file"),
    "upscaler": Role(("upscaler",), "the enlarger's file"),
    "sampler": Role(("sampler",), "the sampling method"),
    "sigmas": Role(("sigmas",), "the noise levels of stage one"),
    "sigmas_two": Role(("sigmas_two",), "the noise levels of stage two"),
    "steps": Role(("steps",), "the steps of stage one"),
    "cfg": Role(("cfg",), "how hard stage one clings to the prompt"),
    "distilled_lora": Role(("distilled_lora", "distilled_lora_strength"), "the distilled LoRA of stage two"),
    "style": Role(("style_lora", "style_strength", "style_loras"), "the style LoRAs"),
    "audio": Role(("audio",), "the sound, which can be switched off"),
    "source": Role(("source",), "the clip of the take to start from"),
    "end_source": Role(("end_source",), "the clip of the take to end with"),
    "overlap": Role(
        ("overlap_first", "overlap_frames"), "the frames at the source's end that lead the new clip"
    ),
    "overlap_from": Role(("overlap_from_s",), "from where on the source is read"),
    "overlap_sound": Role(("overlap_start_s", "overlap_s"), "the sound at the source's end that goes on"),
    "sound_length": Role(("sound_s",), "how long the source's sound and the new one are together"),
    "sound_steps": Role(("sound_steps",), "how many steps that sound has, 25 a second"),
    "held_sound": Role(("held_steps",), "how many of these steps stay as they are"),
    "carried_sound": Role(("carry_sound",), "the sound that begins with that of the source"),
    "melt": Role(("melt_latents",), "over how many latent steps one take melts into the other"),
    "save": Role(("filename_prefix",), "the node that saves the clip"),
}
KEYS = frozenset(key for role in ROLES.values() for key in role.keys)

# The names under which nodes take each value, likeliest first.
INPUTS: dict[str, tuple[str, ...]] = {
    "prompt": ("text", "prompt", "positive_prompt", "string", "value"),
    "negative_prompt": ("text", "negative_prompt", "prompt", "string", "value"),
    "seed": ("noise_seed", "seed", "value"),
    "width_px": ("width", "resize_type.width", "value"),
    "height_px": ("height", "resize_type.height", "value"),
    "frames": ("length", "frames_number", "num_frames", "frames", "value", "batch_size"),
    "fps": ("fps", "frame_rate", "value"),
    "clip_fps": ("fps", "frame_rate", "value"),
    "image": ("image", "value"),
    "end_image": ("image", "value"),
    "image_strength": ("strength", "cond_image_strength", "images_cond_strengths", "value"),
    "source": ("file", "video", "value"),
    "end_source": ("file", "video", "value"),
    "melt_latents": ("overlap", "value"),
    "overlap_first": ("batch_index", "value"),
    "overlap_frames": ("length", "value"),
    "overlap_from_s": ("start_time", "value"),
    "overlap_start_s": ("start_index", "value"),
    "overlap_s": ("duration", "value"),
    "sound_s": ("duration", "value"),
    "sound_steps": ("height", "value"),
    "held_steps": ("height", "value"),
    "checkpoint": ("ckpt_name", "unet_name", "model_name"),
    "camera_lora": ("lora_name",),
    "camera_strength": ("strength_model", "strength", "value"),
    "style_lora": ("lora_name",),
    "style_strength": ("strength_model", "strength", "value"),
    "text_encoder": ("text_encoder", "clip_name"),
    "upscaler": ("model_name",),
    "sampler": ("sampler_name",),
    "sigmas": ("sigmas",),
    "sigmas_two": ("sigmas",),
    "steps": ("steps", "value"),
    "cfg": ("cfg", "video_cfg", "value"),
    "distilled_lora": ("lora_name",),
    "distilled_lora_strength": ("strength_model", "value"),
    "filename_prefix": ("filename_prefix",),
}
# What is switched, not written.
FLAGS = ("audio", "carry_sound")
# Values that may take the place of a wire: a number that was calculated is simply given.
NUMBERS = frozenset({"width_px", "height_px", "frames", "fps", "seed"})
SLOTS = {"camera_lora": ("camera", "camera_lora"), "style_lora": ("style",)}
STRENGTH_OF = {"camera_strength": "camera_lora", "style_strength": "style_lora", "image_strength": "image"}
