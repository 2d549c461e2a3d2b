"""What a batch says of itself to everybody: a small file, written from its events."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace

from ltxlib.core.limits import SERVER
from ltxlib.core.plan import RenderPlan
from ltxlib.core.status import BatchStatus, Rendering
from ltxlib.errors import LtxlibError, StoreError
from ltxlib.store.night_files import write_status
from ltxlib.store.project import Shelf
from ltxlib.studio import events

EVERY_S = 0.5


class Telling:
    """Keeps the status of one batch and writes it down, at most twice a second and at the end.

    servers: how many share the work.
    """

    def __init__(self, shelf: Shelf, servers: int) -> None:
        now = time.time()
        self.status = BatchStatus(began=now, at=now, process=os.getpid())
        self._shelf, self._servers = shelf, servers
        self._now: dict[str, Rendering] = {}
        self._wrote_s = 0.0

    def see(self, event: events.Event | None) -> None:
        """Take in an event; None: a moment passed."""
        if event is not None:
            self._take_in(event)
        ended = isinstance(event, events.BatchEnded)
        if ended or time.monotonic() - self._wrote_s >= EVERY_S:
            self._write()

    def cut_off(self, error: LtxlibError) -> None:
        """The batch ends by an error: the servers stayed away."""
        self._now.clear()
        self.status = replace(self.status, ended=True, stopped_by=SERVER, last=str(error), waiting_for="")
        self._write()

    def _take_in(self, event: events.Event) -> None:
        status = self.status
        if isinstance(event, events.BatchStarted):
            status = replace(status, takes=event.takes, there=event.there)
        elif isinstance(event, events.TakeSubmitted):
            self._now[event.plan.whole.key] = _rendering(event.plan, event.server)
            status = replace(status, waiting_for="")
        elif isinstance(event, events.TakeProgress):
            before = self._now.get(event.plan.whole.key) or _rendering(event.plan, "")
            self._now[event.plan.whole.key] = replace(before, step=event.step, steps=event.steps)
            status = replace(status, waiting_for="")
        elif isinstance(event, events.TakeSaved):
            self._leave(event.plan)
            said = f"{_name(event.plan)} is made."
            status = replace(
                status,
                made=status.made + 1,
                render_s=status.render_s + event.take.render_s,
                last=said,
                waiting_for="",
            )
        elif isinstance(event, events.TakeFailed):
            self._leave(event.plan)
            said = f"{_name(event.plan)} could not be made: {event.reason}"
            status = replace(status, failed=status.failed + 1, last=said)
        elif isinstance(event, events.TakeDelayed):
            self._leave(event.plan)
            said = f"{_name(event.plan)} failed and is tried again: {event.reason}"
            status = replace(status, last=said)
        elif isinstance(event, events.TakeLowered):
            self._leave(event.plan)
            status = replace(status, last=f"{_name(event.plan)}: {event.says}", rung=event.plan.rung)
        elif isinstance(event, events.ServerLost):
            status = replace(status, waiting_for=event.reason)
        elif isinstance(event, events.ServerNursed):
            status = replace(status, last=event.says)
        elif isinstance(event, events.BatchEnded):
            self._now.clear()
            said = event.says or status.last
            status = replace(status, ended=True, stopped_by=event.stopped_by, last=said, waiting_for="")
        self.status = status

    def _leave(self, plan: RenderPlan) -> None:
        self._now.pop(plan.whole.key, None)

    def _write(self) -> None:
        status, now = self.status, time.time()
        each_s = status.render_s / status.made if status.made else None
        left_s = each_s * status.left / max(self._servers, 1) if each_s is not None else None
        self.status = replace(status, at=now, now=tuple(self._now.values()), left_s=left_s)
        self._wrote_s = time.monotonic()
        # Takes matter more than talk of them: a disk that refuses this file is told by the takes themselves.
        with suppress(StoreError):
            write_status(self._shelf, self.status)


def _name(plan: RenderPlan) -> str:
    return f"{plan.scene.scene}, {'draft' if plan.draft else 'take'} {plan.take_no}"


def _rendering(plan: RenderPlan, server: str) -> Rendering:
    return Rendering(plan.scene.scene, plan.take_no, plan.take_id, server)
