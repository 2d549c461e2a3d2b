"""How a server talks: the same body for the rehearsal and for a real ComfyUI."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.progress import ProgressFeed
from ltxlib.comfy.state import PromptState, require_video
from ltxlib.errors import PromptRejected, RenderFailed, RenderInterrupted
from ltxlib.media.probe import probe
from tests.support.bench import Bench
from tests.support.rehearsal import WAIT_S
from tests.support.rehearsal_graphs import as_posted, node, small_graph, story

Graph = dict[str, Any]
# Many more steps than any test waits for.
LONG = ", ".join(f"{step / 3000:.6f}" for step in range(3000, -1, -1))
OWN = "0fa4f64f-630a-411b-833d-856d65034454"
GHOST = "00000000-0000-4000-8000-000000000000"


def quick_graph(color: int) -> Graph:
    """A graph of an instant, without a model."""
    image = node("EmptyImage", width=64, height=64, batch_size=1, color=color)
    return {"e": image, "s": node("PreviewImage", images=["e", 0])}


def color_of_now() -> int:
    """One that no earlier run has used, so that nothing comes from memory."""
    return time.time_ns() // 1_000_000 % 0xFFFFFF


def finished(client: ComfyClient, prompt_id: str) -> PromptState:
    """Poll until a prompt has ended, as the batch does."""
    last = time.monotonic() + WAIT_S
    while not (state := client.status(prompt_id)).finished:
        assert time.monotonic() < last, f"{prompt_id} is still {state.kind}"
        time.sleep(0.05)
    return state


def running(client: ComfyClient, prompt_id: str) -> None:
    """Wait until a prompt runs."""
    last = time.monotonic() + WAIT_S
    while client.status(prompt_id).kind != "running":
        assert time.monotonic() < last, f"{prompt_id} does not run"
        time.sleep(0.05)


def test_an_own_prompt_id_is_kept(bench: Bench, seed: int) -> None:
    """The id that was posted is that of the answer and of the history, and its graph is the one posted."""
    own, graph = str(uuid.uuid4()), quick_graph(seed % 0xFFFFFF)
    answer = bench.http.post("/prompt", {"prompt": graph, "prompt_id": own, "client_id": "own"})
    assert answer.status_code == 200
    assert answer.json().keys() == {"prompt_id", "number", "node_errors"}
    assert (answer.json()["prompt_id"], answer.json()["node_errors"]) == (own, {})
    entry = bench.http.until(f"/history/{own}", bool)[own]
    assert entry["prompt"][1:3] == [own, graph]
    assert entry["prompt"][4] == ["s"]


@pytest.mark.parametrize("own", ["take-7", OWN.upper(), OWN.replace("-", ""), 7])
def test_a_prompt_id_that_is_no_uuid_is_refused(bench: Bench, own: object) -> None:
    """Only canonical lower-case UUIDs are ids, and a refused prompt is nowhere."""
    answer = bench.http.post("/prompt", {"prompt": quick_graph(1), "prompt_id": own})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_prompt_id")
    assert bench.http.get(f"/history/{own}").json() == {}


def test_what_is_unknown_is_nowhere(bench: Bench) -> None:
    """An id nobody has posted has an empty history and is in no queue."""
    assert bench.http.get(f"/history/{GHOST}").json() == {}
    assert bench.http.get("/queue").json() == {"queue_running": [], "queue_pending": []}
    assert bench.comfy().status(GHOST) == PromptState(GHOST, "unknown")


def test_a_success_is_told_from_start_to_end(bench: Bench) -> None:
    """Greeting, start, cache, each node, success, idle, and nothing after."""
    graph = quick_graph(color_of_now())
    with bench.http.listening("quick") as ear:
        prompt_id = bench.http.submit(graph, client_id="quick")
        ear.wait_for_end(prompt_id)
        told = [line for line in story(ear.texts()) if line[0] != "status"]
        greeting = ear.texts()[0]
    assert greeting["type"] == "status" and greeting["data"]["sid"] == "quick"
    kinds = [(line[0], line[1]) for line in told if line[0] != "progress_state"]
    assert kinds == [
        ("execution_start", ("prompt_id", "timestamp")),
        ("execution_cached", ()),
        ("executing", "e"),
        ("executing", "s"),
        ("executed", "s"),
        ("execution_success", ("prompt_id", "timestamp")),
        ("executing", None),
    ]
    status = bench.http.entry(prompt_id)["status"]
    assert (status["status_str"], status["completed"]) == ("success", True)
    assert [kind for kind, _ in status["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]


def test_the_steps_of_a_sampler_are_told(bench: Bench, seed: int) -> None:
    """A clip's steps are counted from the first to the last, and its file is the one in the history."""
    graph = small_graph(seed=seed, prefix="ltx-kit/contract/steps", sigmas="1.0, 0.75, 0.5, 0.25, 0.0")
    with bench.http.listening("steps") as ear:
        prompt_id = bench.http.submit(graph, client_id="steps")
        ear.wait_for_end(prompt_id)
        told = ear.texts()
    steps = [one["data"] for one in told if one["type"] == "progress" and one["data"]["node"] == "stage"]
    assert [(one["value"], one["max"]) for one in steps][-1] == (4, 4)
    assert [one["value"] for one in steps] == sorted(one["value"] for one in steps)
    (done,) = (one["data"] for one in told if one["type"] == "executed" and one["data"]["node"] == "save")
    entry = bench.http.entry(prompt_id)
    assert entry["outputs"]["save"] == done["output"]
    assert done["output"]["animated"] == [True]
    (file,) = done["output"]["images"]
    assert (file["subfolder"], file["type"]) == ("ltx-kit/contract", "output")
    assert file["filename"].startswith("steps_") and file["filename"].endswith("_.mp4")


