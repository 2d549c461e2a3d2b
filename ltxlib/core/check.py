"""What a ComfyUI server would refuse in a graph, said in words before it is posted.

The rules are those of `POST /prompt` (ComfyUI 0.27 and 0.33, recorded): every class must exist; from each
output node back, required inputs, wires and literals are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltxlib.core.drift import expected, unknown_inputs
from ltxlib.core.file_format import who
from ltxlib.core.flatten import unknown_nodes
from ltxlib.core.missing import is_file, told
from ltxlib.core.packs import how_to_get
from ltxlib.core.problem import Problem
from ltxlib.core.schema import (
    COMBO,
    DYNAMIC_COMBO,
    MATCH_TYPE,
    InputSpec,
    NodeClass,
    NodeSchema,
    types_fit,
)
from ltxlib.core.wiring import in_a_ring, upstream

_NUMBERS = {"INT": int, "FLOAT": float}
_UPLOADED = ("image_upload", "video_upload", "audio_upload", "file_upload")


def check_graph(api: Mapping[str, Any], schema: NodeSchema) -> list[Problem]:
    """Every reason a server with this schema would have to refuse the graph; empty when it would run it.

    Lists of model files are judged only when the schema comes from a real server (`schema.lists_known`).
    """
    problems = [problem for node_id, node in api.items() for problem in _check_class(node_id, node, schema)]
    if problems:
        return problems
    outputs = [node_id for node_id, node in api.items() if schema.node(node["class_type"]).is_output]
    if not outputs:
        return [
            Problem("The workflow", "saves nothing: no node in it writes a file.", "Add a Save Video node.")
        ]
    for node_id in upstream(api, outputs):
        problems += _Judge(api, schema, node_id).problems()
    ring = in_a_ring(api)
    if ring is not None:
        what = "is part of a ring: its output leads back to its own input."
        problems.append(Problem(_where(ring, api[ring]), what, "Unplug one of its wires."))
    return problems


def check_classes(workflow: Mapping[str, Any], schema: NodeSchema) -> list[Problem]:
    """Every kind of node that a workflow file (UI or API) runs and the server lacks, each said once."""
    first = {node.type: node for node in reversed(unknown_nodes(workflow, schema))}
    return [
        Problem(str(node), f"needs {kind}, which this ComfyUI does not have.", how_to_get(kind))
        for kind, node in reversed(first.items())
    ]


def _where(node_id: str, node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return who({"id": node_id, "title": title or node.get("class_type")})


def _check_class(node_id: str, node: Any, schema: NodeSchema) -> Iterator[Problem]:
    if not isinstance(node, Mapping) or not isinstance(node.get("inputs"), Mapping):
        yield Problem(f"Node #{node_id}", "is damaged: it has no inputs.", "Flatten the workflow again.")
        return
    class_type = node.get("class_type")
    if not isinstance(class_type, str):
        yield Problem(_where(node_id, node), "has no type.", "Flatten the workflow again.")
    elif class_type not in schema:
        what = f"needs {class_type}, which this ComfyUI does not have."
        yield Problem(_where(node_id, node), what, how_to_get(class_type))


def _takes_any(spec: InputSpec) -> bool:
    """Whether a socket takes whatever comes, a plain value too."""
    return spec.type in ("*", MATCH_TYPE)


def _wire(value: Any) -> bool:
    return isinstance(value, list)


class _Judge:
    """Judges one node against its class."""

    def __init__(self, api: Mapping[str, Any], schema: NodeSchema, node_id: str) -> None:
        self.api = api
        self.schema = schema
        self.node = api[node_id]
        self.inputs: Mapping[str, Any] = self.node["inputs"]
        self.where = _where(node_id, self.node)
        self.found: list[Problem] = []

    def problems(self) -> list[Problem]:
        node_class = self.schema.node(self.node["class_type"])
        for spec in expected(node_class, self.inputs):
            if spec.name not in self.inputs:
                # A combo under a combo may be left out (measured); its parent then decides alone.
                nested = spec.type == DYNAMIC_COMBO and "." in spec.name
                if not spec.optional and not nested:
                    self._say(f'lacks the input "{spec.name}".', "Wire it, or give it a value, in ComfyUI.")
                continue
            value = self.inputs[spec.name]
            if _wire(value):
                self._judge_wire(spec, value)
            else:
                self._judge_value(spec, value)
        self._judge_unknown(node_class)
        return self.found

    def _say(self, what: str, cure: str) -> None:
        self.found.append(Problem(self.where, what, cure))

    def _judge_wire(self, spec: InputSpec, value: list[Any]) -> None:
        if len(value) != 2 or not isinstance(value[0], str) or not isinstance(value[1], int):
            self._say(f'has a damaged wire at "{spec.name}".', "Flatten the workflow again.")
            return
        source = self.api.get(value[0])
        if source is None:
            self._say(
                f'has "{spec.name}" wired to node #{value[0]}, which is not there.',
                "Wire it again in ComfyUI.",
            )
            return
        outputs = self.schema.node(source["class_type"]).outputs
        if not 0 <= value[1] < len(outputs):
            self._say(
                f'has "{spec.name}" wired to an output that {_where(value[0], source)} does not have.',
                "Wire it again in ComfyUI.",
            )
        elif not types_fit(outputs[value[1]], spec.type):
            self._say(
                f'takes {spec.type} at "{spec.name}", but {_where(value[0], source)} gives'
                f" {outputs[value[1]]}.",
                "Wire it to a fitting output in ComfyUI.",
            )

    def _judge_value(self, spec: InputSpec, value: Any) -> None:
        if isinstance(value, Mapping) and "__value__" in value:
            value = value["__value__"]
        if spec.type in _NUMBERS or spec.options.get("widgetType") in _NUMBERS:
            self._judge_number(spec, value)
        elif spec.type in (COMBO, DYNAMIC_COMBO):
            self._judge_choice(spec, value)
        elif spec.widget_type is None and not spec.options.get("forceInput") and not _takes_any(spec):
            self._say(f'needs a wire at "{spec.name}", not a value.', "Wire it in ComfyUI.")

    def _judge_number(self, spec: InputSpec, value: Any) -> None:
        kind = spec.type if spec.type in _NUMBERS else spec.options["widgetType"]
        try:
            number = _NUMBERS[kind](value)
        except (TypeError, ValueError, OverflowError):
            self._say(f'needs a number at "{spec.name}" and has {value!r}.', "Give it a number.")
            return
        low, high = spec.options.get("min"), spec.options.get("max")
        if low is not None and number < low:
            self._say(f'has {number} at "{spec.name}", and the least is {low}.', f"Give it {low} or more.")
        elif high is not None and number > high:
            self._say(f'has {number} at "{spec.name}", and the most is {high}.', f"Give it {high} or less.")

    def _judge_choice(self, spec: InputSpec, value: Any) -> None:
        if any(spec.options.get(key) for key in _UPLOADED) or spec.options.get("remote"):
            return  # the server looks for the file itself, in subfolders too
        if not self.schema.lists_known and (not spec.choices or is_file(spec.name, value)):
            return
        values = value if isinstance(value, list) else [value]
        for one in values:
            if one not in (spec.choices or ()):
                self._say_not_offered(spec, one)

    def _say_not_offered(self, spec: InputSpec, value: Any) -> None:
        self._say(*told(spec.name, value, spec.choices))

    def _judge_unknown(self, node_class: NodeClass) -> None:
        """Inputs the server does not declare: it passes them over, and what they were to do is not done."""
        for name in unknown_inputs(self.node, node_class):
            wired = _wire(self.inputs[name])
            what = f'has {"a wire" if wired else "a value"} at "{name}", which this ComfyUI does not know.'
            cure = (
                "It is passed over: update ComfyUI and the node's pack, or open and save the workflow there."
            )
            self.found.append(Problem(self.where, what, cure, warning=not wired))
