"""Bringing finished prompts home beside the rendering: fetched, checked, recorded, a poster made."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ltxlib.comfy.state import OutputFile, PromptState, require_sound, require_video
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.take import Take
from ltxlib.errors import LtxlibError, RenderFailed, RenderInterrupted
from ltxlib.store.takes import CLIP_SUFFIX, SOUND_SUFFIX
from ltxlib.studio import review, saving
from ltxlib.studio.job import BatchJob
from ltxlib.studio.lanes import Flight, Lane

Landed = tuple[Take, Path]


@dataclass
class Landing:
    """A finished prompt on its way home; render_s: how long the server worked on it."""

    lane: Lane
    flight: Flight
    state: PromptState
    render_s: float
    future: Future[Landed]


class Landings:
    """Finished prompts of all lanes, one at a time for each; `bell` is rung whenever one is home."""

    def __init__(self, job: BatchJob, lanes: int, bell: threading.Event) -> None:
        self._job, self._bell = job, bell
        self._pool = ThreadPoolExecutor(max_workers=max(lanes, 1), thread_name_prefix="ltx-landing")
        self._under_way: list[Landing] = []

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def plans(self) -> list[RenderPlan]:
        """The takes that have left their servers and are not on disk yet."""
        return [landing.flight.plan for landing in self._under_way]

    def begin(self, lane: Lane, flight: Flight, state: PromptState) -> None:
        """Bring one home, on a thread of its own."""
        now = time.monotonic()
        render_s = state.duration_s or now - max(flight.since, lane.last_end)
        lane.last_end = now
        future = self._pool.submit(bring, self._job, lane, flight, state, render_s)
        future.add_done_callback(lambda _: self._bell.set())
        self._under_way.append(Landing(lane, flight, state, render_s, future))

    def home(self) -> list[Landing]:
        """Those that are done by now, well or not; they are told once."""
        done = [landing for landing in self._under_way if landing.future.done()]
        self._under_way = [landing for landing in self._under_way if not landing.future.done()]
        return done

    def wait(self) -> None:
        """Wait until all are home."""
        for landing in self._under_way:
            # What went wrong is told by home().
            landing.future.exception()

    def close(self) -> None:
        """End the threads; what is under way is finished first."""
        self._pool.shutdown(wait=True)


def bring(job: BatchJob, lane: Lane, flight: Flight, state: PromptState, render_s: float) -> Landed:
    """Fetch, check and record one finished prompt. Raises what kept it from becoming a take."""
    plan = flight.plan
    if flight.hung and isinstance(state.error, RenderInterrupted):
        # Not a person's doing, so it is worth another try.
        raise RenderFailed("The server hung while it rendered this take.") from state.error
    if state.error:
        raise state.error
    wanted = require_sound if MODES[plan.scene.mode].sound_alone else require_video
    return _keep(job, lane, flight, wanted(state), render_s)


def find_left_behind(job: BatchJob, lane: Lane, flight: Flight) -> Landed | None:
    """A take whose prompt the server has forgotten, though its file is there whole; None when it is not.

    ComfyUI numbers the files of one prefix from 00001 on, and each submission has a prefix of its own.
    """
    plan = flight.plan
    folder, _, stem = plan.prefix(flight.prompt_id).rpartition("/")
    suffix = SOUND_SUFFIX if MODES[plan.scene.mode].sound_alone else CLIP_SUFFIX
    try:
        return _keep(job, lane, flight, OutputFile("", f"{stem}_00001_{suffix}", folder), 0.0)
    except LtxlibError:
        return None


def _keep(job: BatchJob, lane: Lane, flight: Flight, output: OutputFile, render_s: float) -> Landed:
    plan = flight.plan
    connection = replace(job.connection, client=lane.client, facts=lane.server.facts)
    finished = saving.Finished(plan, flight.prompt_id, flight.graph, output, render_s, job.written_out(plan))
    take, clip = saving.save(job.shelf, connection, finished)
    if not take.sound_alone and not take.draft:
        review.poster_of(job.shelf, take, clip)
    return take, clip
