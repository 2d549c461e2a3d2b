"""A rehearsal server and a project for each test that asks for them."""

import pytest

from ltxlib.rehearsal.server import RehearsalServer
from tests.support.studio import a_project


@pytest.fixture
def project(tmp_path):
    """A project of two tiny scenes."""
    return a_project(tmp_path / "project")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A rehearsal that the kit talks to."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running
