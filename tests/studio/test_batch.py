"""The batch: every take once, none lost."""

import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import BadInput, ProjectBusy, ServerAnswerError, ServerUnreachable
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.connect import connect
from tests.support.batches import entries, job, kinds, of_kind, rows, run
from tests.support.studio import a_project

FOUR = rows(4)


def test_every_scene_becomes_a_take_with_its_record(project, server):
    """Both ways of making a clip end as a clip of the asked shape and a record that says how it was made."""
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    rain, still = takes
    assert (rain.clip.width_px, rain.clip.height_px, rain.clip.frames, rain.clip.fps) == (256, 128, 9, "24")
    assert (rain.clip.has_sound, still.clip.has_sound) == (True, False)
    assert rain.rehearsal is True
    assert rain.prompt.startswith("Rain runs down")
    assert any(node["class_type"] == "SaveVideo" for node in rain.graph.values())
    assert still.image == "still.png"
    assert not list(project.production.rglob("*.part"))
    assert not (project.production / "film").exists()


def test_running_again_renders_nothing(project, server):
    """What is there is not made again."""
    run(project)
    sent = len(entries(project, "submitted"))
    again = run(project)
    assert kinds(again) == ["BatchStarted", "BatchEnded"]
    assert again[-1].there == 2
    assert len(entries(project, "submitted")) == sent


def test_progress_is_told(project, server):
    """While a take renders, its steps are yielded."""
    steps = [event for event in run(project) if isinstance(event, events.TakeProgress)]
    assert steps
    assert all(0 <= event.step <= event.steps for event in steps)


def test_a_failing_take_is_journaled_and_the_rest_goes_on(project, server):
    """One take out of memory leaves the other made, says why, and is tried again by the next run."""
    server.faults.add("oom")
    happened = run(project, ladder=False)
    (failed,) = [event for event in happened if isinstance(event, events.TakeFailed)]
    assert "memory" in failed.reason.lower()
    assert happened[-1] == events.BatchEnded(made=1, there=0, failed=1, cancelled=False)
    (entry,) = entries(project, "failed")
    assert entry["error"] == "RenderFailed"
    assert run(project)[-1] == events.BatchEnded(made=1, there=1, failed=0, cancelled=False)


def test_a_truncated_clip_is_never_kept(project, server):
    """A clip that does not hold what it should is refused; by itself it is made anew, and once only."""
    server.faults.add("truncated")
    happened = run(project)
    (delayed,) = of_kind(happened, events.TakeDelayed)
    assert "not what was asked for" in delayed.reason or "cut short" in delayed.reason
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
    assert load_takes(project.set(rehearsal=True))[1] == []


def test_a_server_that_forgot_gets_the_take_again(tmp_path, server):
    """When history and queue are gone in mid-batch, what was in flight is submitted again and made once."""
    project = a_project(tmp_path / "p", FOUR)
    happened = []
    for event in run_batch(job(project)):
        happened.append(event)
        if isinstance(event, events.TakeSaved) and len(entries(project, "saved")) == 1:
            server.faults.add("forget", take=0)
    assert happened[-1] == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)
    assert Counter(entry["scene"] for entry in entries(project, "saved")) == Counter(
        f"scene{n}" for n in range(4)
    )


def test_a_server_that_goes_away_is_waited_for(tmp_path, monkeypatch):
    """A server that is restarted in mid-batch costs time, not takes."""
    project = a_project(tmp_path / "p", FOUR)
    server = RehearsalServer(tmp_path / "output", tmp_path / "input")
    server.start()
    monkeypatch.setenv("LTX_COMFY_URL", server.url)
    happened = []
    try:
        for event in run_batch(job(project)):
            happened.append(event)
            if isinstance(event, events.TakeSaved) and len(entries(project, "saved")) == 1:
                server.stop()
            if isinstance(event, events.ServerLost):
                server.start()
    finally:
        server.stop()
    assert "ServerLost" in kinds(happened)
    assert happened[-1] == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)


def test_a_server_that_stays_away_ends_the_batch(tmp_path, monkeypatch):
    """After its patience the batch ends with a sentence, and the next run goes on."""
    project = a_project(tmp_path / "p")
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        impatient = job(project, patience_s=0.0)
    with pytest.raises(ServerUnreachable):
        list(run_batch(impatient))
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        assert run(project)[-1].made == 2


