"""Coming up, going down, and what a rehearsal server is from outside."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from ltxlib.core.file_format import nodes_of
from ltxlib.errors import ComfyError, FfmpegMissing, StoreError
from ltxlib.rehearsal.models import FOLDERS, MODEL_FILES, folder_for, installed
from ltxlib.rehearsal.order import RunOrder
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.rehearsal.signature import Signatures
from ltxlib.rehearsal.state import Folders
from tests.support import official_templates
from tests.support.rehearsal import Client
from tests.support.rehearsal_graphs import node, small_graph


def test_it_answers_on_this_machine_only(client: Client) -> None:
    """The address is 127.0.0.1, and no other interface has the port."""
    assert client.url.startswith("http://127.0.0.1:")
    other = socket.gethostbyname(socket.gethostname())
    if not other.startswith("127.") or other != "127.0.0.1":
        with pytest.raises(OSError), socket.create_connection((other, client.server.port), timeout=2):
            pass


def test_it_keeps_its_port_and_forgets_the_rest(client: Client) -> None:
    """Stopped and started again it answers at the same address, with nothing in queue and history."""
    first = client.run(small_graph())
    url, server = client.url, client.server
    server.stop()
    assert not server.running
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/queue", timeout=5)
    server.start()
    assert server.start() is server, "starting twice does nothing"
    assert server.url == url
    assert client.get("/history").json() == {}
    again = client.run(small_graph())
    assert again["prompt"][0] == 0
    assert again["outputs"] != first["outputs"], "numbers go on from what is on disk"


def test_stopping_in_mid_take_leaves_nothing_behind(serve: Callable[..., Client]) -> None:
    """What runs is abandoned: no clip, no half file, and stop returns at once."""
    client = serve(seconds_per_step=3600)
    with client.listening("x") as ear:
        client.submit(small_graph(), client_id="x")
        ear.wait_for(lambda one: one["type"] == "executing" and one["data"]["node"] == "stage")
        client.server.stop()
        assert ear.wait_until_closed()
        assert "execution_interrupted" not in ear.types()
    assert not list(client.server.output_dir.rglob("*.mp4*"))


def test_stopping_while_frames_are_drawn_leaves_nothing_behind(client: Client) -> None:
    """A clip of many frames that is being drawn is given up, its half file removed."""
    graph = small_graph()
    graph["vlat"]["inputs"].update(width=512, height=512, length=481)
    with client.listening("x") as ear:
        client.submit(graph, client_id="x")
        ear.wait_for(lambda one: one["type"] == "executing" and one["data"]["node"] == "save")
        client.server.stop()
    assert not list(client.server.output_dir.rglob("*.mp4*"))


def test_an_interrupt_stops_the_drawing(client: Client) -> None:
    """A run is stopped at the next frame while its clip is drawn."""
    graph = small_graph()
    graph["vlat"]["inputs"].update(width=512, height=512, length=481)
    with client.listening("x") as ear:
        prompt_id = client.submit(graph, client_id="x")
        ear.wait_for(lambda one: one["type"] == "executing" and one["data"]["node"] == "save")
        client.post("/interrupt", {"prompt_id": prompt_id})
        ear.wait_for_end(prompt_id)
    last = client.entry(prompt_id)["status"]["messages"][-1]
    assert (last[0], last[1]["node_id"]) == ("execution_interrupted", "save")
    assert not list(client.server.output_dir.rglob("*.mp4*"))


def test_a_taken_port_is_said_in_words(client: Client, tmp_path: Path) -> None:
    """Two servers cannot share a port."""
    second = RehearsalServer(tmp_path / "o", tmp_path / "i", port=client.server.port)
    with pytest.raises(ComfyError, match="cannot use port"):
        second.start()
    assert not second.running
    second.stop()


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    """A file where the output folder should be is a StoreError."""
    (tmp_path / "o").write_text("a file")
    with pytest.raises(StoreError, match="cannot be made"):
        RehearsalServer(tmp_path / "o", tmp_path / "i").start()


def test_an_ffmpeg_that_is_not_there_fails_the_take(serve: Callable[..., Client], tmp_path: Path) -> None:
    """The server stays up, the prompt fails at its save node, in words."""
    client = serve(ffmpeg_path=tmp_path / "no-ffmpeg")
    error = client.fail(small_graph())
    assert error["node_id"] == "save"
    assert error["exception_type"] == FfmpegMissing.__name__


def test_ffmpeg_is_found_when_none_is_named(serve: Callable[..., Client]) -> None:
    """Without a path in the settings the kit's own search finds one."""
    assert serve(ffmpeg_path=None).run(small_graph())["status"]["status_str"] == "success"


def test_every_model_folder_is_listed_and_missing_files_are_left_out() -> None:
    """Own names replace a folder's, extra folders are added, order is alphabetical."""
    lists = installed({"loras": ["b", "a"], "mine": ["z"]}, {"a"})
    assert lists["loras"] == ["b"]
    assert lists["mine"] == ["z"]
    assert set(FOLDERS) <= set(lists)
    assert lists["checkpoints"] == sorted(MODEL_FILES["checkpoints"])
    assert folder_for("LatentUpscaleModelLoader", "model_name") == "latent_upscale_models"
    assert folder_for("Other", "model_name") is None


