"""The drawers for picture and for long films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets

from ltxlib.core.film import LONGEST_FILM_S, FilmSettings
from ltxlib.core.film import LongForm as LongWishes
from ltxlib.core.timeline import MOST_GRAIN, SIDES
from ltxlib.ui import parts
from ltxlib.ui.film_fields import number, tick

_GRAIN = ("none", "hardly any", "gentle", "visible", "strong")
_LARGEST_SEED = 2**31 - 1
_COMPACT = "Compact, an experiment: one copy of the film, repeated by the file's own tables"
_COMPACT_HINT = "Ten hours in a few megabytes. Whether YouTube takes such a file nobody has tried."


class PictureForm:
    """How the picture is finished, and how it comes and goes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed, self._filling = changed, False
        self.sides = widgets.Dropdown(options=[(f"{name}: {words}", name) for name, words in SIDES.items()])
        grain = [(_GRAIN[step], step) for step in range(MOST_GRAIN + 1)]
        self.grain = widgets.Dropdown(options=grain)
        self.fade_in_s = number(0.5, 0, 60)
        self.fade_out_s = number(1, 0, 600)
        for part in (self.sides, self.grain, self.fade_in_s, self.fade_out_s):
            part.observe(lambda _: self._chosen(), "value")
        field = parts.field
        self.part = parts.column(
            [
                field("Takes of another shape", self.sides, "What becomes of them in the film."),
                field("Film grain", self.grain, "Hides steps in dark skies and fog; the file grows."),
                field("Fade in, in seconds", self.fade_in_s, "The film begins out of black and silence."),
                field("Fade out, in seconds", self.fade_out_s, "It ends in black and silence."),
            ],
            "ltx-form",
            "ltx-pairs",
        )

    def load(self, settings: FilmSettings) -> None:
        """Show what a film's settings are."""
        self._filling = True
        self.sides.value, self.grain.value = settings.look.sides, settings.look.grain
        self.fade_in_s.value, self.fade_out_s.value = settings.fade_in_s, settings.fade_out_s
        self._filling = False

    def asked(self, settings: FilmSettings) -> FilmSettings:
        """The settings with what these fields ask for."""
        return replace(
            settings,
            look=replace(settings.look, sides=self.sides.value, grain=self.grain.value),
            fade_in_s=self.fade_in_s.value,
            fade_out_s=self.fade_out_s.value,
        )

    def summary(self) -> str:
        """What stands behind the closed drawer, in a few words."""
        words = [] if self.sides.value == "fit" else [f"sides {self.sides.value}"]
        words += [f"grain {_GRAIN[self.grain.value]}"] if self.grain.value else []
        return ", ".join(words)

    def _chosen(self) -> None:
        if not self._filling:
            self._changed()


class LongForm:
    """What only a film of a set length has."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed, self._filling = changed, False
        self.screen_off_min = number(0, 0, LONGEST_FILM_S / 60, 5)
        self.seed = widgets.BoundedIntText(value=1, min=0, max=_LARGEST_SEED)
        self.seed.add_class("ltx-number")
        self.compact = tick(_COMPACT, on=False)
        for part in (self.screen_off_min, self.seed, self.compact):
            part.observe(lambda _: self._chosen(), "value")
        field = parts.field
        compact = parts.column(
            [self.compact, parts.text_block(f'<div class="ltx-hint">{_COMPACT_HINT}</div>')],
            "ltx-ticks",
            "ltx-wide",
        )
        self.none = parts.text_block(
            '<div class="ltx-hint">These count once the film has a length: choose one above.</div>',
            "ltx-wide",
        )
        self.part = parts.column(
            [
                self.none,
                field(
                    "Screen off after so many minutes",
                    self.screen_off_min,
                    "Then only the sound goes on; 0: never.",
                ),
                field(
                    "Seed of the shuffling",
                    self.seed,
                    "Another number, another order; the same gives the same.",
                ),
                compact,
            ],
            "ltx-form",
            "ltx-pairs",
        )

    def load(self, long: LongWishes) -> None:
        """Show what a film's settings are."""
        self._filling = True
        self.screen_off_min.value, self.seed.value = long.screen_off_s / 60, long.seed
        self.compact.value = long.compact
        self._filling = False

    def asked(self, long: LongWishes) -> LongWishes:
        """The wishes with what these fields ask for."""
        off_s = round(self.screen_off_min.value * 60, 3)
        return replace(long, screen_off_s=off_s, seed=self.seed.value, compact=self.compact.value)

    def show(self, *, long: bool, shuffled: bool) -> None:
        """Let the fields answer only where they mean something."""
        self.screen_off_min.disabled = self.compact.disabled = not long
        self.seed.disabled = not (long and shuffled)
        parts.show(self.none, not long)

    def summary(self) -> str:
        """What stands behind the closed drawer, in a few words."""
        off = self.screen_off_min.value
        words = [f"screen off after {off:g} min"] if off and not self.screen_off_min.disabled else []
        words += ["compact"] if self.compact.value and not self.compact.disabled else []
        return ", ".join(words)

    def _chosen(self) -> None:
        if not self._filling:
            self._changed()
