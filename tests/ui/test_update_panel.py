"""Keeping current in the notebook, with a real git."""

from __future__ import annotations

import subprocess

import pytest

from ltxlib.pod.git import git
from ltxlib.store.project import Project
from ltxlib.studio import updating
from ltxlib.ui.updating import UpdatePanel, update_panel
from tests.support.kit_source import commit, made_source

FILES = {
    "ltxlib/code.py": "one = 1\n",
    "scenes.csv": "scene,prompt\n",
    "notebooks/01_setup.ipynb": "{}\n",
    "CHANGELOG.md": "# Changelog\n",
    ".gitignore": "production/\n",
}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Where the kit comes from."""
    return made_source(tmp_path, FILES, monkeypatch)


@pytest.fixture
def panel(tmp_path, source) -> UpdatePanel:
    """The panel of a creator's clone."""
    subprocess.run(["git", "clone", "-q", str(source), str(tmp_path / "clone")], check=True)
    made = UpdatePanel(Project(tmp_path / "clone"))
    made.settle()
    return made


def press(panel, button) -> str:
    button.click()
    panel.settle()
    return panel.notice.value + panel.found.value


def hidden(part) -> bool:
    return "ltx-empty" in part._dom_classes


def test_nothing_is_asked_before_the_button_is_pressed(panel, source):
    """The panel shows the version; only the press asks, and says that all is new already."""
    source.rename(source.with_name("gone"))
    again = UpdatePanel(panel.project)
    again.settle()
    assert again.notice.value + again.found.value == ""
    assert hidden(again.update_row)
    source.with_name("gone").rename(source)
    assert "up to date" in press(again, again.look)
    assert hidden(again.update_row)
    assert not again.look.disabled


def test_what_is_new_is_told_and_then_brought(panel, source):
    """First what becomes of the creator's own, then what is new; one more press brings it."""
    root = panel.project.root
    (root / "scenes.csv").write_text("mine\n")
    (root / "notebooks/01_setup.ipynb").write_text('{"ran": 1}\n')
    changed = {"CHANGELOG.md": "# Changelog\n\n- A <b>calmer</b> rain.\n", "requirements.txt": "x\n"}
    commit(source, changed | {"scenes.csv": "new\n", "notebooks/01_setup.ipynb": "{2}\n"}, "Rain")
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "Code")
    told = press(panel, panel.look)
    assert told.index("Yours, and left as they are: scenes.csv") < told.index("2 changes are new")
    assert "These notebooks are renewed: notebooks/01_setup.ipynb" in told
    assert "A &lt;b&gt;calmer&lt;/b&gt; rain." in told
    assert not hidden(panel.update_row)
    assert "ltx-primary" not in panel.look._dom_classes
    assert (root / "ltxlib/code.py").read_text() == "one = 1\n"
    told = press(panel, panel.update)
    assert "The kit is updated, by 2 changes." in told
    for sentence in (updating.RESTART, updating.INSTALL, updating.REOPEN):
        assert sentence in told
    assert (root / "ltxlib/code.py").read_text() == "one = 2\n"
    assert (root / "scenes.csv").read_text() == "mine\n"
    assert hidden(panel.update_row)
    again = UpdatePanel(panel.project)
    again.settle()
    assert again.found.value == ""


def test_a_small_update_asks_for_nothing(panel, source):
    """Where neither programs nor notebooks changed, nothing is to be done afterwards."""
    commit(source, {"README.md": "hello\n"}, "A word")
    told = press(panel, panel.look)
    assert "Nothing that you made or changed is touched." in told
    assert "1 change is new" in told
    assert "A word" in told
    told = press(panel, panel.update)
    assert "<li>" not in told


def test_what_was_changed_by_hand_keeps_it_from_being_made(panel, source):
    """A changed file of the kit itself is named, and the update is not offered."""
    (panel.project.root / "ltxlib/code.py").write_text("hacked\n")
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "Code")
    assert "though part of the kit: ltxlib/code.py" in press(panel, panel.look)
    assert hidden(panel.update_row)


def test_what_keeps_it_from_being_asked_is_a_sentence(panel, source, tmp_path):
    """No network, own commits, no source, no clone: each is told, and the button can be pressed again."""
    commit(panel.project.root, {"more.py": "x\n"}, "Mine")
    commit(source, {"README.md": "hello\n"}, "A word")
    assert "committed changes of its own" in press(panel, panel.look)
    source.rename(tmp_path / "moved")
    assert "cannot be asked now" in press(panel, panel.look)
    git(panel.project.root, "remote", "remove", "origin")
    assert "does not know where it came from" in press(panel, panel.look)
    plain = UpdatePanel(Project(tmp_path))
    assert "not made by git clone" in press(plain, plain.look)
    assert not plain.look.disabled


def test_not_under_a_batch(panel, source):
    """While a batch runs the code is left alone, and that is said."""
    commit(source, {"README.md": "hello\n"}, "A word")
    press(panel, panel.look)
    with panel.project.set(rehearsal=True).lock:
        assert "Another batch is running" in press(panel, panel.update)
    assert not (panel.project.root / "README.md").exists()


def test_the_night_only_says_where(project, night, capsys):
    """By night nothing is asked and nothing changed."""
    update_panel()
    assert "A night leaves it as it is" in capsys.readouterr().out
