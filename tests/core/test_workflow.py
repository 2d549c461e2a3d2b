"""Workflow files: what is read, what is refused, and what counts as the same graph."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from ltxlib.core import recipes, workflow
from ltxlib.errors import WorkflowError
from tests.support.hard_workflows import CASES, ID, node, promoted_value, subgraph, text_of
from tests.support.hard_workflows import workflow as file_of
from tests.support.reshape import moved, renumbered


def _small() -> dict[str, Any]:
    loader = node(1, "CheckpointLoaderSimple", [], [("MODEL", "MODEL", []), ("CLIP", "CLIP", [1])], ["m"])
    text = node(2, "CLIPTextEncode", [("clip", "CLIP", 1)], [("CONDITIONING", "CONDITIONING", [])], ["rain"])
    return file_of([loader, {**text, "title": "Prompt [ltx.prompt]"}], [[1, 1, 1, 2, 0, "CLIP"]])


def _load(ui: Any) -> dict[str, Any]:
    return workflow.load(json.dumps(ui), "film.json")


@pytest.mark.parametrize("case", CASES)
def test_odd_but_whole_files_are_read(case: str) -> None:
    """Files of either format, with subgraphs and old habits, are read unchanged."""
    text = text_of(case)
    assert workflow.load(text, case) == json.loads(text)


def test_a_byte_order_mark_does_no_harm() -> None:
    """An editor that puts a mark in front of the file is forgiven."""
    assert workflow.load("\ufeff" + json.dumps(_small()), "film.json") == _small()


def _wire_from_nowhere(ui: dict) -> None:
    ui["links"][0][1] = 99


def _wire_lost(ui: dict) -> None:
    ui["links"].clear()


def _wire_of_another(ui: dict) -> None:
    ui["links"][0][3] = 1


def _same_number(ui: dict) -> None:
    ui["nodes"][1]["id"] = 1
    ui["links"] = []
    ui["nodes"][1]["inputs"] = []


def _values_by_name(ui: dict) -> None:
    ui["nodes"][1]["widgets_values"] = {"text": "rain"}


def _no_type(ui: dict) -> None:
    del ui["nodes"][1]["type"]


def _inputs_damaged(ui: dict) -> None:
    ui["nodes"][1]["inputs"] = [{"link": 1}]


def _settings_damaged(ui: dict) -> None:
    ui["nodes"][1]["properties"] = "red"


def _content_missing(ui: dict) -> None:
    ui["nodes"][1]["type"] = "61915fab-1111-4222-8333-444444444444"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_wire_from_nowhere, "from node #99"),
        (_wire_lost, "leads nowhere"),
        (_wire_of_another, "leads nowhere"),
        (_same_number, "the same number"),
        (_values_by_name, "by name"),
        (_no_type, "no type"),
        (_inputs_damaged, "damaged inputs"),
        (_settings_damaged, "damaged settings"),
        (_content_missing, "does not carry what is inside it"),
    ],
)
def test_damage_is_refused_and_the_node_named(damage: Callable[[dict], None], says: str) -> None:
    """Each kind of damage is one sentence that names the file and the node."""
    ui = _small()
    damage(ui)
    with pytest.raises(WorkflowError) as caught:
        _load(ui)
    message = caught.value.message
    assert says in message
    assert "film.json" in message
    assert "Prompt [ltx.prompt]" in message
    assert "\n" not in message
    assert caught.value.cure


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"nodes": [{"id": 1', "breaks off"),
        ("", "breaks off"),
        ("[1, 2]", "not a workflow"),
        ('{"3": {"class_type": "KSampler", "inputs": 7}}', "KSampler.*has no inputs"),
        ('{"nodes": [], "links": []}', "format version is None"),
        ('{"nodes": [], "links": [], "version": 0.2}', "format version is 0.2"),
        ('{"nodes": {}, "links": [], "version": 0.4}', "no list of nodes"),
        ('{"version": 1}', "no list of nodes"),
        ('{"nodes": [{"type": "Note"}], "version": 0.4}', "no number"),
        ('{"nodes": ["Note"], "version": 0.4}', "no number"),
        ('{"nodes": [], "links": [[1, 2]], "version": 0.4}', "link that is damaged"),
        ('{"nodes": [], "links": ["x"], "version": 0.4}', "link that is damaged"),
        ('{"nodes": [], "definitions": [7], "version": 0.4}', "definitions are damaged"),
        ('{"nodes": [], "definitions": {"subgraphs": [{"nodes": []}]}, "version": 0.4}', "has no id"),
        ('{"nodes": [], "definitions": {"subgraphs": [7]}, "version": 0.4}', "definitions are damaged"),
    ],
)
def test_other_files_are_told_apart(text: str, says: str) -> None:
    """What is no workflow at all is said plainly."""
    with pytest.raises(WorkflowError, match=says):
        workflow.load(text, "film.json")


def test_damage_inside_a_subgraph_names_the_subgraph() -> None:
    """The node is named together with the subgraph it is in."""
    ui = promoted_value()
    ui["definitions"]["subgraphs"][0]["nodes"][0]["widgets_values"] = {"text": 1}
    with pytest.raises(WorkflowError, match=r'#11\) inside the subgraph "Box 1"'):
        _load(ui)


def test_a_subgraph_in_itself_is_refused() -> None:
    """A definition that leads back to itself would never end."""
    one = subgraph(1, [node(11, ID.format(2))], [])
    two = subgraph(2, [node(12, ID.format(1))], [])
    with pytest.raises(WorkflowError, match="contains itself"):
        _load(file_of([node(1, ID.format(1))], [], [one, two]))


def test_a_forgotten_link_is_not_damage() -> None:
    """A link to a node that is gone is litter: ComfyUI leaves such behind, and no node misses it."""
    ui = _small()
    ui["nodes"][0]["outputs"][0]["links"] = [7]
    ui["links"].append([7, 1, 0, 55, 0, "MODEL"])
    ui["links"].append(None)
    assert _load(ui)["nodes"]


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("Prompt [ltx.prompt]", ("ltx.prompt",)),
        ("[LTX.Size][ ltx.seed ] both", ("ltx.size", "ltx.seed")),
        ("no [tag] here", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_tags_are_read_from_titles(title: str | None, tags: tuple[str, ...]) -> None:
    """Tags stand in square brackets and have a dot; case and blanks do not matter."""
    assert workflow.tags_in(title) == tags


def test_nodes_are_walked_with_the_subgraph_they_are_in() -> None:
    """Every node of the file is met once, with the name of its subgraph."""
    places = [inside for _, inside in workflow.nodes_of(promoted_value())]
    assert places == [""] * 7 + ["Box 1"]


@pytest.mark.parametrize("name", recipes.shipped())
def test_layout_and_numbers_do_not_change_the_content(name: str) -> None:
    """Moving, colouring, regrouping, renumbering and new notes leave the hash as it is."""
    ui = json.loads(recipes.shipped()[name])
    same = renumbered(moved(ui))
    for one in same["nodes"]:
        if one["type"] == "MarkdownNote":
            one["widgets_values"] = ["other words"]
        elif "[" not in one["title"]:
            one["title"] = "renamed"
    same["extra"] = {"ds": {"scale": 2}}
    assert workflow.content_sha256(same) == workflow.content_sha256(ui)
    assert workflow.content_sha256(ui) == workflow.content_sha256(json.loads(json.dumps(ui)))


def _changes() -> list[Callable[[dict], None]]:
    def value(ui: dict) -> None:
        ui["nodes"][1]["widgets_values"] = ["snow"]

    def mode(ui: dict) -> None:
        ui["nodes"][1]["mode"] = 4

    def tag(ui: dict) -> None:
        ui["nodes"][1]["title"] = "Prompt"

    def wire(ui: dict) -> None:
        ui["links"][0][2] = 0

    def more(ui: dict) -> None:
        ui["nodes"].append(node(9, "RandomNoise", values=[1, "fixed"]))

    return [value, mode, tag, wire, more]


@pytest.mark.parametrize("change", _changes(), ids=lambda change: change.__name__)
def test_what_the_graph_does_changes_the_content(change: Callable[[dict], None]) -> None:
    """A value, a mode, a role, a wire or a node more gives another hash."""
    ui = _small()
    before = workflow.content_sha256(ui)
    change(ui)
    assert workflow.content_sha256(ui) != before


def test_the_inside_of_subgraphs_counts() -> None:
    """A value changed two levels down changes the hash; the subgraph's own id does not."""
    ui = CASES["nested_values"]()
    before = workflow.content_sha256(ui)
    renamed = json.loads(json.dumps(ui).replace(ID.format(1), ID.format(7)))
    assert workflow.content_sha256(renamed) == before
    changed = copy.deepcopy(ui)
    changed["definitions"]["subgraphs"][0]["nodes"][0]["widgets_values"] = ["other"]
    assert workflow.content_sha256(changed) != before


def test_a_loop_still_has_a_content() -> None:
    """Even a graph that cannot run has a hash, so that it can be talked about."""
    a = node(1, "ConditioningZeroOut", [("conditioning", "CONDITIONING", 2)], [("C", "CONDITIONING", [1])])
    b = node(2, "ConditioningZeroOut", [("conditioning", "CONDITIONING", 1)], [("C", "CONDITIONING", [2])])
    ui = file_of([a, b], [[1, 1, 0, 2, 0, "CONDITIONING"], [2, 2, 0, 1, 0, "CONDITIONING"]])
    assert len(workflow.content_sha256(ui)) == 64


def test_a_very_long_chain_has_a_content() -> None:
    """Thousands of nodes in a row are no trouble."""
    nodes = [
        node(
            n,
            "ConditioningZeroOut",
            [("conditioning", "CONDITIONING", n - 1 or None)],
            [("C", "CONDITIONING", [n])],
        )
        for n in range(1, 3000)
    ]
    links = [[n, n, 0, n + 1, 0, "CONDITIONING"] for n in range(1, 2999)]
    assert len(workflow.content_sha256(file_of(nodes, links))) == 64
