"""ComfyUI's real web client, served by the rehearsal, agrees with the kit about every graph."""

from __future__ import annotations

import copy
import gzip
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ltxlib.core import specials, workflow
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.clips import make_clip
from tests.support.drawn import with_title
from tests.support.hard_workflows import CASES, text_of
from tests.support.reshape import packed
from tests.support.web_client import WebClient
from tests.support.workflow_pictures import shipped_files

pytestmark = pytest.mark.browser

SHIPPED = tuple(file.name for file in shipped_files())
PACKED = (
    "Empty",
    "Film",
    "Seed",
    "Follow",
    "Sampler",
    "Stage",
    "Refine",
    "Enlarge the film",
    "Hold",
    "Prompt",
)


def _need_client() -> None:
    if importlib.util.find_spec("comfyui_frontend_package") is None:
        pytest.skip("ComfyUI's web client (pip install comfyui-frontend-package) is not installed")


@pytest.fixture(scope="module")
def client(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebClient]:
    """The web client on a rehearsal server that has every model file."""
    _need_client()
    folder = tmp_path_factory.mktemp("client")
    (folder / "input").mkdir()
    Image.new("RGB", (64, 64), "navy").save(folder / "input" / "example.png")
    make_clip(folder / "input" / "example.mp4", frames=9)
    with RehearsalServer(folder / "output", folder / "input") as server:
        page = WebClient(browser, server.url)
        yield page
        page.close()


@pytest.fixture(scope="module")
def wide_client(browser, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebClient]:
    """The web client on a server with all node classes of ComfyUI 0.33.0, not strict about files."""
    _need_client()
    recorded = shared / "contract" / "object_info_comfyui_0.33.0.json.gz"
    settings = RehearsalSettings(object_info=json.loads(gzip.decompress(recorded.read_bytes())))
    folder = tmp_path_factory.mktemp("wide")
    with RehearsalServer(folder / "output", folder / "input", settings=settings) as server:
        page = WebClient(browser, server.url)
        page.set_strict(False)
        yield page
        page.close()


@pytest.fixture(scope="module")
def pack_client(browser, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebClient]:
    """The web client on a server with all node classes of ComfyUI 0.27.0 and ComfyUI-LTXVideo."""
    _need_client()
    recorded = shared / "contract" / "object_info_comfyui_0.27.0_with_ltxvideo.json.gz"
    settings = RehearsalSettings(object_info=json.loads(gzip.decompress(recorded.read_bytes())))
    folder = tmp_path_factory.mktemp("pack")
    (folder / "input").mkdir()
    Image.new("RGB", (64, 64), "navy").save(folder / "input" / "example.png")
    make_clip(folder / "input" / "example.mp4", frames=9)
    with RehearsalServer(folder / "output", folder / "input", settings=settings) as server:
        page = WebClient(browser, server.url)
        yield page
        page.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, name: str) -> WebClient:
    """The client that has the nodes of a shipped file."""
    return request.getfixturevalue("pack_client" if specials.needs_pack(name) else "client")


def _plain(graph: dict) -> dict:
    """As it looks after a trip through JSON."""
    return json.loads(json.dumps(graph))


def _ours(ui: dict, client: WebClient) -> dict:
    return _plain(flatten(ui, NodeSchema(client.object_info())))


def _file(project_root: Path, name: str) -> dict:
    return workflow.load((project_root / "workflows" / name).read_text("utf-8"), name)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_file_flattens_as_the_client_does(name: str, page: WebClient, project_root: Path) -> None:
    """A shipped file gives the client's own graph, node for node and id for id."""
    ui = _file(project_root, name)
    theirs = page.prompt_of(ui)
    assert _ours(ui, page) == theirs
    assert len(theirs) >= 18


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_file_opens_without_complaint(name: str, page: WebClient, project_root: Path) -> None:
    """In strict mode the client finds nothing to complain of and nothing missing in a shipped file."""
    page.prompt_of(_file(project_root, name))
    assert page.notices() == []
    assert page.missing() == {"nodes": None, "models": None, "media": None}
    assert [said for said in page.warnings if not said.startswith("Failed to load resource")] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_no_node_lies_on_another_as_the_client_draws_them(
    name: str, page: WebClient, project_root: Path
) -> None:
    """The client needs no more room for a node than the file gives it, so nothing overlaps."""
    ui = _file(project_root, name)
    page.prompt_of(ui)
    drawn = {key: with_title(Box(*box)) for key, box in page.boxes().items()}
    assert len(drawn) == len(ui["nodes"])
    keys = list(drawn)
    clashes = [(a, b) for i, a in enumerate(keys) for b in keys[i + 1 :] if drawn[a].overlaps(drawn[b])]
    assert clashes == []


def test_strict_mode_is_really_heard(client: WebClient, project_root: Path) -> None:
    """A file that breaks the client's rules makes it say so, so the silence above means something."""
    ui = copy.deepcopy(_file(project_root, SHIPPED[0]))
    del ui["last_node_id"]
    client.prompt_of(ui)
    assert any("last_node_id" in notice for notice in client.notices())


def test_missing_things_are_really_seen(client: WebClient, project_root: Path) -> None:
    """An unknown node and an unknown model file show up as missing in the client."""
    ui = copy.deepcopy(_file(project_root, SHIPPED[0]))
    for node in ui["nodes"]:
        if node["type"] == "LTXVLatentUpsampler":
            node["type"] = "NobodyHasThis"
        if node["type"] == "CheckpointLoaderSimple":
            node["widgets_values"] = ["nobody-has-this.safetensors"]
            node["properties"]["models"][0]["name"] = "nobody-has-this.safetensors"
    client.prompt_of(ui)
    missing = client.missing()
    assert "NobodyHasThis" in json.dumps(missing["nodes"])
    assert "nobody-has-this.safetensors" in json.dumps(missing["models"])


@pytest.mark.parametrize("name", SHIPPED)
def test_creators_subgraph_flattens_as_the_client_does(
    name: str, page: WebClient, project_root: Path
) -> None:
    """A shipped graph whose middle was packed into a subgraph still gives the client's own graph."""
    ui = packed(_file(project_root, name), PACKED)
    theirs = page.prompt_of(ui)
    assert _ours(ui, page) == theirs
    assert sum(":" in node_id for node_id in theirs) >= 5
    assert page.notices() == []


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
def test_hard_case_flattens_as_the_client_does(case: str, wide_client: WebClient) -> None:
    """Each hard case gives the client's own graph, and the client still answers as recorded."""
    theirs = wide_client.prompt_of(json.loads(text_of(case)))
    ui = workflow.load(text_of(case), case)
    assert _plain(flatten(ui, shipped())) == theirs
    recorded = Path(__file__).parents[1] / "core" / "client_answers.json"
    assert json.loads(recorded.read_text("utf-8"))[case] == theirs
