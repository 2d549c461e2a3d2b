"""A ComfyUI workflow as people save it: read it, walk it, tell whether it is still the same graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

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
    links_of,
    nodes_of,
    tags_in,
    title_of,
    who,
)
from ltxlib.errors import WorkflowError

__all__ = [
    "BYPASSED",
    "MUTED",
    "ON",
    "content_sha256",
    "load",
    "nodes_of",
    "tags_in",
    "title_of",
    "who",
]


def load(text: str, name: str) -> dict[str, Any]:
    """Read a workflow file's text; `name` is how the file is called in messages.

    WorkflowError says in one sentence what is damaged and names the node.
    """
    try:
        ui = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise WorkflowError(
            f"{name} is not a whole workflow file: it breaks off or is garbled at line {error.lineno}.",
            cure="Save the workflow from ComfyUI again, or fetch the file again.",
        ) from error
    if not isinstance(ui, dict):
        raise WorkflowError(f"{name} is not a workflow: it holds a list or a bare value.")
    if "nodes" not in ui and any(isinstance(node, dict) and "class_type" in node for node in ui.values()):
        raise WorkflowError(
            f"{name} is in ComfyUI's API format, which cannot be edited or driven by roles.",
            cure="Open it in ComfyUI and save it with Save (not Export API).",
        )
    try:
        refuse_damage(ui)
    except WorkflowError as error:
        raise WorkflowError(f"{name}: {error.message}", cure=error.cure) from error
    return ui


def content_sha256(ui: Mapping[str, Any]) -> str:
    """A hash of what the graph does: nodes, values, modes, role tags and how they are wired.

    Blind to layout (positions, sizes, colours, groups, notes, titles, node numbers), and to tags that only
    say where another model's settings would go: what goes there is among a take's own values.
    """
    definitions = {definition["id"]: definition for definition in definitions_of(ui)}
    inside = {key: _graph_digest(definition, {}) for key, definition in definitions.items()}
    # Once more, so that a subgraph in a subgraph counts with its content; deeper nests go on likewise.
    for _ in definitions:
        inside = {key: _graph_digest(definition, inside) for key, definition in definitions.items()}
    return _graph_digest(ui, inside)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
