"""A graph of the creator's own, from ComfyUI's file to the take on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from ltxlib.cli.main import main
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import shipped
from ltxlib.errors import BadInput
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.official_templates import PACKAGE_MISSING, folder

HEADER = "scene,mode,prompt,image,end_image,frames,width,height,fps,seed,audio,workflow,model"
MODELS = (("a", ""), ("b", "ltx-2-19b-distilled"))
WORDS = "Mist drifts over the water with a soft hush."


def template(name: str) -> dict[str, Any]:
    """An official template of ComfyUI, without tags."""
    place = folder()
    if place is None:
        pytest.skip(PACKAGE_MISSING)
    return json.loads((place / f"{name}.json").read_text("utf-8"))


def put(project, name: str, graph: Any) -> Path:
    """Save a graph as a creator would."""
    path = project.workflows / name
    path.write_text(json.dumps(graph))
    return path


def rows(project, *lines: str) -> None:
    """Write scenes.csv."""
    project.scenes_csv.write_text("\n".join((HEADER, *lines)) + "\n")


def batch(project) -> tuple[list[Any], dict[str, Any]]:
    """Check and render; gives what happened and the takes by scene."""
    happened = list(run_batch(job_for(project, connect(project), check_project(project))))
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return happened, {take.scene: take for take in takes}


def bound(project, name: str) -> int:
    """Let the kit tag a graph; gives the exit code."""
    return main(["workflows", "--project", str(project.root), "bind", name, "--write"])


def test_an_official_template_is_bound_named_and_rendered(project, server, capsys):
    """ComfyUI's own template, saved and exported, is tagged by the kit and makes what its row asks for."""
    ui = template("video_ltx2_t2v_distilled")
    put(project, "mine.json", ui)
    put(project, "exported.json", {"prompt": flatten(ui, shipped())})
    rows(
        project,
        f"saved,t2v,{WORDS},,,17,192,128,24,5,yes,mine.json,",
        f"exported,t2v,{WORDS},,,9,256,128,25,6,no,exported.json,",
    )
    checked = check_project(project)
    assert [problem.where for problem in checked.errors] == [
        "scenes.csv row 2, column workflow",
        "scenes.csv row 3, column workflow",
    ]
    assert (
        "no tag in its titles for the prompt text, the seed and the node that saves" in checked.errors[0].what
    )
    assert "./kit workflows bind mine.json --write" in checked.errors[0].cure
    assert (bound(project, "mine.json"), bound(project, "exported.json")) == (0, 0)
    assert "write mine.json into the column workflow" in capsys.readouterr().out
    happened, takes = batch(project)
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
    saved, exported = takes["saved"], takes["exported"]
    assert (saved.clip.width_px, saved.clip.height_px, saved.clip.frames, saved.clip.fps) == (
        192,
        128,
        17,
        "24",
    )
    assert (exported.clip.width_px, exported.clip.frames, exported.clip.fps) == (256, 9, "25")
    assert (saved.clip.has_sound, exported.clip.has_sound) == (True, False)
    assert saved.workflow == "mine.json"
    assert not any("pixels" in word or "frames" in word for word in saved.warnings)
    held = {node["class_type"]: node["inputs"] for node in saved.graph.values()}
    assert held["PrimitiveStringMultiline"]["value"] == WORDS
    assert held["RandomNoise"]["noise_seed"] == 5
    # The row says nothing of the model, so the graph keeps its own.
    assert held["CheckpointLoaderSimple"]["ckpt_name"] == "ltx-2-19b-distilled.safetensors"
    assert list(run_batch(job_for(project, connect(project), check_project(project))))[-1].there == 2


def test_a_template_that_begins_with_a_picture_takes_the_rows_picture(project, server):
    """The picture of the row is uploaded, and the clip begins with it."""
    put(project, "from-picture.json", template("video_ltx2_i2v_distilled"))
    ramp = np.linspace(20, 220, 240, dtype=np.uint8)
    Image.merge("RGB", [Image.fromarray(np.tile(ramp, (160, 1)))] * 3).save(project.images / "still.png")
    assert bound(project, "from-picture.json") == 0
    rows(project, f"picture,i2v,{WORDS},still.png,,9,192,128,25,5,yes,from-picture.json,")
    happened, takes = batch(project)
    assert happened[-1].made == 1
    assert takes["picture"].image == "still.png"
    path = project.set(rehearsal=True).takes / "picture" / takes["picture"].clip.file
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).to_ndarray(format="gray")
    assert first.shape == (128, 192)
    assert first[:, :40].mean() < 70 < 170 < first[:100, -40:].mean()


