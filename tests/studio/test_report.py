"""The morning report, written from what really lies on the disk."""

from __future__ import annotations

from ltxlib.store import takes as take_store
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from ltxlib.studio.report import HourlyPrice, write_report


def test_a_night_with_one_failure_is_told(project, server):
    """The page holds a picture of the take that was made, why the other was not, and the money."""
    job = job_for(project, connect(project), check_project(project))
    server.faults.add("node_errors")
    for _ in run_batch(job):
        pass
    path = write_report(job.shelf, HourlyPrice(0.59, "asked"))
    assert path is not None
    assert path.parent == job.shelf.folder / "reports"
    text = path.read_text("utf-8")
    assert "1 take made, 1 failed" in text
    assert "REHEARSAL" in text
    assert text.count("data:image/jpeg;base64,") == 1
    assert "$0.59 an hour" in text
    assert "only a part of the graph" in text
    assert len(text) < 100_000
    assert not list(path.parent.glob("*.part"))


def test_a_night_that_died_has_a_report_too(project, server):
    """Without the run's last line, and with a clip that is gone, the page is written all the same."""
    job = job_for(project, connect(project), check_project(project))
    for _ in run_batch(job):
        pass
    journal = job.shelf.journal.path
    lines = [line for line in journal.read_text().splitlines() if "batch ended" not in line]
    journal.write_text("\n".join(lines) + "\n")
    plan = job.plans[0]
    take_store.clip_path(job.shelf, plan.scene.scene, plan.take_id).unlink()
    path = write_report(job.shelf)
    assert path is not None
    text = path.read_text("utf-8")
    assert "The night was cut off: 2 takes made" in text
    assert "is not the one that was recorded" in text
    assert text.count("data:image/jpeg;base64,") == 1


def test_nothing_ran_nothing_is_written(project):
    """Without a journal there is no report."""
    shelf = project.set(rehearsal=True)
    assert write_report(shelf) is None
    assert not (shelf.folder / "reports").exists()
