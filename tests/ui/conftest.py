"""Projects, a rehearsal and the two faces, for the tests of the panels."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.project import Project
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from ltxlib.ui import job
from ltxlib.ui.context import headless
from tests.support.studio import a_project

ROWS = (
    "rain,t2v,@rain/window,,9,256,128,2,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,9,256,128,1,no,yes",
)
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """No answer about who watches, and no job, is left over from another test."""
    headless.cache_clear()
    job._JOBS.clear()
    monkeypatch.delenv("LTX_HEADLESS", raising=False)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    yield
    headless.cache_clear()


@pytest.fixture
def night(monkeypatch):
    """Nobody watches."""
    monkeypatch.setenv("LTX_HEADLESS", "1")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    """A project of two tiny scenes, three takes; the cells run in its notebooks folder."""
    made = a_project(tmp_path / "kit", ROWS)
    monkeypatch.chdir(made.notebooks)
    return made


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A rehearsal that the kit talks to."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> Path:
    """The folder of a project whose takes are all made; copied by `filled`."""
    root = tmp_path_factory.mktemp("rendered")
    project = a_project(root / "kit", ROWS)
    before = os.environ.get("LTX_COMFY_URL")
    with RehearsalServer(root / "output", root / "input") as running:
        os.environ["LTX_COMFY_URL"] = running.url
        try:
            for _ in run_batch(job_for(project, connect(project), check_project(project))):
                pass
        finally:
            os.environ.pop("LTX_COMFY_URL")
            if before is not None:
                os.environ["LTX_COMFY_URL"] = before
    return project.root


@pytest.fixture
def filled(rendered, tmp_path, monkeypatch) -> Project:
    """A project of its own with takes on its rehearsal shelf, and no server."""
    shutil.copytree(rendered, tmp_path / "filled")
    project = Project(tmp_path / "filled")
    monkeypatch.chdir(project.notebooks)
    return project


@pytest.fixture
def in_jupyter(tmp_path, monkeypatch):
    """Pretend that a Jupyter server with this root folder and base address started us."""

    def pretend(root: Path, base_url: str = "/") -> None:
        runtime = tmp_path / "runtime"
        runtime.mkdir(exist_ok=True)
        (runtime / "jpserver-1.json").write_text("{}")
        (runtime / "jpserver-2.json").write_text("not json")
        record = {"pid": os.getppid(), "root_dir": str(root), "base_url": base_url}
        (runtime / f"jpserver-{os.getppid()}.json").write_text(json.dumps(record))
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
        monkeypatch.setenv("JPY_PARENT_PID", str(os.getppid()))

    return pretend
