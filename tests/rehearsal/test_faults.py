"""What goes wrong on order, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ltxlib.rehearsal.faults import KINDS, FaultPlan
from tests.support.rehearsal import Client, look
from tests.support.rehearsal_graphs import small_graph

LONG = ", ".join(str(step / 100) for step in range(100, -1, -1))


def test_a_plan_counts_takes_and_answers() -> None:
    """`take` counts down, `count` says how often, and each kind waits for its own moment."""
    plan = FaultPlan()
    plan.add("oom", take=2)
    plan.add("silent", count=2)
    plan.add("error_500", path="/queue")
    plan.add("node_errors")
    assert [one["kind"] for one in plan.pending()] == ["oom", "silent", "error_500", "node_errors"]
    assert plan.take_starts() == {"silent"}
    assert plan.take_starts() == {"silent", "oom"}
    assert plan.take_starts() == frozenset()
    assert plan.for_request("/history") is None
    assert plan.for_request("/api/queue") is not None
    assert plan.for_request("/queue") is None
    assert plan.for_post() is not None
    assert plan.for_post() is None
    plan.add("slow")
    plan.clear()
    assert plan.pending() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "flood"},
        {"kind": "oom", "when": 3},
        {"kind": "oom", "take": "soon"},
        {"kind": "oom", "take": 0},
        {"kind": "slow", "seconds": -1},
        {"kind": "oom", "count": 0},
    ],
)
def test_what_is_no_fault_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    """Python gets a ValueError, HTTP a 400 with a sentence, and nothing is ordered."""
    with pytest.raises((ValueError, TypeError)):
        client.server.faults.add(**wrong)
    answer = client.post("/rehearsal/faults", wrong)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("This is no fault to order")
    assert client.post("/rehearsal/faults", "oom").status_code == 400
    assert client.get("/rehearsal/faults").json() == []


def test_faults_are_ordered_listed_and_withdrawn_over_http(client: Client) -> None:
    """POST takes one or a list, GET lists, DELETE clears; GET /rehearsal shows them too."""
    told = client.post("/rehearsal/faults", [{"kind": "oom", "take": 3}, {"kind": "silent"}]).json()
    assert [(one["kind"], one["take"]) for one in told] == [("oom", 3), ("silent", 1)]
    assert client.get("/api/rehearsal/faults").json() == told
    about = client.get("/rehearsal").json()
    assert about["faults"] == told
    assert about["says"].startswith("REHEARSAL")
    assert client.http.delete(client.url + "/rehearsal/faults", timeout=30).json() == []
    assert set(KINDS) >= {"oom", "die", "drop_sockets", "forget", "slow", "error_500", "truncated", "silent"}


def test_out_of_memory_has_the_real_shape(client: Client) -> None:
    """The ordered take fails in its sampler as torch fails; the next one is well."""
    client.server.faults.add("oom", take=2)
    assert client.run(small_graph(seed=1))["status"]["status_str"] == "success"
    error = client.fail(small_graph(seed=2))
    assert error["exception_type"] == "torch.OutOfMemoryError"
    assert error["node_type"] == "SamplerCustomAdvanced"
    assert "out of memory" in error["exception_message"]
    assert client.run(small_graph(seed=2))["status"]["status_str"] == "success"


def test_a_truncated_file_cannot_be_decoded_whole(client: Client) -> None:
    """Success is told, but the file ends too early."""
    whole = client.saved(client.run(small_graph()))[0]
    client.post("/free", {"free_memory": True})
    client.server.faults.add("truncated")
    entry = client.run(small_graph())
    assert entry["status"]["status_str"] == "success"
    (cut,) = client.saved(entry)
    assert cut.stat().st_size < 0.7 * whole.stat().st_size


def test_a_silent_clip_has_a_track_with_nothing_in_it(client: Client) -> None:
    """The sound track is there, as long as ever, and silent; the picture is the same."""
    good = look(client.saved(client.run(small_graph()))[0])
    client.post("/free", {"free_memory": True})
    client.server.faults.add("silent")
    clip = look(client.saved(client.run(small_graph()))[0])
    assert clip.loudest == 0 < good.loudest
    assert clip.sound_s == pytest.approx(good.sound_s, abs=0.01)
    assert clip.pictures == good.pictures


def test_success_without_a_file(client: Client) -> None:
    """`no_file` lists a clip that is not there; `no_outputs` lists nothing."""
    client.server.faults.add("no_file")
    entry = client.run(small_graph(seed=1))
    (listed,) = entry["outputs"]["save"]["images"]
    assert entry["status"]["status_str"] == "success"
    assert client.get("/view", params=listed).status_code == 404
    client.server.faults.add("no_outputs")
    with client.listening("x") as ear:
        prompt_id = client.submit(small_graph(seed=2), client_id="x")
        ear.wait_for_end(prompt_id)
        assert "executed" not in ear.types()
    entry = client.entry(prompt_id)
    assert (entry["status"]["status_str"], entry["outputs"]) == ("success", {})


def test_a_200_with_node_errors(client: Client) -> None:
    """The answer is a 200, the save node is broken, and what is left succeeds without it."""
    client.server.faults.add("node_errors")
    with client.listening("x") as ear:
        answer = client.post("/prompt", {"prompt": small_graph(), "client_id": "x"})
        assert answer.status_code == 200
        error = answer.json()["node_errors"]["save"]
        assert error["errors"][0]["type"] == "required_input_missing"
        assert error["class_type"] == "SaveVideo"
        prompt_id = answer.json()["prompt_id"]
        ear.wait_for_end(prompt_id)
    assert client.entry(prompt_id)["outputs"] == {}


def test_a_refusal_on_order(client: Client) -> None:
    """POST /prompt answers 400, names the node, and nothing is queued; the next post is taken."""
    client.server.faults.add("refused")
    answer = client.post("/prompt", {"prompt": small_graph()})
    assert answer.status_code == 400
    said = answer.json()
    assert said["error"]["type"] == "prompt_outputs_failed_validation"
    assert [error["type"] for error in said["node_errors"]["save"]["errors"]] == ["required_input_missing"]
    assert client.get("/queue").json() == {"queue_running": [], "queue_pending": []}
    assert client.run(small_graph())["status"]["status_str"] == "success"


def test_faults_may_be_meant_for_one_file_only() -> None:
    """With `of` a fault waits for prompts saved under a name with that text, and counts only them."""
    plan = FaultPlan()
    plan.add("oom", of="scene7/", count=2)
    plan.add("refused", of="scene8/")
    assert plan.take_starts("ltx-kit/scene1/take") == frozenset()
    assert plan.take_starts("ltx-kit/scene7/take") == {"oom"}
    assert plan.take_starts() == frozenset()
    assert plan.take_starts("ltx-kit/scene7/take") == {"oom"}
    assert plan.take_starts("ltx-kit/scene7/take") == frozenset()
    assert plan.for_post("ltx-kit/scene7/take") is None
    assert plan.for_post("ltx-kit/scene8/take") is not None


def test_answers_of_500_and_slow_answers(client: Client) -> None:
    """So many answers are 500s, and so many slow; then all is well. /rehearsal itself is spared."""
    client.server.faults.add("error_500", count=2, path="/history")
    assert client.get("/queue").status_code == 200
    said = [client.get("/history").status_code for _ in range(3)]
    assert said == [500, 500, 200]
    client.server.faults.add("slow", seconds=0.3)
    assert client.get("/rehearsal").json()["faults"]
    begun = time.monotonic()
    assert client.get("/queue").status_code == 200
    assert time.monotonic() - begun >= 0.3
    client.server.faults.add("slow", seconds=30)
    with pytest.raises(requests.Timeout):
        client.http.get(client.url + "/queue", timeout=0.2)


def test_sockets_are_cut_in_mid_take_and_the_take_goes_on(client: Client) -> None:
    """Every WebSocket ends without a goodbye; polling still sees the success."""
    client.server.faults.add("drop_sockets")
    with client.listening("x") as ear, client.listening("y") as other:
        prompt_id = client.submit(small_graph(), client_id="x")
        assert ear.wait_until_closed()
        assert other.wait_until_closed()
    client.until(f"/history/{prompt_id}", bool)
    assert client.entry(prompt_id)["status"]["status_str"] == "success"


def test_sockets_can_be_cut_at_once(client: Client) -> None:
    """With take 0 the fault strikes now, with nothing running."""
    with client.listening("x") as ear:
        client.post("/rehearsal/faults", {"kind": "drop_sockets", "take": 0})
        assert ear.wait_until_closed()
    assert client.run(small_graph())["status"]["status_str"] == "success"


def test_everything_is_forgotten_in_mid_take(serve: Callable[..., Client]) -> None:
    """Queue and history are empty, old ids are unknown, no clip appears, and new work runs."""
    client = serve(seconds_per_step=0.05)
    before = client.run(small_graph(seed=1))
    with client.listening("x") as ear:
        first = client.submit(small_graph(sigmas=LONG), client_id="x")
        ear.wait_for(lambda one: one["type"] == "progress")
        client.server.faults.add("forget")
        lost = [first, *(client.submit(small_graph(seed=seed), client_id="x") for seed in (2, 3))]
        client.post("/interrupt")  # the next one starts, and is struck
        assert ear.wait_until_closed()
    client.until("/prompt", lambda said: said["exec_info"]["queue_remaining"] == 0)
    assert client.get("/history").json() == {}
    for prompt_id in lost:
        assert client.get(f"/history/{prompt_id}").json() == {}
        assert client.get(f"/api/jobs/{prompt_id}").status_code == 404
    again = client.run(small_graph(seed=1))
    # Nothing was cached either: the clip is rendered anew, under the next number on disk.
    assert again["outputs"] != before["outputs"]


def test_everything_can_be_forgotten_at_once(serve: Callable[..., Client]) -> None:
    """With take 0 a run that sits in its sampler is gone without a word."""
    client = serve(seconds_per_step=3600)
    with client.listening("x") as ear:
        client.submit(small_graph(), client_id="x")
        ear.wait_for(lambda one: one["type"] == "executing" and one["data"]["node"] == "stage")
        client.server.faults.add("forget", take=0)
        assert ear.wait_until_closed()
    client.until("/queue", lambda said: said == {"queue_running": [], "queue_pending": []})
    assert client.get("/history").json() == {}


@pytest.mark.parametrize("at_once", [False, True])
def test_a_death_in_the_thread_looks_like_one(serve: Callable[..., Client], at_once: bool) -> None:
    """Sockets are cut, nobody answers, no clip is left; started again it has forgotten all."""
    client = serve(seconds_per_step=3600 if at_once else 0)
    server, url = client.server, client.url
    if not at_once:
        server.faults.add("die")
    with client.listening("x") as ear:
        client.submit(small_graph(sigmas=LONG), client_id="x")
        if at_once:
            ear.wait_for(lambda one: one["type"] == "executing" and one["data"]["node"] == "stage")
            client.post("/rehearsal/faults", {"kind": "die", "take": 0})
        assert ear.wait_until_closed()
        assert "execution_success" not in ear.types()
        assert "execution_error" not in ear.types()
    assert server.wait_until_gone(30)
    assert not server.running
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/queue", timeout=5)
    assert not list(server.output_dir.rglob("*.mp4*"))
    server.start()
    assert server.url == url
    assert requests.get(url + "/history", timeout=5).json() == {}
    assert requests.get(url + "/queue", timeout=5).json() == {"queue_running": [], "queue_pending": []}


SERVE = """
import json, sys
from pathlib import Path
from ltxlib.rehearsal.server import serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings

