"""The verbs draft, pick and finish: many small first stages, a choice, and the chosen ones made whole."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ltxlib.cli import words
from ltxlib.cli.film import cancel_on_signals
from ltxlib.core.plan import estimate
from ltxlib.store.project import find_project
from ltxlib.studio import drafts, events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import Listed
from ltxlib.studio.job import BatchJob, job_for


def draft(arguments: argparse.Namespace) -> int:
    """Make drafts of scenes; 0 when all are there, 1 when some failed."""
    project = find_project(arguments.project)
    checked = drafts.check_drafts(project, arguments.scenes, arguments.count, arguments.table).or_raise()
    connection = connect(project)
    job = drafts.draft_job(project, connection, checked, named=bool(arguments.scenes))
    _say(arguments, f"{words.count(len(job.plans), 'draft')} asked for.")
    code = _run(job, arguments)
    if code == 0:
        _say(arguments, f"They lie in {_short(connection.shelf.drafts, project.root)}.")
        _say(arguments, "Pick one: ./kit pick SCENE NUMBER, then ./kit finish.")
    return code


def pick(arguments: argparse.Namespace) -> int:
    """Pick a draft, or take a pick back; without a number, list what there is."""
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=True) if arguments.rehearsal else drafts.shelf_of(project)
    seen = drafts.gallery(project, shelf, arguments.table)
    seen.checked.or_raise()
    if shelf.rehearsal:
        _say(arguments, "REHEARSAL: these clips are stand-ins.")
    if arguments.draft is None:
        _list(seen, arguments)
        return 0
    one = drafts.find(seen.drafts, arguments.scene, arguments.draft)
    drafts.choose(shelf, one, picked=not arguments.drop)
    if arguments.json:
        print(json.dumps(_facts(one) | {"picked": not arguments.drop}))
    else:
        what = "is not picked any more" if arguments.drop else "is picked. To make it whole: ./kit finish"
        print(f"Draft {one.take.take_no} of {one.take.scene} (seed {one.take.seed}) {what}")
    return 0


def _list(seen: drafts.Gallery, arguments: argparse.Namespace) -> None:
    shown = [one for one in seen.drafts if arguments.scene in (None, one.take.scene)]
    if arguments.json:
        print(json.dumps({"drafts": [_facts(one) for one in shown], "older": seen.older}))
        return
    rows = [["scene", "draft", "seed", "state", "clip"]]
    for one in shown:
        state = "finished" if one.finished else ("picked" if one.picked else "")
        take = one.take
        rows.append([take.scene, str(take.take_no), str(take.seed), state, f"{take.take_id}.mp4"])
    print("\n".join(words.table(rows)) if shown else "There is no draft. Make some: ./kit draft SCENE")
    if seen.older:
        print(f"{words.count(seen.older, 'draft')} more of rows as they were before they changed.")
    for problem in seen.problems:
        print(problem)


def _facts(one: Listed) -> dict[str, Any]:
    take = one.take
    return {
        "scene": take.scene,
        "draft": take.take_id,
        "number": take.take_no,
        "seed": take.seed,
        "clip": str(one.clip),
        "take": one.pick.take,
        "picked": one.picked,
        "finished": one.finished,
    }


def finish(arguments: argparse.Namespace) -> int:
    """Render the takes of the picked drafts; 0 when all are there, 1 when some failed."""
    project = find_project(arguments.project)
    connection = connect(project)
    checked = drafts.check_finish(project, connection.shelf, arguments.table).or_raise()
    job = job_for(project, connection, checked)
    for problem in checked.problems:
        if problem.where.startswith("scene "):
            _say(arguments, str(problem))
    for plan in job.plans:
        _say(arguments, f"{plan.scene.scene}: take {plan.take_no} from {drafts.draft_words(plan.from_draft)}")
    return _run(job, arguments)


def _run(job: BatchJob, arguments: argparse.Namespace) -> int:
    if job.connection.rehearsal:
        _say(arguments, "REHEARSAL: these clips are stand-ins.")
    else:
        _say(arguments, f"On a pod this takes about {words.pod_time(estimate(list(job.plans)))}.")
    code = 0
    with cancel_on_signals() as cancel:
        for event in run_batch(job, cancel):
            started = isinstance(event, events.BatchStarted)
            if arguments.json:
                print(json.dumps(words.event_facts(event)), flush=True)
            elif started:
                print(f"{event.there} of {event.takes} there already.", flush=True)
            elif words.event_line(event):
                print(words.event_line(event), flush=True)
            if isinstance(event, events.BatchEnded):
                code = 130 if event.cancelled else min(event.failed, 1)
    return code


def _say(arguments: argparse.Namespace, line: str) -> None:
    if not arguments.json:
        print(line, flush=True)


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
