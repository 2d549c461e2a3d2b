"""What to say of a choice that a server does not offer: a file it lacks, or a setting it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import ModelFile

# Where a loader's file belongs, for the cure; folders under ComfyUI's models/.
FOLDERS = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "text_encoder": "text_encoders",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
    "model_name": "latent_upscale_models",
}


def is_file(name: str, value: Any) -> bool:
    """Whether an input chooses a file: by the input's name, or because the value has an ending."""
    return name in FOLDERS or PurePosixPath(str(value)).suffix.lower() in (
        ".safetensors",
        ".sft",
        ".gguf",
        ".ckpt",
        ".pt",
        ".pth",
        ".bin",
    )


def told(name: str, value: Any, offered: Sequence[Any] | None) -> tuple[str, str]:
    """What is wrong and its cure, for a value that an input of this name does not offer."""
    choices = [str(choice) for choice in offered or ()]
    if is_file(name, value) or "." in str(value):
        return f'asks for the file {value} at "{name}", which this ComfyUI does not have.', _get(
            name, str(value), choices
        )
    shown = ", ".join(choices[:8]) + (" ..." if len(choices) > 8 else "")
    return f'has {value!r} at "{name}", which is not on offer.', f"Choose one of: {shown}."


def _get(name: str, value: str, choices: Sequence[str]) -> str:
    file = _basename(value)
    elsewhere = next((choice for choice in choices if _basename(choice) == file), None)
    if elsewhere is not None:
        return f"It is there as {elsewhere}: choose that."
    instead = catalog.shipped().instead_of(value)
    if instead is not None and instead.file is not None:
        place = f"models/{instead.file.folder} on the server{_source(instead.file)}"
        return f"{instead.says} Put it into {place}."
    known = catalog.shipped().files.get(file)
    folder = known.folder if known else FOLDERS.get(name)
    place = f"models/{folder} on the server" if folder else "its folder on the server"
    stems = {_stem(choice): choice for choice in choices}
    likely = difflib.get_close_matches(_stem(value), stems, 3, 0.7)
    near = [stems[stem] for stem in likely] or list(choices[:3])
    there = f", or choose one that is there: {', '.join(near)}" if near else ""
    return f"Put it into {place}{_source(known) if known else ''}{there}."


def _basename(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _stem(path: str) -> str:
    return _basename(path).rpartition(".")[0] or path


def _source(file: ModelFile) -> str:
    size = f"{file.size_bytes / catalog.GB:.1f} GB, " if file.size_bytes else ""
    gated = (
        ", which gives it only to those who are logged in and have agreed to its terms" if file.gated else ""
    )
    return f" ({size}{file.path or file.name} of {file.hf_repo} on Hugging Face{gated})"
