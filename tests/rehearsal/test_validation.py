"""POST /prompt against what a real ComfyUI answered."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.refused_graphs import CASES, EMPTY_IMAGE, plain
from tests.support.rehearsal import Client
from tests.support.rehearsal_graphs import node, recording, small_graph

CHECKPOINTS = [f"ltx-2-19b-{kind}.safetensors" for kind in ("dev-fp8", "dev", "distilled-fp8", "distilled")]
CAMERAS = ("dolly-in", "dolly-left", "dolly-out", "dolly-right", "jib-down", "jib-up", "static")
LORAS = [
    "ltx-2-19b-distilled-lora-384.safetensors",
    *(f"ltx-2-19b-lora-camera-control-{camera}.safetensors" for camera in CAMERAS),
]


OTHER_CASES = {
    "ui_format_workflow_posted": {"json": {"prompt": {"last_node_id": 9, "nodes": [], "links": []}}},
    "no_prompt_key": {"json": {"client_id": "x"}},
    "invalid_json": {"data": b"{not json"},
    "json_array": {"json": [1, 2]},
    "no_content_type_valid": {"data": b'{"prompt": {}}'},
}


def _recorded(shared: Path, case: str) -> dict[str, Any]:
    return recording(shared, "prompt_validation")[case]["response"]


@pytest.fixture
def like_the_recorded_one(serve: Callable[..., Client]) -> Client:
    """A server with the model files that the recorded one had."""
    return serve(models={"checkpoints": CHECKPOINTS, "loras": LORAS})


@pytest.mark.shared
def test_every_recorded_case_is_covered(shared: Path) -> None:
    """No recorded refusal is left out of the table."""
    assert set(recording(shared, "prompt_validation")) == {*CASES, *OTHER_CASES}


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
def test_a_graph_is_judged_as_recorded(shared: Path, like_the_recorded_one: Client, case: str) -> None:
    """A faulty graph gets the status and the words that ComfyUI gave it."""
    history = recording(shared, "ws_success_plain")["history"]["body"]
    graph = copy.deepcopy(next(iter(history.values()))["prompt"][2])
    CASES[case](graph)
    expected = _recorded(shared, case)
    answer = like_the_recorded_one.post("/prompt", {"prompt": graph, "client_id": "table"})
    assert answer.status_code == expected["status"]
    assert plain(answer.json()) == plain(expected["body"])


@pytest.mark.shared
@pytest.mark.parametrize("case", OTHER_CASES)
def test_a_post_that_is_no_graph_is_answered_as_recorded(
    shared: Path, like_the_recorded_one: Client, case: str
) -> None:
    """What is no graph at all gets ComfyUI's refusal, or its plain 500."""
    expected = _recorded(shared, case)
    answer = like_the_recorded_one.post("/prompt", **OTHER_CASES[case])
    assert answer.status_code == expected["status"]
    if "__raw__" in expected["body"]:
        assert answer.text == expected["body"]["__raw__"]
        assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"]
    else:
        assert answer.json() == expected["body"]


def test_numbers_written_as_text_become_numbers(client: Client) -> None:
    """A width of "96" is taken, and the history shows the number."""
    graph = small_graph()
    graph["vlat"]["inputs"]["width"] = "96"
    entry = client.run(graph)
    assert entry["prompt"][2]["vlat"]["inputs"]["width"] == 96


def test_the_format_of_save_video_may_be_left_out_and_fails_when_run(client: Client) -> None:
    """Without its format SaveVideo passes the check and dies at the end, as in ComfyUI."""
    graph = small_graph()
    del graph["save"]["inputs"]["format"]
    error = client.fail(graph)
    assert error["node_id"] == "save"
    assert error["exception_type"] == "TypeError"
    assert "'format'" in error["exception_message"]


def test_a_child_of_a_chosen_list_entry_is_checked(client: Client) -> None:
    """What a dynamic list's choice brings with it must be there and in range."""
    graph = {
        "e": EMPTY_IMAGE,
        "r": node(
            "ResizeImageMaskNode",
            input=["e", 0],
            resize_type="scale by multiplier",
            scale_method="area",
            **{"resize_type.multiplier": 99.0},
        ),
        "s": node("PreviewImage", images=["r", 0]),
    }
    errors = client.post("/prompt", {"prompt": graph}).json()["node_errors"]["r"]["errors"]
    assert [(one["type"], one["details"]) for one in errors] == [
        ("value_bigger_than_max", "resize_type.multiplier")
    ]
    del graph["r"]["inputs"]["resize_type.multiplier"]
    errors = client.post("/prompt", {"prompt": graph}).json()["node_errors"]["r"]["errors"]
    assert [one["details"] for one in errors] == ["resize_type.multiplier"]


def test_a_number_may_be_wired_in_beyond_its_range(client: Client) -> None:
    """Ranges are checked on written values only; what comes along a wire is believed."""
    graph = small_graph()
    graph["n"] = node("PrimitiveInt", value=33)
    graph["vlat"]["inputs"]["width"] = ["n", 0]
    graph["vlat"]["inputs"]["height"] = ["n", 0]
    answer = client.post("/prompt", {"prompt": graph})
    assert answer.status_code == 200


def test_an_output_that_is_itself_wired_to_nothing_is_an_exception(client: Client) -> None:
    """An output node whose own wire leads nowhere is reported as ComfyUI's stumble over it."""
    graph = {"s": node("PreviewImage", images=["ghost", 0])}
    body = client.post("/prompt", {"prompt": graph}).json()
    assert body["node_errors"]["s"]["errors"][0]["type"] == "exception_during_validation"


def test_a_picture_in_a_subfolder_is_found(client: Client) -> None:
    """LoadImage takes `sub/name.png` though the list of choices does not show it."""
    folder = client.server.input_dir / "sub"
    folder.mkdir()
    Image.new("RGB", (64, 64)).save(folder / "a.png")
    graph = {"i": node("LoadImage", image="sub/a.png"), "s": node("PreviewImage", images=["i", 0])}
    assert client.run(graph)["status"]["status_str"] == "success"


def test_only_the_wanted_outputs_run(client: Client) -> None:
    """partial_execution_targets leaves the other outputs out."""
    graph = {
        "e": EMPTY_IMAGE,
        "a": node("PreviewImage", images=["e", 0]),
        "b": node("PreviewImage", images=["e", 0]),
    }
    entry = client.run(graph, partial_execution_targets=["b"])
    assert list(entry["outputs"]) == ["b"]


def test_a_dict_with_value_is_unwrapped(client: Client) -> None:
    """A widget's list value is posted as {"__value__": ...}."""
    graph = small_graph()
    graph["pos"]["inputs"]["text"] = {"__value__": "rain"}
    assert client.run(graph)["prompt"][2]["pos"]["inputs"]["text"] == "rain"
