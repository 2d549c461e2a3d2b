"""Taking films home: the red number, a ZIP that counts when it arrived, rclone, and all of it called off."""

from __future__ import annotations

import threading
import zipfile

import pytest

from ltxlib.studio import taking_home
from ltxlib.ui.home import HomePanel, home_panel
from tests.studio.test_taking_home import shelf
from tests.ui.conftest import NOBODY

__all__ = ["shelf"]

# Copies nothing: says how far it is, as rclone does with --use-json-log, then waits to be called off or ends.
RCLONE = """#!/bin/sh
case "$1" in listremotes) printf 'drive:\\nmy bucket:\\n--evil\\n'; exit 0;; esac
printf '{"level":"notice","msg":"far","stats":{"bytes":500000000,"totalBytes":1000000000}}\\n' >&2
[ -n "$RCLONE_FAILS" ] && { printf '{"level":"error","msg":"no such <b>bucket"}\\n' >&2; exit 3; }
[ -n "$RCLONE_WAITS" ] && exec sleep 60
exit 0
"""


@pytest.fixture
def panel(project, shelf, in_jupyter, monkeypatch) -> HomePanel:
    """The panel of a project with two takes and a film that lie only here."""
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    in_jupyter(project.root)
    made = HomePanel(project)
    made.settle()
    return made


@pytest.fixture
def rclone(tmp_path, monkeypatch):
    """An rclone that says how far it is."""
    program = tmp_path / "bin" / "rclone"
    program.parent.mkdir()
    program.write_text(RCLONE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def hidden(part) -> bool:
    return "ltx-empty" in part._dom_classes


def test_a_zip_is_made_downloaded_and_counts_when_it_arrived(panel, shelf):
    """The number is red until a person says that the ZIP is at their place; then it may be deleted."""
    assert "1 film and 2 takes" in panel.number.value
    assert "ltx-only-here" in panel.number.value
    assert "to take" in panel.size.value
    panel.zip.click()
    panel.settle()
    (path,) = taking_home.zips(shelf)
    row = panel.rows[0]
    assert f'download="{path.name}"' in row.words.value
    assert f'href="/files/production/film/to-take-home/{path.name}?v=' in row.words.value
    assert hidden(panel.rows[1].part)
    assert "1 film and 2 takes" in panel.number.value
    row.came.click()
    panel.settle()
    assert "2 takes and films noted as copied" in panel.notice.value
    assert "1 take</b>" in panel.number.value
    row.gone.click()
    panel.settle()
    assert taking_home.zips(shelf) == []
    assert hidden(panel.ready)
    panel.what.value = "all"
    panel.zip.click()
    panel.settle()
    row.came.click()
    panel.settle()
    assert "ltx-all-home" in panel.number.value
    assert panel.zip.disabled
    assert "Nothing of these is left" in panel.size.value
    panel.taken_too.value = True
    panel.settle()
    assert not panel.zip.disabled


def test_what_is_in_the_zip_is_what_counts(panel, shelf):
    """A film that was made anew since is still on the red number, though a ZIP of its name arrived."""
    panel.zip.click()
    panel.settle()
    (shelf.masters / "night-0123abcd.json").write_text('{"sha256": "other"}')
    panel.rows[0].came.click()
    panel.settle()
    assert "1 film and 1 take" in panel.number.value


def test_a_zip_that_is_no_zip_is_told(panel, shelf):
    """What was put there by hand, or damaged, notes nothing."""
    folder = shelf.folder / taking_home.FOLDER
    folder.mkdir()
    (folder / "other.zip").write_bytes(b"no")
    with zipfile.ZipFile(folder / "strange.zip", "w") as packed:
        packed.writestr("film/contents.json", "[7]")
    panel.again.click()
    panel.settle()
    for row in panel.rows[:2]:
        row.came.click()
        assert "gone or damaged" in panel.notice.value
    assert "1 film and 2 takes" in panel.number.value


def test_a_zip_is_called_off(panel, shelf, monkeypatch):
    """Cancel leaves nothing behind and is no failure; how far it is was to be seen."""
    reached, go_on = threading.Event(), threading.Event()
    add = taking_home._add

    def slow(packed, path, name, step):
        reached.set()
        go_on.wait(20)
        add(packed, path, name, step)

    monkeypatch.setattr(taking_home, "_add", slow)
    panel.zip.click()
    assert reached.wait(20)
    assert "Writing the ZIP" in panel.progress.value
    assert not hidden(panel.cancel)
    panel.cancel.click()
    go_on.set()
    panel.settle()
    assert "Stopped. No ZIP was written." in panel.notice.value
    assert "ltx-bad" not in panel.notice.value
    assert list((shelf.folder / taking_home.FOLDER).iterdir()) == []
    assert not panel.zip.disabled


def test_too_little_room_is_told_and_the_button_comes_back(panel, monkeypatch):
    """It is a sentence with a cure."""
    monkeypatch.setattr(taking_home.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    panel.zip.click()
    panel.settle()
    assert "does not fit" in panel.notice.value
    assert not panel.zip.disabled


def test_rclone_copies_to_a_place_it_knows(panel, project, shelf, rclone):
    """The places are rclone's own; what was copied is noted."""
    panel.again.click()
    panel.settle()
    assert panel.remote.options == ("drive:", "my bucket:")
    assert hidden(panel.no_remote)
    panel.remote.value = "my bucket:"
    panel.folder.value = "/films/"
    panel.copy.click()
    panel.settle()
    assert "Copied to my bucket:films: 2 takes and films." in panel.notice.value
    assert taking_home.left(shelf).takes == 1
    panel.folder.value = "../up"
    panel.copy.click()
    assert "That is no folder" in panel.notice.value


def test_rclones_last_words_are_told(panel, shelf, rclone, monkeypatch):
    """In words, escaped, with nothing noted."""
    monkeypatch.setenv("RCLONE_FAILS", "1")
    panel.again.click()
    panel.settle()
    panel.copy.click()
    panel.settle()
    assert "no such &lt;b&gt;bucket" in panel.notice.value
    assert taking_home.left(shelf).films == 1


def test_a_copy_is_called_off(panel, shelf, rclone, monkeypatch):
    """rclone is ended, and it is no failure; how far it was stood there."""
    monkeypatch.setenv("RCLONE_WAITS", "1")
    panel.again.click()
    panel.settle()
    panel.copy.click()
    job = panel._job
    while not job.state.whole and job.running:
        job.wait(0.05)
    panel._see(job)
    assert "500 MB of 1.0 GB" in panel.progress.value
    panel.cancel.click()
    panel.settle()
    assert "What was copied is there" in panel.notice.value
    assert taking_home.left(shelf).films == 1


def test_without_rclone_a_line_says_how(panel):
    """The fold holds one sentence, no form."""
    panel._fill(panel._gather())
    assert "rclone config" in panel.no_remote.value or panel.remote.options


def test_the_night_prints_the_number(project, shelf, night, capsys, monkeypatch):
    """Nothing is packed by night."""
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    home_panel()
    assert "2 takes and 1 film" in capsys.readouterr().out
    assert not (shelf.folder / taking_home.FOLDER).exists()
