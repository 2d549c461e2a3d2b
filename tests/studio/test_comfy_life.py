"""ComfyUI's life: the rehearsal plays it, started by the same command from a folder like its template's."""

from __future__ import annotations

import json
import os
import threading

import pytest

from ltxlib.cli.main import main
from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import Cancelled, PodError, ProjectBusy
from ltxlib.pod import workflow_list
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life, comfy_log
from tests.support.comfy_home import argue, comfy_home
from tests.support.night_lock import held_night, say
from tests.support.rehearsal_graphs import small_graph


@pytest.fixture
def home(tmp_path):
    """A folder like the template's, its port in the file of arguments."""
    with comfy_home(tmp_path / "slim" / "ComfyUI") as found:
        yield found


@pytest.fixture
def project(tmp_path):
    for folder in ("notebooks", "workflows"):
        (tmp_path / "kit" / folder).mkdir(parents=True)
    return Project(tmp_path / "kit")


def test_it_starts_stops_and_starts_again(home, project, monkeypatch):
    """Started it answers and is waited for with time and money; again only when asked; stopped it is gone."""
    told = []
    assert not comfy_life.life(project).answers
    assert "does not run" in comfy_life.life(project).says
    found = comfy_life.start(project, waiting=told.append)
    assert found.answers
    assert "0.33.0 runs and answers" in found.says
    assert told
    assert all(one.spent_usd == pytest.approx(one.waited_s) for one in told)
    assert comfy_life.start(project).processes == found.processes
    monkeypatch.setenv("RUNPOD_POD_ID", "k7x2abc9pod")
    fresh = comfy_life.start(project, again=True)
    assert fresh.answers
    assert fresh.processes != found.processes
    assert fresh.address.startswith("https://k7x2abc9pod-")
    assert comfy_life.free(project).life.answers
    stopped = comfy_life.stop(project)
    assert not stopped.answers
    assert not stopped.processes


def test_a_broken_one_tells_its_last_error(home, project):
    """When it ends at once, the error of its log is the message, and the log can be read."""
    argue(home, "--broken")
    with pytest.raises(PodError, match="kornia"):
        comfy_life.start(project)
    assert "kornia" in comfy_life.log_lines(project)[-1]
    assert "kornia" in comfy_life.log_trouble(project).error


def test_waiting_can_be_given_up(home, project):
    """Cancel ends the waiting; the process goes on and is told as not answering yet."""
    argue(home, "--slow")
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        comfy_life.start(project, waiting=lambda _: cancel.set(), cancel=cancel)
    found = comfy_life.life(project)
    assert "does not answer" in found.says
    # Begun again it waits for the one that is coming up, and starts no other.
    cancel.clear()
    with pytest.raises(Cancelled):
        comfy_life.start(project, waiting=lambda _: cancel.set(), cancel=cancel)
    assert comfy_life.life(project).processes == found.processes


def test_a_batch_is_not_disturbed(home, project):
    """While a batch renders, ComfyUI is neither stopped nor started again."""
    with project.set(rehearsal=False).lock:
        for act in (lambda: comfy_life.stop(project), lambda: comfy_life.start(project, again=True)):
            with pytest.raises(ProjectBusy):
                act()
        assert "A batch" in comfy_life.life(project).held
    assert comfy_life.life(project).held == ""
    with held_night(project):
        say(project, "02_generate", rehearsal=False)
        assert "A night" in comfy_life.life(project).held


def test_the_log_has_no_secret(home, project, monkeypatch):
    """Keys of this machine's environment are hidden in what is shown of the log."""
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_PLANTEDPLANTED")
    assert comfy_life.log_lines(project) == []
    comfy_life.start(project)
    shown = "\n".join(comfy_life.log_lines(project))
    assert "hf_token is" in shown
    assert "rpa_PLANTED" not in shown


def test_the_workflows_are_in_comfyuis_list(home, project, tmp_path):
    """A link in its user folder: what is saved through it is saved in the project, also the second time."""
    place = comfy_life.show_workflows(project)
    assert place == home.root / "user" / "default" / "workflows" / "ltx-kit"
    (place / "mine.json").write_text("{}")
    assert (project.workflows / "mine.json").read_text() == "{}"
    assert comfy_life.show_workflows(project) == place
    assert comfy_life.life(project).workflows_shown
    other = Project(tmp_path / "other")
    (other.root / "workflows").mkdir(parents=True)
    comfy_life.show_workflows(other)
    assert not comfy_life.life(project).workflows_shown
    assert (project.workflows / "mine.json").exists()
    assert not [path for path in place.parent.iterdir() if path.name.startswith(".")]


