"""The model that the film's scenes name, and the one that suits this machine: one written for the other."""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Model
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import edit_scene
from ltxlib.studio import models
from ltxlib.studio.check import check_project
from ltxlib.studio.model_choice import model_here, recommended


@dataclass(frozen=True)
class Swap:
    """Scenes that would be made by another model. old: the models they name now; why: a sentence.

    here: whether all files of the new one are on this machine.
    """

    scenes: tuple[str, ...]
    old: tuple[str, ...]
    new: Model
    why: str
    here: bool

    @property
    def asks(self) -> str:
        """What is to be agreed to."""
        rows = f"{len(self.scenes)} row{'s' if len(self.scenes) > 1 else ''}"
        return (
            f"In scenes.csv, {rows} get {self.new.name} in the column model, "
            f"in place of {', '.join(self.old)}. Takes that were made stay; these scenes are made anew."
        )


def swap(project: Project) -> Swap | None:
    """What may be written into scenes.csv, where its scenes name a model that is not here.

    Only a model that is driven in the same way takes the place of another, so no cell but `model` changes.
    None where nothing is to be done or nothing better is known. Raises PodError without a ComfyUI here.
    """
    scenes = [scene for scene in check_project(project).scenes if scene.enabled]
    named = {name: catalog.MODELS[name] for name in dict.fromkeys(scene.model for scene in scenes)}
    folder = models.models_folder()
    lacking = {name for name in named if models.plan(models.files_of([name]), folder).missing}
    for suits in (_here, _recommended):
        found = suits(lacking) if lacking else None
        if found is None:
            continue
        new, why = found
        rows = [one for one in scenes if one.model in lacking and _alike(named[one.model], new)]
        if rows:
            old = dict.fromkeys(row.model for row in rows)
            return Swap(tuple(row.scene for row in rows), tuple(old), new, why, suits is _here)
    return None


def write(project: Project, found: Swap) -> str:
    """Writes it, row by row, so that the next run goes on after a cut. Raises BadInput, StoreError."""
    for scene in found.scenes:
        edit_scene(project.scenes_csv, scene, {"model": found.new.name})
    return f"{len(found.scenes)} scenes are made with {found.new.name} now."


def offered(project: Project) -> Swap | None:
    """As `swap`, and None also where scenes.csv or the machine cannot be read."""
    try:
        return swap(project)
    except LtxlibError:
        return None


def _here(_lacking: set[str]) -> tuple[Model, str] | None:
    model = model_here()
    return (model, f"{model.name} is here.") if model else None


def _recommended(lacking: set[str]) -> tuple[Model, str] | None:
    advice, fits = recommended()
    if advice.preset is None or all(fits[name].fits for name in lacking):
        return None
    lacks = "; ".join(lack for name in sorted(lacking) for lack in fits[name].lacks)
    new = advice.preset.model
    return new, f"It does not fit this machine ({lacks}); {new.name} does."


def _alike(one: Model, other: Model) -> bool:
    """Whether a row stays legal and means the same when the one takes the other's place."""
    return one is not other and (one.graph, one.family, one.distilled) == (
        other.graph,
        other.family,
        other.distilled,
    )
