"""One line becomes scenes on the command line."""

import json
import shutil

import pytest

from ltxlib.store.scene_sheet import read_sheet
from tests.cli.test_main import kit, project, server  # noqa: F401 (fixtures)

LINE = "a cabin in a snowstorm, one hour"


@pytest.fixture(autouse=True)
def told(project, project_root):  # noqa: F811
    """The project has the instructions, and a table with a column for notes."""
    shutil.copytree(project_root / "prompts" / "enhance", project.prompts / "enhance")
    project.scenes_csv.write_text("scene,prompt,notes\nrain,@rain/window,\n")


def test_scenes_are_told_and_nothing_is_written(capsys, project, server):  # noqa: F811
    """Each scene with its name, who wrote it and its prompt; the wish is answered, the table left alone."""
    before = project.scenes_csv.read_text()
    code, out, err = kit(capsys, "concept", LINE, "--scenes", "2", "--project", project.root)
    assert code == 0
    assert out.count("rehearsal stand-in, not written by a language model") == 2
    assert "You wish for 1 h" in out
    assert "--add puts them into scenes.csv" in out
    assert "The text encoder writes 2 of 2 scenes" in err
    assert project.scenes_csv.read_text() == before


def test_add_puts_them_into_the_table(capsys, project, server):  # noqa: F811
    """With --add they are rows; --json tells machines which."""
    words = ("concept", LINE, "--scenes", "3", "--add", "--json", "--project", project.root)
    code, out, _ = kit(capsys, *words)
    assert code == 0
    facts = json.loads(out)
    assert (facts["theme"], facts["duration_s"]) == ("a cabin in a snowstorm", 3600)
    assert [one["source"] for one in facts["scenes"]] == ["stand-in"] * 3
    assert facts["added"] == [scene.scene for scene in read_sheet(project.scenes_csv).scenes[1:]]
    code, out, _ = kit(capsys, "concept", LINE, "--scenes", "1", "--add", "--project", project.root)
    assert (code, "Added to scenes.csv: 1 scene" in out) == (0, True)


def test_without_a_server_the_grammar_writes(capsys, project, monkeypatch):  # noqa: F811
    """It is said who wrote, and why."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    code, out, _ = kit(capsys, "concept", "rain", "--scenes", "2", "--seed", "4", "--project", project.root)
    assert code == 0
    assert "The text encoder was not asked" in out
    assert out.count("from the kit's grammar") == 2


def test_a_line_that_says_nothing_ends_with_1(capsys, project):  # noqa: F811
    """The sentence and its cure go to the complaints."""
    code, _, err = kit(capsys, "concept", "one hour", "--project", project.root)
    assert code == 1
    assert "does not say what the film shows" in err
