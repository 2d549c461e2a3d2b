"""Notebook 01: the checklist, and the switch to rehearse on a machine without a GPU."""

from __future__ import annotations

import os
from dataclasses import dataclass

import ipywidgets as widgets

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.setup import AMBER, GREEN, RED, Line, checklist
from ltxlib.ui import look, place
from ltxlib.ui.job import Job, latest
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, set_html, text_block

# Red lines that batch 02 looks at again, for the very scenes it is asked for.
_JUDGED_LATER = ("Nodes", "Models", "Disk")
_WORDS = {GREEN: "well", AMBER: "worth knowing", RED: "needs you"}


def setup_panel(rehearse: bool = False) -> None:
    """Show what is there and what is missing. rehearse: by night, switch the rehearsal on first."""
    face(lambda project: _by_night(project, rehearse), SetupPanel)


def _by_night(project: Project, rehearse: bool) -> None:
    if rehearse:
        print(f"The rehearsal answers at {rehearsing.start(project).url}.")
    lines = checklist(project)
    for line in lines:
        cure = f" -> {line.cure}" if _has_cure(line) else ""
        print(f"{line.state.upper():5}  {line.name}: {line.says}{cure}", flush=True)
    stops = [
        Problem(line.name, line.says, line.cure)
        for line in lines
        if line.state == RED and line.name not in _JUDGED_LATER
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


class SetupPanel(Panel):
    """The checklist with a cure for each line that is not well."""

    name = "setup"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:rehearsal"
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("Looking around ..."))
        self.lines = text_block("", "ltx-checklist")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.switch = self.button("Rehearse here, without a GPU", self._switch, "ltx-switch")
        self.switch_hint = text_block()
        self._is_on = False
        self._busy(True)
        return [
            self.head,
            self.lines,
            buttons([self.switch, self.again]),
            self.switch_hint,
            self.notice,
        ]

    def refresh(self) -> None:
        """Look at everything anew."""
        self._busy(True)
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        found = rehearsing.running(self.project) is not None
        return _Found(checklist(self.project), place.look(self.project), found)

    def _fill(self, found: _Found) -> None:
        self.stand_in(found.place)
        self._is_on = found.rehearsing
        set_html(self.head, look.heading(_summary(found.lines)))
        set_html(self.lines, _list(found.lines))
        self.switch.description = (
            "Switch the rehearsal off" if found.rehearsing else "Rehearse here, without a GPU"
        )
        # The one thing to press is the one that leads on.
        wanted = not found.rehearsing and not found.place.answers
        (self.switch.add_class if wanted else self.switch.remove_class)("ltx-primary")
        set_html(self.switch_hint, f'<p class="ltx-hint">{look.escape(_hint(found))}</p>')
        job = latest(self.job_name)
        self._busy(bool(job and job.running))
        if os.environ.get("LTX_COMFY_URL") and not found.rehearsing:
            self.switch.disabled = True

    def _switch(self) -> None:
        project = self.project
        if self._is_on:
            self.start_job(lambda _: rehearsing.stop(project), "Switching the rehearsal off ...")
        else:
            words = "Starting the rehearsal; this takes a few seconds ..."
            self.start_job(lambda _: rehearsing.start(project), words)

    def show_running(self, job: Job) -> None:
        self._busy(True)
        self.say(look.note(job.state))

    def show_ended(self, job: Job) -> None:
        self.say("")
        self.fail(job.outcome)

    def fail(self, outcome: look.Outcome) -> None:
        super().fail(outcome)
        if outcome.error is not None:
            self._busy(False)

    def _busy(self, busy: bool) -> None:
        self.again.disabled = self.switch.disabled = busy


def _has_cure(line: Line) -> bool:
    return bool(line.cure) and line.state != GREEN


def _summary(lines: list[Line]) -> str:
    red = sum(line.state == RED for line in lines)
    if red:
        return f"{look.plural(red, 'line needs', 'lines need')} you; the cure stands below each."
    amber = sum(line.state == AMBER for line in lines)
    if amber:
        return "Everything a film needs is here; the yellow lines are worth knowing."
    return "Everything a film needs is here."


def _list(lines: list[Line]) -> str:
    rows = []
    for line in lines:
        cure = f'<span class="ltx-cure">{look.escape(line.cure)}</span>' if _has_cure(line) else ""
        rows.append(
            f'<div class="ltx-row ltx-{look.escape(line.state)}">'
            f'<span class="ltx-dot" role="img" aria-label="{_WORDS.get(line.state, "")}"></span>'
            f'<span class="ltx-name">{look.escape(line.name)}</span>'
            f"<span>{look.escape(line.says)}{cure}</span></div>"
        )
    return f'<div class="ltx-list">{"".join(rows)}</div>'


def _hint(found: _Found) -> str:
    if os.environ.get("LTX_COMFY_URL"):
        return f"The server is fixed to {found.place.url} (LTX_COMFY_URL), so this switch has no say."
    if found.rehearsing:
        return "The rehearsal goes on when you close this page. Switch it off to work with the pod's GPU."
    return (
        "The rehearsal plays ComfyUI on this machine: the whole way from scene to film works, with drawn "
        "stand-ins for clips. It is free, and a good way to try your scenes before you rent a GPU."
    )
