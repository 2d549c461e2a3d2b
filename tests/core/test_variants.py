"""Of several graphs for one recipe the best that the server can run is taken, and why is said."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from ltxlib.core import recipes, workflow
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema
from ltxlib.core.variants import Choice, choose, missing_classes
from ltxlib.errors import WorkflowError
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


def test_the_best_is_taken_where_it_runs() -> None:
    """A server that has everything runs the first."""
    first, second = core(), packed()
    assert choose([("best", first), ("plain", second)], shipped()) == Choice(
        "best", first, (), "best is used."
    )


def test_the_next_is_taken_where_the_best_does_not_run() -> None:
    """What is missing for the better one is said with its pack; exported graphs count alike."""
    for second in (core(), flatten(core(), shipped())):
        choice = choose([("tiled", packed()), ("plain", second)], shipped())
        assert (choice.name, choice.graph) == ("plain", second)
        assert choice.missing_classes_of_better == ("LTXVTiledSampler", "LTXVLoopingSampler")
        assert choice.sentence == (
            "plain is used, because tiled needs LTXVTiledSampler, LTXVLoopingSampler (ComfyUI-LTXVideo),"
            " which this ComfyUI does not have."
        )


def test_none_that_runs_is_an_error() -> None:
    """When no graph runs, the last one's lack is said."""
    many = file_of([node(n, f"Nobodys{n}") for n in range(5)], [])
    with pytest.raises(
        WorkflowError, match=r"last needs Nobodys0, Nobodys1, Nobodys2 and 2 more, which"
    ) as caught:
        choose([("tiled", packed()), ("last", many)], shipped())
    assert caught.value.cure
    with pytest.raises(WorkflowError, match="no workflow"):
        choose([], shipped())


def test_nodes_that_are_switched_off_are_not_missed() -> None:
    """A muted or bypassed node needs no pack."""
    assert missing_classes(packed(mode=4), shipped()) == ("LTXVLoopingSampler",)
    assert missing_classes(json.loads(json.dumps(core())), shipped()) == ()
