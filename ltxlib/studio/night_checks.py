"""What is looked at before a night costs anything, and the tiny clips that are tried before it starts."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import Connection
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import BatchJob, job_for
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.price import HourlyPrice, hourly_price


@dataclass(frozen=True)
class Found:
    """What was looked at: lines to be shown, and whether the night may start."""

    lines: tuple[str, ...]
    good: bool


def price(options: NightOptions) -> HourlyPrice | None:
    """What an hour costs, None when nobody knows. Raises BadInput when what was named is no price."""
    return hourly_price(options.price_usd)


def look_ahead(
    project: Project, connection: Connection, options: NightOptions, costs: HourlyPrice | None
) -> Found:
    """Look at everything before it costs money; never raises for what is missing."""
    if options.budget_usd is not None and costs is None:
        return Found(("bad   a budget needs the price of an hour: name it with --price 0.59",), False)
    try:
        job = _job(project, connection)
    except LtxlibError as error:
        return Found((f"bad   {error}",), False)
    return Found((f"good  {len(job.plans)} takes can be made",), True)


def try_out(project: Project, connection: Connection, cancel: threading.Event) -> None:
    """Make one tiny clip through each graph of the night. Raises BadInput with what failed."""
    _job(project, connection)


def _job(project: Project, connection: Connection) -> BatchJob:
    checked = check_project(project)
    if checked.again is None:
        # Where scenes start from takes, the server says which takes count: job_for checks again with it.
        checked.or_raise()
    return job_for(project, connection, with_picks(checked, connection.shelf))
