"""Ideas as a person meets them: a line typed in real JupyterLab becomes scenes in the film's table."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio import rehearsing
from tests.support.jupyter_lab import Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LINE = "a cabin in a snowstorm, one hour"


@pytest.fixture
def project(tmp_path: Path, project_root: Path) -> Iterator[Project]:
    """A project of one tiny scene with the shipped notebooks and instructions, in the rehearsal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.delenv("LTX_COMFY_URL", raising=False)
        made = a_project(tmp_path / "ltx kit")
        made.scenes_csv.write_text("scene,prompt,frames,width,height,notes\nrain,@rain/window,9,192,128,\n")
        shutil.copytree(project_root / "prompts" / "enhance", made.prompts / "enhance")
        copy_notebooks(made)
        rehearsing.start(made)
        yield made
        rehearsing.stop(made)


def test_a_line_becomes_scenes_of_the_film(browser: Browser, project: Project, tmp_path: Path) -> None:
    """Run All asks nobody; the line is typed, scenes come, one is unticked; the rest are in the table."""
    with jupyter_lab(project, tmp_path / "jupyter") as lab, person(browser, 1500, 1500) as page:
        notebook = Notebook(page, lab).open("02_generate.ipynb").run_all()
        page.wait_for_selector(".ltx-concept .ltx-rehearsal")
        assert page.locator(".ltx-idea").count() == 0
        assert not (project.set(rehearsal=True).folder / "journal.jsonl").exists()
        page.locator(".ltx-concept .ltx-form input[type=text]").first.fill(LINE)
        page.locator(".ltx-concept .widget-readout").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.type("4")
        page.keyboard.press("Enter")
        notebook.button("concept", "write").click()
        page.locator(".ltx-idea").nth(3).wait_for()
        assert page.locator(".ltx-idea").count() == 4
        page.wait_for_selector(".ltx-told:has-text('You wish for 1 h')")
        names = [page.locator(".ltx-idea-top input[type=text]").nth(n).input_value() for n in range(4)]
        page.screenshot(path=str(tmp_path / "ideas.png"))
        page.locator(".ltx-idea-top input[type=checkbox]").nth(1).uncheck()
        page.wait_for_selector(".ltx-concept .ltx-add:has-text('Add 3 scenes')")
        notebook.button("concept", "add").click()
        page.wait_for_selector(".ltx-concept .ltx-note:has-text('are now the last rows')")
        kept = [name for number, name in enumerate(names) if number != 1]
        for name in kept:
            page.wait_for_selector(f".ltx-batch .ltx-table:has-text('{name}')")
        assert names[1] not in page.locator(".ltx-batch .ltx-table").first.inner_text()
        assert page.locator(".ltx-take select").first.locator("option").all_inner_texts()[2:] == kept
        assert [scene.scene for scene in read_sheet(project.scenes_csv).scenes] == ["rain", *kept]
        assert notebook.errors() == []
