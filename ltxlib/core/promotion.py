"""Promoted values: what a subgraph instance shows of the nodes inside it, and decides for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltxlib.core.graph import Graph, Node, Port, Socket
from ltxlib.core.schema import COMBO, DYNAMIC_COMBO
from ltxlib.core.widgets import NOTHING, Widget


def _inner_widget(definition: Graph, port: Port) -> Widget | Socket | None:
    """What a subgraph input stands for: the first widget it feeds, or a nested instance's promoted socket."""
    for node, socket in definition.inside(port):
        widget = node.widget_of(socket)
        if widget is not None:
            return widget
        if node.definition is not None and socket.promoted is not NOTHING:
            return socket
    return None


def inner_value(definition: Graph, port: Port) -> Any:
    """The value that stands inside, behind a port; NOTHING where there is none."""
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


def apply_row(node: Node) -> None:
    """Read the instance's own row of values, one place per promoted input."""
    kept = _kept_apart(node)
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


def _kept_apart(node: Node) -> dict[str, Any]:
    """Values of the instance's own inputs that the client once could not place; of two the first counts."""
    kept: dict[str, Any] = {}
    entries = node.properties.get("proxyWidgetErrorQuarantine")
    for entry in entries if isinstance(entries, list) else ():
        original = entry.get("originalEntry") if isinstance(entry, Mapping) else None
        if isinstance(original, list) and len(original) > 1 and original[0] == "-1" and "hostValue" in entry:
            kept.setdefault(str(original[1]), entry["hostValue"])
    return kept
