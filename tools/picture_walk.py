"""The walk from an empty pod to a film, in a real JupyterLab and Chromium, with a picture at each stop.

The pod is the tests' stage; ComfyUI is played by the rehearsal, so every clip says REHEARSAL.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.rehearsal.clip import ClipSpec, render_clip
from ltxlib.store.project import Project
from ltxlib.studio import models
from ltxlib.studio.check import check_project
from tests.browser.conftest import CHROMIUM_NAMES
from tests.stage.image import image
from tests.stage.pod import StagePod
from tests.support.jupyter_lab import PANEL, TOKEN, Lab, Notebook, person
from tools.pictures import KIT, LARGEST_BYTES, PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

ADDRESS = "https://ADDRESS-OF-THIS-PAGE"
WIDTH, HEIGHT = 1180, 1500
# The film of the pictures: a few scenes of the shipped one, small, so that the walk takes minutes.
AT_WORK_MS = 4000
# The film's sheet: one scene, and what lies between two.
TILE, GAP = (384, 256), 6
STILLS = "() => [...document.querySelectorAll('img.ltx-still')].slice(0, 6).every((one) => one.naturalWidth)"
SCENES = ("rain-window", "cabin-window", "fireplace", "moonlit-sea")
CELLS = f"""(ids) => {{ {PANEL}
    const all = panel.content.widgets;
    const found = ids.map((id) => all.findIndex((cell) => cell.model.id === id)).filter((at) => at >= 0);
    if (found.length) all[found[0]].node.scrollIntoView({{block: 'start'}});
    return found.map((at) => {{ const box = all[at].node.getBoundingClientRect();
        return [box.x, box.y, box.width, box.height]; }}); }}"""
# The stage has a folder and a port of its own; on a pod these are / and 8188.
AS_ON_A_POD = """(instead) => { for (const panel of document.querySelectorAll('.ltx-panel')) {
    const texts = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) for (const [here, there] of Object.entries(instead)) {
        const text = texts.currentNode;
        if (text.data.includes(here)) text.data = text.data.replaceAll(here, there); } } }"""
TO_THE_TOP = """(one) => { one.scrollIntoView({block: 'start'});
    for (let above = one.parentElement; above; above = above.parentElement)
        if (above.scrollTop > 0) { above.scrollTop -= 40; break; } }"""
KERNEL_IDLE = f"""() => {{ {PANEL}
    const session = panel && panel.sessionContext && panel.sessionContext.session;
    return Boolean(session && session.kernel && session.kernel.status === 'idle'); }}"""


class Camera:
    """Takes pictures of what is in front, those that are wanted, small enough to be loaded by everybody."""

    def __init__(self, folder: Path, wanted: set[str]) -> None:
        self.folder, self.wanted = folder, wanted
        self.instead: dict[str, str] = {}
        self.made: set[str] = set()
        self.pictures = {picture.name: picture for picture in PICTURES}

    def window(self, page: Page, name: str, height: int = 640) -> None:
        """The upper part of the whole window."""
        page.mouse.move(0, 0)
        box = page.viewport_size
        assert box is not None
        self._keep(name, page.screenshot(clip={"x": 0, "y": 0, "width": box["width"], "height": height}))

    def section(self, page: Page, name: str, most: int = 1400) -> None:
        """The cells of the notebook that the picture shows, one below the other."""
        ids = list(self.pictures[name].cells)
        page.mouse.move(0, 0)
        page.evaluate(AS_ON_A_POD, self.instead)
        page.evaluate(CELLS, ids)
        page.wait_for_timeout(400)
        boxes = page.evaluate(CELLS, ids)
        left, top = min(box[0] for box in boxes), max(min(box[1] for box in boxes), 0)
        right = max(box[0] + box[2] for box in boxes)
        bottom = min(max(box[1] + box[3] for box in boxes), top + most)
        clip = {"x": left + 60, "y": top, "width": right - left - 60, "height": bottom - top}
        self._keep(name, page.screenshot(clip=clip))

    def below(self, page: Page, name: str, first: str, whole: str, most: int = 900) -> None:
        """What stands in a panel from one part of it on."""
        page.mouse.move(0, 0)
        page.evaluate(AS_ON_A_POD, self.instead)
        page.locator(first).first.evaluate(TO_THE_TOP)
        page.wait_for_timeout(800)
        beginning = page.locator(first).first.bounding_box()
        panel = page.locator(whole).first.bounding_box()
        assert beginning is not None and panel is not None
        top = beginning["y"] - 12
        height = min(panel["y"] + panel["height"] - top, most)
        clip = {"x": panel["x"], "y": top, "width": panel["width"], "height": height}
        self._keep(name, page.screenshot(clip=clip))

    def _keep(self, name: str, png: bytes) -> None:
        if name in self.wanted:
            keep(Image.open(io.BytesIO(png)), self.folder / f"{name}.jpg")
            self.made.add(name)


def keep(picture: Image.Image, path: Path) -> None:
    """Save as JPEG, as fine as the size that is allowed lets it be."""
    for quality in (88, 82, 75, 68, 60, 50, 40):
        picture.convert("RGB").save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= LARGEST_BYTES:
            return


def walk(wanted: set[str], folder: Path) -> set[str]:
    """Make the pictures that are wanted; gives the names of those that were made."""
    camera = Camera(folder, wanted)
    if "film" in wanted:
        keep(film_sheet(), folder / "film.jpg")
        camera.made.add("film")
    if wanted - camera.made:
        from playwright.sync_api import Error

        with _pod() as pod, _person() as page, pod.jupyter() as lab:
            try:
                _at_work(page, lab, pod, camera)
            except Error as error:
                seen = Path(tempfile.gettempdir()) / "ltx-where-it-stopped.png"
                page.screenshot(path=seen)
                print(f"The walk stopped, see {seen}: {error.message}")
    return camera.made


@contextmanager
def _person() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        raise SystemExit("This needs Chromium; install it (apt-get install chromium) and run it again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        with person(browser, width=WIDTH, height=HEIGHT) as page:
            yield page
        browser.close()


@contextmanager
def _pod() -> Iterator[StagePod]:
    """A pod that was just rented, with nothing of the kit's on it; the address of its page is known."""
    folder = Path(tempfile.mkdtemp(prefix="ltx-book-"))
    git = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder / 'origin'}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }
    pod = StagePod(folder, image(), more=git)
    shutil.rmtree(pod.kit)
    try:
        yield pod
    finally:
        pod.power_off()
        shutil.rmtree(folder, ignore_errors=True)


