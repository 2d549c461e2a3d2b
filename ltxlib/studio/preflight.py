"""Everything a night needs, looked at before it costs anything; nothing is written, sent or rendered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ltxlib.core import room
from ltxlib.core.amounts import count_text
from ltxlib.core.pace import estimate_by
from ltxlib.core.plan import Estimate, RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line, lines_text
from ltxlib.errors import BadInput, LtxlibError
from ltxlib.store import takes as take_store
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import chain, preflight_disk, preflight_limits, preflight_pod
from ltxlib.studio.check import Checked, check_project
from ltxlib.studio.connect import Connection, connect
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import BatchJob, job_for
from ltxlib.studio.pacing import pace_on
from ltxlib.studio.price import HourlyPrice, hourly_price
from ltxlib.studio.watching import is_held, look

__all__ = ["BAD", "DOUBT", "GOOD", "Line", "Preflight", "Wanted", "Wishes", "preflight"]


class Wishes(Protocol):
    """What a night is to do, as its options say; `Wanted` is one."""

    @property
    def assemble(self) -> bool:
        """Whether the film is made at the end."""

    @property
    def stop_pod(self) -> bool:
        """Whether the pod is stopped at the end."""

    @property
    def until(self) -> float | None:
        """When it is to end at the latest, in seconds since 1970."""

    @property
    def budget_usd(self) -> float | None:
        """What it may cost."""

    @property
    def price_usd(self) -> float | None:
        """What an hour costs, as a person named it."""


@dataclass(frozen=True)
class Wanted:
    """What a night is to do: make the film, stop the pod, end at a moment or when it has cost so much."""

    assemble: bool = False
    stop_pod: bool = False
    until: float | None = None
    budget_usd: float | None = None
    price_usd: float | None = None


@dataclass(frozen=True)
class Preflight:
    """What was found.

    takes: how many are asked for, missing: those that are not there. Times and money are for the missing
    ones, from best to worst; None where they are not known. needs_bytes: of disk, for all that is written.
    rehearsal: None when no server answered. job: what would be rendered; None when something stands in its
    way.
    """

    lines: tuple[Line, ...]
    takes: int = 0
    missing: tuple[RenderPlan, ...] = ()
    estimate: Estimate = field(default_factory=lambda: Estimate(0.0, 0.0, "", known=False))
    price: HourlyPrice | None = None
    needs_bytes: int = 0
    rehearsal: bool | None = None
    job: BatchJob | None = None

    @property
    def bad(self) -> bool:
        """Whether something is so wrong that nothing may start."""
        return any(line.state == BAD for line in self.lines)

    @property
    def low_s(self) -> float | None:
        """How long the night lasts at best, in seconds."""
        return self.estimate.low_s if self.estimate.known else None

    @property
    def high_s(self) -> float | None:
        """How long the night lasts at worst, in seconds."""
        return self.estimate.high_s if self.estimate.known else None

    @property
    def low_usd(self) -> float | None:
        """What the night costs at best."""
        return preflight_limits.cost_usd(self.low_s, self.price)

    @property
    def high_usd(self) -> float | None:
        """What the night costs at worst."""
        return preflight_limits.cost_usd(self.high_s, self.price)

    def text(self) -> str:
        """All of it for a terminal, a line for each thing and a last one that sums up."""
        bad = sum(line.state == BAD for line in self.lines)
        if bad:
            end = f"{count_text(bad, 'thing')} to mend before the night can start; nothing was rendered."
        else:
            end = "The night can start." if self.missing else "The night can start; no take is missing."
        return f"{lines_text(self.lines)}\n{end}"

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "good": not self.bad,
            "lines": [line.to_json() for line in self.lines],
            "takes": self.takes,
            "missing": len(self.missing),
            "low_s": self.low_s,
            "high_s": self.high_s,
            "time_source": self.estimate.source,
            "left_out": self.estimate.left_out,
            "low_usd": self.low_usd,
            "high_usd": self.high_usd,
            "usd_per_hour": self.price.usd if self.price else None,
            "price_source": self.price.source if self.price else "",
            "needs_bytes": self.needs_bytes,
            "rehearsal": self.rehearsal,
        }


def preflight(
    project: Project,
    wanted: Wishes,
    *,
    scenes_csv: Path | None = None,
    inside: bool = False,
    now: float | None = None,
) -> Preflight:
    """Look at everything; what is wrong is a line, and nothing foreseeable is raised.

    scenes_csv: another table than the project's. inside: asked by the night itself, which holds its lock.
    now: seconds since 1970, the clock's unless given.
    """
    now = time.time() if now is None else now
    seen = _Look(project, wanted, scenes_csv)
    lines = [*seen.table(), *seen.server(), *seen.graphs(), *_runs(project, seen.shelf, inside=inside)]
    plans = seen.job.plans if seen.job else seen.checked.plans if seen.checked else ()
    missing = tuple(plan for plan in plans if not take_store.there(seen.shelf, plan, _ladder(wanted)))
    if plans:
        there = len(plans) - len(missing)
        told = f"{len(missing)} to make, {there} there already" if there else f"{len(missing)} to make"
        lines.append(Line("Takes", GOOD, f"{told}."))
    takes, _ = take_store.load_takes(seen.shelf)
    film = plans if wanted.assemble else ()
    needs = preflight_disk.Needs(room.rate_of(takes), missing, film)
    lines += preflight_disk.lines(project, seen.shelf, needs, seen.connection)
    facts = seen.connection.facts if seen.connection else None
    lanes = len(seen.connection.servers) if seen.connection else 1
    estimate = estimate_by(missing, pace_on(seen.shelf, facts), lanes)
    price, found = _price(wanted)
    lines += [*found, *preflight_limits.lines(wanted, estimate, price, now, rehearsal=seen.shelf.rehearsal)]
    lines += preflight_pod.lines(wanted, preflight_limits.cost_usd(estimate.high_s, price))
    return Preflight(
        tuple(lines),
        len(plans),
        missing,
        estimate,
        price,
        needs.all_bytes,
        seen.connection.rehearsal if seen.connection else None,
        None if any(line.state == BAD for line in lines) else seen.job,
    )


def _ladder(wanted: Wishes) -> bool:
    """Whether takes made with less memory will do; so unless the wishes say otherwise."""
    return bool(getattr(wanted, "ladder", True))


def _price(wanted: Wishes) -> tuple[HourlyPrice | None, list[Line]]:
    try:
        return hourly_price(wanted.price_usd), []
    except BadInput as error:
        return None, [Line("Price", BAD, error.message, error.cure)]


def _runs(project: Project, shelf: Shelf, *, inside: bool) -> Iterator[Line]:
    """Whether something runs already that must not be joined."""
    if not inside and look(project).running:
        cure = "Watch it with ./kit night --watch or in notebook 02, or end it there."
        yield Line("Other runs", BAD, "A night is running in this project already.", cure)
    elif is_held(shelf.lock.path):
        cure = "Wait until it is through, or end it where it was started."
        yield Line("Other runs", BAD, "A batch is running in this project already.", cure)
    else:
        yield Line("Other runs", GOOD, "Nothing else renders for this project.")


class _Look:
    """The table, the server and what the server says to the table's graphs, each looked at once."""

    def __init__(self, project: Project, wanted: Wishes, scenes_csv: Path | None) -> None:
        self.project, self.wanted, self.path = project, wanted, scenes_csv or project.scenes_csv
        self.connection: Connection | None = None
        self.checked: Checked | None = None
        self.job: BatchJob | None = None
        self._fault = LtxlibError("No server was asked.", cure="Start ComfyUI in notebook 01 and look again.")
        try:
            self.connection = connect(project)
            self.shelf = self.connection.shelf
        except LtxlibError as error:
            self._fault = error
            self.shelf = chain.likely_shelf(project)

    def table(self) -> Iterator[Line]:
        """The whole table with all it names."""
        name = self.path.name
        try:
            checked = check_project(self.project, self.path, shelf=self.shelf)
            self.checked = with_picks(checked, self.shelf)
        except LtxlibError as error:
            yield Line("Table", BAD, error.message, error.cure, _problems_of(error))
            return
        problems = self.checked.problems
        if self.checked.errors:
            told = f"{name}: {count_text(len(self.checked.errors), 'problem')} to mend."
            yield Line("Table", BAD, told, "Mend each of them and look again.", tuple(self.checked.errors))
        elif not self.checked.plans:
            yield Line(
                "Table",
                BAD,
                f"{name} asks for no take.",
                "Write yes under enabled in at least one row, and 1 or more under takes.",
            )
        else:
            scenes = count_text(len({plan.scene.scene for plan in self.checked.plans}), "scene")
            told = f"{name} asks for {scenes}, {count_text(len(self.checked.plans), 'take')}."
            if problems:
                yield Line("Table", DOUBT, f"{told} Worth a look:", problems=problems)
            else:
                yield Line("Table", GOOD, told)

    def server(self) -> Iterator[Line]:
        """Whether a server answers, which, and whether it has a graphics card."""
        if self.connection is None:
            cure = f"{self._fault.cure} Or start the rehearsal, which needs no GPU: ./kit server."
            yield Line("Server", BAD, self._fault.message, cure, _problems_of(self._fault))
            return
        for server in self.connection.servers:
            yield _server_line(server.client.url, server.facts)
        for problem in self.connection.notes:
            yield Line("Server", DOUBT, f"{problem.where} is left out: {problem.what}", problem.cure)

    def graphs(self) -> Iterator[Line]:
        """What the servers would refuse: nodes, model files, values."""
        if self.connection is None or self.checked is None or self.checked.errors or not self.checked.plans:
            return
        try:
            self.job = job_for(self.project, self.connection, self.checked)
        except LtxlibError as error:
            yield Line("Graphs", BAD, error.message, error.cure, _problems_of(error))
            return
        graphs = count_text(len({plan.workflow for plan in self.job.plans}), "workflow")
        told = f"{graphs}: the server has every node and every model file."
        notes = tuple(note for note in self.job.notes if note not in self.connection.notes)
        if notes:
            yield Line("Graphs", DOUBT, f"{told} Worth a look:", problems=notes)
        else:
            yield Line("Graphs", GOOD, told)


def _server_line(url: str, facts: Any) -> Line:
    if facts.get("rehearsal"):
        return Line("Server", GOOD, f"REHEARSAL at {url}: clips are stand-ins, no GPU is used.")
    devices = [str(name) for name in facts.get("devices") or ()]
    version = facts.get("comfyui") or "of unknown version"
    if any(name.startswith("cpu") for name in devices[:1]):
        cure = "Start the pod again, or rent another one: on a processor alone a night lasts for weeks."
        return Line("Server", DOUBT, f"ComfyUI {version} at {url} sees no graphics card.", cure)
    card = f" on {devices[0]}" if devices else ""
    return Line("Server", GOOD, f"ComfyUI {version} answers at {url}{card}.")


def _problems_of(error: LtxlibError) -> tuple[Problem, ...]:
    return tuple(errors_in(list(getattr(error, "problems", ()))))
