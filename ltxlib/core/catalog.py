"""The models the kit knows and the files each one needs, as `catalog.json` beside this module says.

The file is made to be extended; every figure in it has its source. Times are users' reports and are named
so where they are shown.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from ltxlib.core.catalog_parts import Catalog, Graph, Model, ModelFile
from ltxlib.core.catalog_reader import read_catalog
from ltxlib.core.columns import BY_NAME

__all__ = [
    "CAMERAS",
    "FIRST_LOAD_S",
    "GB",
    "KNOWN",
    "MODELS",
    "NO_CAMERA",
    "TEXT_ENCODER",
    "UPSCALER",
    "Catalog",
    "Graph",
    "Model",
    "ModelFile",
    "files_for",
    "shipped",
]

GB = 10**9
NO_CAMERA = "none"


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    """The catalog that lies in the package. Raises BadInput when somebody's change does not fit."""
    return read_catalog((resources.files(__package__) / "catalog.json").read_text("utf-8"))


def _need(model: Model, folder: str) -> ModelFile:
    return next(file for file in model.needs if file.folder == folder)


# Every model of the catalog, and those of them that a scene can name: the kit has a workflow for them.
KNOWN: dict[str, Model] = dict(shipped().models)
MODELS: dict[str, Model] = {name: model for name, model in KNOWN.items() if model.drivable}

_DEFAULT = MODELS[BY_NAME["model"].default]
TEXT_ENCODER = _need(_DEFAULT, "text_encoders")
UPSCALER = _need(_DEFAULT, "latent_upscale_models")
CAMERAS: dict[str, ModelFile] = dict(_DEFAULT.family.cameras)

# What loading the model adds to the first clip of a night, in seconds from best to worst.
FIRST_LOAD_S = shipped().first_load_s


def files_for(model: str, camera: str) -> tuple[ModelFile, ...]:
    """Every file that a scene with this model and camera needs on the server."""
    chosen = KNOWN[model]
    lora = chosen.family.cameras.get(camera)
    return (*chosen.files, lora) if lora else chosen.files
