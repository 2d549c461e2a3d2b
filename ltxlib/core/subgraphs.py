"""Subgraphs: which definitions a file holds, which values their instances show, and older files' ways.

A value of a node inside can be promoted: the instance shows it and decides it. Today that is a subgraph
input wired to the widget; older files list it under `properties.proxyWidgets` instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltxlib.core.graph import PRIMITIVE, Graph, Node, Port, Socket, read_graph
from ltxlib.core.schema import COMBO, DYNAMIC_COMBO, NodeSchema
from ltxlib.core.widgets import NOTHING, Widget
from ltxlib.core.workflow import definitions_of

_OLD_PREFIX = re.compile(r"^\s*(\d+)\s*:\s*(.+)$")


def read(ui: Mapping[str, Any], schema: NodeSchema) -> Graph:
    """The whole file as live graphs: definitions from the innermost out, then the top graph."""
    raws = _with_own_numbers(ui)
    graphs: dict[str, Graph] = {}
    for key in _innermost_first(raws):
        raw = raws[key]
        name = str(raw.get("name") or key)
        graphs[key] = read_graph(raw, name, schema, graphs)
        graphs[key].renumbered = raw.get("renumbered") or {}
        _promote_all(graphs[key])
    top = read_graph(ui, "", schema, graphs)
    _promote_all(top)
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
                if key.lstrip("-").isdigit():
                    last = max(last, int(key))
        result[definition["id"]] = _renumbered(definition, new) if new else definition
    return result


def _last_number(ui: Mapping[str, Any]) -> int:
    last = (ui.get("state") or {}).get("lastNodeId") if ui.get("version") == 1 else ui.get("last_node_id")
    return int(last) if str(last).isdigit() else 0


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


# --- promoted values -------------------------------------------------------------------------------------


def _promote_all(graph: Graph) -> None:
    hosts = [node for node in graph.nodes.values() if node.definition is not None]
    for node in hosts:
        for socket, port in zip(node.sockets, node.definition.inputs, strict=True):
            socket.promoted = _inner_value(node.definition, port)
        _apply_row(node)
    for node in hosts:
        _apply_old_list(node)


def _inner_widget(definition: Graph, port: Port) -> Widget | Socket | None:
    """What a subgraph input stands for: the first widget it feeds, or a nested instance's promoted socket."""
    for node, socket in definition.inside(port):
        widget = node.widget_of(socket)
        if widget is not None:
            return widget
        if node.definition is not None and socket.promoted is not NOTHING:
            return socket
    return None


def _inner_value(definition: Graph, port: Port) -> Any:
    source = _inner_widget(definition, port)
    if isinstance(source, Widget):
        return source.value
    return source.promoted if source is not None else NOTHING


def _choices(definition: Graph, port: Port) -> Sequence[Any]:
    """What the combo behind a port offers; empty for other widgets."""
    for node, socket in definition.inside(port):
        widget = node.widget_of(socket)
        if widget is not None:
            return widget.choices if widget.kind in (COMBO, DYNAMIC_COMBO) else ()
        if node.definition is not None and socket.promoted is not NOTHING:
            return _choices(node.definition, node.definition.inputs[node.sockets.index(socket)])
    return ()


def _apply_row(node: Node) -> None:
    """Read the instance's own row of values, one place per promoted input."""
    kept = {
        entry["originalEntry"][1]: entry["hostValue"]
        for entry in reversed(node.properties.get("proxyWidgetErrorQuarantine") or [])
        if isinstance(entry, Mapping) and "hostValue" in entry and str(entry["originalEntry"][0]) == "-1"
    }
    row = list(node.raw.get("widgets_values") or [])
    place = 0
    for socket, port in zip(node.sockets, node.definition.inputs, strict=True):
        if socket.promoted is NOTHING:
            continue
        if socket.name in kept:
            socket.promoted = kept[socket.name]
        elif place < len(row):
            socket.promoted = row[place]
        if socket.promoted is None:
            choices = _choices(node.definition, port)
            socket.promoted = choices[0] if choices else None
        place += 1


# --- the older list of promoted values --------------------------------------------------------------------


@dataclass
class _Entry:
    """One line of `proxyWidgets`: the node inside, the widget's name, and the value the instance shows."""

    source: str
    widget: str
    value: Any
    deeper: str | None = None


def _apply_old_list(node: Node) -> None:
    listed = node.properties.get("proxyWidgets")
    if not isinstance(listed, list):
        return
    row = list(node.raw.get("widgets_values") or [])
    entries = []
    for place, line in enumerate(listed):
        if not isinstance(line, list) or len(line) not in (2, 3) or not all(isinstance(x, str) for x in line):
            return
        entries.append(_entry(node, line, row[place] if place < len(row) else NOTHING))
    primitives: dict[str, list[_Entry]] = {}
    for entry in entries:
        _apply_entry(node, entry, entries, primitives)
    for source, cohort in primitives.items():
        _replace_primitive(node, node.definition.nodes[source], cohort)


