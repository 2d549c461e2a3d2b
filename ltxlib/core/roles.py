"""Drive a workflow by the roles its nodes play, told by tags in their titles: `Prompt [ltx.prompt]`.

A creator may move, renumber, colour or add nodes and pack them into subgraphs; as long as the tags stay, the
kit finds its inputs. Several tags on one node and several nodes with one tag are fine.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ltxlib.core.drift import follow
from ltxlib.core.file_format import BYPASSED, MUTED, ON, nodes_of, tags_in, title_of, who
from ltxlib.core.flatten import assemble
from ltxlib.core.graph import PRIMITIVE, Graph, Node
from ltxlib.core.role_table import FLAGS, INPUTS, KEYS, NUMBERS, PREFIX, ROLES, SLOTS, STRENGTH_OF, Role
from ltxlib.core.schema import NodeSchema
from ltxlib.core.styles import chain, first_of
from ltxlib.core.subgraphs import read
from ltxlib.core.wiring import begin_silent, cut_sound, drop_sound_branch, enlargement, is_link, takers
from ltxlib.errors import WorkflowError

__all__ = [
    "KEYS",
    "PREFIX",
    "ROLES",
    "Role",
    "found",
    "inputs_for",
    "playing",
    "prepare",
    "refuse_wrong_tags",
    "roles_for",
]


def inputs_for(key: str) -> tuple[str, ...]:
    """The names of inputs that a value is written to, likeliest first."""
    return INPUTS[key]


def _roles_of(title: str | None) -> tuple[str, ...]:
    return tuple(tag.removeprefix(PREFIX) for tag in tags_in(title) if tag.startswith(PREFIX))


def found(ui: Mapping[str, Any]) -> dict[str, list[str]]:
    """The roles a workflow offers: role -> the nodes that play it, as `title (#id)`."""
    roles: dict[str, list[str]] = {}
    for node, inside in nodes_of(ui):
        place = f' in "{inside}"' if inside else ""
        for role in _roles_of(node.get("title")):
            roles.setdefault(role, []).append(f"{title_of(node)} (#{node['id']}){place}")
    return roles


def prepare(ui: Mapping[str, Any], schema: NodeSchema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The API graph of a workflow with the values of one take written into it, ready to be posted.

    values: any of KEYS, and style_loras: any number of pairs of name and strength, chained at [ltx.style].
    width_px and height_px are those of the finished clip. A camera_lora or style_lora of None bypasses that
    place; audio False leaves sound out of the saved file, and out of the sampling too where the wiring is the
    plain one; other values of None are left as the workflow has them. WorkflowError names all roles that are
    wanted and not there. Pure.
    """
    values, more_styles = first_of(values)
    unknown = sorted(set(values) - KEYS)
    if unknown:
        raise ValueError(f"not values of a take: {', '.join(unknown)}")
    refuse_wrong_tags(ui)
    wanted = _wanted(values)
    _refuse_missing(ui, wanted)
    top = read(ui, schema)
    _switch(top, values)
    set_before = _set_primitives(top, wanted)
    api = assemble(top)
    for key, value in wanted.items():
        players = _players(api, key)
        if not players and key not in set_before:
            _refuse_silent(ui, key)
        for node_id, role in players:
            _write(api, node_id, schema, key, _for_stage(api, node_id, role, key, value))
    for node_id, _ in _players(api, "style_lora"):
        chain(api, schema, node_id, more_styles)
    follow(api, schema)
    if values.get("carry_sound") is False or values.get("audio") is False:
        begin_silent(api, schema)
    if values.get("audio") is False:
        cut_sound(api, schema)
        drop_sound_branch(api, schema)
    return api


def _wanted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that must be written somewhere."""
    wanted = {key: value for key, value in values.items() if key not in FLAGS and value is not None}
    for strength, owner in STRENGTH_OF.items():
        if owner in values and values[owner] is None:
            wanted.pop(strength, None)
    if not wanted.get("negative_prompt"):
        wanted.pop("negative_prompt", None)
    return wanted


def refuse_wrong_tags(ui: Mapping[str, Any]) -> None:
    """WorkflowError when a title has a tag of ours that stands for nothing."""
    for node, inside in nodes_of(ui):
        for role in _roles_of(node.get("title")):
            if role not in ROLES:
                near = difflib.get_close_matches(role, ROLES, n=1)
                hint = f"Perhaps [{PREFIX}{near[0]}] is meant." if near else "Take the tag out of its title."
                raise WorkflowError(
                    f"{who(node, inside)} has the tag [{PREFIX}{role}], which the kit does not know.",
                    cure=hint,
                )


def _refuse_missing(ui: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    offered = found(ui)
    missing = []
    for key in wanted:
        roles = roles_for(key)
        if not any(role in offered for role in roles):
            missing.append(f"[{PREFIX}{roles[0]}] ({ROLES[roles[0]].meaning})")
    if missing:
        names = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
        raise WorkflowError(
            f"The workflow has no node tagged {names}.",
            cure="Add the tag to the title of the node that holds it, and save the workflow again.",
        )


def _tagged(top: Graph, *roles: str) -> Iterator[Node]:
    for graph in top.used():
        for node in graph.nodes.values():
            if set(_roles_of(node.title)) & set(roles):
                yield node


def _switch(top: Graph, values: Mapping[str, Any]) -> None:
    for key, roles in SLOTS.items():
        if key in values:
            for node in _tagged(top, *roles):
                node.mode = BYPASSED if values[key] is None else ON
    if values.get("audio") is not None:
        for node in _tagged(top, "audio"):
            node.mode = ON if values["audio"] else MUTED


def roles_for(key: str) -> list[str]:
    """The roles by which a value is set, the usual one first."""
    return [role for role, what in ROLES.items() if key in what.keys]


def _set_primitives(top: Graph, wanted: Mapping[str, Any]) -> set[str]:
    """The client's own Primitive dissolves when flattened, so its value is set before; gives the keys set."""
    done = set()
    for key, value in wanted.items():
        for node in _tagged(top, *roles_for(key)):
            if node.type == PRIMITIVE and node.widgets:
                node.widgets[0].value = value
                done.add(key)
    return done


