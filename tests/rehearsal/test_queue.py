"""The queue and the jobs of the rehearsal, held against the recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ltxlib.rehearsal.queue import MAX_HISTORY, Job, Outcome, PromptQueue
from tests.support.rehearsal import Client, Listener
from tests.support.rehearsal_graphs import node, recording, small_graph, story, texts_of


def job(number: float, prompt_id: str) -> Job:
    """A prompt that is never run."""
    return Job(number, prompt_id, {}, {}, [])


def test_the_lowest_number_runs_first() -> None:
    """Numbers decide; with the same number, who came first."""
    queue = PromptQueue()
    for number, name in ((2, "c"), (-5.0, "a"), (2, "d"), (1, "b")):
        queue.put(job(number, name))
    ran = []
    for _ in range(4):
        current = queue.get()
        assert current is not None
        ran.append(current.prompt_id)
        queue.done(current, Outcome())
    assert ran == ["a", "b", "c", "d"]
    assert list(queue.history()) == ran


def test_the_history_keeps_only_so_many() -> None:
    """The oldest entry goes when there are too many; an id that ran twice is kept once, as the newest."""
    queue = PromptQueue()
    for number in range(MAX_HISTORY + 1):
        queue.put(job(number, str(number)))
        queue.done(queue.get() or job(0, ""), Outcome())
    assert len(queue.history()) == MAX_HISTORY
    assert "0" not in queue.history()
    queue.put(job(1, "1"))
    queue.done(queue.get() or job(0, ""), Outcome())
    assert next(reversed(queue.history())) == "1"


def test_what_was_forgotten_in_mid_run_leaves_no_history() -> None:
    """A run that ends after everything was forgotten is not written down."""
    queue = PromptQueue()
    queue.put(job(0, "a"))
    running = queue.get()
    assert running is not None
    queue.forget()
    assert not queue.runs(running)
    queue.done(running, Outcome())
    assert queue.history() == {}
    assert queue.remaining() == 0


@pytest.fixture
def busy(serve: Callable[..., Client]) -> Iterator[tuple[Client, Listener, list[str], list[Any]]]:
    """A server whose first prompt sits in its sampler and four more wait; as recorded."""
    client = serve(seconds_per_step=3600)
    with client.listening("busy") as ear:
        answers = []
        for seed, more in ((1, {}), (2, {}), (3, {}), (4, {"front": True}), (5, {"number": -5})):
            body = {"prompt": small_graph(seed=seed), "client_id": "busy", **more}
            answers.append(client.post("/prompt", body).json())
            ear.wait_for(
                lambda one: one["type"] == "executing" and one["data"]["node"] == "stage"
            )  # the first is in its sampler before the others come
        yield client, ear, [answer["prompt_id"] for answer in answers], answers


@pytest.mark.shared
def test_numbers_and_order_are_as_recorded(shared: Path, busy: Any) -> None:
    """front gives a negative number, an own number is kept; the queue shows who runs next first."""
    client, _, ids, answers = busy
    recorded = recording(shared, "queue_ops")
    first = recorded["posts"][0]["body"]["number"]
    expected = [post["body"]["number"] for post in recorded["posts"]]
    said = [answer["number"] for answer in answers]
    # The recorded server had been up for a while: its first prompt here was number 53.
    assert said == [number - first if number > 0 else number for number in expected[:3]] + [-3, -5.0]
    assert expected[3] == -(first + 3)
    queue = client.get("/queue").json()
    assert [one[1] for one in queue["queue_running"]] == [ids[0]]
    assert [one[1] for one in queue["queue_pending"]] == [ids[4], ids[3], ids[1], ids[2]]
    assert queue["queue_pending"][0][4] == ["save"]
    assert queue["queue_pending"][0][3].keys() == {"client_id", "create_time"}
    assert client.get("/prompt").json() == {"exec_info": {"queue_remaining": 5}}


@pytest.mark.shared
def test_jobs_are_listed_as_recorded(shared: Path, busy: Any) -> None:
    """What waits and runs, newest first, with the recorded keys."""
    client, _, ids, _ = busy
    recorded = recording(shared, "queue_ops")["jobs_pending"]["body"]
    told = client.get("/api/jobs?status=pending,in_progress").json()
    assert told["pagination"] == recorded["pagination"]
    assert [one["id"] for one in told["jobs"]] == list(reversed(ids))
    assert [one["status"] for one in told["jobs"]] == [one["status"] for one in recorded["jobs"]]
    assert told["jobs"][0].keys() == recorded["jobs"][0].keys()
    assert client.get(f"/api/jobs/{ids[0]}").json()["status"] == "in_progress"
    assert client.get(f"/api/jobs/{ids[1]}").json()["workflow"]["prompt"] == small_graph(seed=2)
    page = client.get("/api/jobs?limit=2&offset=1&sort_order=asc").json()
    assert [one["id"] for one in page["jobs"]] == ids[1:3]
    assert page["pagination"] == {"offset": 1, "limit": 2, "total": 5, "has_more": True}


@pytest.mark.shared
def test_taking_prompts_out_is_answered_as_recorded(shared: Path, busy: Any) -> None:
    """Deleting, cancelling and clearing say what was recorded, leave no trace, and spare what runs."""
    client, ear, ids, _ = busy
    recorded = recording(shared, "queue_ops")

    def check(name: str, answer: Any) -> None:
        asked = recorded[name]
        assert answer.status_code == asked["status"], name
        if "__raw__" in asked["body"]:
            assert answer.content == b""
        else:
            assert answer.json() == asked["body"]

    check("delete_pending", client.post("/queue", {"delete": [ids[1]]}))
    check("delete_running", client.post("/queue", {"delete": [ids[0]]}))
    check("delete_unknown", client.post("/queue", {"delete": ["nope"]}))
    check("job_cancel_pending", client.post(f"/api/jobs/{ids[2]}/cancel"))
    check("jobs_cancel_list", client.post("/api/jobs/cancel", {"job_ids": [ids[3]]}))
    check("history_deleted", client.get(f"/history/{ids[1]}"))
    check("job_deleted", client.get(f"/api/jobs/{ids[1]}"))
    check("clear", client.post("/queue", {"clear": True}))
    check("job_cancel_unknown", client.post("/api/jobs/nope/cancel"))
    queue = client.get("/queue").json()
    assert [one[1] for one in queue["queue_running"]] == [ids[0]]
    assert queue["queue_pending"] == []
    check("job_cancel_running", client.post(f"/api/jobs/{ids[0]}/cancel"))
    ear.wait_for_end(ids[0])
    assert (
        client.get(f"/api/jobs/{ids[0]}").json()["status"] == recorded["job_running_after"]["body"]["status"]
    )
    tail = [line[0] for line in story(ear.texts())[-3:]]
    assert tail == [line[0] for line in story(texts_of(recorded["ws"]))[-3:]]
    assert ear.texts()[-2]["data"] == {"status": {"exec_info": {"queue_remaining": 0}}}


@pytest.mark.shared
def test_finished_jobs_are_listed_as_recorded(shared: Path, client: Client) -> None:
    """Completed and failed jobs carry the recorded keys, the file to show and the error."""
    recorded = recording(shared, "http")
    graph = {
        "e": node("EmptyImage", width=64, height=64, batch_size=1, color=0),
        "s": node("PreviewImage", images=["e", 0]),
    }
    client.run(graph)
    client.fail({**graph, "s": node("SaveImage", images=["e", 0], filename_prefix="../../x")})
    done = client.get("/api/jobs?status=completed").json()["jobs"]
    meant = recorded["jobs_completed"]["body"]["jobs"][0]
    assert list(done[0]) == list(meant)
    assert done[0]["preview_output"].keys() == meant["preview_output"].keys()
    assert (done[0]["outputs_count"], done[0]["previewable_outputs_count"]) == (1, 1)
    failed = client.get("/api/jobs?status=failed").json()["jobs"]
    meant = recorded["jobs_failed"]["body"]["jobs"][0]
    assert list(failed[0]) == list(meant)
    assert failed[0]["execution_error"].keys() == meant["execution_error"].keys()
    assert client.get("/api/jobs?status=cancelled").json()["jobs"] == []
