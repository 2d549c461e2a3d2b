"""Notebook 01: the checklist, each line with a button where the kit can do the cure; and the rehearsal."""

from __future__ import annotations

import os
from dataclasses import dataclass

import ipywidgets as widgets

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput
from ltxlib.store.project import Project
from ltxlib.studio import curing, doctor, rehearsing
from ltxlib.studio.setup import AMBER, RED, REHEARSAL_OFF, Line
from ltxlib.ui import look, place
from ltxlib.ui.copying import copy_box
from ltxlib.ui.job import Job, latest
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, set_html, show, text_block
from ltxlib.ui.setup_rows import Row, Rows

# Red lines without which nothing can be rendered; of the others batch 02 judges for the very scenes that it
# is asked for, and ComfyUI is started by the night itself.
_STOPS = ("Server", "GPU", "ffmpeg", "Scenes")


def setup_panel(rehearse: bool = False) -> None:
    """Show what is there and what is missing. rehearse: by night, switch the rehearsal on first."""
    face(lambda project: _by_night(project, rehearse), SetupPanel)


def _by_night(project: Project, rehearse: bool) -> None:
    if rehearse:
        print(f"The rehearsal answers at {rehearsing.start(project).url}.")
    lines = doctor.examine(project)
    for line in lines:
        advice = curing.advice(line)
        print(
            f"{line.state.upper():5}  {line.name}: {line.says}{f' -> {advice}' if advice else ''}", flush=True
        )
    stops = [
        Problem(line.name, line.says, line.cure)
        for line in lines
        if line.state == RED and line.name in _STOPS
    ]
    if stops:
        raise BadInput(
            f"The night cannot begin: {look.plural(len(stops), 'thing')} on the checklist must be mended "
            "first.",
            stops,
            cure=stops[0].cure,
        )


@dataclass(frozen=True)
class _Found:
    lines: list[Line]
    place: place.Place
    rehearsing: bool


class _Doing:
    """A cure that is being done, and what it told last."""

    def __init__(self, cure: curing.Cure) -> None:
        self.cure = cure
        self.told = curing.Told(cure.working)

    def apply(self, told: curing.Told) -> None:
        """Something was told."""
        self.told = told


