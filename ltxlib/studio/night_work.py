"""The work of a night, phase by phase: the canary, then the notebooks. What comes of it is an ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ltxlib.core.limits import BUDGET, CANCELLED, CLOCK, DISK, STOP_WORDS, Limits
from ltxlib.core.status import ALL_MADE, NOTHING_STARTED, SOME_FAILED, STOPPED_EARLY, BatchStatus
from ltxlib.errors import BadInput, Cancelled, LtxlibError, NightStopped
from ltxlib.store.night_files import NOW, VARIABLE, read_status
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import assemble, night
from ltxlib.studio.canary import run_canary
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import job_for
from ltxlib.studio.night_end import Ending
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_orders import OBEY_S, heard
from ltxlib.studio.night_told import Told
from ltxlib.studio.night_troubles import Troubles
from ltxlib.studio.watching import CANARY

# How often rendering is begun when its kernel dies, as it does when the machine's memory runs out.
RUNS = 3
SETUP, GENERATE, REVIEW, ASSEMBLE = night.NOTEBOOKS


@dataclass
class Work:
    """One night's work. on_tick is called about twice a second while notebooks run."""

    project: Project
    told: Told
    options: NightOptions
    limits: Limits
    on_tick: Callable[[], None]

    def run(self) -> Ending:
        """Do all of it, or as much as can be done; what goes wrong is part of the ending."""
        try:
            shelf = self._try_out()
        except LtxlibError as error:
            return self._stopped() or Ending(NOTHING_STARTED, f"Nothing was rendered. {error}", urgent=True)
        with night.kernel_environment({VARIABLE: str(self.told.night.folder)}):
            return self._notebooks(shelf)

    def _try_out(self) -> Shelf:
        self.told.set(phase=CANARY)
        connection = connect(self.project)
        self.told.set(rehearsal=connection.rehearsal)
        cancel = threading.Event()

        def look() -> None:
            if self._stop_word():
                cancel.set()

        checked = check_project(self.project, self.options.table(self.project), shelf=connection.shelf)
        job = job_for(self.project, connection, with_picks(checked, connection.shelf))
        job = replace(job, care=replace(job.care, ladder=self.options.ladder))
        with heard(self.told.night, look):
            report = run_canary(job, cancel, tell=self.told.log)
        for text in report.left_out:
            self.told.log(text)
        if report.cancelled:
            raise Cancelled("The tiny clips that are tried first were called off.")
        if report.problems:
            raise BadInput("The tiny clips that are tried first did not all come.", report.problems)
        return connection.shelf

    def _stop_word(self) -> str:
        """Why the night is to end before its work is done; empty when it is not."""
        return CANCELLED if self.told.night.read_orders().end else self.limits.reached(time.time())

    def _stopped(self) -> Ending | None:
        word = self._stop_word()
        if not word:
            return None
        return Ending(STOPPED_EARLY, f"{STOP_WORDS[word]} Nothing was rendered yet.")

    def _notebooks(self, shelf: Shelf) -> Ending:
        stopped = self._stopped()
        crashed = "" if stopped else self._notebook(shelf, SETUP)
        stopped = stopped or self._stopped()
        if stopped:
            return stopped
        if crashed:
            return Ending(NOTHING_STARTED, crashed, urgent=True)
        crashed, status = self._rendered(shelf)
        ending = outcome(status, crashed)
        if status is None or not status.there + status.made or self.told.night.read_orders().end == NOW:
            return ending
        crashed = self._notebook(shelf, REVIEW)
        if crashed:
            self.trouble(crashed)
        if self.options.assemble and status.stopped_by not in (CANCELLED, DISK):
            return self._assembled(shelf, ending)
        return ending

    def _rendered(self, shelf: Shelf) -> tuple[str, BatchStatus | None]:
        """Render; again where the kernel died under the batch, since what is made is not made twice."""
        troubles = Troubles(shelf, self.told)
        for run in range(1, RUNS + 1):
            crashed = self._notebook(shelf, GENERATE, troubles.see)
            troubles.see()
            status = read_status(shelf)
            if status and status.at < self.limits.began:
                status = None  # of an earlier run
            died = bool(crashed and status and not status.ended)
            if not died or run == RUNS or self._stop_word():
                break
            self.trouble(f"Rendering was cut off and begun again. {crashed}")
            self.told.note("Rendering was cut off and is begun again", crashed)
        return crashed, status

    def _assembled(self, shelf: Shelf, ending: Ending) -> Ending:
        if self.told.night.read_orders().end:
            says = f"{ending.says} {STOP_WORDS[CANCELLED]} The film was not made."
            return replace(ending, code=STOPPED_EARLY, says=says)
        crashed = self._notebook(shelf, ASSEMBLE)
        if not crashed:
            return replace(ending, says=f"{ending.says} The film is made.", film=assemble.masters(shelf)[0])
        ordered = bool(self.told.night.read_orders().end)
        code = STOPPED_EARLY if ordered else max(ending.code, SOME_FAILED)
        return replace(
            ending, code=code, says=f"{ending.says} The film was not made: {crashed}", urgent=not ordered
        )

    def _notebook(self, shelf: Shelf, name: str, look: Callable[[], None] = lambda: None) -> str:
        """Run one notebook; gives what stopped it, empty when it came to its end. look: called about twice a
        second too.
        """

        def tick() -> None:
            self.on_tick()
            look()

        done = [*(self.told.facts.get("notebooks") or ()), name]
        self.told.set(phase=name, notebook=str(night.executed_copy(shelf, name)), notebooks=done)
        try:
            with heard(self.told.night, tick, OBEY_S if name == GENERATE else 0.0):
                night.run_notebook(self.project, shelf, name, self.options.scenes_csv)
        except NightStopped as error:
            self.told.log(error.message)
            return error.message
        return ""

    def trouble(self, text: str) -> None:
        """Something for the report that did not end the night."""
        self.told.set(troubles=[*(self.told.facts.get("troubles") or ()), text])


def outcome(status: BatchStatus | None, crashed: str) -> Ending:
    """What rendering came to. status: what the batch said last; crashed: what ended the notebook early."""
    if status is None or not (status.ended or crashed):
        return (
            Ending(NOTHING_STARTED, crashed, urgent=True)
            if crashed
            else Ending(ALL_MADE, "There was nothing to make.")
        )
    there = status.there + status.made
    takes = f"{there} of {status.takes} takes are there"
    takes += f", {status.failed} could not be made" if status.failed else ""
    if status.stopped_by:
        why = STOP_WORDS.get(status.stopped_by, status.stopped_by)
        # The batch's own last words begin with the same and say more, such as what may be deleted.
        why = status.last if status.last.startswith(why) else why
        again = " Start the night again to make the rest." if status.left else ""
        urgent = status.stopped_by not in (CANCELLED, BUDGET, CLOCK)
        return Ending(status.exit_code, f"{why} {takes}.{again}", urgent=urgent)
    if status.ended and not (crashed and status.exit_code == ALL_MADE):
        says = f"All {status.takes} takes are there." if status.exit_code == ALL_MADE else f"{takes}."
        return Ending(status.exit_code, says, urgent=status.exit_code == NOTHING_STARTED)
    return Ending(SOME_FAILED if there else NOTHING_STARTED, f"{crashed} {takes}.", urgent=True)
