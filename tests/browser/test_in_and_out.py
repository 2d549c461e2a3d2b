"""Pictures in and films out: files really dropped in a real JupyterLab, a ZIP really downloaded."""

from __future__ import annotations

import base64
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import read_sheet
from tests.browser.test_notebooks import shows
from tests.studio.test_stills import a_zip, picture
from tests.studio.test_taking_home import fill_shelf
from tests.support.jupyter_lab import Lab, Notebook, copy_notebooks, jupyter_lab, person
from tests.support.runpod import KEY, POD, RunPod, runpod
from tests.support.studio import a_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# Drops files as a hand does: the browser's own DataTransfer, and the events it sends while something hovers.
DROP = """([where, files]) => {
    const transfer = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
    }
    const zone = document.querySelector(where);
    for (const kind of ['dragenter', 'dragover', 'drop'])
        zone.dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def drop(page: Page, where: str, files: list[tuple[str, bytes]]) -> None:
    page.evaluate(DROP, [where, [(name, base64.b64encode(data).decode()) for name, data in files]])


def noise(width: int, height: int) -> bytes:
    """A PNG that cannot be packed, as large as generators make them."""
    import io

    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(3 * width * height)).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of two scenes in a folder with a blank in its name."""
    made = a_project(tmp_path_factory.mktemp("in-and-out") / "ltx kit")
    copy_notebooks(made)
    return made


@pytest.fixture(scope="module")
def lab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on that project, as `./kit lab` starts it."""
    with jupyter_lab(project, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def test_pictures_are_dropped_and_made_scenes_of(
    browser: Browser, lab: Lab, project: Project, tmp_path: Path
) -> None:
    """Several at once and a ZIP, a large one and twenty small ones by the button; one becomes a scene."""
    with person(browser) as page:
        notebook = Notebook(page, lab).open("02_generate.ipynb").run_all()
        page.locator(".ltx-stills .ltx-zone").wait_for()
        assert not page.locator(".ltx-stills .ltx-drop-plain").is_visible()
        packed = a_zip([("Hütte/01.png", picture(colour=(90, 40, 30))), ("../out.png", picture())])
        files = [("<i>cabin.png", picture(colour=(1, 90, 60))), ("stills.zip", packed), ("film.mp4", b"x")]
        drop(page, ".ltx-stills .ltx-zone", files)
        shows(
            page, ".ltx-stills .ltx-brought :has-text('3 pictures are in images/ now. 1 file was not taken.')"
        )
        shows(page, ".ltx-stills .ltx-card b[title='Hütte-01.png']")
        large = noise(2400, 1800)
        assert len(large) > 12_000_000
        paths = [tmp_path / "large.png", *(tmp_path / f"small {number}.png" for number in range(20))]
        for number, path in enumerate(paths):
            path.write_bytes(picture(colour=(number, 9, 9)) if number else large)
        again = tmp_path / "again.png"
        again.write_bytes(large + bytes(40_000_000))
        page.locator(".ltx-stills .ltx-zone input").first.set_input_files(paths)
        shows(page, ".ltx-stills .ltx-brought :has-text('21 pictures are in images/ now.')")
        assert (project.images / "large.png").read_bytes() == large
        # Called off in the middle, a file leaves nothing behind.
        page.locator(".ltx-stills .ltx-zone input").first.set_input_files(again)
        page.locator(".ltx-stills .ltx-stop-sending").click()
        page.locator(".ltx-stills .ltx-zone:not(.ltx-busy)").wait_for()
        assert not (project.images / "again.png").exists()
        page.locator(".ltx-stills .ltx-older").click()
        shows(page, ".ltx-stills .ltx-where :has-text('9 to 16 of 25')")
        notebook.button("stills", "make-scene").first.click()
        notebook.button("stills", "add-scene").click()
        shows(page, ".ltx-stills .ltx-notice :has-text('is now the last row of scenes.csv')")
        assert notebook.errors() == []
        # In a page that is opened anew, the cell shows what is there; nothing stands twice.
        notebook.save()
        page.reload()
        notebook.wait_ready("02_generate.ipynb")
        page.locator(".ltx-stills .ltx-zone").first.wait_for()
        assert notebook.errors() == []
    scene = read_sheet(project.scenes_csv).scenes[-1]
    assert scene.mode == "i2v"
    assert (project.images / scene.image).is_file()
    assert (project.notebooks / "02_generate.ipynb").stat().st_size < 300_000


@pytest.fixture(scope="module")
def on_a_pod() -> Iterator[tuple[RunPod, dict[str, str]]]:
    """A pod whose RunPod is on loopback."""
    with runpod(stops={"rest"}) as world:
        addresses = {"LTX_RUNPOD_GRAPHQL": f"{world.url}/graphql", "LTX_RUNPOD_REST": f"{world.url}/v1"}
        yield world, {"RUNPOD_POD_ID": POD, "RUNPOD_API_KEY": KEY, **addresses}


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two takes and a film that lie only there."""
    folder = tmp_path_factory.mktemp("home")
    made = a_project(folder / "ltx kit")
    copy_notebooks(made)
    fill_shelf(made.set(rehearsal=False), folder)
    return made


