"""`./kit batch` in a hurry, for benchmarks: the same batch, with the pauses of a night cut short.

    python -m benchmarks.hasty PROJECT

Events go to standard output, one JSON object a line, and the exit code is that of `./kit batch`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ltxlib.cli import words
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import Care, job_for

HASTE = Care(pause_s=0.2, revive_s=0.3, quiet_s=4.0, unknown_quiet_s=8.0, interrupt_s=2.0, patience_s=60.0)
NOT_STARTED = 2


def main(arguments: Sequence[str]) -> int:
    """Run the batch of a project."""
    project = Project(Path(arguments[0]))
    try:
        job = replace(job_for(project, connect(project), check_project(project)), care=HASTE)
        for event in run_batch(job):
            print(json.dumps(words.event_facts(event)), flush=True)
            if isinstance(event, events.BatchEnded):
                return event.exit_code
    except LtxlibError as error:
        print(json.dumps({"error": type(error).__name__, "message": error.message}), flush=True)
    return NOT_STARTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
