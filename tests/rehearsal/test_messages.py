"""The WebSocket's messages and the history, held against recordings of a real ComfyUI."""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.rehearsal import Client, Listener
from tests.support.rehearsal_graphs import node, priming, recording, small_graph, story, texts_of

FLAGS = {"supports_preview_metadata": True}


def graph_of(recorded: dict[str, Any]) -> dict[str, Any]:
    """The graph that a recording ran."""
    return copy.deepcopy(next(iter(recorded["history"]["body"].values()))["prompt"][2])


def cached_in(recorded: dict[str, Any]) -> list[str]:
    """The nodes that a recording's run found in the cache."""
    texts = texts_of(recorded["ws"])
    return next(one for one in texts if one["type"] == "execution_cached")["data"]["nodes"]


def heard_while(client: Client, graph: dict[str, Any], **more: Any) -> list[Any]:
    """All that a new client hears from its greeting to the end of its prompt."""
    flags = more.pop("flags", None)
    with client.listening("contract", flags) as ear:
        if flags is not None:
            ear.wait_for(lambda one: one["type"] == "feature_flags")
        prompt_id = client.submit(graph, client_id="contract", **more)
        ear.wait_for_end(prompt_id)
        return ear.texts()


def steps_done(ear: Listener, steps: int) -> None:
    """Wait until a sampler has told of so many steps."""
    ear.wait_for(lambda one: one["type"] == "progress" and one["data"]["value"] >= steps)


@pytest.mark.shared
def test_a_success_is_told_as_recorded(shared: Path, serve: Callable[..., Client]) -> None:
    """A run that finds the first stage's inputs in the cache tells the recorded story, node by node."""
    recorded = recording(shared, "ws_success_plain")
    graph = graph_of(recorded)
    client = serve()
    client.run(priming(graph, cached=[name for name in graph if name not in ("noise1", "noise2")]))
    client.server.faults.add("oom")
    client.run(graph)  # ends in the first sampler, so that what is before it is in the cache
    assert story(heard_while(client, graph)) == story(texts_of(recorded["ws"]))


@pytest.mark.shared
def test_a_success_from_a_new_prompt_is_told_as_recorded(shared: Path, client: Client) -> None:
    """Another prompt text, size and seed on loaded models: the recorded order, equal nodes run only once."""
    recorded = recording(shared, "ws_success_preview_metadata", "0.27.0")
    graph = graph_of(recorded)
    # Recorded with a text encoder loader of ComfyUI-LTXVideo; the core's own stands in its place.
    graph["te"] = small_graph()["te"]
    client.run(priming(graph, cached_in(recorded)))
    told = story(heard_while(client, graph, flags=FLAGS))
    assert ("executed", "guider2", ("display_node", "node", "output", "prompt_id")) in told
    # The flags themselves are those of another version.
    meant = story(texts_of(recorded["ws"]))
    assert [told[0], *told[2:]] == [meant[0], *meant[2:]]


@pytest.mark.shared
def test_the_history_of_a_success_has_the_recorded_shape(shared: Path, client: Client) -> None:
    """A history entry has the recorded parts, files and kinds of message."""
    recorded = recording(shared, "ws_success_plain")
    expected = next(iter(recorded["history"]["body"].values()))
    entry = client.run(graph_of(recorded))
    assert entry.keys() == expected.keys()
    assert entry["meta"] == expected["meta"]
    assert entry["prompt"][3].keys() == expected["prompt"][3].keys()
    assert entry["prompt"][4] == expected["prompt"][4]
    assert entry["outputs"]["save"]["animated"] == [True]
    assert entry["outputs"]["save"]["images"][0].keys() == expected["outputs"]["save"]["images"][0].keys()
    assert [name for name, _ in entry["status"]["messages"]] == [
        name for name, _ in expected["status"]["messages"]
    ]
    for (_, said), (_, meant) in zip(
        entry["status"]["messages"], expected["status"]["messages"], strict=True
    ):
        assert said.keys() == meant.keys()


