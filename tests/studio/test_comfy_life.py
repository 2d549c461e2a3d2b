"""ComfyUI's life: the rehearsal plays it, started by the same command from a folder like its template's."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from ltxlib.cli.main import main
from ltxlib.errors import Cancelled, PodError, ProjectBusy
from ltxlib.pod import comfyui, workflow_list
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life

PROJECT = Path(__file__).resolve().parents[2]
# What ComfyUI's own main.py is started with is what this one understands.
MAIN = f"""
import sys
sys.path.insert(0, {str(PROJECT)!r})
words = sys.argv[1:]
if "--broken" in words:
    print("ImportError: cannot import name 'pad' from 'kornia'", flush=True)
    sys.exit(1)
if "--slow" in words:
    import time
    time.sleep(600)
port = int([words[n + 1] for n, word in enumerate(words[:-1]) if word == "--port"][-1])
import threading
from pathlib import Path
from ltxlib.rehearsal.server import RehearsalServer
here = Path.cwd()
print("hf_token is rpa_PLANTEDPLANTED", flush=True)
with RehearsalServer(here / "output", here / "input", port=port):
    threading.Event().wait()
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder like the template's, its port in the file of arguments."""
    root = tmp_path / "slim" / "ComfyUI"
    root.mkdir(parents=True)
    (root / "main.py").write_text(MAIN)
    (root / "comfyui_version.py").write_text('__version__ = "0.33.0"\n')
    python = root.parent / ".venv-cu128" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (root.parent / "comfyui_args.txt").write_text(f"--port {port}\n")
    monkeypatch.setenv("LTX_COMFY_ROOT", str(root))
    monkeypatch.setenv("LTX_USD_PER_HOUR", "3600")
    for name in ("RUNPOD_POD_ID", "LTX_COMFY_URL"):
        monkeypatch.delenv(name, raising=False)
    yield comfyui.find_home()
    comfyui.end(comfyui.find_home())


@pytest.fixture
def project(tmp_path):
    for folder in ("notebooks", "workflows"):
        (tmp_path / "kit" / folder).mkdir(parents=True)
    return Project(tmp_path / "kit")


def argue(home, words: str) -> None:
    with (home.root.parent / "comfyui_args.txt").open("a") as file:
        file.write(f"{words}\n")


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
    assert comfy_life.free(project).answers
    stopped = comfy_life.stop(project)
    assert not stopped.answers
    assert not stopped.processes


def test_a_broken_one_tells_its_last_error(home, project):
    """When it ends at once, the error of its log is the message, and the log can be read."""
    argue(home, "--broken")
    with pytest.raises(PodError, match="kornia"):
        comfy_life.start(project)
    assert "kornia" in comfy_life.log_lines(project)[-1]


def test_waiting_can_be_given_up(home, project):
    """Cancel ends the waiting; the process goes on and is told as not answering yet."""
    argue(home, "--slow")
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        comfy_life.start(project, waiting=lambda _: cancel.set(), cancel=cancel)
    assert "does not answer" in comfy_life.life(project).says


def test_a_batch_is_not_disturbed(home, project):
    """While a batch renders, ComfyUI is neither stopped nor started again."""
    with project.set(rehearsal=False).lock:
        for act in (lambda: comfy_life.stop(project), lambda: comfy_life.start(project, again=True)):
            with pytest.raises(ProjectBusy):
                act()


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
