"""The few form parts that panels share, all in the kit's own look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets


def text_block(html: str = "", *classes: str) -> widgets.HTML:
    """A piece of HTML that can be changed later; it takes no room while it is empty."""
    block = widgets.HTML(html)
    _add(block, classes)
    set_html(block, html)
    return block


def set_html(block: widgets.HTML, html: str) -> None:
    """Change a text block; the same words again cost nothing."""
    if block.value != html:
        block.value = html
    if html:
        block.remove_class("ltx-empty")
    else:
        block.add_class("ltx-empty")


def column(children: Sequence[widgets.Widget], *classes: str) -> widgets.VBox:
    """Parts below each other."""
    box = widgets.VBox(list(children))
    _add(box, classes)
    return box


def buttons(children: Sequence[widgets.Widget], *classes: str) -> widgets.HBox:
    """Buttons beside each other."""
    box = widgets.HBox(list(children))
    _add(box, ("ltx-buttons", *classes))
    return box


def button(text: str, on: Callable[[], None], *classes: str, tooltip: str = "") -> widgets.Button:
    """A button that calls `on`; classes such as "ltx-primary", and one of its own as a selector."""
    made = widgets.Button(description=text, tooltip=tooltip)
    _add(made, classes)
    made.on_click(lambda _: on())
    return made


def field(label: str, part: widgets.Widget, hint: str = "", *classes: str) -> widgets.VBox:
    """A form field: its name above it, a quiet hint below it. label and hint are the kit's own words."""
    parts = [widgets.HTML(f'<div class="ltx-label">{label}</div>'), part]
    if hint:
        parts.append(widgets.HTML(f'<div class="ltx-hint">{hint}</div>'))
    return column(parts, "ltx-field", *classes)


def show(part: widgets.Widget, visible: bool) -> None:
    """Show or hide a part, without leaving a hole."""
    if visible:
        part.remove_class("ltx-empty")
    else:
        part.add_class("ltx-empty")


def _add(part: widgets.DOMWidget, classes: Sequence[str]) -> None:
    for name in classes:
        part.add_class(name)
