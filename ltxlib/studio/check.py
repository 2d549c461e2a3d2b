"""Everything that can be known to be wrong before a minute is paid for, in one list."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ltxlib.core import catalog, enhance, ladder, own, prompts, reach, sources, workflow
from ltxlib.core.flatten import unknown_nodes
from ltxlib.core.parsing import refuse_size
from ltxlib.core.plan import WORKFLOWS, Ingredients, RenderPlan, plan_takes, row_values, workflow_for
from ltxlib.core.problem import Problem, as_warnings, errors_in
from ltxlib.core.scene import Scene
from ltxlib.core.schema import shipped
from ltxlib.errors import BadInput, ClipUnreadable, StoreError, WorkflowError
from ltxlib.media.still import image_size
from ltxlib.store.files import inside, sha256_of
from ltxlib.store.project import Project, Shelf
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio import chain, instructions

_ROW = re.compile(r" row (\d+)")


@dataclass(frozen=True)
class Checked:
    """What a check found: the scenes, the takes they ask for (none when there are errors), the problems.

    ingredients: what more takes of the enabled scenes can be planned from; None when there are errors.
    shelf, again: where takes to start from were looked for, and the same check on another shelf; None when no
    scene starts from a take, so that every shelf is alike.
    """

    scenes: tuple[Scene, ...]
    plans: tuple[RenderPlan, ...]
    problems: tuple[Problem, ...]
    workflows: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    ingredients: Ingredients | None = None
    shelf: Shelf | None = None
    again: Callable[[Shelf], Checked] | None = None

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a render."""
        return errors_in(self.problems)

    def on(self, shelf: Shelf) -> Checked:
        """The same for the takes of this shelf: which ones are kept decides what scenes start from."""
        return self if self.again is None or self.shelf == shelf else self.again(shelf)

    def or_raise(self) -> Checked:
        """The same, or BadInput with all problems when something stops a render."""
        if self.errors:
            count = len(self.errors)
            what = "one problem" if count == 1 else f"{count} problems"
            raise BadInput(
                f"Nothing was rendered: there {'is' if count == 1 else 'are'} {what} to mend.", self.errors
            )
        return self


def read_library(folder: Path) -> tuple[dict[str, prompts.PromptEntry], list[Problem]]:
    """The prompt library in a folder, and what is wrong with it."""
    texts, problems = {}, []
    for path in sorted(folder.glob("*.md")):
        try:
            texts[path.name] = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            problems.append(
                Problem(f"prompts/{path.name}", "The file cannot be read.", "Save it as plain UTF-8 text.")
            )
    library, found = prompts.parse_library(texts)
    return library, problems + found


def read_workflow(project: Project, name: str) -> dict[str, Any]:
    """One workflow file of the project. Raises WorkflowError."""
    path = inside(project.workflows, *name.split("/"))
    try:
        refuse_size(path.stat().st_size, name)
        data = path.read_bytes()
    except OSError as error:
        if name in WORKFLOWS.values():
            cure = "Run ./kit workflows build to write it again."
        else:
            cure = "Save it from ComfyUI into the folder workflows/, or mend the name."
        raise WorkflowError(f"The workflow {name} cannot be read.", cure=cure) from error
    return workflow.load_bytes(data, name)


def check_project(project: Project, scenes_csv: Path | None = None, *, shelf: Shelf | None = None) -> Checked:
    """Check scenes.csv and all it names. Raises BadInput only when there is no table at all.

    shelf: where takes to start from lie; by default where the kit would put takes now.
    """
    path = scenes_csv or project.scenes_csv
    sheet = read_sheet(path)
    return check_scenes(project, list(sheet.scenes), list(sheet.problems), path.name, shelf=shelf)


def check_scenes(
    project: Project, scenes: list[Scene], problems: list[Problem], file: str, *, shelf: Shelf | None = None
) -> Checked:
    """Check scenes that were read already, with the problems found so far."""
    if not any(scene.sources for scene in scenes if scene.enabled):
        return _check(project, scenes, problems, file, None)

    def on(other: Shelf) -> Checked:
        return replace(_check(project, scenes, problems, file, other), shelf=other, again=on)

    return on(shelf or chain.likely_shelf(project))


