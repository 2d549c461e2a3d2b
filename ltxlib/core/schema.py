"""What each ComfyUI node takes and gives, read from a server's `/object_info`.

The rules are those of ComfyUI's web client (comfyui-frontend-package 1.45 to 1.58, measured).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

from ltxlib.core.packs import CLIENT_TITLES, how_to_get, pack_of
from ltxlib.errors import WorkflowError

__all__ = [
    "AUTOGROW",
    "COMBO",
    "DYNAMIC_COMBO",
    "MATCH_TYPE",
    "SEED_NAMES",
    "WIDGET_TYPES",
    "InputSpec",
    "NodeClass",
    "NodeSchema",
    "core_table",
    "pack_of",
    "shipped",
    "types_fit",
    "unknown_node",
]

DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
MATCH_TYPE = "COMFY_MATCHTYPE_V3"
COMBO = "COMBO"

# Inputs that the web client draws as a widget on the node; every other type is a socket only.
WIDGET_TYPES = frozenset(
    (
        *(
            "INT",
            "FLOAT",
            "BOOLEAN",
            "STRING",
            COMBO,
            DYNAMIC_COMBO,
            "COLOR",
            "COLORS",
            "MARKDOWN",
            "TEXTAREA",
        ),
        *("IMAGECOMPARE", "BOUNDING_BOX", "BOUNDING_BOXES", "CHART", "GALLERIA", "PAINTER", "COMPOSITOR"),
        *("CURVE", "RANGE", "VIDEO_EDIT", "RESOLUTION_PREVIEW", "LIGHT_INFO_PREVIEW", "WEBCAM", "LOAD_3D"),
        *("AUDIO_RECORD", "COMFY_BRANCH_INPUT_NAMES", "COMFY_BRANCH_SELECTOR"),
    )
)

_UPLOADS = ("image_upload", "video_upload", "animated_image_upload")
SEED_NAMES = frozenset({"seed", "noise_seed"})


def types_fit(one: str, other: str) -> bool:
    """Whether two socket types may be wired; a type can be a list with commas, `*` takes anything."""
    if {one, other} & {"", "*", "0", MATCH_TYPE}:
        return True
    return bool({part.lower() for part in one.split(",")} & {part.lower() for part in other.split(",")})


@dataclass(frozen=True)
class InputSpec:
    """One input of a node class: its name, its type as the server names it, and its options."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = False
    choices: tuple[Any, ...] | None = None

    @property
    def widget_type(self) -> str | None:
        """The kind of widget the client draws for it; None for a socket only."""
        wanted = self.options.get("widgetType") or self.type
        return wanted if wanted in WIDGET_TYPES and not self.options.get("forceInput") else None

    @property
    def has_socket(self) -> bool:
        """Whether a link can be plugged into it."""
        return self.widget_type is None or not self.options.get("socketless")

    @property
    def control(self) -> Any:
        """What `control_after_generate` asks for; false when the widget has no such companion."""
        if self.widget_type == "INT":
            return self.options.get("control_after_generate", self.name in SEED_NAMES)
        return self.options.get("control_after_generate") if self.widget_type in ("FLOAT", COMBO) else None

    def children(self, chosen: Any) -> list[InputSpec]:
        """The inputs that appear under a dynamic combo for the chosen option, named `parent.child`."""
        for option in self.options.get("options", ()) if self.type == DYNAMIC_COMBO else ():
            if option.get("key") == chosen:
                return [
                    _input(f"{self.name}.{name}", raw, optional)
                    for name, raw, optional in _sections(option.get("inputs") or {})
                ]
        return []

    def grown(self, count: int) -> list[InputSpec]:
        """The first `count` numbered inputs of an autogrow group, named `group.member`."""
        template = self.options.get("template") or {}
        members = list(_sections(template.get("input") or {}))
        names = template.get("names")
        limit = len(names) if names else int(template.get("max", 100))
        specs = []
        for ordinal in range(min(count, limit)):
            for member, raw, optional in members:
                stem = template.get("prefix", "") if len(members) == 1 else member
                name = names[ordinal] if names else f"{stem}{ordinal}"
                specs.append(_input(f"{self.name}.{name}", raw, optional or ordinal >= self.least))
        return specs

    @property
    def least(self) -> int:
        """How many members of an autogrow group must be filled."""
        return int((self.options.get("template") or {}).get("min", 1))


def _sections(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any], bool]]:
    for section, optional in (("required", False), ("optional", True)):
        for name, raw in (inputs.get(section) or {}).items():
            yield name, raw, optional


def _input(name: str, raw: Sequence[Any], optional: bool) -> InputSpec:
    kind = raw[0] if raw else "*"
    options = raw[1] if len(raw) > 1 and isinstance(raw[1], Mapping) else {}
    if isinstance(kind, (list, tuple)):  # the older way to write a combo: its choices in place of a type
        return InputSpec(name, COMBO, options, optional, tuple(kind))
    choices = None
    if kind == COMBO:
        choices = tuple(options.get("options") or ())
    elif kind == DYNAMIC_COMBO:
        choices = tuple(option.get("key") for option in options.get("options") or ())
    return InputSpec(name, str(kind), options, optional, choices)