@pytest.mark.shared
def test_a_cached_repeat_is_told_as_recorded(shared: Path, client: Client) -> None:
    """The same graph again makes nothing new and gives the earlier file."""
    recorded = recording(shared, "ws_cached_repeat")
    graph = graph_of(recorded)
    first = client.run(graph)
    told = heard_while(client, graph)
    assert story(told) == story(texts_of(recorded["ws"]))
    shown = next(one for one in told if one["type"] == "executed")["data"]["output"]
    assert shown == first["outputs"]["save"]


@pytest.mark.shared
def test_a_cached_repeat_succeeds_though_its_file_is_gone(shared: Path, client: Client) -> None:
    """A repeat of a run whose file was deleted says success, and /view answers 404."""
    recorded = recording(shared, "cached_repeat_after_output_deleted")
    graph = graph_of(recorded["second"])
    (clip,) = client.saved(client.run(graph))
    clip.unlink()
    told = heard_while(client, graph)
    assert story(told) == story(texts_of(recorded["second"]["ws"]))
    gone = client.get("/view", params={"filename": clip.name, "subfolder": clip.parent.name})
    assert gone.status_code == recorded["view"]["status"]


@pytest.mark.shared
def test_an_early_failure_is_told_as_recorded(shared: Path, client: Client) -> None:
    """A picture that is none fails LoadImage with PIL's words."""
    recorded = recording(shared, "ws_execution_error")
    (client.server.input_dir / "lab_bad_image.png").write_bytes(b"this is no picture")
    told = heard_while(client, graph_of(recorded))
    assert story(told) == story(texts_of(recorded["ws"]))
    said, meant = (
        next(one for one in texts if one["type"] == "execution_error")["data"]
        for texts in (told, texts_of(recorded["ws"]))
    )
    assert said["exception_type"] == meant["exception_type"]
    assert said["exception_message"].startswith("cannot identify image file '")
    assert said["current_inputs"] == meant["current_inputs"]
    assert set(said["current_outputs"]) == set(meant["current_outputs"])
    assert all(isinstance(line, str) for line in said["traceback"])


@pytest.mark.shared
def test_a_late_failure_is_told_as_recorded(shared: Path, client: Client) -> None:
    """Two picture latents where one should be sound pass the check and fail in the sampler."""
    recorded = recording(shared, "ws_execution_error_late")
    told = heard_while(client, graph_of(recorded))
    assert story(told) == story(texts_of(recorded["ws"]))
    error = next(one for one in told if one["type"] == "execution_error")["data"]
    assert error["exception_type"] == "ValueError"
    assert error["exception_message"] == "too many values to unpack (expected 4)\n"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ws_interrupt_global", "ws_interrupt_with_prompt_id"])
def test_an_interrupt_is_told_as_recorded(shared: Path, serve: Callable[..., Client], name: str) -> None:
    """Stopping a run ends it at the next step: execution_interrupted, status, executing null."""
    recorded = recording(shared, name)
    graph, cached = graph_of(recorded), cached_in(recorded)
    client = serve(seconds_per_step=0.05)
    client.run(priming(graph, cached))
    with client.listening("contract") as ear:
        prompt_id = client.submit(graph, client_id="contract")
        steps_done(ear, 1)
        answer = client.post("/interrupt", {"prompt_id": prompt_id} if "with" in name else None)
        ear.wait_for_end(prompt_id)
        assert story(ear.texts()) == story(texts_of(recorded["ws"]))
    assert (answer.status_code, answer.content) == (200, b"")
    entry = client.entry(prompt_id)
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    assert entry["outputs"] == {}
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    job = client.get(f"/api/jobs/{prompt_id}").json()
    assert job["status"] == "cancelled"
    assert list(job) == list(recorded["job"]["body"])


def test_an_interrupt_for_another_prompt_stops_nothing(serve: Callable[..., Client]) -> None:
    """/interrupt with an id that does not run answers 200 and lets the run go on."""
    client = serve(seconds_per_step=0.05)
    with client.listening("x") as ear:
        prompt_id = client.submit(small_graph(), client_id="x")
        steps_done(ear, 1)
        answer = client.post("/interrupt", {"prompt_id": "00000000-0000-4000-8000-000000000000"})
        ear.wait_for_end(prompt_id)
    assert answer.status_code == 200
    assert client.entry(prompt_id)["status"]["status_str"] == "success"