@pytest.fixture(scope="module")
def bare_lab(
    filmed: Project, on_a_pod: tuple[RunPod, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """JupyterLab on a pod, on a server that has no part of anywidget."""
    home = tmp_path_factory.mktemp("bare")
    settings = home / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps({"disabledExtensions": {"anywidget": True}}))
    with jupyter_lab(filmed, home, machine=on_a_pod[1]) as running:
        yield running


def test_a_page_without_the_drop_place_has_a_button(
    browser: Browser, bare_lab: Lab, filmed: Project, tmp_path: Path
) -> None:
    """Where the server has no part of anywidget nothing frightens, and a plain button brings pictures."""
    with person(browser) as page:
        notebook = Notebook(page, bare_lab).open("02_generate.ipynb").run_all()
        page.locator(".ltx-stills .ltx-drop-plain button").wait_for()
        assert page.locator(".ltx-zone").count() == 0
        one = tmp_path / "plain.png"
        one.write_bytes(picture(colour=(200, 200, 1)))
        with page.expect_file_chooser() as asked:
            page.locator(".ltx-stills .ltx-drop-plain button").click()
        asked.value.set_files(one)
        shows(page, ".ltx-stills .ltx-brought :has-text('1 picture is in images/ now.')")
        assert notebook.errors() == []
    assert (filmed.images / "plain.png").is_file()


def test_films_go_home_and_the_pod_is_stopped(
    browser: Browser,
    bare_lab: Lab,
    filmed: Project,
    on_a_pod: tuple[RunPod, dict[str, str]],
    tmp_path: Path,
) -> None:
    """A ZIP is made, really downloaded and said to have arrived; then two presses stop the pod."""
    world = on_a_pod[0]
    with person(browser) as page:
        notebook = Notebook(page, bare_lab).open("04_assemble.ipynb").run_all()
        shows(page, ".ltx-home .ltx-only-here :has-text('1 film and 2 takes')")
        notebook.button("home", "make-zip").click()
        with page.expect_download() as coming:
            page.locator(".ltx-home a.ltx-download").click()
        coming.value.save_as(tmp_path / "home.zip")
        with zipfile.ZipFile(tmp_path / "home.zip") as packed:
            assert packed.testzip() is None
            assert "film/masters/night-0123abcd.mp4" in packed.namelist()
        notebook.button("home", "arrived").first.click()
        for panel in ("home", "stop"):
            shows(page, f".ltx-{panel} .ltx-only-here b:text-is('1 take')")
        notebook.button("stop", "stop-pod").click()
        shows(page, ".ltx-stop .ltx-note:has-text('What a stop means')")
        assert world.asked == []
        notebook.button("stop", "stop-now").click()
        shows(page, ".ltx-stop .ltx-note:has-text('The pod is stopped: RunPod says EXITED.')")
        assert world.asked[-1] == "rest"
        assert notebook.errors() == []
        notebook.save()
        saved = (filmed.notebooks / "04_assemble.ipynb").read_text()
        assert KEY not in saved
        assert len(saved) < 300_000
