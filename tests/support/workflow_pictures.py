"""A picture of every workflow file, as ComfyUI's real web client shows it.

    python -m tests.support.workflow_pictures [OUT_DIR]

Opens each file of workflows/ in Chromium, served by the rehearsal, and writes OUT_DIR/workflow-<name>.png
(docs/pictures unless named), where that is not a picture of the file already: delete those that are to be
drawn again. Run it after a recipe was changed, and look at what came of it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ltxlib.core import workflow
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.clips import make_clip
from tests.support.web_client import WebClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KIT = Path(__file__).resolve().parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Titles and values can be read at this scale, and the client still draws them all.
SCALE = 0.64
EDGE_PX = 60
# The nodes of every workflow are there.
PACKED = RehearsalSettings(packs=frozenset({"ltxvideo"}))
# There are dozens of pictures, and whoever clones the kit loads them all.
LARGEST_BYTES = 150_000
# How many colours are kept as they are, the commonest, and how many stand for all the others.
COLOURS = ((32, 24), (24, 24), (20, 12))

# What is no part of the graph: menus, panels, notices, badges of nodes that are new in ComfyUI. Further on,
# the grid behind it and the shadows too: they cost many bytes and tell nothing.
_SETTINGS = {
    "Comfy.UseNewMenu": "Disabled",
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasMenu": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.NodeBadge.NodeSourceBadgeMode": "None",
    "Comfy.NodeBadge.NodeIdBadgeMode": "None",
    "Comfy.NodeBadge.NodeLifeCycleBadgeMode": "None",
    "Comfy.NodeBadge.ShowApiPricing": False,
}
_SET = """async (settings) => { for (const [name, value] of Object.entries(settings))
    await window.app.extensionManager.setting.set(name, value); }"""
_EXTENT = """() => { let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const graph = window.app.rootGraphInternal;
    for (const group of graph._groups) {
        left = Math.min(left, group.pos[0]); top = Math.min(top, group.pos[1]);
        right = Math.max(right, group.pos[0] + group.size[0]);
        bottom = Math.max(bottom, group.pos[1] + group.size[1]); }
    return [left, top, right, bottom]; }"""
_LOOK = """async ([x, y, scale]) => {
    const view = window.app.canvas.ds;
    view.scale = scale; view.offset[0] = x; view.offset[1] = y;
    Object.assign(window.app.canvas, {
        background_image: null, render_shadows: false, render_connections_border: false });
    window.app.canvas.deselectAll?.();
    window.app.canvas.setDirty(true, true);
    for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame); }"""
_BARE = """#vue-app .side-tool-bar-container, .side-tool-bar-container, .comfy-menu, .p-toast,
    .graph-canvas-menu, .minimap-main-container, .workflow-tabs-container, .comfyui-body-top,
    .comfyui-body-left, .comfyui-body-right, .comfyui-body-bottom, .p-dialog-mask, body::after
    { display: none !important; }"""


def picture_name(file: str) -> str:
    """The picture of a workflow file, by the file's name."""
    return f"workflow-{Path(file).stem.removeprefix('asmr-')}.png"


def made_of(file: Path) -> str:
    """What a picture keeps of the file it shows, so that an old picture is noticed."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def shown_by(picture: Path) -> str:
    """What a picture was made of; empty where there is none."""
    if not picture.is_file():
        return ""
    with Image.open(picture) as there:
        return str(there.info.get("workflow", ""))


def shipped_files() -> list[Path]:
    """Every workflow file of the kit."""
    return sorted((KIT / "workflows").glob("*.json"))


@contextmanager
def web_client(browser: Browser) -> Iterator[WebClient]:
    """The client on a rehearsal that has every file the workflows name."""
    folder = Path(tempfile.mkdtemp(prefix="ltx-pictures-"))
    try:
        (folder / "input").mkdir()
        Image.new("RGB", (768, 512), "#2b4a5e").save(folder / "input" / "example.png")
        make_clip(folder / "input" / "example.mp4")
        with RehearsalServer(folder / "output", folder / "input", settings=PACKED) as server:
            client = WebClient(browser, server.url)
            client.page.evaluate(_SET, _SETTINGS)
            client.page.add_style_tag(content=_BARE)
            yield client
            client.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def draw(client: WebClient, ui: dict[str, Any]) -> Image.Image:
    """The whole graph as the client draws it, and nothing else of the client."""
    page = client.page
    client.prompt_of(ui)
    left, top, right, bottom = page.evaluate(_EXTENT)
    width = round((right - left) * SCALE) + 2 * EDGE_PX
    height = round((bottom - top) * SCALE) + 2 * EDGE_PX
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function("([w, h]) => window.app.canvas.canvas.clientHeight >= h - 80", arg=[width, height])
    corner = page.locator("#graph-canvas").bounding_box()
    assert corner is not None
    edge = EDGE_PX / SCALE
    page.evaluate(_LOOK, [edge - left - corner["x"] / SCALE, edge - top - corner["y"] / SCALE, SCALE])
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(picture: Image.Image, path: Path, shows: str) -> int:
    """Write a picture with as many colours as fit into a small file; gives its size in bytes."""
    size, facts = 0, PngInfo()
    facts.add_text("workflow", shows)
    for kept, others in COLOURS:
        small = _with_few_colours(picture, kept, others)
        small.save(path, optimize=True, pnginfo=facts)
        size = path.stat().st_size
        if size < LARGEST_BYTES:
            break
    return size


def _with_few_colours(picture: Image.Image, kept: int, others: int) -> Image.Image:
    """The flat areas keep exactly the colours they have; what is left over shares the rest."""
    by_area = [
        colour for _, colour in sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    ]
    rare = Image.new("RGB", (max(len(by_area) - kept, 1), 1))
    rare.putdata(by_area[kept:])
    shared = rare.quantize(others, method=Image.Quantize.MEDIANCUT, kmeans=2).getpalette()
    assert shared is not None
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for colour in by_area[:kept] for part in colour), *shared[: 3 * others]])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def main(argv: list[str]) -> int:
    """Draw the shipped workflows into a folder, but for those whose picture is there as the file is now."""
    from playwright.sync_api import sync_playwright

    out = Path(argv[0]) if argv else KIT / "docs" / "pictures"
    out.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        print("This needs Chromium; install it (apt-get install chromium) and run it again.")
        return 1
    with sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=args)
        with web_client(browser) as client:
            for file in shipped_files():
                path = out / picture_name(file.name)
                if shown_by(path) == made_of(file):
                    continue
                picture = draw(client, workflow.load(file.read_text("utf-8"), file.name))
                size = save(picture, path, made_of(file))
                print(f"{path.name}: {picture.width} x {picture.height}, {size // 1000} kB")
                for said in client.notices():
                    print(f"  the client says: {said}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
