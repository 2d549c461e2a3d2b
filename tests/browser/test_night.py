"""A night as a person meets it: begun by a button, left alone, found again, ended. All of it real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from ltxlib.store.night_files import night_folder
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.watching import look, order
from tests.browser.test_notebooks import shows
from tests.support.jupyter_lab import TOKEN, Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# Enough work for a night that a person can come back to: minutes, of which the test needs seconds.
ROWS = tuple(f"rain{number},t2v,@rain/window,,9,256,128,3,yes,yes" for number in range(8))
STEP_S = 0.5


@pytest.fixture
def project(tmp_path: Path, project_root: Path) -> Iterator[Project]:
    """A project with the shipped notebooks, a slow rehearsal, and no night left behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.delenv("LTX_COMFY_URL", raising=False)
        made = a_project(tmp_path / "ltx kit", ROWS)
        copy_notebooks(made)
        rehearsing.start(made, seconds_per_step=STEP_S)
        yield made
        if look(made).running:
            order(made, end="now")
            # Waits for as long as the night holds its lock.
            with night_folder(made).lock.awaited():
                pass
        rehearsing.stop(made)


@pytest.fixture
def lab(project: Project, tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    home = tmp_path / "jupyter"
    home.mkdir()
    with jupyter_lab(project, home) as running:
        yield running


def restart_kernels(lab: Lab) -> int:
    """Restart every kernel of this JupyterLab as its menu does; says how many there were."""
    kernels = requests.get(f"{lab.url}api/kernels?token={TOKEN}", timeout=60).json()
    for kernel in kernels:
        answer = requests.post(f"{lab.url}api/kernels/{kernel['id']}/restart?token={TOKEN}", timeout=60)
        answer.raise_for_status()
    return len(kernels)


def test_a_night_is_found_again_after_page_and_kernel_are_gone(
    browser: Browser, lab: Lab, project: Project
) -> None:
    """Start it, close the page, restart the kernel: the notebook opened anew shows it and can end it."""
    with person(browser) as page:
        notebook = Notebook(page, lab).open("02_generate.ipynb").run_all()
        shows(page, ".ltx-night .ltx-rehearsal")
        assert not look(project).there
        notebook.button("night", "start-night").click()
        shows(page, ".ltx-night .ltx-now:has-text('step')")
        shows(page, ".ltx-night .ltx-note:has-text('You may close this page')")
        shows(page, ".ltx-batch .ltx-note:has-text('A night runs in this project')")
        assert notebook.errors() == []
    began = look(project)
    assert began.running
    assert restart_kernels(lab) == 1
    with person(browser) as page:
        notebook = Notebook(page, lab).open("02_generate.ipynb").run_all()
        shows(page, ".ltx-night .ltx-now:has-text('step')")
        assert look(project).id == began.id
        assert notebook.button("batch", "start").is_disabled()
        assert notebook.button("night", "start-night").is_hidden()
        notebook.button("night", "end-take").click()
        shows(page, ".ltx-night .ltx-note:has-text('It ends after the take')")
        shows(page, ".ltx-night .ltx-note:has-text('Somebody ended it.')")
        shows(page, ".ltx-night .ltx-facts:has-text('3: it was ended early')")
        report = page.locator(".ltx-night a:has-text('the morning report')").get_attribute("href")
        assert requests.get(f"{lab.url.rstrip('/')}{report}&token={TOKEN}", timeout=60).ok
        shows(page, ".ltx-night .ltx-start-night:not([disabled])")
        shows(page, ".ltx-batch .ltx-start:not([disabled])")
        assert notebook.errors() == []
    ended = look(project)
    assert (ended.running, ended.exit_code, ended.id) == (False, 3, began.id)
    made = list(project.set(rehearsal=True).takes.glob("*/*.mp4"))
    assert 0 < len(made) < 24
