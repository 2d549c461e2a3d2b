from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltxlib.comfy.state import (
    OutputFile,
    PromptState,
    QueueState,
    history_state,
    outputs_of,
    queue_state,
    require_video,
)
from ltxlib.errors import OutputMissing, RenderFailed, RenderInterrupted, ServerAnswerError
from tests.comfy.conftest import Recorded


def state_of(response: dict[str, Any]) -> PromptState:
    """The state of the one prompt in a recorded answer of GET /history/{id}."""
    state = history_state(response["body"], response["path"].rpartition("/")[2])
    assert state is not None
    return state


@pytest.mark.shared
def test_every_recorded_history_is_understood(shared: Path) -> None:
    """Each recorded history entry becomes a finished state, and success always comes without an error."""
    seen = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("path"), str) and value["path"].startswith("/history/") and value["body"]:
                seen.append(state_of(value))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for file in sorted((shared / "contract").glob("comfyui-*/*.json")):
        walk(json.loads(file.read_text("utf-8")))
    assert len(seen) > 20
    assert all(state.finished for state in seen)
    assert all((state.kind == "succeeded") == (state.error is None) for state in seen)


@pytest.mark.shared
def test_success(recorded: Recorded) -> None:
    """A saved film is listed under "images"; it is found, and the time it took is known."""
    state = state_of(recorded("ws_success_plain.json")["history"])
    assert state.kind == "succeeded" and state.error is None and not state.cached
    file = require_video(state)
    assert (file.node, file.subfolder, file.type, file.animated) == ("save", "lab", "output", True)
    assert file.filename.endswith(".mp4")
    assert state.duration_s is not None and 1 < state.duration_s < 120


@pytest.mark.shared
def test_cached_repeat(recorded: Recorded) -> None:
    """A repeat answered from memory succeeds with the earlier file, and says that it is a repeat."""
    state = state_of(recorded("ws_cached_repeat.json")["history"])
    assert state.kind == "succeeded" and state.cached
    assert require_video(state).filename.endswith("_00001_.mp4")


@pytest.mark.shared
def test_cached_repeat_without_client_id(shared: Path) -> None:
    """ComfyUI 0.27 answers a repeat sent without client id with no file at all: that is a missing clip."""
    runs = json.loads(
        (shared / "contract/comfyui-0.27.0/cached_repeat_without_client_id.json").read_text("utf-8")
    )
    state = state_of(runs[1]["history"])
    assert (state.kind, state.outputs, state.cached) == ("succeeded", (), True)
    with pytest.raises(OutputMissing, match="memory") as caught:
        require_video(state)
    assert "seed" in caught.value.cure


@pytest.mark.shared
def test_success_without_the_save_node(shared: Path) -> None:
    """A run whose save node was left out succeeds for the server and is a missing clip for the kit."""
    run = json.loads((shared / "contract/comfyui-0.27.0/ws_partial_success_no_video.json").read_text("utf-8"))
    state = state_of(run["history"])
    assert (state.kind, state.outputs, state.cached) == ("succeeded", (), False)
    with pytest.raises(OutputMissing, match="no clip was saved"):
        require_video(state)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ws_execution_error.json", "ws_execution_error_late.json"])
def test_failure(recorded: Recorded, name: str) -> None:
    """A failed node is named with its title and its reason, and is not taken for want of memory."""
    state = state_of(recorded(name)["history"])
    assert state.kind == "failed"
    assert isinstance(state.error, RenderFailed) and not state.error.out_of_memory
    assert state.error.node in state.error.message and state.error.class_type
    with pytest.raises(RenderFailed):
        require_video(state)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["ws_interrupt_global.json", "ws_interrupt_with_prompt_id.json", "ws_interrupt_wrong_prompt_id.json"],
)
def test_interrupted_run_that_history_calls_an_error(recorded: Recorded, name: str) -> None:
    """The history files a stopped run under errors; the kit says that it was stopped."""
    response = recorded(name)["history"]
    assert next(iter(response["body"].values()))["status"]["status_str"] == "error"
    state = state_of(response)
    assert state.kind == "interrupted"
    with pytest.raises(RenderInterrupted):
        require_video(state)


@pytest.mark.shared
def test_no_entry(recorded: Recorded) -> None:
    """The history answers `{}` for waiting, running and unknown prompts alike, which decides nothing."""
    response = recorded("http.json")["history_unknown"]
    assert history_state(response["body"], "nope") is None


@pytest.mark.shared
def test_queue(recorded: Recorded) -> None:
    """What waits is listed in the order it will run, which is not the order the server sends."""
    ops = recorded("queue_ops.json")
    body = ops["queue_before"]["body"]
    numbers = {item[1]: item[0] for item in body["queue_pending"]}
    queue = queue_state(body)
    assert queue.running == tuple(item[1] for item in body["queue_running"]) and len(queue.running) == 1
    assert [numbers[prompt_id] for prompt_id in queue.pending] == sorted(numbers.values())
    assert len(queue_state(ops["queue_after_delete"]["body"]).pending) < len(queue.pending)
    assert queue_state(ops["queue_after_clear"]["body"]).pending == ()