def _at_work(page: Page, lab: Lab, pod: StagePod, camera: Camera) -> None:
    notebook = Notebook(page, lab)
    camera.instead = {str(pod.folder): "", str(pod.port): "8188"}
    bring_the_kit(page, lab, camera)
    small_film(pod, takes=1)
    set_up(notebook, pod, camera)
    due = camera.wanted - camera.made
    if due & {
        "stills",
        "take",
        "take-clip",
        "scenes",
        "review",
        "assemble",
        "film-made",
        "publishing",
        "leave",
    }:
        first_clip(notebook, camera)
    if due & {"scenes", "review", "assemble", "film-made", "publishing", "leave"}:
        all_scenes(notebook, camera)
    if "review" in due:
        review(notebook, camera)
    if due & {"assemble", "film-made", "publishing", "leave"}:
        film(notebook, camera)
    if "leave" in due:
        leave(notebook, camera)
    if "night" in due:
        small_film(pod, takes=4)
        night(notebook, camera)


def bring_the_kit(page: Page, lab: Lab, camera: Camera) -> None:
    """A new notebook, one line, and the kit's folder is in the list."""
    page.set_viewport_size({"width": WIDTH, "height": 700})
    page.goto(f"{lab.url}lab?token={TOKEN}")
    page.locator(".jp-toast-button", has_text="No").first.click()
    page.locator(".jp-DirListing-item", has_text="workspace").dblclick()
    page.wait_for_selector(".jp-DirListing-item:has-text('runpod-slim')")
    page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
    page.wait_for_function(KERNEL_IDLE)
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.type(f"!git clone {ADDRESS} ltx-kit")
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea-output", has_text="done.").wait_for()
    page.locator(".jp-DirListing-item", has_text="ltx-kit").wait_for()
    page.wait_for_timeout(500)
    camera.window(page, "pod-kit", 420)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def set_up(notebook: Notebook, pod: StagePod, camera: Camera) -> None:
    """Notebook 01: opened, the kit's own place made, the checklist, ComfyUI started by its button."""
    page = notebook.open("01_setup.ipynb").page
    camera.window(page, "pod-opened", 560)
    notebook.run_all()
    page.wait_for_selector(".ltx-ground .ltx-h:has-text('has its own place')")
    camera.section(page, "pod-place")
    notebook.save()
    page.reload()
    notebook.wait_ready("01_setup.ipynb")
    notebook.run_all()
    page.wait_for_selector(".ltx-setup .ltx-row")
    camera.section(page, "pod-checklist")
    page.wait_for_selector(".ltx-models .ltx-room :text-matches('GB')")
    camera.section(page, "pod-models")
    pod.put_models(models.files_of([]))
    page.locator(".ltx-comfy .ltx-start:not([disabled])").click()
    page.wait_for_selector(".ltx-comfy .ltx-stop:not([disabled])")
    camera.section(page, "pod-comfyui")
    notebook.button("update", "look-for").click()
    page.wait_for_selector(".ltx-update .ltx-found :text-matches('.')")
    camera.section(page, "pod-current")


