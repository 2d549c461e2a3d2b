"""Render a list of takes and lose none: plan, submit, watch, save, journal.

Two prompts are in flight, so that the server renders one while the other is fetched and checked. The order
of writing is: journal the prompt id, post it; then clip, record, journal. Whatever is killed at whatever
moment, running again adopts what the server still knows and renders only what is missing.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ltxlib import __version__
from ltxlib.comfy.events import Progress
from ltxlib.comfy.progress import ProgressFeed
from ltxlib.comfy.state import PromptState, require_sound, require_video
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.errors import ComfyError, LtxlibError, RenderFailed, ServerAnswerError, ServerUnreachable
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside
from ltxlib.studio import enhancing, events, saving
from ltxlib.studio.chain import Chain, clip_of
from ltxlib.studio.job import BatchJob

IN_FLIGHT = 2
POLL_S = 0.5
ATTEMPTS = 3
DOUBT_S = 10.0
_UPLOADED = ("image", "end_image", "source", "end_source")
# A server that is gone, or answers like one that is coming up or going down.
AWAY = (ServerUnreachable, ServerAnswerError)


@dataclass
class _Flight:
    """One prompt that the server has."""

    plan: RenderPlan
    prompt_id: str
    graph: dict[str, Any]
    attempt: int
    since: float
    unknown: int = 0
    fetches: int = 0
    # Until then a prompt nobody knows may still be on its way in.
    doubt_until: float = 0.0


@dataclass
class _Batch:
    """The state of one run: what waits, what flies, what came of it."""

    job: BatchJob
    cancel: threading.Event
    waiting: deque[tuple[RenderPlan, int]] = field(default_factory=deque)
    flights: dict[str, _Flight] = field(default_factory=dict)
    # Takes that have left the server and are not on disk yet.
    landing: list[RenderPlan] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    there: int = 0
    made: int = 0
    failed: int = 0
    last_end: float = 0.0
    # When the server began to fail; 0 while all is well.
    trouble_since: float = 0.0

    def __post_init__(self) -> None:
        self.chain = Chain(self.job.shelf)


def run_batch(job: BatchJob, cancel: threading.Event | None = None) -> Iterator[events.Event]:
    """Render what is missing and yield what happens; the last event is always BatchEnded.

    A take that fails is journaled with its reason and the rest goes on. Setting cancel ends the run after
    telling the server to stop. Raises ProjectBusy when another batch runs here, ServerUnreachable when the
    server stays away; both leave everything so that the next run goes on from here.
    """
    batch = _Batch(job, cancel or threading.Event())
    with job.shelf.lock:
        yield from _start(batch)
        with ProgressFeed(job.client) as feed:
            while (batch.waiting or batch.flights) and not batch.cancel.is_set():
                yield from _guarded(batch, _submit_next)
                for event in feed.events(POLL_S if batch.flights else 0):
                    yield from _progress(batch, event)
                yield from _guarded(batch, _collect)
        if batch.cancel.is_set():
            _stop_server(batch)
        ended = events.BatchEnded(batch.made, batch.there, batch.failed, batch.cancel.is_set())
        job.shelf.journal.append(
            "batch ended", made=ended.made, failed=ended.failed, cancelled=ended.cancelled
        )
        yield ended


def _start(batch: _Batch) -> Iterator[events.Event]:
    """Find what is there already and what the server still knows from a run that was cut off."""
    job = batch.job
    job.shelf.journal.append(
        "batch started", takes=len(job.plans), rehearsal=job.shelf.rehearsal, kit=__version__
    )
    missing = [
        plan for plan in job.plans if not take_store.has_take(job.shelf, plan.scene.scene, plan.take_id)
    ]
    batch.there = len(job.plans) - len(missing)
    yield events.BatchStarted(len(job.plans), batch.there)
    yield from map(events.Noted, job.notes)
    missing = yield from _write_out(batch, missing)
    known = _submitted_before(job)
    for plan in missing:
        prompt_id, pictures = known.get((plan.scene.scene, plan.take_id), ("", {}))
        if prompt_id and job.client.status(prompt_id).kind in ("pending", "running", "succeeded"):
            graph = job.graph(plan, prompt_id, pictures)
            batch.flights[prompt_id] = _Flight(plan, prompt_id, graph, 1, time.monotonic())
            job.shelf.journal.append(
                "adopted", scene=plan.scene.scene, take=plan.take_id, prompt_id=prompt_id
            )
            yield events.TakeSubmitted(plan, prompt_id, again=True)
        else:
            batch.waiting.append((plan, 1))


def _write_out(batch: _Batch, missing: list[RenderPlan]) -> Generator[events.Event, None, list[RenderPlan]]:
    """Have prompts written out that are to be; gives the takes that can go on."""
    failed: dict[str, LtxlibError] = {}
    for told in enhancing.write_all(batch.job, missing, partial(_upload, batch), batch.cancel):
        if isinstance(told, events.PromptWritten):
            yield told
        else:
            failed[told[0].enhance_key] = told[1]
    for plan in missing:
        if plan.enhance_key in failed:
            yield _fail(batch, plan, "", failed[plan.enhance_key])
    return [plan for plan in missing if plan.enhance_key not in failed]


def _submitted_before(job: BatchJob) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    """The last prompt id (and the server's names of what was sent) of each take whose end is not written."""
    open_prompts: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}
    for entry in job.shelf.journal:
        key = (str(entry.get("scene", "")), str(entry.get("take", "")))
        if entry["event"] == "submitted":
            pictures = {name: str(entry[name]) for name in _UPLOADED if entry.get(name)}
            open_prompts[key] = (str(entry.get("prompt_id", "")), pictures)
        elif entry["event"] in ("saved", "failed", "lost", "cancelled"):
            open_prompts.pop(key, None)
    return open_prompts


