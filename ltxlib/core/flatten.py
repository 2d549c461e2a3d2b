"""From a workflow as people save it to the graph a ComfyUI server runs.

The answer is what the web client's `graphToPrompt()` gives for the same file: subgraphs opened up with
ids `outer:inner`, muted and bypassed nodes gone, Reroutes, Primitives and notes dissolved. Checked against
the real client over the official templates (comfyui-frontend-package 1.58).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, OUTPUT_SIDE, who
from ltxlib.core.graph import PRIMITIVE, REROUTE, Graph, Node, Socket
from ltxlib.core.schema import NodeSchema, types_fit, unknown_node
from ltxlib.core.sending import boxed, pack_identity, sent
from ltxlib.core.subgraphs import read
from ltxlib.core.widgets import NOTHING
from ltxlib.core.wiring import in_a_ring
from ltxlib.errors import WorkflowError


@dataclass(frozen=True)
class _Place:
    """A node as it will run: reached through the instances that hold it, outermost first."""

    node: Node
    host: _Place | None = None

    @property
    def id(self) -> str:
        return f"{self.host.id}:{self.node.id}" if self.host else self.node.id

    def sibling(self, node_id: str) -> _Place:
        return _Place(self.node.graph.nodes[node_id], self.host)


@dataclass(frozen=True)
class _Wire:
    """Where an input's value comes from: an output of another node."""

    id: str
    slot: int


@dataclass(frozen=True)
class _Value:
    """Where an input's value comes from: a value promoted to a subgraph instance."""

    value: Any


_Source = _Wire | _Value | None


def flatten(ui: Mapping[str, Any], schema: NodeSchema) -> dict[str, Any]:
    """The API graph of a workflow: `{id: {"class_type", "inputs", "_meta": {"title", ...}}}`.

    WorkflowError names the node when one is unknown to the schema, or when nodes feed each other in a ring.
    Two things the client does by lot or by clock are made steady: of `{a|b}` in a prompt the first is
    taken, and `%date:...%` in a file name stays as written.
    """
    return assemble(read(ui, schema))


def assemble(top: Graph) -> dict[str, Any]:
    """The API graph of live graphs."""
    places = list(_places(top, None))
    for graph in top.used():
        _settle_primitives(graph)
    api: dict[str, Any] = {}
    for place in places:
        node = place.node
        if node.virtual or node.mode in (MUTED, BYPASSED):
            continue
        if not node.known:
            raise unknown_node(node.type, str(node))
        api[place.id] = {
            "inputs": _inputs(place, top),
            "class_type": node.type,
            "_meta": {"title": node.title, **pack_identity(node.properties)},
        }
    for node in api.values():
        lost = [name for name, value in node["inputs"].items() if _is_link(value) and value[0] not in api]
        for name in lost:
            del node["inputs"][name]
    ring = in_a_ring(api)
    if ring is not None:
        name = who({"id": ring, "title": api[ring]["_meta"]["title"]})
        raise WorkflowError(f"{name} is part of a ring: its output leads back to its own input.")
    return api


def unknown_nodes(ui: Mapping[str, Any], schema: NodeSchema) -> list[Node]:
    """The nodes of a workflow that would run and that the schema does not know."""
    places = list(_places(read(ui, schema), None))
    nodes = {id(place.node): place.node for place in places}
    return [
        node
        for node in nodes.values()
        if not node.known and not node.virtual and node.mode not in (MUTED, BYPASSED)
    ]


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _places(graph: Graph, host: _Place | None) -> Iterator[_Place]:
    for node in graph.nodes.values():
        place = _Place(node, host)
        yield place
        if node.definition is None:
            continue
        # As the client has it: only an instance at the top hides its content when it is off.
        if host is not None or node.mode not in (MUTED, BYPASSED):
            yield from _places(node.definition, place)


def _settle_primitives(graph: Graph) -> None:
    """A Primitive hands its value to the widgets it is wired to, and is then no longer needed."""
    for node in graph.nodes.values():
        if node.type != PRIMITIVE or not node.widgets:
            continue
        for link in graph.leaving(node, 0):
            target = graph.nodes.get(link.target)
            if target is None or link.target_slot >= len(target.sockets):
                continue
            socket = target.sockets[link.target_slot]
            widget = target.widget_of(socket)
            if widget is not None:
                widget.value = node.widgets[0].value
            elif socket.promoted is not NOTHING:
                socket.promoted = node.widgets[0].value


