"""Fetching model files as a job, and what the night says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import Cancelled, LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio import models
from ltxlib.studio.fetch_state import FetchState
from ltxlib.studio.model_choice import PRESET, SCENES, Choice, recommended, wanted
from ltxlib.ui import models_words
from ltxlib.ui.job import Job
from ltxlib.ui.models_access import let_go, token_of


def models_by_night(project: Project) -> None:
    """Say which model files are here and which are missing; nothing is fetched, nothing is raised."""
    try:
        folder = models.models_folder()
        plan = models.plan(_told(project), folder)
    except LtxlibError as error:
        print(f"Model files: {error}")
        return
    for one in plan.found:
        print(f"{models_words.state_text(one)[0]:>28}  {one.file.folder}/{one.file.name}")
    if plan.missing:
        size = models_words.amount(plan.left_bytes)
        print(f"{size} are still to be fetched: in this notebook, in a browser, or by ./kit models --fetch.")


def _told(project: Project) -> tuple[ModelFile, ...]:
    """What the night says the state of: what scenes.csv needs, or the preset that suits the machine."""
    try:
        found = wanted(project, Choice(SCENES)).files
    except LtxlibError:
        found = ()
    if found:
        return found
    best = recommended()[0].preset
    return wanted(project, Choice(PRESET, best.name if best else "standard")).files


@dataclass
class Fetching:
    """What the download's job tells. plan: what it fetches; drop: its parts are to be thrown away at the
    end."""

    plan: models.ModelsPlan
    now: FetchState | None = None
    drop: bool = False
    dropped_bytes: int = 0

    def apply(self, state: FetchState) -> None:
        """Take in how far it is."""
        self.now = state


def fetch_work(project: Path, files: tuple[ModelFile, ...], folder: Path) -> Callable[[Job], None]:
    """The job that fetches files; the token is looked up when it begins, never part of the job."""

    def work(job: Job) -> None:
        plan = models.plan(files, folder)
        try:
            models.fetch_all(plan, token=token_of(project), on_progress=job.tell, cancel=job.cancel)
            let_go(project)
        except Cancelled:
            if job.state.drop:
                job.state.dropped_bytes = models.forget(plan)
            raise

    return work
