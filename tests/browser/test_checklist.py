"""The checklist as a person meets it on a pod whose ComfyUI has died: real JupyterLab, real Chromium."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltxlib.pod import comfyui
from ltxlib.store.project import Project
from tests.browser.test_notebooks import shows
from tests.support.broken_pod import PLAYED
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
KEY = "hf_PLANTEDPLANTEDPLANTED"


@pytest.fixture(scope="module")
def comfy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ComfyUI as the template lays it out, which does not run."""
    root = tmp_path_factory.mktemp("pod") / "runpod-slim" / "ComfyUI"
    root.mkdir(parents=True)
    (root / "main.py").write_text(PLAYED)
    (root / "devices.json").write_text("[]")
    (root / "comfyui_version.py").write_text('__version__ = "0.33.0"\n')
    python = root.parent / ".venv-cu128/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        (root.parent / "comfyui_args.txt").write_text(f"--port {asked.getsockname()[1]}\n")
    yield root
    home = comfyui.find_home(str(root))
    assert home is not None
    comfyui.end(home)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small project with the shipped notebooks."""
    made = a_project(tmp_path_factory.mktemp("kit") / "ltx kit")
    copy_notebooks(made)
    return made


@pytest.fixture(scope="module")
def lab(project: Project, comfy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on that machine, which has a secret."""
    machine = {"LTX_COMFY_ROOT": os.fspath(comfy), "HF_TOKEN": KEY}
    with jupyter_lab(project, tmp_path_factory.mktemp("jupyter"), machine=machine) as running:
        yield running


def places(page: Page) -> list[float]:
    """How far down each row and the buttons below them stand."""
    found = page.locator(".ltx-setup .ltx-line, .ltx-setup .ltx-again").all()
    return [one.bounding_box()["y"] for one in found]


def test_a_dead_comfyui_is_started_by_a_press(browser: Browser, lab: Lab) -> None:
    """Its line is red with a button; a press starts it, the line turns green where it stands; the list for
    support is copied by a press and has no secret."""
    with person(browser) as page:
        notebook = Notebook(page, lab).open("01_setup.ipynb").run_all()
        shows(page, ".ltx-line:has(.ltx-red) .ltx-do-start")
        assert page.locator(".ltx-well summary").inner_text().count("well") == 1
        notebook.button("setup", "do-start").click()
        shows(page, ".ltx-line:has(.ltx-name:text-is('ComfyUI')) .ltx-green")
        shows(page, ".ltx-setup .ltx-again:not([disabled])")
        notebook.button("setup", "do-workflows").click()
        before = places(page)
        shows(page, ".ltx-line:has(.ltx-name:text-is('Workflows')) .ltx-green")
        rows = len(page.locator(".ltx-setup .ltx-line").all())
        assert places(page)[:rows] == before[:rows]
        shows(page, ".ltx-setup .ltx-again:not([disabled])")
        notebook.button("setup", "support-text").click()
        told = shows(page, ".ltx-setup pre.ltx-copy").inner_text()
        assert "[green] ComfyUI" in told
        assert KEY not in told
        notebook.button("setup", "copy-now").click()
        shows(page, ".ltx-setup .ltx-copy-now:has-text('Copied')")
        assert notebook.errors() == []
