"""What a batch says of itself while it runs, small enough to be written twice a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ltxlib.core.limits import BUDGET, CANCELLED, CLOCK

# What papermill, cron and scripts are told by the exit code.
ALL_MADE, SOME_FAILED, NOTHING_STARTED, STOPPED_EARLY = 0, 1, 2, 3


def exit_code(made: int, there: int, failed: int, stopped_by: str) -> int:
    """What a program that ran a batch should end with. stopped_by: a word of `limits`, or nothing."""
    if stopped_by in (CANCELLED, BUDGET, CLOCK):
        return STOPPED_EARLY
    if failed or stopped_by:
        return SOME_FAILED if made or there else NOTHING_STARTED
    return ALL_MADE


@dataclass(frozen=True)
class Rendering:
    """A take that a server works on or has waiting: step of steps in the node that runs, 0 of 0 at first."""

    scene: str
    take_no: int
    take_id: str
    server: str = ""
    step: int = 0
    steps: int = 0


@dataclass(frozen=True)
class BatchStatus:
    """One look at a batch.

    began and at (when this was written) are seconds since 1970. takes: how many there are to be, of which
    `there` were there before and `made` and `failed` came of this run. last: what was said last ("rain-1,
    take 2 is made"). waiting_for: why nothing moves, empty when it does. left_s: how long the rest may take,
    None when nobody knows. render_s: how long servers worked on what was made. rung: the rung of the ladder
    that work is on, 0 is as asked. stopped_by: a word of `limits`, empty while it runs or when it came to its
    end. process: who writes this.
    """

    began: float
    at: float
    takes: int = 0
    there: int = 0
    made: int = 0
    failed: int = 0
    now: tuple[Rendering, ...] = ()
    last: str = ""
    waiting_for: str = ""
    left_s: float | None = None
    render_s: float = 0.0
    rung: int = 0
    ended: bool = False
    stopped_by: str = ""
    process: int = 0

    @property
    def left(self) -> int:
        """How many takes are still to be made."""
        return max(self.takes - self.there - self.made - self.failed, 0)

    @property
    def exit_code(self) -> int:
        """What a program that ran this batch should end with."""
        return exit_code(self.made, self.there, self.failed, self.stopped_by)

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BatchStatus:
        """The status that was written. Raises KeyError or TypeError when it is none."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        known["now"] = tuple(Rendering(**one) for one in known.get("now", ()))
        return cls(**known)