def _guarded(batch: _Batch, step: Any) -> Iterator[events.Event]:
    """Do one step; when the server is away or unwell, wait for it and let the loop come round again.

    Patience is for the trouble as a whole: it begins with the first failure and ends when prompts can be
    asked after again, so a server that answers everything but that does not keep the batch for ever.
    """
    try:
        yield from step(batch)
    except AWAY as error:
        batch.trouble_since = batch.trouble_since or time.monotonic()
        yield events.ServerLost(error.message)
        batch.job.shelf.journal.append("server lost", reason=error.message)
        _wait_for_server(batch, error)
        batch.job.shelf.journal.append("server back")


def _wait_for_server(batch: _Batch, error: ComfyError) -> None:
    pause_s = 0.25
    while not batch.cancel.wait(pause_s):
        if time.monotonic() - batch.trouble_since > batch.job.patience_s:
            raise error
        with suppress(ComfyError):
            batch.job.client.system_stats()
            return
        pause_s = min(pause_s * 2, 5.0)


def _submit_next(batch: _Batch) -> Iterator[events.Event]:
    """Keep the server busy: hand over takes until two are in flight; none before the take it starts from."""
    job = batch.job
    while batch.waiting and len(batch.flights) < IN_FLIGHT:
        flying = [*batch.landing, *(flight.plan for flight in batch.flights.values())]
        found = batch.chain.next_of((plan for plan, _ in batch.waiting), flying)
        if found is None:
            return
        place, given_up = found
        plan, attempt = batch.waiting[place]
        prompt_id, graph = str(uuid.uuid4()), None
        if given_up is not None:
            del batch.waiting[place]
            yield _fail(batch, plan, "", given_up)
            continue
        facts = {"scene": plan.scene.scene, "take": plan.take_id, "attempt": attempt}
        try:
            pictures = _upload(batch, plan)
            graph = job.graph(plan, prompt_id, pictures)
            job.shelf.journal.append("submitted", **facts, prompt_id=prompt_id, **pictures)
            given = job.client.submit(graph, prompt_id=prompt_id)
        except ServerUnreachable:
            # The prompt may have arrived although its answer did not: it is asked after, not sent again.
            if graph is not None:
                del batch.waiting[place]
                flight = _Flight(plan, prompt_id, graph, attempt, time.monotonic())
                flight.doubt_until = flight.since + DOUBT_S
                batch.flights[prompt_id] = flight
            raise
        except LtxlibError as error:
            del batch.waiting[place]
            yield _fail(batch, plan, prompt_id, error)
            continue
        del batch.waiting[place]
        if given != prompt_id:
            job.shelf.journal.append("submitted", **facts, prompt_id=given, **pictures)
        batch.flights[given] = _Flight(plan, given, graph, attempt, time.monotonic())
        yield events.TakeSubmitted(plan, given)


def _upload(batch: _Batch, plan: RenderPlan) -> dict[str, str]:
    """The names under which the server has the plan's pictures and clips; each is sent once a run."""
    files = {
        key: (inside(batch.job.project.images, *plan.picture(key).split("/")), sha256)
        for key, sha256 in plan.pictures.items()
    }
    files |= {key: clip_of(batch.job.shelf, source) for key, source in plan.sources.items()}
    for path, sha256 in files.values():
        if sha256 not in batch.sent:
            batch.sent[sha256] = batch.job.client.upload_image(path)
    return {key: batch.sent[sha256] for key, (_, sha256) in files.items()}


