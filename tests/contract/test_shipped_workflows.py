"""The shipped workflows on servers that declare exactly what real ones declared."""

import gzip
import json

import pytest
import requests

from ltxlib.comfy.client import ComfyClient
from ltxlib.core import recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.modes import MODES
from ltxlib.core.plan import SMOOTH_WORKFLOWS, WORKFLOWS
from ltxlib.core.schema import NodeSchema
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.studio.setup import sample_values
from tests.support.clips import make_clip
from tests.support.studio import a_project

RECORDED = ("object_info_comfyui_0.33.0.json.gz", "object_info_comfyui_0.27.0_with_ltxvideo.json.gz")


@pytest.fixture(params=RECORDED, ids=["0.33.0", "0.27.0"])
def server(request, shared, tmp_path):
    """A server with a recorded node table, one picture uploaded."""
    object_info = json.loads(gzip.decompress((shared / "contract" / request.param).read_bytes()))
    settings = RehearsalSettings(object_info=object_info)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        yield running


def posted(server, graph):
    """Status and node errors of POST /prompt; what was queued is taken back."""
    answer = requests.post(f"{server.url}/prompt", json={"prompt": graph}, timeout=30)
    client = ComfyClient(server.url)
    client.cancel(answer.json().get("prompt_id", ""))
    return answer.status_code, answer.json()["node_errors"]


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(recipes.shipped()))
def test_a_shipped_workflow_is_accepted_as_it_is(server, tmp_path, name):
    """Flattened by the server's own node table, the file is taken with no node error."""
    client = ComfyClient(server.url)
    picture = client.upload_image(a_project(tmp_path / "p").images / "still.png")
    clip = client.upload_image(make_clip(tmp_path / "clip.mp4", frames=9))
    schema = NodeSchema(client.object_info())
    graph = flatten(workflow.load(recipes.shipped()[name], name), schema)
    for node in graph.values():
        if node["class_type"] == "LoadImage":
            node["inputs"]["image"] = picture
        if node["class_type"] == "LoadVideo":
            node["inputs"]["file"] = clip
    assert posted(server, graph) == (200, {})


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(recipes.shipped()))
@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
def test_a_patched_workflow_is_accepted(server, tmp_path, name, audio):
    """With a take's values written in, our own check and the server agree that it can run."""
    client = ComfyClient(server.url)
    made = [*WORKFLOWS.items(), *SMOOTH_WORKFLOWS.items()]
    mode = next(mode for (mode, _), file in made if file == name)
    if MODES[mode].sound and not audio:
        pytest.skip("this mode makes sound, and a row that asks for none is refused before")
    values = {**sample_values(mode), "audio": audio, "frames": 9}
    if MODES[mode].sized:
        values |= {"width_px": 128, "height_px": 128}
    if name in SMOOTH_WORKFLOWS.values():
        values["clip_fps"] = 48.0
    for key in values.keys() & {"image", "end_image"}:
        values[key] = client.upload_image(a_project(tmp_path / "p").images / "still.png")
    for key in values.keys() & {"source", "end_source"}:
        values[key] = client.upload_image(make_clip(tmp_path / "clip.mp4", frames=9))
    schema = NodeSchema(client.object_info())
    graph = roles.prepare(workflow.load(recipes.shipped()[name], name), schema, values)
    assert check_graph(graph, schema) == []
    assert posted(server, graph) == (200, {})
    kinds = {node["class_type"] for node in graph.values()}
    sound = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
    assert kinds & sound == (sound if audio else set())
