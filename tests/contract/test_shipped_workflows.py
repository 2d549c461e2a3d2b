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
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.specials import needs_pack
from ltxlib.errors import WorkflowError
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.studio.setup import sample_values
from tests.support.clips import make_clip
from tests.support.studio import a_project
from tests.support.ways import shipped_ways

RECORDED = {
    "0.33.0": "object_info_comfyui_0.33.0.json.gz",
    "0.27.0": "object_info_comfyui_0.27.0_with_ltxvideo.json.gz",
}
# LTX-2.5 needs a node that 0.27.0 has not; what the kit says there is in the last test.
TOO_NEW = tuple(name for name in recipes.shipped() if "-2.5" in name)
CASES = [
    (version, name)
    for version in RECORDED
    for name in sorted(recipes.shipped())
    if not (version == "0.27.0" and name in TOO_NEW)
    # Workflows that need ComfyUI-LTXVideo are held against the recording of a server that has it.
    and not (version == "0.33.0" and needs_pack(name))
]
on_each_server = pytest.mark.parametrize(("server", "name"), CASES, indirect=["server"])


@pytest.fixture
def server(request, shared, tmp_path):
    """A server with a recorded node table, one picture uploaded."""
    recorded = shared / "contract" / RECORDED[request.param]
    settings = RehearsalSettings(object_info=json.loads(gzip.decompress(recorded.read_bytes())))
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        yield running


def posted(server, graph):
    """Status and node errors of POST /prompt; what was queued is taken back."""
    answer = requests.post(f"{server.url}/prompt", json={"prompt": graph}, timeout=30)
    client = ComfyClient(server.url)
    client.cancel(answer.json().get("prompt_id", ""))
    return answer.status_code, answer.json()["node_errors"]


@pytest.mark.shared
@on_each_server
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
@on_each_server
@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
def test_a_patched_workflow_is_accepted(server, tmp_path, name, audio):
    """With a take's values written in, our own check and the server agree that it can run."""
    client = ComfyClient(server.url)
    way = next(way for way in shipped_ways() if way.name == name)
    if MODES[way.mode].sound and not audio:
        pytest.skip("this mode makes sound, and a row that asks for none is refused before")
    values = {**sample_values(way.mode, way.stages, way.model), "audio": audio, "frames": 9}
    if MODES[way.mode].sized:
        values |= {"width_px": 128, "height_px": 128}
    if way.smooth:
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
    assert way.model.graph.name.startswith("split") == ("LTXVDualCFGGuider" in kinds)
    sound = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
    assert kinds & sound == (sound if audio and not MODES[way.mode].keeps_sound else set())


@pytest.mark.shared
@pytest.mark.parametrize("name", TOO_NEW)
def test_a_server_that_is_too_old_is_told_in_words(shared, name):
    """For LTX-2.5, ComfyUI 0.27.0 lacks one node only; the kit says to update, not to install a pack."""
    recorded = gzip.decompress((shared / "contract" / RECORDED["0.27.0"]).read_bytes())
    old = NodeSchema(json.loads(recorded))
    with pytest.raises(WorkflowError) as refused:
        flatten(workflow.load(recipes.shipped()[name], name), old)
    assert "LTXVDualCFGGuider, which this ComfyUI does not have" in refused.value.message
    assert "too old for LTX-2.5: update it to 0.33 or newer" in refused.value.cure
    problems = check_graph(flatten(workflow.load(recipes.shipped()[name], name), shipped()), old)
    assert {problem.cure for problem in problems} == {refused.value.cure}
    assert all("LTXVDualCFGGuider" in problem.what for problem in problems)
