"""The one thread that runs prompts, one after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ltxlib.rehearsal.calls import Bench, RunAbandoned, RunInterrupted
from ltxlib.rehearsal.execute import NODE_FAULTS, Executor
from ltxlib.rehearsal.faults import NOW_KINDS
from ltxlib.rehearsal.queue import Job, Outcome
from ltxlib.rehearsal.record import Record
from ltxlib.rehearsal.saving import saved_as
from ltxlib.rehearsal.state import RehearsalState
from ltxlib.rehearsal.telling import Teller

log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """Takes prompts from the queue until it is stopped.

    on_death: called when an ordered fault kills the process; it must not wait for this thread.
    """

    def __init__(self, state: RehearsalState, on_death: Callable[[], None]) -> None:
        super().__init__(name="rehearsal-worker", daemon=True)
        self._state = state
        self._on_death = on_death
        self._executor = Executor(state.catalogue)
        self._record = Record(state.settings.record)
        self._find_ffmpeg = cache(self._ffmpeg)

    def stop(self, wait_s: float) -> None:
        """Abandon what runs and end; waits for the thread at most wait_s."""
        self._state.abandoned.set()
        self._state.interrupt.set()
        self._state.queue.close()
        self.join(wait_s)

    def strike(self, kind: str) -> None:
        """Let a fault of the whole server strike now; from any thread."""
        if kind == "drop_sockets":
            self._state.hub.drop_all()
        elif kind == "forget":
            self._state.forget_everything()
        elif kind == "die":
            self._state.abandoned.set()
            self._state.interrupt.set()
            self._state.queue.close()
            self._on_death()

    def run(self) -> None:
        """The thread: one prompt after the other."""
        while (job := self._state.queue.get()) is not None:
            if self._state.forget_cache.is_set():
                self._state.forget_cache.clear()
                self._executor.forget()
            try:
                self._run(job)
            except RunAbandoned:
                log.info("prompt %s was abandoned", job.prompt_id)
                self._executor.forget()
                self._state.hub.executing = None

    def _run(self, job: Job) -> None:
        outcome = Outcome()
        teller = Teller(self._state.hub, job, outcome)
        self._state.interrupt.clear()
        if self._state.abandoned.is_set():
            raise RunAbandoned
        self._state.loaded.set()
        try:
            self._executor.run(job, teller, outcome, self._bench(job))
        except NODE_FAULTS:
            # Nothing that a client posts may stop this thread: the next prompt still gets its turn.
            log.exception("prompt %s could not be run at all", job.prompt_id)
            outcome.status_str = "error"
        self._state.queue.done(job, outcome)
        self._record.ends(job, outcome.status_str)
        teller.ends()

    def _bench(self, job: Job) -> Bench:
        state = self._state
        struck = state.faults.take_starts(saved_as(job.graph))
        self._record.begins(job, struck)

        def check() -> None:
            if state.abandoned.is_set() or not state.queue.runs(job):
                raise RunAbandoned
            if state.interrupt.is_set():
                state.interrupt.clear()
                raise RunInterrupted

        def step() -> None:
            if "stuck" in struck:
                state.abandoned.wait()
            state.interrupt.wait(None if "hang" in struck else state.settings.seconds_per_step)
            check()

        def in_mid_take() -> None:
            for kind in NOW_KINDS:
                if kind in struck:
                    self.strike(kind)
            check()

        return Bench(
            folders=state.folders,
            step=step,
            check=check,
            find_ffmpeg=self._find_ffmpeg,
            graph=job.graph,
            extra_data=job.extra_data,
            struck=struck,
            in_mid_take=in_mid_take,
            too_large=state.faults.too_large,
        )

    def _ffmpeg(self) -> Path:
        if self._state.settings.ffmpeg_path is not None:
            return self._state.settings.ffmpeg_path
        from ltxlib.media.ffmpeg import find_ffmpeg

        return find_ffmpeg().path
