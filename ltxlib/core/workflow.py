"""A ComfyUI workflow as people save it: read it, walk it, tell whether it is still the same graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ltxlib.core.api_format import refuse_api_damage, unwrapped
from ltxlib.core.damage import refuse_damage
from ltxlib.core.file_format import (
    BYPASSED,
    MUTED,
    NOTE_TYPES,
    ON,
    OUTPUT_SIDE,
    SETTING_TAGS,
    LinkData,
    definitions_of,
    is_api,
    links_of,
    nodes_of,
    tags_in,
    title_of,
    who,
)
from ltxlib.core.parsing import parse, text_of
from ltxlib.core.wiring import is_link, running_order
from ltxlib.errors import WorkflowError

__all__ = [
    "BYPASSED",
    "MUTED",
    "ON",
    "content_sha256",
    "load",
    "load_bytes",
    "nodes_of",
    "tags_in",
    "title_of",
    "who",
]


def load(text: str, name: str) -> dict[str, Any]:
    """Read a workflow file's text, UI or API format; `name` is how the file is called in messages.

    API graphs are given as they stand, without the wrapping `{"prompt": ...}`. WorkflowError says in one
    sentence what is damaged and names the node.
    """
    graph = unwrapped(parse(text, name))
    try:
        if is_api(graph):
            refuse_api_damage(graph)
        else:
            refuse_damage(graph)
    except WorkflowError as error:
        raise WorkflowError(f"{name}: {error.message}", cure=error.cure) from error
    return graph


def load_bytes(data: bytes, name: str) -> dict[str, Any]:
    """Read a workflow file's bytes; what is no text at all is refused by what it is instead."""
    return load(text_of(data, name), name)


def content_sha256(ui: Mapping[str, Any]) -> str:
    """A hash of what the graph does: nodes, values, modes, role tags and how they are wired.

    Blind to layout (positions, sizes, colours, groups, notes, titles, node numbers), and to tags that only
    say where another model's settings would go: what goes there is among a take's own values.
    """
    if is_api(ui):
        return _api_digest(ui)
    definitions = {definition["id"]: definition for definition in definitions_of(ui)}
    inside = {key: _graph_digest(definition, {}) for key, definition in definitions.items()}
    # Once more, so that a subgraph in a subgraph counts with its content; deeper nests go on likewise.
    for _ in definitions:
        before, inside = inside, {key: _graph_digest(one, inside) for key, one in definitions.items()}
        if inside == before:
            break
    return _graph_digest(ui, inside)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _api_digest(api: Mapping[str, Any]) -> str:
    """The same for an API graph: a node is what it is, what it holds, its tags and what feeds it."""
    known: dict[str, str] = {}
    order, ring = running_order(api)
    for node_id in [*order, *ring]:
        inputs = api[node_id]["inputs"]
        wires = {name: value for name, value in inputs.items() if is_link(value, api)}
        known[node_id] = _digest(
            [
                api[node_id]["class_type"],
                {name: value for name, value in inputs.items() if name not in wires},
                sorted(tags_in((api[node_id].get("_meta") or {}).get("title"))),
                {name: [known.get(value[0], "loop"), value[1]] for name, value in wires.items()},
            ]
        )
    return _digest(["api", sorted(known.values())])


def _graph_digest(graph: Mapping[str, Any], definitions: Mapping[str, str]) -> str:
    """Nodes are told apart by what they are and what feeds them, so their numbers do not matter."""
    nodes = {str(node["id"]): node for node in graph["nodes"] if node["type"] not in NOTE_TYPES}
    links = {link.id: link for link in links_of(graph)}
    known: dict[str, str] = {}

    def source(link: LinkData) -> list[Any]:
        return [known.get(link.origin, "loop") if link.origin in nodes else link.origin, link.origin_slot]

    for node_id in _feeders_first(nodes, links):
        node = nodes[node_id]
        wires = {
            slot["name"]: source(links[slot["link"]])
            for slot in node.get("inputs") or ()
            if slot.get("link") is not None
        }
        promoted = (node.get("properties") or {}).get("proxyWidgets")
        known[node_id] = _digest(
            [
                definitions.get(node["type"], node["type"]),
                node.get("mode") or ON,
                node.get("widgets_values") or [],
                sorted(tag for tag in tags_in(node.get("title")) if tag not in SETTING_TAGS),
                promoted,
                wires,
            ]
        )
    ports = [port.get("name") for port in graph.get("inputs") or () if isinstance(port, Mapping)]
    exits = sorted([link.target_slot, *source(link)] for link in links.values() if link.target == OUTPUT_SIDE)
    return _digest([sorted(known.values()), ports, exits])


def _feeders_first(nodes: Mapping[str, Any], links: Mapping[int, LinkData]) -> list[str]:
    feeds = {
        key: [
            links[slot["link"]].origin
            for slot in node.get("inputs") or ()
            if slot.get("link") is not None and links[slot["link"]].origin in nodes
        ]
        for key, node in nodes.items()
    }
    order: list[str] = []
    seen: set[str] = set()
    for start in nodes:
        waiting = [(start, False)]
        while waiting:
            key, ready = waiting.pop()
            if ready:
                order.append(key)
            elif key not in seen:
                seen.add(key)
                waiting.append((key, True))
                waiting += [(feeder, False) for feeder in feeds[key] if feeder not in seen]
    return order
