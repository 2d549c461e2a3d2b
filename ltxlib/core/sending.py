"""What a node sends along in a prompt: its widgets' values, and which pack it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ltxlib.core.graph import Graph, Node
from ltxlib.core.widgets import NOTHING, Widget, sent_text

_PACK_ID = re.compile(r"(?![_.-])[\w.-]{1,100}(?<![_.-])", re.ASCII)
_OWNER = re.compile(r"[a-zA-Z\d](?:[a-zA-Z\d]|-(?=[a-zA-Z\d])){0,38}")
_NUMBER = r"(?:0|[1-9]\d*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-[\da-z-]+(?:\.[\da-z-]+)*)?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?"
    r"|[0-9a-fA-F]{4,40}"
)


def boxed(value: Any) -> Any:
    """A list would be taken for a link, so the client wraps it."""
    return {"__value__": value} if isinstance(value, list) else value


def sent(widget: Widget, node: Node, top: Graph) -> Any:
    """A widget's value as the client sends it: choices in texts taken, names in file prefixes filled in.

    What a text box of several lines holds is a text, even where a file whose places have moved has a number.
    """
    if _is_text_box(widget) and (widget.value is None or isinstance(widget.value, (bool, int, float))):
        return _as_text(widget.value)
    if isinstance(widget.value, str):
        if widget.spec is not None and widget.spec.options.get("dynamicPrompts"):
            return sent_text(widget.value)
        if widget.name == "filename_prefix" and "Save" in node.type:
            return _filled_name(widget.value, top)
    return widget.value


def _is_text_box(widget: Widget) -> bool:
    return widget.kind == "STRING" and widget.spec is not None and bool(widget.spec.options.get("multiline"))


def _filled_name(text: str, top: Graph) -> str:
    """`%Title.widget%` in a file name becomes that widget's value."""

    def fill(found: re.Match[str]) -> str:
        wanted, _, name = found[1].partition(".")
        if not name or "." in name:
            return found[0]
        nodes = [node for graph in top.used() for node in graph.nodes.values()]
        named = [n for n in nodes if n.properties.get("Node name for S&R", n.type) == wanted]
        named = named or [n for n in nodes if n.title == wanted]
        widget = named[0].widget(name) if named else None
        if widget is None:
            return found[0]
        return re.sub(r'[/?<>\\:*|"\x00-\x1f\x7f]', "_", _as_text(widget.value))

    return re.sub(r"%([^%]+)%", fill, text)


def _as_text(value: Any) -> str:
    if value is None or value is NOTHING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def pack_identity(properties: Mapping[str, Any]) -> dict[str, str]:
    """Which pack a node came from, as the client passes it along for people who open the prompt again."""
    identity = {}
    pack, source, version = (properties.get(key) for key in ("cnr_id", "aux_id", "ver"))
    if isinstance(pack, str) and _PACK_ID.fullmatch(pack):
        identity["cnr_id"] = pack
    if isinstance(source, str) and source.count("/") == 1:
        owner, name = source.split("/")
        if _OWNER.fullmatch(owner) and _PACK_ID.fullmatch(name):
            identity["aux_id"] = source
    if isinstance(version, str) and (version == "unknown" or _VERSION.fullmatch(version.removeprefix("v"))):
        identity["ver"] = version if version == "unknown" else version.removeprefix("v")
    return identity
