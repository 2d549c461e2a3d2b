"""What the kit can do itself about a line of the checklist: done for real, on the doctor's broken pods."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from dataclasses import replace

import pytest

from ltxlib.cli.main import main
from ltxlib.core import catalog
from ltxlib.errors import BadInput, Cancelled, PodError, ProjectBusy
from ltxlib.pod import comfyui
from ltxlib.studio import caches, curing, models
from ltxlib.studio.setup import AMBER, GREEN, RED, Line
from tests.support.broken_pod import Pod, line

LONG_AGO_S = time.time() - 3600


@pytest.fixture
def pod(tmp_path, monkeypatch):
    """A pod whose ComfyUI has a port of its own."""
    made = Pod(tmp_path, monkeypatch)
    yield made
    home = comfyui.find_home()
    if home is not None and home.root == made.comfy:
        comfyui.end(home)


def test_every_cure_says_what_it_does_and_its_command():
    """Words, a sentence that speaks of the press, and a command of the kit; names are unlike each other."""
    assert len({cure.words for cure in curing.CURES.values()}) == len(curing.CURES)
    for cure in curing.CURES.values():
        assert cure.words and cure.does.endswith(".") and cure.working.endswith("...")
        assert cure.command.startswith("./kit ")


def test_a_line_without_a_button_has_its_own_words():
    """The command is added where the kit can do it; what is well needs nothing."""
    assert curing.advice(Line("a", GREEN, "Well.", "Nothing.", curing.START)) == ""
    assert curing.advice(Line("a", RED, "Bad.", "Do that.")) == "Do that."
    assert curing.advice(Line("a", AMBER, "Odd.", "Do that.", curing.START)).endswith("./kit comfyui start")
    assert curing.cure_of(Line("a", GREEN, "Well.", "", curing.START)) is None


def test_an_unknown_cure_is_refused():
    """With the names of those that there are."""
    with pytest.raises(BadInput, match="no cure named x"):
        curing.find("x")


def test_comfyui_is_started_and_awaited(pod):
    """The red line's cure makes it green; the wait is told with its cost."""
    with pod.comfyui_runs() as port:
        pass
    pod.arguments(f"--port {port} --slow")
    found = line(pod.lines(), "ComfyUI")
    told = []
    said = curing.find(found.key).run(pod.project, curing.Doing(tell=told.append))
    assert "answers" in said
    assert told and all("Waiting for ComfyUI" in one.says for one in told)
    assert "so far" in told[-1].says
    assert line(pod.lines(), "ComfyUI").state == GREEN


def test_waiting_for_comfyui_can_be_given_up(pod):
    """Who asked to stop is not held."""
    pod.arguments("--port 9 --mute")
    doing = curing.Doing()
    doing.cancel.set()
    with pytest.raises(Cancelled):
        curing.find(curing.START).run(pod.project, doing)


def test_a_comfyui_that_does_not_answer_is_started_again(pod):
    """Its line asks first, then ends it and starts one that answers."""
    with pod.comfyui_runs("--mute"):
        found = line(pod.lines(), "ComfyUI")
        assert (found.state, found.key) == (AMBER, curing.RESTART)
        cure = curing.find(found.key)
        assert cure.asks and "lost" in cure.asks(pod.project)
        assert "answers" in cure.run(pod.project, curing.Doing())


def test_memory_is_freed_and_workflows_are_shown(pod):
    """Both by ComfyUI's own ways."""
    with pod.comfyui_runs():
        assert "free its memory" in curing.find(curing.FREE_MEMORY).run(pod.project, curing.Doing())
    assert line(pod.lines(), "Workflows").key == curing.WORKFLOWS
    pod.project.workflows.mkdir()
    assert "ltx-kit" in curing.find(curing.WORKFLOWS).run(pod.project, curing.Doing())
    assert line(pod.lines(), "Workflows").state == GREEN


def test_misplaced_files_are_moved_and_nothing_is_fetched(pod):
    """From checkpoints/ to where ComfyUI looks; what is missing stays missing."""
    upscaler, encoder = catalog.UPSCALER, catalog.TEXT_ENCODER
    (pod.comfy / "models" / upscaler.folder / upscaler.name).unlink()
    (pod.comfy / "models" / encoder.folder / encoder.name).unlink()
    pod.model(upscaler, "checkpoints")
    said = curing.find(curing.MOVE).run(pod.project, curing.Doing())
    assert said == f"Moved: {upscaler.name} to {upscaler.folder}/."
    found = {one.file.name: one.state for one in models.plan(models.files_of([]), pod.comfy / "models").found}
    assert found[upscaler.name] == "there"
    assert found[encoder.name] == "missing"
    assert "any more" in curing.find(curing.MOVE).run(pod.project, curing.Doing())


