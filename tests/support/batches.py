"""Batches over small projects, and what came of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ltxlib.store.project import Project
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import BatchJob, job_for


def rows(count: int, takes: int = 1, size: str = "128,128") -> tuple[str, ...]:
    """So many tiny scenes."""
    text = "Soft rain taps against frosted glass number"
    return tuple(f"scene{n},t2v,{text} {n}.,,9,{size},{takes},yes,yes" for n in range(count))


def job(project: Project, **care: Any) -> BatchJob:
    """The project's batch, with next to no pause before another try. care: fields of `Care`."""
    made = job_for(project, connect(project), check_project(project))
    return replace(made, care=replace(made.care, **{"pause_s": 0.01, **care}))


def run(project: Project, cancel: Any = None, **care: Any) -> list[events.Event]:
    """Everything that the batch said."""
    return list(run_batch(job(project, **care), cancel))


def kinds(happened: list[events.Event]) -> list[str]:
    """The names of the events, progress left out."""
    return [type(event).__name__ for event in happened if not isinstance(event, events.TakeProgress)]


def of_kind(happened: list[events.Event], kind: type) -> list[Any]:
    """The events of one kind."""
    return [event for event in happened if isinstance(event, kind)]


def entries(project: Project, event: str, *, rehearsal: bool = True) -> list[dict[str, Any]]:
    """The journal's lines of one event."""
    journal = project.set(rehearsal=rehearsal).journal
    return [entry for entry in journal if entry["event"] == event]