root = Path(sys.argv[1])
settings = RehearsalSettings(seconds_per_step=float(sys.argv[2]))
ready = lambda server: print(server.url, flush=True)
serve_forever(root / "o", root / "i", port=0, settings=settings, on_ready=ready)
"""


@pytest.fixture
def process(tmp_path: Path, project_root: Path) -> Any:
    """A rehearsal in a process of its own, in a sampler that takes an hour a step; its address."""
    words = [sys.executable, "-c", SERVE, str(tmp_path), "3600"]
    with subprocess.Popen(words, cwd=project_root, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().strip()
        yield running, url
        running.kill()


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_in_mid_take(process: Any, kind: int, tmp_path: Path) -> None:
    """SIGTERM and Ctrl-C end it at once, with code 0 and nothing half written."""
    running, url = process
    requests.post(url + "/prompt", json={"prompt": small_graph()}, timeout=10).raise_for_status()
    running.send_signal(kind)
    assert running.wait(timeout=30) == 0
    assert running.stdout.read() == ""
    assert not list(tmp_path.rglob("*.mp4*"))


def test_an_ordered_death_ends_the_process(process: Any) -> None:
    """In a process of its own the server is really gone, with a code that says it was no clean end."""
    running, url = process
    with pytest.raises(requests.ConnectionError):
        requests.post(url + "/rehearsal/faults", json={"kind": "die", "take": 0}, timeout=10)
    assert running.wait(timeout=30) == 1
