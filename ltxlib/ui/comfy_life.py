"""Notebook 01, ComfyUI's life: how it is, started and stopped, awaited with clock and money, its log."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from ltxlib.errors import Cancelled, LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life
from ltxlib.studio.comfy_life import Freed, Life, Waiting
from ltxlib.studio.comfy_log import Trouble
from ltxlib.studio.watching import NightView
from ltxlib.ui import comfy_words, look
from ltxlib.ui.comfy_log import LogView
from ltxlib.ui.job import Job, latest
from ltxlib.ui.night_watch import watch
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, set_html, show, text_block

# While it renders or comes up there is something to see; else it is looked at when asked.
LOOK_EVERY_S = 15.0
STOPPED = "ComfyUI has ended. A pod costs the same without it, until the pod is stopped."
# Of each project the panel that was shown last; only that one looks by itself.
_NEWEST: dict[Project, weakref.ref[ComfyPanel]] = {}


def comfyui_panel() -> None:
    """Show ComfyUI's life on this machine; by night say how it is, and leave it alone."""
    face(_by_night, ComfyPanel)


def _by_night(project: Project) -> None:
    try:
        if comfy_life.is_here():
            found = comfy_life.life(project)
            print(f"{found.says} {found.work}".strip())
        else:
            print(comfy_words.NONE_HERE)
    except LtxlibError as error:
        # What the night needs is judged where it is needed; this line is only told.
        print(error)


@dataclass
class _Work:
    """What is being done, in words; and how long it has been awaited."""

    says: str
    waited: Waiting | None = None
    awaits: bool = False

    def apply(self, event: Waiting) -> None:
        self.waited = event


@dataclass(frozen=True)
class _Found:
    life: Life | None
    trouble: Trouble


