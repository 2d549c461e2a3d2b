"""The night's process and its watchman: real processes, real papermill, notebooks that play their part."""

import os
import shutil
import signal
import threading

import nbformat
import pytest

from ltxlib.core.status import BatchStatus
from ltxlib.errors import NightStopped, ProjectBusy
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.night_files import night_folder
from ltxlib.store.takes import load_takes
from ltxlib.studio.night_kernels import kernels
from ltxlib.studio.night_process import run_night
from ltxlib.studio.night_start import begin
from ltxlib.studio.watching import is_held, look, order
from tests.support.nights import (
    SECRETS,
    batch_says,
    launch,
    notebook,
    phone,
    quiet_notebooks,
    secrets_in,
    there,
    until,
)
from tests.support.runpod import POD, runpod
from tests.support.studio import a_project

BLOCKED = "import time, pathlib\nprint('begun', flush=True)\npathlib.Path({path!r}).touch()\ntime.sleep(600)"


@pytest.fixture
def ear(monkeypatch):
    """A phone that hears the notes."""
    with phone() as found:
        monkeypatch.setenv("LTX_NOTIFY", found.url)
        yield found


@pytest.fixture
def night(project, server, ear, monkeypatch):
    """A project of quiet notebooks on a machine with secrets and a rehearsal."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    quiet_notebooks(project)
    yield project
    assert secrets_in(project.root, [*SECRETS.values(), ear.url]) == []


@pytest.fixture
def on_a_pod(monkeypatch, tmp_path):
    """A pod that REST stops, as RunPod on this machine says."""
    with runpod(stops={"rest"}) as world:
        monkeypatch.setenv("PATH", os.environ["PATH"])
        monkeypatch.setenv("RUNPOD_POD_ID", POD)
        monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", f"{world.url}/graphql")
        monkeypatch.setenv("LTX_RUNPOD_REST", f"{world.url}/v1")
        yield world


def log_of(project):
    return night_folder(project).log.read_text() if night_folder(project).log.exists() else ""


def test_some_failed_and_the_film_is_made(night, ear, tmp_path):
    """Exit code 1: the rest is made, looked through and assembled; report, note and copies hold no secret."""
    shelf = night.set(rehearsal=True)
    told = "import os\nprint(sorted(os.environ.items()))"
    status = BatchStatus(0, 0, takes=3, made=2, failed=1, ended=True, render_s=1.0)
    notebook(night, "02_generate", told, batch_says(night, status))
    film = f"import pathlib\nfolder = pathlib.Path({str(shelf.masters)!r})\nfolder.mkdir(parents=True)"
    notebook(
        night, "04_assemble", film, "for end in ('mp4', 'json'): (folder / f'film.{end}').write_text('{}')"
    )
    assert run_night(night, launch(assemble=True, price_usd=0.5)) == 1
    view = look(night)
    says = "2 of 3 takes are there, 1 could not be made. The film is made."
    assert (view.running, view.phase, view.exit_code, view.told) == (False, "ended", 1, says)
    assert (view.batch.made, view.rehearsal) == (2, True)
    page = view.report.read_text()
    assert says in page
    assert "some takes could not be made" in page
    assert "production/REHEARSAL/masters/film.mp4" in page
    assert "production/REHEARSAL/notebooks/02_generate.ipynb" in page
    copy = nbformat.read(shelf.folder / "notebooks" / "02_generate.ipynb", 4)
    assert f"('LTX_NIGHT', '{night_folder(night).folder}')" in copy.cells[0].outputs[0].text
    assert "('HF_TOKEN', '(secret)')" in copy.cells[0].outputs[0].text
    (note,) = ear.notes
    assert (note["title"], note["urgent"]) == (f"REHEARSAL: {says}", False)
    assert "Exit code 1" in note["text"]
    assert str(view.report) in note["text"]


def test_a_failed_setup_starts_nothing(night, ear):
    """Exit code 2 with the notebook's own words; no other notebook runs, and somebody is told at once."""
    notebook(night, "01_setup", "raise ValueError('The graphics card has gone.')")
    assert run_night(night, launch(assemble=True)) == 2
    view = look(night)
    assert "01_setup stopped: The graphics card has gone." in view.told
    assert not (view.notebook.parent / "02_generate.ipynb").exists()
    assert "The graphics card has gone." in view.report.read_text()
    assert ear.notes[-1]["urgent"]


