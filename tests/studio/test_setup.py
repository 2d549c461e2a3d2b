"""The checklist and the rehearsal as a process of its own."""

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.core.plan import WORKFLOWS
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.studio import rehearsing
from ltxlib.studio.connect import address, connect
from ltxlib.studio.setup import AMBER, GREEN, RED, checklist


def lines(project):
    return {line.name: line for line in checklist(project)}


def test_all_is_said_about_a_rehearsal(project, server):
    """With the rehearsal running, every line is there, none is red, and it says what it is."""
    found = lines(project)
    assert set(found) == {"Server", "GPU", "Nodes", "Models", "ffmpeg", "Disk", "Scenes"}
    assert "REHEARSAL" in found["Server"].says
    assert found["Server"].state == found["GPU"].state == AMBER
    assert found["Nodes"].state == found["Models"].state == found["ffmpeg"].state == GREEN
    assert "2 scenes" in found["Scenes"].says


def test_no_server_is_a_red_line_with_a_cure(project, monkeypatch):
    """A server that does not answer is told with what to do, and the rest is looked at all the same."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    found = lines(project)
    assert found["Server"].state == RED
    assert "rehearsal" in found["Server"].cure
    assert "ffmpeg" in found


def test_a_missing_model_is_named(project, tmp_path, monkeypatch):
    """The line about models names the file that is missing."""
    settings = RehearsalSettings(missing_files=frozenset({"ltx-2-spatial-upscaler-x2-1.0.safetensors"}))
    with RehearsalServer(tmp_path / "o", tmp_path / "i", settings=settings) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        found = lines(project)
    assert found["Models"].state == RED
    assert "ltx-2-spatial-upscaler-x2-1.0.safetensors" in found["Models"].says
    assert found["Nodes"].state == GREEN


@pytest.mark.parametrize("table", ["scene,prompt\na,\n", ""])
def test_a_faulty_table_is_a_red_line(project, server, table):
    """Mistakes in scenes.csv show in the checklist."""
    project.scenes_csv.write_text(table)
    assert lines(project)["Scenes"].state == RED


@pytest.mark.parametrize("name", WORKFLOWS.values())
def test_a_missing_workflow_is_a_red_line(project, server, name):
    """A workflow file that is gone is told where the nodes are told."""
    (project.workflows / name).unlink()
    assert lines(project)["Nodes"].state == RED


def test_the_rehearsal_is_switched_on_found_and_switched_off(project, monkeypatch):
    """Started once, it is found by anybody in the project, and stopping it leaves nothing running."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    assert rehearsing.running(project) is None
    assert not rehearsing.stop(project)
    started = rehearsing.start(project)
    try:
        assert rehearsing.start(project) == started
        assert address(project) == started.url
        connection = connect(project)
        assert connection.rehearsal
        assert connection.shelf.folder.name == "REHEARSAL"
        assert ComfyClient(started.url).rehearsal()
    finally:
        assert rehearsing.stop(project)
    assert rehearsing.running(project) is None
    assert address(project) == "http://127.0.0.1:8188"


def test_a_stale_note_of_a_rehearsal_is_not_believed(project, monkeypatch):
    """A note left by a rehearsal that died leads back to the pod's own address."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    folder = project.set(rehearsal=True).folder
    folder.mkdir(parents=True)
    for text in ('{"url": "http://127.0.0.1:9", "pid": 1}', "{", '{"url": 3}'):
        (folder / "server.json").write_text(text)
        assert address(project) == "http://127.0.0.1:8188"
