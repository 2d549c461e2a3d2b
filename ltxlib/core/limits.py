"""When a night is to end early: at an hour of the clock, or when it has cost enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

CANCELLED, BUDGET, CLOCK = "cancelled", "budget", "clock"
DISK, ALIKE, SERVER = "disk", "alike", "server"
# Why a batch may end before its work is done, and how that is told.
STOP_WORDS = {
    CANCELLED: "Somebody ended it.",
    BUDGET: "The budget is used up.",
    CLOCK: "It is as late as was allowed.",
    DISK: "The disk is nearly full.",
    ALIKE: "Every scene failed in the same way.",
    SERVER: "No server answers any more.",
}


@dataclass(frozen=True)
class Limits:
    """What a night may cost and how long it may last; None where there is no such limit.

    began and until are seconds since 1970. usd_per_hour: None when nobody knows the price, and then a budget
    cannot be held.
    """

    began: float
    until: float | None = None
    budget_usd: float | None = None
    usd_per_hour: float | None = None

    def spent_usd(self, now: float) -> float | None:
        """What the time since it began cost; None when the price is not known."""
        return None if self.usd_per_hour is None else max(now - self.began, 0.0) / 3600 * self.usd_per_hour

    def reached(self, now: float) -> str:
        """Which limit is reached: CLOCK, BUDGET or, when none is, an empty text."""
        if self.until is not None and now >= self.until:
            return CLOCK
        spent = self.spent_usd(now)
        if self.budget_usd is not None and spent is not None and spent >= self.budget_usd:
            return BUDGET
        return ""

    def to_json(self) -> dict[str, Any]:
        """The limits as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Limits:
        """The limits that were written. Raises TypeError or ValueError when they are none."""
        known = {name: data[name] for name in (f.name for f in fields(cls)) if data.get(name) is not None}
        return cls(**{name: float(value) for name, value in known.items()})