class SetupPanel(Panel):
    """The checklist with a cure for each line that is not well."""

    name = "setup"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:setup"
        self._found: _Found | None = None
        self._afresh = True
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("Looking around ...", "This takes a few seconds."))
        self.rows = Rows(self._pressed)
        self.room = column([self.rows.root, self.rows.well], "ltx-rows", "ltx-looking")
        self.again = self.button("Look again", self._look_again, "ltx-again")
        self.switch = self.button("Rehearse here, without a GPU", self._switch, "ltx-switch")
        self.check = self.button(
            curing.find(curing.CHECK).words,
            lambda: self._do(curing.find(curing.CHECK)),
            "ltx-check",
            tooltip=curing.find(curing.CHECK).does,
        )
        self.support = self.button("Copy for support", self._support, "ltx-support-text")
        self.cancel = self.cancel_button()
        self.switch_hint = text_block()
        self.working = text_block("", "ltx-working")
        self.support_box = text_block("", "ltx-support")
        self._is_on = False
        show(self.check, False)
        self._busy(True)
        return [
            self.head,
            self.room,
            buttons([self.switch, self.again, self.check, self.support, self.cancel]),
            self.switch_hint,
            self.working,
            self.notice,
            self.support_box,
        ]

    def refresh(self) -> None:
        """Look at everything anew; rows stay where they are."""
        self._busy(True)
        self.look_at(self._gather, self._fill)

    def _look_again(self) -> None:
        self._afresh = True
        self.say("")
        set_html(self.support_box, "")
        self.again.description = "Looking ..."
        self.refresh()

    def _gather(self) -> _Found:
        lines = doctor.examine(self.project)
        return _Found(lines, place.look(self.project), rehearsing.running(self.project) is not None)

    def _fill(self, found: _Found) -> None:
        self._found, self._is_on = found, found.rehearsing
        self.stand_in(found.place)
        set_html(self.head, look.heading(*_summary(found.lines)))
        self.rows.fill(found.lines, afresh=self._afresh)
        self._afresh = False
        self.room.remove_class("ltx-looking")
        self.again.description = "Look again"
        self.switch.description = (
            "Switch the rehearsal off" if found.rehearsing else "Rehearse here, without a GPU"
        )
        # The one thing to press is the one that leads on.
        can_start = any(line.key == curing.START for line in found.lines)
        wanted = not found.rehearsing and not found.place.answers and not can_start
        (self.switch.add_class if wanted else self.switch.remove_class)("ltx-primary")
        set_html(self.switch_hint, f'<p class="ltx-hint">{look.escape(_hint(found))}</p>')
        show(self.check, any(line.name.startswith("Model f") for line in found.lines))
        job = latest(self.job_name)
        self._busy(bool(job and job.running))
        if os.environ.get("LTX_COMFY_URL") and not found.rehearsing:
            self.switch.disabled = True

    def _switch(self) -> None:
        self._do(curing.find(REHEARSAL_OFF if self._is_on else curing.REHEARSE))

    def _pressed(self, row: Row) -> None:
        cure = row.cure
        if cure is None:
            return
        if cure.asks is None or row.asked:
            self._do(cure)
            return
        ask = cure.asks

        def then(question: str) -> None:
            if question:
                row.ask(question)
            else:
                row.tell("There is nothing to do any more.")

        self.in_background(lambda: ask(self.project), then)

    def _do(self, cure: curing.Cure) -> None:
        self.say("")

        def work(job: Job) -> str:
            return cure.run(self.project, curing.Doing(job.tell, job.cancel))

        self.start_job(work, _Doing(cure))

    def _support(self) -> None:
        if self._found is not None:
            told = doctor.support_text(self._found.lines)
            hint = "Paste it where you ask for help. There is no key, token or password in it."
            set_html(self.support_box, copy_box("For support", hint, told))

    def show_running(self, job: Job) -> None:
        self._busy(True)
        cure, told = job.state.cure, job.state.told
        says = "Stopping ..." if job.cancel.is_set() else told.says
        row = self.rows.of(cure.key)
        if row:
            row.tell(says)
        bar = look.bar(told.share, 1.0) if told.share is not None else ""
        now = "" if row else f'<div class="ltx-said"><span class="ltx-now">{look.escape(says)}</span></div>'
        set_html(self.working, now + bar)
        show(self.cancel, cure.stops)
        self.cancel.disabled = job.cancel.is_set()

    def show_ended(self, job: Job) -> None:
        set_html(self.working, "")
        show(self.cancel, False)
        self.say(look.note(job.result) if job.result else "")
        self.fail(job.outcome)
        row = self.rows.of(job.state.cure.key)
        if row:
            row.see(row.line)

    def fail(self, outcome: look.Outcome) -> None:
        super().fail(outcome)
        if outcome.error is not None:
            self._busy(False)

    def _busy(self, busy: bool) -> None:
        self.again.disabled = self.switch.disabled = self.check.disabled = busy
        self.support.disabled = self._found is None
        self.rows.enable(not busy)


def _summary(lines: list[Line]) -> tuple[str, str]:
    red = sum(line.state == RED for line in lines)
    if red:
        told = f"{look.plural(red, 'line needs', 'lines need')} you"
        return told, "Below each stands what to do; where there is a button, the kit does it."
    if any(line.state == AMBER for line in lines):
        return "Everything a film needs is here", "The yellow lines are worth knowing."
    return "Everything a film needs is here", ""


def _hint(found: _Found) -> str:
    if os.environ.get("LTX_COMFY_URL"):
        return f"The server is fixed to {found.place.url} (LTX_COMFY_URL), so this switch has no say."
    if found.rehearsing:
        return "The rehearsal goes on when you close this page. Switch it off to work with the pod's GPU."
    return (
        "The rehearsal plays ComfyUI on this machine: the whole way from scene to film works, with drawn "
        "stand-ins for clips. It is free, and a good way to try your scenes before you rent a GPU."
    )
