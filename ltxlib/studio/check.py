"""Everything that can be known to be wrong before a minute is paid for, in one list."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.core import catalog, enhance, own, prompts, workflow
from ltxlib.core.flatten import unknown_nodes
from ltxlib.core.parsing import refuse_size
from ltxlib.core.plan import WORKFLOWS, Ingredients, RenderPlan, plan_takes, row_values, workflow_for
from ltxlib.core.problem import Problem, as_warnings, errors_in
from ltxlib.core.scene import Scene
from ltxlib.core.schema import shipped
from ltxlib.errors import BadInput, ClipUnreadable, StoreError, WorkflowError
from ltxlib.media.still import image_size
from ltxlib.store.files import inside, sha256_of
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio import instructions

_ROW = re.compile(r" row (\d+)")


@dataclass(frozen=True)
class Checked:
    """What a check found: the scenes, the takes they ask for (none when there are errors), the problems."""

    scenes: tuple[Scene, ...]
    plans: tuple[RenderPlan, ...]
    problems: tuple[Problem, ...]
    workflows: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a render."""
        return errors_in(self.problems)

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


def check_project(project: Project, scenes_csv: Path | None = None) -> Checked:
    """Check scenes.csv and all it names. Raises BadInput only when there is no table at all."""
    path = scenes_csv or project.scenes_csv
    sheet = read_sheet(path)
    return check_scenes(project, list(sheet.scenes), list(sheet.problems), path.name)


def check_scenes(project: Project, scenes: list[Scene], problems: list[Problem], file: str) -> Checked:
    """Check scenes that were read already, with the problems found so far."""
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
    offers = {
        scene.workflow: own.offered(workflows[scene.workflow])
        for scene in enabled
        if scene.workflow in workflows
    }
    for scene in enabled:
        if scene.workflow in workflows:
            values = row_values(scene, 0, texts[scene.scene])
            problems += own.problems(scene, workflows[scene.workflow], values, f"{file} row {scene.row}")
    told = _instructions(project, scenes, problems)
    known = Ingredients(texts, hashes, images, offers, told)
    plans = [] if errors_in(problems) else plan_takes(scenes, known)
    problems += _own_problems(plans, workflows, file)
    if errors_in(problems):
        plans = []
    return Checked(tuple(scenes), tuple(plans), tuple(sorted(problems, key=_row)), workflows)


def _own_problems(plans: list[RenderPlan], workflows: Mapping[str, Any], file: str) -> list[Problem]:
    """What comes to light when the creator's own graphs are filled in, once a row; no server is asked."""
    problems = []
    for plan in plans:
        graph = workflows[plan.workflow]
        if not plan.scene.workflow or plan.take_no > 1 or unknown_nodes(graph, shipped()):
            continue
        pictures = {key: plan.picture(key) for key in plan.pictures}
        values = {**plan.values, **pictures, "filename_prefix": plan.prefix("checked")}
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