@pytest.mark.shared
def test_the_model_names_are_the_official_ones(shared: Path) -> None:
    """Every name is in the table of official files, or an official template names it, with its folder."""
    import csv

    templates = [template.ui for template in official_templates.read_all()]
    named = {
        (model.get("directory"), model.get("name"))
        for ui in templates
        for node, _ in nodes_of(ui)
        for model in (node.get("properties") or {}).get("models") or ()
    }

    with (shared / "models.csv").open(encoding="utf-8", newline="") as file:
        official = {(row["comfyui_models_folder"], row["file"]) for row in csv.DictReader(file)}
    folders = {folder for folder, _ in official}
    for folder, names in MODEL_FILES.items():
        assert folder in folders
        for name in names:
            known = (folder, name) in official | named or (folder, name.split("/")[0] + "/") in official
            assert known, f"{folder}/{name}"


def chain(*names: str) -> dict[str, dict]:
    """Nodes, each wired to the one before."""
    graph = {names[0]: node("A")}
    for before, name in pairwise(names):
        graph[name] = node("A", x=[before, 0])
    return graph


def test_a_node_near_an_output_goes_first() -> None:
    """Of two ready nodes the one that an output waits for is picked, then the one two wires away."""
    graph = {
        **chain("far1", "far2", "far3", "out"),
        "near": node("A"),
        "mid1": node("A"),
        "mid2": node("A", x=["mid1", 0]),
    }
    graph["out"]["inputs"] |= {"y": ["near", 0], "z": ["mid2", 0]}
    order = RunOrder(graph, ["out"], lambda name: name == "out", lambda name: False)
    picked = []
    while (name := order.pick()) is not None:
        picked.append(name)
        order.done(name)
    assert picked == ["near", "mid1", "mid2", "far1", "far2", "far3", "out"]


def test_nodes_that_cannot_run_have_no_signature(tmp_path: Path) -> None:
    """A cycle, a loose wire or a wire of three parts: None, and all that hangs on it."""
    folders = Folders(tmp_path, tmp_path, tmp_path)
    graph = {
        "a": node("A", x=["b", 0]),
        "b": node("A", x=["a", 0]),
        "c": node("A", x=["ghost", 0]),
        "d": node("A", x=[1, 2, 3]),
        "e": node("A", x=["d", 0]),
        "f": node("A", x=1),
        "g": node("A", x=1),
    }
    signatures = Signatures(graph, folders)
    assert [name for name in graph if signatures.of(name) is None] == ["a", "b", "c", "d", "e"]
    assert signatures.of("f") == signatures.of("g") != Signatures({"h": node("A", x=2)}, folders).of("h")


def test_importing_has_no_effects_and_stays_light(project_root: Path) -> None:
    """The settings can be imported without tornado, numpy or PIL; the server without moviepy or pandas."""
    program = (
        "import sys; import ltxlib.rehearsal.settings; "
        "assert not {'tornado', 'numpy', 'PIL', 'av'} & set(sys.modules); "
        "import ltxlib.rehearsal.server; assert not {'moviepy', 'pandas', 'av', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=project_root, check=True)


def test_settings_say_what_they_are() -> None:
    """The defaults render as fast as possible, with the standard files."""
    settings = RehearsalSettings()
    assert (settings.seconds_per_step, settings.object_info, settings.missing_files) == (0, None, frozenset())


def test_a_client_that_leaves_in_mid_download_is_no_fault(client: Client) -> None:
    """Browsers stop reading a video when they have enough; the server goes on."""
    big = client.server.output_dir / "big.mp4"
    with big.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    for _ in range(3):
        answer = client.get("/view?filename=big.mp4", stream=True)
        assert answer.raw.read(1000)
        answer.close()
    assert client.get("/queue").status_code == 200


@pytest.mark.parametrize(
    "strange",
    [
        {"class_type": "LoadImage", "inputs": {"image": "a\0b"}},
        {"class_type": "LoadImage", "inputs": {"image": "x" * 5000}},
        {"class_type": "LoadImage", "inputs": []},
        {"class_type": "LoadImage"},
        {"class_type": "ImageScaleBy", "inputs": {"image": [{"a": 1}, 0]}},
        {"class_type": "ImageScaleBy", "inputs": {"image": [[1], 0]}},
    ],
)
def test_strange_nodes_beside_good_ones_stop_nothing(client: Client, strange: dict) -> None:
    """A node that no output needs may be as odd as it likes; the rest runs, and so does the next prompt."""
    assert client.run({**small_graph(), "odd": strange})["status"]["status_str"] == "success"
    used = {"odd": strange, "s": node("PreviewImage", images=["odd", 0])}
    assert client.post("/prompt", {"prompt": used}).status_code == 400
    assert client.run(small_graph(seed=2))["status"]["status_str"] == "success"
