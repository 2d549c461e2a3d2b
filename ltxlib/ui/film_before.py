"""What a film will be, before it is rendered: how long, how large, how soon, and what stands in its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltxlib.core.amounts import range_text, size_text
from ltxlib.core.film import FilmSettings
from ltxlib.core.problem import Problem, errors_in
from ltxlib.errors import BadInput
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.assemble import choose, sound_problems
from ltxlib.studio.estimating import FilmEstimate, film_estimate
from ltxlib.ui import look

_NOT_YET = "This film cannot be rendered yet."
_KNOW = "Worth knowing before you render:"


@dataclass(frozen=True)
class Foreseen:
    """A look ahead. estimate: None where nothing is in the film. problems: all there are, warnings too."""

    estimate: FilmEstimate | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it can be rendered."""
        return self.estimate is not None and not errors_in(list(self.problems))


def foresee(
    project: Project, shelf: Shelf, order: list[str], settings: FilmSettings, odd: Sequence[Problem] = ()
) -> Foreseen:
    """Look ahead at a film. order: its scenes, where the settings name none. odd: what the form found."""
    if not order:
        return Foreseen(problems=tuple(odd))
    takes, warned = choose(shelf, order, settings)
    estimate = film_estimate(project, shelf, takes, settings)
    problems = [*odd, *settings.problems(), *sound_problems(shelf, settings), *warned, *estimate.problems]
    if not estimate.fits and not errors_in(problems):
        room = size_text(estimate.room_bytes or 0)
        what = f"It needs about {size_text(estimate.needs_bytes)} while it is made, and {room} are free."
        problems.append(Problem("the disk", what, "Make room, or choose a shorter or smaller film."))
    return Foreseen(estimate, tuple(dict.fromkeys(problems)))


def foreseen_html(foreseen: Foreseen, broken: BadInput | None = None) -> str:
    """The line below the form, and every problem with its cure; broken: the film's file cannot be read."""
    if broken is not None:
        cure = "Mend it in an editor, then press Look again. Until then nothing is written into it."
        table = look.problem_table(broken.problems) if broken.problems else ""
        return look.note(broken.message, cure, kind="bad", inside=table)
    problems = foreseen.problems
    if errors_in(list(problems)):
        return look.note(_NOT_YET, kind="wait", inside=look.problem_table(problems))
    said = _line(foreseen.estimate, problems) if foreseen.estimate else ""
    if problems:
        said += look.note(_KNOW, kind="wait", inside=look.problem_table(problems))
    return said


def _line(estimate: FilmEstimate, problems: Sequence[Problem]) -> str:
    text = f"The film will last {look.clock(estimate.duration_s)} ({estimate.frames} frames), "
    text += f"{estimate.width_px} x {estimate.height_px}, about {size_text(estimate.size_bytes)}."
    if not estimate.made_before:
        low, high = (look.span_text(max(s, 1)) for s in (estimate.seconds_low, estimate.seconds_high))
        text += f" Rendering takes about {range_text(low, high)}."
    # What stands among the problems is not said twice.
    notes = [note for note in estimate.notes if not any(problem.what in note for problem in problems)]
    hints = "".join(f'<div class="ltx-hint">{look.escape(note)}</div>' for note in notes)
    return look.note(text, inside=hints)
