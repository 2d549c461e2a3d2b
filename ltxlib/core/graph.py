"""A workflow brought to life: nodes with named values and sockets, as the web client holds it in memory.

`read` builds it from a UI-format file and a node schema; `flatten` walks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ltxlib.core.file_format import INPUT_SIDE, ON, LinkData, links_of, who
from ltxlib.core.schema import MATCH_TYPE, NodeClass, NodeSchema
from ltxlib.core.widgets import NOTHING, Widget, from_row, lay_out

PRIMITIVE, REROUTE = "PrimitiveNode", "Reroute"
# Nodes of the web client itself: it takes them out before it queues.
CLIENT_NODES = {PRIMITIVE: "Primitive", REROUTE: "Reroute", "Note": "Note", "MarkdownNote": "Markdown Note"}


@dataclass
class Link:
    """A wire between two sockets of one graph."""

    id: int
    origin: str
    origin_slot: int
    target: str
    target_slot: int

    @property
    def from_outside(self) -> bool:
        """Whether it starts at the subgraph's own input side."""
        return self.origin == INPUT_SIDE


@dataclass
class Socket:
    """An input of a node.

    promoted: the value that a subgraph instance shows for it; NOTHING when it shows none.
    """

    name: str
    type: str
    widget: str | None = None
    link: Link | None = None
    promoted: Any = NOTHING


@dataclass
class Port:
    """An input or output of a subgraph, as seen from inside."""

    name: str
    type: str
    link_ids: list[int] = field(default_factory=list)


@dataclass
class Node:
    """One node. definition: the graph behind it when it is a subgraph instance."""

    id: str
    type: str
    title: str
    mode: int
    raw: Mapping[str, Any]
    graph: Graph
    sockets: list[Socket] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    widgets: list[Widget] = field(default_factory=list)
    definition: Graph | None = None
    known: bool = True

    @property
    def virtual(self) -> bool:
        """Whether the client takes it out before it queues."""
        return self.definition is not None or self.type in CLIENT_NODES

    @property
    def properties(self) -> Mapping[str, Any]:
        """The file's `properties` of the node."""
        return self.raw.get("properties") or {}

    def widget(self, name: str | None) -> Widget | None:
        """A widget by name."""
        return next((widget for widget in self.widgets if widget.name == name), None)

    def socket(self, name: str) -> Socket | None:
        """A socket by name."""
        return next((socket for socket in self.sockets if socket.name == name), None)

    def widget_of(self, socket: Socket) -> Widget | None:
        """The widget that a socket feeds, if it feeds one."""
        return self.widget(socket.widget) if socket.widget else None

    def __str__(self) -> str:
        return who({"id": self.id, "title": self.title}, self.graph.name)


@dataclass
class Graph:
    """The top graph (empty name) or what is inside one subgraph definition."""

    name: str
    nodes: dict[str, Node] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    instances: list[Node] = field(default_factory=list)
    renumbered: Mapping[str, str] = field(default_factory=dict)

    def used(self) -> list[Graph]:
        """This graph and every subgraph that an instance in it leads to, each once."""
        found = [self]
        for graph in found:
            for node in graph.nodes.values():
                if node.definition is not None and all(node.definition is not other for other in found):
                    found.append(node.definition)
        return found

    def leaving(self, node: Node, slot: int) -> list[Link]:
        """The links that start at one output of a node."""
        return [link for link in self.links.values() if link.origin == node.id and link.origin_slot == slot]

    def connect_port(self, port: Port, node: Node, socket: Socket) -> None:
        """Wire a subgraph input to a socket inside, in place of what was plugged in there."""
        if socket.link is not None:
            self.cut(socket.link)
        link = Link(
            max(self.links, default=0) + 1,
            INPUT_SIDE,
            self.inputs.index(port),
            node.id,
            node.sockets.index(socket),
        )
        self.links[link.id] = link
        port.link_ids.append(link.id)
        socket.link = link

    def cut(self, link: Link) -> None:
        """Take a link out, at both ends."""
        self.links.pop(link.id, None)
        for port in self.inputs:
            if link.id in port.link_ids:
                port.link_ids.remove(link.id)
        for socket in self.nodes[link.target].sockets:
            if socket.link is link:
                socket.link = None

    def inside(self, port: Port) -> Iterator[tuple[Node, Socket]]:
        """The sockets that a subgraph input feeds, in the order they were wired."""
        for link_id in port.link_ids:
            link = self.links.get(link_id)
            node = self.nodes.get(link.target) if link else None
            if link and node and link.target_slot < len(node.sockets):
                yield node, node.sockets[link.target_slot]


