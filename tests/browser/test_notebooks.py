"""The four notebooks as a person meets them: real JupyterLab, real Chromium, real clips, the rehearsal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError as NotShown

from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.sounds import make_sound, noise
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ElementHandle, Page

pytestmark = pytest.mark.browser

ROWS = (
    "rain,t2v,@rain/window,,9,256,128,2,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,17,256,128,1,yes,yes",
)
# Muted, so that no browser refuses to play what nobody clicked.
PLAYS = """(video) => { video.muted = true; video.play(); return new Promise((resolve) => {
    const until = Date.now() + 120000;
    const look = () => {
        if (video.readyState >= 2 && video.currentTime > 0) resolve("it plays");
        else if (Date.now() > until) resolve(`${video.readyState} ${video.error?.message}`);
        else setTimeout(look, 50); };
    look(); }); }"""


def shows(page: Page, selector: str) -> ElementHandle:
    """Waits until something is to be seen; a failure tells what was to be seen instead."""
    try:
        found = page.wait_for_selector(selector)
    except NotShown as error:
        panels = "\n---\n".join(page.locator(".ltx-panel").all_inner_texts())
        raise AssertionError(f"{selector} never showed; the panels say:\n{panels}") from error
    assert found is not None
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[Project]:
    """A project of two tiny scenes with the shipped notebooks, and no rehearsal left behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.delenv("LTX_COMFY_URL", raising=False)
        made = a_project(tmp_path_factory.mktemp("kit") / "ltx kit", ROWS)
        copy_notebooks(made)
        yield made
        rehearsing.stop(made)