def test_the_same_graph_again_gives_the_earlier_file(bench: Bench, seed: int, tmp_path: Path) -> None:
    """A repeat is answered from memory: all cached, nothing runs, the file is that of the first run."""
    client = bench.comfy()
    graph = small_graph(seed=seed, text="an owl calls", prefix="ltx-kit/contract/again")
    first = finished(client, client.submit(graph))
    with bench.http.listening("again") as ear:
        prompt_id = bench.http.submit(graph, client_id="again")
        ear.wait_for_end(prompt_id)
        told = {one["type"]: one["data"] for one in ear.texts()}
    second = client.status(prompt_id)
    assert sorted(told["execution_cached"]["nodes"]) == sorted(graph)
    assert not first.cached and second.cached
    assert require_video(second) == require_video(first)
    info = probe(client.download(require_video(second), tmp_path / "a.mp4"))
    assert (info.width_px, info.height_px, info.frames) == (64, 64, 9)
    assert as_posted(bench.http.entry(prompt_id)["prompt"][2]) == graph


def test_the_queue_shows_what_runs_and_what_waits(bench: Bench, seed: int) -> None:
    """One runs, one waits; the one is stopped by its own id only, the other goes without a trace."""
    client = bench.comfy()
    with bench.http.listening(client.client_id) as ear:
        first = client.submit(small_graph(seed=seed, sigmas=LONG))
        ear.wait_for(lambda one: one["type"] == "progress" and one["data"]["node"] == "stage")
        second = client.submit(small_graph(seed=seed + 1, sigmas=LONG))
        queue = bench.http.get("/queue").json()
        assert [entry[1] for entry in queue["queue_running"]] == [first]
        (waiting,) = queue["queue_pending"]
        assert waiting[1:3] == [second, small_graph(seed=seed + 1, sigmas=LONG)]
        assert waiting[3]["client_id"] == client.client_id and waiting[4] == ["save"]
        assert client.status(first) == PromptState(first, "running")
        assert client.status(second) == PromptState(second, "pending", ahead=1)
        client.interrupt(GHOST)
        client.interrupt(second)
        assert client.status(first).kind == "running"
        client.cancel(second)
        assert client.status(second).kind == "unknown"
        client.cancel(first)
        ear.wait_for_end(first)
        kinds = [one["type"] for one in ear.texts()]
    state = client.status(first)
    assert state.kind == "interrupted" and isinstance(state.error, RenderInterrupted)
    assert "execution_interrupted" in kinds and "execution_success" not in kinds
    entry = bench.http.entry(first)
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    assert entry["outputs"] == {}
    assert client.queue().running == client.queue().pending == ()


def test_an_interrupt_when_idle_is_forgotten(bench: Bench) -> None:
    """Stopping nothing does not stop what comes next."""
    client = bench.comfy()
    client.interrupt()
    assert finished(client, client.submit(quick_graph(color_of_now()))).kind == "succeeded"


def test_the_feed_follows_a_render(bench: Bench, seed: int) -> None:
    """The kit's own listener hears the steps of what the kit's own client sent."""
    client = bench.comfy()
    heard: list[Any] = []
    with ProgressFeed(client) as feed:
        assert feed.wait_until_live(WAIT_S)
        prompt_id = client.submit(small_graph(seed=seed, text="a brook", prefix="ltx-kit/contract/feed"))
        last = time.monotonic() + WAIT_S
        while not any(type(event).__name__ == "ExecutionSuccess" for event in heard):
            assert time.monotonic() < last
            heard += feed.events(1)
    mine = [event for event in heard if getattr(event, "prompt_id", None) == prompt_id]
    names = [type(event).__name__ for event in mine]
    assert names[0] == "ExecutionStart"
    assert {"ExecutionCached", "Executing", "Progress", "ProgressState", "Executed"} <= set(names)
    assert not [event for event in heard if type(event).__name__ == "Unknown"]