def _inputs(place: _Place, top: Graph) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for widget in place.node.widgets:
        if widget.sent:
            value = sent(widget, place.node, top)
            if value is not NOTHING:
                inputs[widget.name] = boxed(value)
    for slot, socket in enumerate(place.node.sockets):
        try:
            source = _feed(place, slot, frozenset())
        except RecursionError as error:
            raise WorkflowError(
                f'{place.node} is reached at "{socket.name}" through too many nodes that only pass things on.'
            ) from error
        if isinstance(source, _Wire):
            inputs[socket.name] = [source.id, source.slot]
        elif isinstance(source, _Value) and source.value is not NOTHING:
            inputs[socket.name] = boxed(source.value)
    return inputs


# --- following a wire back to where it really starts -------------------------------------------------------


_Seen = frozenset[tuple[str, str, int]]


def _feed(place: _Place, slot: int, seen: _Seen, kind: str | None = None) -> _Source:
    """What feeds an input. kind: the type wanted at the far end, where a bypassed node on the way asks."""
    seen = _once(place, "in", slot, seen)
    socket = place.node.sockets[slot]
    link = socket.link
    if link is None:
        return None
    if link.from_outside:
        host = place.host
        if host is None or link.origin_slot >= len(host.node.sockets):
            raise WorkflowError(f"{place.node} hangs on a subgraph input that does not exist.")
        outer = host.node.sockets[link.origin_slot]
        if outer.link is None:
            return _Value(outer.promoted) if outer.promoted is not NOTHING else None
        return _feed(host, link.origin_slot, seen)
    if link.origin not in place.node.graph.nodes:
        raise WorkflowError(f"{place.node} is fed from node #{link.origin}, which is not in the file.")
    return _output(place.sibling(link.origin), link.origin_slot, kind or socket.type, seen)


def _output(place: _Place, slot: int, kind: str, seen: _Seen) -> _Source:
    """What really stands behind an output: the node itself, or what it only passes on."""
    seen = _once(place, "out", slot, seen)
    node = place.node
    if node.mode == MUTED:
        return None
    if node.mode == BYPASSED:
        through = _bypass(node, slot, kind)
        return None if through is None else _feed(place, through, seen)
    if node.definition is not None:
        return _subgraph_output(place, slot, kind, seen)
    if node.type == REROUTE:
        return _feed(place, 0, seen, kind) if node.sockets else None
    return None if node.virtual else _Wire(place.id, slot)


def _subgraph_output(place: _Place, slot: int, kind: str, seen: _Seen) -> _Source:
    graph = place.node.definition
    if graph is None or slot >= len(graph.outputs):
        raise WorkflowError(f"{place.node} is asked for output {slot}, which it does not have.")
    links = [graph.links[link_id] for link_id in graph.outputs[slot].link_ids if link_id in graph.links]
    inner = next((link for link in links if link.target == OUTPUT_SIDE), None)
    if inner is None:
        return None
    if inner.from_outside:
        return _feed(place, inner.origin_slot, seen)
    if inner.origin not in graph.nodes:
        raise WorkflowError(f"{place.node} gives out node #{inner.origin}, which is not inside it.")
    return _output(_Place(graph.nodes[inner.origin], place), inner.origin_slot, kind, seen)


def _once(place: _Place, side: str, slot: int, seen: _Seen) -> _Seen:
    step = (place.id, side, slot)
    if step in seen:
        raise WorkflowError(f"{place.node} is part of a ring: its output leads back to its own input.")
    return seen | {step}


def _bypass(node: Node, slot: int, kind: str) -> int | None:
    """Which input a bypassed node passes on: the one at the output's own place if it fits, else the first."""
    sockets = node.sockets
    given = node.outputs[slot] if slot < len(node.outputs) else "*"
    if kind in ("*", ""):
        return (slot if len(sockets) > slot else 0) if sockets else None

    def fits(socket: Socket) -> bool:
        return types_fit(socket.type, given) and types_fit(socket.type, kind)

    if slot < len(sockets) and fits(sockets[slot]):
        return slot
    for place, socket in enumerate(sockets):
        if socket.type == kind:
            return place
    return next((place for place, socket in enumerate(sockets) if fits(socket)), None)
