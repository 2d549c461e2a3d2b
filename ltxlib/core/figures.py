"""What a night came to, read from its journal: made, failed, time, money, idle share.

The journal is there however the night ended, so the figures are too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ltxlib.core.ladder import asked_id, rung_in

_BEGINS = "batch started"
_ENDS = "batch ended"
# What is tried before a run is no part of the run before that.
_TRIED = "canary"


@dataclass(frozen=True)
class Made:
    """A take that was made: where it belongs, and how long the server worked on it, in seconds.

    rung: how far down the ladder for want of memory, 0 is as asked.
    """

    scene: str
    take_id: str
    render_s: float
    rung: int = 0


@dataclass(frozen=True)
class Failed:
    """A take that could not be made, with the reason and the cure that were told."""

    scene: str
    take_id: str
    reason: str
    cure: str


@dataclass(frozen=True)
class Figures:
    """One run of the batch, whole or cut off.

    began and last are the times of its first and its last line, as written. ended: whether it came to its
    end; cancelled: whether a person ended it. wanted: takes it was to make, None when not written. lost: how
    often the server forgot a prompt; away: how often it did not answer.
    """

    began: str
    last: str
    ended: bool
    cancelled: bool
    rehearsal: bool
    wanted: int | None
    made: tuple[Made, ...]
    failed: tuple[Failed, ...]
    lost: int
    away: int

    @property
    def lowered(self) -> int:
        """How many takes were made otherwise than asked, since memory ran out."""
        return sum(made.rung > 0 for made in self.made)

    @property
    def elapsed_s(self) -> float:
        """From the first line to the last, in seconds."""
        return max((_time(self.last) - _time(self.began)).total_seconds(), 0.0)

    @property
    def render_s(self) -> float:
        """How long the server worked on takes that were made, in seconds."""
        return sum(made.render_s for made in self.made)

    @property
    def idle_share(self) -> float:
        """The part of the time, 0 to 1, in which nothing that came out whole was being rendered."""
        return min(max(1 - self.render_s / self.elapsed_s, 0.0), 1.0) if self.elapsed_s else 0.0

    def usd(self, usd_per_hour: float) -> float:
        """What the time cost at this price, in US dollars."""
        return self.elapsed_s / 3600 * usd_per_hour

    def usd_per_take(self, usd_per_hour: float) -> float | None:
        """What one take came to, the waiting included; None when none was made."""
        return self.usd(usd_per_hour) / len(self.made) if self.made else None


def last_run(entries: Iterable[Mapping[str, Any]]) -> Figures | None:
    """The figures of the last run in a journal, its lines oldest first; None when nothing ever ran.

    A take that failed and was made later in the same run counts as made, also when with less memory.
    """
    run: list[Mapping[str, Any]] = []
    for entry in entries:
        if str(entry["event"]).startswith(_TRIED):
            continue
        if entry["event"] == _BEGINS:
            run = []
        if run or entry["event"] == _BEGINS:
            run.append(entry)
    if not run:
        return None
    first, end = run[0], next((entry for entry in run if entry["event"] == _ENDS), None)
    made = {_key(entry): _made(entry) for entry in run if entry["event"] == "saved"}
    failed = {_key(entry): _failed(entry) for entry in run if entry["event"] == "failed"}
    return Figures(
        began=str(first["at"]),
        last=str((end or run[-1])["at"]),
        ended=end is not None,
        cancelled=bool(end and end.get("cancelled")),
        rehearsal=bool(first.get("rehearsal")),
        wanted=first.get("takes"),
        made=tuple(made.values()),
        failed=tuple(found for key, found in failed.items() if key not in made),
        lost=sum(entry["event"] == "lost" for entry in run),
        away=sum(entry["event"] == "server lost" for entry in run),
    )


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    """The take that was asked for."""
    scene, take_id = _names(entry)
    return scene, asked_id(take_id)


def _names(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("scene", "")), str(entry.get("take", ""))


def _made(entry: Mapping[str, Any]) -> Made:
    scene, take_id = _names(entry)
    return Made(scene, take_id, float(entry.get("render_s") or 0.0), rung_in(take_id))


def _failed(entry: Mapping[str, Any]) -> Failed:
    return Failed(*_key(entry), str(entry.get("reason", "")), str(entry.get("cure", "")))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
