"""Updating the kit with a real git: forward only, and what a creator made stays."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ltxlib.cli.main import main
from ltxlib.errors import PodError, ProjectBusy
from ltxlib.store.project import Project
from ltxlib.studio import updating
from tests.support.kit_source import commit, made_source, write

FILES = {
    "ltxlib/code.py": "one = 1\n",
    "scenes.csv": "scene,prompt\n",
    "prompts/rain.md": "# rain\n",
    "workflows/asmr.json": "{}\n",
    "notebooks/01_setup.ipynb": "{}\n",
    ".gitignore": "production/\n",
}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Where the kit comes from."""
    return made_source(tmp_path, FILES, monkeypatch)


@pytest.fixture
def project(tmp_path, source):
    """A creator's clone."""
    subprocess.run(["git", "clone", "-q", str(source), str(tmp_path / "kit")], check=True)
    return Project(tmp_path / "kit")


def read(project, name: str) -> str:
    return (project.root / name).read_text()


def test_nothing_new_is_said(project):
    """A clone of today is up to date, and updating it changes nothing."""
    assert not updating.look(project).there
    assert updating.update(project).says == "The kit is up to date."


def test_it_goes_forward_and_keeps_what_is_the_creators(source, project):
    """Changed scenes, prompts and workflows stay word for word; code comes; the new ones can be looked at."""
    theirs = {"scenes.csv": "mine\n", "prompts/rain.md": "mine\n", "films/night.toml": "mine\n"}
    write(project.root, theirs | {"notebooks/01_setup.ipynb": '{"run": 1}\n'})
    new = {"ltxlib/code.py": "one = 2\n", "scenes.csv": "new\n", "notebooks/01_setup.ipynb": "new\n"}
    commit(source, new | {"workflows/asmr.json": "new\n", "films/night.toml": "shipped\n"}, "The second")
    seen = updating.look(project)
    assert seen.news == ("The second",)
    assert seen.kept == ("films/night.toml", "scenes.csv")
    assert seen.notebooks == ("notebooks/01_setup.ipynb",)
    assert read(project, "ltxlib/code.py") == "one = 1\n"
    assert "scenes.csv" in seen.says
    updating.update(project)
    assert read(project, "ltxlib/code.py") == "one = 2\n"
    assert read(project, "workflows/asmr.json") == "new\n"
    for name, text in theirs.items():
        assert read(project, name) == text
    assert read(project, "from-the-update/scenes.csv") == "new\n"
    assert read(project, "notebooks/01_setup.ipynb") == "new\n"
    assert read(project, "notebooks/01_setup-yours.ipynb") == '{"run": 1}\n'
    assert not updating.look(project).there


def test_a_notebook_that_was_only_run_leaves_no_copy(source, project):
    """Outputs and counts are nobody's work: it is just renewed; changed by a word, it is kept."""
    cell = {"cell_type": "code", "source": ["one\n", "two"], "outputs": [], "execution_count": None}
    names = [f"notebooks/{name}.ipynb" for name in ("run", "changed")]
    commit(source, dict.fromkeys(names, json.dumps({"cells": [cell]})), "Notebooks")
    updating.update(project)
    commit(source, dict.fromkeys(names, json.dumps({"cells": [cell, cell]})), "More cells")
    ran = cell | {"outputs": [{"name": "stdout"}], "execution_count": 3, "source": "one\ntwo"}
    write(project.root, {names[0]: json.dumps({"cells": [ran]})})
    write(project.root, {names[1]: json.dumps({"cells": [ran | {"source": "one\nthree"}]})})
    found = updating.update(project)
    assert found.ran == (names[0],)
    assert found.notebooks == (names[1],)
    assert len(json.loads(read(project, names[0]))["cells"]) == 2
    assert not (project.root / "notebooks/run-yours.ipynb").exists()
    assert "three" in read(project, "notebooks/changed-yours.ipynb")


def test_a_kill_in_between_loses_nothing(source, project, monkeypatch):
    """Ended after the creator's files were set aside: the next look has them back."""
    write(project.root, {"scenes.csv": "mine\n"})
    commit(source, {"scenes.csv": "new\n", "ltxlib/code.py": "one = 2\n"}, "The second")
    with monkeypatch.context() as patch:
        patch.setattr(updating, "_put_back", lambda _root: None)

        def killed(*_words):
            raise KeyboardInterrupt

        patch.setattr(updating, "_keep_new_ones", killed)
        with pytest.raises(KeyboardInterrupt):
            updating.update(project)
    assert read(project, "scenes.csv") == "new\n"
    updating.look(project)
    assert read(project, "scenes.csv") == "mine\n"
    assert read(project, "ltxlib/code.py") == "one = 2\n"