def test_a_mode_that_needs_a_picture_wants_a_place_for_it(project):
    """A graph of words alone cannot be given a picture; one that begins with a picture says so."""
    put(project, "words.json", template("video_ltx2_t2v_distilled"))
    put(project, "picture.json", template("video_ltx2_i2v_distilled"))
    assert bound(project, "words.json") == bound(project, "picture.json") == 0
    rows(
        project,
        f"a,i2v,{WORDS},still.png,,9,192,128,,,,words.json,",
        f"b,t2v,{WORDS},,,9,192,128,,,,picture.json,",
        f"c,flf,{WORDS},still.png,still.png,9,192,128,,,,picture.json,",
    )
    problems = check_project(project).problems
    said = {problem.where: problem for problem in problems if "column mode" in problem.where}
    assert (
        "uses still.png, but words.json has no tag for a picture"
        in said["scenes.csv row 2, column mode"].what
    )
    assert said["scenes.csv row 3, column mode"].warning
    assert "no tag for a last picture" in said["scenes.csv row 4, column mode"].what


def test_what_a_graph_has_no_place_for_is_told_where_the_row_asks_for_it(project):
    """Only filled cells are told of, each in its own words, and none of them stops the work."""
    put(project, "old.json", template("ltxv_text_to_video"))
    assert bound(project, "old.json") == 0
    header = HEADER.replace("model", "model,camera_lora,negative_prompt,image_strength")
    project.scenes_csv.write_text(
        f"{header}\n"
        f"quiet,t2v,{WORDS},,,9,256,128,,,no,old.json,,,,\n"
        f"asks,t2v,{WORDS},,,9,256,128,,,yes,old.json,ltx-2-19b-distilled,dolly-in,people,\n"
        f"none,t2v,{WORDS},,,9,256,128,,,no,old.json,,none,,\n"
    )
    checked = check_project(project)
    assert checked.errors == []
    told = {problem.where: problem.what for problem in checked.problems if "old.json" in problem.what}
    assert sorted(told) == [f"scenes.csv row 3, column {name}" for name in ("audio", "camera_lora", "model")]
    assert "keeps its own model" in told["scenes.csv row 3, column model"]
    assert "makes no sound" in told["scenes.csv row 3, column audio"]
    plans = {plan.scene.scene: plan for plan in checked.plans}
    assert "checkpoint" not in plans["asks"].values
    assert plans["asks"].values["negative_prompt"] == "people"
    assert "camera_lora" not in plans["quiet"].values


def test_a_tag_in_the_wrong_place_is_told_before_anything_is_rendered(project):
    """A tag on a node that is switched off, or one that stands for nothing, names the row."""
    ui = template("ltxv_text_to_video")
    path = put(project, "mine.json", ui)
    assert bound(project, "mine.json") == 0
    rows(project, f"a,t2v,{WORDS},,,9,256,128,,,no,mine.json,")
    good = path.read_text()
    path.write_text(good.replace("[ltx.seed]", "[ltx.sed]"))
    (problem,) = check_project(project).errors
    assert problem.where == "scenes.csv row 2, column workflow"
    assert "[ltx.sed]" in problem.what
    assert "[ltx.seed]" in problem.cure
    off = json.loads(good)
    next(node for node in off["nodes"] if "[ltx.prompt]" in node.get("title", ""))["mode"] = 2
    path.write_text(json.dumps(off))
    (problem,) = check_project(project).errors
    assert "does not run" in problem.what
    assert check_project(project).plans == ()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../mine.json", "not a graph in the workflows folder"),
        ("mine.txt", "not a graph in the workflows folder"),
        ("none.json", "cannot be read"),
        ("broken.json", "breaks off"),
    ],
)
def test_a_graph_that_is_not_there_or_damaged_names_its_row(project, name, says):
    """The problem stands at the row and column that name the graph."""
    (project.workflows / "broken.json").write_text('{"nodes": [')
    rows(project, f"a,t2v,{WORDS},,,9,256,128,,,no,{name},")
    (problem,) = check_project(project).errors
    assert problem.where == "scenes.csv row 2, column workflow"
    assert says in problem.what


