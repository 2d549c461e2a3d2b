"""Notebook 04, the very end: stop the pod, after a look at what lies only on it, and a second press."""

from __future__ import annotations

from dataclasses import dataclass, field

import ipywidgets as widgets

from ltxlib.core import leaving as words
from ltxlib.pod.stopping import Attempt, StopReport
from ltxlib.store.project import Project
from ltxlib.studio import leaving
from ltxlib.studio.leaving import Leave
from ltxlib.studio.taking_home import left
from ltxlib.ui import look, parts
from ltxlib.ui.home import left_html
from ltxlib.ui.job import Job, at_work
from ltxlib.ui.panel import Panel, face

_HEAD = "The graphics card is paid for by the minute until the pod is stopped, whether it works or not."
_NO_POD = "This machine is no RunPod pod, so there is nothing to stop."
_GOING = "Stopping the pod. This page loses its connection when it has stopped: that is how it should be."
_LOOK = "Look at the pod on RunPod's page"


def stop_panel() -> None:
    """Offer to stop the pod; by night only say what a stop would leave here."""
    face(_by_night, StopPanel)


def _by_night(project: Project) -> None:
    found = left(project.set(rehearsal=False))
    print(f"The pod is not stopped from this page by night. {found.says}")


@dataclass
class Stopping:
    """What was answered so far."""

    attempts: list[Attempt] = field(default_factory=list)
    report: StopReport | None = None
    rounds: int = 0

    def apply(self, told: Attempt | StopReport) -> None:
        """Take in one answer, or what came of a round."""
        if isinstance(told, StopReport):
            self.report = told
            self.rounds += 1
        else:
            if self.report is not None:
                self.attempts, self.report = [], None
            self.attempts.append(told)


class StopPanel(Panel):
    """What lies only here; one press asks, the second stops; every answer is shown."""

    name = "stop"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:stop-pod"
        self._asked_first = False
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.number = parts.text_block("", "ltx-left")
        self.says = parts.text_block("", "ltx-what-stays")
        self.first = self.button("Stop the pod ...", self._ask, "ltx-stop-pod")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.sure = self.button("Yes, stop the pod now", self._stop, "ltx-stop-now", "ltx-danger")
        self.never = self.button("Leave it running", self._never, "ltx-never-mind")
        self.cancel = self.cancel_button()
        self.cancel.description = "Leave it running"
        self.progress = parts.text_block("", "ltx-progress")
        self.presses = parts.buttons([self.first, self.sure, self.never, self.cancel, self.again])
        for part in (self.first, self.sure, self.never):
            parts.show(part, False)
        return [
            parts.text_block(look.heading("Stop the pod", _HEAD)),
            self.number,
            self.says,
            self.presses,
            self.notice,
            self.progress,
        ]

    def refresh(self) -> None:
        """Look at what lies here and what is at work."""
        self.look_at(lambda: leaving.look(self.project), self._fill)

    def _fill(self, found: Leave) -> None:
        with self._lock:
            running = bool(self._job and self._job.running)
            busy = found.busy or at_work(str(self.project.root), but=self.job_name)
            stopped = isinstance(self._job and self._job.result, StopReport) and self._job.result.stopped
            on_pod = found.pod is not None
            ready = on_pod and not stopped and not running
            asked = self._asked_first = self._asked_first and ready and not busy
            parts.set_html(self.number, left_html(found.left) if on_pod else "")
            waits = busy if ready else ""
            parts.set_html(self.says, _says_html(found, waits, told=asked or running or stopped))
            parts.show(self.first, ready and not asked)
            self.first.disabled = bool(busy)
            parts.show(self.sure, asked)
            parts.show(self.never, asked)
            parts.show(self.again, ready and not asked)
            parts.show(self.presses, on_pod and not stopped)

    def _ask(self) -> None:
        self.say("")
        self._asked_first = True
        self.refresh()

    def _never(self) -> None:
        self._asked_first = False
        self.refresh()

    def _stop(self) -> None:
        busy = at_work(str(self.project.root), but=self.job_name)
        self._asked_first = False
        if busy:
            self.refresh()
            return
        project = self.project
        self.start_job(lambda job: leaving.stop(project, job.tell, job.cancel), Stopping())
        self.refresh()

    def show_running(self, job: Job) -> None:
        self.cancel.disabled = job.cancel.is_set()
        parts.show(self.cancel, True)
        parts.set_html(self.progress, _attempts_html(job.state))
        self.say(look.note(_GOING, kind="wait"))

    def show_ended(self, job: Job) -> None:
        parts.show(self.cancel, False)
        parts.set_html(self.progress, _attempts_html(job.state))
        self.fail(job.outcome)
        report = job.result
        if report is None:
            return
        if report.stopped:
            self.say(look.note(report.text, "You may close this page. What it keeps stands above."))
        else:
            link = f'<div><a href="{leaving.PAGE}" target="_blank">{_LOOK}</a></div>'
            self.say(look.note(report.text, "Nobody tries any more.", kind="bad", inside=link))


def _says_html(found: Leave, busy: str, *, told: bool) -> str:
    if found.pod is None:
        return look.note(_NO_POD)
    if busy:
        return look.note(busy, kind="wait")
    if not told:
        return ""
    kind = found.volume.kind if found.volume else words.VOLUME
    mount = str(found.volume.mount) if found.volume else "the volume"
    size = found.volume.total_bytes if found.volume else 0
    rows = [
        ("Stays", words.kept(kind, mount)),
        ("Goes", words.lost(kind)),
        ("Costs from then on", words.costs(kind, size)),
        ("To end those too", words.ended(kind)),
    ]
    table = look.facts((name, look.escape(text)) for name, text in rows)
    bad = bool(found.left.goods) and kind == words.CONTAINER
    return look.note("What a stop means:", kind="bad" if bad else "wait", inside=table)


def _attempts_html(state: Stopping) -> str:
    """Every way that was tried, and what it was answered."""
    rows = [
        (
            look.tag("yes", "good") if attempt.accepted else look.tag("no", "wait"),
            look.escape(attempt.way),
            look.escape(attempt.said),
        )
        for attempt in state.attempts
    ]
    if state.report and not state.report.stopped:
        rows.append(
            (look.tag("round over", "bad"), "", look.escape(f"{state.report.text} It is tried again."))
        )
    return look.table(("", "Way", "Answer"), rows) if rows else ""
