"""A ComfyUI workflow as people save it (UI format 0.4 and 1): read it, refuse damage, walk it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.errors import WorkflowError

ON, MUTED, BYPASSED = 0, 2, 4
INPUT_SIDE, OUTPUT_SIDE = "-10", "-20"  # the ends of links that leave a subgraph
NOTE_TYPES = frozenset({"Note", "MarkdownNote"})
TAG = re.compile(r"\[\s*([a-z0-9_]+(?:\.[a-z0-9_]+)+)\s*\]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class LinkData:
    """One link of a file; both formats read alike, node ids as text."""

    id: int
    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: Any


def tags_in(title: str | None) -> tuple[str, ...]:
    """The role tags in a node's title, without brackets, in lower case: `Prompt [ltx.prompt]`."""
    return tuple(found.lower() for found in TAG.findall(title or ""))


def title_of(node: Mapping[str, Any]) -> str:
    """What a person calls the node: its title, else its type."""
    return str(node.get("title") or node.get("type") or "untitled")


def who(node: Mapping[str, Any], inside: str = "") -> str:
    """A node named for a person: the node "Save Video" (#75) inside the subgraph "LTX"."""
    place = f' inside the subgraph "{inside}"' if inside else ""
    return f'The node "{title_of(node)}" (#{node.get("id")}){place}'


def definitions_of(ui: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every subgraph definition of the file, those nested in others included."""
    found: list[dict[str, Any]] = []
    waiting = list((ui.get("definitions") or {}).get("subgraphs") or ())
    while waiting:
        definition = waiting.pop(0)
        found.append(definition)
        waiting[:0] = (definition.get("definitions") or {}).get("subgraphs") or ()
    return found


def graphs_of(ui: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The top graph with an empty name, then each subgraph definition with its own."""
    yield ui, ""
    for definition in definitions_of(ui):
        yield definition, str(definition.get("name") or definition.get("id"))


def nodes_of(ui: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every node of the file with the name of the subgraph it is in; empty at the top."""
    for graph, name in graphs_of(ui):
        for node in graph.get("nodes") or ():
            yield node, name


def links_of(graph: Mapping[str, Any]) -> list[LinkData]:
    """The links of one graph, whichever way they are written; empty places are left out."""
    links = []
    for raw in graph.get("links") or ():
        if raw is None:
            continue
        if isinstance(raw, Mapping):
            keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
            parts = [*(raw[key] for key in keys), raw.get("type")]
        else:
            parts = [*raw[:5], raw[5] if len(raw) > 5 else None]
        links.append(
            LinkData(int(parts[0]), str(parts[1]), int(parts[2]), str(parts[3]), int(parts[4]), parts[5])
        )
    return links


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
        _inspect(ui)
    except WorkflowError as error:
        raise WorkflowError(f"{name}: {error.message}", cure=error.cure) from error
    return ui


def _inspect(ui: dict[str, Any]) -> None:
    if ui.get("version") not in (0.4, 1):
        raise WorkflowError(
            f"its format version is {ui.get('version')!r}, and the kit knows 0.4 and 1.",
            cure="Open it in a current ComfyUI and save it again.",
        )
    if not isinstance(ui.get("definitions") or {}, dict):
        raise WorkflowError("its subgraph definitions are damaged.")
    known = set()
    for definition in definitions_of(ui):
        if not isinstance(definition, dict) or not isinstance(definition.get("id"), str):
            raise WorkflowError("one of its subgraph definitions is damaged: it has no id.")
        known.add(definition["id"])
    for graph, inside in graphs_of(ui):
        _inspect_graph(graph, inside, known)
    _refuse_endless_subgraphs(ui)


def _inspect_graph(graph: Mapping[str, Any], inside: str, definitions: set[str]) -> None:
    place = f'the subgraph "{inside}"' if inside else "it"
    if not isinstance(graph.get("nodes"), list):
        raise WorkflowError(f"{place} has no list of nodes.")
    nodes: dict[str, Mapping[str, Any]] = {}
    for node in graph["nodes"]:
        _inspect_node(node, inside, definitions)
        if str(node["id"]) in nodes:
            twin = title_of(nodes[str(node["id"])])
            raise WorkflowError(f'{who(node, inside)} has the same number as the node "{twin}".')
        nodes[str(node["id"])] = node
    try:
        links = {link.id: link for link in links_of(graph)}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise WorkflowError(f"{place} has a link that is damaged.") from error
    for link in links.values():
        _inspect_link(link, nodes, inside)
    for node in nodes.values():
        for slot in node.get("inputs") or ():
            held = slot.get("link")
            if held is not None and (held not in links or links[held].target != str(node["id"])):
                raise WorkflowError(
                    f'{who(node, inside)} has its input "{slot["name"]}" on link {held}, which leads nowhere.'
                )


def _inspect_node(node: Any, inside: str, definitions: set[str]) -> None:
    if not isinstance(node, dict) or not isinstance(node.get("id"), (int, str)):
        place = f' of the subgraph "{inside}"' if inside else ""
        raise WorkflowError(f"a node{place} is damaged: it has no number.")
    if not isinstance(node.get("type"), str):
        raise WorkflowError(f"{who(node, inside)} has no type.")
    if not isinstance(node.get("widgets_values") or [], list):
        raise WorkflowError(
            f"{who(node, inside)} keeps its values by name instead of in a row, which ComfyUI cannot load."
        )
    for side in ("inputs", "outputs"):
        slots = node.get(side) or []
        if not isinstance(slots, list) or not all(
            isinstance(slot, dict) and isinstance(slot.get("name"), str) for slot in slots
        ):
            raise WorkflowError(f"{who(node, inside)} has damaged {side}.")
    if not isinstance(node.get("properties") or {}, dict) or not isinstance(node.get("mode") or 0, int):
        raise WorkflowError(f"{who(node, inside)} has damaged settings.")
    if _UUID.fullmatch(node["type"]) and node["type"] not in definitions:
        raise WorkflowError(
            f"{who(node, inside)} is a subgraph, but the file does not carry what is inside it.",
            cure="Save the workflow again from the ComfyUI where the subgraph still opens.",
        )


def _inspect_link(link: LinkData, nodes: Mapping[str, Mapping[str, Any]], inside: str) -> None:
    if link.origin not in nodes and not (inside and link.origin == INPUT_SIDE):
        target = nodes.get(link.target)
        named = who(target, inside) if target else f"Node #{link.target}"
        raise WorkflowError(
            f"{named} is fed by link {link.id} from node #{link.origin}, which is not in the file."
        )
    # A link into nowhere is litter that ComfyUI itself leaves behind and never follows; no node misses it.


def _refuse_endless_subgraphs(ui: Mapping[str, Any]) -> None:
    inner = {
        definition["id"]: {node["type"] for node in definition["nodes"]} for definition in definitions_of(ui)
    }

    def walk(current: str, path: tuple[str, ...]) -> None:
        if current in path:
            name = next(str(d.get("name")) for d in definitions_of(ui) if d["id"] == current)
            raise WorkflowError(f'the subgraph "{name}" contains itself, so it never ends.')
        for child in inner[current] & inner.keys():
            walk(child, (*path, current))

    for start in inner:
        walk(start, ())


def content_sha256(ui: Mapping[str, Any]) -> str:
    """A hash of what the graph does: nodes, values, modes, role tags and how they are wired.

    Blind to layout (positions, sizes, colours, groups, notes, titles, node numbers).
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
                sorted(tags_in(node.get("title"))),
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
