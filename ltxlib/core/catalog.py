"""The models the kit can drive and the files each one needs.

Sizes, folders and repositories: Lightricks' and Comfy-Org's model pages and the official ComfyUI
templates, as of autumn 2026. Times are one user's report and are named so where they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

GB = 10**9


@dataclass(frozen=True)
class ModelFile:
    """One file on the pod: name, folder under ComfyUI's models/, where it comes from, size."""

    name: str
    folder: str
    hf_repo: str
    size_bytes: int


@dataclass(frozen=True)
class Model:
    """A model a scene can name, with the files it needs and how it is sampled.

    render_s: what one default clip (65 frames, 1536x1024) took on render_gpu, by render_source.
    """

    name: str
    checkpoint: ModelFile
    needs: tuple[ModelFile, ...]
    ram_gb: int
    distilled: bool
    render_s: tuple[float, float]
    render_gpu: str
    render_source: str


TEXT_ENCODER = ModelFile(
    "gemma_3_12B_it_fp4_mixed.safetensors", "text_encoders", "Comfy-Org/ltx-2", int(8.8 * GB)
)
UPSCALER = ModelFile(
    "ltx-2-spatial-upscaler-x2-1.0.safetensors", "latent_upscale_models", "Lightricks/LTX-2", GB
)

_CAMERA_MOVES = ("static", "dolly-in", "dolly-out", "dolly-left", "dolly-right", "jib-up", "jib-down")


def _camera(move: str) -> ModelFile:
    repo = "Lightricks/LTX-2-19b-LoRA-Camera-Control-" + "-".join(
        word.capitalize() for word in move.split("-")
    )
    return ModelFile(f"ltx-2-19b-lora-camera-control-{move}.safetensors", "loras", repo, int(0.31 * GB))


CAMERAS: dict[str, ModelFile] = {move: _camera(move) for move in _CAMERA_MOVES}
NO_CAMERA = "none"


def _distilled(name: str, size_bytes: int, ram_gb: int) -> Model:
    return Model(
        name=name,
        checkpoint=ModelFile(f"{name}.safetensors", "checkpoints", "Lightricks/LTX-2", size_bytes),
        needs=(TEXT_ENCODER, UPSCALER),
        ram_gb=ram_gb,
        distilled=True,
        render_s=(45.0, 150.0),
        render_gpu="a 24-48 GB card",
        render_source="users' reports for clips of this size, not measured by the kit",
    )


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _distilled("ltx-2-19b-distilled", int(40.3 * GB), 90),
        _distilled("ltx-2-19b-distilled-fp8", int(25.2 * GB), 64),
    )
}

# Loading the model for the first clip of a night (source: users' reports, 2-3 minutes).
FIRST_LOAD_S = (120.0, 180.0)


def files_for(model: str, camera: str) -> tuple[ModelFile, ...]:
    """Every file that a scene with this model and camera needs on the server."""
    chosen = MODELS[model]
    lora = (CAMERAS[camera],) if camera in CAMERAS else ()
    return (chosen.checkpoint, *chosen.needs, *lora)