def test_changed_code_is_not_overwritten(source, project):
    """A file of the kit itself that was changed by hand stops the update, before anything moves."""
    write(project.root, {"ltxlib/code.py": "hacked\n", "scenes.csv": "mine\n"})
    commit(source, {"ltxlib/code.py": "one = 2\n", "scenes.csv": "new\n"}, "The second")
    with pytest.raises(PodError, match=r"ltxlib/code\.py"):
        updating.update(project)
    assert read(project, "ltxlib/code.py") == "hacked\n"
    assert read(project, "scenes.csv") == "mine\n"


def test_own_commits_are_left_to_who_made_them(source, project):
    """A copy that went its own way is not forced."""
    commit(project.root, {"ltxlib/more.py": "x\n"}, "Mine")
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "The second")
    with pytest.raises(PodError, match="of its own"):
        updating.update(project)


def test_not_while_a_batch_runs(source, project):
    """Code is not changed under a batch."""
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "The second")
    with project.set(rehearsal=True).lock, pytest.raises(ProjectBusy):
        updating.update(project)
    assert read(project, "ltxlib/code.py") == "one = 1\n"


def test_no_clone_and_no_source_are_sentences(tmp_path, source, project):
    """A folder that git does not know, one without origin, and a source that is gone."""
    plain = Project(tmp_path / "plain")
    plain.root.mkdir()
    with pytest.raises(PodError, match="not made by git clone"):
        updating.look(plain)
    with pytest.raises(PodError, match="where it came from"):
        updating.look(Project(source))
    inside = Project(project.root / "unzipped")
    inside.root.mkdir()
    with pytest.raises(PodError, match="not made by git clone"):
        updating.look(inside)
    source.rename(tmp_path / "moved")
    with pytest.raises(PodError, match=r"cannot be asked now \(git fetch failed") as caught:
        updating.look(project)
    assert "internet" in caught.value.cure


def test_without_git_that_is_said(project, monkeypatch):
    """A machine without git is told so, not that the folder is no clone."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PodError, match="git is not on this machine"):
        updating.look(project)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to somebody else")
def test_a_folder_of_another_user_is_updated_all_the_same(source, project):
    """On a network volume the files may belong to another number than the one that works with them."""
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "The second")
    for path in (project.root, *project.root.rglob("*")):
        os.chown(path, 12345, 12345)
    assert updating.update(project).news == ("The second",)
    assert read(project, "ltxlib/code.py") == "one = 2\n"


def test_what_is_new_is_told_in_the_changelogs_words(source, project):
    """New entries as one text each; what is to be done afterwards follows from the files."""
    old = "# Changelog\n\n- What was there\n  before.\n"
    commit(source, {"CHANGELOG.md": old}, "The changelog")
    found = updating.update(project)
    assert found.told == ("What was there before.",)
    assert found.after == ()
    new = old.replace("- What", "- A calmer `rain`, in\n  two lines.\n- Another.\n- What")
    commit(source, {"CHANGELOG.md": new, "requirements.txt": "x\n"}, "Rain")
    commit(source, {"ltxlib/code.py": "one = 2\n", "notebooks/01_setup.ipynb": "{1}\n"}, "Code")
    found = updating.look(project)
    assert found.told == ("A calmer rain, in two lines.", "Another.")
    assert found.after == (updating.RESTART, updating.INSTALL, updating.REOPEN)


def test_the_verb_looks_first(source, project, capsys):
    """Without --go nothing changes and the exit code says that something is new."""
    commit(source, {"ltxlib/code.py": "one = 2\n"}, "A calmer rain")
    words = ["update", "--project", str(project.root)]
    assert main(words) == 1
    assert "A calmer rain" in capsys.readouterr().out
    assert read(project, "ltxlib/code.py") == "one = 1\n"
    assert main([*words, "--go"]) == 0
    assert read(project, "ltxlib/code.py") == "one = 2\n"
    assert main(words) == 0