def test_a_failing_node_is_told_with_its_reason(bench: Bench) -> None:
    """A file that is no picture fails in the node that loads it, in the feed, the history and in words."""
    client = bench.comfy()
    files = {"image": ("ltx-kit-broken.png", b"this is no picture", "image/png")}
    uploaded = bench.http.post("/upload/image", files=files, data={"overwrite": "true"}).json()
    graph = {
        "i": node("LoadImage", image=uploaded["name"]),
        "s": node("PreviewImage", images=["i", 0]),
    }
    with bench.http.listening("fails") as ear:
        # A file that cannot be read may be found out when the graph is posted, or when it runs.
        prompt_id = bench.http.submit(graph, client_id="fails")
        ear.wait_for_end(prompt_id)
        (error,) = (one["data"] for one in ear.texts() if one["type"] == "execution_error")
    assert (error["node_id"], error["node_type"]) == ("i", "LoadImage")
    state = client.status(prompt_id)
    assert state.kind == "failed" and isinstance(state.error, RenderFailed)
    assert bench.http.entry(prompt_id)["status"]["status_str"] == "error"


def _change(node_id: str, **inputs: Any) -> Callable[[Graph], None]:
    return lambda graph: graph[node_id]["inputs"].update(inputs)


def _drop(node_id: str, name: str) -> Callable[[Graph], None]:
    def drop(graph: Graph) -> None:
        del graph[node_id]["inputs"][name]

    return drop


REFUSED: dict[str, tuple[Callable[[Graph], Any], str, dict[str, list[str]]]] = {
    "unknown node": (lambda graph: graph["samp"].update(class_type="Nope"), "missing_node_type", {}),
    "no output": (lambda graph: graph.pop("save"), "prompt_no_outputs", {}),
    "missing model": (_change("ckpt", ckpt_name="nope.safetensors"), "", {"ckpt": ["value_not_in_list"]}),
    "too small": (_change("vlat", width=8), "", {"vlat": ["value_smaller_than_min"]}),
    "too many frames": (_change("vlat", length=10**6), "", {"vlat": ["value_bigger_than_max"]}),
    "no number": (_change("vlat", width="wide"), "", {"vlat": ["invalid_input_type"]}),
    "wrong wire": (_change("guider", model=["avae", 0]), "", {"guider": ["return_type_mismatch"]}),
    "loose wire": (_drop("guider", "model"), "", {"guider": ["required_input_missing"]}),
    "no seed": (_drop("noise", "noise_seed"), "", {"noise": ["required_input_missing"]}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_faulty_graph_is_refused_with_the_node(bench: Bench, case: str) -> None:
    """What is wrong is said for each node, nothing is queued, and the kit says it in words."""
    harm, kind, nodes = REFUSED[case]
    graph = small_graph()
    harm(graph)
    answer = bench.http.post("/prompt", {"prompt": graph, "client_id": "refused"})
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"]["type"] == (kind or "prompt_outputs_failed_validation")
    told = {
        node_id: [error["type"] for error in about["errors"]]
        for node_id, about in (body["node_errors"] or {}).items()
    }
    assert told == nodes
    with pytest.raises(PromptRejected) as refusal:
        bench.comfy().submit(graph)
    assert refusal.value.message
    assert len(refusal.value.problems) >= len(nodes)
    assert bench.http.get("/queue").json() == {"queue_running": [], "queue_pending": []}


def test_a_graph_that_is_taken_in_part_is_refused_by_the_kit(bench: Bench) -> None:
    """One good output is enough for a 200; its node errors count, and what was queued does not stay."""
    graph = {**quick_graph(color_of_now()), "bad": node("PreviewImage")}
    answer = bench.http.post("/prompt", {"prompt": graph, "client_id": "part"})
    assert answer.status_code == 200
    assert list(answer.json()["node_errors"]) == ["bad"]
    bench.http.until(f"/history/{answer.json()['prompt_id']}", bool)
    with pytest.raises(PromptRejected, match="only a part"):
        bench.comfy().submit({**quick_graph(color_of_now()), "bad": node("PreviewImage")})
    bench.http.until("/queue", lambda queue: queue == {"queue_running": [], "queue_pending": []})


def test_a_picture_goes_up_and_comes_back(bench: Bench, tmp_path: Path) -> None:
    """A name with blanks and umlauts is taken; LoadImage finds the picture in its size."""
    picture = tmp_path / "ein Bild ü.png"
    Image.new("RGB", (48, 32), (10, 20, 30)).save(picture)
    client = bench.comfy()
    name = client.upload_image(picture)
    assert client.upload_image(picture) == name
    graph = {"i": node("LoadImage", image=name), "s": node("PreviewImage", images=["i", 0])}
    state = finished(client, client.submit(graph))
    (output,) = state.outputs
    assert output.type == "temp"
    with Image.open(client.download(output, tmp_path / "back.png")) as back:
        assert (back.size, back.convert("RGB").getpixel((1, 1))) == ((48, 32), (10, 20, 30))


def test_what_was_forgotten_is_made_again(bench: Bench) -> None:
    """After /free a graph that was in memory runs anew."""
    client, graph = bench.comfy(), quick_graph(color_of_now())
    finished(client, client.submit(graph))
    assert finished(client, client.submit(graph)).cached
    bench.forget()
    assert not finished(client, client.submit(graph)).cached
