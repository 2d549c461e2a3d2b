"""What a server would refuse is said before it is asked."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core import recipes, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped

NAME = "asmr-txt2vid.json"


@pytest.fixture
def api() -> dict[str, Any]:
    """The shipped text-to-video graph, ready to be spoilt."""
    return copy.deepcopy(flatten(workflow.load(recipes.shipped()[NAME], NAME), shipped()))


def _key(api: dict[str, Any], class_type: str) -> str:
    return next(key for key, node in api.items() if node["class_type"] == class_type)


def _server(**lists: list[str]) -> NodeSchema:
    """The shipped classes as a server would list them, with these model files."""
    table = {name: copy.deepcopy(dict(shipped()._raw[name])) for name in shipped().names()}
    for node in table.values():
        for name, spec in (node["input"].get("required") or {}).items():
            if name in lists:
                if isinstance(spec[0], list):
                    spec[0] = lists[name]
                elif spec[0] == "COMBO":
                    spec[1]["options"] = lists[name]
    return NodeSchema(table)


def test_a_good_graph_has_no_problems(api: dict[str, Any]) -> None:
    """The shipped graph would be taken."""
    assert check_graph(api, shipped()) == []


def test_missing_model_files_are_named_with_their_folder(api: dict[str, Any]) -> None:
    """A file the server does not have is named, with its folder and what is there instead."""
    schema = _server(
        ckpt_name=["other.safetensors"],
        lora_name=[recipes.STATIC_CAMERA],
        text_encoder=[recipes.TEXT_ENCODER],
        model_name=[],
    )
    problems = check_graph(api, schema)
    assert len(problems) == 4
    said = " ".join(str(problem) for problem in problems)
    assert "ltx-2-19b-distilled.safetensors" in said
    assert "models/checkpoints" in said
    assert "models/latent_upscale_models" in said
    assert "other.safetensors" in said
    assert all(
        "LTX" in p.where or "model" in p.where or "reader" in p.where or "Enl" in p.where for p in problems
    )


def test_lists_of_unknown_servers_are_not_judged(api: dict[str, Any]) -> None:
    """The shipped table has no lists of files, so no file is missing there."""
    api[_key(api, "CheckpointLoaderSimple")]["inputs"]["ckpt_name"] = "whatever"
    assert check_graph(api, shipped()) == []


def _unknown_class(api: dict) -> None:
    api[_key(api, "CreateVideo")]["class_type"] = "VHS_VideoCombine"


def _not_a_node(api: dict) -> None:
    api["99"] = "node"


def _no_class(api: dict) -> None:
    api["99"] = {"inputs": {}}


def _required_gone(api: dict) -> None:
    del api[_key(api, "CreateVideo")]["inputs"]["images"]


def _too_small(api: dict) -> None:
    api[_key(api, "EmptyLTXVLatentVideo")]["inputs"]["width"] = 32


def _too_big(api: dict) -> None:
    api[_key(api, "CFGGuider")]["inputs"]["cfg"] = 1000


def _not_a_number(api: dict) -> None:
    api[_key(api, "RandomNoise")]["inputs"]["noise_seed"] = "lucky"


def _not_on_offer(api: dict) -> None:
    api[_key(api, "KSamplerSelect")]["inputs"]["sampler_name"] = "dice"


def _child_not_on_offer(api: dict) -> None:
    api[_key(api, "SaveVideo")]["inputs"]["format"] = "ogg"


def _wire_to_nobody(api: dict) -> None:
    api[_key(api, "CreateVideo")]["inputs"]["images"] = ["404", 0]


def _wire_to_no_output(api: dict) -> None:
    api[_key(api, "CreateVideo")]["inputs"]["images"] = [_key(api, "VAEDecodeTiled"), 4]


def _wrong_type(api: dict) -> None:
    api[_key(api, "CreateVideo")]["inputs"]["images"] = [_key(api, "LTXVAudioVAEDecode"), 0]


def _damaged_wire(api: dict) -> None:
    api[_key(api, "CreateVideo")]["inputs"]["images"] = ["3"]


def _value_in_a_socket(api: dict) -> None:
    api[_key(api, "CreateVideo")]["inputs"]["images"] = "picture.png"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            _unknown_class,
            "needs VHS_VideoCombine, which this ComfyUI does not have. Install ComfyUI-VideoHelper",
        ),
        (_not_a_node, "Node #99: is damaged"),
        (_no_class, "has no type"),
        (_required_gone, 'lacks the input "images"'),
        (_too_small, 'has 32 at "width", and the least is 64. Give it 64 or more'),
        (_too_big, "the most is 100.0"),
        (_not_a_number, "needs a number at \"noise_seed\" and has 'lucky'"),
        (_not_on_offer, "has 'dice' at \"sampler_name\", which is not on offer. Choose one of: euler,"),
        (_child_not_on_offer, "has 'ogg' at \"format\""),
        (_wire_to_nobody, "wired to node #404, which is not there"),
        (_wire_to_no_output, "wired to an output that"),
        (_wrong_type, 'takes IMAGE at "images"'),
        (_damaged_wire, "damaged wire"),
        (_value_in_a_socket, 'needs a wire at "images"'),
    ],
)
def test_each_reason_is_said_in_words(api: dict[str, Any], spoil: Callable[[dict], None], says: str) -> None:
    """Whatever the server would refuse is one problem that says where, what and the cure."""
    spoil(api)
    problems = check_graph(api, shipped())
    assert len(problems) == 1
    assert says in str(problems[0])
    assert problems[0].cure.endswith(".")
    assert not problems[0].warning


def test_a_graph_that_saves_nothing_is_refused(api: dict[str, Any]) -> None:
    """Without an output node there would be no clip."""
    del api[_key(api, "SaveVideo")]
    (problem,) = check_graph(api, shipped())
    assert "saves nothing" in problem.what


def test_nodes_that_no_output_needs_are_not_judged(api: dict[str, Any]) -> None:
    """A server looks only at what its outputs need; a broken bystander is passed over."""
    api["500"] = {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Bystander"}}
    assert check_graph(api, shipped()) == []


def test_a_ring_is_found(api: dict[str, Any]) -> None:
    """Nodes that feed each other would be refused."""
    joined = api[_key(api, "LTXVConcatAVLatent")]["inputs"]
    joined["video_latent"] = [_key(api, "LTXVLatentUpsampler"), 0]
    (problem,) = check_graph(api, shipped())
    assert "ring" in problem.what


def test_children_of_a_choice_are_wanted() -> None:
    """A plain child of the chosen option is required; a combo under a combo may be left out."""
    inputs = {"input": ["1", 0], "resize_type": "scale width", "scale_method": "area"}
    load = {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "P"}}
    fit = {"class_type": "ResizeImageMaskNode", "inputs": inputs, "_meta": {"title": "Fit"}}
    show = {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}, "_meta": {"title": "Show"}}
    (problem,) = check_graph({"1": load, "2": fit, "3": show}, shipped())
    assert 'lacks the input "resize_type.width"' in problem.what
    inputs["resize_type.width"] = 640
    assert check_graph({"1": load, "2": fit, "3": show}, shipped()) == []


def test_grown_inputs_and_uploads_are_judged_as_the_server_does() -> None:
    """An autogrow group wants its first members; uploaded pictures are looked for by the server itself."""
    schema = shipped()
    maths = {"class_type": "ComfyMathExpression", "inputs": {"expression": "a"}, "_meta": {"title": "Maths"}}
    show = {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}, "_meta": {"title": "Show"}}
    (problem,) = check_graph({"1": maths, "2": show}, schema)
    assert 'lacks the input "values.a"' in problem.what
    maths["inputs"]["values.a"] = ["3", 0]
    number = {"class_type": "PrimitiveInt", "inputs": {"value": 3}, "_meta": {"title": "N"}}
    assert check_graph({"1": maths, "2": show, "3": number}, schema) == []
    image = {"class_type": "LoadImage", "inputs": {"image": "sub/folder.png"}, "_meta": {"title": "P"}}
    preview = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}, "_meta": {"title": "S"}}
    assert check_graph({"1": image, "2": preview}, NodeSchema(schema._raw)) == []


def test_boxed_lists_are_opened() -> None:
    """A list in its box is judged by what is in it."""
    spec = ["COMBO", {"options": ["a", "b"], "multiselect": True}]
    schema = NodeSchema({"T": {"input": {"required": {"x": spec}}, "output": [], "output_node": True}})

    def graph(value: Any) -> dict[str, Any]:
        return {"1": {"class_type": "T", "inputs": {"x": value}}}

    assert check_graph(graph({"__value__": ["a", "b"]}), schema) == []
    assert len(check_graph(graph({"__value__": ["a", "z"]}), schema)) == 1
    assert len(check_graph(graph(["a", "b", "c"]), schema)) == 1


@pytest.mark.shared
@pytest.mark.parametrize("spoilt", [False, True])
def test_graphs_that_really_ran_are_taken(spoilt: bool, shared: Path) -> None:
    """Every graph that ran on the recorded server passes, and none does once its wires are cut."""
    folder = shared / "contract"
    recorded = json.loads(gzip.decompress((folder / "object_info_comfyui_0.33.0.json.gz").read_bytes()))
    schema = NodeSchema(recorded, lists_known=False)
    for path in sorted((folder / "graphs").glob("*.graph.json")):
        graph = json.loads(path.read_text("utf-8"))
        if spoilt:
            for node in graph.values():
                node["inputs"].pop("samples", None)
        problems = check_graph(graph, schema)
        assert bool(problems) is spoilt, path.name


def test_numbers_written_as_text_are_taken(api: dict[str, Any]) -> None:
    """The server turns "20" into 20, so that is no problem."""
    api[_key(api, "RandomNoise")]["inputs"]["noise_seed"] = "20"
    assert check_graph(api, shipped()) == []
