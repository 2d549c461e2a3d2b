"""The whole film: the table, the button, the progress, by day and by night."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ltxlib.errors import BadInput, ProjectBusy, RenderFailed
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.studio.check import check_project
from ltxlib.ui.batch import BatchPanel, batch_panel
from ltxlib.ui.job import latest
from ltxlib.ui.progress import BatchState, TextProgress, panel_html
from tests.support.made_takes import put_take

SLOW = RehearsalSettings(seconds_per_step=0.3)


@pytest.fixture
def panel(project, server) -> BatchPanel:
    """The panel over three missing takes."""
    made = BatchPanel(project)
    made.settle()
    return made


@pytest.fixture
def slowly(tmp_path, monkeypatch):
    """A rehearsal that takes its time, so that a batch can be met while it runs."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=SLOW) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def takes_of(project) -> list[Path]:
    return sorted((project.production / "REHEARSAL" / "takes").glob("*/*.mp4"))


def test_the_table_tells_what_is_missing_and_nothing_starts(panel, project):
    """Opening the panel renders nothing; it says what there is to do and how long a pod would need."""
    assert "none is there yet" in panel.head.value
    assert "0 of 2 there" in panel.scenes.value
    assert "On a pod the missing takes would need about" in panel.estimate.value
    assert panel.start.description == "Render 3 missing takes"
    assert not panel.start.disabled
    assert latest(panel.job_name) is None
    assert takes_of(project) == []


def test_what_pods_made_tells_how_long_a_pod_would_need(panel, project, tmp_path):
    """Takes on the film's shelf are better than the catalog's figures, and are named."""
    put_take(project.set(rehearsal=False), check_project(project).plans[0], 60.0, tmp_path)
    panel.refresh()
    panel.settle()
    assert "from 1 take made here on NVIDIA L40S" in panel.estimate.value


def test_one_press_makes_what_is_missing(panel, project):
    """All takes are made, listed and counted; afterwards nothing is missing."""
    panel.start.click()
    panel.settle()
    assert len(takes_of(project)) == 3
    assert "Done: 3 takes made" in panel.progress.value
    assert "rain, take 2" in panel.progress.value
    assert "all of them are there" in panel.head.value
    assert panel.start.description == "Nothing is missing"
    assert panel.start.disabled
    assert "ltx-empty" in panel.cancel._dom_classes


def test_only_what_is_missing_is_made(filled, server):
    """With takes on disk, a new seed of one scene is all there is to do."""
    rows = filled.scenes_csv.read_text().replace(",2,yes,yes", ",3,yes,yes")
    filled.scenes_csv.write_text(rows)
    panel = BatchPanel(filled)
    panel.settle()
    assert panel.start.description == "Render 1 missing take"
    panel.start.click()
    panel.settle()
    assert "1 take made, 3 were there already" in panel.progress.value


def test_running_the_cell_again_shows_the_running_job(project, slowly):
    """A second panel follows the batch of the first, starts none, and can cancel it."""
    first = BatchPanel(project)
    first.settle()
    first.start.click()
    job = latest(first.job_name)
    second = BatchPanel(project)
    assert latest(second.job_name) is job
    assert second.start.disabled
    assert "ltx-empty" not in second.cancel._dom_classes
    second.start.click()
    assert latest(second.job_name) is job
    second.cancel.click()
    assert second.cancel.disabled
    first.settle()
    second.settle()
    assert "Stopped." in first.progress.value
    assert "Stopped." in second.progress.value
    assert not first.start.disabled


def test_a_failed_take_has_a_reason_and_a_cure(panel, project, server):
    """One take fails, the others are made, and the list says why and what to do."""
    server.faults.add("node_errors")
    panel.start.click()
    panel.settle()
    assert len(takes_of(project)) == 2
    assert "1 failed" in panel.progress.value
    assert ">failed<" in panel.progress.value
    assert "only a part of the graph" in panel.progress.value
    assert panel.start.description == "Render 1 missing take"


def test_all_mistakes_are_told_at_once(project, server):
    """Ten faulty rows are ten lines, and the button stays off."""
    header, *_ = project.scenes_csv.read_text().splitlines()
    rows = [f"s{number},t2v,<i>no</i>,,{number},256,128,1,yes,yes" for number in range(10, 20)]
    project.scenes_csv.write_text("\n".join([header, *rows]) + "\n")
    panel = BatchPanel(project)
    panel.settle()
    assert panel.estimate.value.count("column frames") == 9
    assert "Mend these first" in panel.estimate.value
    assert "<i>" not in panel.estimate.value + panel.scenes.value
    assert panel.start.disabled


def test_a_table_that_is_not_there_is_told(project, server):
    """A missing scenes.csv is a sentence and a cure; Look again finds it once it is back."""
    text = project.scenes_csv.read_text()
    project.scenes_csv.unlink()
    panel = BatchPanel(project)
    panel.settle()
    assert "could not be read" in panel.estimate.value
    assert panel.start.disabled
    project.scenes_csv.write_text(text)
    panel.again.click()
    panel.settle()
    assert not panel.start.disabled


