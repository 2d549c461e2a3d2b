"""Refuse damaged workflow files, each kind of damage in one sentence that names the node.

First the shape is held against what the format says stands where, then what the parts say of each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ltxlib.core.file_format import INPUT_SIDE, LinkData, definitions_of, graphs_of, links_of, title_of, who
from ltxlib.errors import WorkflowError

MOST_NODES, DEEPEST_NEST = 5000, 50
_SMALLER = "Take out what is not needed, and save the workflow again."
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TYPE = (str, int, list)  # of a socket; a list where an old file has a combo's choices


def refuse_damage(ui: dict[str, Any]) -> None:
    """WorkflowError when a parsed file cannot be what ComfyUI saved; its sentence does not name the file."""
    if isinstance(ui.get("version"), bool) or ui.get("version") not in (0.4, 1):
        raise WorkflowError(
            f"its format version is {_short(ui.get('version'))}, and the kit knows 0.4 and 1.",
            cure="Open it in a current ComfyUI and save it again.",
        )
    _check_definitions(ui)
    known = {definition["id"] for definition in definitions_of(ui)}
    for graph, inside in graphs_of(ui):
        _check_graph(graph, inside, known)
    _refuse_endless_subgraphs(ui)


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


# --- shape --------------------------------------------------------------------------------------------------


def _is(value: Any, *kinds: type) -> bool:
    """Whether a value is of one of the kinds; true and false are not numbers here."""
    return isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)


def _maybe(value: Any, *kinds: type) -> bool:
    return value is None or _is(value, *kinds)


def _rows(value: Any, kind: type) -> bool:
    """Whether a value is nothing, or a list of only that kind."""
    return value is None or (isinstance(value, list) and all(_is(row, kind) for row in value))


def _check_definitions(holder: Mapping[str, Any]) -> None:
    definitions = holder.get("definitions")
    if not _maybe(definitions, dict) or not _rows((definitions or {}).get("subgraphs"), dict):
        raise WorkflowError("its subgraph definitions are damaged.")
    for definition in (definitions or {}).get("subgraphs") or ():
        if not _is(definition.get("id"), str):
            raise WorkflowError("one of its subgraph definitions is damaged: it has no id.")
        name = definition.get("name") or definition["id"]
        ports = [definition.get("inputs"), definition.get("outputs")]
        if not _maybe(definition.get("name"), str) or not all(_rows(rows, dict) for rows in ports):
            raise WorkflowError(f'the subgraph "{name}" is damaged.')
        for port in (port for rows in ports for port in rows or ()):
            if not _is(port.get("name"), str) or not _rows(port.get("linkIds"), int):
                raise WorkflowError(f'the subgraph "{name}" has damaged inputs or outputs.')
        _check_definitions(definition)


def _check_node_shape(node: Any, inside: str) -> None:
    if not _is(node, dict) or not _is(node.get("id"), int, str):
        place = f' of the subgraph "{inside}"' if inside else ""
        named = (
            f' "{title_of(node)}"'
            if isinstance(node, dict) and (node.get("title") or node.get("type"))
            else ""
        )
        raise WorkflowError(f"a node{named}{place} is damaged: it has no number.")
    if not _is(node.get("type"), str):
        raise WorkflowError(f"{who(node, inside)} has no type.")
    # Video Helper Suite teaches the web client to keep its nodes' values by name; no other pack does.
    by_name = (dict,) if node["type"].startswith("VHS_") else ()
    if not _maybe(node.get("widgets_values"), list, *by_name):
        raise WorkflowError(
            f"{who(node, inside)} keeps its values by name instead of in a row, which ComfyUI cannot load."
        )
    settings = (
        _maybe(node.get("properties"), dict),
        _maybe(node.get("mode"), int),
        _maybe(node.get("title"), str),
    )
    if not all(settings):
        raise WorkflowError(f"{who(node, inside)} has damaged settings.")
    for side, is_sound in (("inputs", _is_input), ("outputs", _is_output)):
        slots = node.get(side)
        if not _rows(slots, dict) or not all(is_sound(slot) for slot in slots or ()):
            raise WorkflowError(f"{who(node, inside)} has damaged {side}.")


def _is_input(slot: Mapping[str, Any]) -> bool:
    widget = slot.get("widget")
    return (
        _is(slot.get("name"), str)
        and _maybe(slot.get("type"), *_TYPE)
        and _maybe(slot.get("link"), int)
        and _maybe(widget, dict)
        and _maybe((widget or {}).get("name"), str)
    )


def _is_output(slot: Mapping[str, Any]) -> bool:
    return _is(slot.get("name"), str) and _maybe(slot.get("type"), *_TYPE) and _rows(slot.get("links"), int)


# --- what the parts say of each other -----------------------------------------------------------------------


def _check_graph(graph: Mapping[str, Any], inside: str, definitions: set[str]) -> None:
    place = f'the subgraph "{inside}"' if inside else "it"
    if not isinstance(graph.get("nodes"), list):
        raise WorkflowError(f"{place} has no list of nodes.")
    nodes: dict[str, Mapping[str, Any]] = {}
    for node in graph["nodes"]:
        _check_node_shape(node, inside)
        key = str(node["id"])
        if key in nodes:
            raise WorkflowError(
                f'{who(node, inside)} has the same number as the node "{title_of(nodes[key])}".'
            )
        if _UUID.fullmatch(node["type"]) and node["type"] not in definitions:
            raise WorkflowError(
                f"{who(node, inside)} is a subgraph, but the file does not carry what is inside it.",
                cure="Save the workflow again from the ComfyUI where the subgraph still opens.",
            )
        nodes[key] = node
    try:
        links = {link.id: link for link in links_of(graph)}
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise WorkflowError(f"{place} has a link that is damaged.") from error
    for link in links.values():
        _check_link(link, nodes, inside)
    for node in nodes.values():
        for slot in node.get("inputs") or ():
            held = slot.get("link")
            if held is not None and (held not in links or links[held].target != str(node["id"])):
                raise WorkflowError(
                    f'{who(node, inside)} has its input "{slot["name"]}" on link {held}, which leads nowhere.'
                )


def _check_link(link: LinkData, nodes: Mapping[str, Mapping[str, Any]], inside: str) -> None:
    target = nodes.get(link.target)
    named = who(target, inside) if target else f"Node #{link.target}"
    if link.origin_slot < 0 or link.target_slot < 0:
        raise WorkflowError(f"{named} has a damaged link {link.id}: places are counted from 0.")
    if link.origin not in nodes and not (inside and link.origin == INPUT_SIDE):
        raise WorkflowError(
            f"{named} is fed by link {link.id} from node #{link.origin}, which is not in the file."
        )
    # A link into nowhere is litter that ComfyUI itself leaves behind and never follows; no node misses it.


def _refuse_endless_subgraphs(ui: Mapping[str, Any]) -> None:
    """Refuse subgraphs that hold themselves, and those that hold more than anybody can run."""
    names = {definition["id"]: str(definition.get("name")) for definition in definitions_of(ui)}
    held = {
        definition["id"]: Counter(node["type"] for node in definition["nodes"])
        for definition in definitions_of(ui)
    }
    sizes: dict[str, int] = {}
    waiting, depth = dict(held), 0
    while waiting:
        ready = [key for key, inside in waiting.items() if not inside.keys() & waiting.keys()]
        if not ready:
            name = names[_in_itself(waiting)]
            raise WorkflowError(f'the subgraph "{name}" contains itself, so it never ends.')
        depth += 1
        for key in ready:
            sizes[key] = _opened_up(waiting.pop(key), sizes)
            if sizes[key] > MOST_NODES or depth > DEEPEST_NEST:
                what = f"lie more than {DEEPEST_NEST} deep" if depth > DEEPEST_NEST else "make too many nodes"
                raise WorkflowError(
                    f'the subgraphs within the subgraph "{names[key]}" {what}.', cure=_SMALLER
                )
    count = _opened_up(Counter(node["type"] for node in ui["nodes"]), sizes)
    if count > MOST_NODES:
        raise WorkflowError(
            f"it has {count} nodes, and the kit works with up to {MOST_NODES}.", cure=_SMALLER
        )


def _opened_up(inside: Mapping[str, int], sizes: Mapping[str, int]) -> int:
    """How many nodes these are with all that their subgraphs hold."""
    return sum(count * (1 + sizes.get(kind, 0)) for kind, count in inside.items())


def _in_itself(waiting: Mapping[str, Mapping[str, int]]) -> str:
    """One of the subgraphs that hold themselves, not one that merely holds such a one."""
    key, path = next(iter(waiting)), []
    while key not in path:
        path.append(key)
        key = next(kind for kind in waiting[key] if kind in waiting)
    return key