def _refuse_silent(ui: Mapping[str, Any], key: str) -> None:
    """A tag is there, but on a node that does not run: the value would be lost without a word."""
    named = next(
        who(node, inside)
        for node, inside in nodes_of(ui)
        if set(_roles_of(node.get("title"))) & set(roles_for(key))
    )
    raise WorkflowError(
        f"{named} has the tag for {ROLES[roles_for(key)[0]].meaning}, but it does not run: it is switched"
        " off, or it is a subgraph and the tag belongs on a node inside it.",
        cure="Switch the node on, or move the tag, and save the workflow again.",
    )


def _players(api: Mapping[str, Any], key: str) -> list[tuple[str, str]]:
    """The nodes of the graph that take this value, each with the role by which it does."""
    return [
        (node_id, role)
        for node_id, node in api.items()
        for role in dict.fromkeys(_roles_of(node["_meta"]["title"]))
        if key in ROLES[role].keys
    ]


def playing(api: Mapping[str, Any], role: str) -> list[str]:
    """The nodes of a flattened graph that have this role's tag."""
    return [node_id for node_id, node in api.items() if role in _roles_of(node["_meta"]["title"])]


def _for_stage(api: Mapping[str, Any], node_id: str, role: str, key: str, value: Any) -> Any:
    """Sides are given for the finished clip; a stage that is enlarged later starts that much smaller."""
    if key not in ("width_px", "height_px") or role.startswith("full_"):
        return value
    factor = enlargement(api, node_id)
    smaller = value / factor
    if not float(smaller).is_integer():
        side = "width" if key == "width_px" else "height"
        raise WorkflowError(
            f"{_name(api, node_id)} would need a {side} of {smaller:g} pixels to end at {value}.",
            cure=f"Choose a {side} that can be divided by {factor:g}, best a multiple of 64.",
        )
    return int(smaller)


def _name(api: Mapping[str, Any], node_id: str) -> str:
    return who({"id": node_id, "title": api[node_id]["_meta"]["title"]})


def _write(api: Mapping[str, Any], node_id: str, schema: NodeSchema, key: str, value: Any) -> None:
    node = api[node_id]
    name = next((name for name in INPUTS[key] if name in node["inputs"]), None)
    if name is None:
        raise WorkflowError(
            f"{_name(api, node_id)} is tagged for {key}, but {node['class_type']} takes nothing of the kind.",
            cure="Move the tag to the title of the node that really holds it.",
        )
    given = node["inputs"][name]
    if is_link(given, api):
        # A value node feeds it: that is where the value belongs.
        feeder = api[given[0]]
        if feeder["class_type"].startswith("Primitive") and "value" in feeder["inputs"]:
            _write(api, given[0], schema, key, value)
            return
        if key in NUMBERS and _replaced(api, schema, given, value):
            return
        raise WorkflowError(
            f'{_name(api, node_id)} is tagged, but its "{name}" comes from {_name(api, given[0])}.',
            cure="Move the tag to the node that the value comes from.",
        )
    node["inputs"][name] = _fitting(schema, node["class_type"], name, value)


def _replaced(api: Mapping[str, Any], schema: NodeSchema, wire: list[Any], value: Any) -> bool:
    """Let everybody who takes this calculated number take the value instead; False where one can hold none.

    All of them took the same number before, so all of them take the same one now.
    """
    same = [(taker, name) for taker, name in takers(api)[wire[0]] if api[taker]["inputs"][name] == wire]
    for taker, name in same:
        known = schema.get(api[taker]["class_type"])
        spec = known.by_name.get(name) if known else None
        if known is not None and (spec is None or spec.widget_type not in ("INT", "FLOAT")):
            return False
    for taker, name in same:
        api[taker]["inputs"][name] = _fitting(schema, api[taker]["class_type"], name, value)
    return True


def _fitting(schema: NodeSchema, class_type: str, name: str, value: Any) -> Any:
    """The number as that input takes it: older servers want whole frame rates in some places."""
    node_class = schema.get(class_type)
    spec = node_class.by_name.get(name) if node_class else None
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return value
    number = float(value)
    if spec is not None and spec.type == "STRING" and not isinstance(value, str):
        return f"{number:g}"  # a pack's list of strengths is written as text
    if spec is not None and spec.type == "INT":
        return value if isinstance(value, int) else round(number)
    return value if isinstance(value, int) else (int(number) if number.is_integer() else number)
