"""A graph exported for the API is read, driven and told apart as a saved one is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import shipped
from ltxlib.errors import WorkflowError
from tests.support.hard_workflows import CASES, text_of

NAME = "asmr-img2vid.json"
TAKE: dict[str, Any] = {
    "prompt": "soft snow on pines",
    "seed": 7,
    "width_px": 1280,
    "height_px": 768,
    "frames": 121,
    "fps": 25,
    "image": "still.png",
    "checkpoint": "ltx-2-19b-distilled-fp8.safetensors",
    "camera_lora": None,
    "filename_prefix": "kit/take",
}


def _ui() -> dict[str, Any]:
    return workflow.load(recipes.shipped()[NAME], NAME)


def _export(ui: dict[str, Any] | None = None) -> dict[str, Any]:
    """What ComfyUI writes with Export (API)."""
    return json.loads(json.dumps(flatten(ui or _ui(), shipped())))


def _load(graph: Any) -> dict[str, Any]:
    return workflow.load(json.dumps(graph), "film.json")


@pytest.mark.parametrize("case", [*CASES, *recipes.shipped()])
def test_an_exported_graph_stays_what_it_is(case: str) -> None:
    """Reading an export and flattening it gives that very export again."""
    text = recipes.shipped()[case] if case in recipes.shipped() else text_of(case)
    api = _export(workflow.load(text, case))
    assert flatten(_load(api), shipped()) == api


def test_the_body_of_a_request_is_unwrapped() -> None:
    """A file that holds the graph as it was posted is the same graph."""
    assert _load({"prompt": _export(), "client_id": "x"}) == _load(_export()) == _export()


@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize("camera", [None, "ltx-2-19b-lora-camera-control-dolly-in.safetensors"])
def test_values_reach_an_exported_graph_as_they_reach_a_saved_one(audio: bool, camera: str | None) -> None:
    """Every value of a take, a bypassed camera and sound left out give what the saved file gives."""
    values = {**TAKE, "audio": audio, "camera_lora": camera}
    assert roles.found(_export()) | {"style": []} == roles.found(_ui()) | {"style": []}
    theirs = roles.prepare(_ui(), shipped(), values)
    # In the saved file the camera is switched on or off; the export was made while it was on.
    ours = roles.prepare(_load(_export()), shipped(), values)
    assert ours == theirs
    assert check_graph(ours, shipped()) == []


def test_the_export_is_not_changed_by_driving_it() -> None:
    """Preparing a take leaves the file's own graph alone."""
    api = _export()
    roles.prepare(api, shipped(), TAKE)
    assert api == _export()


def test_what_an_export_does_decides_its_hash() -> None:
    """Numbers, order and titles of nodes do not count; values, wires and tags do."""
    api = _export()
    told = workflow.content_sha256(api)
    assert len(told) == 64
    as_text = json.dumps(dict(reversed(api.items())))
    for node_id in api:
        as_text = as_text.replace(f'"{node_id}"', f'"9{node_id}"')
    assert workflow.content_sha256(json.loads(as_text)) == told
    key = next(key for key, node in api.items() if node["class_type"] == "RandomNoise")
    for change in (
        lambda node: node["_meta"].update(title="Dice"),
        lambda node: node["inputs"].update(noise_seed=99),
        lambda node: node.update(class_type="DisableNoise"),
    ):
        other = _export()
        change(other[key])
        assert workflow.content_sha256(other) != told
    renamed = _export()
    renamed[key]["_meta"]["title"] = "Another word " + renamed[key]["_meta"]["title"]
    assert workflow.content_sha256(renamed) == told


def test_rings_have_a_hash_too() -> None:
    """A graph that runs in a ring is refused when it is flattened, not lost in its hash."""
    ring = {
        key: {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": [other, 0]}}
        for key, other in (("1", "2"), ("2", "1"))
    }
    assert len(workflow.content_sha256(_load(ring))) == 64
    with pytest.raises(WorkflowError, match="part of a ring"):
        flatten(_load(ring), shipped())


def test_an_export_without_titles_is_named_by_its_types() -> None:
    """Titles are left out by some programs; nodes are then called what ComfyUI calls them."""
    api = _export()
    for node in api.values():
        del node["_meta"]
    flat = flatten(_load(api), shipped())
    assert {node["_meta"]["title"] for node in flat.values()} >= {"Save Video", "Load Checkpoint"}
    assert roles.found(_load(api)) == {}


def test_inputs_the_node_table_does_not_know_stay() -> None:
    """A wire into an input that only a newer server knows is kept."""
    api = _export()
    key = next(key for key, node in api.items() if node["class_type"] == "SaveVideo")
    api[key]["inputs"]["cover"] = next([k, 0] for k, n in api.items() if n["class_type"] == "LoadImage")
    assert flatten(_load(api), shipped())[key]["inputs"]["cover"] == api[key]["inputs"]["cover"]
