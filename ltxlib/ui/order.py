"""The order of the film: a row for each scene, moved up and down, switched on and off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.take import Take
from ltxlib.ui import look, parts
from ltxlib.ui.video import picture_url


@dataclass
class Choice:
    """One scene that could be in the film: the take that stands for it, and whether it is used."""

    take: Take
    used: bool
    still: Path | None = None


class FilmOrder:
    """The rows; `choices` is the order as it stands, `changed` is called when a person changes it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.choices: list[Choice] = []
        self.part = parts.column([], "ltx-cuts")
        self._changed = changed

    @property
    def takes(self) -> list[Take]:
        """The takes that are used, in film order."""
        return [choice.take for choice in self.choices if choice.used]

    def fill(self, found: Sequence[Choice]) -> None:
        """Show what was found, in the order and with the choices made before; new scenes come last."""
        places = {choice.take.scene: place for place, choice in enumerate(self.choices)}
        used = {choice.take.scene: choice.used for choice in self.choices}
        for choice in found:
            choice.used = used.get(choice.take.scene, choice.used)
        self.choices = sorted(found, key=lambda choice: places.get(choice.take.scene, len(places)))
        self._show()

    def _show(self) -> None:
        self.part.children = [self._row(number, choice) for number, choice in enumerate(self.choices)]

    def _row(self, number: int, choice: Choice) -> widgets.Widget:
        url = picture_url(choice.still) if choice.still else None
        still = f'<img class="ltx-still" alt="" src="{look.escape(url)}">' if url else ""
        take = choice.take
        words = f"take {take.take_no}, {take.clip.duration_s:.2f} s"
        if not take.clip.has_sound:
            words += ", silent"
        up = parts.button("↑", lambda: self._move(number, -1), "ltx-small", "ltx-up", tooltip="earlier")
        down = parts.button("↓", lambda: self._move(number, 1), "ltx-small", "ltx-down", tooltip="later")
        use = "Leave out" if choice.used else "Use"
        off = parts.button(use, lambda: self._toggle(number), "ltx-small", "ltx-toggle")
        up.disabled, down.disabled = number == 0, number == len(self.choices) - 1
        name = f'<b>{look.escape(take.scene)}</b><br><span class="ltx-quiet">{look.escape(words)}</span>'
        row = widgets.HBox(
            [
                parts.text_block(f'<span class="ltx-quiet">{number + 1}</span>'),
                parts.text_block(still or '<div class="ltx-still"></div>'),
                parts.text_block(name),
                parts.buttons([up, down, off]),
            ]
        )
        row.add_class("ltx-cut")
        if not choice.used:
            row.add_class("ltx-off")
        return row

    def _move(self, number: int, by: int) -> None:
        other = number + by
        self.choices[number], self.choices[other] = self.choices[other], self.choices[number]
        self._show()
        self._changed()

    def _toggle(self, number: int) -> None:
        self.choices[number].used = not self.choices[number].used
        self._show()
        self._changed()
