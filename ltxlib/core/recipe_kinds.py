"""The makes of models that the shipped workflows are written for: their files, their loaders, their sampling.

Figures are those of the official templates (comfyui-workflow-templates-json: `video_ltx2_t2v_distilled`,
`video_ltx2_t2v`); `catalog.json` holds the same for every model, and what differs is written in by roles.
"""

from __future__ import annotations

from dataclasses import dataclass

CHECKPOINT = "ltx-2-19b-distilled.safetensors"
TEXT_ENCODER = "gemma_3_12B_it_fp4_mixed.safetensors"
UPSCALER = "ltx-2-spatial-upscaler-x2-1.0.safetensors"
STATIC_CAMERA = "ltx-2-19b-lora-camera-control-static.safetensors"
DEV_CHECKPOINT = "ltx-2-19b-dev.safetensors"
DISTILLED_LORA = "ltx-2-19b-distilled-lora-384.safetensors"

FIRST_SIGMAS = "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"
SECOND_SIGMAS = "0.909375, 0.725, 0.421875, 0.0"

STAGE_ONE_PX = (768, 512)
FINISHED_PX = (2 * STAGE_ONE_PX[0], 2 * STAGE_ONE_PX[1])
FRAMES, FPS = 65, 24

# Where ComfyUI may offer to fetch a missing file from: repository, path in it, folder under models/.
SOURCES = {
    CHECKPOINT: ("Lightricks/LTX-2", CHECKPOINT, "checkpoints"),
    TEXT_ENCODER: ("Comfy-Org/ltx-2", f"split_files/text_encoders/{TEXT_ENCODER}", "text_encoders"),
    UPSCALER: ("Lightricks/LTX-2", UPSCALER, "latent_upscale_models"),
    STATIC_CAMERA: ("Lightricks/LTX-2-19b-LoRA-Camera-Control-Static", STATIC_CAMERA, "loras"),
    DEV_CHECKPOINT: ("Lightricks/LTX-2", DEV_CHECKPOINT, "checkpoints"),
    DISTILLED_LORA: ("Lightricks/LTX-2", DISTILLED_LORA, "loras"),
}


@dataclass(frozen=True)
class Kind:
    """A make of models: which files a workflow names and how it samples.

    name: the graph's in the catalog. lora: the distilled LoRA of stage two, empty where the model itself is
    distilled; then cfg and steps are its own and cannot be chosen.
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

    def files(self, enlarger: bool) -> int:
        """How many files its workflow names, with the enlarger of two stages or without."""
        second = (self.upscaler, self.lora) if enlarger else ()
        return sum(bool(name) for name in (self.checkpoint, self.text_encoder, self.camera, *second))

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
KINDS = (DISTILLED, DEV)
KIND_OF = {kind.name: kind for kind in KINDS}


def offers(*names: str) -> list[dict[str, str]]:
    """Files as a node tells ComfyUI where to fetch them: name, url, directory."""
    found = []
    for name in names:
        repo, path, folder = SOURCES[name]
        url = f"https://huggingface.co/{repo}/resolve/main/{path}"
        found.append({"name": name, "url": url, "directory": folder})
    return found
