"""The first half hour on a pod, as a creator has it: an empty pod, no terminal, a first clip.

The stage is RunPod's template as a folder (tests/stage) with the image's own Jupyter server; clips are drawn
by the rehearsal, which stands where ComfyUI does and is started by the same commands.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltxlib.core import catalog
from ltxlib.pod import comfyui
from ltxlib.studio import models
from tests.stage.image import image
from tests.stage.planted import OWN_STORE, PLANTED, TYPED, found_below
from tests.stage.pod import StagePod
from tests.support.hub import Hub, hub_running
from tests.support.jupyter_lab import Lab, Notebook, person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# From an empty pod to a clip that plays. The project promises it; a quiet machine needs a part of it.
FIRST_CLIP_S = 180.0
# Of the shipped film.
ROWS = ("rain-window", "porch-rain", "sea-at-dawn")
PICTURES = "LTX_PICTURES"
PLAYS = """(video) => { video.muted = true; video.play(); return new Promise((resolve) => {
    const until = Date.now() + 60000;
    const look = () => {
        if (video.readyState >= 2 && video.currentTime > 0) resolve("it plays");
        else if (Date.now() > until) resolve(`${video.readyState} ${video.error?.message}`);
        else setTimeout(look, 50); };
    look(); }); }"""


IN_VIEW = """(what) => { const place = document.querySelector(what).getBoundingClientRect();
    return place.top > 0 && place.bottom < window.innerHeight; }"""


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagePod]:
    """A pod that was just rented, its models on the volume, its ComfyUI dead; secrets in its variables."""
    dolly = catalog.CAMERAS["dolly-in"]
    files = {f"{dolly.hf_repo}/{dolly.path}": b"weights"}
    with hub_running(Hub(files=files, gated={dolly.hf_repo})) as hub:
        more = {"HF_ENDPOINT": hub.url}
        made = StagePod(tmp_path_factory.mktemp("pod"), image(), secrets=PLANTED, more=more)
        made.put_models(models.files_of([]))
        yield made
        made.power_off()


@contextmanager
def somebody(browser: Browser, lab: Lab) -> Iterator[Notebook]:
    """A person with a browser, whom nothing on the page may frighten."""
    with person(browser, height=1100) as page:
        notebook = Notebook(page, lab)
        yield notebook
        assert notebook.errors() == []


def picture(page: Page, name: str) -> None:
    """Keep what is seen now, when somebody wants the pictures (LTX_PICTURES names the folder)."""
    folder = os.environ.get(PICTURES)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
        page.screenshot(path=Path(folder) / f"{name}.png")


def run_all_by_menu(notebook: Notebook) -> None:
    """What the pages ask for in their first lines."""
    page = notebook.page
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def set_up(notebook: Notebook, name: str) -> Page:
    """Open 01, Run All; reload and run again when the page asks for it, until the checklist is there."""
    page = notebook.open("01_setup.ipynb").page
    picture(page, f"{name}-1-opened")
    run_all_by_menu(notebook)
    page.wait_for_selector(".ltx-ground .ltx-h")
    page.wait_for_function(IN_VIEW, arg=".ltx-ground .ltx-h")
    picture(page, f"{name}-2-being-made")
    notebook.wait_ran()
    page.wait_for_selector(".ltx-ground .ltx-h:has-text('has its own place')")
    picture(page, f"{name}-3-made")
    if page.locator(".ltx-ground .ltx-note:has-text('Reload this page')").count():
        notebook.save()
        page.reload()
        notebook.wait_ready("01_setup.ipynb")
        notebook.run_all()
    page.wait_for_selector(".ltx-setup .ltx-list .ltx-row")
    see(page, ".ltx-setup")
    picture(page, f"{name}-4-checklist")
    return page


def see(page: Page, selector: str) -> None:
    """Bring something to the top of the page, as one scrolls to it."""
    page.locator(selector).first.evaluate("(one) => one.scrollIntoView({block: 'start'})")


def start_comfyui(notebook: Notebook, name: str) -> None:
    """Press the cure beside the red line."""
    page = notebook.page
    notebook.button("setup", "do-start").click()
    picture(page, f"{name}-5-starting")
    page.locator(".ltx-setup .ltx-row.ltx-green", has_text="ComfyUI").first.wait_for()
    assert page.locator(".ltx-setup .ltx-row.ltx-red").count() == 0, page.inner_text(".ltx-setup")
    picture(page, f"{name}-6-all-well")


def make_a_clip(notebook: Notebook, row: str, name: str) -> None:
    """By the link to 02, and there one take."""
    page = notebook.page
    page.get_by_role("link", name="2. Generate").first.click()
    notebook.wait_ready("02_generate.ipynb")
    picture(page, f"{name}-7-generate")
    one_take(notebook, row, name)


def one_take(notebook: Notebook, row: str, name: str) -> None:
    """In 02, Run All, a row of the shipped film in the small size, one take: it plays."""
    page = notebook.page
    run_all_by_menu(notebook)
    page.wait_for_selector(".ltx-take .ltx-rehearsal")
    notebook.wait_ran()
    page.locator(".ltx-take select").first.select_option(label=row)
    page.wait_for_function("() => document.querySelector('.ltx-take textarea').value.length > 40")
    page.locator(".ltx-take select:has(option:has-text('small and quick'))").select_option(index=6)
    see(page, ".ltx-take")
    picture(page, f"{name}-8-one-take")
    notebook.button("take", "render").click()
    page.wait_for_selector(".ltx-take .ltx-now:has-text('step')")
    picture(page, f"{name}-9-rendering")
    video = page.wait_for_selector(".ltx-take video")
    assert video.evaluate(PLAYS) == "it plays"
    page.locator(".ltx-take video").scroll_into_view_if_needed()
    picture(page, f"{name}-10-first-clip")
    notebook.save()


def clips(pod: StagePod) -> list[Path]:
    """The clips that were made so far; all are the rehearsal's."""
    assert not (pod.kit / "production" / "film" / "takes").exists()
    return sorted((pod.kit / "production" / "REHEARSAL" / "takes").rglob("*.mp4"))


