"""What a server lacks for a workflow."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from ltxlib.core import recipes, workflow
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema
from ltxlib.core.variants import missing_classes
from tests.support.hard_workflows import ID, node, subgraph
from tests.support.hard_workflows import workflow as file_of


def shipped() -> NodeSchema:
    """A server without the pack."""
    tables = resources.files("ltxlib.core")
    return NodeSchema(json.loads(tables.joinpath("node_table.json").read_text("utf-8")), lists_known=False)


def core() -> dict[str, Any]:
    """A graph of core nodes."""
    return workflow.load(recipes.shipped()["asmr-txt2vid.json"], "core")


def packed(**more: Any) -> dict[str, Any]:
    """A graph that needs two nodes of a pack, one of them inside a subgraph."""
    box = subgraph(1, [node(12, "LTXVLoopingSampler"), node(13, "Note")], [])
    tiled = {**node(7, "LTXVTiledSampler"), **more}
    return file_of([tiled, node(8, ID.format(1)), node(9, "Reroute")], [], [box])


def test_what_a_server_lacks_is_named_once_in_order() -> None:
    """Nodes inside subgraphs count, the client's own and notes do not; an exported graph counts alike."""
    assert missing_classes(packed(), shipped()) == ("LTXVTiledSampler", "LTXVLoopingSampler")
    assert missing_classes(flatten(core(), shipped()), shipped()) == ()


def test_nodes_that_are_switched_off_are_not_missed() -> None:
    """A muted or bypassed node needs no pack."""
    assert missing_classes(packed(mode=4), shipped()) == ("LTXVLoopingSampler",)
    assert missing_classes(json.loads(json.dumps(core())), shipped()) == ()