@pytest.fixture(scope="module")
def lab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    with jupyter_lab(project, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture
def notebook(browser: Browser, lab: Lab) -> Iterator[Notebook]:
    """A fresh browser window; whatever was opened in it must have frightened nobody."""
    with person(browser) as page:
        opened = Notebook(page, lab)
        yield opened
        assert opened.errors() == []


def journal(project: Project) -> list[str]:
    """The events of the rehearsal's journal so far."""
    path = project.set(rehearsal=True).folder / "journal.jsonl"
    return [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.is_file() else []


@pytest.fixture
def takes(project: Project) -> None:
    """All takes of the film are there, as an earlier batch left them."""
    rehearsing.start(project)
    for _ in run_batch(job_for(project, connect(project), check_project(project))):
        pass


def rehearse(project: Project, *, seconds_per_step: float = 0.0) -> None:
    """A rehearsal of this speed, in place of the one that runs."""
    rehearsing.stop(project)
    rehearsing.start(project, seconds_per_step=seconds_per_step)


def test_setup_leads_from_nothing_to_the_rehearsal(notebook: Notebook, project: Project) -> None:
    """Run All by the menu looks around only; one button rehearses; the link leads to the next notebook."""
    page = notebook.open("01_setup.ipynb").page
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    notebook.wait_ran()
    page.wait_for_selector(".ltx-setup .ltx-list")
    assert rehearsing.running(project) is None
    notebook.button("setup", "switch").click()
    shows(page, ".ltx-setup .ltx-rehearsal")
    assert rehearsing.running(project) is not None
    assert notebook.errors() == []
    page.get_by_role("link", name="2. Generate").click()
    notebook.wait_ready("02_generate.ipynb")


def test_one_take_is_made_and_plays(notebook: Notebook, project: Project) -> None:
    """Run All starts nothing; a press makes one take; it plays by address and is not in the notebook."""
    rehearsing.start(project)
    page = notebook.open("02_generate.ipynb").run_all().page
    page.wait_for_selector(".ltx-batch .ltx-table")
    assert "submitted" not in journal(project)
    page.wait_for_selector(".ltx-take .ltx-rehearsal")
    page.locator(".ltx-take select").first.select_option(label="rain")
    page.wait_for_function("() => document.querySelector('.ltx-take textarea').value.startsWith('Rain runs')")
    notebook.button("take", "render").click()
    video = shows(page, ".ltx-take video")
    assert video.evaluate(PLAYS) == "it plays"
    assert video.get_attribute("src").startswith("/files/production/REHEARSAL/takes/rain/")
    notebook.save()
    assert (project.notebooks / "02_generate.ipynb").stat().st_size < 100_000


def begin_batch(notebook: Notebook, project: Project) -> Page:
    """Open the notebook afresh on a slow rehearsal and press Start; the batch is seen to run."""
    rehearse(project, seconds_per_step=0.5)
    page = notebook.open("02_generate.ipynb").run_all().page
    shows(page, ".ltx-batch .ltx-start:not([disabled])")
    notebook.button("batch", "start").click()
    shows(page, ".ltx-batch .ltx-now:has-text('step')")
    return page


def test_a_batch_survives_the_page_and_can_be_cancelled(notebook: Notebook, project: Project) -> None:
    """After a reload the running batch is there; Run All again shows it, starts no second; Cancel ends it."""
    started = journal(project).count("batch started")
    page = begin_batch(notebook, project)
    notebook.save()
    page.reload()
    notebook.wait_ready("02_generate.ipynb")
    shows(page, ".ltx-batch .ltx-now")
    notebook.run_all()
    shows(page, ".ltx-batch .ltx-now")
    assert notebook.button("batch", "start").is_disabled()
    notebook.button("batch", "cancel").click()
    shows(page, ".ltx-batch .ltx-note:has-text('Stopped.')")
    assert journal(project).count("batch started") == started + 1
    rehearse(project)
    notebook.button("batch", "again").click()
    shows(page, ".ltx-batch .ltx-start:not([disabled])")
    notebook.button("batch", "start").click()
    shows(page, ".ltx-batch .ltx-note:has-text('Done:')")
    page.wait_for_selector(".ltx-batch .ltx-start:has-text('Nothing is missing')")


def test_buttons_answer_when_the_batch_ended_after_a_reload(notebook: Notebook, project: Project) -> None:
    """A page that was reloaded while a batch ran, with nothing pressed since, still hears presses."""
    shutil.rmtree(project.set(rehearsal=True).takes / "still", ignore_errors=True)
    page = begin_batch(notebook, project)
    notebook.save()
    page.reload()
    notebook.wait_ready("02_generate.ipynb")
    shows(page, ".ltx-batch .ltx-note:has-text('Done:')")
    shows(page, ".ltx-batch .ltx-again:not([disabled])")
    with project.scenes_csv.open("a") as table:
        table.write("late,t2v,@rain/window,,9,256,128,1,yes,yes\n")
    notebook.button("batch", "again").click()
    shows(page, ".ltx-batch .ltx-start:has-text('Render 1 missing take')")
    notebook.button("batch", "start").click()
    shows(page, ".ltx-batch .ltx-now:has-text('step')")
    notebook.button("batch", "cancel").click()
    shows(page, ".ltx-batch .ltx-note:has-text('Stopped.')")
    table = project.scenes_csv.read_text()
    project.scenes_csv.write_text(table[: table.index("late,")])


@pytest.mark.usefixtures("takes")
def test_takes_are_watched_kept_and_rejected(notebook: Notebook, project: Project) -> None:
    """Play shows a take; Keep moves the mark; Reject greys it; the decisions are on disk."""
    page = notebook.open("03_review.ipynb").run_all().page
    page.wait_for_selector(".ltx-review img.ltx-still")
    notebook.button("review", "play").first.click()
    video = page.wait_for_selector(".ltx-player video")
    room = video.bounding_box()
    assert video.evaluate(PLAYS) == "it plays"
    assert video.bounding_box() == room
    rain = page.locator(".ltx-card").filter(has_text="rain")
    rain.filter(has_text="Take 1").get_by_role("button", name="Keep").click()
    page.locator(".ltx-card.ltx-chosen").filter(has_text="rain").filter(has_text="Take 1").wait_for()
    rain.filter(has_text="Take 2").get_by_role("button", name="Reject").click()
    page.locator(".ltx-card.ltx-rejected").filter(has_text="Take 2").wait_for()
    decided = [entry["decision"] for entry in project.set(rehearsal=True).decisions]
    assert decided == ["keep", "reject"]


def first_scene(page: Page, name: str) -> None:
    """Waits until the film begins with this scene."""
    page.locator(".ltx-cut").first.locator(".ltx-cut-words", has_text=name).wait_for()


@pytest.mark.usefixtures("takes")
def test_a_film_is_ordered_heard_made_and_published(notebook: Notebook, project: Project) -> None:
    """What does not fit is told; order, transition and bed are chosen; the film plays with its certificate;
    after a reload all of it is there again, and the publishing pack is made."""
    project.sounds.mkdir()
    make_sound(project.sounds / "brook.wav", noise(2.0))
    page = notebook.open("04_assemble.ipynb").run_all().page
    shows(page, ".ltx-assemble .ltx-note:has-text('longer than half')")
    assert notebook.button("assemble", "render").is_disabled()
    assert not project.films.exists()
    page.locator(".ltx-assemble .ltx-kind select").select_option(label="cut hard")
    shows(page, ".ltx-assemble .ltx-note:has-text('26 frames')")
    page.locator(".ltx-assemble .ltx-kind select").select_option(label="melt into each other")
    page.locator(".ltx-assemble .widget-readout").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.1")
    page.keyboard.press("Enter")
    shows(page, ".ltx-assemble .ltx-note:has-text('24 frames')")
    notebook.button("assemble", "down").first.click()
    first_scene(page, "still")
    page.locator(".ltx-drawers").get_by_text("Sound", exact=True).click()
    notebook.button("assemble", "add-bed").click()
    shows(page, ".ltx-layer:has-text('brook.wav')")
    notebook.button("assemble", "render").click()
    video = shows(page, ".ltx-assemble video")
    assert video.evaluate(PLAYS) == "it plays"
    shows(page, ".ltx-certificate .ltx-tag:has-text('good')")
    page.wait_for_selector(".ltx-films a:has-text('REHEARSAL-film-')")
    assert len(list(project.set(rehearsal=True).masters.glob("*.mp4"))) == 1
    notebook.save()
    page.reload()
    notebook.wait_ready("04_assemble.ipynb")
    notebook.run_all()
    first_scene(page, "still")
    shows(page, ".ltx-assemble .ltx-note:has-text('24 frames')")
    page.locator(".ltx-drawers").get_by_text("Sound: 1 bed").wait_for()
    shows(page, ".ltx-assemble .ltx-result video")
    notebook.button("publishing", "make-pack").click()
    shows(page, ".ltx-pack .ltx-copy:has-text('REHEARSAL, not to be published')")
    shows(page, ".ltx-pack img.ltx-thumb")
    page.wait_for_function("() => document.querySelector('.ltx-pack img.ltx-thumb').naturalWidth === 1280")
    assert (project.notebooks / "04_assemble.ipynb").stat().st_size < 100_000


@pytest.mark.usefixtures("takes")
def test_clips_play_below_a_base_address(browser: Browser, project: Project, tmp_path: Path) -> None:
    """Behind a proxy that puts a path in front, as JupyterHub does, addresses are still right."""
    with jupyter_lab(project, tmp_path, base_url="/user/ann/") as lab, person(browser) as page:
        notebook = Notebook(page, lab).open("03_review.ipynb").run_all()
        notebook.button("review", "play").first.click()
        video = page.wait_for_selector(".ltx-player video")
        assert video.get_attribute("src").startswith("/user/ann/files/production/REHEARSAL/takes/")
        assert video.evaluate(PLAYS) == "it plays"
        assert notebook.errors() == []