def test_a_loop_in_a_graph_of_two_pictures_ends_with_its_first(project, server):
    """Where a graph has places for two pictures, mode loop fills both with one; flf puts in two."""
    graph = json.loads((project.workflows / "asmr-first-last.json").read_text())
    put(project, "mine.json", graph)
    Image.new("RGB", (320, 180), (90, 60, 30)).save(project.images / "end.png")
    rows(
        project,
        f"loop,loop,{WORDS},still.png,,17,192,128,,,no,mine.json,",
        f"between,flf,{WORDS},still.png,end.png,17,192,128,,,no,mine.json,",
    )
    happened, takes = batch(project)
    assert happened[-1].made == 2
    pictures = {
        name: {n["inputs"]["image"] for n in take.graph.values() if n["class_type"] == "LoadImage"}
        for name, take in takes.items()
    }
    assert len(pictures["loop"]) == 1
    assert len(pictures["between"]) == 2
    assert (takes["loop"].end_image, takes["between"].end_image) == ("still.png", "end.png")
    assert takes["loop"].end_image_sha256 == takes["loop"].image_sha256


def test_a_clip_of_another_size_is_kept_with_a_word(project, server):
    """A graph that has no place for the size makes its own; the take is kept and says so."""
    ui = template("video_ltx2_t2v_distilled")
    path = put(project, "mine.json", ui)
    assert bound(project, "mine.json") == 0
    untagged = path.read_text().replace(" [ltx.full_size]", "")
    path.write_text(untagged.replace("1280,", "192,").replace("720,", "128,"))
    rows(project, f"own-size,t2v,{WORDS},,,9,256,128,24,,yes,mine.json,")
    warned = [p for p in check_project(project).problems if "own size" in p.what]
    assert [p.where for p in warned] == [f"scenes.csv row 2, column {side}" for side in ("width", "height")]
    happened, takes = batch(project)
    assert happened[-1].made == 1
    assert (takes["own-size"].clip.width_px, takes["own-size"].clip.height_px) == (192, 128)
    assert "It is 192x128 pixels, not 256x128." in takes["own-size"].warnings


def test_nodes_that_only_another_server_has_are_told_with_their_pack(project, server, capsys):
    """Without a server such a graph is taken on trust; the server's own list stops it in time."""
    ui = template("video_ltx2_t2v_distilled")
    path = put(project, "mine.json", ui)
    assert bound(project, "mine.json") == 0
    graph = json.loads(path.read_text())
    odd = {"id": 9001, "type": "LTXVPromptEnhancer", "title": "Long", "mode": 0, "inputs": [], "outputs": []}
    graph["nodes"] += [odd, {**odd, "id": 9002, "type": "VHS_LoadVideo", "title": "Guide"}]
    path.write_text(json.dumps(graph))
    rows(project, *(f"{name},t2v,{WORDS},,,9,192,128,24,,yes,mine.json," for name in "ab"))
    checked = check_project(project)
    assert checked.errors == []
    assert len(checked.plans) == 2
    with pytest.raises(BadInput) as caught:
        job_for(project, connect(project), checked)
    assert [problem.where for problem in caught.value.problems] == [
        'mine.json: The node "Long" (#9001)',
        'mine.json: The node "Guide" (#9002)',
    ]
    assert "github.com/Lightricks/ComfyUI-LTXVideo" in str(caught.value)
    assert "github.com/Kosinkadink/ComfyUI-VideoHelperSuite" in str(caught.value)
    capsys.readouterr()
    assert main(["plan", "--explain", "--project", str(project.root)]) == 0
    assert "LTXVPromptEnhancer" in capsys.readouterr().out


def test_takes_of_the_kits_own_graphs_keep_their_names(project):
    """A row that names no graph is planned as it always was, and a filled default changes nothing of it."""
    rows(project, *(f"{name},t2v,{WORDS},,,9,192,128,24,5,yes,,{model}" for name, model in MODELS))
    one, other = check_project(project).plans
    assert one.fingerprint == other.fingerprint
    assert one.values["checkpoint"] == "ltx-2-19b-distilled.safetensors"


def test_what_a_row_says_of_the_model_reaches_a_graph_that_has_the_place(project):
    """The model is the graph's own until the row names one; then it is another take."""
    put(project, "mine.json", template("video_ltx2_t2v_distilled"))
    assert bound(project, "mine.json") == 0
    model = "ltx-2-19b-distilled-fp8"
    cells = (("a", ""), ("b", model))
    rows(project, *(f"{name},t2v,{WORDS},,,9,192,128,24,5,yes,mine.json,{said}" for name, said in cells))
    one, other = check_project(project).plans
    assert "checkpoint" not in one.values
    assert other.values["checkpoint"] == f"{model}.safetensors"
    assert one.fingerprint != other.fingerprint
