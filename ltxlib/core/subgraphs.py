"""A whole file as live graphs: its subgraph definitions from the innermost out, then the top graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.api_format import read_api
from ltxlib.core.file_format import definitions_of, is_api
from ltxlib.core.graph import Graph, read_graph
from ltxlib.core.promotion import apply_row, inner_value
from ltxlib.core.proxies import apply_old_list
from ltxlib.core.schema import NodeSchema


def read(ui: Mapping[str, Any], schema: NodeSchema) -> Graph:
    """The whole file as live graphs: definitions from the innermost out, then the top graph.

    A file in the API format is one graph without subgraphs.
    """
    if is_api(ui):
        return read_api(ui, schema)
    raws = _with_own_numbers(ui)
    graphs: dict[str, Graph] = {}
    for key in _innermost_first(raws):
        raw = raws[key]
        name = str(raw.get("name") or key)
        graphs[key] = read_graph(raw, name, schema, graphs)
        graphs[key].renumbered = raw.get("renumbered") or {}
        _promote_values(graphs[key])
    top = read_graph(ui, "", schema, graphs)
    _promote_values(top)
    return top


def _innermost_first(raws: Mapping[str, Mapping[str, Any]]) -> list[str]:
    done: list[str] = []

    def visit(key: str) -> None:
        if key in done:
            return
        for node in raws[key]["nodes"]:
            if node["type"] in raws:
                visit(node["type"])
        done.append(key)

    for key in raws:
        visit(key)
    return done


def _with_own_numbers(ui: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The definitions by id; a node number used before in the file is replaced, as the client does."""
    used = {str(node["id"]) for node in ui["nodes"]}
    last = _last_number(ui)
    result: dict[str, Mapping[str, Any]] = {}
    for definition in definitions_of(ui):
        if definition["id"] in result:
            continue
        new: dict[str, int] = {}
        for node in definition["nodes"]:
            key = str(node["id"])
            if key in used:
                last += 1
                while str(last) in used:
                    last += 1
                new[key] = last
                used.add(str(last))
            else:
                used.add(key)
                if key.isdecimal():
                    last = max(last, int(key))
        result[definition["id"]] = _renumbered(definition, new) if new else definition
    return result


def _last_number(ui: Mapping[str, Any]) -> int:
    """The highest node number the file says was ever given."""
    state = ui.get("state") if ui.get("version") == 1 else {"lastNodeId": ui.get("last_node_id")}
    last = state.get("lastNodeId") if isinstance(state, Mapping) else None
    return int(last) if str(last).isdecimal() else 0


def _renumbered(definition: Mapping[str, Any], new: Mapping[str, int]) -> dict[str, Any]:
    links = [
        {
            **link,
            "origin_id": new.get(str(link["origin_id"]), link["origin_id"]),
            "target_id": new.get(str(link["target_id"]), link["target_id"]),
        }
        for link in definition.get("links") or ()
        if link is not None
    ]
    nodes = [{**node, "id": new.get(str(node["id"]), node["id"])} for node in definition["nodes"]]
    as_text = {old: str(now) for old, now in new.items()}
    return {**definition, "nodes": nodes, "links": links, "renumbered": as_text}


def _promote_values(graph: Graph) -> None:
    hosts = [node for node in graph.nodes.values() if node.definition is not None]
    for node in hosts:
        for socket, port in zip(node.sockets, node.definition.inputs, strict=True):
            socket.promoted = inner_value(node.definition, port)
        apply_row(node)
    for node in hosts:
        apply_old_list(node)