class ComfyPanel(Panel):
    """How ComfyUI is, the buttons of its life, the way into it, its log."""

    name = "comfy"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:comfyui"
        self._life: Life | None = None
        # Whether this panel has seen the job at work; what an older one told is no news.
        self._seen_at_work = False
        self._timer: threading.Timer | None = None
        self._night = False
        self._then: Callable[[], None] = lambda: None
        self._me = _NEWEST[project] = weakref.ref(self)
        super().__init__(project)
        watch(project).add(self.see_night)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("Looking for ComfyUI ..."), "ltx-head")
        self.start = self.button("Start", self._start, "ltx-start")
        self.stop = self.button("Stop", lambda: self._ask("Stop", self._stop), "ltx-stop")
        self.restart = self.button("Restart", lambda: self._ask("Restart", self._restart), "ltx-restart")
        self.free = self.button("Free memory", self._free, "ltx-free", tooltip="Models leave the card.")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.reason = text_block("", "ltx-reason")
        self.working = text_block("", "ltx-working")
        self.cancel = self.cancel_button()
        self.cancel.description = "Do not wait any longer"
        self.waiting_row = buttons([self.cancel])
        show(self.waiting_row, False)
        self.facts = text_block("", "ltx-facts-shown")
        self.workflows = self.button(
            "Show the kit's workflows in ComfyUI's list", self._show_workflows, "ltx-show-workflows"
        )
        self.read_log = self.button("Show the log", self._read_log, "ltx-read-log")
        self.log = LogView()
        self.life_buttons = buttons([self.start, self.stop, self.restart, self.free, self.again])
        self.more = column([self.facts, buttons([self.workflows, self.read_log]), self.log.part], "ltx-more")
        self._off(True)
        show(self.more, False)
        return [
            self.head,
            self.life_buttons,
            self._question(),
            self.reason,
            self.working,
            self.waiting_row,
            self.notice,
            self.more,
        ]

    def _question(self) -> widgets.Widget:
        """What is asked once more before renders are lost."""
        self.question = text_block()
        self.yes = self.button("", self._sure, "ltx-primary", "ltx-sure")
        no = self.button("No, leave it", self._not_sure, "ltx-not-sure")
        self.asked = column([self.question, buttons([self.yes, no])], "ltx-asked")
        show(self.asked, False)
        return self.asked

    def refresh(self) -> None:
        """Look anew at how ComfyUI is."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        if not comfy_life.is_here():
            return _Found(None, Trouble())
        return _Found(comfy_life.life(self.project), comfy_life.log_trouble(self.project))

    def _fill(self, found: _Found) -> None:
        with self._lock:
            self._life = life = found.life
            if life is None:
                set_html(self.head, look.heading(comfy_words.NONE_HERE, comfy_words.NONE_CURE))
            else:
                set_html(self.head, comfy_words.head_html(life))
                set_html(self.facts, comfy_words.facts_html(life, found.trouble))
                held = f'<p class="ltx-hint">{look.escape(life.held)} Its buttons are off until then.</p>'
                set_html(self.reason, held if life.held else "")
            show(self.more, life is not None)
            for one in (self.start, self.stop, self.restart, self.free):
                show(one, life is not None)
            self._offer()
            if life and _changes_soon(life):
                self._look_later()

    def _offer(self) -> None:
        """Offer what makes sense as ComfyUI is now."""
        job, life = latest(self.job_name), self._life
        self._off(bool(job and job.running))
        if self.again.disabled or life is None:
            return
        ours, held = bool(life.processes), bool(life.held)
        self.start.disabled = life.answers or held
        self.start.description = "Wait until it answers" if ours and not life.answers else "Start"
        wanted = not life.answers and not life.installing
        (self.start.add_class if wanted else self.start.remove_class)("ltx-primary")
        self.stop.disabled = self.restart.disabled = not ours or held
        self.free.disabled = not life.answers or held
        self.workflows.disabled = life.workflows_shown

    def _off(self, off: bool) -> None:
        for one in (self.start, self.stop, self.restart, self.free, self.again, self.workflows):
            one.disabled = off

    def _look_later(self) -> None:
        """Look again by itself in a while; only for the panel that was shown last."""
        me = self._me

        def look_again() -> None:
            panel = me()
            if panel is not None and _NEWEST[panel.project] is panel._me and panel._timer is timer:
                panel.refresh()

        timer = threading.Timer(LOOK_EVERY_S, look_again)
        timer.daemon = True
        self._timer = timer
        timer.start()

    def see_night(self, view: NightView) -> None:
        """A night that begins or ends decides who may touch ComfyUI; called by the watch."""
        with self._lock:
            before, self._night = self._night, view.running
        if before != view.running:
            self.refresh()

    def _do(self, says: str, work: Callable[[Job], Any], *, awaits: bool = False) -> None:
        self.say("")
        show(self.asked, False)
        self._seen_at_work = True
        self.start_job(work, _Work(says, awaits=awaits))

    def _start(self) -> None:
        project = self.project
        says = "Waiting for ComfyUI" if self._life and self._life.processes else "Starting ComfyUI"
        self._do(
            says, lambda job: comfy_life.start(project, waiting=job.tell, cancel=job.cancel), awaits=True
        )

    def _restart(self) -> None:
        project = self.project
        self._do(
            "Restarting ComfyUI",
            lambda job: comfy_life.start(project, again=True, waiting=job.tell, cancel=job.cancel),
            awaits=True,
        )

    def _stop(self) -> None:
        project = self.project
        self._do("Stopping ComfyUI ...", lambda _: comfy_life.stop(project))

    def _free(self) -> None:
        project = self.project
        self._do("Freeing memory ...", lambda _: comfy_life.free(project))

    def _show_workflows(self) -> None:
        project = self.project
        self._do("Showing the workflows ...", lambda _: comfy_life.show_workflows(project))

    def _ask(self, name: str, then: Callable[[], None]) -> None:
        """Do it at once when nothing is lost by it, else ask once more."""
        self.say("")
        self._off(True)

        def asked(life: Life) -> None:
            lost = 0 if life.held else life.rendering + life.waiting
            with self._lock:
                self._life = life
                set_html(self.head, comfy_words.head_html(life))
                self._offer()
                if lost:
                    self._then = then
                    renders = look.plural(lost, "render is", "renders are")
                    text = f"{renders} at work or waiting there, and would be lost."
                    set_html(self.question, look.note(text, kind="wait"))
                    self.yes.description = f"Yes, {name.lower()} it"
                    show(self.asked, True)
                    # What is rendering ends some time; then there is nothing left to ask.
                    self._look_later()
            if not lost:
                then()

        self.in_background(lambda: comfy_life.life(self.project), asked)

    def _sure(self) -> None:
        show(self.asked, False)
        self._then()

    def _not_sure(self) -> None:
        show(self.asked, False)

    def _read_log(self) -> None:
        self.in_background(lambda: comfy_life.log_path(self.project), self._show_log)

    def _show_log(self, path: Path | None) -> None:
        with self._lock:
            self.log.show(True)
            self.log.read(path)
            self.read_log.description = "Read the log again"

    def show_running(self, job: Job) -> None:
        self._seen_at_work = True
        self._off(True)
        work = job.state
        set_html(self.working, comfy_words.waiting_html(work.says, work.waited))
        if work.awaits:
            set_html(self.head, comfy_words.coming_html(self._life.version if self._life else ""))
        for part in (self.waiting_row, self.cancel):
            show(part, work.awaits)
        self.cancel.disabled = job.cancel.is_set()
        if work.awaits and self.log.due():
            self._show_log(comfy_life.log_path(self.project))

    def show_ended(self, job: Job) -> None:
        set_html(self.working, "")
        show(self.waiting_row, False)
        if not self._seen_at_work:
            return
        if isinstance(job.error, Cancelled):
            self.say(look.note(job.error.message, "It shows here as soon as it answers.", kind="wait"))
        elif job.error is not None:
            self.fail(job.outcome)
        else:
            self.say(look.note(_told(job)))
        if job.state.awaits:
            self._show_log(comfy_life.log_path(self.project))

    def fail(self, outcome: look.Outcome) -> None:
        super().fail(outcome)
        if outcome.error is not None:
            self._offer()


def _changes_soon(life: Life) -> bool:
    """Whether it will be otherwise in a while, with nobody pressing anything."""
    coming = bool(life.processes) and not life.answers
    return bool(life.rendering or life.waiting or life.installing or coming)


def _told(job: Job) -> str:
    """What came of it, in a sentence."""
    if job.state.awaits:
        return comfy_words.answered(job.state.waited)
    if isinstance(job.result, Freed):
        return job.result.says
    return STOPPED if isinstance(job.result, Life) else comfy_words.WHERE