def _entry(node: Node, line: Sequence[str], value: Any) -> _Entry:
    source, widget = node.definition.renumbered.get(line[0], line[0]), line[1]
    deeper = line[2] if len(line) == 3 else None
    if not _resolves(node, source, widget):
        while match := _OLD_PREFIX.match(widget):
            deeper, widget = match[1], match[2]
    return _Entry(source, widget, value, deeper)


def _resolves(host: Node, source: str, widget: str) -> bool:
    inner = host.definition.nodes.get(source) if host.definition else None
    if inner is None:
        return False
    if inner.definition is None:
        return inner.widget(widget) is not None
    port = next((port for port in inner.definition.inputs if port.name == widget), None)
    target = _target_of(inner.definition, port) if port else None
    return target is not None and _resolves(inner, target[0].id, target[1])


def _target_of(definition: Graph, port: Port) -> tuple[Node, str] | None:
    """The node and the widget (or, of a nested instance, the socket) that a port stands for."""
    for node, socket in definition.inside(port):
        if node.definition is not None:
            return node, socket.name
        widget = node.widget_of(socket)
        if widget is not None:
            return node, widget.name
    return None


def _linked_socket(host: Node, source: str, widget: str) -> Socket | None:
    for socket, port in zip(host.sockets, host.definition.inputs, strict=True):
        target = _target_of(host.definition, port)
        if target and target[0].id == source and target[1] == widget:
            return socket
    return None


def _apply_entry(
    host: Node, entry: _Entry, everything: list[_Entry], primitives: dict[str, list[_Entry]]
) -> None:
    linked = _linked_socket(host, entry.source, entry.widget)
    if linked is not None:
        if linked.promoted is not NOTHING and entry.value is not NOTHING:
            linked.promoted = entry.value
        return
    inner = host.definition.nodes.get(entry.source)
    if inner is None:
        # A value of the instance's own input, which the older client listed under the number -1.
        own = host.socket(entry.widget) if entry.source == "-1" else None
        if own is not None and own.promoted is not NOTHING and entry.value is not NOTHING:
            own.promoted = entry.value
    elif inner.type == PRIMITIVE:
        doubled = sum(other.source == entry.source for other in everything) >= 2
        if host.definition.leaving(inner, 0) or doubled:
            primitives.setdefault(entry.source, []).append(entry)
    elif not entry.widget.startswith("$$"):
        socket = _socket_of_widget(inner, entry)
        if socket is not None:
            _new_port(host, entry.widget, [(inner, socket)], entry.value)


def _socket_of_widget(inner: Node, entry: _Entry) -> Socket | None:
    if inner.definition is None:
        return next((socket for socket in inner.sockets if socket.widget == entry.widget), None)
    for socket, port in zip(inner.sockets, inner.definition.inputs, strict=True):
        target = _target_of(inner.definition, port)
        if entry.deeper:
            fits = target is not None and target[1] == entry.widget and target[0].id == entry.deeper
        else:
            fits = socket.name == entry.widget or (target is not None and target[1] == entry.widget)
        if fits:
            return socket if socket.promoted is not NOTHING else None
    return None


def _new_port(host: Node, name: str, sockets: Sequence[tuple[Node, Socket]], value: Any) -> None:
    """Turn an entry of the older list into a subgraph input wired to the widget, on every instance."""
    definition = host.definition
    taken = {port.name for port in definition.inputs}
    unique, count = name, 1
    while unique in taken:
        unique, count = f"{name}_{count}", count + 1
    port = Port(unique, sockets[0][1].type)
    definition.inputs.append(port)
    for node, socket in sockets:
        definition.connect_port(port, node, socket)
    shown = _inner_value(definition, port)
    for instance in definition.instances:
        instance.sockets.append(Socket(port.name, port.type, promoted=shown))
    own = host.sockets[-1]
    if own.promoted is not NOTHING and value is not NOTHING:
        own.promoted = value


def _replace_primitive(host: Node, primitive: Node, cohort: Sequence[_Entry]) -> None:
    """A promoted Primitive gives way: what it fed hangs on a subgraph input of its own."""
    definition = host.definition
    links = definition.leaving(primitive, 0)
    fed = [(definition.nodes[link.target], link.target_slot) for link in links]
    targets = [(node, node.sockets[slot]) for node, slot in fed]
    if not targets:
        return
    name = primitive.title if primitive.raw.get("title") not in (None, "", PRIMITIVE) else cohort[0].widget
    value = next((entry.value for entry in cohort if entry.value is not NOTHING), NOTHING)
    _new_port(host, name, targets, value)