@dataclass(frozen=True)
class NodeClass:
    """One node class of a server."""

    name: str
    title: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    output_names: tuple[str, ...]
    is_output: bool

    @cached_property
    def by_name(self) -> dict[str, InputSpec]:
        """Inputs by name; members of dynamic combos and autogrow groups are not among them."""
        return {spec.name: spec for spec in self.inputs}

    @property
    def upload(self) -> str | None:
        """What the client's upload button is for: "media" (pictures, video), "audio", or None without one."""
        for spec in self.inputs:
            if spec.optional:
                continue
            if any(spec.options.get(key) for key in _UPLOADS):
                return "media"
            if spec.name == "audio" and spec.options.get("audio_upload"):
                return "audio"
        return None

    def output_slot(self, wanted: str | int) -> int | None:
        """The place of an output by number, by name or by type; None when there is no such output."""
        if isinstance(wanted, int):
            return wanted if 0 <= wanted < len(self.outputs) else None
        for names in (self.output_names, self.outputs):
            for slot, name in enumerate(names):
                if name.lower() == wanted.lower():
                    return slot
        return None


def _ordered(raw: Mapping[str, Any]) -> tuple[InputSpec, ...]:
    """Inputs in the order the client draws them: `input_order` first, required before optional."""
    known = {name: _input(name, spec, optional) for name, spec, optional in _sections(raw.get("input") or {})}
    order = raw.get("input_order") or {}
    names = [
        name
        for section, optional in (("required", False), ("optional", True))
        for name in order.get(section) or ()
        if name in known and known[name].optional == optional
    ]
    rest = [name for name in known if name not in set(names)]
    return tuple(known[name] for name in dict.fromkeys([*names, *rest]))


class NodeSchema:
    """All node classes of one server, as its `/object_info` tells them."""

    def __init__(self, object_info: Mapping[str, Any], *, lists_known: bool = True) -> None:
        """lists_known: whether the lists of model files tell what the server really has."""
        self._raw = object_info
        self.lists_known = lists_known
        self._read: dict[str, NodeClass] = {}

    def __contains__(self, class_type: object) -> bool:
        return class_type in self._raw

    def __len__(self) -> int:
        return len(self._raw)

    def same_as(self, other: NodeSchema) -> bool:
        """Whether two servers can do the same, with the same files."""
        return self._raw == other._raw

    def names(self) -> tuple[str, ...]:
        """The names of all classes."""
        return tuple(self._raw)

    def get(self, class_type: str) -> NodeClass | None:
        """One class; None when the server does not have it."""
        if class_type not in self._read:
            if class_type not in self._raw:
                return None
            self._read[class_type] = self._node(class_type, self._raw[class_type])
        return self._read[class_type]

    def node(self, class_type: str) -> NodeClass:
        """One class; WorkflowError says which pack brings it when the server does not have it."""
        found = self.get(class_type)
        if found is None:
            raise unknown_node(class_type, f"A node of type {class_type}")
        return found

    @staticmethod
    def _node(class_type: str, raw: Mapping[str, Any]) -> NodeClass:
        outputs = tuple(COMBO if isinstance(kind, list) else str(kind) for kind in raw.get("output") or ())
        names = list(raw.get("output_name") or ())
        return NodeClass(
            name=class_type,
            title=raw.get("display_name") or CLIENT_TITLES.get(class_type) or raw.get("name") or class_type,
            inputs=_ordered(raw),
            outputs=outputs,
            output_names=tuple(
                str(names[slot]) if slot < len(names) and names[slot] else kind
                for slot, kind in enumerate(outputs)
            ),
            is_output=bool(raw.get("output_node")),
        )


def unknown_node(class_type: str, who: str) -> WorkflowError:
    """The refusal for a node that the server does not have; `who` names it for a person."""
    what = f"{who} needs {class_type}, which this ComfyUI does not have."
    return WorkflowError(what, cure=how_to_get(class_type))


@lru_cache(maxsize=1)
def shipped() -> NodeSchema:
    """The core nodes of ComfyUI 0.33.0 that LTX workflows use, and those of packs; model lists are empty.

    node_table.json holds those that the kit's own workflows and the rehearsal need, node_table_more.json
    those that the official LTX templates use besides, node_table_pack.json those of ComfyUI-LTXVideo (of
    June 2026, on ComfyUI 0.27.0) that the kit's special workflows need.
    """
    return NodeSchema(core_table() | _table("node_table_pack.json"), lists_known=False)


def core_table() -> dict[str, Any]:
    """The core nodes alone, as `/object_info` tells them: for a ComfyUI that cannot be asked."""
    return _table("node_table.json") | _table("node_table_more.json")


def _table(name: str) -> dict[str, Any]:
    return json.loads(resources.files("ltxlib.core").joinpath(name).read_text(encoding="utf-8"))
