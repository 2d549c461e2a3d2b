"""ComfyUI on the pod is started again as its template does, in the middle of a batch."""

import os
import signal
import socket
import sys
from dataclasses import replace

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import ComfyError
from ltxlib.pod import comfyui
from ltxlib.studio import events, rehearsing
from ltxlib.studio.batch import run_batch
from ltxlib.studio.connect import connect
from ltxlib.studio.keeping import ComfyKeeper, RehearsalKeeper, keeper_for
from tests.support.batches import entries, job, of_kind, rows
from tests.support.studio import a_project

MAIN = """import sys
from pathlib import Path
from ltxlib.rehearsal.server import serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings

port = int(sys.argv[len(sys.argv) - sys.argv[::-1].index("--port")])
serve_forever(Path("output"), Path("input"), port=port, settings=RehearsalSettings(seconds_per_step=0.05))
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder tree like the template's, with the rehearsal in ComfyUI's part; started, and ended after."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    root = tmp_path / "slim" / "ComfyUI"
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (root / "main.py").write_text(MAIN)
    (root.parent / "comfyui_args.txt").write_text(f"# mine\n--port {port}\n")
    monkeypatch.setenv("LTX_COMFY_ROOT", str(root))
    monkeypatch.setenv("LTX_COMFY_URL", f"http://127.0.0.1:{port}")
    found = comfyui.find_home()
    client = ComfyClient(f"http://127.0.0.1:{port}")

    def answers():
        try:
            return bool(client.system_stats())
        except ComfyError:
            return False

    comfyui.restart(found, tmp_path / "first.log", answers, 60.0)
    yield found
    comfyui.end(found)


def test_comfyui_that_dies_in_mid_take_is_started_again(tmp_path, home):
    """Its process is killed while it renders: it is started as the template does, and no take is lost."""
    project = a_project(tmp_path / "p", rows(3))
    killed, happened = False, []
    for event in run_batch(job(project, revive_s=0.0)):
        happened.append(event)
        if isinstance(event, events.TakeProgress) and not killed:
            for process in comfyui.running(home):
                os.kill(process, signal.SIGKILL)
            killed = True
    (nursed,) = of_kind(happened, events.ServerNursed)
    assert nursed.says.startswith("ComfyUI was gone or stuck and has been started again")
    assert happened[-1] == events.BatchEnded(made=3, there=0, failed=0, cancelled=False)
    assert len(entries(project, "restarted")) == 1
    assert (project.production / "comfyui.log").is_file()


def test_who_may_be_started_again(tmp_path, home, monkeypatch):
    """The ComfyUI of this machine has a keeper; one elsewhere, or on another port, has none."""
    project = a_project(tmp_path / "p", rows(1))
    (server,) = connect(project).servers
    keeper = keeper_for(project, server)
    assert isinstance(keeper, ComfyKeeper)
    assert not keeper.dead()
    elsewhere = replace(server, client=ComfyClient("http://192.0.2.1:8188"))
    assert keeper_for(project, elsewhere) is None
    other_port = replace(server, client=ComfyClient("http://127.0.0.1:1"))
    assert keeper_for(project, other_port) is None
    monkeypatch.setenv("LTX_COMFY_ROOT", str(tmp_path))
    assert keeper_for(project, server) is None


def test_the_rehearsal_of_the_project_comes_first(tmp_path, home):
    """Where the project's rehearsal answers at an address, that is what is started again there."""
    project = a_project(tmp_path / "p", rows(1))
    (server,) = connect(project).servers
    rehearsing.announce(project, server.client.url, lasting=True)
    keeper = keeper_for(project, server)
    assert isinstance(keeper, RehearsalKeeper)
