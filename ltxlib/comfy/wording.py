"""How nodes and foreign texts are named in messages a creator reads."""

from __future__ import annotations

from collections.abc import Mapping


def node_title(node: str, class_type: str, graph: Mapping[str, object] | None) -> str:
    """The node as a person would look for it: its title (else its class) and its id."""
    name = class_type or "node"
    entry = (graph or {}).get(node)
    if isinstance(entry, Mapping):
        meta = entry.get("_meta")
        title = meta.get("title") if isinstance(meta, Mapping) else None
        if isinstance(title, str) and title.strip():
            name = one_line(title, 80)
    return f'Node "{name}" ({node})' if node else f'Node "{name}"'


def one_line(text: object, limit: int = 200) -> str:
    """Foreign text on one line, without control characters, cut at `limit` characters."""
    plain = "".join(c if c.isprintable() else " " for c in str(text))
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else f"{plain[: limit - 1].rstrip()}…"


def sentence(text: str) -> str:
    """The text with a full stop at its end, so that another sentence can follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
