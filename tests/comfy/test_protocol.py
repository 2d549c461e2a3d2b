from __future__ import annotations

import gc
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ltxlib.comfy.protocol import (
    CLIENT_FLAGS,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    NodeProgress,
    Preview,
    Progress,
    ProgressState,
    ProgressText,
    Status,
    Unknown,
    parse_binary,
    parse_text,
)
from ltxlib.comfy.state import OutputFile
from tests.comfy.conftest import Recorded

KIND = {
    "status": Status,
    "feature_flags": FeatureFlags,
    "execution_start": ExecutionStart,
    "execution_cached": ExecutionCached,
    "executing": Executing,
    "progress": Progress,
    "progress_state": ProgressState,
    "executed": Executed,
    "execution_success": ExecutionSuccess,
    "execution_error": ExecutionError,
    "execution_interrupted": ExecutionInterrupted,
}


def frames_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every recorded frame anywhere inside a recording."""
    if isinstance(value, dict):
        if "t" in value and ("text" in value or "binary" in value):
            yield value
        for inner in value.values():
            yield from frames_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from frames_in(inner)


def events(messages: list[dict[str, Any]]) -> list[Any]:
    """The events of the text frames of a recorded sequence."""
    return [parse_text(json.dumps(message["text"])) for message in messages if "text" in message]


@pytest.mark.shared
def test_every_recorded_frame_is_understood(shared: Path) -> None:
    """Each text frame that was ever recorded becomes the event of its type, none is Unknown."""
    seen = 0
    for file in sorted((shared / "contract").glob("comfyui-*/*.json")):
        for frame in frames_in(json.loads(file.read_text("utf-8"))):
            if isinstance(frame.get("text"), dict):
                event = parse_text(json.dumps(frame["text"]))
                assert type(event) is KIND[frame["text"]["type"]], file.name
                seen += 1
    assert seen > 900


@pytest.mark.shared
def test_success(recorded: Recorded) -> None:
    """A successful run tells its start, its steps, the file and the success, in that order."""
    run = recorded("ws_success_plain.json")
    prompt_id = run["post"]["body"]["prompt_id"]
    heard = events(run["ws"])
    kinds = [type(event) for event in heard]
    assert isinstance(heard[0], Status) and heard[0].client_id
    assert kinds.index(ExecutionStart) < kinds.index(Progress) < kinds.index(Executed)
    assert kinds.index(Executed) < kinds.index(ExecutionSuccess)
    steps = [event for event in heard if isinstance(event, Progress)]
    assert {event.prompt_id for event in steps} == {prompt_id}
    assert steps[-1].fraction == 1.0 and 0.0 < steps[0].fraction < 1.0
    done = next(event for event in heard if isinstance(event, Executed))
    assert [(file.filename.endswith(".mp4"), file.type, file.animated) for file in done.outputs] == [
        (True, "output", True)
    ]
    assert heard[-1] == Executing(prompt_id, None)


@pytest.mark.shared
def test_no_node_at_work_after_a_failure_too(recorded: Recorded) -> None:
    """The last `executing` without a node comes after a failure as well, so it says nothing of success."""
    heard = events(recorded("ws_execution_error.json")["ws"])
    assert isinstance(heard[-1], Executing) and heard[-1].node is None
    failure = next(event for event in heard if isinstance(event, ExecutionError))
    assert (failure.node, failure.class_type) == ("img", "LoadImage")
    assert failure.exception_type == "PIL.UnidentifiedImageError"
    assert failure.message.startswith("cannot identify image file") and not failure.message.endswith("\n")
    assert not any(isinstance(event, ExecutionSuccess) for event in heard)


@pytest.mark.shared
def test_interrupt(recorded: Recorded) -> None:
    """A stopped run is told apart from a failed one."""
    heard = events(recorded("ws_interrupt_with_prompt_id.json")["ws"])
    stopped = [event for event in heard if isinstance(event, ExecutionInterrupted)]
    assert [(event.node, event.class_type) for event in stopped] == [("stage1", "SamplerCustomAdvanced")]


@pytest.mark.shared
def test_reconnection_names_no_prompt(recorded: Recorded) -> None:
    """After a reconnection the node at work comes without its prompt id, and that is no reason to stumble."""
    first = events(recorded("ws_reconnect.json")["first_messages_after_reconnect_within_1s"])
    assert isinstance(first[0], Status) and first[0].queue_remaining == 1
    assert first[1] == Executing(None, "stage1")


@pytest.mark.shared
def test_cached_run(recorded: Recorded) -> None:
    """A repeated graph lists its nodes as cached and names the earlier file."""
    heard = events(recorded("ws_cached_repeat.json")["ws"])
    cached = next(event for event in heard if isinstance(event, ExecutionCached))
    assert "save" in cached.nodes and len(cached.nodes) > 20
    assert next(event for event in heard if isinstance(event, Executed)).outputs[0].node == "save"


@pytest.mark.shared
def test_recorded_previews(recorded_033: Recorded) -> None:
    """A preview frame built as the recorded ones were gives its picture, its node and its prompt."""
    about = next(
        frame["binary"]["metadata"]
        for frame in recorded_033("ws_success_preview_metadata.json")["ws"]
        if "binary" in frame
    )
    head = json.dumps(about).encode()
    frame = struct.pack(">II", 4, len(head)) + head + b"\xff\xd8\xff\xe0rest"
    assert parse_binary(frame) == Preview(about["prompt_id"], "stage1", "image/jpeg", b"\xff\xd8\xff\xe0rest")


def test_plain_previews() -> None:
    """Without the feature flag a preview is a format number and the picture."""
    assert parse_binary(struct.pack(">II", 1, 1) + b"jpg") == Preview(None, None, "image/jpeg", b"jpg")
    assert parse_binary(struct.pack(">II", 1, 2) + b"png") == Preview(None, None, "image/png", b"png")


def test_text_frames_of_nodes() -> None:
    """A node's line of text comes with the node's id, which may be empty."""
    assert parse_binary(struct.pack(">II", 3, 2) + b"12" + "späť".encode()) == ProgressText("12", "späť")
    assert parse_binary(struct.pack(">II", 3, 0) + b"\xff") == ProgressText(None, "\ufffd")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0\0",
        struct.pack(">I", 1),
        struct.pack(">I", 4),
        struct.pack(">II", 4, 2**32 - 1) + b"{}",
        struct.pack(">II", 4, 2) + b"[]",
        struct.pack(">II", 4, 2) + b"{]",
        struct.pack(">II", 3, 99) + b"1",
        struct.pack(">II", 2, 1) + b"raw",
        struct.pack(">I", 77),
    ],
)
def test_broken_binary_frames(frame: bytes) -> None:
    """A binary frame that is cut, wrong or of a new kind is Unknown and nothing worse."""
    assert isinstance(parse_binary(frame), Unknown)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "null",
        "[1]",
        '"status"',
        b"\xff\xfe",
        '{"type": 3, "data": {}}',
        '{"type": "status"}',
        '{"type": "status", "data": []}',
        '{"type": "logs", "data": {"entries": []}}',
        '{"type": "execution_start", "data": {}}',
        '{"type": "execution_success", "data": {"prompt_id": null}}',
        '{"type": "progress", "data": {"value": "3", "max": 4}}',
        '{"type": "progress", "data": {"value": true, "max": 4}}',
        '{"type": "progress_state", "data": {"prompt_id": "x", "nodes": []}}',
        '{"type": "progress_state", "data": {"prompt_id": "x", "nodes": {"1": {"value": null, "max": 1}}}}',
        '{"type": "executed", "data": {"prompt_id": "x"}}',
    ],
)
def test_frames_that_mean_nothing(frame: str | bytes) -> None:
    """A text frame that is broken or of a new type is Unknown and never an exception."""
    event = parse_text(frame)
    assert isinstance(event, Unknown) and len(event.excerpt) <= 120


def test_frames_without_a_bottom() -> None:
    """A frame nested deeper than can be read is Unknown too."""
    gc.collect()  # or what is left of other tests is thrown away down there, where nothing works
    assert isinstance(parse_text("[" * 100_000), Unknown)


def test_unknown_keeps_its_type() -> None:
    """What a newer server adds can still be told by its type."""
    assert parse_text('{"type": "notification", "data": {"id": 1}}').kind == "notification"


def test_numbered_nodes_and_odd_values() -> None:
    """Nodes numbered instead of named, a missing count and nodes without a state do no harm."""
    assert parse_text('{"type": "executing", "data": {"node": 12, "prompt_id": "p"}}') == Executing("p", "12")
    assert parse_text('{"type": "status", "data": {}}') == Status(None, None)
    assert parse_text('{"type": "status", "data": {"status": {"exec_info": null}}}') == Status(None, None)
    assert parse_text('{"type": "execution_cached", "data": {"prompt_id": "p", "nodes": null}}') == (
        ExecutionCached("p", ())
    )
    state = parse_text(
        '{"type": "progress_state", "data": {"prompt_id": "p", "nodes": '
        '{"1": {"value": 1, "max": 2}, "2": null, "3": {"value": 0.5, "max": 1.0, "state": "running"}}}}'
    )
    assert state == ProgressState("p", (NodeProgress("1", 1, 2, ""), NodeProgress("3", 0.5, 1.0, "running")))


def test_output_null() -> None:
    """A node equal to one already run reports no output, which is no file."""
    event = parse_text('{"type": "executed", "data": {"prompt_id": "p", "node": "9", "output": null}}')
    assert event == Executed("p", "9", ())
    event = parse_text(
        '{"type": "executed", "data": {"prompt_id": "p", "node": "9", '
        '"output": {"gifs": [{"filename": "a.mp4"}]}}}'
    )
    assert event == Executed("p", "9", (OutputFile("9", "a.mp4", animated=True),))


def test_fraction_stays_in_range() -> None:
    """A share of progress is between 0 and 1 whatever the server counts."""
    assert Progress("p", "n", 3, 0).fraction == 0.0
    assert Progress("p", "n", 9, 4).fraction == 1.0
    assert Progress("p", "n", -1, 4).fraction == 0.0


def test_own_flags() -> None:
    """The first words to a server ask for previews that name their node."""
    assert json.loads(CLIENT_FLAGS) == {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