def read_graph(
    raw: Mapping[str, Any], name: str, schema: NodeSchema, definitions: Mapping[str, Graph]
) -> Graph:
    """One graph of a file with its nodes; `definitions` holds the subgraphs read before it, by id."""
    graph = Graph(name)
    if name:
        graph.inputs = [_port(port) for port in raw.get("inputs") or ()]
        graph.outputs = [_port(port) for port in raw.get("outputs") or ()]
    for data in _without_doubles(links_of(raw), raw):
        graph.links[data.id] = Link(data.id, data.origin, data.origin_slot, data.target, data.target_slot)
    for raw_node in raw["nodes"]:
        node = _read_node(raw_node, graph, schema, definitions)
        graph.nodes[node.id] = node
    for node in graph.nodes.values():
        _plug_in(node)
    return graph


def _port(raw: Mapping[str, Any]) -> Port:
    return Port(str(raw.get("name")), str(raw.get("type", "*")), list(raw.get("linkIds") or ()))


def _without_doubles(links: list[LinkData], raw: Mapping[str, Any]) -> list[LinkData]:
    """One link per socket: of two that end at the same place, the one that the node itself names stays."""
    named = {slot.get("link") for node in raw["nodes"] for slot in node.get("inputs") or ()}
    kept: dict[tuple[str, int], LinkData] = {}
    for link in links:
        key = (link.target, link.target_slot)
        if key not in kept or (link.id in named and kept[key].id not in named):
            kept[key] = link
    return list(kept.values())


def _read_node(
    raw: Mapping[str, Any], graph: Graph, schema: NodeSchema, definitions: Mapping[str, Graph]
) -> Node:
    kind = raw["type"]
    node = Node(str(raw["id"]), kind, str(raw.get("title") or ""), raw.get("mode") or ON, raw, graph)
    node.outputs = [str(slot.get("type", "*")) for slot in raw.get("outputs") or ()]
    values = raw.get("widgets_values") or []
    if kind in definitions:
        node.definition = definitions[kind]
        node.title = node.title or node.definition.name
        node.definition.instances.append(node)
        node.sockets = [Socket(port.name, port.type) for port in node.definition.inputs]
        node.outputs = [port.type for port in node.definition.outputs]
    elif kind in CLIENT_NODES:
        node.title = node.title or CLIENT_NODES[kind]
        node.sockets = _raw_sockets(raw)
        if kind == PRIMITIVE and values:
            node.widgets = [Widget("value", "primitive", values[0])]
    else:
        known = schema.get(kind)
        node.known = known is not None
        if known is None:
            node.title = node.title or kind
            node.sockets = _raw_sockets(raw)
            return node
        node.title = node.title or known.title
        values = _in_a_row(known, values)
        linked = [slot["name"] for slot in raw.get("inputs") or () if slot.get("link") is not None]
        shape = from_row(known, values, linked)
        node.widgets = shape.widgets
        node.sockets = [Socket(name, type_, widget) for name, type_, widget in shape.sockets]
        node.outputs[: len(known.outputs)] = ["*" if kind == MATCH_TYPE else kind for kind in known.outputs]
    return node


def _in_a_row(node_class: NodeClass, values: Any) -> list[Any]:
    """Values that a pack keeps by name (Video Helper Suite does), in the order of the node's widgets."""
    if not isinstance(values, Mapping):
        return values
    row: list[Any] = []

    def note(widget: Widget) -> Any:
        row.append(values.get(widget.name, widget.value))
        return row[-1]

    lay_out(node_class, note)
    return row


def _raw_sockets(raw: Mapping[str, Any]) -> list[Socket]:
    return [Socket(slot["name"], str(slot.get("type", "*"))) for slot in raw.get("inputs") or ()]


def _plug_in(node: Node) -> None:
    """Hand each link to the socket of the name the file gives; what the file leaves open goes by place."""
    links = {link.id: link for link in node.graph.links.values() if link.target == node.id}
    for slot in node.raw.get("inputs") or ():
        link = links.pop(slot.get("link"), None) if slot.get("link") is not None else None
        socket = node.socket(slot["name"])
        if socket is None:
            feeds = (slot.get("widget") or {}).get("name")
            if node.definition is not None or (feeds and node.widget(feeds) is None):
                if link:  # a socket that the node no longer has
                    node.graph.links.pop(link.id)
                continue
            socket = Socket(slot["name"], str(slot.get("type", "*")), feeds)
            node.sockets.append(socket)
        if link is not None:
            socket.link = link
            link.target_slot = node.sockets.index(socket)
    for link in links.values():
        if link.target_slot < len(node.sockets) and node.sockets[link.target_slot].link is None:
            node.sockets[link.target_slot].link = link
