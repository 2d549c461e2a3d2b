"""Notebook 02, the film: every scene of scenes.csv, what is there, what is missing, and one button."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.pace import Pace, estimate_by
from ltxlib.core.plan import RenderPlan
from ltxlib.core.scene import Scene
from ltxlib.errors import RenderFailed
from ltxlib.store.project import Project
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import Checked, check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import job_for
from ltxlib.studio.pacing import pace_on
from ltxlib.studio.watching import NightView
from ltxlib.ui import look, place
from ltxlib.ui.job import Job, Outcome, latest, run_here
from ltxlib.ui.night_watch import watch
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, set_html, show, text_block
from ltxlib.ui.progress import BatchState, TextProgress, panel_html
from ltxlib.ui.take_form import MODE_WORDS

_PROMPT_SHOWN = 90
_NIGHT = (
    "A night runs in this project and renders what is missing: see The night, below. This table follows it."
)
_NOTHING = "Nothing was rendered: the table asks for no take."


def batch_panel(scenes_csv: str = "", render_batch: bool = True) -> None:
    """Show the scenes of a film and render what is missing.

    scenes_csv: another table than the project's, by its path from the project's folder. render_batch: by
    night, whether to render at all; in a browser only the button renders.
    """
    face(
        lambda project: _by_night(project, scenes_csv, render_batch),
        lambda project: BatchPanel(project, scenes_csv),
    )


def _path(project: Project, scenes_csv: str) -> Path:
    return project.root / scenes_csv if scenes_csv else project.scenes_csv


def _work(project: Project, path: Path) -> Callable[[Job], None]:
    """What the batch's thread does; every mistake is found before anything is rendered."""

    def work(job: Job) -> None:
        connection = connect(project)
        checked = with_picks(check_project(project, path), connection.shelf)
        batch = job_for(project, connection, checked)
        for event in run_batch(batch, job.cancel):
            job.tell(event)

    return work


def _by_night(project: Project, scenes_csv: str, render_batch: bool) -> None:
    if not render_batch:
        print("The batch is left out (render_batch is switched off).")
        return
    path = _path(project, scenes_csv)
    here = place.look(project)
    print(f"{'REHEARSAL: clips are stand-ins. ' if here.rehearsal else ''}Server: {here.url}")
    state = BatchState()
    text = TextProgress(state)
    run_here(_work(project, path), state, text.see)
    print(state.end_text(), flush=True)
    if state.failed and not state.saved and not state.there:
        first = state.failed[0]
        raise RenderFailed(
            f"Not one take could be made. {first.plan.scene.scene}: {first.reason}", cure=first.cure
        )


@dataclass(frozen=True)
class _Found:
    place: place.Place
    checked: Checked | None
    there: frozenset[tuple[str, str]]
    outcome: Outcome
    pace: Pace


def _key(plan: RenderPlan) -> tuple[str, str]:
    return plan.scene.scene, plan.whole.take_id


class BatchPanel(Panel):
    """The table of scenes, Start, the progress, Cancel."""

    name = "batch"

    def __init__(self, project: Project, scenes_csv: str = "") -> None:
        self.path = _path(project, scenes_csv)
        self.job_name = f"{project.root}:batch"
        self._found: _Found | None = None
        self._night = NightView()
        super().__init__(project)
        watch(project).add(self.see_night)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("The whole film", f"Reading {self.path.name} ..."))
        self.scenes = text_block("", "ltx-scenes")
        self.estimate = text_block()
        self.by_night = text_block("", "ltx-by-night")
        self.start = self.button("Render what is missing", self._start, "ltx-primary", "ltx-start")
        self.cancel = self.cancel_button()
        self.again = self.button(
            "Look again", self.refresh, "ltx-again", tooltip=f"Read {self.path.name} anew"
        )
        self.progress = text_block("", "ltx-progress")
        self.start.disabled = True
        return [
            self.head,
            self.scenes,
            self.estimate,
            self.by_night,
            buttons([self.start, self.cancel, self.again]),
            self.progress,
            self.notice,
        ]

    def refresh(self) -> None:
        """Read the table and the takes anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        outcome, checked, there = Outcome(), None, frozenset[tuple[str, str]]()
        with outcome:
            found = check_project(self.project, self.path, shelf=here.shelf)
            checked = with_picks(found, here.shelf)
            there = frozenset(_key(plan) for plan in checked.plans if place.is_there(here.shelf, plan))
        # A pod's time is told by what pods made, also while one rehearses.
        pace = pace_on(self.project.set(rehearsal=False))
        return _Found(here, checked, there, outcome, pace)

    def _fill(self, found: _Found) -> None:
        self._found = found
        self.stand_in(found.place)
        if found.checked is None:
            set_html(self.head, look.heading("The whole film"))
            set_html(self.scenes, "")
            set_html(self.estimate, look.failure(found.outcome))
            self.start.disabled = True
            return
        missing = self._show_scenes(found, found.checked)
        set_html(self.estimate, _estimate_html(found.checked, missing, found))
        words = f"Render {look.plural(len(missing), 'missing take')}" if missing else "Nothing is missing"
        self.start.description = "Render what is missing" if found.checked.errors else words
        job = latest(self.job_name)
        self.start.disabled = not missing or bool(job and job.running) or self._night.running

    def see_night(self, view: NightView) -> None:
        """While a night runs it does this panel's work; called by the watch, twice a second then."""
        before, self._night = self._night, view
        if view.running:
            self.start.disabled = True
        set_html(self.by_night, look.note(_NIGHT) if view.running else "")
        if (view.running, _done(view)) != (before.running, _done(before)):
            self.refresh()

    def _show_scenes(self, found: _Found, checked: Checked) -> list[RenderPlan]:
        """Show the table as it stands at this moment; gives what is missing."""
        job = latest(self.job_name)
        there = set(found.there)
        if job and job.running:
            there |= {_key(event.plan.whole) for event in job.state.saved}
        missing = [plan for plan in checked.plans if _key(plan) not in there]
        set_html(self.head, look.heading("The whole film", _summary(self.path.name, checked, missing)))
        set_html(self.scenes, _scene_table(checked, missing))
        return missing

    def _start(self) -> None:
        self.say("")
        self.start_job(_work(self.project, self.path), BatchState())
        self.in_background(lambda: place.look(self.project), self.stand_in)

    def show_running(self, job: Job) -> None:
        stopping, found = job.cancel.is_set(), self._found
        self.start.disabled = self.again.disabled = True
        self.cancel.disabled = stopping
        show(self.cancel, True)
        set_html(self.progress, panel_html(job.state, running=True, stopping=stopping))
        if found and found.checked:
            self._show_scenes(found, found.checked)

    def show_ended(self, job: Job) -> None:
        show(self.cancel, False)
        self.again.disabled = False
        done = bool(job.state.takes)
        set_html(self.progress, panel_html(job.state, running=False, stopping=False) if done else "")
        if not done and job.error is None:
            self.say(look.note(_NOTHING, f"Look at the columns takes and enabled of {self.path.name}."))
        self.fail(job.outcome)


