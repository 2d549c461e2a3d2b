"""The makes of models that the shipped workflows are written for: their files, their loaders, their sampling.

Figures are those of the official templates (comfyui-workflow-templates-json: `video_ltx2_t2v_distilled`,
`video_ltx2_t2v`, `video_ltx2_5_t2v`); `catalog.json` holds the same for every model, and what differs is
written in by roles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CHECKPOINT = "ltx-2-19b-distilled.safetensors"
TEXT_ENCODER = "gemma_3_12B_it_fp4_mixed.safetensors"
UPSCALER = "ltx-2-spatial-upscaler-x2-1.0.safetensors"
DOUBLER = "ltx-2-temporal-upscaler-x2-1.0.safetensors"
STATIC_CAMERA = "ltx-2-19b-lora-camera-control-static.safetensors"
DEV_CHECKPOINT = "ltx-2-19b-dev.safetensors"
DISTILLED_LORA = "ltx-2-19b-distilled-lora-384.safetensors"
SPLIT_MODEL = "ltx-2.5-22b-distilled-transformer-comfy-int8-convrot.safetensors"
SPLIT_ENCODER = "gemma4-12b-with-proj-ltx-2.5-comfy-int8-convrot.safetensors"
SPLIT_DEV_MODEL = "ltx-2.5-22b-dev-transformer-bf16.safetensors"
SPLIT_DEV_ENCODER = "gemma4-12b-with-proj-ltx-2.5-bf16.safetensors"
SPLIT_VIDEO_VAE = "ltx-2.5-video-vae-bf16.safetensors"
SPLIT_AUDIO_VAE = "ltx-2.5-audio-vae-bf16.safetensors"
SPLIT_UPSCALER = "ltx-2.5-latent-spatial-upscaler-x2-bf16-1.0.safetensors"
SPLIT_LORA = "ltx-2.5-22b-distilled-lora-450-bf16.safetensors"

FIRST_SIGMAS = "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"
SECOND_SIGMAS = "0.909375, 0.725, 0.421875, 0.0"
LATER_SIGMAS = "0.85, 0.725, 0.4219, 0.0"  # of stage two since LTX-2.3

STAGE_ONE_PX = (768, 512)
FINISHED_PX = (2 * STAGE_ONE_PX[0], 2 * STAGE_ONE_PX[1])
FRAMES, FPS = 65, 24
# Format and codec are named, so that ComfyUI 0.27 and 0.33 both run it; 0.27 reads the third as codec.
SAVED_AS = {"format": "mp4", "format.codec": "h264", "codec": "h264"}

# Where ComfyUI may offer to fetch a missing file from: repository, path in it, folder under models/.
SOURCES = {
    CHECKPOINT: ("Lightricks/LTX-2", CHECKPOINT, "checkpoints"),
    TEXT_ENCODER: ("Comfy-Org/ltx-2", f"split_files/text_encoders/{TEXT_ENCODER}", "text_encoders"),
    UPSCALER: ("Lightricks/LTX-2", UPSCALER, "latent_upscale_models"),
    DOUBLER: ("Lightricks/LTX-2", DOUBLER, "latent_upscale_models"),
    STATIC_CAMERA: ("Lightricks/LTX-2-19b-LoRA-Camera-Control-Static", STATIC_CAMERA, "loras"),
    DEV_CHECKPOINT: ("Lightricks/LTX-2", DEV_CHECKPOINT, "checkpoints"),
    DISTILLED_LORA: ("Lightricks/LTX-2", DISTILLED_LORA, "loras"),
} | {
    name: ("Lightricks/LTX-2.5", f"{folder}/{name}", folder)
    for folder, names in (
        ("diffusion_models", (SPLIT_MODEL, SPLIT_DEV_MODEL)),
        ("text_encoders", (SPLIT_ENCODER, SPLIT_DEV_ENCODER)),
        ("vae", (SPLIT_VIDEO_VAE, SPLIT_AUDIO_VAE)),
        ("latent_upscale_models", (SPLIT_UPSCALER,)),
        ("loras", (SPLIT_LORA,)),
    )
    for name in names
}


@dataclass(frozen=True)
class Kind:
    """A make of models: which files a workflow names and how it samples.

    name: the graph's in the catalog. made_by: what people call the model. lora: the distilled LoRA of stage
    two, empty where the model itself is distilled; then cfg and steps are its own and cannot be chosen.
    video_vae and audio_vae: set where the model comes in separate files; picture and sound then have a CFG
    each. compression: how much a still is made to look like film. at_once: frames that are decoded together,
    and how many of them overlap. style: what stands in the free place for a style LoRA.
    """

    name: str
    suffix: str
    checkpoint: str
    text_encoder: str
    upscaler: str
    camera: str = ""
    lora: str = ""
    sampler: str = "euler_ancestral"
    steps: int = 8
    cfg: float = 1.0
    second_sigmas: str = SECOND_SIGMAS
    made_by: str = "LTX-2"
    video_vae: str = ""
    audio_vae: str = ""
    audio_cfg: float = 1.0
    compression: int = 33
    at_once: tuple[int, int] = (4096, 8)
    style: str = STATIC_CAMERA

    def files(self, enlarger: bool) -> int:
        """How many files its workflow names, with the enlarger of two stages or without."""
        second = (self.upscaler, self.lora) if enlarger else ()
        first = (self.checkpoint, self.text_encoder, self.video_vae, self.audio_vae, self.camera)
        return sum(bool(name) for name in (*first, *second))

    @property
    def split(self) -> bool:
        """Whether the model comes in separate files."""
        return bool(self.video_vae)

    @property
    def distilled(self) -> bool:
        """Whether the model was trained to need few steps and no CFG."""
        return not self.lora


DISTILLED = Kind("distilled", "", CHECKPOINT, TEXT_ENCODER, UPSCALER, STATIC_CAMERA)
DEV = Kind(
    name="dev",
    suffix="-dev",
    checkpoint=DEV_CHECKPOINT,
    text_encoder=TEXT_ENCODER,
    upscaler=UPSCALER,
    camera=STATIC_CAMERA,
    lora=DISTILLED_LORA,
    steps=20,
    cfg=4.0,
)
SPLIT = Kind(
    name="split",
    suffix="-2.5",
    checkpoint=SPLIT_MODEL,
    text_encoder=SPLIT_ENCODER,
    upscaler=SPLIT_UPSCALER,
    second_sigmas=LATER_SIGMAS,
    made_by="LTX-2.5",
    video_vae=SPLIT_VIDEO_VAE,
    audio_vae=SPLIT_AUDIO_VAE,
    compression=18,
    at_once=(64, 16),
    style=SPLIT_LORA,
)
SPLIT_DEV = replace(
    SPLIT,
    name="split dev",
    suffix="-2.5-dev",
    checkpoint=SPLIT_DEV_MODEL,
    text_encoder=SPLIT_DEV_ENCODER,
    lora=SPLIT_LORA,
    steps=30,
    cfg=3.0,
    audio_cfg=7.0,
)
KINDS = (DISTILLED, DEV, SPLIT, SPLIT_DEV)
KIND_OF = {kind.name: kind for kind in KINDS}


def offers(*names: str) -> list[dict[str, str]]:
    """Files as a node tells ComfyUI where to fetch them: name, url, directory."""
    found = []
    for name in names:
        repo, path, folder = SOURCES[name]
        url = f"https://huggingface.co/{repo}/resolve/main/{path}"
        found.append({"name": name, "url": url, "directory": folder})
    return found
