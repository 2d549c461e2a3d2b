"""The form for a film: what everybody needs in front, the rest in closed drawers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from ltxlib.core.film import LOUDNESS_LUFS, ORDERS, SIZES_PX, FilmSettings, Transition
from ltxlib.core.lengths import length_text, read_seconds
from ltxlib.core.problem import Problem
from ltxlib.store.project import Project
from ltxlib.studio.assemble import TITLE_S
from ltxlib.ui import parts
from ltxlib.ui.film_drawers import LongForm, PictureForm
from ltxlib.ui.film_fields import TransitionField, choose
from ltxlib.ui.film_sound import SoundForm

_LENGTHS_S = {"once through": 0.0} | {length_text(s): s for s in (600.0, 3600.0, 10800.0, 28800.0, 36000.0)}
_OWN = -1.0
_SHORT = "short"
_ORDER_WORDS = {"as listed": "in this order, again and again", "shuffled": "shuffled, no neighbours twice"}


class FilmForm:
    """The fields but for the order; `settings` is what they ask for. changed: a person has changed one."""

    def __init__(self, project: Project, changed: Callable[[], None]) -> None:
        self._changed, self._filling = changed, True
        self._base = FilmSettings()
        self.sound = SoundForm(project, self._chosen)
        self.picture = PictureForm(self._chosen)
        self.long = LongForm(self._chosen)
        self._make_fields()
        self.part = self._lay_out()
        self.load(self._base)

    def _make_fields(self) -> None:
        self.transition = TransitionField(self._chosen)
        lengths = [*_LENGTHS_S.items(), ("a length of your own", _OWN)]
        self.length = widgets.Dropdown(options=lengths)
        self.own_length = widgets.Text(placeholder="such as 45 min or 1:30:00", continuous_update=False)
        self.long_order = widgets.Dropdown(options=[(_ORDER_WORDS[name], name) for name in ORDERS])
        self.loudness = widgets.Dropdown(options=list(LOUDNESS_LUFS.items()))
        shapes: list[tuple[str, Any]] = [
            *SIZES_PX.items(),
            ("upright short, 1080 x 1920, for phones", _SHORT),
        ]
        self.shape = widgets.Dropdown(options=shapes)
        self.title = widgets.Text(placeholder="empty: no title card", continuous_update=False)
        self.end_title = widgets.Text(placeholder="empty: no card", continuous_update=False)
        self.length.add_class("ltx-film-length")
        self.own_length.add_class("ltx-own-length")
        self.shape.add_class("ltx-shape")
        lists = (self.length, self.long_order, self.loudness, self.shape)
        for part in (*lists, self.own_length, self.title, self.end_title):
            part.observe(lambda _: self._chosen(), "value")

    def _lay_out(self) -> widgets.Widget:
        field, column = parts.field, parts.column
        transition = column([self.transition.kind, self.transition.seconds, self.transition.told])
        length = column([self.length, self.own_length, self.long_order])
        self.drawers = widgets.Accordion([self.sound.part, self.picture.part, self.long.part])
        self.drawers.selected_index = None
        self.drawers.add_class("ltx-drawers")
        front = column(
            [
                field(
                    "How scenes follow on each other",
                    transition,
                    "For how many seconds they melt or go dark.",
                ),
                field(
                    "How long the film is", length, "Once through, or its scenes again and again, seamlessly."
                ),
                field("How loud it is", self.loudness, "YouTube turns down what is louder than -14."),
                field("Its shape", self.shape, "From 1440 lines on YouTube codes a film better."),
                field("Title", self.title, f"A card of {TITLE_S} s at the head of the film."),
                field("Card at the end", self.end_title, f"Words on a still card of {TITLE_S} s."),
            ],
            "ltx-form",
            "ltx-pairs",
        )
        return column([front, self.drawers], "ltx-film-form")

    def load(self, settings: FilmSettings) -> None:
        """Show what a film's settings are."""
        self._filling = True
        self._base = settings
        self.transition.load(settings.joined_by)
        listed = settings.long.length_s in _LENGTHS_S.values()
        self.length.value = settings.long.length_s if listed else _OWN
        self.own_length.value = "" if listed else length_text(settings.long.length_s)
        self.long_order.value = settings.long.order
        choose(self.loudness, settings.target_lufs, lambda lufs: f"as asked ({lufs:g} LUFS)")
        shape = _SHORT if settings.look.short else settings.look.height_px
        choose(self.shape, shape, lambda height_px: f"as asked, {height_px} pixels high")
        self.title.value, self.end_title.value = settings.title, settings.end_title
        self.sound.load(settings.sound)
        self.picture.load(settings)
        self.long.load(settings.long)
        self._filling = False
        self._show()

    def settings(self) -> FilmSettings:
        """What the fields ask for; the order is another's."""
        joined = self.transition.value or Transition("cut", 0.0)
        plain = joined.frames is None and (joined.kind == "crossfade" or not joined.seconds)
        shape = self.shape.value
        look = replace(
            self._base.look,
            short=shape == _SHORT,
            height_px=self._base.look.height_px if shape == _SHORT else shape,
        )
        long = replace(self._base.long, length_s=self._length_s(), order=self.long_order.value)
        asked = replace(
            self._base,
            crossfade_s=joined.seconds if plain else self._base.crossfade_s,
            transition=None if plain else joined,
            target_lufs=self.loudness.value,
            title=self.title.value.strip(),
            end_title=self.end_title.value.strip(),
            sound=self.sound.soundtrack,
            look=look,
            long=self.long.asked(long),
        )
        return self.picture.asked(asked)

    def problems(self) -> list[Problem]:
        """What a field holds that it cannot mean."""
        text = self.own_length.value.strip()
        if self.length.value != _OWN:
            return []
        try:
            if text and read_seconds(text) > 0:
                return []
            said = "No length is written." if not text else "A film cannot last no time at all."
        except ValueError as error:
            said = str(error)
        return [Problem("How long the film is", said, "Write it as 45 min, 2 h or 1:30:00.")]

    def _length_s(self) -> float:
        if self.length.value != _OWN:
            return float(self.length.value)
        try:
            return read_seconds(self.own_length.value.strip())
        except ValueError:
            return self._base.long.length_s

    def _chosen(self) -> None:
        if not self._filling:
            self._show()
            self._changed()

    def _show(self) -> None:
        """Show the fields that mean something now, and what stands in the closed drawers."""
        long = self.length.value != 0
        parts.show(self.own_length, self.length.value == _OWN)
        parts.show(self.long_order, long)
        self.long.show(long=long, shuffled=self.long_order.value == "shuffled")
        names: Mapping[str, str] = {
            "Sound": self.sound.summary(),
            "Picture": self.picture.summary(),
            "Long films": self.long.summary(),
        }
        titles = tuple(f"{name}: {said}" if said else name for name, said in names.items())
        if self.drawers.titles != titles:
            self.drawers.titles = titles
