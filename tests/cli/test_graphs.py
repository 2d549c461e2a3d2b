"""The verb `workflows` as a person meets it: files of either format, whole or damaged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ltxlib.cli.main import main
from ltxlib.core import recipes
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import shipped
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
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


def untagged() -> dict[str, Any]:
    """The shipped graph as somebody else would have made it: without tags."""
    return json.loads(re.sub(r" ?\[ltx\.[a-z_]+\]", "", recipes.shipped()["asmr-txt2vid.json"]))


def test_bind_tells_first_and_writes_on_request(capsys, project):
    """Without --write the file stays as it is; with it the tags are in, and are not written twice."""
    path = project / "workflows" / "mine.json"
    path.write_text(json.dumps(untagged(), indent=2))
    before = path.read_bytes()
    code, out, _ = kit(capsys, "workflows", "--project", project, "bind", "mine.json")
    assert (code, path.read_bytes()) == (0, before)
    lines = out.splitlines()
    (place,) = (place for place, line in enumerate(lines) if line.startswith("[ltx.prompt]"))
    assert '"Prompt" (#' in lines[place]
    assert lines[place + 1] == "    its text reaches positive"
    assert "- image: no picture is loaded into the film, so only mode t2v fits it." in lines
    assert "To write the tags: ./kit workflows bind mine.json --write" in out
    assert max(map(len, lines)) <= 110
    code, out, _ = kit(capsys, "workflows", "--project", project, "bind", path, "--write")
    assert code == 0
    assert "write mine.json into the column workflow of scenes.csv" in out
    assert "[ltx.seed]" in path.read_text()
    assert path.read_text().count("\n") >= before.decode().count("\n")
    written = path.read_bytes()
    code, out, _ = kit(capsys, "workflows", "--project", project, "bind", path, "--write")
    assert (code, path.read_bytes()) == (0, written)
    assert "tagged already: prompt, Prompt [ltx.prompt] (#" in out
    assert "is tagged already." in out
    assert not list(path.parent.glob("*.part"))
    code, out, _ = kit(capsys, "workflows", "--project", project, "check", "mine.json")
    assert code == 0
    assert "The kit can set: " in out
    assert "prompt" in out


def test_bind_ends_with_1_when_something_needed_is_missing(capsys, project):
    """A graph that no take can be made with is told so, to people and to machines."""
    graph = untagged()
    for node in graph["nodes"]:
        if node["type"] == "RandomNoise":
            node["mode"] = 2
    path = project / "workflows" / "mine.json"
    path.write_text(json.dumps(graph))
    code, out, _ = kit(capsys, "workflows", "--project", project, "bind", path)
    assert code == 1
    assert "so every take would look the same. This is needed for every take." in " ".join(out.split())
    assert "mine.json cannot be driven by scenes.csv yet" in out
    code, out, _ = kit(capsys, "workflows", "--project", project, "bind", path, "--json", "--write")
    assert code == 1
    said = json.loads(out)
    assert (said["complete"], said["written"], said["file"]) == (False, True, "mine.json")
    assert {"role", "node_id", "node", "why"} == said["bindings"][0].keys()
    assert [gap["role"] for gap in said["gaps"] if gap["needed"]] == ["seed"]


def test_check_names_every_missing_kind_with_its_pack(capsys, project):
    """All kinds of nodes that a server lacks are told at once, each with where to get it."""
    graph = untagged()
    for number, kind in ((901, "VHS_LoadVideo"), (902, "LTXVPromptEnhancer"), (903, "NobodysNode")):
        graph["nodes"].append({**graph["nodes"][-1], "id": number, "type": kind, "inputs": [], "outputs": []})
    path = project / "workflows" / "mine.json"
    path.write_text(json.dumps(graph))
    code, out, _ = kit(capsys, "workflows", "--project", project, "check", path)
    assert code == 1
    first, second, third, _ = out.splitlines()
    assert "github.com/Kosinkadink/ComfyUI-VideoHelperSuite" in first
    assert "github.com/Lightricks/ComfyUI-LTXVideo" in second
    assert "Install Missing Custom Nodes" in third


def test_check_and_bind_ask_the_server_that_runs(capsys, project, tmp_path, monkeypatch):
    """With --server the files that the server lacks are told, with size and source."""
    settings = RehearsalSettings(missing_files=frozenset({"ltx-2-19b-distilled.safetensors"}))
    path = project / "workflows" / "asmr-txt2vid.json"
    with RehearsalServer(tmp_path / "out", tmp_path / "in", settings=settings) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        code, out, _ = kit(capsys, "workflows", "--project", project, "check", path, "--server")
        assert code == 1
        assert (
            "models/checkpoints on the server (43.3 GB, ltx-2-19b-distilled.safetensors of Lightricks/LTX-2"
            in out
        )
        assert kit(capsys, "workflows", "--project", project, "bind", path, "--server")[0] == 0
