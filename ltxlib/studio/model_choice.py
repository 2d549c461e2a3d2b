"""Which model files are wanted: those of a preset, of a model, or of what scenes.csv asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Alternative, Model, ModelFile
from ltxlib.core.explain import ways
from ltxlib.core.fitting import Advice, Fit, advise, fit
from ltxlib.errors import BadInput, PodError, StoreError
from ltxlib.hub.shelf import STAGING
from ltxlib.pod import machine
from ltxlib.store.files import write_json
from ltxlib.store.project import Project
from ltxlib.studio.check import check_project
from ltxlib.studio.models import files_of, models_folder, plan

PRESET, MODEL, SCENES = "preset", "model", "scenes"
_FILE = "choice.json"


@dataclass(frozen=True)
class Choice:
    """What films are to be made of. way: PRESET, MODEL or SCENES; name: of the preset or the model.

    cameras: moves whose LoRA is wanted besides. also: files of the catalog, taken instead of others.
    """

    way: str = PRESET
    name: str = "standard"
    cameras: tuple[str, ...] = ("static",)
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """The files of a choice. model: the one that was chosen, None for scenes.csv.

    unknown: files that workflows of the project name and the catalog does not know. instead: what may be
    taken instead of some of them, or of the model.
    """

    files: tuple[ModelFile, ...]
    model: Model | None = None
    unknown: tuple[str, ...] = ()
    instead: tuple[Alternative, ...] = ()


def model_of(choice: Choice) -> Model | None:
    """The model that a choice names; None for scenes.csv, or a name that nobody knows."""
    if choice.way == PRESET:
        return next((one.model for one in catalog.shipped().presets if one.name == choice.name), None)
    return catalog.KNOWN.get(choice.name) if choice.way == MODEL else None


def wanted(project: Project, choice: Choice) -> Wanted:
    """The files of a choice, each once. Raises BadInput: an unknown name, or a scenes.csv with mistakes."""
    known = catalog.shipped()
    also = tuple(known.files[name] for name in choice.also if name in known.files)
    if choice.way == SCENES:
        files, unknown = _of_scenes(project)
        instead = [known.instead_of(name) for name in unknown]
        return Wanted(_once(files, also), None, unknown, tuple(one for one in instead if one and one.file))
    files = files_of([choice.name], choice.cameras)
    model = model_of(choice)
    other = known.instead_of(model.name) if model and model.gated else None
    return Wanted(_once(files, also), model, (), (other,) if other else ())


def remember(models: Path, choice: Choice) -> None:
    """Write down what is being fetched into a models/ folder, so that it is gone on with after a restart."""
    with suppress(StoreError, OSError):
        # Without it somebody has to choose again, no more.
        write_json(models / STAGING / _FILE, asdict(choice))


def remembered(models: Path) -> Choice | None:
    """What was fetched last into this folder; None when nothing was, or what it was is not known any more."""
    try:
        told = json.loads((models / STAGING / _FILE).read_bytes())
        choice = Choice(
            str(told["way"]), str(told["name"]), *(tuple(map(str, told[key])) for key in ("cameras", "also"))
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return choice if choice.way == SCENES or model_of(choice) else None


def recommended(root: Path | None = None) -> tuple[Advice, dict[str, Fit]]:
    """The preset that suits this machine best, and how each model fits it, by its name."""
    ram = machine.memory_bytes(root or machine.ROOT)
    vram = max((card.vram_bytes for card in machine.cards() or ()), default=None)
    fits = {name: fit(model, vram, ram) for name, model in catalog.KNOWN.items()}
    return advise(catalog.shipped().presets, vram, ram), fits


def model_here() -> Model | None:
    """The first model whose files are all on this machine, the kit's standard one before others; None: no."""
    try:
        folder = models_folder()
        for model in catalog.MODELS.values():
            found = plan(files_of([model.name]), folder)
            if not found.missing and not found.misplaced:
                return model
    except PodError:
        return None
    return None


def _of_scenes(project: Project) -> tuple[list[ModelFile], tuple[str, ...]]:
    checked = check_project(project)
    if checked.errors:
        raise BadInput(
            "What scenes.csv needs cannot be told: there is something to mend in it.",
            checked.errors,
            cure="Mend it, or choose by preset or model meanwhile.",
        )
    found = ways(checked.plans, checked.workflows)
    unknown = dict.fromkeys(name for way in found for name in way.unknown_files)
    return [file for way in found for file in way.files], tuple(unknown)


def _once(*several: Iterable[ModelFile]) -> tuple[ModelFile, ...]:
    return tuple({file.name: file for files in several for file in files}.values())
