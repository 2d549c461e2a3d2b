"""Model files as a person fetches them: chosen, paused, gone on with; and no token is written down."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltxlib.core import catalog
from ltxlib.hub import shelf
from ltxlib.store.project import Project
from ltxlib.studio.models import files_of
from tests.browser.test_notebooks import shows
from tests.support.hub import TOKEN, Drawn, Hub, hub_running
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

MODEL = "ltx-2-19b-distilled-fp8"
STATIC, DOLLY = (catalog.CAMERAS[move] for move in ("static", "dolly-in"))
PICTURES = os.environ.get("LTX_PICTURES", "")
# JupyterLab saves the widgets' state in the notebook only when a person says so; this person did.
SAVE_STATE = "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The camera moves in their true size; one of them wants a login."""
    files = {f"{file.hf_repo}/{file.path}": Drawn(file.size_bytes or 0, seed=1) for file in (STATIC, DOLLY)}
    with hub_running(Hub(files=files, gated={DOLLY.hf_repo}, hold=threading.Event())) as running:
        running.slow_after, running.slow_s = 100 * 2**20, 0.5
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        for name in ("HF_HOME", "HF_TOKEN", "HF_TOKEN_PATH"):
            monkeypatch.delenv(name, raising=False)
        yield running


@pytest.fixture
def lab(tmp_path: Path, hub: Hub) -> Iterator[tuple[Lab, Project, Path]]:
    """JupyterLab beside a ComfyUI that has the large files already, as files without bytes."""
    project = a_project(tmp_path / "kit")
    copy_notebooks(project)
    home = tmp_path / "jupyter"
    models = home / "home" / "ComfyUI" / "models"
    for file in files_of([MODEL], ()):
        place = models / file.folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as out:
            out.truncate(file.size_bytes or 0)
    (models.parent / "main.py").touch()
    setting = home / "settings" / SAVE_STATE
    setting.parent.mkdir(parents=True)
    setting.write_text('{"saveState": true}')
    with jupyter_lab(project, home) as running:
        yield running, project, home


def picture(notebook: Notebook, name: str) -> None:
    """For those who want to see it: LTX_PICTURES names a folder."""
    if PICTURES:
        notebook.page.locator(".ltx-models").screenshot(path=f"{PICTURES}/{name}.png")


def test_files_are_fetched_paused_and_gone_on_with(
    browser: Browser, lab: tuple[Lab, Project, Path], hub: Hub
) -> None:
    """All is told first; a reload, a pause and a gate later the files are whole, and no token is saved."""
    running, project, home = lab
    with person(browser) as page:
        notebook = Notebook(page, running).open("01_setup.ipynb").run_all()
        shows(page, ".ltx-models .ltx-fetch")
        page.locator(".ltx-models .ltx-way button", has_text="By model").click()
        page.locator(".ltx-models .ltx-model select").select_option(label=MODEL)
        shows(page, f".ltx-models .ltx-files:has-text('{MODEL}')")
        shows(page, ".ltx-models .ltx-fetch:has-text('Fetch 1 file, 327 MB')")
        picture(notebook, "1-before")
        assert not hub.asked
        notebook.button("models", "fetch").click()
        shows(page, ".ltx-models .ltx-progress:has-text('of 327 MB')")
        assert hub.arrived.wait(60)
        picture(notebook, "2-fetching")
        page.reload()
        notebook.wait_ready("01_setup.ipynb")
        notebook.run_all()
        shows(page, ".ltx-models .ltx-progress:has-text('of 327 MB')")
        notebook.button("models", "pause").click()
        shows(page, ".ltx-models .ltx-notice:has-text('Paused')")
        assert hub.hold
        hub.hold.set()
        shows(page, ".ltx-models .ltx-fetch:has-text('Go on')")
        picture(notebook, "3-paused")
        notebook.button("models", "fetch").click()
        shows(page, ".ltx-models .ltx-notice:has-text('whole and checked')")
        key = f"{STATIC.hf_repo}/{STATIC.path}"
        assert hub.served[key] <= (STATIC.size_bytes or 0) + 64 * 2**20
        page.locator(".ltx-models .ltx-moves").get_by_label("dolly-in").click()
        shows(page, ".ltx-models .ltx-fetch:has-text('Fetch 1 file')")
        through_the_gate(notebook)
        notebook.save()
        assert notebook.errors() == []
    for file in (STATIC, DOLLY):
        place = home / "home" / "ComfyUI" / "models" / file.folder / file.name
        drawn = hub.files[f"{file.hf_repo}/{file.path}"]
        assert isinstance(drawn, Drawn)
        assert shelf.digest_of(place) == drawn.sha256
    saved = (project.notebooks / "01_setup.ipynb").read_text()
    assert "PasswordModel" in saved
    assert_nowhere(TOKEN, project.root, home)
    # Nothing lies twice on a small disk.
    assert not list((home / "home" / ".cache").rglob("huggingface"))


def through_the_gate(notebook: Notebook) -> None:
    """What Hugging Face refuses has a link to press; with a token it gives the file."""
    page = notebook.page
    notebook.button("models", "fetch").click()
    shows(page, f".ltx-models .ltx-notice a[href='https://huggingface.co/{DOLLY.hf_repo}']")
    field = page.locator(".ltx-models .ltx-token input")
    field.scroll_into_view_if_needed()
    picture(notebook, "4-gated")
    field.fill(TOKEN)
    field.press("Enter")
    shows(page, ".ltx-models .ltx-token-said:has-text('gives these files to you')")
    notebook.save()
    assert field.input_value() == ""
    picture(notebook, "5-allowed")
    notebook.button("models", "fetch").click()
    shows(page, ".ltx-models .ltx-notice:has-text('whole and checked')")
    picture(notebook, "6-done")


def assert_nowhere(token: str, *folders: Path) -> None:
    """No file below these folders holds the token; the models, which are drawn, are left out."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_size < 50 * 2**20:
                assert token.encode() not in path.read_bytes(), path
