"""Which node classes a workflow needs that a server does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, NOTE_TYPES, definitions_of, nodes_of
from ltxlib.core.schema import NodeSchema

# Nodes that only the web client knows; they are gone once a graph is flattened.
_CLIENT_ONLY = NOTE_TYPES | {"PrimitiveNode", "Reroute"}


def missing_classes(workflow: Mapping[str, Any], schema: NodeSchema) -> tuple[str, ...]:
    """The node classes that a workflow runs and a server does not have, each once, in the file's order."""
    boxes = {str(definition.get("id")) for definition in definitions_of(workflow)}
    kinds = (str(node["type"]) for node, _ in nodes_of(workflow) if node.get("mode") not in (MUTED, BYPASSED))
    given = {*boxes, *_CLIENT_ONLY}
    return tuple(dict.fromkeys(kind for kind in kinds if kind not in given and kind not in schema))