def _check(
    project: Project, scenes: list[Scene], problems: list[Problem], file: str, shelf: Shelf | None
) -> Checked:
    library, found = read_library(project.prompts)
    problems = problems + found
    texts: dict[str, str] = {}
    images: dict[str, str] = {}
    for scene in scenes:
        where = f"{file} row {scene.row}, column prompt"
        texts[scene.scene], found = prompts.resolve(scene.prompt, library, where)
        if not found:
            found += prompts.check_prompt(texts[scene.scene], where, from_image=scene.from_image)
        for column, image in scene.pictures.items():
            if image not in images:
                found += _image(project, image, f"{file} row {scene.row}, column {column}", images)
        problems += found if scene.enabled else as_warnings(found)
    problems += [_gated(name, file) for name in _gated_models(scenes)]
    begun = chain.resolve(shelf, scenes, file) if shelf else sources.Resolved(tuple(scenes), {}, ())
    problems += begun.problems
    for scene in begun.scenes:
        problems += reach.check_reach(scene, f"{file} row {scene.row}") if scene.enabled else []
    workflows, hashes = {}, {}
    enabled = [scene for scene in scenes if scene.enabled]
    # A graph that several rows name is read once, and told of at the first of them.
    for name, scene in {workflow_for(scene): scene for scene in reversed(enabled)}.items():
        try:
            workflows[name] = read_workflow(project, name)
            hashes[name] = workflow.content_sha256(workflows[name])
        except (WorkflowError, StoreError) as error:
            place = f"{file} row {scene.row}, column workflow" if scene.workflow else f"workflows/{name}"
            problems.append(Problem(place, error.message, error.cure))
    problems += _own_rows(enabled, workflows, texts, file)
    offers = {
        scene.workflow: own.offered(workflows[scene.workflow])
        for scene in enabled
        if scene.workflow in workflows
    }
    told = _instructions(project, scenes, problems)
    plans: list[RenderPlan] = []
    ingredients = Ingredients(texts, hashes, images, offers, told, begun.refs, begun.rejected)
    if not errors_in(problems):
        plans = plan_takes(list(begun.scenes), ingredients)
        used = {plan.scene.scene: plan.sources for plan in plans}
        problems += sources.check_planned(begun.scenes, begun, used, file)
        problems += _own_problems(plans, workflows, file)
        workflows |= _spare(project, plans)
    wrong = bool(errors_in(problems))
    return Checked(
        begun.scenes,
        () if wrong else tuple(plans),
        tuple(sorted(problems, key=_row)),
        workflows,
        None if wrong else ingredients,
    )


def _spare(project: Project, plans: list[RenderPlan]) -> dict[str, Any]:
    """The workflows that takes fall back on when memory runs out; one that cannot be read is done without."""
    spare = {}
    for name in sorted(ladder.workflows_for(plans)):
        with suppress(WorkflowError, StoreError):
            spare[name] = read_workflow(project, name)
    return spare


def _own_rows(
    enabled: list[Scene], workflows: Mapping[str, Any], texts: Mapping[str, str], file: str
) -> list[Problem]:
    """What rows want of their own graphs that those have no tag for."""
    problems = []
    for scene in enabled:
        if scene.workflow in workflows:
            values = row_values(scene, 0, texts[scene.scene])
            problems += own.problems(scene, workflows[scene.workflow], values, f"{file} row {scene.row}")
    return problems


def _own_problems(plans: list[RenderPlan], workflows: Mapping[str, Any], file: str) -> list[Problem]:
    """What comes to light when the creator's own graphs are filled in, once a row; no server is asked."""
    problems = []
    for plan in plans:
        graph = workflows[plan.workflow]
        if not plan.scene.workflow or plan.take_no > 1 or unknown_nodes(graph, shipped()):
            continue
        values = {**plan.values, **plan.names, "filename_prefix": plan.prefix("checked")}
        where = f"{file} row {plan.scene.row}"
        problems += own.rehearse(plan.scene, graph, values, shipped(), where)
    return problems


def _gated_models(scenes: list[Scene]) -> list[str]:
    """Models of enabled scenes whose files are not given to everybody, each once."""
    names = dict.fromkeys(scene.model for scene in scenes if scene.enabled)
    return [name for name in names if catalog.KNOWN[name].gated]


def _gated(name: str, file: str) -> Problem:
    """What to do once before such a model's files can be brought; no fault, but nothing comes without it."""
    repo = catalog.KNOWN[name].gated[0].hf_repo
    return Problem(
        f"{file}, model {name}",
        f"Its files are gated: Hugging Face gives them only to those who agreed to {repo}'s terms.",
        f"Unless they are on the pod: agree at https://huggingface.co/{repo}, then log in (hf auth login).",
        warning=True,
    )


def _instructions(project: Project, scenes: list[Scene], problems: list[Problem]) -> dict[str, str]:
    """What the text encoder is told, file by file, as far as scenes have it write their prompts out."""
    told: dict[str, str] = {}
    for name in sorted({enhance.file_for(scene) for scene in scenes if scene.enabled and scene.enhance}):
        try:
            told[name] = instructions.read(project, name)
        except StoreError as error:
            problems.append(Problem(f"prompts/{enhance.FOLDER}/{name}", error.message, error.cure))
    return told


def _row(problem: Problem) -> int:
    """The row a problem stands in, so that a report is read from top to bottom; other files come last."""
    found = _ROW.search(problem.where)
    return int(found[1]) if found else sys.maxsize


def _image(project: Project, image: str, where: str, images: dict[str, str]) -> list[Problem]:
    try:
        path = inside(project.images, *image.split("/"))
        if not path.is_file():
            return [
                Problem(
                    where,
                    f"There is no {image} in the images folder.",
                    "Copy it there, or mend the name.",
                )
            ]
        image_size(path)
        images[image] = sha256_of(path)
    except (StoreError, ClipUnreadable) as error:
        return [Problem(where, error.message, error.cure)]
    return []
