"""What every panel has in common: the look, the rehearsal banner, one way to work and one way to fail."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML, display

from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.ui import look
from ltxlib.ui.context import headless, project
from ltxlib.ui.job import Job, Outcome, begin, latest, to_show
from ltxlib.ui.parts import button, column, set_html, show, text_block
from ltxlib.ui.place import Place
from ltxlib.ui.presses import answer_the_open_page, leave_closed_pages_alone

# The panels of this kernel, so that one can tell the others that something on the disk has changed.
_OPEN: weakref.WeakSet[Panel] = weakref.WeakSet()
# How long a cell waits for the first look, so that the page does not grow under the mouse afterwards.
FIRST_LOOK_S = 1.0


class Panel:
    """One form and its result.

    A panel answers at once: what needs the disk or the network is gathered on another thread and filled in
    when it is there. `settle` waits for that; tests use it. One with a `job_name` shows the job of that name,
    whichever panel began it: the cell may have been run again since, or the page opened elsewhere.
    """

    name = "panel"
    job_name = ""
    cancel: widgets.Button

    def __init__(self, project: Project) -> None:
        self.project = project
        self.banner = text_block()
        self.notice = text_block("", "ltx-notice")
        self._threads: list[threading.Thread] = []
        self._lock = threading.RLock()
        self._asked, self._looking, self._looked = 0, False, threading.Event()
        self._job: Job | None = None
        self._ended: Job | None = None
        parts = self.build()
        self.root = column(
            [text_block(look.style(), "ltx-style"), self.banner, *parts], "ltx-panel", f"ltx-{self.name}"
        )
        _OPEN.add(self)
        job = to_show(self.job_name) if self.job_name else None
        if job and job.running:
            self.attend(job)
        elif job:
            self._job = job
            self._see(job)
        self.refresh()

    def build(self) -> list[widgets.Widget]:
        """The parts below the banner; `self.notice` belongs among them, where failures are to be read."""
        raise TypeError("a panel says what it is made of")

    def refresh(self) -> None:
        """Look at the disk anew; called when another panel has changed something."""

    def show_running(self, job: Job) -> None:
        """Show how far the job is; called at its beginning and a few times a second."""

    def show_ended(self, job: Job) -> None:
        """Show how the job ended; called once. What is on the disk now is looked at afterwards."""

    def tell_others(self) -> None:
        """Let the other panels of this notebook look anew; those with the same job do so by themselves."""
        for panel in list(_OPEN):
            same_job = bool(self.job_name) and panel.job_name == self.job_name
            if panel is not self and panel.project == self.project and not same_job:
                panel.refresh()

    def look_at(self, gather: Callable[[], Any], fill: Callable[[Any], None]) -> None:
        """Gather on another thread and fill in, one look after the other.

        Asked again meanwhile, it looks once more, so that what is shown is never older than the last asking.
        """
        with self._lock:
            self._asked += 1
            if self._looking:
                return
            self._looking = True
        self._run(lambda: self._look(gather, fill))

    def _look(self, gather: Callable[[], Any], fill: Callable[[Any], None]) -> None:
        while True:
            with self._lock:
                asked = self._asked
            outcome = Outcome()
            with outcome:
                fill(gather())
            self.fail(outcome)
            self._looked.set()
            with self._lock:
                if asked == self._asked:
                    self._looking = False
                    return

    def first_look(self, timeout_s: float = FIRST_LOOK_S) -> None:
        """Wait for what is gathered at the beginning, but not for long."""
        if self._asked:
            self._looked.wait(timeout_s)

    def in_background(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do `work` on another thread and hand its result to `then`; a failure is shown instead."""

        def run() -> None:
            outcome = Outcome()
            with outcome:
                then(work())
            self.fail(outcome)

        self._run(run)

    def start_job(self, work: Callable[[Job], Any], state: Any = None) -> None:
        """Begin this panel's job, or find it running; every panel of that name shows it."""
        job = begin(self.job_name, work, state)
        for panel in list(_OPEN):
            if panel.job_name == self.job_name:
                panel.attend(job)

    def attend(self, job: Job) -> None:
        """Show a job until it has ended, then look at what it has changed."""
        with self._lock:
            if job is self._job:
                return
            self._job = job
            self._see(job)

        def run() -> None:
            outcome = Outcome()
            with outcome:
                job.follow(lambda: self._see(job))
            self.fail(outcome)
            self.refresh()
            self.tell_others()

        self._run(run)

    def _see(self, job: Job) -> None:
        # One look at a time, or a late look at the running job would cover its end.
        with self._lock:
            if job is not self._job or job is self._ended:
                return
            if job.running:
                self.show_running(job)
            else:
                self._ended = job
                self.show_ended(job)

    def _run(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="ltx-watch", daemon=True)
        with self._lock:
            self._threads = [old for old in self._threads if old.is_alive()] + [thread]
            thread.start()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until everything this panel does in the background is done."""
        while any(thread.is_alive() for thread in self._threads):
            for thread in list(self._threads):
                thread.join(timeout_s)

    def button(self, text: str, on: Callable[[], None], *classes: str, tooltip: str = "") -> widgets.Button:
        """A button whose failures are shown in this panel."""

        def guarded() -> None:
            outcome = Outcome()
            with outcome:
                on()
            self.fail(outcome)

        return button(text, guarded, *classes, tooltip=tooltip)

    def cancel_button(self) -> widgets.Button:
        """The button that ends this panel's job; hidden, until `show_running` shows it."""
        made = self.button("Cancel", self._cancel, "ltx-cancel")
        show(made, False)
        return made

    def _cancel(self) -> None:
        job = latest(self.job_name)
        if job:
            job.cancel.set()
            self.cancel.disabled = True
            self._see(job)

    def fail(self, outcome: Outcome) -> None:
        """Show what went wrong, if anything did."""
        if outcome.error is not None:
            self.say(look.failure(outcome))

    def say(self, html: str) -> None:
        """Show a note, or take it away with an empty text."""
        set_html(self.notice, html)

    def stand_in(self, place: Place) -> None:
        """Show the rehearsal banner whenever that is where the panel works."""
        set_html(self.banner, look.rehearsal_banner() if place.rehearsal else "")


def face(by_night: Callable[[Project], None], in_browser: Callable[[Project], Panel]) -> None:
    """One cell, two faces: a form for a person, or the work itself, in text, for the night.

    A stop the kit knows is told in plain words; by night it also ends the run.
    """
    try:
        if headless():
            by_night(project())
        else:
            answer_the_open_page()
            leave_closed_pages_alone()
            panel = in_browser(project())
            panel.first_look()
            display(panel.root)
    except LtxlibError as error:
        if headless():
            raise plainly(error) from None
        outcome = Outcome()
        with outcome:
            raise error
        display(HTML(look.style() + f'<div class="ltx-panel">{look.failure(outcome)}</div>'))


def plainly(error: LtxlibError) -> LtxlibError:
    """The same error, shown by IPython as one block of plain text instead of a traceback.

    The last line is the one that says why: papermill's log ends with it.
    """
    problems = [f"  {problem}" for problem in getattr(error, "problems", ())]
    lines = [*problems, f"STOPPED: {error.message} {error.cure}"]
    # IPython asks an exception for its own rendering by this name (IPython.core.interactiveshell).
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error