def test_an_interrupt_when_idle_does_not_stop_the_next_run(client: Client) -> None:
    """/interrupt while nothing runs is forgotten."""
    assert client.post("/interrupt").status_code == 200
    assert client.run(small_graph())["status"]["status_str"] == "success"


@pytest.mark.shared
def test_coming_back_in_mid_run_is_answered_as_recorded(shared: Path, serve: Callable[..., Client]) -> None:
    """A client that reconnects is told which node runs, nothing of what it missed, and the end."""
    recorded = recording(shared, "ws_reconnect")
    client = serve(seconds_per_step=0.1)
    graph = small_graph(sigmas=", ".join(str(step / 400) for step in range(400, -1, -1)))
    with client.listening("A", FLAGS) as before:
        before.wait_for(lambda one: one["type"] == "feature_flags")
        assert before.types() == [one["type"] for one in texts_of(recorded["before"])][:2]
        prompt_id = client.submit(graph, client_id="A")
        steps_done(before, 1)
    with client.listening("A") as after, client.listening("OTHER") as other:
        after.wait_for(lambda one: one["type"] == "executing")
        assert [one["type"] for one in after.texts()[:2]] == ["status", "executing"]
        assert after.texts()[1]["data"] == {"node": "stage"}
        assert texts_of(recorded["after"])[1]["data"] == {"node": "stage1"}
        client.post("/interrupt")
        after.wait_for_end(prompt_id)
        tail = [line for line in story(after.texts()[2:]) if line[0] not in ("progress", "progress_state")]
        assert [line[0] for line in tail] == [one["type"] for one in texts_of(recorded["after"])[2:]]
        other.wait_for(lambda one: one["data"].get("status") == {"exec_info": {"queue_remaining": 0}})
        assert set(other.types()) == {"status"}
    with client.listening("A") as late:
        # Another client's round trip: by then the late one would have heard something.
        client.run(small_graph(seed=2))
        assert set(late.types()) == {"status"}


def preview_graph(color: int) -> dict[str, Any]:
    """A graph of an instant."""
    return {
        "e": node("EmptyImage", width=64, height=64, batch_size=1, color=color),
        "s": node("PreviewImage", images=["e", 0]),
    }


@pytest.mark.shared
def test_two_sockets_with_one_id_as_recorded(shared: Path, client: Client) -> None:
    """The newer socket gets everything, until the older one closes: then it is deaf for ever."""
    recorded = recording(shared, "ws_duplicate_client_id")
    first = Listener(client.url, "DUP")
    first.wait_for(lambda one: one["type"] == "status")
    with client.listening("DUP") as second:
        prompt_id = client.submit(preview_graph(1), client_id="DUP")
        second.wait_for_end(prompt_id)
        assert story(second.texts()) == story(texts_of(recorded["second"]))
        assert story(first.texts()) == story(texts_of(recorded["first"]))
        first.close()
        heard = len(second.heard)
        client.until("/rehearsal", lambda about: about["sockets"] == 1)
        client.submit(preview_graph(2), client_id="DUP")
        client.run(preview_graph(3))
        assert len(second.heard) == heard
        assert recording(shared, "ws_duplicate_client_id_after_first_closed") == []


@pytest.mark.shared
def test_a_prompt_without_client_id_as_recorded(shared: Path, client: Client) -> None:
    """Nobody's prompt is told to all, in status and progress_state only."""
    recorded = recording(shared, "ws_prompt_without_client_id")
    with client.listening("observer") as ear:
        prompt_id = client.submit(preview_graph(4))
        ear.wait_for(lambda one: one["data"].get("status") == {"exec_info": {"queue_remaining": 1}})
        client.until(f"/history/{prompt_id}", bool)
        client.run(preview_graph(5))
        told = story(ear.texts()[1:])
        expected = story(texts_of(recorded["observer"]))
        assert told[: len(expected)] == expected
    assert client.entry(prompt_id)["prompt"][3].keys() == {"create_time"}


