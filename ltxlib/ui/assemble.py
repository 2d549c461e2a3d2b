"""Notebook 04: the film as one form, from the order of its scenes to the file that is taken home."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ipywidgets as widgets

from ltxlib.core.film import FilmSettings
from ltxlib.errors import BadInput, Cancelled
from ltxlib.store.films import file_name, film_names, save_film
from ltxlib.store.project import Project
from ltxlib.studio.assemble import sound_files
from ltxlib.ui import look, parts, place
from ltxlib.ui.film_before import Foreseen, foresee, foreseen_html
from ltxlib.ui.film_choices import Shown, choices_of, shown_takes
from ltxlib.ui.film_files import FilmChooser, film_to_open
from ltxlib.ui.film_form import FilmForm
from ltxlib.ui.film_result import film_html, films_html
from ltxlib.ui.film_work import Asked, FilmState, film_by_night, film_work
from ltxlib.ui.job import Job, Outcome, latest
from ltxlib.ui.newest import Newest
from ltxlib.ui.order import FilmOrder
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.video import awaited_html

_ORDER = "The scenes come in this order. The arrows move them; More holds what one scene may have of its own."
_NO_TAKES = "There is no take yet. Make some in notebook 02, then press Look again."
_STOPPED = "Stopped. What is rendered is kept: press Render and it goes on from there."


def assemble_panel(
    crossfade_s: float = 0.5,
    loudness_lufs: float = -18.0,
    title: str = "",
    name: str = "film",
    scenes_csv: str = "",
    film: str = "",
) -> None:
    """Show the film in the making; by night, render it.

    The values are where the form begins, and what the night uses. scenes_csv: the table that gives the order,
    when it is not the project's own. film: a film file of films/, by name; what it says counts.
    """
    asked = Asked(film, name, crossfade_s, loudness_lufs, title, scenes_csv)
    face(lambda project: film_by_night(project, asked), lambda project: AssemblePanel(project, asked))


@dataclass(frozen=True)
class _Found:
    """One look at the disk. settings: what the film's file and the parameters say."""

    place: place.Place
    names: list[str]
    film: str
    settings: FilmSettings
    broken: BadInput | None
    shown: Shown
    sounds: list[str]
    films: str


