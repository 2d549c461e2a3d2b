"""What was chosen for a night."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ltxlib.core.limits import Limits
from ltxlib.errors import BadInput
from ltxlib.store.night_files import night_around
from ltxlib.store.project import Project

COUNTDOWN_S = 180.0
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


@dataclass(frozen=True)
class NightOptions:
    """How a night is to go.

    assemble: make the film at the end. budget_usd: end when it has cost so much. until: end at that moment,
    in seconds since 1970. stop_pod: stop the pod when all is done, after countdown_s seconds to say no.
    price_usd: what an hour costs, where a person named it. ladder: whether a take that does not fit into
    memory may be made smaller. rehearsal: with the stand-in for ComfyUI. scenes_csv: another table than the
    project's, by its path from the project's folder.
    """

    assemble: bool = False
    budget_usd: float | None = None
    until: float | None = None
    stop_pod: bool = False
    price_usd: float | None = None
    countdown_s: float = COUNTDOWN_S
    ladder: bool = True
    rehearsal: bool = False
    scenes_csv: str = ""

    def to_json(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NightOptions:
        """The options that were written; what they do not name is as usual."""
        return cls(**{f.name: data[f.name] for f in fields(cls) if f.name in data})

    def table(self, project: Project) -> Path | None:
        """The table that is meant where it is not the project's own."""
        return project.root / self.scenes_csv if self.scenes_csv else None

    def limits(self, began: float, usd_per_hour: float | None) -> Limits:
        """When this night is to end early."""
        return Limits(began, self.until, self.budget_usd, usd_per_hour)


def ladder_wanted() -> bool:
    """Whether the night that this process works for, if any, may make takes smaller."""
    around = night_around()
    return around is None or NightOptions.from_json(around.read().get("options") or {}).ladder


def next_clock(text: str, now: float | None = None) -> float:
    """The next moment, in seconds since 1970, at which this machine's clock shows the time, such as 06:30.

    Raises BadInput when the text is no time of day.
    """
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise BadInput(f"“{text}” is no time of day.", cure="Write it as 06:30 or 23:15.")
    now = time.time() if now is None else now
    here = time.localtime(now)
    wanted = (int(found[1]), int(found[2]), 0)
    for days in (0, 1, 2):
        # Told by the calendar, so that a night in which the clocks change ends at the hour that they show.
        moment = time.mktime((here.tm_year, here.tm_mon, here.tm_mday + days, *wanted, 0, 0, -1))
        if moment > now:
            return moment
    return moment


def clock_words(moment: float) -> str:
    """A moment as this machine's clock shows it, with its zone: "06:30 UTC on Monday"."""
    return time.strftime("%H:%M %Z on %A", time.localtime(moment))
