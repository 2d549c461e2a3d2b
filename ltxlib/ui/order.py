"""The order of the film: a row for each scene, moved, left out, with wishes of its own behind a fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from ltxlib.core.film import CutWish
from ltxlib.core.soundtrack import LOUDEST_LAYER_DB, SOFTEST_LAYER_DB
from ltxlib.core.take import Take
from ltxlib.ui import look, parts
from ltxlib.ui.film_fields import TransitionField, number, pair
from ltxlib.ui.video import picture_url

_LONGEST_TAKE_S = 3600.0
_MORE, _LESS = "More", "Less"


@dataclass
class Choice:
    """One place in the film: what is wished of the scene, the take that stands for it, a picture of that.

    new: the film's order was made before there was this scene.
    """

    wish: CutWish
    take: Take | None
    still: Path | None = None
    new: bool = False


class FilmOrder:
    """The rows; `choices` is the order as it stands, `changed` is called when a person changes it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        # Whether a person has ordered the film; until then it is all scenes of the table.
        self.touched = False
        self.part = parts.column([], "ltx-cuts")
        self._changed = changed
        self._rows: list[CutRow] = []

    @property
    def choices(self) -> list[Choice]:
        """The rows, each with what is wished of it now."""
        return [row.choice for row in self._rows]

    @property
    def used(self) -> list[Choice]:
        """Those that will be seen in the film."""
        return [choice for choice in self.choices if choice.wish.used and choice.take]

    @property
    def cuts(self) -> tuple[CutWish, ...]:
        """What is wished, for the film's file; nothing while the film is simply all scenes."""
        return tuple(choice.wish for choice in self.choices) if self.touched else ()

    def fill(self, found: Sequence[Choice], *, touched: bool) -> None:
        """Show these rows; one that is shown already and has not changed stays as it is, with its fold."""
        self.touched = touched
        left = {(row.choice.wish, row.choice.take and row.choice.take.key): row for row in self._rows}
        rows = []
        for choice in found:
            row = left.pop((choice.wish, choice.take and choice.take.key), None)
            rows.append(row or CutRow(choice, self))
        self._rows = rows
        self._show()

    def touch(self) -> None:
        """A person has changed a row."""
        self.touched = True
        self._changed()

    def move(self, row: CutRow, by: int) -> None:
        """Let a row change places with its neighbour."""
        place = self._rows.index(row)
        other = place + by
        if 0 <= other < len(self._rows):
            self._rows[place], self._rows[other] = self._rows[other], self._rows[place]
            self._show()
            self.touch()

    def _show(self) -> None:
        self.part.children = [row.part for row in self._rows]
        for place, row in enumerate(self._rows):
            row.place(place, len(self._rows))


class CutRow:
    """One row: a picture, the scene, the buttons; its own wishes are made when they are first asked for."""

    def __init__(self, choice: Choice, order: FilmOrder) -> None:
        self.choice = choice
        self._order = order
        self._wishes: CutWishes | None = None
        self.number = parts.text_block()
        self.words = parts.text_block("", "ltx-cut-words")
        small = ("ltx-small",)
        self.up = parts.button("↑", lambda: order.move(self, -1), *small, "ltx-up", tooltip="earlier")
        self.down = parts.button("↓", lambda: order.move(self, 1), *small, "ltx-down", tooltip="later")
        self.off = parts.button("", self._toggle, *small, "ltx-toggle")
        self.more = parts.button(_MORE, self._unfold, *small, "ltx-more", tooltip="its own wishes")
        url = picture_url(choice.still) if choice.still else None
        still = f'<img class="ltx-still" alt="" src="{look.escape(url)}">' if url else ""
        picture = parts.text_block(still or '<div class="ltx-still"></div>')
        buttons = parts.buttons([self.up, self.down, self.off, self.more])
        self.folded = parts.column([], "ltx-cut-wishes", "ltx-empty")
        self.part = widgets.HBox([self.number, picture, self.words, buttons, self.folded])
        self.part.add_class("ltx-cut")
        self._say()

    def place(self, place: int, rows: int) -> None:
        """Show the number of the row; the first cannot go earlier, the last not later."""
        parts.set_html(self.number, f'<span class="ltx-quiet">{place + 1}</span>')
        self.up.disabled, self.down.disabled = place == 0, place == rows - 1

    def _say(self) -> None:
        wish, take = self.choice.wish, self.choice.take
        shown = bool(wish.used and take)
        self.off.description = "Leave out" if wish.used else "Use"
        tag = look.tag("new", "wait") if self.choice.new and not wish.used else ""
        name = f"<b>{look.escape(wish.scene)}</b> {tag}"
        said = look.escape(cut_words(wish, take))
        parts.set_html(self.words, f'<div>{name}</div><div class="ltx-sub ltx-quiet">{said}</div>')
        (self.part.remove_class if shown else self.part.add_class)("ltx-off")

    def _toggle(self) -> None:
        self._ask(used=not self.choice.wish.used)

    def _unfold(self) -> None:
        if self._wishes is None:
            self._wishes = CutWishes(self.choice, self._ask)
            self.folded.children = [self._wishes.part]
        opened = self.more.description == _MORE
        self.more.description = _LESS if opened else _MORE
        parts.show(self.folded, opened)

    def _ask(self, **wishes: Any) -> None:
        self.choice = replace(self.choice, wish=replace(self.choice.wish, **wishes))
        self._say()
        self._order.touch()


class CutWishes:
    """What one place of the film may have of its own."""

    def __init__(self, choice: Choice, ask: Callable[..., None]) -> None:
        self._ask = ask
        wish, longest = choice.wish, choice.take.clip.duration_s if choice.take else _LONGEST_TAKE_S
        longest = max(longest, wish.in_s, wish.out_s)
        self.in_s = number(wish.in_s, 0, longest, 0.1, "ltx-in")
        self.out_s = number(wish.out_s, 0, longest, 0.1, "ltx-out")
        self.gain_db = number(wish.gain_db, SOFTEST_LAYER_DB, LOUDEST_LAYER_DB, 0.5, "ltx-gain")
        self.transition = TransitionField(self._read, own=True)
        self.transition.load(wish.transition)
        for part in (self.in_s, self.out_s, self.gain_db):
            part.observe(lambda _: self._read(), "value")
        comes = widgets.HBox([self.transition.kind, self.transition.seconds])
        comes.add_class("ltx-pair")
        self.part = parts.column(
            [
                pair("Begins at", self.in_s, "s of the take"),
                pair("Ends at", self.out_s, "s; 0 is its end"),
                pair("Its sound", self.gain_db, "dB"),
                pair("It and the scene before", comes),
                self.transition.told,
            ],
            "ltx-pairs-in-row",
        )

    def _read(self) -> None:
        self._ask(
            in_s=round(self.in_s.value, 3),
            out_s=round(self.out_s.value, 3),
            gain_db=self.gain_db.value,
            transition=self.transition.value,
        )


def cut_words(wish: CutWish, take: Take | None) -> str:
    """One place of the film in a line: which take, how much of it, what it has of its own."""
    if take is None:
        return "no take yet; it comes in as soon as there is one"
    words = [f"take {take.take_no}, {take.clip.duration_s:.2f} s"]
    if wish.in_s or wish.out_s:
        out_s = wish.out_s or take.clip.duration_s
        words.append(f"shown from {_plain(wish.in_s)} to {_plain(out_s)} s")
    if not take.clip.has_sound:
        words.append("silent")
    if wish.gain_db:
        words.append(f"{wish.gain_db:+g} dB")
    if wish.transition is not None:
        words.append(str(wish.transition))
    return ", ".join(words)


def _plain(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")
