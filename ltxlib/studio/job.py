"""What a batch is about to do, and everything the server would refuse of it, known before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ltxlib.comfy.backend import Backend
from ltxlib.core import check, ladder, roles
from ltxlib.core.draft import draft_of
from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.schema import NodeSchema
from ltxlib.core.trouble import TRIES
from ltxlib.errors import BadInput, WorkflowError
from ltxlib.store import enhanced
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import enhancing, fitting
from ltxlib.studio.check import Checked
from ltxlib.studio.connect import Connection
from ltxlib.studio.night_options import ladder_wanted

REFUSED = "Nothing was rendered: the server cannot make these scenes yet."


@dataclass(frozen=True)
class Care:
    """How a batch deals with trouble; times are in seconds.

    patience_s: how long a server that went away is waited for. doubt_s: how long a prompt whose acceptance
    never came may still be on its way in. tries: after so many failures a scene is set aside. pause_s: before
    a take that failed is tried again, doubled each time. quiet_s: how long a server may say nothing of a
    take before it is taken to hang, at least; longer where takes of this shelf took longer. unknown_quiet_s:
    the same where no take was ever made. interrupt_s: how long one that hangs may take to let go. revive_s:
    how long a server may be away before it is started again. reserve_bytes: what must stay free on the disk.
    ladder: whether takes are made smaller when memory runs out.
    """

    patience_s: float = 120.0
    doubt_s: float = 10.0
    tries: int = TRIES
    pause_s: float = 5.0
    quiet_s: float = 300.0
    unknown_quiet_s: float = 900.0
    interrupt_s: float = 30.0
    revive_s: float = 5.0
    reserve_bytes: int = 256 * 1024 * 1024
    ladder: bool = True


@dataclass(frozen=True)
class BatchJob:
    """Everything a batch needs; made by `job_for`, which finds all mistakes first."""

    project: Project
    connection: Connection
    plans: tuple[RenderPlan, ...]
    workflows: Mapping[str, dict[str, Any]]
    care: Care = field(default_factory=Care)
    # What is made otherwise than the table asks, because the server cannot do it so.
    notes: tuple[Problem, ...] = ()

    @property
    def shelf(self) -> Shelf:
        """Where the takes go."""
        return self.connection.shelf

    @property
    def client(self) -> Backend:
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

    def graph(
        self,
        plan: RenderPlan,
        prompt_id: str,
        pictures: Mapping[str, str],
        schema: NodeSchema | None = None,
    ) -> dict[str, Any]:
        """The API graph of a plan, as it is posted. pictures: their names on the server, by value.

        schema: what the server can do that gets it, the first one's unless given.
        """
        schema = schema or self.schema
        values = {**plan.values, **pictures, "filename_prefix": plan.prefix(prompt_id)}
        written = self.written_out(plan)
        if written:
            values["prompt"] = written
        graph = roles.prepare(self.workflows[plan.workflow], schema, values)
        if plan.rung >= ladder.TILED:
            graph = ladder.tile(graph, schema)
        return draft_of(graph, schema).graph if plan.draft else graph


def job_for(project: Project, connection: Connection, checked: Checked) -> BatchJob:
    """A batch over what was checked. Raises BadInput with everything the server would refuse."""
    checked = checked.on(connection.shelf).or_raise()
    checked, notes = fitting.fit(project, connection, checked)
    checked.or_raise()
    if errors_in(notes):
        raise BadInput(REFUSED, errors_in(notes))
    notes = [*connection.notes, *notes]
    care = Care(ladder=ladder_wanted())
    return checked_job(
        BatchJob(project, connection, checked.plans, checked.workflows, care, notes=tuple(notes))
    )


def checked_job(job: BatchJob) -> BatchJob:
    """The same job. Raises BadInput with everything the server would refuse of it."""
    problems = [*check_graphs(job), *enhancing.check_writing(job)]
    if errors_in(problems):
        raise BadInput(REFUSED, errors_in(problems))
    return job


def check_graphs(job: BatchJob) -> list[Problem]:
    """What the servers lack for these plans, each thing said once."""
    first, *others = job.connection.servers
    problems = _check_graphs(job, first.schema)
    for server in others:
        if server.schema.same_as(first.schema):
            continue
        told = {(problem.where, problem.what) for problem in problems}
        new = [one for one in _check_graphs(job, server.schema) if (one.where, one.what) not in told]
        problems += [replace(one, where=f"{server.client.url}, {one.where}") for one in new]
    return problems


def _check_graphs(job: BatchJob, schema: NodeSchema) -> list[Problem]:
    problems: dict[tuple[str, str], Problem] = {}
    lacking = {name: check.check_classes(graph, schema) for name, graph in job.workflows.items()}
    for plan in job.plans:
        for problem in lacking[plan.workflow]:
            place = f"{plan.workflow}: {problem.where}"
            problems.setdefault((place, problem.what), replace(problem, where=place))
        if lacking[plan.workflow]:
            continue
        try:
            graph = job.graph(plan, "check", plan.names, schema)
        except WorkflowError as error:
            problems.setdefault(
                (plan.workflow, error.message), Problem(plan.workflow, error.message, error.cure)
            )
            continue
        for problem in check.check_graph(graph, schema):
            # The kit's own graphs are known by their nodes; of a person's many graphs the right one is named.
            place = f"{plan.workflow}: {problem.where}" if plan.scene.workflow else problem.where
            problems.setdefault((place, problem.what), replace(problem, where=place))
    return list(problems.values())
