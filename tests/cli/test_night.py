"""The verb night, as typed."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from ltxlib.cli.main import main
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.night_files import Orders, night_folder
from ltxlib.studio import rehearsing
from ltxlib.studio.watching import look
from tests.support.nights import SECRETS, phone, secrets_in
from tests.support.studio import a_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two tiny scenes, on a machine that is no pod and knows no price."""
    for name in ("RUNPOD_POD_ID", "LTX_USD_PER_HOUR", "LTX_NOTIFY", "LTX_COMFY_URL"):
        monkeypatch.delenv(name, raising=False)
    return a_project(tmp_path / "project")


@pytest.fixture
def server(tmp_path, project, monkeypatch):
    """A rehearsal that the kit talks to."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def typed(project, *words):
    return main(["night", *words, "--project", str(project.root)])


def started(project, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "ltxlib", "night", *words, "--project", str(project.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process, text):
    """Read what a process prints up to the line that holds this text."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return "".join(seen)
    raise AssertionError(f"it never said “{text}” but: {''.join(seen)}{process.stderr.read()}")


def test_a_night_from_preflight_to_film(project, project_root, monkeypatch):
    """It starts, refuses a second one, outlives its watcher, is watched again, ends with film and note."""
    rows = (
        "rain,t2v,@rain/window,,25,256,128,1,yes,yes",
        "sea,t2v,Waves wash softly over the sand.,,25,256,128,1,yes,yes",
    )
    project = a_project(project.root, rows)
    shutil.rmtree(project.notebooks)
    shutil.copytree(project_root / "notebooks", project.notebooks)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with phone() as ear:
        monkeypatch.setenv("LTX_NOTIFY", ear.url)
        with started(project, "--rehearsal", "--assemble", "--price", "0.5", "--until", "12:00") as first:
            said = line_of(first, "The night has begun")
            assert "by this machine's clock" in said
            assert typed(project) == 2
            with started(project, "--watch", "--json") as second:
                first.send_signal(signal.SIGINT)
                _, told = first.communicate()
                assert first.returncode == 130
                assert "the night goes on" in told
                out, calm = second.communicate(timeout=300)
        assert second.returncode == 0, out + calm
    facts = json.loads(out)
    assert (facts["exit_code"], facts["phase"], facts["running"]) == (0, "ended", False)
    assert (facts["batch"]["made"], facts["batch"]["failed"], facts["rehearsal"]) == (2, 0, True)
    assert "rendering the scenes" in calm
    shelf = project.set(rehearsal=True)
    assert len(list(shelf.masters.glob("*.mp4"))) == 1
    assert ear.titles == ["REHEARSAL: All 2 takes are there. The film is made."]
    page = look(project).report.read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    assert "$0.5 an hour" in page
    assert secrets_in(project.root, [*SECRETS.values(), ear.url]) == []
    assert rehearsing.running(project) is None, "the rehearsal of a night ends with it"


def test_a_red_preflight_starts_nothing(project, server, capsys):
    """Mistakes are told in the foreground, exit code 2, and no night ever was."""
    project.scenes_csv.write_text("scene,prompt,frames\nrain,Rain.,64\n")
    assert typed(project) == 2
    said = capsys.readouterr()
    assert "64" in said.out + said.err
    assert not look(project).there


def test_a_budget_needs_a_price(project, server, capsys):
    """A budget that cannot be held is not accepted in silence."""
    assert typed(project, "--budget", "3") == 2
    said = capsys.readouterr()
    assert "--price" in said.out + said.err
    assert not look(project).there


def test_without_a_server_nothing_starts(project, monkeypatch, capsys):
    """Exit code 2 and what to do about it."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    assert typed(project) == 2
    said = capsys.readouterr()
    assert "Start ComfyUI" in said.out + said.err


def test_a_batch_by_day_is_not_disturbed(project, server, capsys):
    """While a batch runs in the project no night begins."""
    with project.set(rehearsal=True).lock:
        assert typed(project) == 2
    assert "A batch is running" in capsys.readouterr().err


def test_orders_are_given_to_the_night_that_runs(project, capsys):
    """Cancel, cancel now and keep the pod reach it; without a night they say that there is none."""
    assert typed(project, "--cancel") == 2
    assert "No night is running" in capsys.readouterr().err
    night = night_folder(project)
    with night.lock:
        night.write({"id": "x", "began": 1.0, "phase": "02_generate"})
        assert typed(project, "--cancel", "--keep-pod") == 0
        assert "after the take" in capsys.readouterr().out
        assert night.read_orders() == Orders("take", keep_pod=True)
        assert typed(project, "--cancel-now", "--json") == 0
        assert json.loads(capsys.readouterr().out) == {"end": "now", "keep_pod": True}
        assert typed(project) == 2
        assert "A night is running in this project already" in capsys.readouterr().err


def test_watching_a_night_that_is_over_tells_its_end(project, capsys):
    """The exit code and the words of the last night; of none at all, that there was none."""
    assert typed(project, "--watch") == 2
    assert "There was no night yet" in capsys.readouterr().err
    facts = {"id": "x", "began": 1000.0, "ended_at": 4600.0, "phase": "ended", "usd_per_hour": 0.5}
    facts |= {"exit_code": 3, "says": "The budget is used up.", "report": "/r.html"}
    night_folder(project).write({**facts, "light": {"stopped": True, "text": "The pod is stopped."}})
    assert typed(project, "--watch") == 3
    out = capsys.readouterr().out
    assert "The budget is used up.\nIt took 1 h 0 min, $0.50 at $0.5 an hour.\n" in out
    assert "The report: /r.html\nThe pod is stopped." in out


@pytest.mark.parametrize(
    "words", [["--until", "half six"], ["--budget", "much"], ["--countdown", "-1"], ["--watch", "--cancel"]]
)
def test_what_makes_no_sense_is_refused(project, words):
    """Bad words on the command line end with 2."""
    try:
        code = typed(project, *words)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert not project.production.exists()
