"""Notebook 01, model files: what is here, what is to come and whether it fits; fetch, pause, go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import ipywidgets as widgets

from ltxlib.core.catalog_parts import Alternative
from ltxlib.core.problem import Problem
from ltxlib.errors import Cancelled, NotAllowed, PodError
from ltxlib.hub import shelf
from ltxlib.store.project import Project
from ltxlib.studio import models
from ltxlib.studio.model_choice import Choice, Wanted, recommended, remember, remembered, wanted
from ltxlib.ui import look, models_words, parts
from ltxlib.ui.job import Job, Outcome, latest
from ltxlib.ui.models_access import AccessForm, token_of
from ltxlib.ui.models_form import ChoiceForm
from ltxlib.ui.models_work import Fetching, fetch_work, models_by_night
from ltxlib.ui.panel import Panel, face

_HEAD = "Choose what your films are made with. Nothing is fetched before you press the button."
_MEASURING = "Reading a little of one file to see how fast it comes; nothing of it is kept ..."
_CHECKING = "Asking Hugging Face ..."
_ALLOWED = "Hugging Face gives these files to you."


def models_panel() -> None:
    """Show which model files are here and fetch what is missing; by night, only say how it is."""
    face(models_by_night, ModelsPanel)


@dataclass(frozen=True)
class _Found:
    choice: Choice
    wanted: Wanted | None = None
    plan: models.ModelsPlan | None = None
    nowhere: PodError | None = None
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def here(self) -> bool:
        """Whether this machine has a ComfyUI, and so a place for them."""
        return self.nowhere is None


class ModelsPanel(Panel):
    """The choice, every file with its state, whether it fits, one button, the progress."""

    name = "models"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:models"
        self._found = _Found(Choice())
        self._advised = False
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.form = ChoiceForm(self.refresh)
        self.advice = parts.text_block("", "ltx-advice")
        self.files = parts.text_block("", "ltx-files")
        self.room = parts.text_block("", "ltx-room")
        self.instead = parts.column([], "ltx-instead")
        self.access = AccessForm(self.project.root, self._guard, self._check)
        self.fetch = self.button("Fetch", self._fetch, "ltx-primary", "ltx-fetch")
        self.pause = self.button(
            "Pause", self._pause, "ltx-pause", tooltip="What came is kept; go on whenever you like."
        )
        self.drop = self.button("Cancel", self._ask, "ltx-drop")
        self.measure = self.button("Measure the speed", self._measure, "ltx-measure")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.sure = parts.text_block()
        yes = self.button("Yes, throw it away", self._drop, "ltx-sure")
        no = self.button("No, keep it", lambda: parts.show(self.asked, False), "ltx-not-sure")
        self.asked = parts.column([self.sure, parts.buttons([yes, no])], "ltx-asked")
        self.progress = parts.text_block("", "ltx-progress")
        self.fetch.disabled = True
        for part in (self.pause, self.drop, self.measure, self.asked):
            parts.show(part, False)
        return [
            parts.text_block(look.heading("Model files", _HEAD)),
            self.advice,
            self.form.part,
            self.files,
            self.room,
            self.instead,
            self.access.part,
            parts.buttons([self.fetch, self.pause, self.drop, self.measure, self.again]),
            self.asked,
            self.progress,
            self.notice,
        ]

    def refresh(self) -> None:
        """Look at the disk anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        if not self._advised:
            self._advise()
        choice, outcome, files, plan, nowhere = self.form.choice(), Outcome(), None, None, None
        with outcome:
            files = wanted(self.project, choice)
            folder = self.project.root / "models"
            try:
                folder = models.models_folder()
            except PodError as error:
                nowhere = error
            plan = models.plan(files.files, folder)
        return _Found(choice, files, plan, nowhere, outcome)

    def _advise(self) -> None:
        """Choose what suits the machine beforehand; what was begun before it, so that it is gone on with."""
        advice, fits = recommended()
        before = None
        with suppress(PodError):
            before = remembered(models.models_folder())
        self.form.recommend(advice, fits, before)
        parts.set_html(self.advice, "" if advice.preset else look.note(advice.why, kind="wait"))
        self._advised = True

    def _fill(self, found: _Found) -> None:
        with self._lock:
            if found.choice != self.form.choice():
                return
            self._found = found
            job = latest(self.job_name)
            if job and job.running:
                self.show_running(job)
                return
            self._show(found)

    def _show(self, found: _Found) -> None:
        plan, told = found.plan, look.failure(found.outcome) if found.outcome.error else ""
        if found.nowhere is not None:
            told += look.note(found.nowhere.message, found.nowhere.cure)
        parts.set_html(self.files, models_words.plan_html(plan, found.here) if plan else "")
        unknown = models_words.unknown_html(found.wanted.unknown) if found.wanted else ""
        room = models_words.room_html(plan) if plan and found.here else ""
        parts.set_html(self.room, room + unknown + told)
        self._offer(found)
        ready = plan is not None and found.here
        half = ready and any(one.state == shelf.HALF for one in plan.missing)
        self.fetch.description = models_words.button_text(plan) if ready else "Fetch"
        work = ready and bool(plan.missing or plan.misplaced)
        self.fetch.disabled = not (work and plan.fits) if ready else True
        self.form.enable(True)
        self.again.disabled = False
        self.drop.description = "Throw away what is half here"
        self.drop.disabled = False
        parts.show(self.drop, bool(half))
        parts.show(self.pause, False)
        parts.show(self.measure, bool(ready and plan.missing and plan.seconds is None))
        if ready and not plan.missing:
            self.access.done()
        else:
            self.access.need(models_words.gated_in(plan) if plan and ready else [])

    def _offer(self, found: _Found) -> None:
        """What may be taken instead of something that is gated or gone, each with its button."""
        rows = []
        have = {file.name for file in found.wanted.files} if found.wanted else set()
        for one in found.wanted.instead if found.wanted and found.plan else ():
            if one.takes not in have and (one.file or found.plan.missing):
                words = parts.text_block(look.note(one.says))
                take = self.button(f"Take {one.takes}", lambda one=one: self._take(one), "ltx-take")
                rows.append(parts.column([words, parts.buttons([take])], "ltx-offer"))
        self.instead.children = rows
        parts.show(self.instead, bool(rows))

    def _take(self, one: Alternative) -> None:
        if one.file is not None:
            self.form.take_file(one.file.name)
        elif one.model is not None:
            self.form.take_model(one.model.name)

    def _fetch(self) -> None:
        plan = self._found.plan
        if plan is None:
            return
        self.say("")
        remember(plan.models, self._found.choice)
        files = tuple(one.file for one in plan.found)
        self.start_job(fetch_work(self.project.root, files, plan.models), Fetching(plan))

    def _pause(self) -> None:
        self._stop(drop=False)

    def _stop(self, *, drop: bool) -> None:
        job = latest(self.job_name)
        if job and job.running:
            job.state.drop = drop
            job.cancel.set()
            self._see(job)

    def _ask(self) -> None:
        running = bool((job := latest(self.job_name)) and job.running)
        words = "Stop, and throw" if running else "Throw"
        text = f"{words} away what of unfinished files is here? Whole files stay."
        parts.set_html(self.sure, look.note(text, kind="wait"))
        parts.show(self.asked, True)

    def _drop(self) -> None:
        parts.show(self.asked, False)
        job, plan = latest(self.job_name), self._found.plan
        if job and job.running:
            self._stop(drop=True)
        elif plan is not None:
            self.in_background(lambda: models.forget(plan), lambda had: self._dropped(had))

    def _dropped(self, had_bytes: int) -> None:
        self.say(look.note(f"{models_words.amount(had_bytes)} were thrown away; whole files stay."))
        self.refresh()

    def _measure(self) -> None:
        plan = self._found.plan
        if plan is not None:
            self._busy(_MEASURING)
            token = token_of(self.project.root)
            self.in_background(lambda: models.measure(plan, token), lambda _: self._measured())

    def _measured(self) -> None:
        self.say("")
        self.refresh()

    def _check(self) -> None:
        plan = self._found.plan
        if plan is not None and plan.missing:
            self._busy(_CHECKING)
            token = token_of(self.project.root)
            self.in_background(lambda: models.may_have(plan, token), self._checked)

    def _checked(self, problems: list[Problem]) -> None:
        self.say("")
        told = look.note("Not yet:", kind="wait", inside=look.problem_table(problems))
        self.access.tell(told if problems else look.note(_ALLOWED))

    def _busy(self, words: str) -> None:
        self.measure.disabled = bool(words)
        self.say(look.note(words))

    def _guard(self, work: Callable[[], None]) -> None:
        outcome = Outcome()
        with outcome:
            work()
        self.fail(outcome)

    def fail(self, outcome: Outcome) -> None:
        super().fail(outcome)
        self.measure.disabled = False
        error, plan = outcome.error, self._found.plan
        if plan is not None and error is not None and isinstance(error.__cause__, NotAllowed):
            named = {problem.where for problem in getattr(error, "problems", ())}
            closed = [one.file for one in plan.missing if one.file.name in named]
            self.access.need(closed, refused=True)

    def show_running(self, job: Job) -> None:
        state, stopping = job.state, job.cancel.is_set()
        self.form.enable(False)
        self.fetch.disabled = self.again.disabled = True
        self.fetch.description = "Fetching ..."
        for part in (self.pause, self.drop):
            part.disabled = stopping
            parts.show(part, True)
        self.drop.description = "Cancel"
        for part in (self.measure, self.instead, self.access.part):
            parts.show(part, False)
        parts.set_html(self.room, "")
        parts.set_html(self.files, models_words.plan_html(state.plan, True, state.now))
        parts.set_html(self.progress, models_words.progress_html(state.now, stopping=stopping))

    def show_ended(self, job: Job) -> None:
        parts.set_html(self.progress, "")
        parts.show(self.asked, False)
        error = job.error
        if isinstance(error, Cancelled) and job.state.drop:
            self._dropped(job.state.dropped_bytes)
        elif isinstance(error, Cancelled):
            self.say(
                look.note("Paused. What came is kept, also when the pod stops: go on whenever you like.")
            )
        elif error is None:
            self.say(look.note("All of them are here, whole and checked."))
        else:
            self.fail(job.outcome)
