"""The command line as a person or a script meets it."""

import gzip
import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from ltxlib.cli.main import main
from ltxlib.rehearsal.server import RehearsalServer
from tests.support.studio import HEADER, a_project


@pytest.fixture
def project(tmp_path):
    return a_project(tmp_path / "project")


@pytest.fixture
def server(tmp_path, monkeypatch):
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def kit(capsys, *words):
    """Run a verb; gives exit code, output and complaints."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


VERBS = (
    "rehearse",
    "batch",
    "draft",
    "pick",
    "finish",
    "concept",
    "assemble",
    "check",
    "plan",
    "lab",
    "server",
    "workflows",
)


def test_alone_it_lists_its_verbs_on_one_screen(capsys):
    """Without a verb the whole kit is told in one screen, exit codes included."""
    code, out, _ = kit(capsys)
    assert code == 0
    assert all(verb in out for verb in VERBS)
    assert "exit codes" in out
    assert len(out.splitlines()) <= 40


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_on_one_screen(capsys, verb):
    """Help fits a screen, in lines that fit it too, and names the exit codes."""
    code, out, _ = kit(capsys, verb, "--help")
    assert code == 0
    assert "exit codes" in out
    assert len(out.splitlines()) <= 40


def test_a_good_table_is_said_to_be_good(capsys, project):
    """check says how much it is and what it would take on a pod."""
    code, out, _ = kit(capsys, "check", "--project", project.root)
    assert code == 0
    assert "2 scenes, 2 takes" in out
    assert "pod" in out


def test_a_faulty_table_is_one_problem_a_line(capsys, project):
    """check prints each problem on its own line and ends with 1; --json says the same to machines."""
    project.scenes_csv.write_text(f"{HEADER}\na,t2v,,,64,100,128,1,yes,yes\n")
    code, out, err = kit(capsys, "check", "--project", project.root)
    assert code == 1
    assert len([line for line in out.splitlines() if line.startswith("scenes.csv row 2")]) == 3
    assert "3 problems" in err
    code, out, _ = kit(capsys, "check", project.scenes_csv, "--json", "--project", project.root)
    assert code == 1
    assert len(json.loads(out)["problems"]) == 3


def test_a_missing_table_is_a_sentence(capsys, project):
    """No traceback for a file that is not there."""
    project.scenes_csv.unlink()
    code, _, err = kit(capsys, "check", "--project", project.root)
    assert code == 1
    assert "could not be read" in err
    assert "Traceback" not in err
    code, out, _ = kit(capsys, "check", "--json", "--project", project.root)
    assert json.loads(out)["error"] == "BadInput"


def test_no_server_is_exit_code_two(capsys, project, monkeypatch):
    """A batch that cannot start says what to do and ends with 2."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    code, _, err = kit(capsys, "batch", "--project", project.root)
    assert code == 2
    assert "rehearsal" in err


def test_batch_and_assemble_make_a_film(capsys, project, server):
    """The two verbs lead from a table to a master, told in lines."""
    code, out, _ = kit(capsys, "batch", "--project", project.root)
    assert code == 0
    assert "REHEARSAL" in out
    assert "2 made, 0 there already, 0 failed" in out
    code, out, _ = kit(capsys, "assemble", "--rehearsal", "--crossfade", "0.125", "--project", project.root)
    assert code == 0
    assert "15 frames" in out
    code, out, _ = kit(
        capsys, "assemble", "--rehearsal", "--crossfade", "0.125", "--json", "--project", project.root
    )
    assert json.loads(out)["frames"] == 15


def test_a_failed_take_is_exit_code_one(capsys, project, server):
    """Events are one JSON object a line, and a failure shows in the exit code."""
    server.faults.add("node_errors")
    code, out, _ = kit(capsys, "batch", "--json", "--project", project.root)
    happened = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert happened[0]["event"] == "BatchStarted"
    ended = {"made": 1, "there": 0, "failed": 1, "cancelled": False, "stopped_by": "", "says": ""}
    assert happened[-1] == {"event": "BatchEnded", **ended}
    assert any(event["event"] == "TakeFailed" and event["reason"] for event in happened)


