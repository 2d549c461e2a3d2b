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
from ltxlib.ui.job import Job, Outcome
from ltxlib.ui.parts import button, column, set_html, text_block
from ltxlib.ui.place import Place

# The panels of this kernel, so that one can tell the others that something on the disk has changed.
_OPEN: weakref.WeakSet[Panel] = weakref.WeakSet()


class Panel:
    """One form and its result.

    A panel answers at once: what needs the disk or the network is gathered on another thread and filled in
    when it is there. `settle` waits for that; tests use it.
    """

    name = "panel"

    def __init__(self, project: Project) -> None:
        self.project = project
        self.banner = text_block()
        self.notice = text_block("", "ltx-notice")
        self._threads: list[threading.Thread] = []
        _OPEN.add(self)
        parts = self.build()
        self.root = column(
            [text_block(look.style(), "ltx-style"), self.banner, *parts], "ltx-panel", f"ltx-{self.name}"
        )

    def build(self) -> list[widgets.Widget]:
        """The parts below the banner; `self.notice` belongs among them, where failures are to be read."""
        raise TypeError("a panel says what it is made of")

    def refresh(self) -> None:
        """Look at the disk anew; called when another panel has changed something."""

    def tell_others(self) -> None:
        """Let the other panels of this notebook look anew."""
        for panel in list(_OPEN):
            if panel is not self and panel.project == self.project:
                panel.refresh()

    def in_background(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do `work` on another thread and hand its result to `then`; a failure is shown instead."""

        def run() -> None:
            outcome = Outcome()
            with outcome:
                then(work())
            self.fail(outcome)

        self._run(run)

    def follow(self, job: Job, see: Callable[[], None]) -> None:
        """Keep showing a job on another thread until it has ended, a few times a second at most."""

        def run() -> None:
            outcome = Outcome()
            with outcome:
                job.follow(see)
            self.fail(outcome)

        self._run(run)

    def _run(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="ltx-watch", daemon=True)
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
            display(in_browser(project()).root)
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