@pytest.mark.shared
@pytest.mark.parametrize("case", ["one_bad_output_of_two", "save_prefix_traversal"])
def test_short_runs_of_the_validation_table_as_recorded(shared: Path, client: Client, case: str) -> None:
    """A run with a broken second output succeeds; a prefix that leaves the folder fails when it is used."""
    recorded = recording(shared, "prompt_validation")[case]
    graph = {"e": node("EmptyImage", width=64, height=64, batch_size=1, color=0)}
    if case == "one_bad_output_of_two":
        graph |= {"pv": node("PreviewImage"), "pv2": node("PreviewImage", images=["e", 0])}
    else:
        graph["s"] = node("SaveImage", images=["e", 0], filename_prefix="../../../lab/x")
    with client.listening("contract") as ear:
        prompt_id = client.post("/prompt", {"prompt": graph, "client_id": "contract"}).json()["prompt_id"]
        ear.wait_for_end(prompt_id)
        assert story(ear.texts()) == story(texts_of(recorded["ws"]))
    error = dict(client.entry(prompt_id)["status"]["messages"]).get("execution_error")
    if error is not None:
        assert error["exception_type"] == "Exception"
        assert "Saving image outside the output folder is not allowed" in error["exception_message"]


@pytest.mark.parametrize("with_metadata", [True, False])
def test_previews_come_in_the_form_the_client_understands(client: Client, with_metadata: bool) -> None:
    """With previews asked for, every step brings a JPEG: event 4 with metadata, or event 1 without."""
    flags = FLAGS if with_metadata else None
    with client.listening("x", flags) as ear:
        prompt_id = client.submit(small_graph(), client_id="x", extra_data={"preview_method": "latent2rgb"})
        ear.wait_for_end(prompt_id)
        frames = [one for one in ear.heard if isinstance(one, bytes)]
        kinds = ["picture" if isinstance(one, bytes) else one["type"] for one in ear.heard]
    assert len(frames) == 2
    first = kinds.index("picture")
    assert kinds[first - 1 : first + 2] == ["progress_state", "picture", "progress"]
    event, length = struct.unpack(">II", frames[0][:8])
    start = 8 + length if with_metadata else 8
    assert (event, length) == ((4, length) if with_metadata else (1, 1))
    assert frames[0][start : start + 2] == b"\xff\xd8"


def test_the_first_message_only_may_carry_feature_flags(client: Client) -> None:
    """What is no JSON, or comes later, is heard without harm."""
    with client.listening("x") as ear:
        ear.say("{no json")
        ear.say('{"type": "feature_flags", "data": {}}')
        client.run(small_graph())
        assert "feature_flags" not in ear.types()


def test_a_changed_picture_is_new_work(client: Client) -> None:
    """The same name with other bytes is loaded anew."""
    picture = client.server.input_dir / "a.png"
    graph = {"i": node("LoadImage", image="a.png"), "s": node("PreviewImage", images=["i", 0])}
    Image.new("RGB", (64, 64), "red").save(picture)
    first = client.run(graph)
    assert client.run(graph)["outputs"] == first["outputs"]
    Image.new("RGB", (64, 64), "blue").save(picture)
    assert client.run(graph)["outputs"] != first["outputs"]


def test_only_the_last_graph_is_kept_in_the_cache(client: Client) -> None:
    """Another graph in between, and everything is made again."""
    first = client.run(small_graph())
    client.run(preview_graph(1))
    assert client.run(small_graph())["outputs"] != first["outputs"]


def test_free_forgets_the_cache(client: Client) -> None:
    """After /free the same graph is rendered again, into the next file."""
    first = client.run(small_graph())
    assert client.post("/free", {"unload_models": True, "free_memory": True}).status_code == 200
    again = client.run(small_graph())
    assert again["outputs"] != first["outputs"]
    assert [path.name for path in client.saved(again)] == ["clip_00002_.mp4"]