def test_a_submission_whose_answer_was_lost_is_not_sent_twice(tmp_path, server):
    """A prompt that the server took, though its answer came too late, is rendered once."""
    project = a_project(tmp_path / "p", FOUR)
    hasty = job(project)
    connection = replace(hasty.connection, client=ComfyClient(server.url, timeout_s=1.0))
    server.faults.add("slow", path="/prompt", seconds=2.0)
    happened = list(run_batch(replace(hasty, connection=connection)))
    assert "ServerLost" in kinds(happened)
    assert happened[-1] == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)
    assert len(list((tmp_path / "output").rglob("*.mp4"))) == 4


def test_an_answer_that_fails_for_one_prompt_loses_no_other(tmp_path, server):
    """While the server cannot say how one prompt stands, the one beside it is kept; then all are made."""
    project = a_project(tmp_path / "p", FOUR)
    happened, submitted = [], 0
    for event in run_batch(job(project)):
        happened.append(event)
        if isinstance(event, events.TakeSubmitted):
            submitted += 1
            if submitted == 2:
                server.faults.add("error_500", path=f"/history/{event.prompt_id}", count=6)
    assert "ServerLost" in kinds(happened)
    assert happened[-1] == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)


def test_a_server_that_only_answers_nonsense_ends_the_batch(tmp_path, server):
    """Trouble that lasts longer than the batch's patience ends it with a sentence."""
    project = a_project(tmp_path / "p", FOUR)
    server.faults.add("error_500", path="/history", count=1000)
    with pytest.raises(ServerAnswerError):
        list(run_batch(job(project, patience_s=1.0)))
    server.faults.clear()
    assert run(project)[-1].made == 4


def test_two_prompts_are_in_flight(tmp_path, server):
    """The server always has the next take before the last one is fetched."""
    project = a_project(tmp_path / "p", FOUR)
    told = kinds(run(project))
    assert told[:3] == ["BatchStarted", "TakeSubmitted", "TakeSubmitted"]
    assert told.index("TakeSaved") > 2
    first_saved = told.index("TakeSaved")
    assert told[:first_saved].count("TakeSubmitted") >= 3


def test_cancel_stops_the_server_too(tmp_path, server):
    """Cancelling ends the run, takes prompts back from the server, and the next run makes the rest."""
    project = a_project(tmp_path / "p", FOUR)
    server.settings = type(server.settings)(**{**vars(server.settings), "seconds_per_step": 0.2})
    cancel = threading.Event()
    happened = []
    for event in run_batch(job(project), cancel):
        happened.append(event)
        if isinstance(event, events.TakeProgress):
            cancel.set()
    assert happened[-1].cancelled
    client = connect(project).client
    deadline = time.monotonic() + 20
    while client.queue().running or client.queue().pending:
        assert time.monotonic() < deadline, "the server still works after cancel"
    assert len(entries(project, "cancelled")) == 2


def test_a_second_batch_is_refused(project, server):
    """Two batches never work on one project."""
    first = run_batch(job(project))
    next(first)
    with pytest.raises(ProjectBusy):
        next(run_batch(job(project)))
    first.close()


def test_what_a_killed_run_left_on_the_server_is_adopted(tmp_path, server):
    """A prompt that a dead batch submitted is picked up where it is, not rendered twice."""
    project = a_project(tmp_path / "p", FOUR)
    first = run_batch(job(project))
    for event in first:
        if isinstance(event, events.TakeSubmitted):
            break
    first.close()
    happened = run(project)
    assert any(isinstance(event, events.TakeSubmitted) and event.again for event in happened)
    assert happened[-1] == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)
    assert len(entries(project, "submitted")) == 4


def test_missing_models_are_told_before_anything_runs(project, tmp_path, monkeypatch):
    """A server without the model file is a report with its name, and nothing is submitted."""
    from ltxlib.rehearsal.settings import RehearsalSettings

    settings = RehearsalSettings(missing_files=frozenset({"ltx-2-19b-distilled.safetensors"}))
    with RehearsalServer(tmp_path / "o", tmp_path / "i", settings=settings) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        with pytest.raises(BadInput, match=r"ltx-2-19b-distilled\.safetensors"):
            job(project)
    assert entries(project, "submitted") == []
