"""The state of one batch: what waits, what flies, what came of it, and what follows from a failure."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.limits import ALIKE
from ltxlib.core.plan import RenderPlan
from ltxlib.core.room import rate_of
from ltxlib.core.take import Take
from ltxlib.core.trouble import Record, pause_s, worth_retrying
from ltxlib.errors import LtxlibError, RenderFailed
from ltxlib.store import takes as take_store
from ltxlib.studio import events
from ltxlib.studio.chain import Chain
from ltxlib.studio.job import BatchJob
from ltxlib.studio.landing import Landings, find_left_behind
from ltxlib.studio.lanes import Flight, Lane
from ltxlib.studio.lowering import Lowering
from ltxlib.studio.overseer import Overseer

# A take during which the server was restarted so often is taken to be what brings it down.
_LOSSES = 2


@dataclass(frozen=True)
class Waiting:
    """A take in line; it is not begun before that moment of the monotonic clock."""

    plan: RenderPlan
    not_before: float = 0.0


class Work:
    """Everything one batch knows; use it in a `with` block, which ends its threads.

    line: takes to be begun, in order. landings: takes between server and disk. count, failures: how many
    takes were made and were not; there: how many were there before. says: why it ends early, for a person.
    """

    def __init__(self, job: BatchJob, lanes: list[Lane], cancel: threading.Event, bell: threading.Event):
        self.job, self.lanes, self.bell = job, lanes, bell
        self.line: deque[Waiting] = deque()
        self.landings = Landings(job, len(lanes), bell)
        self.overseer = Overseer(cancel, bell)
        self.chain = Chain(job.shelf, job.care.ladder)
        self.lowering = Lowering(job, self.chain)
        self.record = Record()
        self.there = self.count = self.failures = 0
        self.says = ""
        self._losses: dict[str, int] = {}
        self._errors: dict[str, LtxlibError] = {}
        takes, _ = take_store.load_takes(job.shelf)
        self.rate = rate_of(takes)
        self._longest_s = max((take.render_s for take in takes), default=0.0)
        self._slowest = max((take.render_s / _work_of_take(take) for take in takes), default=0.0)

    def __enter__(self) -> Work:
        self.overseer.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self.overseer.__exit__(*about)
        self.landings.close()

    @property
    def unfinished(self) -> bool:
        """Whether anything waits, is rendered or is on its way home."""
        return bool(self.line or self.busy)

    @property
    def busy(self) -> bool:
        """Whether a server has a take, or one is on its way home."""
        return bool(len(self.landings) or any(lane.flights for lane in self.lanes))

    @property
    def under_way(self) -> list[RenderPlan]:
        """The takes that servers have or that are on their way home."""
        flying = (flight.plan for lane in self.lanes for flight in lane.flights.values())
        return [*self.landings.plans, *flying]

    def idle_s(self) -> float:
        """How long nothing can be begun, at most half a second."""
        now = time.monotonic()
        moments = [lane.next_s for lane in self.lanes]
        if self.line and all(waiting.not_before > now for waiting in self.line):
            moments = [min(waiting.not_before for waiting in self.line)]
        return min(max(min(moments) - now, 0.02), 0.5)

    def is_there(self, plan: RenderPlan) -> bool:
        """Whether a take is on disk, whole, as it was asked for or as low as the ladder allows."""
        return take_store.there(self.job.shelf, plan, self.job.care.ladder)

    def wait_in_line(self, plan: RenderPlan, *, first: bool = False, pause: float = 0.0) -> None:
        """Put a take in line, at its end or its front."""
        waiting = Waiting(plan, time.monotonic() + pause if pause else 0.0)
        if first:
            self.line.appendleft(waiting)
        else:
            self.line.append(waiting)

    def next(self, lane: Lane) -> tuple[Waiting, LtxlibError | None] | None:
        """Take the first that may begin there out of the line, or one to be given up, with the reason."""
        now = time.monotonic()

        def may_begin(waiting: Waiting) -> bool:
            return waiting.not_before <= now and waiting.plan.whole.key not in lane.declined

        due = [waiting for waiting in self.line if may_begin(waiting)]
        later = [waiting.plan.whole for waiting in self.line if not may_begin(waiting)]
        coming = [*later, *(plan.whole for plan in self.under_way)]
        found = self.chain.next_of((waiting.plan.whole for waiting in due), coming)
        if found is None:
            return None
        place, given_up = found
        self.line.remove(due[place])
        return due[place], given_up

    def others_give(self, lane: Lane, graph: Mapping[str, Any]) -> bool:
        """Whether another server can do what this one cannot."""
        return any(
            not other.client.gives(graph) for other in self.lanes if other is not lane and not other.out
        )

    def stop(self, reason: str, says: str) -> None:
        """End the batch after what is rendered now."""
        if not self.overseer.reason:
            self.says = says
        self.overseer.end(reason)

    def made(self, plan: RenderPlan, take: Take, clip: Path) -> events.TakeSaved:
        """A take is on disk."""
        self.count += 1
        self.record.made(plan.scene.scene)
        self._longest_s = max(self._longest_s, take.render_s)
        self._slowest = max(self._slowest, take.render_s / _work_of_take(take))
        return events.TakeSaved(plan, take, clip)

    def failed(
        self, lane: Lane, plan: RenderPlan, prompt_id: str, error: LtxlibError
    ) -> Iterator[events.Event]:
        """A take failed: it is made smaller, tried again later, or given up; perhaps its scene, or all."""
        memory = isinstance(error, RenderFailed) and error.out_of_memory
        facts = {"scene": plan.scene.scene, "take": plan.take_id, "prompt_id": prompt_id}
        lower = self.lowering.after(plan, lane.server, error) if memory else None
        if lower is not None:
            self.job.shelf.journal.append("lowered", **facts, rung=lower[0].rung, reason=error.message)
            self.wait_in_line(lower[0], first=True)
            yield events.TakeLowered(*lower)
            return
        scene, care = plan.scene.scene, self.job.care
        failures = self.record.failed(scene, error, _work_of(plan))
        self._errors[scene] = error
        if self._all_alike(error):
            self.stop(ALIKE, f"{error.message} {error.cure}")
            yield from self._name_failed(plan)
        elif not self.overseer.reason and worth_retrying(error) and not memory and failures < care.tries:
            pause = pause_s(failures, care.pause_s)
            reason = _reason(error)
            self.job.shelf.journal.append("delayed", **facts, reason=reason, pause_s=pause)
            self.wait_in_line(plan, pause=pause)
            yield events.TakeDelayed(plan, reason, pause)
            return
        yield self.give_up(plan, prompt_id, error)
        if failures >= care.tries:
            yield from self._set_aside(scene, error)

    def _all_alike(self, error: LtxlibError) -> bool:
        """Whether going on burns the night. Of takes that failed before, nobody expects anything else."""
        fresh = [one.plan for one in self.line if not self.record.by_scene[one.plan.scene.scene]]
        return bool(fresh) and self.record.all_alike(error, min(map(_work_of, fresh)))

    def _name_failed(self, but: RenderPlan) -> Iterator[events.Event]:
        """Give up what is in line for another try, so that each failure is written down with its reason."""
        for waiting in [one for one in self.line if self.record.by_scene[one.plan.scene.scene]]:
            self.line.remove(waiting)
            if waiting.plan.scene.scene != but.scene.scene:
                yield self.give_up(waiting.plan, "", self._errors[waiting.plan.scene.scene])

    def _set_aside(self, scene: str, error: LtxlibError) -> Iterator[events.Event]:
        """Leave what else is in line of a scene that failed too often."""
        for waiting in [one for one in self.line if one.plan.scene.scene == scene]:
            self.line.remove(waiting)
            aside = RenderFailed(
                f"Set aside, since takes of {scene} failed {self.job.care.tries} times: {error.message}",
                cure=error.cure,
            )
            yield self.give_up(waiting.plan, "", aside)

    def give_up(
        self, plan: RenderPlan, prompt_id: str, error: LtxlibError, *, kept: bool = False
    ) -> events.TakeFailed:
        """A take is not made in this run; those that start from it hear of it.

        kept: the server made it, so the next run only has to fetch it.
        """
        self.failures += 1
        reason = _reason(error)
        self.chain.note_failure(plan.whole, reason)
        self.job.shelf.journal.append(
            "failed",
            scene=plan.scene.scene,
            take=plan.take_id,
            prompt_id=prompt_id,
            error=type(error).__name__,
            reason=reason,
            cure=error.cure,
            **({"kept": True} if kept else {}),
        )
        return events.TakeFailed(plan, reason, error.cure)

    def lose(self, lane: Lane, flight: Flight) -> None:
        """A server does not have a prompt any more, or is gone with it: the take goes back in line."""
        lane.flights.pop(flight.prompt_id, None)
        facts = {"scene": flight.plan.scene.scene, "take": flight.plan.take_id, "prompt_id": flight.prompt_id}
        self.job.shelf.journal.append("lost", **facts)
        self.wait_in_line(flight.plan, first=True)

    def forgotten(self, lane: Lane, flight: Flight) -> Iterator[events.Event]:
        """A server that answers has forgotten a prompt: its file is looked for, else it is rendered again.

        A take during which the server was restarted again and again is taken to use up its memory.
        """
        plan = flight.plan
        found = find_left_behind(self.job, lane, flight)
        if found:
            del lane.flights[flight.prompt_id]
            yield self.made(plan, *found)
            return
        self._losses[plan.key] = self._losses.get(plan.key, 0) + flight.running
        if self._losses[plan.key] < _LOSSES:
            self.lose(lane, flight)
            return
        del self._losses[plan.key]
        del lane.flights[flight.prompt_id]
        error = RenderFailed(
            f"The server was restarted {_LOSSES} times while it rendered this take.",
            cure="Most often memory ran out; try a smaller size or fewer frames.",
            out_of_memory=True,
        )
        yield from self.failed(lane, plan, flight.prompt_id, error)

    def quiet_s(self, plan: RenderPlan) -> float:
        """How long a server may say nothing while it renders this take before it is taken to hang."""
        care = self.job.care
        if not self._longest_s:
            return care.unknown_quiet_s
        return max(care.quiet_s, self._longest_s, self._slowest * _work_of(plan))


def _work_of(plan: RenderPlan) -> int:
    width_px, height_px = plan.size_px
    return width_px * height_px * plan.scene.frames


def _work_of_take(take: Take) -> int:
    return max(take.clip.width_px * take.clip.height_px * take.clip.frames, 1)


def _reason(error: LtxlibError) -> str:
    return "\n".join([error.message, *(str(problem) for problem in getattr(error, "problems", ()))])
