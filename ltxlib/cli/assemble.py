"""The verb assemble: the film of the takes that were kept, or what it would take."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from ltxlib.cli import words
from ltxlib.cli.film import cancel_on_signals, film_lines
from ltxlib.cli.film_options import settings_of
from ltxlib.core.amounts import size_text
from ltxlib.core.film import FilmSettings
from ltxlib.core.problem import errors_in
from ltxlib.core.time_left import TimeLeft
from ltxlib.errors import Cancelled
from ltxlib.store.films import save_film
from ltxlib.store.project import Project, Shelf, find_project
from ltxlib.studio import assemble as assembling
from ltxlib.studio.check import check_project
from ltxlib.studio.estimating import FilmEstimate, film_estimate

# What the phases of a render are called for people.
PHASES = {"look": "reading the clips", "sound": "mixing the sound", "check": "looking at the film"}
_EVERY_S = 0.2


def assemble(arguments: argparse.Namespace) -> int:
    """Make the film of the takes that were kept; with --estimate, only tell what it would take."""
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=arguments.rehearsal)
    settings, problems = assembling.asked_film(project, arguments.film)
    settings = settings_of(arguments, settings)
    say = print if not arguments.json else _quiet
    if arguments.save:
        say(f"Written: {save_film(project, settings, arguments.save)}")
    takes, missing = assembling.choose(shelf, _order(project, shelf, settings), settings)
    for problem in [*problems, *missing]:
        say(str(problem))
    if arguments.estimate:
        estimate = film_estimate(project, shelf, takes, settings)
        facts = json.dumps(estimate_facts(estimate))
        print(facts if arguments.json else "\n".join(estimate_lines(estimate)))
        return int(bool(errors_in(list(estimate.problems))) or not estimate.fits)
    bar = _Bar(shown=not arguments.json and sys.stderr.isatty())
    with cancel_on_signals() as cancel:
        try:
            film = assembling.assemble(shelf, takes, settings, on_step=bar.step, cancel=cancel)
        except Cancelled as error:
            raise Cancelled("Stopped; no film was changed.", cure=_kept(bar.part)) from error
        finally:
            bar.end()
    print(
        json.dumps({**film.facts, "path": str(film.path)}) if arguments.json else "\n".join(film_lines(film))
    )
    return 0


def estimate_lines(estimate: FilmEstimate) -> list[str]:
    """What a film would take, for a person."""
    if errors_in(list(estimate.problems)):
        return [str(problem) for problem in estimate.problems]
    size = f"{estimate.width_px}x{estimate.height_px}"
    length = words.span(estimate.duration_s)
    lines = [f"The film: {length}, {estimate.frames} frames, {size}", f"          {estimate.text}"]
    if not estimate.fits:
        free, needs = size_text(estimate.room_bytes or 0), size_text(estimate.needs_bytes)
        lines.append(f"          It does not fit: it needs {needs} on the disk, {free} are free.")
    return lines + [f"          {note}" for note in estimate.notes]


def estimate_facts(estimate: FilmEstimate) -> dict[str, Any]:
    """What a film would take, for a program."""
    known = vars(estimate) | {"fits": estimate.fits, "text": estimate.text}
    made = estimate.made_before
    return known | {
        "made_before": None if made is None else str(made),
        "problems": [str(problem) for problem in estimate.problems],
    }


def _order(project: Project, shelf: Shelf, settings: FilmSettings) -> list[str]:
    """The scenes of the table, where the film does not say which it shows."""
    if settings.cuts or settings.order:
        return []
    return [scene.scene for scene in check_project(project, shelf=shelf).scenes if scene.enabled]


def _kept(part: float) -> str:
    if part <= 0.12:
        return "Run it again to begin anew."
    return "The picture that was coded so far is kept: run it again and it goes on from there."


def _quiet(line: str) -> None:
    """Says nothing, where a program reads."""


class _Bar:
    """One line on a terminal that says how far the film is and how long it will take."""

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self.part = 0.0
        self._left = TimeLeft()
        self._spoke_s = 0.0
        self._wide = 0

    def step(self, progress: assembling.MasterProgress) -> None:
        """Take in how far it is."""
        now_s = time.monotonic()
        self.part = progress.part
        left_s = self._left.seen(progress.part, now_s)
        if not self.shown or (now_s - self._spoke_s < _EVERY_S and progress.part < 1):
            return
        self._spoke_s = now_s
        what = PHASES.get(progress.phase, "")
        doing = what or f"frame {progress.done} of {progress.total}"
        text = f"{progress.part:4.0%}  {doing}"
        text += f", about {words.span(left_s)} left" if left_s else ""
        print(f"\r{text.ljust(self._wide)}", end="", file=sys.stderr, flush=True)
        self._wide = len(text)

    def end(self) -> None:
        """Leave the line clean."""
        if self._wide:
            print(f"\r{' ' * self._wide}\r", end="", file=sys.stderr, flush=True)
