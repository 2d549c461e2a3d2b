"""The model files a rehearsal server says it has: the official LTX-2 names, folder by folder.

Names as the official workflow templates and the README files of Lightricks and Comfy-Org give them.
No file behind a name exists; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_CAMERAS = ("dolly-in", "dolly-left", "dolly-out", "dolly-right", "jib-down", "jib-up", "static")

MODEL_FILES: dict[str, tuple[str, ...]] = {
    "checkpoints": (
        "ltx-2-19b-dev-fp8.safetensors",
        "ltx-2-19b-dev.safetensors",
        "ltx-2-19b-distilled-fp8.safetensors",
        "ltx-2-19b-distilled.safetensors",
        "ltx-2.3-22b-dev-fp8.safetensors",
        "ltx-2.3-22b-dev.safetensors",
        "ltx-2.3-22b-distilled-1.1.safetensors",
        "ltx-2.3-22b-distilled-fp8.safetensors",
        "sdpose_wholebody_fp16.safetensors",
    ),
    "loras": (
        "gemma-3-12b-it-abliterated_lora_rank64_bf16.safetensors",
        "ltx-2-19b-distilled-lora-384.safetensors",
        "ltx-2-19b-ic-lora-canny-control.safetensors",
        "ltx-2-19b-ic-lora-depth-control.safetensors",
        "ltx-2-19b-ic-lora-detailer.safetensors",
        "ltx-2-19b-ic-lora-pose-control.safetensors",
        *(f"ltx-2-19b-lora-camera-control-{camera}.safetensors" for camera in _CAMERAS),
        "ltx-2.3-22b-distilled-lora-384-1.1.safetensors",
        "ltx-2.5-22b-distilled-lora-450-bf16.safetensors",
        "ltx2-squish.safetensors",
        "ltx_2.3_22b_distilled_1.1_lora_dynamic_fro09_avg_rank_111_bf16.safetensors",
    ),
    "text_encoders": (
        "gemma-3-12b-it-qat-q4_0-unquantized/model-00001-of-00005.safetensors",
        "gemma4-12b-with-proj-ltx-2.5-bf16.safetensors",
        "gemma4-12b-with-proj-ltx-2.5-comfy-int8-convrot.safetensors",
        "gemma4_e2b_it_int8_convrot.safetensors",
        "gemma_3_12B_it.safetensors",
        "gemma_3_12B_it_fp4_mixed.safetensors",
    ),
    "latent_upscale_models": (
        "ltx-2-spatial-upscaler-x2-1.0.safetensors",
        "ltx-2-temporal-upscaler-x2-1.0.safetensors",
        "ltx-2.3-spatial-upscaler-x1.5-1.0.safetensors",
        "ltx-2.3-spatial-upscaler-x2-1.1.safetensors",
        "ltx-2.3-temporal-upscaler-x2-1.0.safetensors",
        "ltx-2.5-latent-spatial-upscaler-x2-bf16-1.0.safetensors",
        "ltx-2.5-latent-temporal-upscaler-x2-bf16-1.0.safetensors",
    ),
    "diffusion_models": (
        "lotus-depth-d-v1-1.safetensors",
        "ltx-2.5-22b-dev-transformer-bf16.safetensors",
        "ltx-2.5-22b-distilled-transformer-bf16.safetensors",
        "ltx-2.5-22b-distilled-transformer-comfy-int8-convrot.safetensors",
    ),
    "vae": (
        "ltx-2.5-audio-vae-bf16.safetensors",
        "ltx-2.5-video-vae-bf16.safetensors",
        "ltx-2.5-video-vae-conv-bf16.safetensors",
        "vae-ft-mse-840000-ema-pruned.safetensors",
    ),
    "model_patches": ("ltx-2.5-duration-head-bf16.safetensors",),
}

FOLDERS = (
    "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision",
    "style_models", "embeddings", "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models",
    "latent_upscale_models", "custom_nodes", "datasets", "hypernetworks", "photomaker", "classifiers",
    "model_patches", "audio_encoders", "background_removal", "frame_interpolation", "geometry_estimation",
    "optical_flow", "detection",
)  # fmt: skip
"""The folders ComfyUI 0.33.0 names at /models, in its order (recorded)."""

_FOLDER_BY_INPUT = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "clip_name3": "text_encoders",
    "text_encoder": "text_encoders",
    "gemma_path": "text_encoders",
    "ltxv_path": "checkpoints",
}


def folder_for(class_type: str, input_name: str) -> str | None:
    """The models folder that a node's input chooses from; None when it is no list of model files."""
    if input_name == "model_name" and class_type.endswith("LatentUpscaleModelLoader"):
        return "latent_upscale_models"
    return _FOLDER_BY_INPUT.get(input_name)


def installed(
    models: Mapping[str, Sequence[str]] | None = None, missing: Iterable[str] = ()
) -> dict[str, list[str]]:
    """File names by folder, sorted, every folder of FOLDERS present; `missing` names are left out."""
    gone = set(missing)
    chosen = {**MODEL_FILES, **(models or {})}
    return {
        folder: sorted(name for name in chosen.get(folder, ()) if name not in gone)
        for folder in (*FOLDERS, *(extra for extra in chosen if extra not in FOLDERS))
    }