def test_rendering_is_begun_again_when_its_kernel_dies(night, ear, tmp_path):
    """A kernel that the system kills under the batch costs a second start, not the night; it is told."""
    mark = tmp_path / "died"
    dies = (
        f"import os, pathlib\nmark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists():\n    mark.touch()\n    os.kill(os.getpid(), 9)"
    )
    running, ended = (
        BatchStatus(0, 0, takes=2, made=1),
        BatchStatus(0, 0, takes=2, there=1, made=1, ended=True),
    )
    notebook(night, "02_generate", batch_says(night, running), dies, batch_says(night, ended))
    assert run_night(night, launch()) == 0
    view = look(night)
    assert view.told == "All 2 takes are there."
    assert "Rendering was cut off and begun again" in view.report.read_text()
    assert ear.titles[0] == "REHEARSAL: Rendering was cut off and is begun again"


def test_what_the_server_cannot_make_starts_nothing(night, ear):
    """Exit code 2 when the try-out fails: no notebook runs at all."""
    night.scenes_csv.write_text("scene,prompt,frames\nrain,Rain.,64\n")
    assert run_night(night, launch()) == 2
    view = look(night)
    assert view.told.startswith("Nothing was rendered.")
    assert view.notebook is None
    assert view.report.exists()


def test_a_canary_that_dies_starts_nothing(night, server, ear):
    """Exit code 2 when a tiny clip does not come: which scenes, why, and what to do; no notebook runs."""
    server.faults.add("oom", count=20)
    assert run_night(night, launch()) == 2
    view = look(night)
    assert view.notebook is None
    assert "memory" in view.told
    assert "still" in view.told
    page = view.report.read_text()
    assert "Even the tiniest clip does not fit" in page
    assert "nothing could start" in page
    (note,) = ear.notes
    assert note["urgent"]
    assert note["title"].startswith("REHEARSAL: Nothing was rendered. The tiny clips")
    assert "rain" in note["text"]


def test_an_order_ends_the_canary(night, server):
    """Whoever calls the night off while it tries out pays for nothing else; exit code 3."""
    server.faults.add("hang", count=20)

    def end_it():
        until(night, lambda view: view.phase == "canary")
        order(night, end="take")

    helper = threading.Thread(target=end_it)
    helper.start()
    assert run_night(night, launch()) == 3
    helper.join()
    assert look(night).told == "Somebody ended it. Nothing was rendered yet."


def test_the_hour_that_was_set_ends_it(night):
    """Exit code 3 when it is as late as was allowed, also before anything was rendered."""
    assert run_night(night, launch(until=1.0)) == 3
    assert look(night).told == "It is as late as was allowed. Nothing was rendered yet."


def test_now_interrupts_the_notebook_that_runs(night, tmp_path):
    """Its executed copy is saved with what it had said, nothing else runs, exit code 3."""
    mark = tmp_path / "begun"
    notebook(night, "01_setup", BLOCKED.format(path=str(mark)))

    def end_it():
        there(mark)
        order(night, end="now")

    helper = threading.Thread(target=end_it)
    helper.start()
    assert run_night(night, launch()) == 3
    helper.join()
    view = look(night)
    assert view.told == "Somebody ended it. Nothing was rendered yet."
    cell = nbformat.read(view.notebook, 4).cells
    said = [output for one in cell if one.cell_type == "code" for output in one.outputs]
    assert said[0].text == "begun\n"
    assert said[1].ename == "KeyboardInterrupt"
    assert kernels(night_folder(night)) == ()


def test_a_polite_kill_is_an_order_that_the_batch_obeys(night, tmp_path):
    """SIGTERM orders "now"; the batch ends by itself, its words are kept, no film is made; exit code 3."""
    mark = tmp_path / "begun"
    waits = (
        f"pathlib.Path({str(mark)!r}).touch()\n"
        "while night_around().read_orders().end != 'now': time.sleep(0.05)"
    )
    running = BatchStatus(0, 0, takes=3, made=1)
    ended = BatchStatus(0, 0, takes=3, made=1, ended=True, stopped_by="cancelled")
    notebook(night, "02_generate", batch_says(night, running), waits, batch_says(night, ended))

    def end_it():
        there(mark)
        assert look(night).told == "The night is rendering the scenes: 1 of 3 takes are there."
        os.kill(look_process(night), signal.SIGTERM)

    helper = threading.Thread(target=end_it)
    helper.start()
    assert run_night(night, launch(assemble=True)) == 3
    helper.join()
    view = look(night)
    assert view.told == "Somebody ended it. 1 of 3 takes are there. Start the night again to make the rest."
    assert not (view.notebook.parent / "04_assemble.ipynb").exists()


