"""A lane: one server with what was handed to it, and how it fares."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ltxlib.comfy.backend import Backend
from ltxlib.comfy.no_feed import NoFeed
from ltxlib.comfy.progress import ProgressFeed
from ltxlib.core.plan import RenderPlan
from ltxlib.errors import ComfyError, ServerAnswerError, ServerUnreachable
from ltxlib.store.files import inside
from ltxlib.studio.chain import clip_of
from ltxlib.studio.connect import Server
from ltxlib.studio.job import BatchJob

IN_FLIGHT = 2
UPLOADED = ("image", "end_image", "source", "end_source")
# A server that is gone, or answers like one that is coming up or going down.
AWAY = (ServerUnreachable, ServerAnswerError)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 2.0


@dataclass
class Flight:
    """One prompt that a server has.

    since: when it was handed over, by the monotonic clock. unknown: how often in a row the server did not
    know it. fetches: how often its clip could not be fetched. doubt_until: until then a prompt that nobody
    knows may still be on its way in. hung: the batch itself had it stopped, because nothing was heard of it.
    """

    plan: RenderPlan
    prompt_id: str
    graph: dict[str, Any]
    since: float
    unknown: int = 0
    fetches: int = 0
    doubt_until: float = 0.0
    running: bool = False
    hung: bool = False


@dataclass
class Lane:
    """One server at work.

    sent: by hash, under which names it has pictures and clips. sign_s: its last sign of life; asked_s: when
    it was last asked after its prompts. trouble_s: when it began to fail, 0 while all is well; next_s: when
    it is tried again. out: it was given up, and others do its work. hung: when it was told to let go of a
    prompt that it hangs on. nursed: how often it was started again since it made a take. declined: the keys
    of takes that it cannot make, though others can.
    """

    server: Server
    feed: ProgressFeed | NoFeed
    flights: dict[str, Flight] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    last_end: float = 0.0
    sign_s: float = field(default_factory=time.monotonic)
    asked_s: float = 0.0
    trouble_s: float = 0.0
    next_s: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    out: bool = False
    hung: float = 0.0
    nursed: int = 0
    declined: set[str] = field(default_factory=set)

    @property
    def client(self) -> Backend:
        """The server's client."""
        return self.server.client

    @property
    def room(self) -> int:
        """How many more takes it should be given now."""
        return 0 if self.out else max(IN_FLIGHT - len(self.flights), 0)

    @property
    def ready(self) -> bool:
        """Whether it may be spoken to now."""
        return time.monotonic() >= self.next_s

    def lives(self) -> None:
        """It gave a sign of life."""
        self.sign_s = time.monotonic()

    def fails(self) -> bool:
        """It failed; it is tried again after a pause that grows. Says whether this is new."""
        now = time.monotonic()
        new = not self.trouble_s
        self.trouble_s = self.trouble_s or now
        self.next_s = now + self.pause_s
        self.pause_s = min(self.pause_s * 2, _LONGEST_PAUSE_S)
        return new

    def recovers(self) -> bool:
        """It answers as it should; says whether it was in trouble before."""
        was = bool(self.trouble_s)
        if was:
            self.lives()
        self.trouble_s, self.next_s, self.pause_s, self.out = 0.0, 0.0, _FIRST_PAUSE_S, False
        return was

    def take(self, plan: RenderPlan, prompt_id: str, graph: dict[str, Any], doubt_s: float = 0.0) -> None:
        """Write down that it has a prompt, or may have one."""
        if not self.flights:
            self.lives()
        flight = Flight(plan, prompt_id, graph, time.monotonic())
        flight.doubt_until = flight.since + doubt_s if doubt_s else 0.0
        self.flights[prompt_id] = flight


def upload(job: BatchJob, lane: Lane, plan: RenderPlan) -> dict[str, str]:
    """The names under which a server has the plan's pictures and clips; each is sent once a run."""
    files = {
        key: (inside(job.project.images, *plan.picture(key).split("/")), sha256)
        for key, sha256 in plan.pictures.items()
    }
    files |= {key: clip_of(job.shelf, source) for key, source in plan.sources.items()}
    for path, sha256 in files.values():
        if sha256 not in lane.sent:
            lane.sent[sha256] = lane.client.upload_image(path)
    return {key: lane.sent[sha256] for key, (_, sha256) in files.items()}


def open_prompts(entries: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The last submission of each take whose end is not written, by scene and take, from journal entries."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for entry in entries:
        key = (str(entry.get("scene", "")), str(entry.get("take", "")))
        if entry["event"] == "submitted":
            found[key] = entry
        elif entry.get("kept"):
            # It failed on this side; what the server made is still there.
            continue
        elif entry["event"] in ("saved", "failed", "delayed", "lowered", "lost", "cancelled"):
            found.pop(key, None)
    return found


def withdraw(job: BatchJob, lane: Lane, flights: list[Flight]) -> None:
    """Take back what was handed over; a server that is gone has nothing left to stop."""
    # The one that waits goes first, or it would begin when the running one ends.
    for flight in reversed(flights):
        facts = {"scene": flight.plan.scene.scene, "take": flight.plan.take_id, "prompt_id": flight.prompt_id}
        try:
            lane.client.cancel(flight.prompt_id)
        except ComfyError as error:
            facts["server"] = error.message
        job.shelf.journal.append("cancelled", **facts)
        lane.flights.pop(flight.prompt_id, None)