def told(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure where it is seen."""
    with capsys.disabled():
        print(f" [{text}]", end="", flush=True)


def test_who_begins_at_the_wrong_page_is_led(browser: Browser, pod: StagePod) -> None:
    """On an empty pod, 02 says in view and in plain words to open 01, with a link; nothing is made."""
    with pod.jupyter() as lab, somebody(browser, lab) as notebook:
        page = notebook.open("02_generate.ipynb").page
        run_all_by_menu(notebook)
        page.wait_for_selector(".ltx-ground .ltx-note")
        page.wait_for_function(IN_VIEW, arg=".ltx-ground .ltx-note")
        picture(page, "wrong-page")
        page.locator(".ltx-ground").get_by_role("link", name="1. Setup").first.click()
        notebook.wait_ready("01_setup.ipynb")
    assert not (pod.kit / ".venv").exists()


def test_from_an_empty_pod_to_a_first_clip(browser: Browser, pod: StagePod, capsys) -> None:
    """Run All, what the page says, the link to 02, one take: it plays, in under three minutes."""
    before = pod.image.contents()
    assert pod.kernels() == ["python3"]
    with pod.jupyter() as lab, somebody(browser, lab) as notebook:
        began = time.monotonic()
        set_up(notebook, "first")
        start_comfyui(notebook, "first")
        make_a_clip(notebook, ROWS[0], "first")
        took_s = time.monotonic() - began
    told(capsys, f"an empty pod to the first clip: {took_s:.0f} s")
    assert took_s < FIRST_CLIP_S
    assert len(clips(pod)) == 1
    assert len(comfyui.running(pod.comfy_home())) == 1
    assert pod.image.contents() == before


def test_after_the_pod_was_stopped_all_is_repaired(browser: Browser, pod: StagePod, capsys) -> None:
    """Home folder and container are new, the volume is not: 02 renders, 01 repairs, 02 renders again."""
    pod.power_off()
    assert pod.kernels() == ["python3"]
    pod.boot_comfyui()
    made = len(clips(pod))
    with pod.jupyter() as lab, somebody(browser, lab) as notebook:
        began = time.monotonic()
        notebook.open("02_generate.ipynb")
        one_take(notebook, ROWS[2], "straight")
        straight_s = time.monotonic() - began
        set_up(notebook, "again")
        make_a_clip(notebook, ROWS[1], "again")
        took_s = time.monotonic() - began
    told(capsys, f"after a restart: {straight_s:.0f} s straight in 02, {took_s:.0f} s with 01")
    assert took_s < FIRST_CLIP_S
    assert len(clips(pod)) == made + 2
    assert pod.asked_of_runpodctl == []


def type_a_token(notebook: Notebook) -> None:
    """Ask for one more file, which is refused to the pod's own token, and paste another one, to be kept."""
    page = notebook.page
    page.wait_for_selector(".ltx-models .ltx-fetch")
    page.locator(".ltx-models .ltx-way button", has_text="What scenes.csv needs").click()
    page.locator(".ltx-models .ltx-way button", has_text="By model").click()
    page.locator(".ltx-models .ltx-model select").select_option(
        label=models.files_of([])[0].name.split(".")[0]
    )
    page.locator(".ltx-models .ltx-moves").get_by_label("dolly-in").click()
    page.wait_for_selector(".ltx-models .ltx-fetch:has-text('Fetch 1 file')")
    notebook.button("models", "fetch").click()
    field = page.locator(".ltx-models .ltx-token input")
    field.wait_for()
    page.locator(".ltx-models .ltx-keep-token input").check()
    field.fill(TYPED)
    field.press("Enter")
    page.wait_for_selector(".ltx-models .ltx-token-said .ltx-note")
    see(page, ".ltx-models .ltx-access")
    picture(page, "token-1-refused")
    assert "Log in, open and" not in page.inner_text(".ltx-models .ltx-access")
    assert field.input_value() == ""


def test_no_secret_is_in_any_file(browser: Browser, pod: StagePod) -> None:
    """After all that, a typed token, a text for support and a run by night, no secret is written."""
    with pod.jupyter() as lab, somebody(browser, lab) as notebook:
        page = notebook.open("01_setup.ipynb").run_all().page
        type_a_token(notebook)
        page.wait_for_selector(".ltx-setup .ltx-support-text:not([disabled])")
        notebook.button("setup", "support-text").click()
        page.wait_for_selector(".ltx-support .ltx-copy")
        assert not any(secret in page.content() for secret in (*PLANTED.values(), TYPED))
        notebook.save()
    words = ("notebooks/01_setup.ipynb", "production/by-night.ipynb", "-k", "ltx-kit", "--cwd", "notebooks")
    done = pod.run(".venv/bin/python", "-m", "papermill", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    assert found_below(pod.folder, pod.home) == []
    kept = pod.home / OWN_STORE / "token"
    assert kept.read_text() == TYPED
    assert kept.stat().st_mode & 0o077 == 0
