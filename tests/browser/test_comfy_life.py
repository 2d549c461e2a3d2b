"""ComfyUI's life as a person meets it: found dead, started, awaited, opened, stopped. A real JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from ltxlib.pod import comfyui
from ltxlib.pod.comfyui import ComfyHome
from ltxlib.store.project import Project
from tests.browser.test_notebooks import shows
from tests.support.comfy_home import argue, comfy_home
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ROWS = ("rain,t2v,@rain/window,,9,256,128,1,yes,yes",)
# The box of the log shows its end, and stays there while it grows.
AT_ITS_END = """(box) => Math.abs(box.scrollTop) < 2 && box.scrollHeight >= box.clientHeight"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the shipped notebooks."""
    made = a_project(tmp_path / "ltx kit", ROWS)
    copy_notebooks(made)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Iterator[ComfyHome]:
    """A ComfyUI in the home of who uses this JupyterLab; it takes its time to come up."""
    with comfy_home(tmp_path / "jupyter" / "home" / "ComfyUI") as found:
        argue(found, "--late --pack")
        yield found


@pytest.fixture
def lab(project: Project, home: ComfyHome, tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    with jupyter_lab(project, tmp_path / "jupyter") as running:
        yield running


def test_it_is_started_from_dead_and_stopped(browser: Browser, lab: Lab, home: ComfyHome) -> None:
    """Start: a clock and the log run until it answers; its page opens in a new tab; Stop ends it."""
    with person(browser) as page:
        notebook = Notebook(page, lab).open("01_setup.ipynb").run_all()
        shows(page, ".ltx-comfy .ltx-life.ltx-red:has-text('does not run')")
        assert notebook.button("comfy", "stop").is_disabled()
        notebook.button("comfy", "start").click()
        shows(page, ".ltx-comfy .ltx-clock:has-text('0:0')")
        shows(page, ".ltx-comfy .ltx-line:has-text('Started by the kit')")
        shows(page, ".ltx-comfy .ltx-line.ltx-bad:has-text('IMPORT FAILED')")
        shows(page, ".ltx-comfy .ltx-clock:text-matches('0:0[1-9]')")
        shows(page, ".ltx-comfy .ltx-note:has-text('ComfyUI answers, after')")
        shows(page, ".ltx-comfy .ltx-life.ltx-green:has-text('runs and answers')")
        shows(page, ".ltx-comfy .ltx-line:has-text('To see the GUI')")
        assert page.locator(".ltx-comfy .ltx-log").evaluate(AT_ITS_END)
        link = page.locator(".ltx-comfy a.ltx-open")
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
        assert requests.get(f"{link.get_attribute('href')}/system_stats", timeout=60).ok
        shows(page, ".ltx-update .ltx-look-for:not([disabled])").click()
        shows(page, ".ltx-update .ltx-note:has-text('not made by git clone')")
        notebook.button("comfy", "stop").click()
        shows(page, ".ltx-comfy .ltx-life.ltx-red:has-text('does not run')")
        assert comfyui.running(home) == ()
        assert notebook.errors() == []
