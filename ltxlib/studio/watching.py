"""Watching the project's night from anywhere, and telling it what is wanted: a look at the disk, no more.

Whether a night runs is told by its lock, which ends with its process; all else by the small files in
`production/night/`. So a look is right after a closed browser, a restarted kernel or a killed night.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.core.limits import Limits
from ltxlib.core.status import BatchStatus
from ltxlib.errors import StoreError
from ltxlib.store.night_files import AFTER_TAKE, NOW, NightFolder, Orders, night_folder, read_status
from ltxlib.store.project import Project

PREFLIGHT, CANARY, REPORT, COUNTDOWN, STOPPING, ENDED = (
    "preflight",
    "canary",
    "report",
    "countdown",
    "stopping",
    "ended",
)
# What a night does, in its order, as a person is told.
PHASES = {
    PREFLIGHT: "looking at what is needed",
    CANARY: "trying one tiny clip of each kind",
    "01_setup": "looking at what is there",
    "02_generate": "rendering the scenes",
    "03_review": "looking through the takes",
    "04_assemble": "making the film",
    REPORT: "writing the report",
    COUNTDOWN: "about to stop the pod",
    STOPPING: "stopping the pod",
    ENDED: "over",
}


@dataclass(frozen=True)
class NightView:
    """One look at the project's night: the one that runs, else the last one there was.

    id is empty when there never was one. phase: a key of PHASES. batch: None before rendering begins. Times
    are seconds, began and ended_at since 1970; left_s, spent_usd and countdown_s are None where nobody knows
    or there is none. says: the last thing it said. notebook: the executed copy of the notebook that runs or
    ran last. light: what became of stopping the pod, `stopped` and `text`. orders: what was ordered of it.
    """

    running: bool = False
    id: str = ""
    phase: str = ""
    rehearsal: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    batch: BatchStatus | None = None
    began: float = 0.0
    ended_at: float | None = None
    elapsed_s: float = 0.0
    left_s: float | None = None
    usd_per_hour: float | None = None
    price_source: str = ""
    spent_usd: float | None = None
    limits: Limits | None = None
    orders: Orders = field(default_factory=Orders)
    exit_code: int | None = None
    says: str = ""
    countdown_s: float | None = None
    notebook: Path | None = None
    report: Path | None = None
    light: Mapping[str, Any] = field(default_factory=dict)
    log: Path | None = None

    @property
    def there(self) -> bool:
        """Whether there is or was a night at all."""
        return bool(self.id)

    @property
    def died(self) -> bool:
        """Whether the night's process ended without saying so (a power cut, a kill)."""
        return self.there and not self.running and self.exit_code is None

    @property
    def told(self) -> str:
        """Where the night is, in one sentence."""
        if not self.there:
            return "There was no night yet."
        if self.died:
            return "The night was cut off before its end; what it made is kept."
        if not self.running:
            return self.says or "The night is over."
        text = f"The night is {PHASES.get(self.phase, self.phase)}"
        if self.batch and self.phase == "02_generate":
            done = self.batch.there + self.batch.made
            text += f": {done} of {self.batch.takes} takes are there"
            text += f", {self.batch.failed} failed" if self.batch.failed else ""
        if self.countdown_s is not None and self.phase == COUNTDOWN:
            text += f" in {round(self.countdown_s)} s"
        ordered = {AFTER_TAKE: " It ends after this take.", NOW: " It is being ended now."}
        return f"{text}.{ordered.get(self.orders.end, '')}"


def look(project: Project, now: float | None = None) -> NightView:
    """The project's night as it is at this moment. Reads small files, raises nothing, changes nothing."""
    now = time.time() if now is None else now
    night = night_folder(project)
    facts = night.read()
    # One that has said that it ended is over, though its process may need a moment more to go.
    running = is_held(night.lock.path) and facts.get("phase") != ENDED
    began = _number(facts.get("began")) or 0.0
    if not facts.get("id"):
        # Its lock is there a moment before its first words are.
        return NightView(running=running, log=night.log)
    rehearsal = bool(facts.get("rehearsal"))
    ended_at, batch = _number(facts.get("ended_at")), read_status(project.set(rehearsal=rehearsal))
    if batch and batch.at < began:
        batch = None  # of an earlier run
    usd_per_hour, exit_code = _number(facts.get("usd_per_hour")), _number(facts.get("exit_code"))
    until = now if running else (ended_at or (batch.at if batch else began))
    countdown_until = _number(facts.get("countdown_until"))
    return NightView(
        running=running,
        id=str(facts["id"]),
        phase=str(facts.get("phase", "")),
        rehearsal=rehearsal,
        options=_mapping(facts.get("options")),
        batch=batch,
        began=began,
        ended_at=ended_at,
        elapsed_s=max(until - began, 0.0),
        left_s=_left(batch, now) if running else None,
        usd_per_hour=usd_per_hour,
        price_source=str(facts.get("price_source") or ""),
        spent_usd=Limits(began, usd_per_hour=usd_per_hour).spent_usd(until),
        limits=night.read_limits(),
        orders=night.read_orders(),
        exit_code=None if exit_code is None else int(exit_code),
        says=str(facts.get("says") or ""),
        countdown_s=max(countdown_until - now, 0.0) if countdown_until and running else None,
        notebook=_path(facts.get("notebook")),
        report=_path(facts.get("report")),
        light=_mapping(facts.get("light")),
        log=night.log,
    )


def order(project: Project, *, end: str = "", keep_pod: bool | None = None) -> Orders:
    """Tell the running night to end ("take": after the take that is rendered, "now") or to keep the pod.

    What was ordered before stays: "now" is not taken back by "take". keep_pod None leaves that as it is.
    Gives what is ordered now. Raises StoreError when no night runs.
    """
    night = night_folder(project)
    if not is_held(night.lock.path):
        raise StoreError("No night is running in this project.", cure="Start one with ./kit night.")
    return add_order(night, end=end, keep_pod=keep_pod)


def add_order(night: NightFolder, *, end: str = "", keep_pod: bool | None = None) -> Orders:
    """Put an order beside those that are there."""
    if end not in ("", AFTER_TAKE, NOW):
        raise StoreError(f"“{end}” is no order.", cure=f"Order {AFTER_TAKE} or {NOW}.")
    before = night.read_orders()
    stronger = NOW if NOW in (end, before.end) else (end or before.end)
    wanted = Orders(stronger, before.keep_pod if keep_pod is None else keep_pod)
    if wanted != before:
        night.write_orders(wanted)
    return wanted


def is_held(lock: Path) -> bool:
    """Whether a process holds this lock file; the lock itself is let go at once."""
    try:
        handle = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _left(batch: BatchStatus | None, now: float) -> float | None:
    """How long rendering may still take; what passed since it was reckoned is taken off."""
    if batch is None or batch.left_s is None or batch.ended:
        return None
    return max(batch.left_s - max(now - batch.at, 0.0), 0.0)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str) and value else None