def test_contents_are_compared_with_what_makers_published(pod, monkeypatch):
    """Progress goes up to the whole; a damaged file is named; nothing known to compare with is said so."""
    good = b"model" * 1000
    made = replace(catalog.UPSCALER, size_bytes=len(good), sha256=hashlib.sha256(good).hexdigest())
    bad = replace(catalog.TEXT_ENCODER, size_bytes=len(good), sha256="0" * 64)
    for file in (made, bad):
        (pod.comfy / "models" / file.folder / file.name).write_bytes(good)
    told = []
    monkeypatch.setattr(models, "files_of", lambda names: (made,))
    said = curing.find(curing.CHECK).run(pod.project, curing.Doing(tell=told.append))
    assert said.startswith("All 1 files are what their makers published")
    assert told[-1].share == 1.0
    monkeypatch.setattr(models, "files_of", lambda names: (made, bad))
    with pytest.raises(BadInput) as caught:
        curing.find(curing.CHECK).run(pod.project, curing.Doing())
    assert [problem.where for problem in caught.value.problems] == [bad.name]
    monkeypatch.setattr(models, "files_of", lambda names: (replace(made, sha256=None),))
    assert "no model file" in curing.find(curing.CHECK).run(pod.project, curing.Doing())


def test_jupyter_is_told_of_the_kernel_again(pod):
    """A pod that forgot it, or has another one's, knows this kit's afterwards; a full home is told."""
    for wrong in (None, pod.home / "python"):
        pod.kernel(wrong)
        found = line(pod.lines(), "Kernel")
        assert found.key == curing.KERNEL
        assert "knows the kit's kernel" in curing.find(found.key).run(pod.project, curing.Doing())
        assert line(pod.lines(), "Kernel").state == GREEN
    pod.patch.setenv("JUPYTER_DATA_DIR", str(pod.bin / "nvidia-smi"))
    with pytest.raises(PodError, match="could not be told"):
        curing.find(curing.KERNEL).run(pod.project, curing.Doing())


def _old(path, size=10**6):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    return path


def test_caches_are_named_and_emptied(pod, tmp_path):
    """What would go and how much is said first; takes, films and what a link leads to stay."""
    shelf, rehearsed = (pod.project.set(rehearsal=one) for one in (False, True))
    assert caches.told(pod.project) == ""
    gone = [_old(shelf.work / "pieces/a/b.mp4", 3 * 10**6), _old(rehearsed.work / "odd.bin")]
    kept = [_old(shelf.takes / "rain/1.mp4"), _old(shelf.masters / "film.mp4"), _old(tmp_path / "mine/x.mp4")]
    link = shelf.work / "link"
    link.symlink_to(tmp_path / "mine", target_is_directory=True)
    os.utime(link, (LONG_AGO_S, LONG_AGO_S), follow_symlinks=False)
    cure = curing.find(curing.EMPTY_CACHES)
    assert cure.asks(pod.project).startswith("This deletes 4 MB: production/film/")
    assert "pieces (3 MB), " in cure.asks(pod.project)
    assert cure.run(pod.project, curing.Doing()) == "4 MB were freed."
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)
    assert cure.asks(pod.project) == ""


def test_caches_are_left_alone_while_something_is_made(pod):
    """A batch holds its lock; a film that is being rendered writes all the time."""
    shelf = pod.project.set(rehearsal=False)
    piece = _old(shelf.work / "pieces/a.mp4")
    with shelf.lock, pytest.raises(ProjectBusy):
        caches.empty(pod.project)
    os.utime(piece)
    with pytest.raises(ProjectBusy, match="in the making"):
        caches.empty(pod.project)
    assert piece.exists()


def test_the_disk_line_offers_room_only_where_there_is_some(pod, monkeypatch):
    """A full disk with large caches has the button; without them only the words."""
    monkeypatch.setattr("ltxlib.studio.setup.ENOUGH_DISK_BYTES", 10**18)
    assert line(pod.lines(), "Disk").key == ""
    monkeypatch.setattr(caches, "WORTH_BYTES", 10)
    _old(pod.project.set(rehearsal=True).work / "pieces/a.mp4")
    found = line(pod.lines(), "Disk")
    assert found.key == curing.EMPTY_CACHES
    assert "1 MB" in found.cure


def test_the_command_does_a_cure_and_asks_first(pod, capsys):
    """Without --yes it says what would go; with it, it does it; what is not there to do is said."""
    for folder in ("notebooks", "workflows"):
        (pod.project.root / folder).mkdir()
    words = ["doctor", "--project", str(pod.project.root), "--cure", "caches"]
    assert main(words) == 0
    assert "nothing to do" in capsys.readouterr().out
    piece = _old(pod.project.set(rehearsal=True).work / "pieces/a.mp4")
    assert main(words) == 1
    assert "Add --yes" in capsys.readouterr().out
    assert piece.exists()
    assert main([*words, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"]
    assert not piece.exists()


def test_the_rehearsal_by_name(pod, project_root, monkeypatch):
    """Switched on and off like the button does."""
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    monkeypatch.delenv("LTX_COMFY_URL")
    for folder in ("notebooks", "workflows"):
        (pod.project.root / folder).mkdir()
    off = curing.find(curing.REHEARSAL_OFF)
    assert "answers at" in curing.find(curing.REHEARSE).run(pod.project, curing.Doing())
    try:
        found = {one.name: one for one in pod.lines()}
        assert found["ComfyUI"].state == AMBER
        assert "does without" in found["ComfyUI"].says
        assert found["Server"].key == curing.REHEARSAL_OFF
    finally:
        said = off.run(pod.project, curing.Doing(cancel=threading.Event()))
    assert said == "The rehearsal is off."
    assert "no rehearsal" in off.run(pod.project, curing.Doing())
