"""Which nodes of a workflow a server does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, NOTE_TYPES, definitions_of, is_api, nodes_of
from ltxlib.core.graph import CLIENT_NODES
from ltxlib.core.schema import NodeSchema


def missing_classes(workflow: Mapping[str, Any], schema: NodeSchema) -> tuple[str, ...]:
    """The node classes that a workflow runs and a server does not have, each once, in the file's order."""
    boxes = set() if is_api(workflow) else {str(one["id"]) for one in definitions_of(workflow)}
    kinds = (node["type"] for node, _ in nodes_of(workflow) if node.get("mode") not in (MUTED, BYPASSED))
    given = {*boxes, *CLIENT_NODES, *NOTE_TYPES}
    return tuple(dict.fromkeys(kind for kind in kinds if kind not in given and kind not in schema))