def test_assembling_nothing_is_a_sentence(capsys, project):
    """A film of no takes is refused with the way to make some."""
    code, _, err = kit(capsys, "assemble", "--project", project.root)
    assert code == 1
    assert "notebook 02" in err


def test_workflows_are_built_flattened_and_checked(capsys, project, tmp_path):
    """The three actions on graphs work on the shipped files."""
    code, out, _ = kit(capsys, "workflows", "--project", project.root, "build")
    assert (code, "current" in out) == (0, True)
    (project.workflows / "asmr-txt2vid.json").write_text("{}")
    code, out, _ = kit(capsys, "workflows", "--project", project.root, "build", "--json")
    assert json.loads(out)["written"] == ["asmr-txt2vid.json"]
    file = project.workflows / "asmr-txt2vid.json"
    code, out, _ = kit(capsys, "workflows", "flatten", file)
    assert code == 0
    assert "SaveVideo" in {node["class_type"] for node in json.loads(out).values()}
    code, out, _ = kit(capsys, "workflows", "check", file, "--json")
    assert "prompt" in json.loads(out)["roles"]
    assert code == 0


def test_a_saved_object_info_is_gone_by(capsys, project, tmp_path, server):
    """A graph is checked against a saved answer, packed or not, or against the server itself."""
    import requests

    file = project.workflows / "asmr-txt2vid.json"
    answer = requests.get(server.url + "/object_info", timeout=30).content
    (tmp_path / "info.json").write_bytes(answer)
    (tmp_path / "info.json.gz").write_bytes(gzip.compress(answer))
    for name in ("info.json", "info.json.gz"):
        code, out, _ = kit(capsys, "workflows", "check", file, "--object-info", tmp_path / name)
        assert (code, "All is well" in out) == (0, True), out
    code, out, _ = kit(capsys, "workflows", "--project", project.root, "check", file, "--server")
    assert code == 0
    (tmp_path / "bad.json").write_text("<html>")
    code, _, err = kit(capsys, "workflows", "check", file, "--object-info", tmp_path / "bad.json")
    assert (code, "not a saved" in err) == (1, True)


def test_a_missing_workflow_file_is_a_sentence(capsys, tmp_path):
    """A name that is mistyped is told, not traced."""
    code, _, err = kit(capsys, "workflows", "flatten", tmp_path / "gone.json")
    assert code == 1
    assert "cannot be read" in err


def test_details_are_there_for_those_who_ask(capsys, project, monkeypatch):
    """With LTX_DEBUG set the traceback is shown as well."""
    project.scenes_csv.unlink()
    monkeypatch.setenv("LTX_DEBUG", "1")
    _, _, err = kit(capsys, "check", "--project", project.root)
    assert "Traceback" in err


def test_ctrl_c_ends_a_batch_cleanly(project, server):
    """Ctrl-C ends a batch with 130 and a sentence, and the last event says so."""
    command = [sys.executable, "-m", "ltxlib", "batch", "--json", "--project", str(project.root)]
    server.settings = replace(server.settings, seconds_per_step=0.2)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if json.loads(line)["event"] == "TakeProgress":
                process.send_signal(signal.SIGINT)
                break
        rest, said = process.communicate()
    assert process.returncode == 130
    assert json.loads(rest.splitlines()[-1])["cancelled"] is True
    assert "Stopping" in said
    assert "Traceback" not in said


def test_a_reader_that_goes_away_is_not_an_error(project):
    """`./kit check | head` ends quietly."""
    command = (
        f"{sys.executable} -m ltxlib workflows flatten {project.workflows}/asmr-txt2vid.json | head -c 10"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
