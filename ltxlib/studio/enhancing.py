"""Prompts written out by the server's text encoder, once for each scene, before anything is filmed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ltxlib.core import check, enhance, text_request
from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import LtxlibError, ServerAnswerError, ServerUnreachable, WorkflowError
from ltxlib.store import enhanced
from ltxlib.studio import events, instructions
from ltxlib.studio.asking import Patience, ask_text

if TYPE_CHECKING:
    from ltxlib.studio.job import BatchJob

TRIAL_TOKENS = 16
Upload = Callable[[RenderPlan], Mapping[str, str]]


def waiting(job: BatchJob, plans: Sequence[RenderPlan]) -> list[RenderPlan]:
    """The first take of each scene whose prompt is to be written out and is not yet."""
    first: dict[tuple[str, str], RenderPlan] = {}
    for plan in plans:
        key = plan.scene.scene, plan.enhance_key
        if plan.enhance_key and key not in first and enhanced.read(job.shelf, *key) is None:
            first[key] = plan
    return list(first.values())


def check_writing(job: BatchJob) -> list[Problem]:
    """What the server lacks for writing prompts out, said for each scene that asks for it."""
    problems: dict[str, Problem] = {}
    for plan in job.plans:
        if not plan.enhance_key or plan.scene.scene in problems:
            continue
        try:
            graph, _ = _graph(job, plan, {key: plan.picture(key) for key in plan.pictures}, 1)
        except WorkflowError as error:
            found = [Problem("", error.message, error.cure)]
        else:
            found = check.check_graph(graph, job.schema)
        for problem in found[:1]:
            where = f"scene {plan.scene.scene}, column enhance"
            what = " ".join(part for part in (problem.where, problem.what) if part)
            problems[plan.scene.scene] = Problem(where, what, problem.cure)
    return list(problems.values())


def _graph(
    job: BatchJob, plan: RenderPlan, pictures: Mapping[str, str], attempt: int
) -> tuple[dict[str, object], str]:
    told = instructions.read(job.project, plan.instructions)
    request = enhance.request_for(plan.prompt, told, plan.enhance_key, attempt)
    return text_request.text_graph(job.graph(plan, "enhance", pictures), job.schema, request)


def trial_graph(
    job: BatchJob, plan: RenderPlan, pictures: Mapping[str, str], schema: NodeSchema
) -> tuple[dict[str, object], str]:
    """A graph in which the text encoder writes a few words for a scene, to see that it can; and its node."""
    told = instructions.read(job.project, plan.instructions)
    request = enhance.request_for(plan.prompt, told, plan.enhance_key, 1)
    graph = job.graph(plan, "enhance", pictures, schema)
    return text_request.text_graph(graph, schema, replace(request, tokens=TRIAL_TOKENS))


def write_out(
    job: BatchJob, plan: RenderPlan, upload: Upload, cancel: threading.Event
) -> events.PromptWritten:
    """Ask for a scene's prompt, again while it breaks rules, a few times; keep the best and journal it."""
    answers: list[str] = []
    pictures = upload(plan)
    from_image = plan.scene.from_image
    for attempt in range(1, enhance.ATTEMPTS + 1):
        graph, node = _graph(job, plan, pictures, attempt)
        answers.append(ask_text(job.client, graph, node, Patience(cancel, job.care.patience_s)))
        if enhance.good_enough(plan.prompt, answers, from_image=from_image):
            break
    best = enhance.best_of(plan.prompt, answers, from_image=from_image)
    problems = [problem.what for problem in best.problems]
    facts = {
        "prompt": plan.prompt,
        "instructions": f"prompts/{enhance.FOLDER}/{plan.instructions}",
        "asked": len(answers),
        "why": best.why,
        "problems": problems,
    }
    scene = plan.scene.scene
    enhanced.write(job.shelf, scene, plan.enhance_key, best.text, facts)
    job.shelf.journal.append("enhanced", scene=scene, key=plan.enhance_key, text=best.text, **facts)
    return events.PromptWritten(plan, best.text, " ".join([best.why, *problems]).strip())


def write_all(
    job: BatchJob, plans: Sequence[RenderPlan], upload: Upload, cancel: threading.Event
) -> Iterator[events.PromptWritten | tuple[RenderPlan, LtxlibError]]:
    """Write out what these takes need; a scene for which it fails comes with its error, the rest goes on.

    Ends early when cancel is set. Raises ServerUnreachable or ServerAnswerError when the server stays away.
    """
    for plan in waiting(job, plans):
        try:
            told: events.PromptWritten | tuple[RenderPlan, LtxlibError]
            told = write_out(job, plan, upload, cancel)
        except (ServerUnreachable, ServerAnswerError):
            raise
        except LtxlibError as error:
            if cancel.is_set():
                return
            told = plan, error
        yield told
