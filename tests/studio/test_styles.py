"""Style LoRAs from the row to the take, by way of a server."""

import json

import pytest

from ltxlib.errors import BadInput
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.core.test_styles import the_chain
from tests.support.studio import a_project

HEADER = "scene,prompt,frames,width,height,style_loras"
LORAS = ("rain.safetensors", "looks/grain.safetensors", "deep.safetensors")
CAMERA = ("ltx-2-19b-lora-camera-control-static.safetensors", 1.0)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A rehearsal that has three style LoRAs, and the camera's."""
    settings = RehearsalSettings(models={"loras": (*LORAS, CAMERA[0])})
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def a_film(tmp_path, *cells):
    """A project with a tiny scene for each cell of style_loras."""
    project = a_project(tmp_path / "project")
    rows = [f"s{number},Rain falls.,9,192,128,{cell}" for number, cell in enumerate(cells)]
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    return project


def test_none_one_and_three_loras_are_rendered(tmp_path, server):
    """Each take is made with just the LoRAs of its row, and its record says so."""
    three = f"{LORAS[0]}:0.8; {LORAS[1]}; {LORAS[2]}:-0.5"
    project = a_film(tmp_path, "", f"{LORAS[0]}:0.8", three)
    happened = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert (happened[-1].made, happened[-1].failed) == (3, 0)
    takes, _ = load_takes(project.set(rehearsal=True))
    # What was made and what is read again later are the same.
    assert takes == [event.take for event in happened if isinstance(event, events.TakeSaved)]
    chains = {take.scene: the_chain(take.graph)[0] for take in takes}
    wanted = [(LORAS[0], 0.8), (LORAS[1], 1.0), (LORAS[2], -0.5)]
    assert chains == {"s0": [CAMERA], "s1": [CAMERA, wanted[0]], "s2": [CAMERA, *wanted]}
    (last,) = (take for take in takes if take.scene == "s2")
    assert last.settings["style_loras"] == [list(pair) for pair in wanted]


def test_a_lora_that_the_server_lacks_is_told_before_anything_is_rendered(tmp_path, server):
    """The file, the folder it belongs into and what is there instead are named."""
    project = a_film(tmp_path, f"{LORAS[0]}; gone.safetensors:0.5")
    with pytest.raises(BadInput) as caught:
        job_for(project, connect(project), check_project(project))
    (problem,) = caught.value.problems
    assert "Style 2" in problem.where
    assert "asks for the file gone.safetensors" in problem.what
    assert "models/loras on the server" in problem.cure
    assert LORAS[2] in problem.cure


def test_a_graph_of_ones_own_keeps_its_style_unless_the_row_names_some(tmp_path, server):
    """An empty cell leaves the LoRA that the graph was saved with; a filled one puts others in its place."""
    project = a_project(tmp_path / "project")
    graph = json.loads((project.workflows / "asmr-txt2vid.json").read_text())
    (style,) = (node for node in graph["nodes"] if "[ltx.style]" in node.get("title", ""))
    style["mode"], style["widgets_values"] = 0, [LORAS[2], 0.5]
    (project.workflows / "mine.json").write_text(json.dumps(graph))
    cells = {"kept": "", "named": f"{LORAS[0]}; {LORAS[1]}"}
    rows = [f"{name},Rain falls.,9,192,128,{cell},mine.json" for name, cell in cells.items()]
    project.scenes_csv.write_text("\n".join((f"{HEADER},workflow", *rows)) + "\n")
    job = job_for(project, connect(project), check_project(project))
    chains = [the_chain(job.graph(plan, "x", {}))[0][1:] for plan in job.plans]
    assert chains == [[(LORAS[2], 0.5)], [(LORAS[0], 1.0), (LORAS[1], 1.0)]]