def _done(view: NightView) -> int:
    """How many takes of a running night need no more work."""
    return view.batch.made + view.batch.failed if view.running and view.batch else 0


def _summary(file: str, checked: Checked, missing: list[RenderPlan]) -> str:
    if checked.errors:
        return f"{file}: {look.plural(len(checked.errors), 'problem')} to mend before anything is rendered."
    scenes = look.plural(len({plan.scene.scene for plan in checked.plans}), "scene")
    length_s = sum(plan.scene.duration_s for plan in checked.plans)
    takes = look.plural(len(checked.plans), "take")
    made = len(checked.plans) - len(missing)
    there = "all of them are there"
    if missing:
        there = f"{look.plural(made, 'take is', 'takes are')} there" if made else "none is there yet"
    return f"{file} asks for {scenes}, {takes}, {look.clock(length_s)} of clips; {there}."


def _estimate_html(checked: Checked, missing: list[RenderPlan], found: _Found) -> str:
    here, problems = found.place, _problems_html(checked)
    if checked.errors or not missing:
        return problems
    guess = estimate_by(missing, found.pace)
    low, high = look.span_text(guess.low_s), look.span_text(guess.high_s)
    least = "more than" if guess.left_out else "about"
    text = f"On a pod the missing takes would need {least} {low} to {high} ({guess.source})."
    if not guess.known:
        text = f"How long the missing takes would need on a pod is not known ({guess.source})."
    if here.rehearsal:
        text += " The rehearsal needs a few seconds each."
    elif not here.answers:
        return problems + look.note(here.says, here.cure, kind="wait")
    return f'{problems}<div class="ltx-quiet">{look.escape(text)}</div>'


def _problems_html(checked: Checked) -> str:
    if not checked.problems:
        return ""
    inside = f'<div class="ltx-scroll">{look.problem_table(checked.problems)}</div>'
    if checked.errors:
        return look.note("Mend these first; nothing is rendered until then.", kind="bad", inside=inside)
    return look.note("Worth a look:", kind="wait", inside=inside)


def _scene_table(checked: Checked, missing: list[RenderPlan]) -> str:
    wanted = Counter(plan.scene.scene for plan in checked.plans)
    lacking = Counter(plan.scene.scene for plan in missing)
    picked = {plan.scene.scene for plan in checked.plans if plan.from_draft}
    rows = []
    for scene in checked.scenes:
        made = wanted[scene.scene] - lacking[scene.scene]
        chosen = ' <span class="ltx-quiet">picked</span>' if scene.scene in picked else ""
        rows.append(
            (
                f"<b>{look.escape(scene.scene)}</b>",
                MODE_WORDS[scene.mode],
                look.escape(f"{float(scene.duration_s):.2f} s, {scene.width} x {scene.height}"),
                _state_tag(scene, made, wanted[scene.scene]) + chosen,
                f'<span class="ltx-quiet">{look.escape(_shorter(scene.prompt))}</span>',
            )
        )
    head = ("Scene", "Made", "Clip", "Takes", "Prompt")
    return f'<div class="ltx-scroll">{look.table(head, rows)}</div>' if rows else ""


def _state_tag(scene: Scene, made: int, wanted: int) -> str:
    if not scene.enabled:
        return look.tag("left out")
    if not wanted:
        return look.tag(look.plural(scene.takes, "take"))
    if made == wanted:
        return look.tag(f"{made} there" if wanted > 1 else "there", "good")
    return look.tag(f"{made} of {wanted} there" if wanted > 1 else "missing", "wait")


def _shorter(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= _PROMPT_SHOWN else words[: _PROMPT_SHOWN - 1].rstrip() + "…"
