"""A table rendered by a rehearsal, as tests of what came of it want it: the shelf, and its takes by scene."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ltxlib.core.take import Take
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.project import Shelf
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.studio import a_project


def rendered(
    root: Path, header: str, rows: Sequence[str], settings: RehearsalSettings | None = None
) -> tuple[Shelf, dict[str, Take]]:
    """Render every row, each with one take; a second batch must find them all there."""
    project = a_project(root / "project")
    project.scenes_csv.write_text("\n".join((header, *rows)) + "\n")
    with (
        pytest.MonkeyPatch.context() as patch,
        RehearsalServer(root / "out", root / "in", settings=settings or RehearsalSettings()) as server,
    ):
        patch.setenv("LTX_COMFY_URL", server.url)
        first = list(run_batch(job_for(project, connect(project), check_project(project))))
        again = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert first[-1] == events.BatchEnded(made=len(rows), there=0, failed=0, cancelled=False)
    assert again[-1] == events.BatchEnded(made=0, there=len(rows), failed=0, cancelled=False)
    shelf = project.set(rehearsal=True)
    takes, problems = load_takes(shelf)
    assert problems == []
    return shelf, {take.scene: take for take in takes}
