"""Notebook 04: put the takes in order, choose how they melt and how loud, render the film, watch it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import ipywidgets as widgets

from ltxlib.errors import BadInput
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.assemble import LOUDNESS_LUFS, TITLE_S, Film, FilmSettings, assemble, choose, lay_out
from ltxlib.studio.review import poster, review
from ltxlib.ui import look, parts, place
from ltxlib.ui.film import fact_texts, film_html, films_html
from ltxlib.ui.job import Job, latest, run_here
from ltxlib.ui.order import Choice, FilmOrder
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.video import awaited_html

_SIGN_OF_LIFE_S = 30.0
_NO_TAKES = "There is no take yet. Make some in notebook 02, then press Look again."


def assemble_panel(
    crossfade_s: float = 0.5,
    loudness_lufs: float = -18.0,
    title: str = "",
    name: str = "film",
    scenes_csv: str = "",
) -> None:
    """Show the film in the making; by night, render it.

    The values are where the form begins, and what the night uses. scenes_csv: the table that gives the order,
    when it is not the project's own.
    """
    settings = FilmSettings(name=name, crossfade_s=crossfade_s, target_lufs=loudness_lufs, title=title)
    face(
        lambda project: _by_night(project, settings, scenes_csv),
        lambda project: AssemblePanel(project, settings, scenes_csv),
    )


@dataclass
class FilmState:
    """How far the film is, in frames."""

    done: int = 0
    whole: int = 0
    began_s: float = field(default_factory=time.monotonic)

    def apply(self, event: tuple[int, int]) -> None:
        """Take in one word of progress."""
        self.done, self.whole = event


def _work(shelf: Shelf, order: list[str], settings: FilmSettings) -> Callable[[Job], Film]:
    def work(job: Job) -> Film:
        takes, _ = choose(shelf, order, settings)

        def progress(done: int, whole: int) -> None:
            job.tell((done, whole))

        return assemble(shelf, takes, settings, on_progress=progress, cancel=job.cancel)

    return work


def _by_night(project: Project, settings: FilmSettings, scenes_csv: str) -> None:
    here = place.look(project)
    order = place.scene_order(project, scenes_csv)
    takes, problems = choose(here.shelf, order, settings)
    print(f"{'REHEARSAL: ' if here.rehearsal else ''}a film of {look.plural(len(takes), 'scene')}.")
    for problem in problems:
        print(f"  {problem}")
    state, spoke_s = FilmState(), time.monotonic()

    def see() -> None:
        nonlocal spoke_s
        if state.whole and time.monotonic() - spoke_s >= _SIGN_OF_LIFE_S:
            spoke_s = time.monotonic()
            print(f"  frame {state.done} of {state.whole}", flush=True)

    film: Film = run_here(_work(here.shelf, order, settings), state, see).result
    took = look.span_text(time.monotonic() - state.began_s)
    print(f"{'Made before' if film.reused else f'Made in {took}'}: {film.path}")
    for label, value in fact_texts(film.facts):
        print(f"  {label}: {value}")


@dataclass(frozen=True)
class _Found:
    place: place.Place
    choices: list[Choice]
    films: str


class AssemblePanel(Panel):
    """The order of the film, its settings, Render, and the film."""

    name = "assemble"

    def __init__(self, project: Project, settings: FilmSettings, scenes_csv: str = "") -> None:
        self.begin_with = settings
        self.scenes_csv = scenes_csv
        self.job_name = f"{project.root}:assemble"
        self._found: _Found | None = None
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = parts.text_block(look.heading("The film", "Reading the takes ..."))
        self.order = FilmOrder(self._measure)
        self.length = parts.text_block("", "ltx-length")
        self.render = self.button("Render the film", self._render, "ltx-primary", "ltx-render")
        self.cancel = self.cancel_button()
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.progress = parts.text_block("", "ltx-progress")
        self.result = parts.text_block("", "ltx-result")
        self.films = parts.text_block("", "ltx-films")
        self.render.disabled = True
        form = self._form()
        return [
            self.head,
            self.order.part,
            form,
            self.length,
            parts.buttons([self.render, self.cancel, self.again]),
            self.notice,
            self.progress,
            self.result,
            self.films,
        ]

    def _form(self) -> widgets.Widget:
        begin_with = self.begin_with
        loudness = dict(LOUDNESS_LUFS)
        if begin_with.target_lufs not in loudness.values():
            loudness = {f"as asked ({begin_with.target_lufs:g} LUFS)": begin_with.target_lufs} | loudness
        self.crossfade = widgets.FloatSlider(
            value=begin_with.crossfade_s, min=0, max=5, step=0.05, readout_format=".2f"
        )
        self.loudness = widgets.Dropdown(options=list(loudness.items()), value=begin_with.target_lufs)
        self.title = widgets.Text(value=begin_with.title, placeholder="empty: no title card")
        self.name_of_film = widgets.Text(value=begin_with.name)
        for part in (self.crossfade, self.title):
            part.observe(lambda _: self._measure(), "value")
        return parts.column(
            [
                parts.field("Crossfade, in seconds", self.crossfade, "How long scenes melt; 0 cuts hard."),
                parts.field("Loudness", self.loudness, "YouTube turns down what is louder than -14."),
                parts.field("Title", self.title, f"A card of {TITLE_S} s at the head of the film."),
                parts.field("Name of the file", self.name_of_film),
            ],
            "ltx-form",
            "ltx-pairs",
        )

    def refresh(self) -> None:
        """Read takes and films anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        order = place.scene_order(self.project, self.scenes_csv)
        shown, _ = review(here.shelf, order)
        chosen = [one for one in shown if one.chosen]
        # Trials that are no rows of the table stay out, unless there is nothing else.
        wanted = {one.take.scene for one in chosen} & set(order) or {one.take.scene for one in chosen}
        choices = [Choice(one.take, one.take.scene in wanted, poster(here.shelf, one)) for one in chosen]
        return _Found(here, choices, films_html(here.shelf))

    def _fill(self, found: _Found) -> None:
        self._found = found
        self.stand_in(found.place)
        self.order.fill(found.choices)
        text = "The scenes come in this order; the arrows move them." if found.choices else _NO_TAKES
        parts.set_html(self.head, look.heading("The film", text))
        parts.set_html(self.films, found.films)
        self._measure()

    def settings(self) -> FilmSettings:
        """What the form asks for."""
        return FilmSettings(
            name=self.name_of_film.value.strip() or "film",
            crossfade_s=round(self.crossfade.value, 2),
            target_lufs=self.loudness.value,
            order=tuple(take.scene for take in self.order.takes),
            title=self.title.value.strip(),
        )

    def _measure(self) -> None:
        """Show how long the film will be, or what does not fit."""
        job, found, takes = latest(self.job_name), self._found, self.order.takes
        self.render.disabled = not takes or bool(job and job.running)
        if not takes or found is None:
            parts.set_html(self.length, "")
            return
        settings = self.settings()
        try:
            timeline = lay_out(found.place.shelf, takes, settings)
        except BadInput as error:
            self.render.disabled = True
            inside = look.problem_table(error.problems)
            parts.set_html(self.length, look.note(error.message, kind="wait", inside=inside))
            return
        frames = timeline.frames
        if settings.title:
            frames += int(TITLE_S * timeline.fps) - timeline.crossfade_frames
        text = f"The film will last {look.clock(frames / timeline.fps)} ({frames} frames), "
        text += f"{timeline.width_px} x {timeline.height_px}."
        parts.set_html(self.length, look.note(text))

    def _render(self) -> None:
        if self._found is None:
            return
        self.say("")
        settings = self.settings()
        work = _work(self._found.place.shelf, list(settings.order), settings)
        self.start_job(work, FilmState())

    def show_running(self, job: Job) -> None:
        self.render.disabled = True
        self.cancel.disabled = job.cancel.is_set()
        parts.show(self.cancel, True)
        done, whole = job.state.done, job.state.whole
        words = f"frame {done} of {whole}" if whole else "getting ready ..."
        parts.set_html(self.progress, f'<div class="ltx-said">{words}</div>{look.bar(done, whole)}')
        parts.set_html(self.result, awaited_html("The film will be here."))

    def show_ended(self, job: Job) -> None:
        parts.set_html(self.progress, "")
        parts.set_html(self.result, "")
        parts.show(self.cancel, False)
        self.fail(job.outcome)
        if job.result:
            used = [choice for choice in self.order.choices if choice.used]
            still = used[0].still if used and not self.title.value.strip() else None
            parts.set_html(self.result, film_html(job.result, still))
