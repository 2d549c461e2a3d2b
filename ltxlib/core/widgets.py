"""Which widgets and sockets a node shows, in what order, and what each widget holds.

A file stores a node's values as a bare row; these are the rules that give every value its name
(WORKFLOW_FORMAT 6-10; measured on comfyui-frontend-package 1.49 and 1.58).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ltxlib.core.schema import AUTOGROW, COMBO, DYNAMIC_COMBO, MATCH_TYPE, InputSpec, NodeClass

CONTROL = "control_after_generate"
CUSTOM_COMBO = "CustomCombo"
UPLOAD = "upload"
# The client draws a 3D viewer on these that the server does not know of, and sends it along, always empty.
VIEWED_IN_3D = frozenset({"SaveGLB", "Preview3D"})
# Buttons that it draws before the viewer of Load3D, saves and sends like values: name and value.
_BUTTONS_OF_LOAD_3D = {
    "upload 3d model": "upload3dmodel",
    "upload extra resources": "uploadExtraResources",
    "clear": "clear",
}


class _Nothing:
    """A widget without any value: it is left out of the prompt."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = _Nothing()


@dataclass
class Widget:
    """One widget of one node.

    stored: has a place in the file's row of values. sent: goes into the prompt.
    """

    name: str
    kind: str
    value: Any
    spec: InputSpec | None = None
    stored: bool = True
    sent: bool = True

    @property
    def choices(self) -> tuple[Any, ...]:
        """What a combo offers."""
        return (self.spec.choices or ()) if self.spec else ()


@dataclass
class Shape:
    """The sockets (name, type, widget name or None) and widgets of a node, in the client's order."""

    sockets: list[tuple[str, str, str | None]] = field(default_factory=list)
    widgets: list[Widget] = field(default_factory=list)


def default_of(spec: InputSpec) -> Any:
    """What a fresh widget holds before anybody touches it."""
    kind = spec.widget_type
    given = spec.options.get("default")
    if kind == DYNAMIC_COMBO:
        return spec.choices[0] if spec.choices else NOTHING
    if kind == COMBO:
        if given:
            return given
        return spec.choices[0] if spec.choices else NOTHING
    if given is not None:
        return given
    return {"INT": 0, "FLOAT": 0, "BOOLEAN": False, "STRING": "", "COLOR": "#000000"}.get(kind or "", NOTHING)


def lay_out(
    node: NodeClass, take: Callable[[Widget], Any] | None = None, linked: Iterable[str] = ()
) -> Shape:
    """The node's sockets and widgets, every value filled.

    take: called for each stored widget in file order; gives its value, or NOTHING for the default.
    linked: names of the inputs that hold a link; autogrow groups show as many members as that needs.
    """
    layout = _Layout(take, frozenset(linked))
    for spec in node.inputs:
        if spec.widget_type is None:
            layout.place(spec)
    for spec in node.inputs:
        if spec.widget_type is not None:
            layout.place(spec)
    if node.name == CUSTOM_COMBO:
        layout.add_options()
    if node.name in VIEWED_IN_3D:
        layout.add(Widget("image", "viewer", "", stored=False))
    if node.upload:
        value = "image" if node.upload == "media" else ""
        layout.add(Widget(UPLOAD, "button", value, sent=False))
    return layout.shape


