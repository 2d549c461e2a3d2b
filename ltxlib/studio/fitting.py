"""What a server can do of what scenes.csv asks for: its specials as wanted, else plainly, else not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ltxlib.core import specials, variants
from ltxlib.core.plan import RenderPlan, workflow_for
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.scene import Scene
from ltxlib.store.project import Project
from ltxlib.studio.check import Checked, check_scenes
from ltxlib.studio.connect import Connection

FILE = "scenes.csv"


def fit(project: Project, connection: Connection, checked: Checked) -> tuple[Checked, list[Problem]]:
    """The same takes as the server can make them, and what is to be said about it.

    A scene whose special the server has no nodes for is planned anew without it, so its takes are those of
    the plain scene; each plan says what it stands for. A scene that cannot be made so is an error.
    """
    instead: dict[str, str] = {}
    scenes: list[Scene] = []
    problems: list[Problem] = []
    for scene in checked.scenes:
        wanted, plain = workflow_for(scene), specials.plainly(scene)
        if scene.enabled and specials.needs_pack(wanted) and wanted in checked.workflows:
            lacks = variants.missing_classes(checked.workflows[wanted], connection.schema)
            if lacks:
                problems.append(_said(scene, plain, sorted(lacks)))
            if lacks and plain:
                instead[scene.scene], scene = wanted, plain
        scenes.append(scene)
    if not instead or errors_in(problems):
        return checked, problems
    again = check_scenes(project, scenes, [], FILE, shelf=connection.shelf)
    return replace(again, plans=tuple(_merged(checked, again, instead))), problems


def _merged(checked: Checked, again: Checked, instead: Mapping[str, str]) -> Iterator[RenderPlan]:
    """The new plans, each with what it stands for; where drafts were picked their takes stay as they are."""
    picked = {plan.scene.scene for plan in checked.plans if plan.from_draft} - set(instead)
    for scene in again.scenes:
        plans = checked.plans if scene.scene in picked else again.plans
        for plan in plans:
            if plan.scene.scene == scene.scene:
                yield replace(plan, instead_of=instead.get(scene.scene, ""))


def _said(scene: Scene, plain: Scene | None, lacks: list[str]) -> Problem:
    by_mode = scene.special == specials.NONE
    where = f"{FILE} row {scene.row}, column {'mode' if by_mode else 'special'}"
    what = f"This ComfyUI lacks {', '.join(lacks)} of {specials.PACK}, so {scene.scene} "
    if plain is None:
        shorter = "" if by_mode else " Or ask for 20 seconds at most, which core nodes make."
        return Problem(where, f"{what}cannot be made.", specials.GET_PACK + shorter)
    what += f"is made plainly, by {workflow_for(plain)} instead of {workflow_for(scene)}."
    return Problem(where, what, f"To have it as asked: {specials.GET_PACK}", warning=True)
