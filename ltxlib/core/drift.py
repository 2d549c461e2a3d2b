"""Let a graph follow what the server declares: nodes change their inputs between versions of ComfyUI.

An input that the server requires and the graph lacks gets the server's own default; one that it does not know
is dropped where nothing is lost by that. What remains is for `check.check_graph` to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltxlib.core.missing import FOLDERS
from ltxlib.core.schema import AUTOGROW, COMBO, DYNAMIC_COMBO, InputSpec, NodeClass, NodeSchema
from ltxlib.core.widgets import CUSTOM_COMBO, NOTHING, VIEWED_IN_3D, default_of

# What the web client saves and sends for itself; no server looks at it.
_CLIENTS_OWN = frozenset(
    {
        "upload",
        "audioUI",
        "control_after_generate",
        "control_filter_list",
        "videopreview",
        "choose file to upload",
    }
)
# How a video is packed and how deep its colours are: settings that came, went and changed their kind. Their
# default on any server is a video that plays everywhere.
_CHANGING = {
    "SaveVideo": frozenset({"format", "codec"}),
    "CreateVideo": frozenset({"bit_depth"}),
}
_DRAWN_BY_CLIENT = frozenset({CUSTOM_COMBO, "Load3D", *VIEWED_IN_3D})


def expected(node_class: NodeClass, inputs: Mapping[str, Any]) -> Iterator[InputSpec]:
    """The inputs that a server looks for, with those that appear under what was chosen."""
    waiting = list(node_class.inputs)
    while waiting:
        spec = waiting.pop(0)
        if spec.type == AUTOGROW:
            members = spec.grown(10_000)
            needed = [member for member in members if not member.optional]
            waiting[:0] = needed + [m for m in members if m.optional and m.name in inputs]
            continue
        yield spec
        if spec.type == DYNAMIC_COMBO:
            waiting[:0] = spec.children(inputs.get(spec.name))


def unknown_inputs(node: Mapping[str, Any], node_class: NodeClass) -> list[str]:
    """The inputs of a node that the server does not declare and that are not the web client's own."""
    if node_class.name in _DRAWN_BY_CLIENT:
        return []
    inputs = node["inputs"]
    declared = {spec.name: spec for spec in expected(node_class, inputs)}
    # What belongs to a choice that is not on offer is told with that choice.
    wrong = [
        f"{spec.name}."
        for spec in declared.values()
        if spec.type == DYNAMIC_COMBO and spec.name in inputs and not _suits(spec, inputs[spec.name])
    ]
    return [
        name
        for name in inputs
        if name not in declared and name not in _CLIENTS_OWN and not name.startswith(tuple(wrong))
    ]


def follow(api: Mapping[str, Any], schema: NodeSchema) -> None:
    """Bring every node of a graph to what the server declares, in place, as far as nothing is lost by it."""
    for node in api.values():
        node_class = schema.get(node["class_type"])
        if node_class is not None:
            _settle(node["inputs"], node_class)


def _settle(inputs: dict[str, Any], node_class: NodeClass) -> None:
    changing = _CHANGING.get(node_class.name, frozenset())
    # A choice brings its own inputs with it, so those are looked at once it is settled.
    seen: set[str] = set()
    while True:
        spec = next((one for one in expected(node_class, inputs) if one.name not in seen), None)
        if spec is None:
            break
        seen.add(spec.name)
        value = inputs.get(spec.name, NOTHING)
        if value is NOTHING:
            default = _default(spec)
            if default is not NOTHING and not spec.optional:
                inputs[spec.name] = default
        elif spec.name.partition(".")[0] in changing and not _suits(spec, value):
            default = _default(spec)
            if spec.optional or default is NOTHING:
                del inputs[spec.name]
            else:
                inputs[spec.name] = default
    for name in [name for name in inputs if name not in seen]:
        if name.partition(".")[0] in changing or (
            name in _CLIENTS_OWN and node_class.name not in _DRAWN_BY_CLIENT
        ):
            del inputs[name]


def _default(spec: InputSpec) -> Any:
    """What the server would have there by itself; NOTHING for wires and for files, which nobody can guess."""
    if spec.widget_type is None or spec.name in FOLDERS:
        return NOTHING
    return default_of(spec)


def _suits(spec: InputSpec, value: Any) -> bool:
    if isinstance(value, list):
        return True
    if spec.type in (COMBO, DYNAMIC_COMBO):
        return value in (spec.choices or ())
    if spec.type in ("INT", "FLOAT"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return True