def _progress(batch: _Batch, event: Any) -> Iterator[events.Event]:
    flight = batch.flights.get(getattr(event, "prompt_id", None) or "")
    if flight and isinstance(event, Progress):
        yield events.TakeProgress(flight.plan, int(event.value), int(event.max))


def _collect(batch: _Batch) -> Iterator[events.Event]:
    """Ask after every prompt in flight; finished ones make room first and are fetched then."""
    # All are asked before anything is changed: an answer that fails must not cost the one before it.
    asked = [(flight, batch.job.client.status(flight.prompt_id)) for flight in batch.flights.values()]
    if asked:
        batch.trouble_since = 0.0
    finished = []
    for flight, state in asked:
        if state.kind == "unknown":
            # History and queue are read one after the other, so one miss may be a prompt on its way between.
            flight.unknown += 1
            if flight.unknown > 2 and time.monotonic() > flight.doubt_until:
                yield from _lost(batch, flight)
        elif state.kind not in ("pending", "running"):
            finished.append((flight, state))
            del batch.flights[flight.prompt_id]
        else:
            flight.unknown = 0
    if finished:
        batch.landing = [flight.plan for flight, _ in finished]
        yield from _guarded(batch, _submit_next)
        batch.landing = []
    for position, (flight, state) in enumerate(finished):
        try:
            yield _settle(batch, flight, state)
        except AWAY:
            # It went away while a clip was fetched; the clip is still there when it comes back.
            batch.flights.update({flight.prompt_id: flight for flight, _ in finished[position:]})
            raise


def _settle(batch: _Batch, flight: _Flight, state: PromptState) -> events.Event:
    """Fetch, check and record a finished prompt, or write down why there is nothing."""
    plan, now = flight.plan, time.monotonic()
    render_s = state.duration_s or now - max(flight.since, batch.last_end)
    batch.last_end = now
    try:
        if state.error:
            raise state.error
        wanted = require_sound if MODES[plan.scene.mode].sound_alone else require_video
        output, written = wanted(state), batch.job.written_out(plan)
        finished = saving.Finished(plan, flight.prompt_id, flight.graph, output, render_s, written)
        take, clip = saving.save(batch.job.shelf, batch.job.connection, finished)
    except LtxlibError as error:
        flight.fetches += 1
        if isinstance(error, AWAY) and flight.fetches < ATTEMPTS:
            raise
        return _fail(batch, plan, flight.prompt_id, error)
    batch.made += 1
    return events.TakeSaved(plan, take, clip)


def _lost(batch: _Batch, flight: _Flight) -> Iterator[events.Event]:
    """The server has forgotten a prompt (it was restarted): render it again, but not for ever."""
    del batch.flights[flight.prompt_id]
    facts = {"scene": flight.plan.scene.scene, "take": flight.plan.take_id, "prompt_id": flight.prompt_id}
    batch.job.shelf.journal.append("lost", **facts)
    if flight.attempt < ATTEMPTS:
        batch.waiting.appendleft((flight.plan, flight.attempt + 1))
        return
    error = RenderFailed(
        f"The server forgot this take {ATTEMPTS} times.",
        cure="ComfyUI was restarted while rendering, often because memory ran out; try a smaller size.",
    )
    yield _fail(batch, flight.plan, flight.prompt_id, error)


def _fail(batch: _Batch, plan: RenderPlan, prompt_id: str, error: LtxlibError) -> events.TakeFailed:
    batch.failed += 1
    reason = "\n".join([error.message, *(str(problem) for problem in getattr(error, "problems", ()))])
    batch.chain.note_failure(plan, reason)
    batch.job.shelf.journal.append(
        "failed",
        scene=plan.scene.scene,
        take=plan.take_id,
        prompt_id=prompt_id,
        error=type(error).__name__,
        reason=reason,
        cure=error.cure,
    )
    return events.TakeFailed(plan, reason, error.cure)


def _stop_server(batch: _Batch) -> None:
    """Take back what was handed over; a server that is gone has nothing left to stop."""
    # The one that waits goes first, or it would begin when the running one ends.
    for flight in reversed(batch.flights.values()):
        facts = {"scene": flight.plan.scene.scene, "take": flight.plan.take_id, "prompt_id": flight.prompt_id}
        try:
            batch.job.client.cancel(flight.prompt_id)
        except ComfyError as error:
            facts["server"] = error.message
        batch.job.shelf.journal.append("cancelled", **facts)