class AssemblePanel(Panel):
    """The order of the film, its settings, what it will be, Render, and the film."""

    name = "assemble"

    def __init__(self, project: Project, asked: Asked | None = None) -> None:
        self.asked = asked or Asked()
        self.job_name = f"{project.root}:assemble"
        self._found: _Found | None = None
        self._film = ""
        # What the film's file said when it was last read or written; what a person has changed since.
        self._known: FilmSettings | None = None
        self._unsaved: tuple[str, FilmSettings] | None = None
        self._foreseen = Foreseen()
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = parts.text_block(look.heading("The film", "Reading the takes ..."))
        self.newest = Newest(self._run)
        self.chooser = FilmChooser(self.project, self._choose, self._begin, self.button)
        self.order = FilmOrder(self._changed)
        self.form = FilmForm(self.project, self._changed)
        self.length = parts.text_block("", "ltx-length")
        self.render = self.button("Render the film", self._render, "ltx-primary", "ltx-render")
        self.cancel = self.cancel_button()
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.progress = parts.text_block("", "ltx-progress")
        self.result = parts.text_block("", "ltx-result")
        self.films = parts.text_block("", "ltx-films")
        self.render.disabled = True
        return [
            self.head,
            self.chooser.part,
            self.order.part,
            self.form.part,
            self.length,
            parts.buttons([self.render, self.cancel, self.again]),
            self.notice,
            self.progress,
            self.result,
            self.films,
        ]

    def refresh(self) -> None:
        """Read takes, the film's file and films anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here, asked = place.look(self.project), self.asked
        names, broken = film_names(self.project), None
        film = self._film or film_to_open(self.project, asked.film, asked.name, names)
        settings = asked.settings(self.project, "")
        if film in names:
            try:
                settings = asked.settings(self.project, film)
            except BadInput as error:
                broken = error
        order = place.scene_order(self.project, asked.scenes_csv)
        shown = shown_takes(here.shelf, order, settings)
        return _Found(
            here, names, film, settings, broken, shown, sound_files(here.shelf), films_html(here.shelf)
        )

    def _fill(self, found: _Found) -> None:
        with self._lock:
            if self._film not in ("", found.film):
                # Another film was chosen meanwhile; a look at that one follows.
                return
            self._found, self._film = found, found.film
            self.stand_in(found.place)
            self.chooser.fill(found.names, found.film)
            if self._unsaved is None and found.settings != self._known:
                # The first look, or it was changed elsewhere: in another page, or in an editor.
                self._known = found.settings
                self.form.load(found.settings)
                self._show_order(found, found.settings)
            else:
                self._show_order(found, self.settings())
            self.form.sound.fill_choices(found.sounds)
            text = _ORDER if self.order.choices else _NO_TAKES
            parts.set_html(self.head, look.heading("The film", text))
            parts.set_html(self.films, found.films)
            self._measure()

    def _show_order(self, found: _Found, settings: FilmSettings) -> None:
        self.order.fill(choices_of(found.shown, settings), touched=bool(settings.cuts))

    def settings(self) -> FilmSettings:
        """What the form asks for."""
        return replace(self.form.settings(), cuts=self.order.cuts)

    def _choose(self, film: str) -> None:
        with self._lock:
            self._film, self._known = film, None
        self.say("")
        self.refresh()

    def _begin(self, name: str) -> None:
        """Begin another film with what stands in the form."""
        save_film(self.project, replace(self.settings(), name=name), file_name(name))
        self._choose(file_name(name))

    def _changed(self) -> None:
        """A person has changed something: keep it, and say what the film will be now."""
        with self._lock:
            found = self._found
            if found is None:
                return
            if found.broken is None and not self.form.problems():
                self._unsaved = (self._film, self.settings())
            self._measure()

    def _measure(self) -> None:
        found, settings, odd = self._found, self.settings(), self.form.problems()
        if found is None:
            return
        order = [choice.wish.scene for choice in self.order.used]
        self.newest.ask(
            lambda: self._follow(lambda: foresee(self.project, found.place.shelf, order, settings, odd))
        )

    def _follow(self, look_ahead) -> None:
        outcome = Outcome()
        with outcome:
            self._save()
            foreseen = look_ahead()
            with self._lock:
                self._foreseen = foreseen
                broken = self._found.broken if self._found else None
                parts.set_html(self.length, foreseen_html(foreseen, broken))
                self._offer()
        if outcome.error is not None:
            with self._lock:
                self._foreseen = Foreseen()
                parts.set_html(self.length, look.failure(outcome))
                self._offer()

    def _save(self) -> None:
        with self._lock:
            unsaved, self._unsaved = self._unsaved, None
            if unsaved is None:
                return
            film, settings = unsaved
            if film == self._film:
                self._known = settings
        save_film(self.project, settings, film)

    def _offer(self) -> None:
        """Offer to render what can be rendered, while nothing is being rendered."""
        job, found = latest(self.job_name), self._found
        able = self._foreseen.good and found is not None and found.broken is None
        self.render.disabled = not able or bool(job and job.running)

    def _render(self) -> None:
        if self._found is None:
            return
        self.say("")
        order = [choice.wish.scene for choice in self.order.used]
        self.start_job(film_work(self._found.place.shelf, order, self.settings()), FilmState())

    def show_running(self, job: Job) -> None:
        self.render.disabled = True
        self.cancel.disabled = job.cancel.is_set()
        parts.show(self.cancel, True)
        state = job.state
        words = "stopping ..." if job.cancel.is_set() else state.words
        said = f'<div class="ltx-said"><span>{look.escape(words)}</span><span>{state.left}</span></div>'
        parts.set_html(self.progress, said + look.bar(state.part, 1))
        parts.set_html(self.result, awaited_html("The film will be here."))

    def show_ended(self, job: Job) -> None:
        parts.set_html(self.progress, "")
        parts.set_html(self.result, "")
        parts.show(self.cancel, False)
        self._offer()
        if isinstance(job.error, Cancelled):
            self.say(look.note(_STOPPED, kind="wait"))
        else:
            self.fail(job.outcome)
        if job.result:
            used = self.order.used
            still = used[0].still if used and not self.form.title.value.strip() else None
            parts.set_html(self.result, film_html(job.result, still))
