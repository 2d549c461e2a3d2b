"""Which film the form is about: one of the files in films/, or a new one."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from ltxlib.errors import BadInput
from ltxlib.store.films import file_name, film_path
from ltxlib.store.project import Project
from ltxlib.ui import parts

_HINT = "What you choose here is kept in films/, and is here again tomorrow."


class FilmChooser:
    """A list of the films there are, and a way to begin another; `film` is the name of the chosen file.

    chosen: a person has chosen another film. begun: a person begins a new one, of that name. button: makes
    buttons whose failures are shown.
    """

    def __init__(
        self,
        project: Project,
        chosen: Callable[[str], None],
        begun: Callable[[str], None],
        button: Callable[..., widgets.Button],
    ) -> None:
        self.project = project
        self._chosen, self._begun, self._filling = chosen, begun, False
        self.list = widgets.Dropdown(options=[])
        self.list.add_class("ltx-film-name")
        self.list.observe(lambda _: self._pick(), "value")
        self.new = button("New film", self._ask, "ltx-small", "ltx-new-film")
        self.name = widgets.Text(placeholder="its name, such as Rain at night")
        self.name.add_class("ltx-new-name")
        self.begin = button("Begin it", self._begin, "ltx-small", "ltx-begin-film")
        self.never = button("Never mind", self._close, "ltx-small", "ltx-never-mind")
        beside = widgets.HBox([self.list, self.new])
        self.asking = widgets.HBox([self.name, self.begin, self.never])
        for box in (beside, self.asking):
            box.add_class("ltx-beside")
        self.told = parts.text_block()
        self._close()
        whole = parts.column([beside, self.asking, self.told])
        self.part = parts.column([parts.field("Film", whole, _HINT)], "ltx-form", "ltx-pairs")

    @property
    def film(self) -> str:
        """The name of the film's file, without its ending."""
        return self.list.value or "film"

    def fill(self, names: list[str], film: str) -> None:
        """Offer these films, and one that may not have a file yet; show that one."""
        self._filling = True
        known = sorted({*names, film}, key=str.casefold)
        if tuple(known) != self.list.options:
            self.list.options = known
        self.list.value = film
        self._filling = False

    def _pick(self) -> None:
        if not self._filling:
            self._chosen(self.film)

    def _ask(self) -> None:
        self.name.value = ""
        parts.show(self.asking, True)

    def _close(self) -> None:
        parts.show(self.asking, False)
        parts.set_html(self.told, "")

    def _begin(self) -> None:
        name = self.name.value.strip()
        file = file_name(name)
        if not name or not any(letter.isascii() and letter.isalnum() for letter in name):
            self._say("Write a name with letters or digits in it.")
        elif file in self.list.options or film_path(self.project, file).exists():
            self._say("There is a film of this name: choose it from the list.")
        else:
            self._close()
            self._begun(name)

    def _say(self, text: str) -> None:
        parts.set_html(self.told, f'<div class="ltx-hint ltx-odd">{text}</div>')


def film_to_open(project: Project, asked: str, name: str, names: list[str]) -> str:
    """The film with which a form begins: the one asked for, else the one changed last, else a new one.

    asked: a film file by name, empty for none. name: of the film to make; "film" is nobody's wish.
    """
    if asked:
        if asked.removesuffix(".toml") not in names:
            known = f"There are: {', '.join(names)}." if names else "There is none yet."
            raise BadInput(f"There is no film file “{asked}” in films/.", cure=known)
        return asked.removesuffix(".toml")
    if name == "film" and names:
        return names[0]
    return file_name(name)
