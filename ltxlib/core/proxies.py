"""Promoted values as older files list them, under `properties.proxyWidgets`.

The web client turns each line into a subgraph input wired to the widget when it opens the file; so do we.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ltxlib.core.graph import PRIMITIVE, Graph, Node, Port, Socket
from ltxlib.core.promotion import inner_value
from ltxlib.core.widgets import NOTHING, Widget

_OLD_PREFIX = re.compile(r"^\s*(\d+)\s*:\s*(.+)$")


@dataclass
class _Entry:
    """One line of `proxyWidgets`: the node inside, the widget's name, and the value the instance shows."""

    source: str
    widget: str
    value: Any
    deeper: str | None = None


def apply_old_list(node: Node) -> None:
    """Read the values that older files keep in `proxyWidgets`; a list that is not one is passed over."""
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
    shown = inner_value(definition, port)
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
    widgets = [widget for node, socket in targets if (widget := node.widget_of(socket)) is not None]
    if not targets or not all(_alike(one, other) for one, other in pairwise(widgets)):
        return  # the client gives up here too, and the Primitive stays as it was
    name = primitive.title if primitive.raw.get("title") not in (None, "", PRIMITIVE) else cohort[0].widget
    value = next((entry.value for entry in cohort if entry.value is not NOTHING), NOTHING)
    _new_port(host, name, targets, value)


def _alike(one: Widget, other: Widget) -> bool:
    """Whether one shown value can stand for both: the same kind of widget with the same limits."""
    if one.kind != other.kind or one.spec is None or other.spec is None:
        return one.kind == other.kind
    step = 1 if one.kind == "INT" else 0.5
    limits = (("min", 0), ("max", 2048), ("step", step)) if one.kind in ("INT", "FLOAT") else ()
    mine, theirs = one.spec.options, other.spec.options
    return all(mine.get(key, usual) == theirs.get(key, usual) for key, usual in limits)
