"""The end of a night, however it came: the report, a word to the creator, the light."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.limits import Limits
from ltxlib.core.status import ALL_MADE
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio.night_light import Light, pod_to_stop
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_told import Told
from ltxlib.studio.price import HourlyPrice
from ltxlib.studio.report import NightPart, write_report
from ltxlib.studio.watching import ENDED, REPORT

EXIT_WORDS = {
    0: "all was made",
    1: "some takes could not be made",
    2: "nothing could start",
    3: "it was ended early",
}


@dataclass(frozen=True)
class Ending:
    """What a night came to: its exit code, one sentence, the film it made, whether to get up for it."""

    code: int
    says: str
    film: Path | None = None
    urgent: bool = False


def finish(project: Project, told: Told, ending: Ending) -> int:
    """Write the report, tell people, switch the light off where that was chosen; gives the exit code."""
    options = NightOptions.from_json(told.facts.get("options") or {})
    # Where the pod is stopped nobody comes back to say more, so all that matters is said before.
    told.set(phase=REPORT, exit_code=ending.code, says=ending.says, ended_at=time.time())
    told.log(ending.says)
    report = _report(project, told, ending)
    title, _, more = ending.says.partition("\n")
    lines = [more] if more else []
    if ending.code != ALL_MADE:
        lines.append(f"Exit code {ending.code}: {EXIT_WORDS.get(ending.code, '')}.")
    lines += [f"The film: {ending.film}"] if ending.film else []
    lines += [f"The report: {report}"] if report else []
    lines += [_money(told)] if _money(told) else []
    if options.stop_pod and pod_to_stop(rehearsal=bool(told.facts.get("rehearsal"))):
        lines.append(
            f"The pod is stopped in {options.countdown_s:g} s; ./kit night --keep-pod leaves it running."
        )
    told.note(title, "\n".join(lines), urgent=ending.urgent)
    if options.stop_pod:
        Light(project, told, options.countdown_s).turn_off()
    told.set(phase=ENDED, ended_at=time.time(), countdown_until=None)
    return ending.code


def _money(told: Told) -> str:
    facts = told.facts
    spent = Limits(facts["began"], usd_per_hour=facts.get("usd_per_hour")).spent_usd(time.time())
    if spent is None:
        return ""
    would = "would have cost" if facts.get("rehearsal") else "cost"
    return (
        f"It {would} about ${spent:.2f}, at ${facts['usd_per_hour']:g} an hour ({facts.get('price_source')})."
    )


def _report(project: Project, told: Told, ending: Ending) -> Path | None:
    """Write the report; None when even that cannot be done, which is told."""
    facts, shelf = told.facts, project.set(rehearsal=bool(told.facts.get("rehearsal")))
    says, *more = ending.says.splitlines()
    lines = [*more, f"Exit code {ending.code}: {EXIT_WORDS.get(ending.code, '')}.", _money(told)]
    lines += [f"The film: {_short(project, ending.film)}"] if ending.film else []
    copies = [shelf.folder / "notebooks" / f"{name}.ipynb" for name in facts.get("notebooks") or ()]
    names = ", ".join(_short(project, copy) for copy in copies if copy.is_file())
    lines += [f"The notebooks as they ran: {names}"] if names else []
    lines += [str(line) for line in facts.get("troubles") or ()]
    part = NightPart(facts["began"], time.time(), says, tuple(line for line in lines if line))
    price = None
    if facts.get("usd_per_hour") is not None:
        price = HourlyPrice(facts["usd_per_hour"], str(facts.get("price_source") or ""))
    try:
        path = write_report(shelf, price, part)
    except LtxlibError as error:
        told.log(f"The report could not be written. {error}")
        return None
    told.set(report=str(path))
    return path


def _short(project: Project, path: Path) -> str:
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)
