"""Flattening gives what the web client gives."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core import recipes, workflow
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.errors import WorkflowError
from tests.support.hard_workflows import CASES, ID, node, subgraph, text_of
from tests.support.hard_workflows import workflow as file_of

ANSWERS = json.loads((Path(__file__).parent / "client_answers.json").read_text("utf-8"))


def _zero(number: int, link: int | None, out: list[int], **more: Any) -> dict[str, Any]:
    inputs = [("conditioning", "CONDITIONING", link)]
    return node(number, "ConditioningZeroOut", inputs, [("C", "CONDITIONING", out)], **more)


@pytest.mark.parametrize("case", CASES)
def test_hard_case_gives_what_the_client_gave(case: str) -> None:
    """Each hard case gives the graph that the real client was recorded giving, node for node."""
    ui = workflow.load(text_of(case), case)
    assert json.loads(json.dumps(flatten(ui, shipped()))) == ANSWERS[case]


@pytest.mark.parametrize("case", CASES)
def test_the_file_is_left_as_it_is(case: str) -> None:
    """Flattening changes nothing in what it reads, and gives the same answer twice."""
    ui = workflow.load(text_of(case), case)
    before = copy.deepcopy(ui)
    first = flatten(ui, shipped())
    assert ui == before
    assert flatten(ui, shipped()) == first


def test_unknown_node_is_refused_by_name_and_pack() -> None:
    """The refusal names the node, its title and the pack that brings it."""
    ui = file_of([node(7, "VHS_VideoCombine", title="Join")], [])
    with pytest.raises(WorkflowError, match=r'"Join" \(#7\) needs VHS_VideoCombine') as caught:
        flatten(ui, shipped())
    assert "ComfyUI-VideoHelperSuite" in caught.value.cure


def test_unknown_node_that_is_switched_off_does_no_harm() -> None:
    """A muted unknown node is dropped, a bypassed one passes on what it gets."""
    loader = node(1, "CheckpointLoaderSimple", [], [("MODEL", "MODEL", [1])], ["m"])
    odd = node(2, "OddPatch", [("model", "MODEL", 1)], [("MODEL", "MODEL", [2])], mode=4)
    guider = node(3, "BasicGuider", [("model", "MODEL", 2)], [("GUIDER", "GUIDER", [])])
    gone = node(4, "OddSaver", mode=2)
    api = flatten(
        file_of([loader, odd, guider, gone], [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 3, 0, "MODEL"]]), shipped()
    )
    assert set(api) == {"1", "3"}
    assert api["3"]["inputs"]["model"] == ["1", 0]


def test_ring_is_refused_and_a_node_of_it_named() -> None:
    """Nodes that feed each other are refused; the node named is in the ring, not behind it."""
    nodes = [
        _zero(1, 3, [1]),
        _zero(2, 1, [2]),
        _zero(3, 2, [3, 4]),
        {**_zero(4, 4, []), "title": "Only behind it"},
    ]
    links = [[i, i, 0, i % 3 + 1, 0, "CONDITIONING"] for i in (1, 2, 3)] + [[4, 3, 0, 4, 0, "CONDITIONING"]]
    with pytest.raises(WorkflowError, match="ring") as caught:
        flatten(file_of(nodes, links), shipped())
    assert "Only behind it" not in caught.value.message
    assert "Conditioning Zero Out" in caught.value.message


@pytest.mark.parametrize("kind", ["bypass", "reroute"])
def test_ring_of_nodes_that_only_pass_on_is_refused(kind: str) -> None:
    """A ring of bypassed nodes or Reroutes is found too."""
    if kind == "bypass":
        a, b = _zero(1, 2, [1, 3], mode=4), _zero(2, 1, [2], mode=4)
    else:
        a = node(1, "Reroute", [("", "*", 2)], [("", "CONDITIONING", [1, 3])])
        b = node(2, "Reroute", [("", "*", 1)], [("", "CONDITIONING", [2])])
    links = [[1, 1, 0, 2, 0, "C"], [2, 2, 0, 1, 0, "C"], [3, 1, 0, 3, 0, "C"]]
    with pytest.raises(WorkflowError, match="ring"):
        flatten(file_of([a, b, _zero(3, 3, [])], links), shipped())


def test_thousands_of_reroutes_in_a_row_are_refused_in_words() -> None:
    """A chain too long to follow is said, not crashed on."""
    nodes = [node(n, "Reroute", [("", "*", n - 1 or None)], [("", "*", [n])]) for n in range(1, 3000)]
    nodes.append(_zero(3000, 2999, []))
    links = [[n, n, 0, n + 1, 0, "*"] for n in range(1, 3000)]
    with pytest.raises(WorkflowError, match=r"#3000.*too many nodes"):
        flatten(file_of(nodes, links), shipped())


def test_a_way_there_and_back_through_a_subgraph_is_no_ring() -> None:
    """Two separate paths through one instance are fine, though the instance feeds itself on paper."""
    inner = subgraph(
        1,
        [_zero(11, 21, [22]), _zero(12, 23, [24])],
        [
            (21, -10, 0, 11, 0, "CONDITIONING"),
            (22, 11, 0, -20, 0, "CONDITIONING"),
            (23, -10, 1, 12, 0, "CONDITIONING"),
            (24, 12, 0, -20, 1, "CONDITIONING"),
        ],
        [("a", "CONDITIONING", [21]), ("b", "CONDITIONING", [23])],
        [("x", "CONDITIONING", [22]), ("y", "CONDITIONING", [24])],
    )
    inputs = [("a", "CONDITIONING", None), ("b", "CONDITIONING", 2)]
    host = node(1, ID.format(1), inputs, [("x", "CONDITIONING", [1]), ("y", "CONDITIONING", [3])])
    ui = file_of(
        [host, _zero(2, 1, [2]), _zero(3, 3, [])],
        [[1, 1, 0, 2, 0, "C"], [2, 2, 0, 1, 1, "C"], [3, 1, 1, 3, 0, "C"]],
        [inner],
    )
    api = flatten(ui, shipped())
    assert api["3"]["inputs"]["conditioning"] == ["1:12", 0]
    assert api["1:12"]["inputs"]["conditioning"] == ["2", 0]
    assert api["2"]["inputs"]["conditioning"] == ["1:11", 0]


def test_a_subgraph_that_only_passes_on_is_seen_through() -> None:
    """An input wired straight to an output inside leads to what feeds the instance."""
    inner = subgraph(
        1,
        [_zero(11, None, [])],
        [(21, -10, 0, -20, 0, "CONDITIONING")],
        [("a", "CONDITIONING", [21])],
        [("x", "CONDITIONING", [21])],
    )
    host = node(2, ID.format(1), [("a", "CONDITIONING", 1)], [("x", "CONDITIONING", [2])])
    links = [[1, 1, 0, 2, 0, "CONDITIONING"], [2, 2, 0, 3, 0, "CONDITIONING"]]
    api = flatten(file_of([_zero(1, None, [1]), host, _zero(3, 2, [])], links, [inner]), shipped())
    assert api["3"]["inputs"]["conditioning"] == ["1", 0]


def test_list_values_are_wrapped() -> None:
    """A list as a value would be taken for a wire, so it is boxed as the client does."""
    schema = NodeSchema({"T": {"input": {"required": {"points": ["CURVE", {}]}}, "output": []}})
    api = flatten(file_of([node(1, "T", values=[[0, 1]])], []), schema)
    assert api["1"]["inputs"]["points"] == {"__value__": [0, 1]}


@pytest.mark.parametrize("row", [[], ["mesh/x"], ["mesh/x", ""], ["mesh/x", "kept"]])
def test_the_clients_own_3d_viewer_sends_an_empty_picture(row: list[Any]) -> None:
    """The client draws a viewer on SaveGLB that the server does not know, and always sends it empty."""
    prefix = ["STRING", {"default": "3d/ComfyUI"}]
    schema = NodeSchema(
        {"SaveGLB": {"input": {"required": {"mesh": ["MESH", {}], "filename_prefix": prefix}}}}
    )
    api = flatten(file_of([node(1, "SaveGLB", [("mesh", "MESH", None)], values=row)], []), schema)
    assert api["1"]["inputs"] == {"filename_prefix": row[0] if row else "3d/ComfyUI", "image": ""}


def test_the_buttons_of_load_3d_have_places_and_are_sent() -> None:
    """Load3D's three buttons stand before its viewer in a row, so that width and height keep their places."""
    model = ["COMBO", {"options": ["none"]}]
    inputs = {"model_file": model, "image": ["LOAD_3D", {}], "width": ["INT", {}], "height": ["INT", {}]}
    row = ["toy.glb", "upload3dmodel", "uploadExtraResources", "clear", "", 640, 480]
    schema = NodeSchema({"Load3D": {"input": {"required": inputs}}})
    assert flatten(file_of([node(1, "Load3D", values=row)], []), schema)["1"]["inputs"] == {
        "model_file": "toy.glb",
        "upload 3d model": "upload3dmodel",
        "upload extra resources": "uploadExtraResources",
        "clear": "clear",
        "image": "",
        "width": 640,
        "height": 480,
    }


