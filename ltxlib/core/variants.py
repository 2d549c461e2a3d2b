"""Of several graphs for one recipe, the first that a server can run: a pack's, else that of core nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, NOTE_TYPES, definitions_of, is_api, nodes_of
from ltxlib.core.graph import CLIENT_NODES
from ltxlib.core.packs import pack_of
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import WorkflowError


@dataclass(frozen=True)
class Choice:
    """The graph that was chosen, and in one sentence why, and why not a better one.

    missing_classes_of_better: what the server lacks for the best one; empty when that was chosen.
    """

    name: str
    graph: Mapping[str, Any]
    missing_classes_of_better: tuple[str, ...] = ()
    sentence: str = ""


def choose(candidates: Sequence[tuple[str, Mapping[str, Any]]], schema: NodeSchema) -> Choice:
    """The first of these workflows (name and graph, UI or API, the best first) whose nodes the server has.

    WorkflowError says what the last one lacks when none can run.
    """
    lacking: list[tuple[str, tuple[str, ...]]] = []
    for name, graph in candidates:
        missing = missing_classes(graph, schema)
        if not missing:
            if not lacking:
                return Choice(name, graph, (), f"{name} is used.")
            better, lacks = lacking[0]
            return Choice(name, graph, lacks, f"{name} is used, because {better} needs {_listed(lacks)}.")
        lacking.append((name, missing))
    if not lacking:
        raise WorkflowError("There is no workflow to choose from.")
    name, lacks = lacking[-1]
    raise WorkflowError(f"{name} needs {_listed(lacks)}.", cure="Install what is missing on that ComfyUI.")


def missing_classes(workflow: Mapping[str, Any], schema: NodeSchema) -> tuple[str, ...]:
    """The node classes that a workflow runs and a server does not have, each once, in the file's order."""
    boxes = set() if is_api(workflow) else {str(one["id"]) for one in definitions_of(workflow)}
    kinds = (node["type"] for node, _ in nodes_of(workflow) if node.get("mode") not in (MUTED, BYPASSED))
    given = {*boxes, *CLIENT_NODES, *NOTE_TYPES}
    return tuple(dict.fromkeys(kind for kind in kinds if kind not in given and kind not in schema))


def _listed(classes: Sequence[str]) -> str:
    packs = list(dict.fromkeys(pack for pack in map(pack_of, classes) if pack))
    more = f" and {len(classes) - 3} more" if len(classes) > 3 else ""
    named = f"{', '.join(classes[:3])}{more}"
    from_packs = f" ({', '.join(packs)})" if packs else ""
    return f"{named}{from_packs}, which this ComfyUI does not have"
