"""What a batch is about to do, and everything the server would refuse of it, known before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ltxlib.comfy.client import ComfyClient
from ltxlib.core import check, roles
from ltxlib.core.draft import draft_of
from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import BadInput, WorkflowError
from ltxlib.store import enhanced
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import enhancing, fitting
from ltxlib.studio.check import Checked
from ltxlib.studio.connect import Connection

REFUSED = "Nothing was rendered: the server cannot make these scenes yet."


@dataclass(frozen=True)
class BatchJob:
    """Everything a batch needs; made by `job_for`, which finds all mistakes first."""

    project: Project
    connection: Connection
    plans: tuple[RenderPlan, ...]
    workflows: Mapping[str, dict[str, Any]]
    # How long a server that went away is waited for before the batch gives up.
    patience_s: float = 120.0
    # What is made otherwise than the table asks, because the server cannot do it so.
    notes: tuple[Problem, ...] = ()

    @property
    def shelf(self) -> Shelf:
        """Where the takes go."""
        return self.connection.shelf

    @property
    def client(self) -> ComfyClient:
        """The server."""
        return self.connection.client

    @property
    def schema(self) -> NodeSchema:
        """What the server can do."""
        return self.connection.schema

    def written_out(self, plan: RenderPlan) -> str:
        """The prompt as the text encoder wrote it out; empty when the plan's own is filmed."""
        if not plan.enhance_key:
            return ""
        return enhanced.read(self.shelf, plan.scene.scene, plan.enhance_key) or ""

    def graph(self, plan: RenderPlan, prompt_id: str, pictures: Mapping[str, str]) -> dict[str, Any]:
        """The API graph of a plan, as it is posted. pictures: their names on the server, by value."""
        values = {**plan.values, **pictures, "filename_prefix": plan.prefix(prompt_id)}
        written = self.written_out(plan)
        if written:
            values["prompt"] = written
        graph = roles.prepare(self.workflows[plan.workflow], self.schema, values)
        return draft_of(graph, self.schema).graph if plan.draft else graph


def job_for(project: Project, connection: Connection, checked: Checked) -> BatchJob:
    """A batch over what was checked. Raises BadInput with everything the server would refuse."""
    checked = checked.on(connection.shelf).or_raise()
    checked, notes = fitting.fit(project, connection, checked)
    checked.or_raise()
    if errors_in(notes):
        raise BadInput(REFUSED, errors_in(notes))
    return checked_job(BatchJob(project, connection, checked.plans, checked.workflows, notes=tuple(notes)))


def checked_job(job: BatchJob) -> BatchJob:
    """The same job. Raises BadInput with everything the server would refuse of it."""
    problems = [*check_graphs(job), *enhancing.check_writing(job)]
    if errors_in(problems):
        raise BadInput(REFUSED, errors_in(problems))
    return job


def check_graphs(job: BatchJob) -> list[Problem]:
    """What the server lacks for these plans, each thing said once."""
    problems: dict[tuple[str, str], Problem] = {}
    lacking = {name: check.check_classes(graph, job.schema) for name, graph in job.workflows.items()}
    for plan in job.plans:
        for problem in lacking[plan.workflow]:
            place = f"{plan.workflow}: {problem.where}"
            problems.setdefault((place, problem.what), replace(problem, where=place))
        if lacking[plan.workflow]:
            continue
        try:
            graph = job.graph(plan, "check", plan.names)
        except WorkflowError as error:
            problems.setdefault(
                (plan.workflow, error.message), Problem(plan.workflow, error.message, error.cure)
            )
            continue
        for problem in check.check_graph(graph, job.schema):
            # The kit's own graphs are known by their nodes; of a person's many graphs the right one is named.
            place = f"{plan.workflow}: {problem.where}" if plan.scene.workflow else problem.where
            problems.setdefault((place, problem.what), replace(problem, where=place))
    return list(problems.values())
