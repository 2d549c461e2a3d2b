"""What `./kit test` does once its packages are there: choices that decide what a green run means."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from tests import run

SAYS_ITS_VERSION = '#!/bin/sh\n[ "$1" = --version ] && echo Chromium 1\n'
ONLY_A_STUB = "#!/bin/sh\necho please install the snap >&2\nexit 1\n"


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine whose PATH holds nothing but what a test puts there, and whose apt is never asked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(run, "install_browser", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def commands(monkeypatch):
    """Every command that a run starts, none of them really started; the one holding `.failing` fails."""
    started = Commands()
    monkeypatch.setattr(run, "_run", started)
    monkeypatch.setattr(run, "run_notebooks", lambda: started(["notebooks"]))
    return started


class Commands:
    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.failing = ""

    def __call__(self, command, env=None) -> bool:
        self.seen.append(list(command))
        return not self.failing or self.failing not in command


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_a_browser_that_does_not_start_is_none(bare):
    """A stub called chromium-browser is passed over for a Chrome that really starts."""
    program(bare, "chromium-browser", ONLY_A_STUB)
    assert run.working_browser() is None
    program(bare, "google-chrome", SAYS_ITS_VERSION)
    assert run.working_browser() == str(bare / "google-chrome")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["-m", "not browser"]),
        (["-k", "span"], ["-k", "span", "-m", "not browser"]),
        (["-m", "shared", "-q"], ["-q", "-m", "(shared) and not browser"]),
        (["-mshared"], ["-m", "(shared) and not browser"]),
        (["--maxfail=1"], ["--maxfail=1", "-m", "not browser"]),
    ],
)
def test_browser_tests_are_left_out_of_any_choice(given, expected):
    """Whatever else was chosen, the browser tests go, and only they."""
    assert run.without_browser(given) == expected


def test_everything_is_run_and_the_coverage_asked_for(bare, commands, capsys):
    """With no words, ruff, format and all tests run, the browser's last; the coverage of all is asked for."""
    program(bare, "chromium", SAYS_ITS_VERSION)
    assert run.main([], {}) == 0
    ruff, layout, bandit, notebooks, tests, browser = commands.seen
    assert bandit[-5:] == ["bandit", "-q", "-ll", "-r", "ltxlib"]
    assert (ruff[-2:], layout[-2:], notebooks) == (["ruff", "check"], ["format", "--check"], ["notebooks"])
    assert tests[-len(run.TOGETHER) - 2 :] == ["-m", "not browser", *run.TOGETHER]
    assert not any("fail-under" in word for word in tests), "half of the tests reach half of the lines"
    assert browser[-2:] == ["-m", "browser"]
    assert {"--cov-append", f"--cov-fail-under={run.COVERAGE_FLOOR}"} <= set(browser)
    assert "All well" in capsys.readouterr().out


def test_a_failure_is_named_and_the_rest_still_runs(bare, commands, capsys):
    """One red step does not hide the others; the last line names it."""
    program(bare, "chromium", SAYS_ITS_VERSION)
    commands.failing = "check"
    assert run.main([], {}) == 1
    assert "pytest" in commands.seen[-1]
    assert "FAILED: ruff check, after" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_no_browser_is_said_loudly_and_fails_in_ci(bare, commands, capsys, ci, code):
    """Without Chromium the last line says that no browser test ran; in CI that is a failure."""
    assert run.main([], {"CI": ci}) == code
    tests = commands.seen[-1]
    assert tests[tests.index("not browser") - 1] == "-m"
    assert f"--cov-fail-under={run.COVERAGE_FLOOR}" in tests
    assert capsys.readouterr().out.splitlines()[-1].startswith("kit: NO BROWSER TEST RAN")


def test_own_words_go_to_pytest_alone(bare, capfd):
    """With words, pytest runs with them and nothing else, and its exit code is the answer."""
    program(bare, "chromium", SAYS_ITS_VERSION)
    assert run.main(["--version"], {}) == 0
    assert run.main(["no/such/test.py", "-q", "-p", "no:cacheprovider"], {}) == 4
    assert "ruff" not in capfd.readouterr().out


def test_notebooks_run_on_a_small_copy(tmp_path, project_root):
    """The notebooks under test get the project's files and a small film with one scene of each kind."""
    copy = run.scratch_project(tmp_path)
    with (copy / "scenes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["mode"] for row in rows) == ["i2v", "t2v"]
    assert {(row["frames"], row["width"], row["height"]) for row in rows} == {("33", "384", "256")}
    for name in ("prompts", "workflows"):
        copied = {path.name for path in (copy / name).iterdir()}
        assert copied == {path.name for path in (project_root / name).iterdir()}


def test_its_tools_are_those_of_this_venv():
    """Nothing is taken from the PATH that the kit has in its own .venv."""
    assert run._pytest()[0] == sys.executable
