"""The founder's tool that draws the workflows for docs/WORKFLOWS.md, in ComfyUI's real web client."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from ltxlib.core import workflow
from tests.support import workflow_pictures as pictures

pytestmark = pytest.mark.browser


def test_a_workflow_is_drawn_whole_and_small(browser, tmp_path: Path) -> None:
    """The picture holds the whole graph at the tool's scale, nothing of the menus, and says what it shows."""
    if importlib.util.find_spec("comfyui_frontend_package") is None:
        pytest.skip("ComfyUI's web client (pip install comfyui-frontend-package) is not installed")
    file = pictures.shipped_files()[0]
    ui = workflow.load(file.read_text("utf-8"), file.name)
    with pictures.web_client(browser) as client:
        drawn = pictures.draw(client, ui)
        assert client.notices() == []
    right = max(group["bounding"][0] + group["bounding"][2] for group in ui["groups"])
    assert drawn.width == pytest.approx(right * pictures.SCALE + 2 * pictures.EDGE_PX, abs=2)
    # The first group's corner is where it must be: coloured inside, the canvas itself outside.
    edge = pictures.EDGE_PX
    inside, outside = drawn.getpixel((edge + 40, edge + 12)), drawn.getpixel((edge - 20, edge - 20))
    assert max(inside) - min(inside) > 30
    assert max(outside) - min(outside) < 12
    path = tmp_path / "picture.png"
    assert pictures.save(drawn, path, "this file") < pictures.LARGEST_BYTES
    with Image.open(path) as saved:
        assert (saved.size, saved.info["workflow"]) == (drawn.size, "this file")
