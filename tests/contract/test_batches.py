"""A batch that is stopped or cut off goes on, against the rehearsal and a real ComfyUI alike."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ltxlib.store.project import Project
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import BatchJob, job_for
from tests.support.bench import Bench
from tests.support.contract_ways import SMALL, write_scenes
from tests.support.studio import a_project

TAKES = 3


@pytest.fixture
def project(bench: Bench, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One scene of three takes, for this server."""
    monkeypatch.setenv("LTX_COMFY_URL", bench.url)
    made = a_project(tmp_path / "project")
    cells = {**SMALL, "scene": "snow", "width": "192", "frames": "17", "takes": str(TAKES)}
    write_scenes(made, {**cells, "seed": str(seed)})
    return made


def job(project: Project) -> BatchJob:
    """What the project asks for."""
    return job_for(project, connect(project), check_project(project))


def whole(bench: Bench, project: Project) -> None:
    """Every take is there once, and the server has nothing more to do."""
    takes, problems = load_takes(project.set(rehearsal=not bench.real))
    assert problems == []
    assert sorted(take.take_no for take in takes) == list(range(1, TAKES + 1))
    assert {(take.clip.width_px, take.clip.height_px, take.clip.frames) for take in takes} == {(192, 128, 17)}
    assert bench.http.get("/queue").json() == {"queue_running": [], "queue_pending": []}


def test_a_stopped_batch_leaves_an_idle_server_and_goes_on(bench: Bench, project: Project) -> None:
    """Stopped at the first step, the batch takes back both prompts; the next run makes what is missing."""
    cancel = threading.Event()
    happened = []
    for event in run_batch(job(project), cancel):
        happened.append(event)
        if isinstance(event, events.TakeProgress):
            cancel.set()
    assert cancel.is_set(), "no step was told"
    assert happened[-1].cancelled
    bench.http.until("/queue", lambda queue: not queue["queue_running"] + queue["queue_pending"])
    made = happened[-1].made
    assert made < TAKES
    shelf = project.set(rehearsal=not bench.real)
    assert [entry["event"] for entry in shelf.journal].count("cancelled") >= 1
    ended = list(run_batch(job(project)))[-1]
    assert ended == events.BatchEnded(made=TAKES - made, there=made, failed=0, cancelled=False)
    whole(bench, project)


def test_a_batch_that_was_cut_off_adopts_what_the_server_made(bench: Bench, project: Project) -> None:
    """What was handed over before the cut is fetched, not rendered again."""
    first = run_batch(job(project))
    sent = next(event.prompt_id for event in first if isinstance(event, events.TakeSubmitted))
    first.close()
    bench.http.until(f"/history/{sent}", bool)
    happened = list(run_batch(job(project)))
    adopted = [event for event in happened if isinstance(event, events.TakeSubmitted) and event.again]
    assert sent in [event.prompt_id for event in adopted]
    assert happened[-1] == events.BatchEnded(made=TAKES, there=0, failed=0, cancelled=False)
    takes, _ = load_takes(project.set(rehearsal=not bench.real))
    assert sent in [take.prompt_id for take in takes]
    whole(bench, project)
    assert list(run_batch(job(project)))[-1] == events.BatchEnded(0, TAKES, 0, False)
