"""Draft, pick, finish: many small first stages to choose from, and the chosen ones made whole.

Draft number n of a scene has the seed of its take number n, so a picked draft is finished by rendering that
very take. A draft belongs to its row as it was: when the row, its prompt or its workflow changes, drafts made
before are kept on disk and count no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ltxlib.comfy.backend import client_for
from ltxlib.core import roles
from ltxlib.core.draft import draft_of, plan_draft
from ltxlib.core.plan import Ingredients, RenderPlan, plan_take
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.scene import Scene
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.take import DRAFT, Take
from ltxlib.errors import BadInput, LtxlibError, WorkflowError
from ltxlib.store import takes as take_store
from ltxlib.store.picks import Pick, picks, write_pick
from ltxlib.store.project import Project, Shelf
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio.check import Checked, check_scenes
from ltxlib.studio.connect import Connection, address
from ltxlib.studio.job import BatchJob, checked_job

COUNT = 4
MOST = 24
_SHORT_S = 5.0
_NUMBER = re.compile(rf"{DRAFT}(\d+)-")


@dataclass(frozen=True)
class Listed:
    """One draft on disk: its record and clip, the take it is finished as, and how far that is.

    picked: it is to be finished. finished: its take is there, whole.
    """

    take: Take
    clip: Path
    pick: Pick
    picked: bool
    finished: bool


@dataclass(frozen=True)
class Gallery:
    """All that there is to choose from: the table, the drafts that belong to its rows as they are now.

    older: how many more there are on disk that belong to rows as they were.
    """

    checked: Checked
    drafts: tuple[Listed, ...]
    problems: tuple[Problem, ...]
    older: int = 0


def shelf_of(project: Project) -> Shelf:
    """Where drafts are picked from: the server's shelf; without one the film's, unless only that of
    the rehearsal has any.

    Never raises for a server that is away: people pick without one, too.
    """
    try:
        return project.set(rehearsal=client_for(address(project), timeout_s=_SHORT_S).rehearsal())
    except LtxlibError:
        film, rehearsed = project.set(rehearsal=False), project.set(rehearsal=True)
        return rehearsed if _has_drafts(rehearsed) and not _has_drafts(film) else film


def _has_drafts(shelf: Shelf) -> bool:
    return next(shelf.drafts.glob("*/*.json"), None) is not None


def check_drafts(
    project: Project, names: Sequence[str] = (), count: int = COUNT, scenes_csv: Path | None = None
) -> Checked:
    """Check the table for drafts of these scenes (all that are enabled when none is named).

    The result asks for takes 1 to `count` of those scenes and for no others. Raises BadInput when there is no
    table, or no such scene in it.
    """
    wanted = set(names)

    def chosen(scene: Scene) -> bool:
        return scene.scene in wanted if wanted else scene.enabled

    return _check(project, scenes_csv, wanted, lambda s: replace(s, enabled=chosen(s), takes=count))


def _check(
    project: Project, scenes_csv: Path | None, names: set[str], change: Callable[[Scene], Scene]
) -> Checked:
    """Check the table with its scenes changed first; names: scenes that must be in it."""
    path = scenes_csv or project.scenes_csv
    sheet = read_sheet(path)
    missing = sorted(names - {scene.scene for scene in sheet.scenes})
    if missing and not errors_in(sheet.problems):
        there = ", ".join(scene.scene for scene in sheet.scenes)
        raise BadInput(
            f"There is no scene named “{missing[0]}” in {path.name}.", cure=f"Those that are there: {there}."
        )
    return check_scenes(project, [change(scene) for scene in sheet.scenes], list(sheet.problems), path.name)


def draft_job(project: Project, connection: Connection, checked: Checked, *, named: bool) -> BatchJob:
    """A batch of the drafts of what was checked; named: whether a person named these very scenes.

    Scenes that have no draft are refused when they were named, else left out. Raises BadInput with everything
    that stands in the way.
    """
    checked.or_raise()
    plans: list[RenderPlan] = []
    refused: dict[str, Problem] = {}
    factors: dict[str, float | WorkflowError] = {}
    for plan in checked.plans:
        if plan.scene.scene not in factors:
            factors[plan.scene.scene] = _factor(plan, checked.workflows, connection.schema)
        factor = factors[plan.scene.scene]
        if isinstance(factor, WorkflowError):
            refused.setdefault(plan.scene.scene, Problem(_where(plan.scene), factor.message, factor.cure))
        else:
            plans.append(plan_draft(plan, factor))
    if refused and (named or not plans):
        raise BadInput("No draft was made.", list(refused.values()), cure="See what is said of each scene.")
    if not plans:
        raise BadInput("No scene is enabled, so there is nothing to draft.", cure="Name a scene.")
    return checked_job(BatchJob(project, connection, tuple(plans), checked.workflows))


def _where(scene: Scene) -> str:
    return f"scene {scene.scene}, row {scene.row}"


def _factor(
    plan: RenderPlan, workflows: Mapping[str, Mapping[str, Any]], schema: NodeSchema
) -> float | WorkflowError:
    """How many times larger the finished take is than its draft, or why there is no draft."""
    if plan.sources or plan.scene.smooth:
        how = "doubles its frames" if plan.scene.smooth else "starts from a take"
        return WorkflowError(
            f"This scene {how}; there are no drafts of that yet.", cure="Render takes instead."
        )
    values = {**plan.values, **plan.names, "filename_prefix": "draft"}
    try:
        return draft_of(roles.prepare(workflows[plan.workflow], schema, values), schema).factor
    except WorkflowError as error:
        return error


def with_picks(checked: Checked, shelf: Shelf) -> Checked:
    """The same check, asking for the takes of picked drafts in place of takes 1, 2, ... of their scenes.

    A pick whose scene has changed since counts no more and is named in a warning. Takes that other rows start
    from stay.
    """
    if checked.ingredients is None:
        return checked
    chosen = picks(shelf)
    begun = {source.key for plan in checked.plans for source in plan.sources.values()}
    plans: list[RenderPlan] = []
    problems = list(checked.problems)
    for scene in checked.scenes:
        if not scene.enabled:
            continue
        finishing: list[RenderPlan] = []
        for pick in chosen:
            if pick.scene != scene.scene:
                continue
            take = _take_of(pick.draft, scene, checked.ingredients)
            if take is None:
                problems.append(_stale(scene, pick))
            else:
                finishing.append(replace(take, from_draft=pick.draft))
        usual = [plan for plan in checked.plans if plan.scene.scene == scene.scene]
        finished = {plan.take_id for plan in finishing}
        kept = [plan for plan in usual if plan.key in begun and plan.take_id not in finished]
        plans += [*finishing, *kept] if finishing else usual
    before = checked.again
    again = (lambda other: with_picks(before(other), other)) if before else None
    return replace(checked, plans=tuple(plans), problems=tuple(problems), again=again)


def _take_of(draft_id: str, scene: Scene, ingredients: Ingredients) -> RenderPlan | None:
    """The take that a draft is finished as; None when the draft is not one of the scene as it is now."""
    number = _NUMBER.match(draft_id)
    if number is None:
        return None
    take = plan_take(scene, int(number[1]), ingredients)
    # How much smaller a draft is does not show in its id.
    return take if plan_draft(take, 2.0).take_id == draft_id else None


def _stale(scene: Scene, pick: Pick) -> Problem:
    return Problem(
        _where(scene),
        f"Its picked {draft_words(pick.draft)} was made before the row, its prompt or its workflow changed,"
        " so it counts no more.",
        "Make drafts anew and pick one, or change the row back.",
        warning=True,
    )


def draft_words(draft_id: str) -> str:
    """A draft as people call it: "draft 3"."""
    number = _NUMBER.match(draft_id)
    return f"draft {int(number[1])}" if number else draft_id


def check_finish(project: Project, shelf: Shelf, scenes_csv: Path | None = None) -> Checked:
    """Check the table for the picked drafts; the result asks for their takes and for no others.

    Scenes that are left out of the film are finished too, since somebody picked them. Raises BadInput when
    there is nothing to finish.
    """
    chosen = {pick.scene for pick in picks(shelf)}
    cure = "Make drafts, look at them and pick one: in notebook 02, or with ./kit draft and ./kit pick."
    if not chosen:
        raise BadInput("No draft is picked yet, so there is nothing to finish.", cure=cure)
    checked = _check(project, scenes_csv, set(), lambda s: replace(s, enabled=s.scene in chosen))
    checked = with_picks(checked, shelf)
    plans = tuple(plan for plan in checked.plans if plan.from_draft)
    gone = chosen - {scene.scene for scene in checked.scenes}
    problems = (*checked.problems, *(_gone(name) for name in sorted(gone)))
    if not plans and not checked.errors:
        raise BadInput("None of the picked drafts can be finished.", problems, cure=cure)
    return replace(checked, plans=plans, problems=problems)


def _gone(scene: str) -> Problem:
    what = "A draft of it is picked, but the table has no scene of this name any more."
    return Problem(f"scene {scene}", what, "Give the row its name back, or leave it be.", warning=True)


def gallery(project: Project, shelf: Shelf, scenes_csv: Path | None = None) -> Gallery:
    """The drafts of the table's scenes, in its order. Raises BadInput only when there is no table at all.

    While the table has errors no draft is shown: which of them fit cannot be told.
    """
    found, problems = take_store.load_drafts(shelf)
    has_some = {take.scene for take in found}
    checked = _check(
        project, scenes_csv, set(), lambda s: replace(s, enabled=s.enabled or s.scene in has_some)
    )
    if checked.errors:
        # A row that is left out of the film stops nothing, though it has drafts.
        checked = _check(project, scenes_csv, set(), lambda s: s)
    if checked.ingredients is None:
        return Gallery(checked, (), tuple(problems))
    order = {scene.scene: place for place, scene in enumerate(checked.scenes)}
    rows = {scene.scene: scene for scene in checked.scenes if scene.enabled}
    picked = {(pick.scene, pick.draft) for pick in picks(shelf)}
    shown = []
    for take in found:
        scene = rows.get(take.scene)
        plan = _take_of(take.take_id, scene, checked.ingredients) if scene else None
        if plan is not None:
            pick = Pick(take.scene, take.take_id, plan.take_id)
            clip = take_store.clip_path(shelf, take.scene, take.take_id)
            there = take_store.there(shelf, plan)
            shown.append(Listed(take, clip, pick, (take.scene, take.take_id) in picked, there))
    shown.sort(key=lambda one: (order[one.take.scene], one.take.take_no))
    return Gallery(checked, tuple(shown), tuple(problems), len(found) - len(shown))


def without_drafts(checked: Checked) -> set[str]:
    """The scenes of which there are no drafts, told without a server; where it cannot be told, there are."""
    known = shipped()
    answers: dict[tuple[str, bool], bool] = {}
    found = set()
    for plan in checked.plans:
        way = plan.workflow, plan.scene.audio
        if way not in answers:
            answers[way] = _refuses_drafts(plan, checked.workflows, known)
        if answers[way]:
            found.add(plan.scene.scene)
    return found


def _refuses_drafts(plan: RenderPlan, workflows: Mapping[str, Mapping[str, Any]], schema: NodeSchema) -> bool:
    if plan.sources or plan.scene.smooth:
        return True
    values = {**plan.values, **plan.names, "filename_prefix": "draft"}
    try:
        graph = roles.prepare(workflows[plan.workflow], schema, values)
    except WorkflowError:
        # It may hold nodes that only its own server knows.
        return False
    try:
        draft_of(graph, schema)
    except WorkflowError:
        return True
    return False


def find(shown: Sequence[Listed], scene: str, word: str) -> Listed:
    """The draft of a scene that a person names by number ("3") or id. Raises BadInput when there is none."""
    of_scene = [one for one in shown if one.take.scene == scene]
    for one in of_scene:
        if word in (one.take.take_id, str(one.take.take_no), one.take.take_id.partition("-")[0]):
            return one
    there = ", ".join(str(one.take.take_no) for one in of_scene)
    raise BadInput(
        f"There is no draft {word} of {scene} as the scene is now.",
        cure=f"Drafts that are there: {there}." if there else f"Make some: ./kit draft {scene}",
    )


def choose(shelf: Shelf, one: Listed, *, picked: bool) -> None:
    """Write down that a draft is picked, or is not any more."""
    write_pick(shelf, one.pick, picked=picked)
