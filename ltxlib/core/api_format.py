"""ComfyUI's API format: read it, refuse what is damaged, bring it to life as the UI format is.

Such a file is the graph as a server takes it: `{"3": {"class_type", "inputs", "_meta": {"title"}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.damage import MOST_NODES
from ltxlib.core.file_format import ON, who
from ltxlib.core.graph import Graph, Link, Node, Socket
from ltxlib.core.parsing import Doubled
from ltxlib.core.schema import COMBO, MATCH_TYPE, NodeSchema
from ltxlib.core.widgets import Widget
from ltxlib.errors import WorkflowError

_EXPORT_AGAIN = "Export it from ComfyUI again (Export API), or save the workflow itself with Save."


def unwrapped(parsed: dict[str, Any]) -> dict[str, Any]:
    """The graph of a file that holds it as the body of a request, `{"prompt": graph}`; else the same."""
    inner = parsed.get("prompt")
    if "nodes" not in parsed and isinstance(inner, dict) and "class_type" not in inner:
        return inner
    return parsed


def refuse_api_damage(api: Mapping[str, Any]) -> None:
    """WorkflowError when a parsed API file is damaged; its sentence does not name the file."""
    if isinstance(api, Doubled):
        raise WorkflowError(
            f"it has two nodes with the number #{api.twice}.",
            cure=_EXPORT_AGAIN,
        )
    if len(api) > MOST_NODES:
        raise WorkflowError(f"it has {len(api)} nodes, and the kit works with up to {MOST_NODES}.")
    for node_id, node in api.items():
        _check_node(node_id, node)
    for node_id, node in api.items():
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                _check_wire(api, _who(node_id, node), name, value)


def _who(node_id: str, node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    kind = node.get("class_type")
    return who({"id": node_id, "title": title if isinstance(title, str) else kind})


def _check_node(node_id: str, node: Any) -> None:
    if not node_id.strip():
        raise WorkflowError("a node is damaged: it has no number.", cure=_EXPORT_AGAIN)
    if not isinstance(node, dict):
        raise WorkflowError(f"node #{node_id} is damaged: it holds no node.", cure=_EXPORT_AGAIN)
    if not isinstance(node.get("class_type"), str) or not node["class_type"]:
        raise WorkflowError(
            f"{_who(node_id, node)} has no type.",
            cure="The ComfyUI that exported it did not know this node; export it where the node opens.",
        )
    if not isinstance(node.get("inputs"), dict):
        raise WorkflowError(f"{_who(node_id, node)} has no inputs.", cure=_EXPORT_AGAIN)
    meta = node.get("_meta")
    if meta is not None and (not isinstance(meta, dict) or not isinstance(meta.get("title", ""), str)):
        raise WorkflowError(f"{_who(node_id, node)} has damaged settings.", cure=_EXPORT_AGAIN)


def _check_wire(api: Mapping[str, Any], named: str, name: str, value: list[Any]) -> None:
    """ComfyUI takes every list for a wire: the number of a node, and the place of one of its outputs."""
    sound = len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int and value[1] >= 0
    if not sound:
        raise WorkflowError(f'{named} has a damaged wire at its input "{name}".', cure=_EXPORT_AGAIN)
    if value[0] not in api:
        raise WorkflowError(
            f'{named} has its input "{name}" wired to node #{value[0]}, which is not in the file.',
            cure=_EXPORT_AGAIN,
        )


def read_api(api: Mapping[str, Any], schema: NodeSchema) -> Graph:
    """An API file as a live graph: what is written stands in widgets, what is wired in sockets."""
    graph = Graph("")
    for node_id, raw in api.items():
        graph.nodes[node_id] = _read_node(node_id, raw, graph, schema)
    for node_id, raw in api.items():
        node = graph.nodes[node_id]
        wires = {name: value for name, value in raw["inputs"].items() if isinstance(value, list)}
        for name, (origin, slot) in wires.items():
            socket = node.socket(name)
            if socket is None:
                socket = Socket(name, "*")
                node.sockets.append(socket)
            socket.link = Link(len(graph.links) + 1, origin, slot, node_id, node.sockets.index(socket))
            graph.links[socket.link.id] = socket.link
    return graph


def _read_node(node_id: str, raw: Mapping[str, Any], graph: Graph, schema: NodeSchema) -> Node:
    kind, meta = raw["class_type"], raw.get("_meta") or {}
    known = schema.get(kind)
    node = Node(node_id, kind, meta.get("title") or (known.title if known else kind), ON, {}, graph)
    # Which pack the node came from is passed along, as for a node of a UI file.
    node.raw = {"properties": {key: value for key, value in meta.items() if key != "title"}}
    node.known = known is not None
    node.widgets = [
        Widget(name, COMBO, value) for name, value in raw["inputs"].items() if not isinstance(value, list)
    ]
    if known is not None:
        node.outputs = ["*" if output == MATCH_TYPE else output for output in known.outputs]
        node.sockets = [Socket(spec.name, spec.type) for spec in known.inputs if spec.has_socket]
    return node