def test_cancelled_while_the_real_batch_renders(tmp_path, project_root, monkeypatch, ear):
    """The kit's own notebooks: the running take is finished, what waited is taken back, takes are whole."""
    rows = tuple(f"rain{n},t2v,@rain/window,,9,256,128,1,yes,yes" for n in range(4))
    project = a_project(tmp_path / "real", rows)
    shutil.rmtree(project.notebooks)
    shutil.copytree(project_root / "notebooks", project.notebooks)
    settings = RehearsalSettings(seconds_per_step=0.15)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        monkeypatch.delenv("RUNPOD_POD_ID", raising=False)

        def end_it():
            until(project, lambda view: view.batch and view.batch.made)
            order(project, end="take")

        helper = threading.Thread(target=end_it)
        helper.start()
        assert run_night(project, launch(assemble=True)) == 3
        helper.join()
    view = look(project)
    takes, problems = load_takes(project.set(rehearsal=True))
    assert (problems, len(takes)) == ([], view.batch.made)
    assert 1 <= len(takes) < 4
    assert (view.batch.stopped_by, view.batch.ended) == ("cancelled", True)
    assert view.told.startswith("Somebody ended it.")
    assert "The film was not made" not in view.told
    assert not list(project.production.rglob("*.mp4.part"))


def look_process(project):
    return night_folder(project).read()["process"]


def test_one_night_at_a_time(night):
    """A second one is told how to see and how to end the first."""
    with night_folder(night).lock, pytest.raises(ProjectBusy, match="--watch shows it"):
        run_night(night, launch())


def test_a_night_that_does_not_begin_says_why(night):
    """When another one holds the lock, whoever starts is told its last words and not left waiting."""
    with (
        night_folder(night).lock,
        pytest.raises(NightStopped, match=r"did not start.*running in this project"),
    ):
        begin(night, launch())


def test_a_killed_night_is_ended_by_its_watchman(night, ear, on_a_pod, tmp_path):
    """kill -9 in mid-work: report, urgent note, countdown, pod stopped; no kernel, no lock stays behind."""
    mark = tmp_path / "begun"
    status = batch_says(night, BatchStatus(0, 0, takes=3, made=1))
    notebook(night, "01_setup", status, BLOCKED.format(path=str(mark)))
    begin(night, launch(stop_pod=True, countdown_s=0.3))
    there(mark)
    assert len(kernels(night_folder(night))) == 1
    process = look_process(night)
    os.killpg(process, signal.SIGKILL)
    view = until(night, lambda view: view.phase == "ended" and not view.running)
    assert on_a_pod.status == "EXITED"
    assert view.light["stopped"]
    assert view.exit_code == 1
    assert "cut off while looking at what is there. 1 of 3 takes are there." in view.told
    assert "cut off" in view.report.read_text()
    assert kernels(night_folder(night)) == ()
    assert [note["urgent"] for note in ear.notes] == [True, False]
    assert ear.titles[1] == "REHEARSAL: The pod is stopped"
    assert f"process {process} died" in log_of(night)


def test_the_watchman_too_can_be_told_to_keep_the_pod(night, ear, on_a_pod):
    """A night killed in its countdown is counted down anew, and a person can still say no."""
    begin(night, launch(stop_pod=True, countdown_s=600.0, until=1.0))
    until(night, lambda view: view.phase == "countdown")
    first = look_process(night)
    os.kill(first, signal.SIGKILL)
    until(night, lambda view: look_process(night) != first and view.countdown_s)
    order(night, keep_pod=True)
    view = until(night, lambda view: not view.running)
    assert (view.phase, view.exit_code, view.light["stopped"]) == ("ended", 3, False)
    assert on_a_pod.asked == []
    assert ear.titles == [
        "REHEARSAL: It is as late as was allowed. Nothing was rendered yet.",
        "REHEARSAL: The night's process died before the pod was stopped",
        "REHEARSAL: The pod is left running",
    ]


def test_after_a_proper_end_the_watchman_leaves_in_silence(night):
    """It says nothing, sends nothing and lets the lock go, so the next night can start at once."""
    assert run_night(night, launch(until=1.0)) == 3
    assert run_night(night, launch(until=1.0)) == 3
    until(night, lambda view: not is_held(night_folder(night).lock.path))
    assert "watchman" not in log_of(night)