def test_a_folder_of_somebody_else_is_left_alone(home, project):
    """Where something else has the name, nothing is replaced and the cure is named."""
    place = workflow_list.place_of(home)
    place.mkdir(parents=True)
    (place / "theirs.json").write_text("{}")
    with pytest.raises(PodError, match="not the kit's"):
        comfy_life.show_workflows(project)
    assert (place / "theirs.json").exists()


def test_another_user_directory_is_found(home, project, tmp_path):
    """ComfyUI may be told to keep its users elsewhere."""
    argue(home, f"--user-directory {tmp_path / 'users'}")
    assert comfy_life.show_workflows(project) == tmp_path / "users" / "default" / "workflows" / "ltx-kit"


def test_the_verb(home, project, capsys):
    """status, start, log, workflows and stop by the command line, in words and for machines."""
    words = ["comfyui", "--project", str(project.root)]
    assert main(words) == 1
    assert main(["comfyui", "start", *words[1:]]) == 0
    assert "runs and answers" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"] is True
    assert main(["comfyui", "log", *words[1:]]) == 0
    assert main(["comfyui", "workflows", *words[1:]]) == 0
    assert "ltx-kit" in capsys.readouterr().out
    assert main(["comfyui", "stop", *words[1:]]) == 0
    assert "does not run" in capsys.readouterr().out


def test_without_comfyui_it_is_a_sentence(project, tmp_path, monkeypatch):
    """On a machine without ComfyUI the cure says where to do it."""
    monkeypatch.setenv("LTX_COMFY_ROOT", os.fspath(tmp_path / "nothing"))
    with pytest.raises(PodError, match="no ComfyUI"):
        comfy_life.life(project)


def test_what_is_rendered_is_counted_and_what_is_held_is_freed(home, project):
    """Renders at work and in line are told; after them the models stay on the card until they are freed."""
    argue(home, "--calm")
    client = ComfyClient(comfy_life.start(project).url)
    assert "Nothing is being rendered" in comfy_life.life(project).work
    first, second = (client.submit(small_graph(seed=seed)) for seed in (1, 2))
    found = comfy_life.life(project)
    assert (found.rendering, found.waiting) == (1, 1)
    assert found.work == "It is rendering, and 1 more waits."
    client.cancel(second)
    while not client.status(first).finished:
        threading.Event().wait(0.05)
    freed = comfy_life.free(project)
    assert freed.says == "Freed 20.4 GB: 25.8 of 25.8 GB free now."


def test_nothing_to_free_is_said(home, project, monkeypatch):
    """Where no model was loaded, or where the server does not tell, that is said."""
    monkeypatch.setattr(comfy_life, "_FREE_S", 0.1)
    comfy_life.start(project)
    freed = comfy_life.free(project)
    assert freed.freed_bytes == 0
    assert "nothing to free" in freed.says
    told = comfy_life.Freed(comfy_life.life(project), None, True)
    assert "frees what it can" in told.says
    comfy_life.stop(project)
    silent = comfy_life.Freed(comfy_life.life(project), None, False)
    assert "does not say" in silent.says


def test_the_log_of_the_template_is_found(home, project):
    """What the pod's start script wrote is read; once ComfyUI runs, the very file that it writes to."""
    theirs = home.root.parent / "comfyui.log"
    theirs.write_text("[INFO] started by the template\n")
    assert comfy_life.log_lines(project) == ["[INFO] started by the template"]
    comfy_life.start(project)
    os.utime(theirs, (2e9, 2e9))
    assert comfy_life.log_path(project) == project.production / "comfyui.log"


def test_another_one_is_not_taken_for_this(home, project, tmp_path):
    """Another ComfyUI at the same address answers: it is said that it is not this one."""
    with RehearsalServer(tmp_path / "out", tmp_path / "in", port=int(home.arguments[-1])):
        found = comfy_life.life(project)
    assert found.answers
    assert "not the one in" in found.says


def test_packs_that_failed_are_told(home, project):
    """What could not be imported is named with its reason; an earlier life's troubles count no more."""
    argue(home, "--pack")
    comfy_life.start(project)
    assert comfy_life.log_trouble(project) == comfy_log.Trouble((("OldPack", "no <pad>"),), "")
    (home.root.parent / "comfyui_args.txt").write_text(f"--port {home.arguments[-1]}\n")
    comfy_life.start(project, again=True)
    assert comfy_life.log_trouble(project) == comfy_log.Trouble()
