"""Render a list of takes and lose none: plan, submit, watch, save, journal.

Two prompts are in flight on each server, so that one is rendered while the other is fetched and checked.
The order of writing is: journal the prompt id, post it; then clip, record, journal. Whatever is killed at
whatever moment, running again adopts what the servers still know, finds files that they have forgotten, and
renders only what is missing.
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from ltxlib import __version__
from ltxlib.comfy.backend import feed_for
from ltxlib.comfy.events import Executing, ExecutionError, ExecutionSuccess, Progress
from ltxlib.core.limits import DISK, STOP_WORDS
from ltxlib.core.ordering import in_order
from ltxlib.core.plan import RenderPlan
from ltxlib.errors import LtxlibError, ServerUnreachable, StoreError
from ltxlib.store.files import sweep
from ltxlib.studio import disk, enhancing, events
from ltxlib.studio.job import BatchJob
from ltxlib.studio.landing import Landing, find_left_behind
from ltxlib.studio.lanes import AWAY, UPLOADED, Flight, Lane, open_prompts, upload, withdraw
from ltxlib.studio.nursing import Nurse
from ltxlib.studio.telling import Telling
from ltxlib.studio.work import Work

POLL_S = 0.5
FETCHES = 5
# What a server announces when a prompt is over, be it well or not.
_ENDS = (ExecutionSuccess, ExecutionError)
Step = Callable[[Work, Lane], Iterator[events.Event]]


def run_batch(job: BatchJob, cancel: threading.Event | None = None) -> Iterator[events.Event]:
    """Render what is missing and yield what happens; the last event is always BatchEnded.

    A take that fails is tried again where that is of use, then journaled with its reason, and the rest goes
    on. Setting cancel ends the run after telling the servers to stop; a night's orders and limits, a full
    disk and scenes that all fail alike end it too. Raises ProjectBusy when another batch runs here,
    ServerUnreachable when every server stays away; both leave everything so that the next run goes on from
    here.
    """
    with ExitStack() as stack:
        stack.enter_context(job.shelf.lock)
        bell = threading.Event()
        lanes = [
            Lane(server, stack.enter_context(feed_for(server.client, bell=bell)))
            for server in job.connection.servers
        ]
        work = stack.enter_context(Work(job, lanes, cancel or threading.Event(), bell))
        telling = Telling(job.shelf, len(lanes))
        nurse = Nurse(work)
        try:
            for event in _run(work, nurse):
                telling.see(event)
                if event is not None:
                    yield event
        except LtxlibError as error:
            telling.cut_off(error)
            raise


def _run(work: Work, nurse: Nurse) -> Iterator[events.Event | None]:
    """The whole batch; None where only a moment passed."""
    yield from _start(work)
    while work.unfinished:
        if not work.overseer.reason:
            for lane in work.lanes:
                yield from _guarded(work, lane, _submit_next)
        yield None
        work.bell.wait(POLL_S if work.busy else work.idle_s())
        work.bell.clear()
        for lane in work.lanes:
            yield from _progress(work, lane)
            yield from _guarded(work, lane, _collect)
        yield from _home(work)
        yield from nurse.look()
        if work.overseer.reason:
            _wind_down(work)
    yield from _end(work)


def _start(work: Work) -> Iterator[events.Event]:
    """Find what is there already and what the servers still know from a run that was cut off."""
    job = work.job
    sweep(job.shelf.folder, leave=("server",))
    shutil.rmtree(job.shelf.work / "incoming", ignore_errors=True)
    started = {"takes": len(job.plans), "rehearsal": job.shelf.rehearsal, "kit": __version__}
    if len(work.lanes) > 1:
        started["servers"] = [lane.client.url for lane in work.lanes]
    job.shelf.journal.append("batch started", **started)
    missing = in_order(plan for plan in job.plans if not work.is_there(plan))
    work.there = len(job.plans) - len(missing)
    yield events.BatchStarted(len(job.plans), work.there)
    yield from map(events.Noted, job.notes)
    lane, failed = work.lanes[0], {}
    for told in enhancing.write_all(job, missing, lambda plan: upload(job, lane, plan), work.overseer.now):
        if isinstance(told, events.PromptWritten):
            yield told
        else:
            failed[told[0].enhance_key] = told[1]
        if work.overseer.reason:
            break
    known = open_prompts(job.shelf.journal)
    for plan in missing:
        if plan.enhance_key in failed:
            yield work.give_up(plan, "", failed[plan.enhance_key])
            continue
        adopted = work.lowering.adoptable(plan, known)
        if adopted is None or not (event := _adopt(work, *adopted)):
            work.wait_in_line(plan)
        else:
            yield event


def _adopt(work: Work, plan: RenderPlan, entry: Mapping[str, Any]) -> events.Event | None:
    """Take over a prompt of an earlier run, or the file it left; None when nobody knows of it."""
    prompt_id, job = str(entry.get("prompt_id", "")), work.job
    if not prompt_id:
        return None
    pictures = {name: str(entry[name]) for name in UPLOADED if entry.get(name)}
    facts = {"scene": plan.scene.scene, "take": plan.take_id, "prompt_id": prompt_id}
    # The server that had it is asked first.
    for lane in sorted(work.lanes, key=lambda lane: lane.client.url != entry.get("server")):
        graph = job.graph(plan, prompt_id, pictures, lane.server.schema)
        try:
            kind = lane.client.status(prompt_id).kind
        except AWAY:
            if len(work.lanes) == 1:
                raise
            continue
        if kind in ("pending", "running", "succeeded"):
            lane.take(plan, prompt_id, graph)
            job.shelf.journal.append("adopted", **facts)
            return events.TakeSubmitted(plan, prompt_id, again=True, server=lane.client.url)
        found = find_left_behind(job, lane, Flight(plan, prompt_id, graph, time.monotonic()))
        if found:
            return work.made(plan, *found)
    return None


def _guarded(work: Work, lane: Lane, step: Step) -> Iterator[events.Event]:
    """Do one step with one server; when it is away or unwell, leave it alone for a moment.

    Patience is for the trouble as a whole: it begins with the first failure and ends when prompts can be
    asked after again, so a server that answers everything but that does not keep the batch for ever.
    """
    if not lane.ready:
        return
    try:
        yield from step(work, lane)
    except AWAY as error:
        if lane.fails():
            yield events.ServerLost(error.message)
            work.job.shelf.journal.append("server lost", reason=error.message, server=lane.client.url)
        if time.monotonic() - lane.trouble_s <= work.job.care.patience_s:
            return
        if all(other.trouble_s for other in work.lanes):
            raise
        # Others do its work; it is still looked at now and then.
        lane.out = True
        for flight in list(lane.flights.values()):
            work.lose(lane, flight)


def _well(work: Work, lane: Lane) -> None:
    if lane.recovers():
        work.job.shelf.journal.append("server back", server=lane.client.url)


def _submit_next(work: Work, lane: Lane) -> Iterator[events.Event]:
    """Keep a server busy: hand over takes until two are in flight; none before the take it starts from."""
    job = work.job
    if lane.out:
        lane.client.system_stats()
        _well(work, lane)
    while lane.room:
        found = work.next(lane)
        if found is None:
            return
        waiting, given_up = found
        if given_up is not None:
            yield work.give_up(waiting.plan, "", given_up)
            continue
        plan = waiting.plan
        short = disk.shortage(job.shelf, [plan, *work.under_way], work.rate, job.care.reserve_bytes)
        if short:
            work.line.appendleft(waiting)
            work.stop(DISK, short)
            return
        yield from _submit(work, lane, plan)


def _submit(work: Work, lane: Lane, plan: RenderPlan) -> Iterator[events.Event]:
    job, prompt_id, graph = work.job, str(uuid.uuid4()), None
    facts = {"scene": plan.scene.scene, "take": plan.take_id, "server": lane.client.url}
    try:
        plan = work.lowering.begin(plan, lane.server)
        facts["take"] = plan.take_id
        pictures = upload(job, lane, plan)
        graph = job.graph(plan, prompt_id, pictures, lane.server.schema)
        if lane.client.gives(graph) and work.others_give(lane, graph):
            lane.declined.add(plan.whole.key)
            work.wait_in_line(plan, first=True)
            return
        job.shelf.journal.append("submitted", **facts, prompt_id=prompt_id, **pictures)
        given = lane.client.submit(graph, prompt_id=prompt_id)
    except ServerUnreachable:
        # The prompt may have arrived although its answer did not: it is asked after, not sent again.
        if graph is None:
            work.wait_in_line(plan, first=True)
        else:
            lane.take(plan, prompt_id, graph, job.care.doubt_s)
        raise
    except LtxlibError as error:
        yield from work.failed(lane, plan, prompt_id, error)
        return
    if not lane.flights:
        _well(work, lane)
    if given != prompt_id:
        job.shelf.journal.append("submitted", **facts, prompt_id=given, **pictures)
    lane.take(plan, given, graph)
    yield events.TakeSubmitted(plan, given, server=lane.client.url)


def _progress(work: Work, lane: Lane) -> Iterator[events.Event]:
    for event in lane.feed.events(0):
        flight = lane.flights.get(getattr(event, "prompt_id", None) or "")
        if flight is None:
            continue
        lane.lives()
        if isinstance(event, Progress):
            flight.running = True
            yield events.TakeProgress(flight.plan, int(event.value), int(event.max))
        elif isinstance(event, _ENDS) or (isinstance(event, Executing) and event.node is None):
            lane.asked_s = 0.0


def _collect(work: Work, lane: Lane) -> Iterator[events.Event]:
    """Ask after every prompt of a server; finished ones are brought home beside what is rendered next."""
    now = time.monotonic()
    if not lane.flights or now - lane.asked_s < POLL_S:
        return
    lane.asked_s = now
    # All are asked before anything is changed: an answer that fails must not cost the one before it.
    asked = [(flight, lane.client.status(flight.prompt_id)) for flight in lane.flights.values()]
    _well(work, lane)
    if not any(state.kind == "running" for _, state in asked):
        # It may be busy with other people's work, or an endpoint whose workers are still coming up.
        lane.lives()
    # From the last to the first: those that are lost go to the front of the line, in their old order.
    for flight, state in reversed(asked):
        if state.kind == "unknown":
            # History and queue are read one after the other, so one miss may be a prompt on its way between.
            flight.unknown += 1
            if flight.unknown > 2 and now > flight.doubt_until:
                yield from work.forgotten(lane, flight)
            continue
        flight.unknown = 0
        running = state.kind == "running"
        if running != flight.running or state.finished:
            flight.running = running
            lane.lives()
        if state.finished:
            del lane.flights[flight.prompt_id]
            lane.hung = 0.0
            work.landings.begin(lane, flight, state)


def _home(work: Work) -> Iterator[events.Event]:
    """Tell of the takes that came home by now, and of those that did not."""
    for landing in work.landings.home():
        flight, lane = landing.flight, landing.lane
        try:
            take, clip = landing.future.result()
        except LtxlibError as error:
            yield from _not_home(work, landing, error)
            continue
        lane.nursed = 0
        work.lowering.worked(flight.plan, lane.server)
        yield work.made(flight.plan, take, clip)


def _not_home(work: Work, landing: Landing, error: LtxlibError) -> Iterator[events.Event]:
    flight, lane = landing.flight, landing.lane
    if isinstance(error, StoreError):
        # Not the clip's fault: it stays with the server, where the next run finds it.
        work.stop(DISK, f"{error.message} {disk.what_may_go(work.job.shelf)}")
        return
    if not isinstance(error, AWAY) or landing.state.error is not None:
        yield from work.failed(lane, flight.plan, flight.prompt_id, error)
        return
    # It went away while a clip was fetched; the clip is still there when it comes back.
    flight.fetches += 1
    if flight.fetches > FETCHES:
        yield work.give_up(flight.plan, flight.prompt_id, error, kept=True)
        return
    lane.flights[flight.prompt_id] = flight
    if lane.fails():
        yield events.ServerLost(error.message)
    lane.asked_s = time.monotonic() + flight.fetches


def _wind_down(work: Work) -> None:
    """The batch is to end: what waits is taken back, what runs too when it is to end at once."""
    work.line.clear()
    for lane in work.lanes:
        # A server works in the order in which it was given things, so the first one is what it renders.
        kept = 0 if work.overseer.now.is_set() else 1
        withdraw(work.job, lane, list(lane.flights.values())[kept:])


def _end(work: Work) -> Iterator[events.Event]:
    work.landings.wait()
    yield from _home(work)
    reason = work.overseer.reason
    says = " ".join(part for part in (STOP_WORDS.get(reason, ""), work.says) if part)
    cancelled = work.overseer.now.is_set()
    ended = events.BatchEnded(work.count, work.there, work.failures, cancelled, reason, says)
    facts = {"made": ended.made, "failed": ended.failed, "cancelled": cancelled}
    if reason:
        facts |= {"stopped_by": reason, "says": says}
    work.job.shelf.journal.append("batch ended", **facts)
    yield ended