def small_film(pod: StagePod, takes: int) -> None:
    """Leave a few scenes of the shipped film in the table, small."""
    with (KIT / "scenes.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["scene"] in SCENES]
    with (pod.kit / "scenes.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "width": "768", "height": "512", "frames": "41", "takes": str(takes)})


def first_clip(notebook: Notebook, camera: Camera) -> None:
    """Notebook 02: one take of the shipped film, made by the button."""
    page = notebook.open("02_generate.ipynb").page
    notebook.run_all()
    page.locator(".ltx-stills .ltx-zone").wait_for()
    page.locator(".ltx-stills .ltx-zone input").first.set_input_files(stills(camera.folder))
    page.wait_for_selector(".ltx-stills .ltx-brought :text-matches('in images')")
    page.locator(".ltx-stills .ltx-card", has_text="lantern").wait_for()
    camera.section(page, "stills", 1150)
    page.wait_for_selector(".ltx-take select")
    page.locator(".ltx-take select").first.select_option(label="rain-window")
    page.wait_for_function("() => document.querySelector('.ltx-take textarea').value.length > 40")
    camera.section(page, "take", 1260)
    notebook.button("take", "render").click()
    page.wait_for_selector(".ltx-take video")
    _loaded(page, ".ltx-take video")
    camera.below(page, "take-clip", ".ltx-take .ltx-render", ".ltx-take")


def all_scenes(notebook: Notebook, camera: Camera) -> None:
    """Notebook 02: what is missing is rendered; a picture of it at work."""
    page = notebook.page
    notebook.button("batch", "again").click()
    page.locator(".ltx-batch .ltx-start:not([disabled])").click()
    page.wait_for_selector(".ltx-batch .ltx-now:has-text('step')")
    page.wait_for_timeout(AT_WORK_MS)
    camera.section(page, "scenes", 1150)
    page.wait_for_selector(".ltx-batch .ltx-note:has-text('Done:')")


def review(notebook: Notebook, camera: Camera) -> None:
    """Notebook 03: the gallery, one take kept and playing."""
    page = notebook.open("03_review.ipynb").run_all().page
    page.wait_for_selector(".ltx-review img.ltx-still")
    page.locator(".ltx-card").first.get_by_role("button", name="Keep").click()
    page.locator(".ltx-card.ltx-chosen").first.wait_for()
    notebook.button("review", "play").nth(1).click()
    _loaded(page, ".ltx-player video")
    page.wait_for_function(STILLS)
    camera.section(page, "review", 1250)


def film(notebook: Notebook, camera: Camera) -> None:
    """Notebook 04: the form, the film with its certificate, what is published with it."""
    page = notebook.open("04_assemble.ipynb").run_all().page
    page.wait_for_selector(".ltx-assemble .ltx-cut")
    page.wait_for_selector(".ltx-assemble .ltx-render:not([disabled])")
    camera.section(page, "assemble", 1250)
    notebook.button("assemble", "render").click()
    page.wait_for_selector(".ltx-certificate .ltx-tag")
    _loaded(page, ".ltx-assemble video")
    camera.below(page, "film-made", ".ltx-assemble .ltx-result", ".ltx-assemble")
    notebook.button("publishing", "make-pack").click()
    page.wait_for_selector(".ltx-pack img.ltx-thumb")
    camera.section(page, "publishing", 1250)


def leave(notebook: Notebook, camera: Camera) -> None:
    """Notebook 04: what lies on this pod alone, and a ZIP of it to take home."""
    page = notebook.open("04_assemble.ipynb").run_all().page
    page.locator(".ltx-home .ltx-make-zip:not([disabled])").click()
    page.wait_for_selector(".ltx-home .ltx-zip a")
    camera.section(page, "leave", 1450)


def night(notebook: Notebook, camera: Camera) -> None:
    """Notebook 02: a night at work. It ends with the pod."""
    page = notebook.open("02_generate.ipynb").run_all().page
    page.locator(".ltx-night .ltx-start-night:not([disabled])").click()
    page.wait_for_selector(".ltx-night .ltx-now:has-text('step')")
    page.wait_for_timeout(2 * AT_WORK_MS)
    camera.section(page, "night", 1150)


def _loaded(page: Page, selector: str) -> None:
    page.wait_for_function(
        "(found) => [...document.querySelectorAll(found)].every((one) => one.readyState >= 4)", arg=selector
    )
    page.wait_for_timeout(500)


def stills(folder: Path) -> list[FilePayload]:
    """Three pictures as a generator might have made them: scenes of the film's sheet."""
    found: list[FilePayload] = []
    with Image.open(folder / "film.jpg") as sheet:
        for name, column, row in (("lantern", 1, 0), ("hearth", 3, 0), ("first-light", 3, 1)):
            left, top = column * (TILE[0] + GAP), row * (TILE[1] + GAP)
            tile = sheet.crop((left, top, left + TILE[0], top + TILE[1])).resize((3 * TILE[0], 3 * TILE[1]))
            png = io.BytesIO()
            tile.save(png, "PNG")
            found.append({"name": f"{name}.png", "mimeType": "image/png", "buffer": png.getvalue()})
    return found


def film_sheet() -> Image.Image:
    """The eight scenes of the shipped film, as the rehearsal draws them."""
    checked = check_project(Project(KIT))
    plans = [plan for plan in checked.plans if plan.scene.enabled][:8]
    (width, height), gap = TILE, GAP
    sheet = Image.new("RGB", (4 * width + 3 * gap, 2 * height + gap), "white")
    folder = Path(tempfile.mkdtemp(prefix="ltx-film-"))
    try:
        for at, plan in enumerate(plans):
            clip = folder / f"{at}.mp4"
            scene = plan.scene
            still = KIT / "images" / scene.image if scene.image else None
            spec = ClipSpec(plan.prompt, plan.seed, 2 * width, 2 * height, 17, Fraction(24), False, still)
            render_clip(spec, clip, ffmpeg_path=find_ffmpeg().path, tags={})
            frame = _frame(clip, 12).resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(frame, ((at % 4) * (width + gap), (at // 4) * (height + gap)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return sheet


def _frame(clip: Path, number: int) -> Image.Image:
    import av

    with av.open(str(clip)) as opened:
        for at, frame in enumerate(opened.decode(video=0)):
            if at == number:
                return frame.to_image()
    raise ValueError(f"{clip.name} has no frame {number}")
