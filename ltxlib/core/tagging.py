"""Write role tags into the titles of a workflow file, and leave all else in it as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ltxlib.core.api_format import unwrapped
from ltxlib.core.binding import Binding
from ltxlib.core.file_format import definitions_of, is_api, tags_in
from ltxlib.core.graph import Graph, Node
from ltxlib.core.parsing import parse
from ltxlib.core.roles import PREFIX
from ltxlib.core.schema import NodeSchema
from ltxlib.core.subgraphs import read


def tagged(text: str, name: str, bindings: Iterable[Binding], schema: NodeSchema) -> str:
    """The file's text with the tags of these bindings added to titles, indented as the file was.

    bindings: from `binding.propose` of the same file. A node inside a subgraph is tagged in its definition,
    that is in every place where that subgraph is used. Raises WorkflowError when the text is no workflow.
    """
    whole = parse(text, name)
    add_tags(unwrapped(whole), bindings, schema)
    return _as_before(whole, text)


def add_tags(workflow: dict[str, Any], bindings: Iterable[Binding], schema: NodeSchema) -> None:
    """Add the tags of these bindings to the titles of a workflow, in place."""
    top = None if is_api(workflow) else read(workflow, schema)
    for binding in bindings:
        tag = f"{PREFIX}{binding.role}"
        if top is None:
            node = workflow[binding.node_id]
            known = schema.get(node["class_type"])
            meta = node.setdefault("_meta", {})
            if meta is None:
                meta = node["_meta"] = {}
            title = meta.get("title") or (known.title if known else node["class_type"])
            meta["title"] = _with(title, tag)
        else:
            live, raw = _raw_of(workflow, top, binding.node_id)
            raw["title"] = _with(raw.get("title") or live.title, tag)


def _with(title: str, tag: str) -> str:
    return title if tag in tags_in(title) else f"{title} [{tag}]"


def _raw_of(workflow: Mapping[str, Any], top: Graph, node_id: str) -> tuple[Node, dict[str, Any]]:
    """The live node and its part of the file, by its number in the flattened graph: `outer:inner`."""
    *outer, last = node_id.split(":")
    graph, holder = top, workflow
    for key in outer:
        host = graph.nodes[key]
        holder = next(one for one in definitions_of(workflow) if one["id"] == host.type)
        graph = host.definition or graph
    own = {now: old for old, now in graph.renumbered.items()}.get(last, last)
    raw = next(node for node in holder["nodes"] if str(node["id"]) == own)
    return graph.nodes[last], raw


def _as_before(value: Mapping[str, Any], text: str) -> str:
    """The value as JSON in the habits of the text it was read from: indent, line's end, letters or codes."""
    step = re.match(r"\s*\{\r?\n([ \t]+)", text.removeprefix("\ufeff"))
    compact = step is None and re.match(r'\s*\{\s*"(?:[^"\\]|\\.)*":\S', text.removeprefix("\ufeff"))
    written = json.dumps(
        value,
        indent=step[1] if step else None,
        separators=(",", ":") if compact else None,
        ensure_ascii=text.isascii() or not _whole_letters(text),
    )
    return written + "\n" if text.endswith("\n") else written


def _whole_letters(text: str) -> bool:
    """Whether a text can be written as UTF-8; half a letter, which JSON can hold as a code, cannot."""
    return "\\ud" not in text.lower()
