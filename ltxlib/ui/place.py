"""Which server and which half of production/ a panel stands before: the pod's, or the rehearsal's."""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.comfy.backend import client_for
from ltxlib.core.plan import RenderPlan
from ltxlib.errors import BadInput, LtxlibError
from ltxlib.store import takes as take_store
from ltxlib.store.project import Project, Shelf
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio.connect import address

SHORT_S = 5.0


@dataclass(frozen=True)
class Place:
    """Where work would go: the shelf, whether a server answers, and what kept it from answering."""

    url: str
    answers: bool
    shelf: Shelf
    says: str = ""
    cure: str = ""

    @property
    def rehearsal(self) -> bool:
        """Whether all that is shown here is stand-ins."""
        return self.shelf.rehearsal


def look(project: Project) -> Place:
    """Ask the server what it is; without one: the film's shelf, or the rehearsal's if only that holds takes.

    Never raises for a server that is away: people look at takes and films without one, too.
    """
    url = address(project)
    try:
        rehearsal = client_for(url, timeout_s=SHORT_S).rehearsal()
        return Place(url, True, project.set(rehearsal=rehearsal))
    except LtxlibError as error:
        film, rehearsed = project.set(rehearsal=False), project.set(rehearsal=True)
        shelf = rehearsed if _holds_takes(rehearsed) and not _holds_takes(film) else film
        return Place(url, False, shelf, error.message, error.cure)


def _holds_takes(shelf: Shelf) -> bool:
    return next(shelf.takes.glob("*/*.json"), None) is not None


def scene_order(project: Project, scenes_csv: str = "") -> list[str]:
    """The film's scenes in the order of the file, left-out ones not; none when there is no table to read."""
    path = project.root / scenes_csv if scenes_csv else project.scenes_csv
    try:
        return [scene.scene for scene in read_sheet(path).scenes if scene.enabled]
    except BadInput:
        return []


def is_there(shelf: Shelf, plan: RenderPlan, ladder: bool = True) -> bool:
    """Whether the take of a plan is on disk, whole; with the ladder, one made with less memory counts too."""
    return take_store.there(shelf, plan, ladder)
