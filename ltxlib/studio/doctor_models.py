"""The doctor's look at the model files that the scenes want: there, whole, in their folder, to be had."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ltxlib.core.fitting import GB
from ltxlib.errors import HubError, LtxlibError
from ltxlib.hub import asking
from ltxlib.store.project import Project
from ltxlib.studio import film_model, models
from ltxlib.studio.curing import FILM_MODEL, MOVE
from ltxlib.studio.setup import GREEN, RED, Line, wanted_models


def lines(project: Project) -> Iterator[Line]:
    """Every line about model files; none where there is no ComfyUI for them."""
    try:
        folder = models.models_folder()
        names = [model.name for model in wanted_models(project)]
        plan = models.plan(models.files_of(names), folder)
    except LtxlibError:
        return
    if plan.misplaced:
        told = ", ".join(
            f"{one.file.name} (in {one.lies.parent.name}/, belongs in {one.file.folder}/)"
            for one in plan.misplaced
            if one.lies
        )
        says = f"In a folder where ComfyUI does not look: {told}."
        yield Line("Model folders", RED, says, "They only have to be moved to where it looks.", MOVE)
    if plan.missing:
        other = film_model.offered(project)
        yield _other(other) if other else _missing(plan, names)
        yield from _gated(plan)
    elif not plan.misplaced:
        says = f"All {len(plan.found)} files are there, {plan.total_bytes / GB:.0f} GB."
        yield Line("Model files", GREEN, says)


def _missing(plan: models.ModelsPlan, names: list[str]) -> Line:
    """What is to be fetched."""
    told = ", ".join(f"{one.file.name} ({one.state})" for one in plan.missing)
    says = f"{told}; {plan.left_bytes / GB:.1f} GB are still to be fetched."
    room = "" if plan.fits else " The disk has too little room for them."
    cure = f"“Model files” in notebook 01 brings them; or type ./kit models {' '.join(names)} --fetch."
    return Line("Model files", RED, f"{says}{room}", cure)


def _other(found: film_model.Swap) -> Line:
    """That another model does, in place of the one that is not here."""
    says = f"Scenes ask for {', '.join(found.old)}, whose files are not all here. {found.why}"
    new = found.new.name
    cure = f"“Model files” in notebook 01 brings {new}; or type ./kit models {new} --fetch."
    return Line("Model files", RED, says, "" if found.here else cure, FILM_MODEL)


def _gated(plan: models.ModelsPlan) -> Iterator[Line]:
    """Whether files that are given only to those who agreed to terms can be had; asks for one of them."""
    gated = [one.file for one in plan.missing if one.file.gated]
    if not gated:
        return
    file, token = gated[0], asking.kept_token()
    if not token:
        # Known without asking anybody.
        says = f"{file.hf_repo} gives its files only to those who are logged in and have agreed to its terms."
        cure = f"Open {asking.page_of(file)}, log in and press Agree; make a token of type Read at"
        yield Line("Hugging Face", RED, says, f"{cure} {asking.TOKENS_PAGE} and paste it in “Model files”.")
        return
    try:
        asking.ask(file, token, os.environ.get("HF_ENDPOINT") or None)
    except HubError as error:
        yield Line("Hugging Face", RED, error.message, error.cure)
    else:
        yield Line("Hugging Face", GREEN, f"{file.hf_repo} lets this token have its files.")