def test_bypass_without_a_fitting_input_leaves_the_input_open() -> None:
    """What nothing fitting feeds is left out, as the client leaves it."""
    size = node(1, "GetImageSize", [("image", "IMAGE", None)], [("width", "INT", [1])], mode=4)
    empty = node(2, "EmptyLTXVLatentVideo", [("width", "INT", 1, "width")], [], [640])
    assert flatten(file_of([size, empty], [[1, 1, 0, 2, 0, "INT"]]), shipped())["2"]["inputs"]["width"] == 640


def test_stray_wires_are_named() -> None:
    """A wire to a subgraph input or output that does not exist is refused with the node's name."""
    inner = subgraph(1, [_zero(11, 21, [])], [(21, -10, 5, 11, 0, "CONDITIONING")])
    with pytest.raises(WorkflowError, match=r'#11\) inside the subgraph "Box 1"'):
        flatten(file_of([node(1, ID.format(1))], [], [inner]), shipped())
    empty = subgraph(1, [_zero(11, None, [])], [])
    host = node(1, ID.format(1), [], [("x", "CONDITIONING", [1])])
    ui = file_of([host, _zero(2, 1, [])], [[1, 1, 0, 2, 0, "CONDITIONING"]], [empty])
    with pytest.raises(WorkflowError, match="output 0, which it does not have"):
        flatten(ui, shipped())


