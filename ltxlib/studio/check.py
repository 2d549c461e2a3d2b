"""Everything that can be known to be wrong before a minute is paid for, in one list."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.core import prompts, workflow
from ltxlib.core.plan import Ingredients, RenderPlan, plan_takes, workflow_for
from ltxlib.core.problem import Problem, as_warnings, errors_in
from ltxlib.core.scene import Scene
from ltxlib.errors import BadInput, ClipUnreadable, StoreError, WorkflowError
from ltxlib.media.still import image_size
from ltxlib.store.files import inside, sha256_of
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import read_sheet

_ROW = re.compile(r" row (\d+)")


@dataclass(frozen=True)
class Checked:
    """What a check found: the scenes, the takes they ask for (none when there are errors), the problems.

    ingredients: what more takes of the enabled scenes can be planned from; None when there are errors.
    """

    scenes: tuple[Scene, ...]
    plans: tuple[RenderPlan, ...]
    problems: tuple[Problem, ...]
    workflows: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    ingredients: Ingredients | None = None

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
    path = inside(project.workflows, name)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowError(
            f"The workflow {name} cannot be read.", cure="Run ./kit workflows build to write it again."
        ) from error
    return workflow.load(text, name)


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
    workflows, hashes = {}, {}
    for name in sorted({workflow_for(scene) for scene in scenes if scene.enabled}):
        try:
            workflows[name] = read_workflow(project, name)
            hashes[name] = workflow.content_sha256(workflows[name])
        except WorkflowError as error:
            problems.append(Problem(f"workflows/{name}", error.message, error.cure))
    ingredients = None if errors_in(problems) else Ingredients(texts, hashes, images)
    plans = plan_takes(scenes, ingredients) if ingredients else []
    return Checked(tuple(scenes), tuple(plans), tuple(sorted(problems, key=_row)), workflows, ingredients)


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