def test_without_a_server_the_table_is_there_all_the_same(project):
    """What is missing can be read without a server; pressing the button says what to start."""
    panel = BatchPanel(project)
    panel.settle()
    assert "rain" in panel.scenes.value
    assert "ltx-note ltx-wait" in panel.estimate.value
    panel.start.click()
    panel.settle()
    assert "ltx-note ltx-bad" in panel.notice.value
    assert not panel.start.disabled


def test_what_the_server_lacks_is_told_before_anything_is_rendered(project, tmp_path, monkeypatch):
    """A missing model file is named, and no take is begun."""
    lacking = RehearsalSettings(missing_files=frozenset({"ltx-2-19b-distilled.safetensors"}))
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=lacking) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        panel = BatchPanel(project)
        panel.settle()
        panel.start.click()
        panel.settle()
    assert "ltx-2-19b-distilled.safetensors" in panel.notice.value
    assert takes_of(project) == []


def test_an_old_failure_is_not_told_again(project, server):
    """Running the cell again after a failure that was mended begins with a clean sheet."""
    server.stop()
    panel = BatchPanel(project)
    panel.settle()
    panel.start.click()
    panel.settle()
    assert "ltx-bad" in panel.notice.value
    server.start()
    again = BatchPanel(project)
    again.settle()
    assert again.notice.value == ""
    assert not again.start.disabled


def test_scenes_left_out_are_shown_as_such(project, server):
    """enabled = no is visible in the table and asks for no take."""
    text = project.scenes_csv.read_text().replace(",1,no,yes", ",1,no,no")
    project.scenes_csv.write_text(text)
    panel = BatchPanel(project)
    panel.settle()
    assert "left out" in panel.scenes.value
    assert panel.start.description == "Render 2 missing takes"


def test_another_table_can_be_named(project, server):
    """scenes_csv names a table by its path from the project's folder."""
    (project.root / "night.csv").write_text("scene,prompt,frames,width,height\nonly,@rain/window,9,256,128\n")
    panel = BatchPanel(project, "night.csv")
    panel.settle()
    assert "night.csv asks for 1 scene, 1 take" in panel.head.value


def test_the_night_makes_everything_and_prints_each_take(project, server, night, capsys):
    """The cell returns when the work is done; a second night finds it done."""
    batch_panel()
    said = capsys.readouterr().out
    assert "REHEARSAL" in said
    assert said.count("  made    ") == 3
    assert "Done: 3 takes made" in said
    batch_panel()
    assert "3 were there already" in capsys.readouterr().out


def test_the_night_goes_on_after_a_failure(project, server, night, capsys):
    """One failed take is printed with reason and cure, and nothing is raised."""
    server.faults.add("node_errors")
    batch_panel()
    said = capsys.readouterr().out
    assert "  FAILED  rain, take 1" in said
    assert "2 takes made, 1 failed" in said


def test_a_night_without_a_single_take_is_a_failure(project, server, night):
    """When everything fails the same way, the run ends as failed and says why."""
    server.faults.add("node_errors", count=99)
    with pytest.raises(RenderFailed, match="Not one take could be made"):
        batch_panel()


def test_a_night_that_cannot_start_is_a_failure(project, server, night):
    """Mistakes in the table, or another batch at work, end the run at once."""
    with project.set(rehearsal=True).lock, pytest.raises(ProjectBusy):
        batch_panel()
    project.scenes_csv.write_text("scene,prompt,frames\na,@rain/window,10\n")
    with pytest.raises(BadInput) as caught:
        batch_panel()
    block = caught.value._render_traceback_()
    assert "10 frames cannot be made" in block[0]
    assert block[-1].startswith("STOPPED: Nothing was rendered")


def test_the_night_can_leave_the_batch_out(project, night, capsys):
    """render_batch = False renders nothing and needs no server."""
    batch_panel(render_batch=False)
    assert "left out" in capsys.readouterr().out


def test_a_lost_server_is_told_while_it_is_waited_for(project, server):
    """State and words follow the events, whoever shows them."""
    from ltxlib.studio import events

    state = BatchState()
    assert state.now_text() == "Getting ready ..."
    state.apply(events.BatchStarted(5, 2))
    state.apply(events.ServerLost("The server is gone."))
    assert state.now_text() == "The server is gone. Waiting for it to come back."
    html = panel_html(state, running=True, stopping=True)
    assert "2 of 5 takes" in html
    assert "Stopping" in html


def test_a_long_take_gives_signs_of_life_by_night(capsys):
    """Half a minute without a take is a line of its own, whatever the clock says in tests."""
    state = BatchState(takes=3)
    text = TextProgress(state, every_s=0.0)
    text.see()
    text.see()
    assert capsys.readouterr().out.count("Getting ready") == 2


def test_threads_end_with_their_job(panel):
    """A panel leaves no watcher behind."""
    panel.start.click()
    panel.settle()
    names = [thread.name for thread in threading.enumerate()]
    assert "ltx-watch" not in names
    assert "ltx-job" not in names
