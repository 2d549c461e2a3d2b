"""The tiny clips that are tried before a night starts."""

from __future__ import annotations

import threading

from ltxlib.store.project import Project
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import Connection
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import BatchJob, job_for


def try_out(project: Project, connection: Connection, cancel: threading.Event) -> None:
    """Make one tiny clip through each graph of the night. Raises BadInput with what failed."""
    _job(project, connection)


def _job(project: Project, connection: Connection) -> BatchJob:
    checked = check_project(project, shelf=connection.shelf)
    return job_for(project, connection, with_picks(checked, connection.shelf))