@pytest.mark.shared
def test_restart_forgets_everything(shared: Path) -> None:
    """After a restart the server knows neither history nor queue."""
    told = json.loads((shared / "contract/comfyui-0.27.0/server_restart.json").read_text("utf-8"))
    lost = told["after_old_running_history"]["path"].rpartition("/")[2]
    assert history_state(told["after_old_running_history"]["body"], lost) is None
    assert queue_state(told["after_queue"]["body"]) == QueueState((), ())


def test_queue_with_odd_entries() -> None:
    """Entries that are no queue items are passed over."""
    body = {
        "queue_running": None,
        "queue_pending": [[3, "c"], [-1.5, "a", {}], None, [1], ["x", "y"], [2, 5], [1, "b"]],
    }
    assert queue_state(body) == QueueState((), ("a", "b", "c"))


@pytest.mark.parametrize("body", [None, [], "x"])
def test_answers_that_are_none(body: object) -> None:
    """An answer of another shape is the server's fault, told as such."""
    with pytest.raises(ServerAnswerError):
        queue_state(body)
    with pytest.raises(ServerAnswerError):
        history_state(body, "p")


def test_history_entry_of_another_shape() -> None:
    """An entry that is no record of a run is the server's fault, told as such."""
    with pytest.raises(ServerAnswerError):
        history_state({"p": []}, "p")


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (
            {"images": [{"filename": "a.mp4", "subfolder": "s", "type": "output"}], "animated": [True]},
            ["a.mp4"],
        ),
        ({"gifs": [{"filename": "b.mp4", "type": "output", "format": "video/h264-mp4"}]}, ["b.mp4"]),
        ({"videos": [{"filename": "c.webm"}], "text": ["hello"]}, ["c.webm"]),
        ({"audio": [{"filename": "d.flac", "type": "temp"}]}, ["d.flac"]),
        ({"video": {"filename": "e.mp4"}}, ["e.mp4"]),
        ({"a_b_images": [{"filename": "f.png"}], "b": [{"filename": "g.png"}]}, ["f.png", "g.png"]),
        ({"images": [{"filename": ""}, {"name": "x"}, None, 3, {"filename": 7}]}, []),
        ({"text": ["only words"], "animated": [True]}, []),
        (None, []),
        ([{"filename": "h.png"}], []),
    ],
)
def test_every_list_is_scanned(output: object, found: list[str]) -> None:
    """Files are found in any list of a node's output, whatever its name, and nothing else is."""
    assert [file.filename for file in outputs_of("9", output)] == found


def test_moving_pictures() -> None:
    """What moves is known from the server's flag or the list's name, and a film from its ending."""
    flagged = outputs_of("1", {"images": [{"filename": "A.MP4"}], "animated": [True]})[0]
    listed = outputs_of("1", {"gifs": [{"filename": "a.gif"}]})[0]
    still = outputs_of("1", {"images": [{"filename": "a.png"}], "animated": (False,)})[0]
    odd = outputs_of(
        "1", {"images": [{"filename": "a.png", "subfolder": None, "type": 3}], "animated": False}
    )[0]
    assert flagged.animated and flagged.is_video
    assert listed.animated and not listed.is_video
    assert not still.is_video
    assert odd == OutputFile("1", "a.png", "", "output", False)


def test_the_right_film_of_several() -> None:
    """Of several films the last kept one counts, or that of the node that is named."""
    files = (
        OutputFile("half", "half.mp4"),
        OutputFile("full", "full.mp4"),
        OutputFile("look", "look.mp4", type="temp"),
        OutputFile("still", "still.png"),
    )
    state = PromptState("p", "succeeded", outputs=files)
    assert require_video(state).filename == "full.mp4"
    assert require_video(state, "half").filename == "half.mp4"
    with pytest.raises(OutputMissing, match="preview"):
        require_video(state, "look")
    with pytest.raises(OutputMissing):
        require_video(state, "still")


def test_no_film_before_the_end() -> None:
    """A prompt that is not finished has no clip to ask for."""
    for kind in ("pending", "running", "unknown"):
        with pytest.raises(OutputMissing, match="not finished"):
            require_video(PromptState("p", kind))


def test_error_without_a_reason() -> None:
    """A run the history calls an error without a message is a failure that says so."""
    state = history_state({"p": {"status": {"status_str": "error", "messages": []}, "outputs": {}}}, "p")
    assert state is not None and state.kind == "failed" and state.duration_s is None
    with pytest.raises(RenderFailed, match="no reason"):
        require_video(state)


def test_servers_older_than_the_status() -> None:
    """Where the status is empty, as old servers leave it, the files decide."""
    entry = {"prompt": [], "outputs": {"9": {"gifs": [{"filename": "a.mp4"}]}}, "status": None}
    state = history_state({"p": entry}, "p")
    assert state is not None and state.kind == "succeeded"
    assert require_video(state).filename == "a.mp4"


def test_odd_messages_do_no_harm() -> None:
    """Messages of another shape are passed over."""
    entry = {
        "status": {
            "status_str": "success",
            "messages": [None, ["execution_start"], ["execution_start", None], ["execution_success", {}]],
        },
        "outputs": [],
    }
    state = history_state({"p": entry}, "p")
    assert state == PromptState("p", "succeeded")
