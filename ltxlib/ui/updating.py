"""Notebook 01, keeping current: what is new in the kit, told before anything is changed, and brought here."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from ltxlib import __version__
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio import updating
from ltxlib.studio.updating import NEW_ONES, Update
from ltxlib.ui import look
from ltxlib.ui.job import Job, latest
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, set_html, show, text_block

_HEAD = "This is version {} of the kit. Where it came from is asked only when you press the button."
_LOOKING = "Asking what is new ..."
_UPDATING = "Bringing the update here ..."
_LISTED = 12


def update_panel() -> None:
    """Look for an update of the kit and bring it here; by night nothing is asked and nothing changed."""
    face(
        lambda _: print("In a browser, the kit is updated here. A night leaves it as it is."),
        UpdatePanel,
    )


class UpdatePanel(Panel):
    """A button to look, what is new, and a button to have it."""

    name = "update"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:update"
        self._seen_at_work = False
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.look = self.button("Look for an update", self._look_for, "ltx-primary", "ltx-look-for")
        self.update = self.button("Update the kit", self._update, "ltx-primary", "ltx-update-kit")
        self.working = text_block("", "ltx-working")
        self.found = text_block("", "ltx-found")
        self.update_row = buttons([self.update])
        show(self.update_row, False)
        return [
            text_block(look.heading("Keeping current", _HEAD.format(__version__))),
            buttons([self.look]),
            self.working,
            self.notice,
            self.found,
            self.update_row,
        ]

    def _look_for(self) -> None:
        project = self.project
        self._do(lambda _: ("look", updating.look(project)), _LOOKING)

    def _update(self) -> None:
        project = self.project
        self._do(lambda _: ("update", updating.update(project)), _UPDATING)

    def _do(self, work: Any, says: str) -> None:
        self.say("")
        self._seen_at_work = True
        self.start_job(work, says)

    def show_running(self, job: Job) -> None:
        self._seen_at_work = True
        self.look.disabled = self.update.disabled = True
        said = f'<div class="ltx-said"><span class="ltx-now">{look.escape(job.state)}</span></div>'
        set_html(self.working, said)

    def show_ended(self, job: Job) -> None:
        set_html(self.working, "")
        self.look.disabled = self.update.disabled = False
        if not self._seen_at_work:
            # What was found some time ago may not be so now.
            return
        if job.result is None:
            if job.state == _LOOKING:
                set_html(self.found, "")
                self._offer(False)
            self.fail(job.outcome)
            return
        kind, found = job.result
        if kind == "update" or not found.there:
            set_html(self.found, done_html(found))
            self._offer(False)
        else:
            set_html(self.found, found_html(found))
            self._offer(not found.blocked)

    def _offer(self, offered: bool) -> None:
        """The one thing to press is the one that leads on."""
        show(self.update_row, offered)
        (self.look.remove_class if offered else self.look.add_class)("ltx-primary")

    def fail(self, outcome: look.Outcome) -> None:
        error = outcome.error
        if isinstance(error, LtxlibError):
            # Nothing was lost, nothing is broken: it cannot be had now, and why.
            self.say(look.note(error.message, error.cure, kind="wait"))
        else:
            super().fail(outcome)
        job = latest(self.job_name)
        if error is not None and not (job and job.running):
            self.look.disabled = self.update.disabled = False


def found_html(found: Update) -> str:
    """What of the creator's it meets, first; then what is new."""
    parts = []
    if found.blocked:
        text = f"Changed here by hand, though part of the kit: {', '.join(found.blocked)}."
        cure = "While they are, the update cannot be made. Who changed them can put them back or merge them."
        parts.append(look.note(text, cure, kind="bad"))
    parts.append(look.note(_yours(found)))
    count = look.plural(len(found.news), "change is new", "changes are new")
    told = found.told or found.news
    more = len(told) - _LISTED
    listed = "".join(f"<li>{look.escape(text)}</li>" for text in told[:_LISTED])
    listed += f"<li>... and {more} more</li>" if more > 0 else ""
    parts.append(f'<div class="ltx-scene-name">{count}</div><ul class="ltx-news">{listed}</ul>')
    return "".join(parts)


def _yours(found: Update) -> str:
    """What becomes of the creator's own files."""
    sentences = []
    if found.kept:
        sentences.append(
            f"Yours, and left as they are: {', '.join(found.kept)}. The update's own versions of them are "
            f"put into the folder {NEW_ONES}/, to look at."
        )
    if found.notebooks:
        sentences.append(
            f"These notebooks are renewed: {', '.join(found.notebooks)}. Yours stay beside them, with -yours "
            "in their names."
        )
    return " ".join(sentences) or "Nothing that you made or changed is touched."


def done_html(found: Update) -> str:
    """That it is here, and what is to be done now."""
    if not found.there:
        return look.note("The kit is up to date.")
    count = look.plural(len(found.news), "change")
    kept = f" Yours were left as they are: {', '.join(found.kept)}." if found.kept else ""
    steps = "".join(f"<li>{look.escape(text)}</li>" for text in found.after)
    return look.note(
        f"The kit is updated, by {count}.{kept}",
        inside=f'<ul class="ltx-news ltx-after">{steps}</ul>' if steps else "",
    )
