"""What stands where in a workflow file, and how to walk it: ComfyUI's UI format (0.4, 1) and API format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ON, MUTED, BYPASSED = 0, 2, 4
INPUT_SIDE, OUTPUT_SIDE = "-10", "-20"  # the ends of links that leave a subgraph
NOTE_TYPES = frozenset({"Note", "MarkdownNote"})
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LONGEST_NAME = 80
# Tags that say where a model's own settings go; a take that is made with others than the file's has them
# among its values, so the tags alone change nothing.
SETTING_TAGS = frozenset(
    f"ltx.{role}"
    for role in (
        "text_encoder",
        "upscaler",
        "sampler",
        "sigmas",
        "sigmas_two",
        "steps",
        "cfg",
        "distilled_lora",
    )
)
TAG = re.compile(r"\[\s*([a-z0-9_]+(?:\.[a-z0-9_]+)+)\s*\]", re.IGNORECASE)


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


def is_api(graph: Mapping[str, Any]) -> bool:
    """Whether a workflow is in ComfyUI's API format: nodes by number, each with its class_type."""
    return "nodes" not in graph and any(
        isinstance(node, Mapping) and ("class_type" in node or "inputs" in node) for node in graph.values()
    )


def title_of(node: Mapping[str, Any]) -> str:
    """What a person calls the node: its title, else its type; in one line that can be printed."""
    title = " ".join(_UNSEEN.sub(" ", str(node.get("title") or node.get("type") or "untitled")).split())
    return title if len(title) <= _LONGEST_NAME else f"{title[:_LONGEST_NAME]}..."


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
    """Every node of the file with the name of the subgraph it is in; empty at the top.

    A node of an API file is given with its id, type and title alone.
    """
    if is_api(ui):
        for node_id, node in ui.items():
            title = (node.get("_meta") or {}).get("title")
            yield {"id": node_id, "type": node["class_type"], "title": title}, ""
        return
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
