"""Drafts as a person meets them: real JupyterLab, real Chromium, real clips, the rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltxlib.store.picks import picks
from ltxlib.store.project import Project
from ltxlib.store.takes import load_drafts, load_takes
from ltxlib.studio import rehearsing
from tests.browser.test_notebooks import PLAYS, shows
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ROWS = (
    "rain,t2v,@rain/window,,9,256,128,1,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,9,256,128,1,yes,yes",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[Project]:
    """A project of two tiny scenes with the shipped notebooks and a rehearsal that can be met at work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.delenv("LTX_COMFY_URL", raising=False)
        made = a_project(tmp_path_factory.mktemp("kit") / "ltx kit", ROWS)
        copy_notebooks(made)
        rehearsing.start(made, seconds_per_step=0.1)
        yield made
        rehearsing.stop(made)


@pytest.fixture(scope="module")
def lab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    with jupyter_lab(project, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def test_from_drafts_to_the_finished_take(browser: Browser, lab: Lab, project: Project) -> None:
    """Make drafts, lose the page and find them at work, watch one, pick it, finish it, see it in review."""
    shelf = project.set(rehearsal=True)
    with person(browser) as page:
        notebook = Notebook(page, lab).open("02_generate.ipynb").run_all()
        shows(page, ".ltx-drafts .ltx-rehearsal")
        assert load_drafts(shelf) == ([], [])
        page.locator(".ltx-drafts select").select_option(["rain", "still"])
        page.locator(".ltx-drafts input[type=number]").fill("2")
        page.keyboard.press("Enter")
        shows(page, ".ltx-drafts .ltx-make:has-text('Make 4 drafts')")
        notebook.button("drafts", "make").click()
        shows(page, ".ltx-drafts .ltx-now:has-text('draft 1: step')")
        notebook.save()
        page.reload()
        notebook.wait_ready("02_generate.ipynb")
        notebook.run_all()
        shows(page, ".ltx-drafts .ltx-note:has-text('Done: 4 drafts made')")
        assert len(load_drafts(shelf)[0]) == 4
        card = page.locator(".ltx-draft").nth(1)
        video = card.locator("video")
        video.wait_for()
        assert video.get_attribute("src").startswith("/files/production/REHEARSAL/drafts/rain/draft02-")
        assert video.evaluate(PLAYS) == "it plays"
        card.locator(".ltx-pick").click()
        shows(page, ".ltx-drafts .ltx-finish:not([disabled]):has-text('Finish 1 picked draft')")
        shows(page, ".ltx-batch .ltx-table:has-text('picked')")
        assert [pick.draft[:7] for pick in picks(shelf)] == ["draft02"]
        assert video.evaluate("(video) => video.currentTime > 0"), "picking disturbed the player"
        notebook.button("drafts", "finish").click()
        shows(page, ".ltx-drafts .ltx-note:has-text('Done: 1 take made')")
        page.locator(".ltx-draft.ltx-chosen .ltx-tag:has-text('finished')").wait_for()
        shows(page, ".ltx-batch .ltx-start:has-text('Render 1 missing take')")
        assert notebook.errors() == []
        notebook.save()
        assert (project.notebooks / "02_generate.ipynb").stat().st_size < 100_000
        review = notebook.open("03_review.ipynb").run_all()
        shows(page, ".ltx-review .ltx-card:has-text('Take 2, 0.38 s, from draft 2')")
        review.button("review", "play").first.click()
        shows(page, ".ltx-player .ltx-caption:has-text('from draft 2')")
        assert review.errors() == []
    ((take,), _) = load_takes(shelf)
    assert take.from_draft == picks(shelf)[0].draft
