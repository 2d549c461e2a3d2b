"""The verb `workflows` as a person meets it: files of either format, whole or damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltxlib.cli.main import main
from ltxlib.core import recipes
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import shipped
from tests.support.damaged_files import damaged_files
from tests.support.studio import a_project

FILES = damaged_files()


def kit(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    """Run a verb; gives exit code, output and complaints."""
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a small project."""
    return a_project(tmp_path / "project").root


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_is_one_line_and_exit_1(capsys, project, kind):
    """check says one line, sentence and cure, and nothing of Python."""
    data, says = FILES[kind]
    path = project / "workflows" / "mine.json"
    path.write_bytes(data)
    code, out, err = kit(capsys, "workflows", "--project", project, "check", path)
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_one_line(capsys, project):
    """A wrong name, or a folder, is told without asking what is inside."""
    for path in (project / "none.json", project):
        code, out, err = kit(capsys, "workflows", "--project", project, "check", path)
        assert (code, out) == (1, "")
        assert "cannot be read" in err


@pytest.mark.parametrize("wrapped", [False, True])
def test_exported_graphs_are_checked_and_flattened(capsys, project, wrapped):
    """check and flatten take a file that ComfyUI exported for the API, bare or as the body of a request."""
    ui = json.loads(recipes.shipped()["asmr-txt2vid.json"])
    api = flatten(ui, shipped())
    path = project / "workflows" / "mine.json"
    path.write_text(json.dumps({"prompt": api} if wrapped else api))
    code, out, _ = kit(capsys, "workflows", "--project", project, "check", path)
    assert code == 0
    assert "All is well" in out
    assert "prompt" in out
    code, out, _ = kit(capsys, "workflows", "--project", project, "flatten", path, "--json")
    assert code == 0
    assert json.loads(out) == api
