"""Write ComfyUI workflows from Python: nodes by key, wires checked, a file that opens without complaint."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, ON
from ltxlib.core.layout import GROUP_FONT_PX, Section, arrange, node_size
from ltxlib.core.schema import NodeClass, NodeSchema, shipped, types_fit
from ltxlib.core.widgets import CONTROL, NOTHING, Shape, Widget, lay_out
from ltxlib.errors import WorkflowError

NOTE_COLOR, NOTE_BODY = "#432", "#653"
_MODES = (ON, MUTED, BYPASSED)


@dataclass
class _Node:
    """A node under construction. wires: input name -> link."""

    id: int
    key: str
    kind: str
    title: str
    shape: Shape
    outputs: tuple[tuple[str, str], ...] = ()
    mode: int = ON
    properties: dict[str, Any] = field(default_factory=dict)
    size: tuple[float, float] = (0, 0)
    note: str | None = None
    wires: dict[str, _Link] = field(default_factory=dict)


@dataclass(frozen=True)
class _Link:
    id: int
    origin: _Node
    origin_slot: int
    target: _Node
    target_name: str
    type: str


class WorkflowBuilder:
    """Builds one workflow in UI format 0.4.

    Nodes are called by the key you give them; every mistake is a WorkflowError that says what is there
    instead. `build()` may be called at any time and gives a fresh dict each time.
    """

    def __init__(self, name: str, schema: NodeSchema | None = None) -> None:
        """name: a lasting name of the workflow; its id is made from it, so that rebuilding keeps it."""
        self.name = name
        self.schema = schema if schema is not None else shipped()
        self._nodes: dict[str, _Node] = {}
        self._links: list[_Link] = []
        self._sections: list[Section] = []

    def add(
        self,
        key: str,
        class_type: str,
        values: Mapping[str, Any] | None = None,
        *,
        title: str | None = None,
        mode: int = ON,
        size: tuple[float, float] | None = None,
        models: Sequence[Mapping[str, str]] = (),
    ) -> int:
        """A node with its widgets by name (defaults for the rest); gives its number in the file.

        title: what people read, role tags included. mode: 0 on, 2 muted, 4 bypassed.
        models: name, url and directory of files that ComfyUI may offer to download.
        """
        if key in self._nodes:
            raise WorkflowError(f'The workflow already has a node with the key "{key}".')
        node_class = self.schema.node(class_type)
        shape = _shape(node_class, key, dict(values or {}))
        node = _Node(
            id=len(self._nodes) + 1,
            key=key,
            kind=class_type,
            title=title or node_class.title,
            shape=shape,
            outputs=tuple(zip(node_class.output_names, node_class.outputs, strict=True)),
            properties={"Node name for S&R": class_type},
            size=size or _size(title or node_class.title, shape, len(node_class.outputs)),
        )
        if models:
            node.properties["models"] = [dict(model) for model in models]
        self._nodes[key] = node
        self.set_mode(key, mode)
        return node.id

    def has(self, key: str) -> bool:
        """Whether there is a node with this key."""
        return key in self._nodes

    def note(self, key: str, text: str, *, title: str = "", size: tuple[float, float] = (400, 200)) -> int:
        """A note for the person who opens the file; text is Markdown."""
        if key in self._nodes:
            raise WorkflowError(f'The workflow already has a node with the key "{key}".')
        node = _Node(
            len(self._nodes) + 1, key, "MarkdownNote", title or "Note", Shape(), size=size, note=text
        )
        self._nodes[key] = node
        return node.id

    def connect(self, origin: str, output: str | int, target: str, input_name: str) -> None:
        """Wire an output (by number, name or type) to an input (by name); types must fit."""
        source, taker = self._node(origin), self._node(target)
        names = [name for name, _ in source.outputs]
        slot = self._output_slot(source, output)
        if slot is None:
            raise WorkflowError(
                f'"{origin}" ({source.kind}) has no output "{output}"; it gives {_listed(names)}.'
            )
        sockets = {name: kind for name, kind, _ in taker.shape.sockets}
        if input_name not in sockets:
            raise WorkflowError(
                f'"{target}" ({taker.kind}) has no input "{input_name}"; it takes {_listed(sockets)}.'
            )
        given, wanted = source.outputs[slot][1], sockets[input_name]
        if not types_fit(given, wanted):
            raise WorkflowError(
                f'"{origin}" gives {given}, but the input "{input_name}" of "{target}" takes {wanted}.'
            )
        if input_name in taker.wires:
            raise WorkflowError(f'The input "{input_name}" of "{target}" is already wired.')
        link = _Link(len(self._links) + 1, source, slot, taker, input_name, given)
        self._links.append(link)
        taker.wires[input_name] = link

    def set_value(self, key: str, widget: str, value: Any) -> None:
        """Change one widget of a node."""
        node = self._node(key)
        if all(known.name != widget for known in node.shape.widgets):
            raise WorkflowError(f'"{key}" has no widget "{widget}"; it has {_listed(_stored(node.shape))}.')
        values = {known.name: known.value for known in node.shape.widgets if known.stored}
        node.shape = _shape(self.schema.node(node.kind), key, {**values, widget: value}, strict=False)

    def set_mode(self, key: str, mode: int) -> None:
        """0 on, 2 muted (it and what only it feeds are left out), 4 bypassed (it passes on what comes in)."""
        if mode not in _MODES:
            raise WorkflowError(f"A node is on (0), muted (2) or bypassed (4); {mode!r} is none of them.")
        self._node(key).mode = mode

    def group(self, title: str, *columns: Iterable[str], color: str = "#3f789e", row: int = 0) -> None:
        """Stand nodes together under a title; groups of one row stand side by side, rows below each other."""
        placed = tuple(tuple(column) for column in columns)
        taken = {key for section in self._sections for column in section.columns for key in column}
        for key in (key for column in placed for key in column):
            self._node(key)
            if key in taken:
                raise WorkflowError(f'"{key}" already stands in a group.')
            taken.add(key)
        self._sections.append(Section(title, placed, color, row))

    def build(self) -> dict[str, Any]:
        """The workflow as ComfyUI saves it."""
        placed = {key for section in self._sections for column in section.columns for key in column}
        loose = tuple((key,) for key in self._nodes if key not in placed)
        sections = [*self._sections]
        if loose:
            sections.append(Section("", loose, "", 1 + max((s.row for s in sections), default=-1)))
        places, frames = arrange(sections, {key: node.size for key, node in self._nodes.items()})
        numbers = self._input_numbers()
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"ltx-production-kit/{self.name}")),
            "revision": 0,
            "last_node_id": len(self._nodes),
            "last_link_id": len(self._links),
            "nodes": [
                self._file_node(node, places[node.key], order)
                for order, node in enumerate(self._in_running_order())
            ],
            "links": [
                [link.id, link.origin.id, link.origin_slot, link.target.id, numbers[link.id], link.type]
                for link in self._links
            ],
            "groups": [
                {
                    "id": number,
                    "title": section.title,
                    "bounding": [frame.x, frame.y, frame.width, frame.height],
                    "color": section.color,
                    "font_size": GROUP_FONT_PX,
                    "flags": {},
                }
                for number, (section, frame) in enumerate(zip(sections, frames, strict=True), start=1)
                if section.title
            ],
            "definitions": {"subgraphs": []},
            "config": {},
            "extra": {},
            "version": 0.4,
        }

    def _node(self, key: str) -> _Node:
        if key not in self._nodes:
            raise WorkflowError(f'The workflow has no node with the key "{key}".')
        return self._nodes[key]

    def _output_slot(self, node: _Node, output: str | int) -> int | None:
        return None if node.note is not None else self.schema.node(node.kind).output_slot(output)

    def _shown_inputs(self, node: _Node) -> list[tuple[str, str, str | None]]:
        """The inputs a file lists: all plain sockets, and of the widgets' sockets those that are wired."""
        return [
            (name, kind, widget)
            for name, kind, widget in node.shape.sockets
            if widget is None or name in node.wires
        ]

    def _input_numbers(self) -> dict[int, int]:
        return {
            node.wires[name].id: number
            for node in self._nodes.values()
            for number, (name, _, _) in enumerate(self._shown_inputs(node))
            if name in node.wires
        }

    def _in_running_order(self) -> list[_Node]:
        done: dict[str, _Node] = {}
        waiting = list(self._nodes.values())
        while waiting:
            ready = [n for n in waiting if all(link.origin.key in done for link in n.wires.values())]
            if not ready:
                raise WorkflowError(f'"{waiting[0].key}" is part of a ring: its output leads back to itself.')
            done.update((node.key, node) for node in ready)
            waiting = [node for node in waiting if node.key not in done]
        return list(done.values())

    def _file_node(self, node: _Node, box: Any, order: int) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": node.id,
            "type": node.kind,
            "pos": [box.x, box.y],
            "size": [box.width, box.height],
            "flags": {},
            "order": order,
            "mode": node.mode,
            "inputs": [],
            "outputs": [],
            "title": node.title,
            "properties": copy.deepcopy(node.properties),
        }
        if node.note is not None:
            return {**data, "widgets_values": [node.note], "color": NOTE_COLOR, "bgcolor": NOTE_BODY}
        for name, kind, widget in self._shown_inputs(node):
            link = node.wires.get(name)
            slot = {"name": name, "type": kind, "link": link.id if link else None}
            data["inputs"].append({**slot, "widget": {"name": widget}} if widget else slot)
        for slot_number, (name, kind) in enumerate(node.outputs):
            held = [k.id for k in self._links if k.origin is node and k.origin_slot == slot_number]
            data["outputs"].append({"name": name, "type": kind, "links": held})
        data["widgets_values"] = copy.deepcopy([w.value for w in node.shape.widgets if w.stored])
        return data


