"""The loop lab as a person meets it: real JupyterLab, real Chromium, a clip that goes round and round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ltxlib.store.films import load_film
from ltxlib.store.project import Project
from tests.browser.test_notebooks import PLAYS, shows
from tests.studio.test_loop_lab import put
from tests.support import loops
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.loops import rustle
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one take of the sea, and the shipped notebooks."""
    folder = tmp_path_factory.mktemp("loop")
    made = a_project(folder / "ltx kit", ("sea,t2v,Waves roll slowly.,,73,256,128,1,yes,yes",))
    copy_notebooks(made)
    put(made.set(rehearsal=False), loops.restless, folder, scene="sea", sound=rustle(3.0), prompt="Waves.")
    return made


@pytest.fixture(scope="module")
def lab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    with jupyter_lab(project, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def test_a_seam_is_looked_at_and_used(browser: Browser, lab: Lab, project: Project) -> None:
    """See how it loops, watch the seam by its address, look at another way, put it into the film."""
    with person(browser) as page:
        notebook = Notebook(page, lab).open("03_review.ipynb").run_all()
        page.locator(".ltx-loop .ltx-measure:not([disabled])").wait_for()
        assert page.locator(".ltx-loop video").count() == 0
        notebook.button("loop", "measure").click()
        shows(page, ".ltx-loop .ltx-score :has-text('of 100')")
        video = page.locator(".ltx-loop video")
        video.wait_for()
        assert "/loops/" in video.get_attribute("src")
        assert video.evaluate("(video) => video.loop")
        assert video.evaluate(PLAYS) == "it plays"
        before = video.get_attribute("src")
        page.locator(".ltx-loop").get_by_role("button", name="as it is").click()
        shows(page, ".ltx-loop .ltx-points :has-text('none, a straight cut')")
        page.locator(f".ltx-loop video:not([src='{before}'])").wait_for()
        notebook.button("loop", "use").click()
        shows(page, ".ltx-loop .ltx-note:has-text('sea, take 1, now goes from 0.00 s to its end')")
        assert notebook.errors() == []
        notebook.save()
        assert (project.notebooks / "03_review.ipynb").stat().st_size < 100_000
    (cut,) = load_film(project, "film").cuts
    assert (cut.scene, str(cut.transition)) == ("sea", "cut")