class _Layout:
    """Places inputs one after the other, as the client does when it opens a node."""

    def __init__(self, take: Callable[[Widget], Any] | None, linked: frozenset[str]) -> None:
        self.shape = Shape()
        self._take = take
        self._linked = linked

    def add(self, widget: Widget) -> None:
        if self._take is not None and widget.stored:
            value = self._take(widget)
            if value is not NOTHING:
                widget.value = value
        if widget.value is None and widget.kind in (COMBO, DYNAMIC_COMBO) and widget.choices:
            widget.value = widget.choices[0]
        self.shape.widgets.append(widget)

    def place(self, spec: InputSpec) -> None:
        if spec.type == AUTOGROW:
            for member in spec.grown(self._members(spec)):
                self.place(member)
            return
        kind = spec.widget_type
        if kind is None:
            shown = spec.type
            if shown == MATCH_TYPE:
                shown = str((spec.options.get("template") or {}).get("allowed_types", "*"))
            self.shape.sockets.append((spec.name, shown, None))
            return
        widget = Widget(spec.name, kind, default_of(spec), spec)
        if kind == "IMAGECOMPARE":  # only for looking: the client keeps nothing and sends two empty names
            widget.value, widget.stored = ["", ""], False
        if kind == "LOAD_3D" and spec.name == "image":  # of all nodes with such a viewer this is Load3D alone
            for button, value in _BUTTONS_OF_LOAD_3D.items():
                self.add(Widget(button, "button", value))
        self.add(widget)
        if spec.has_socket:
            self.shape.sockets.append((spec.name, spec.type, spec.name))
        for companion in companions(spec):
            self.add(companion)
        for child in spec.children(widget.value):
            self.place(child)

    def add_options(self) -> None:
        """The Custom Combo node shows one line more than are filled, and sends the chosen line's place."""
        choice = self.shape.widgets[0]
        index = Widget("index", "index", NOTHING)
        self.add(index)
        options: list[Widget] = []
        while not options or options[-1].value:
            options.append(Widget(f"option{len(options) + 1}", "STRING", ""))
            self.add(options[-1])
        lines = [option.value for option in options]
        index.value = lines.index(choice.value) if choice.value in lines else -1

    def _members(self, spec: InputSpec) -> int:
        """One member more than are needed or linked, as the client grows them."""
        count = spec.least + 1
        if any(name.startswith(f"{spec.name}.") for name in self._linked):
            for place, member in enumerate(spec.grown(10_000)):
                if member.name in self._linked:
                    count = max(count, place + 2)
        return count


def companions(spec: InputSpec) -> list[Widget]:
    """The widgets beside a seed or a combo that say how it changes after each run."""
    control = spec.control
    if not control:
        return []
    start = control if isinstance(control, str) else "randomize"
    found = [Widget(CONTROL, "control", start, sent=False)]
    if spec.widget_type == COMBO:
        found.append(Widget("control_filter_list", "control", "", sent=False))
    return found


def from_row(node: NodeClass, row: Sequence[Any], linked: Iterable[str] = ()) -> Shape:
    """The node's shape with the values of a file's row, read by position."""
    names = tuple(linked)
    values = iter(_without_old_places(node, row, names))
    return lay_out(node, lambda widget: next(values, NOTHING), names)


def _without_old_places(node: NodeClass, row: Sequence[Any], linked: Sequence[str]) -> list[Any]:
    """Old files kept a place for inputs that are sockets by force; drop those places."""
    plain = lay_out(node, None, linked)
    shown = {widget.name for widget in plain.widgets}
    forced: list[bool] = []
    for spec in node.inputs:
        if spec.name in shown or spec.options.get("forceInput"):
            is_forced = bool(spec.options.get("forceInput"))
            forced += [is_forced, False] if spec.options.get(CONTROL) else [is_forced]
    if True in forced and len(row) == len(forced):
        return [value for value, drop in zip(row, forced, strict=True) if not drop]
    return list(row)


_COMMENT = re.compile(r"/\*[\s\S]*?\*/|//.*")


def sent_text(text: str) -> str:
    """A prompt text as the client queues it: comments gone, `{a|b}` decided.

    The client draws lots; the kit takes the first choice, so that a graph stays what it is.
    """
    rest = _COMMENT.sub("", text)
    out: list[str] = []
    place = 0
    while place < len(rest):
        char = rest[place]
        if char == "\\":
            out.append(rest[place : place + 2])
            place += 2
        elif char == "{":
            choice, place = _first_choice(rest, place + 1)
            out.append(sent_text(choice))
        else:
            out.append(char)
            place += 1
    return re.sub(r"\\([{}|])", r"\1", "".join(out))


def _first_choice(text: str, start: int) -> tuple[str, int]:
    """The first of the choices in braces that open before `start`, and where the text goes on."""
    depth, place, first = 0, start, None
    while place < len(text):
        char = text[place]
        if char == "\\":
            place += 2
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                break
            depth -= 1
        elif char == "|" and depth == 0 and first is None:
            first = text[start:place]
        place += 1
    return (text[start:place] if first is None else first), min(place + 1, len(text))