@pytest.mark.parametrize("name", recipes.shipped())
def test_shipped_graphs_hold_what_their_makers_wired(name: str) -> None:
    """A shipped graph keeps every node that is on and drops notes and the bypassed place."""
    ui = json.loads(recipes.shipped()[name])
    api = flatten(ui, shipped())
    on = {str(n["id"]) for n in ui["nodes"] if n["mode"] == 0 and n["type"] != "MarkdownNote"}
    assert set(api) == on
    style = next(n for n in ui["nodes"] if "[ltx.style]" in n["title"])
    assert style["mode"] == 4
    guider = next(n for n in api.values() if n["class_type"] in ("CFGGuider", "LTXVDualCFGGuider"))
    before = "LTX-2.5 model [ltx.checkpoint]" if "-2.5" in name else "Camera [ltx.camera]"
    before = "Detailer" if "detail" in name else before
    assert api[guider["inputs"]["model"][0]]["_meta"]["title"] == before


@pytest.mark.parametrize("seed", range(12))
def test_what_was_connected_comes_out(seed: int) -> None:
    """Random graphs: flattening gives exactly the wires and values that were put in."""
    dice = random.Random(seed)
    schema = shipped()
    kinds = [
        name
        for name in schema.names()
        if not any(spec.type.startswith("COMFY_") for spec in schema.node(name).inputs)
    ]
    builder = WorkflowBuilder(f"random {seed}")
    wires: dict[tuple[str, str], tuple[str, int]] = {}
    values: dict[tuple[str, str], Any] = {}
    for count in range(25):
        key, kind = f"n{count}", dice.choice(kinds)
        numbers = {s.name: dice.randint(1, 9) for s in schema.node(kind).inputs if s.widget_type == "INT"}
        builder.add(key, kind, numbers)
        values.update({(key, name): value for name, value in numbers.items()})
        for name, wanted, _ in builder._nodes[key].shape.sockets:
            fits = [
                (other.key, slot)
                for other in builder._nodes.values()
                if other.key != key
                for slot, (_, given) in enumerate(other.outputs)
                if given == wanted
            ]
            if fits and dice.random() < 0.8:
                origin = dice.choice(fits)
                builder.connect(origin[0], origin[1], key, name)
                wires[key, name] = origin
    ids = {node.key: str(node.id) for node in builder._nodes.values()}
    api = flatten(workflow.load(json.dumps(builder.build()), "random"), schema)
    assert len(api) == 25
    for (key, name), (origin, slot) in wires.items():
        assert api[ids[key]]["inputs"][name] == [ids[origin], slot]
    for (key, name), value in values.items():
        if (key, name) not in wires:
            assert api[ids[key]]["inputs"][name] == value
