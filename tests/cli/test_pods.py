"""The verbs pod and report, as typed."""

from __future__ import annotations

import json

import pytest

from ltxlib.cli.main import main
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.runpod import KEY, POD, put_runpodctl, runpod
from tests.support.studio import a_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose two takes were just rendered by a rehearsal, on a machine that tells nobody."""
    made = a_project(tmp_path / "kit")
    monkeypatch.delenv("LTX_NOTIFY", raising=False)
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        for _ in run_batch(job_for(made, connect(made), check_project(made))):
            pass
    return made


@pytest.fixture
def on_a_pod(monkeypatch, tmp_path):
    """A pod whose RunPod is on loopback and which has no runpodctl."""
    with runpod(stops={"rest"}) as world:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        monkeypatch.setenv("RUNPOD_POD_ID", POD)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("RUNPOD_GPU_COUNT", "0")
        monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", f"{world.url}/graphql")
        monkeypatch.setenv("LTX_RUNPOD_REST", f"{world.url}/v1")
        yield world


def test_elsewhere_there_is_no_pod(monkeypatch, capsys):
    """On any other machine it says so and ends with 2."""
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    assert main(["pod"]) == 2
    assert "not a RunPod pod" in capsys.readouterr().err


def test_looking_stops_nothing(on_a_pod, capsys):
    """State, price, balance and the missing card are told; nobody is asked to stop anything."""
    assert main(["pod"]) == 0
    out = capsys.readouterr().out
    assert f"Pod {POD}, graphics cards: 0, on the account: $12.50" in out
    assert "WITHOUT a graphics card" in out
    assert "it says RUNNING, $0.59 an hour" in out
    assert on_a_pod.asked == []
    assert main(["pod", "look", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["balance_usd"] == 12.5


def test_stopping_is_told_step_by_step(on_a_pod, capsys):
    """Every way and its answer, then what RunPod says."""
    assert main(["pod", "stop", "--after", "0"]) == 0
    out = capsys.readouterr().out
    assert "no   RunPod's GraphQL: RunPod refused: not allowed for (key)" in out
    assert "yes  RunPod's REST: RunPod says EXITED" in out
    assert out.strip().endswith("The pod is stopped: RunPod says EXITED.")
    assert "SECRET" not in out


def test_the_command_is_used_where_it_is(on_a_pod, capsys, tmp_path):
    """With runpodctl on the PATH, its answer is among those that are told."""
    put_runpodctl(tmp_path / "bin", {"stop pod": (0, f'pod "{POD}" stop failed; status is RUNNING')})
    assert main(["pod", "stop", "--after", "0", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["attempts"][0]
    assert (first["way"], first["accepted"]) == ("runpodctl stop pod", False)


def test_a_report_needs_a_run(tmp_path, capsys):
    """Before anything was rendered it says so and ends with 1."""
    project = a_project(tmp_path / "kit")
    assert main(["report", "--project", str(project.root)]) == 1
    assert "Nothing has been rendered yet" in capsys.readouterr().err


def test_a_report_says_where_it_lies(project, capsys, monkeypatch):
    """After a run the page is there, with the price that was named."""
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    where = ["--project", str(project.root), "--rehearsal"]
    assert main(["report", *where, "--price", "0.59", "--send"]) == 0
    said, place = capsys.readouterr().out.splitlines()
    (page,) = (project.set(rehearsal=True).folder / "reports").iterdir()
    assert said == "The night is over: 2 takes made."
    assert place == f"The report: {page}"
    assert "$0.59 an hour" in page.read_text()
    assert main(["report", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["made"] == 2


def test_the_price_is_asked_on_a_pod(project, on_a_pod):
    """Without --price, the report takes what RunPod says of this pod."""
    assert main(["report", "--project", str(project.root), "--rehearsal"]) == 0
    (page,) = (project.set(rehearsal=True).folder / "reports").iterdir()
    assert "at $0.59 an hour" in page.read_text()