def _stored(shape: Shape) -> list[str]:
    return [widget.name for widget in shape.widgets if widget.stored and widget.sent]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"


def _shape(node_class: NodeClass, key: str, values: dict[str, Any], *, strict: bool = True) -> Shape:
    left = dict(values)

    def take(widget: Widget) -> Any:
        if widget.name in left:
            return left.pop(widget.name)
        # A seed that changes by itself after each run would make every saved copy differ.
        return "fixed" if widget.name == CONTROL else NOTHING

    shape = lay_out(node_class, take)
    if left and strict:
        wrong = next(iter(left))
        raise WorkflowError(
            f'"{key}" ({node_class.name}) has no widget "{wrong}"; it has {_listed(_stored(shape))}.'
        )
    for widget in shape.widgets:
        if widget.stored and widget.value is NOTHING:
            widget.value = None
    return shape


def _size(title: str, shape: Shape, outputs: int) -> tuple[int, int]:
    sockets = sum(1 for _, _, widget in shape.sockets if widget is None)
    long_texts = [w for w in shape.widgets if w.spec is not None and w.spec.options.get("multiline")]
    lines = [
        len(f"{w.name}{w.value}") for w in shape.widgets if w not in long_texts and w.value is not NOTHING
    ]
    return node_size(title, sockets, outputs, len(shape.widgets), len(long_texts), max(lines, default=0))
