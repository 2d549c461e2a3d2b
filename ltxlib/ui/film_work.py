"""Rendering a film as a job: the work, how far it is, and the same told in text by night."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ltxlib.core.film import FilmSettings
from ltxlib.core.time_left import TimeLeft
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.assemble import Film, MasterProgress, asked_film, assemble, choose
from ltxlib.ui import look, place
from ltxlib.ui.film_result import certificate_texts, fact_texts
from ltxlib.ui.job import Job, run_here

_SIGN_OF_LIFE_S = 30.0
_PHASES = {
    "look": "looking at the takes",
    "sound": "mixing the sound",
    "picture": "rendering the picture",
    "write": "writing the film",
    "check": "checking the finished film",
}
# A phase tells of itself when a step is done, so after its last step the next one has begun.
_NEXT = {"look": "sound", "sound": "picture", "picture": "check"}


@dataclass
class FilmState:
    """How far the film is. part: of the whole work, 0 to 1. left_s: None while nobody can tell."""

    phase: str = ""
    done: int = 0
    total: int = 0
    part: float = 0.0
    left_s: float | None = None
    began_s: float = field(default_factory=time.monotonic)
    _clock: TimeLeft = field(default_factory=TimeLeft)

    def apply(self, event: MasterProgress) -> None:
        """Take in one word of progress."""
        if event.phase != self.phase:
            self._clock = TimeLeft()
        self.phase, self.done, self.total, self.part = event.phase, event.done, event.total, event.part
        # Looking and mixing say nothing of how long the picture takes; the check goes at its own pace.
        part = {"picture": event.part, "check": event.done / max(event.total, 1)}.get(event.phase)
        self.left_s = None if part is None else self._clock.seen(part, time.monotonic())

    @property
    def words(self) -> str:
        """What is done at this moment."""
        if not self.phase:
            return "getting ready ..."
        over = self.done >= self.total and self.phase in _NEXT
        said = _PHASES.get(_NEXT[self.phase] if over else self.phase, self.phase)
        return f"{said}, frame {self.done} of {self.total}" if self.phase == "picture" and not over else said

    @property
    def left(self) -> str:
        """How long it will still take, in words; empty while nobody can tell."""
        return "" if self.left_s is None else f"{look.span_text(self.left_s)} left"


def film_work(shelf: Shelf, order: list[str], settings: FilmSettings) -> Callable[[Job], Film]:
    """The job that renders a film."""

    def work(job: Job) -> Film:
        takes, _ = choose(shelf, order, settings)
        return assemble(shelf, takes, settings, on_step=job.tell, cancel=job.cancel)

    return work


@dataclass(frozen=True)
class Asked:
    """What the notebook's parameters ask for; film: a film file by name, empty for none."""

    film: str = ""
    name: str = "film"
    crossfade_s: float = 0.5
    loudness_lufs: float = -18.0
    title: str = ""
    scenes_csv: str = ""

    def settings(self, project: Project, film: str) -> FilmSettings:
        """The film's settings: its file's, where one is named, and what the parameters say beside it."""
        return asked_film(
            project,
            film,
            name=self.name,
            crossfade_s=self.crossfade_s,
            loudness_lufs=self.loudness_lufs,
            title=self.title,
        )[0]


def film_by_night(project: Project, asked: Asked) -> None:
    """Render the film now, telling how far it is in lines of text."""
    settings = asked.settings(project, asked.film)
    here = place.look(project)
    order = place.scene_order(project, asked.scenes_csv)
    takes, problems = choose(here.shelf, order, settings)
    print(f"{'REHEARSAL: ' if here.rehearsal else ''}a film of {look.plural(len(takes), 'scene')}.")
    for problem in problems:
        print(f"  {problem}")
    state, spoke_s = FilmState(), time.monotonic()

    def see() -> None:
        nonlocal spoke_s
        if state.phase and time.monotonic() - spoke_s >= _SIGN_OF_LIFE_S:
            spoke_s = time.monotonic()
            print(f"  {state.words} ({state.part:.0%}{f', {state.left}' if state.left else ''})", flush=True)

    film: Film = run_here(film_work(here.shelf, order, settings), state, see).result
    took = look.span_text(time.monotonic() - state.began_s)
    print(f"{'Made before' if film.reused else f'Made in {took}'}: {film.path}")
    for label, value in fact_texts(film.facts):
        print(f"  {label}: {value}")
    for line in certificate_texts(film.facts):
        print(f"  {line}")
