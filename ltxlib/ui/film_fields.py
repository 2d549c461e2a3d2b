"""Small fields that the form of the film is made of: numbers, a transition, a length of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from ltxlib.core.film import KINDS, LONGEST_TRANSITION_S, Transition
from ltxlib.ui import parts

AS_THE_FILM = "as the film"
_KIND_WORDS = {"crossfade": "melt into each other", "cut": "cut hard", "black": "go through black"}


def number(
    value: float, low: float, high: float, step: float = 0.5, *classes: str
) -> widgets.BoundedFloatText:
    """A number to be typed, kept within its bounds."""
    made = widgets.BoundedFloatText(value=value, min=low, max=high, step=step)
    for name in ("ltx-number", *classes):
        made.add_class(name)
    return made


def slider(value: float, low: float, high: float, step: float, shown: str = ".2f") -> widgets.FloatSlider:
    """A number to be pulled; it counts when it is let go."""
    return widgets.FloatSlider(
        value=value, min=low, max=high, step=step, readout_format=shown, continuous_update=False
    )


def tick(text: str, *, on: bool) -> widgets.Checkbox:
    """Something that is wanted or not."""
    return widgets.Checkbox(value=on, description=text, indent=False)


def pair(label: str, part: widgets.Widget, after: str = "") -> widgets.HBox:
    """A short label with a small field behind it, and its unit; the words are the kit's own."""
    shown = [parts.text_block(f'<span class="ltx-quiet">{label}</span>'), part]
    if after:
        shown.append(parts.text_block(f'<span class="ltx-quiet">{after}</span>'))
    box = widgets.HBox(shown)
    box.add_class("ltx-pair")
    return box


def choose(part: widgets.Dropdown, value: Any, words: Callable[[Any], str]) -> None:
    """Choose a value of a list; one that is not on it is put on it, in words."""
    if value not in [option[1] for option in part.options]:
        part.options = [(words(value), value), *part.options]
    part.value = value


class TransitionField:
    """How one scene follows on another, and for how long; `value` is what it asks for.

    own: one scene's own, which may also be as the film's: then the value is None.
    """

    def __init__(self, changed: Callable[[], None], *, own: bool = False) -> None:
        self._changed, self._filling = changed, False
        # What the file says in frames is kept as it is until a person chooses something else.
        self._given: Transition | None = None
        names: Mapping[str, str] = KINDS if own else _KIND_WORDS
        options = [(_KIND_WORDS[name], name) for name in names]
        self.kind = widgets.Dropdown(options=[(AS_THE_FILM, ""), *options] if own else options)
        self.seconds: Any = number(0.5, 0, LONGEST_TRANSITION_S, 0.1) if own else slider(0.5, 0, 5, 0.05)
        self.kind.add_class("ltx-kind")
        self.kind.observe(lambda _: self._chosen(), "value")
        self.seconds.observe(lambda _: self._chosen(), "value")
        self.told = parts.text_block()
        self._show()

    @property
    def value(self) -> Transition | None:
        """The transition; None is as the film's."""
        if self._given is not None:
            return self._given
        if not self.kind.value:
            return None
        seconds = 0.0 if self.kind.value == "cut" else round(self.seconds.value, 2)
        return Transition(self.kind.value, seconds) if seconds else Transition("cut", 0.0)

    def load(self, transition: Transition | None) -> None:
        """Show a transition."""
        self._filling = True
        self._given = transition if transition and transition.frames is not None else None
        self.kind.value = transition.kind if transition else ""
        if transition and transition.kind != "cut" and transition.frames is None:
            self.seconds.max = max(self.seconds.max, transition.seconds)
            self.seconds.value = transition.seconds
        self._filling = False
        self._show()

    def _chosen(self) -> None:
        if self._filling:
            return
        self._given = None
        self._show()
        self._changed()

    def _show(self) -> None:
        parts.show(self.seconds, self.kind.value not in ("", "cut"))
        said = f"The film's file asks for {self._given.frames} frames." if self._given else ""
        parts.set_html(self.told, f'<div class="ltx-hint">{said}</div>' if said else "")
