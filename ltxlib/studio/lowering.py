"""The ladder at work: on which rung a take is begun, and where it goes when memory runs out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ltxlib.core import ladder, rung_memory
from ltxlib.core.plan import RenderPlan
from ltxlib.errors import ComfyError, LtxlibError
from ltxlib.store import rungs
from ltxlib.studio.chain import Chain
from ltxlib.studio.connect import Server
from ltxlib.studio.job import BatchJob

FREED = "Memory ran out. What the server held was thrown out, and the take is tried once more."


class Lowering:
    """Decides on rungs for one batch; with the ladder switched off it changes nothing."""

    def __init__(self, job: BatchJob, chain: Chain) -> None:
        self._job, self._chain = job, chain
        self._on = job.care.ladder
        self._freed_for: set[str] = set()
        self._ran_out: dict[str, list[RenderPlan]] = {}
        if not self._on:
            rungs.forget(job.shelf)

    def begin(self, plan: RenderPlan, server: Server) -> RenderPlan:
        """A take as it is to be handed to a server: on the rung that is known to work there.

        Raises SourceMissing when it starts from a take that was made lower and cannot follow it.
        """
        if not self._on or plan.rung:
            return plan
        plan = self._chain.follow(plan)
        if plan.rung:
            return plan
        means = self._means(server)
        held = rungs.held_for(self._job.shelf, rungs.machine_of(server.facts), plan)
        return ladder.lower(plan, rung_memory.start_rung(plan, held, means), means)

    def worked(self, plan: RenderPlan, server: Server) -> None:
        """Remember that a take was made on its rung, and that memory ran out on those above."""
        if not self._on:
            return
        machine = rungs.machine_of(server.facts)
        for failed in self._ran_out.pop(plan.whole.key, ()):
            rungs.note(self._job.shelf, machine, failed, worked=False)
        rungs.note(self._job.shelf, machine, plan, worked=True)

    def after(self, plan: RenderPlan, server: Server, error: LtxlibError) -> tuple[RenderPlan, str] | None:
        """The take on the next rung down, with what changes; None at the end of the ladder."""
        if not self._on:
            return None
        machine, means = rungs.machine_of(server.facts), self._means(server)
        # Remembered once a lower rung has worked: a take that fails on all of them teaches nothing of memory,
        # and others of its kind must not be kept from a rung because of it.
        self._ran_out.setdefault(plan.whole.key, []).append(plan)
        with suppress(ComfyError):
            server.client.free()
        held = rung_memory.held_at(plan, rungs.held_for(self._job.shelf, machine, plan))
        if ladder.follows(plan) and plan.key not in self._freed_for:
            # It has no rungs of its own: what it starts from decides its size. Memory freed is all there is.
            self._freed_for.add(plan.key)
            return plan, FREED
        rung = ladder.next_rung(plan, means, held)
        if rung is None:
            del self._ran_out[plan.whole.key]
            return None
        lower = ladder.lower(plan, rung, means)
        return lower, ladder.difference(lower) or FREED

    def adoptable(
        self, plan: RenderPlan, known: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> tuple[RenderPlan, Mapping[str, Any]] | None:
        """The take as an earlier run handed it over, and that submission; None when there is none."""
        scene = plan.scene.scene
        found = [
            (take, entry)
            for (of, take), entry in known.items()
            if of == scene and (take == plan.take_id or (self._on and ladder.asked_id(take) == plan.take_id))
        ]
        if not found:
            return None
        take, entry = found[-1]
        if take == plan.take_id:
            return plan, entry
        with suppress(LtxlibError):
            followed = self._chain.follow(plan)
            lower = followed if followed.rung else ladder.lower(plan, ladder.rung_in(take), self._means(None))
            if lower.take_id == take:
                return lower, entry
        return None

    def _means(self, server: Server | None) -> ladder.Means:
        return ladder.Means(self._job.workflows, server.schema if server else self._job.schema)
