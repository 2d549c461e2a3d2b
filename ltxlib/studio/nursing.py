"""Looking after servers while they work: those that died are started again, those that hang are freed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress

from ltxlib.core.problem import Problem
from ltxlib.errors import ComfyError, PodError, ServerAnswerError
from ltxlib.studio import events
from ltxlib.studio.keeping import Keeper, keeper_for
from ltxlib.studio.lanes import Lane
from ltxlib.studio.work import Work

# So often a server is started again without making a take in between.
_TIMES = 3
# A server that is there and does not answer is given this share of the batch's patience.
_SHARE = 0.75


class Nurse:
    """Looks at every lane once a moment; never waits."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._keepers: list[Keeper | None] = [
            keeper_for(work.job.project, lane.server) for lane in work.lanes
        ]
        self._starting: dict[int, Future[str]] = {}

    def look(self) -> Iterator[events.Event]:
        """See to each server; yields what was done."""
        for place, lane in enumerate(self._work.lanes):
            if place in self._starting:
                yield from self._started(place, lane)
            elif lane.trouble_s:
                self._revive(place, lane)
            else:
                yield from self._free(place, lane)

    def _revive(self, place: int, lane: Lane) -> None:
        """Start a server that is gone, or that has been there for long without answering."""
        keeper, care = self._keepers[place], self._work.job.care
        away_s = time.monotonic() - lane.trouble_s
        if keeper is None or lane.nursed >= _TIMES or away_s < care.revive_s:
            return
        if keeper.dead() or away_s > care.patience_s * _SHARE:
            self._start(place, lane, keeper)

    def _start(self, place: int, lane: Lane, keeper: Keeper) -> None:
        lane.nursed += 1
        # Nobody speaks to it meanwhile, and its absence costs no patience.
        lane.next_s = float("inf")
        self._work.job.shelf.journal.append("restarting", server=lane.client.url)
        future: Future[str] = Future()
        self._starting[place] = future
        future.add_done_callback(lambda _: self._work.bell.set())
        # A daemon, because it may take minutes and nobody who ends a batch is to wait for it.
        threading.Thread(target=_restart, args=(keeper, future), name="ltx-nurse", daemon=True).start()

    def _started(self, place: int, lane: Lane) -> Iterator[events.Event]:
        future = self._starting[place]
        if not future.done():
            return
        del self._starting[place]
        now = time.monotonic()
        # Its patience begins anew, and its prompts are asked after: it has forgotten them.
        lane.trouble_s, lane.next_s, lane.hung = now, now, 0.0
        lane.lives()
        try:
            says = future.result()
        except (PodError, ComfyError) as error:
            self._work.job.shelf.journal.append("not restarted", server=lane.client.url, reason=error.message)
            yield events.Noted(Problem(lane.client.url, error.message, error.cure))
            return
        self._work.job.shelf.journal.append("restarted", server=lane.client.url, says=says)
        yield events.ServerNursed(says)

    def _free(self, place: int, lane: Lane) -> Iterator[events.Event]:
        """Have a server let go of what it hangs on; where it does not, start it again."""
        if not lane.flights:
            lane.hung = 0.0
            return
        now, care, keeper = time.monotonic(), self._work.job.care, self._keepers[place]
        flight = next(iter(lane.flights.values()))
        if lane.hung:
            if now - lane.hung > care.interrupt_s and lane.nursed < _TIMES and keeper is not None:
                self._start(place, lane, keeper)
                lane.trouble_s = now
            elif now - lane.hung > care.interrupt_s + care.patience_s:
                raise ServerAnswerError(
                    "The server hangs, and it cannot be started again from here.",
                    cure="Restart ComfyUI and run this again: it goes on from here.",
                )
            return
        quiet_s = now - lane.sign_s
        if quiet_s <= self._work.quiet_s(flight.plan):
            return
        lane.hung, flight.hung = now, True
        says = (
            f"Nothing was heard of {flight.plan.scene.scene} for {round(quiet_s)} s, longer than takes ever "
            "took here, so it is stopped and tried again."
        )
        self._work.job.shelf.journal.append("hung", server=lane.client.url, quiet_s=round(quiet_s))
        with suppress(ComfyError):
            lane.client.interrupt(flight.prompt_id)
        yield events.ServerNursed(says)


def _restart(keeper: Keeper, future: Future[str]) -> None:
    try:
        future.set_result(keeper.restart())
    except (PodError, ComfyError) as error:
        future.set_exception(error)
