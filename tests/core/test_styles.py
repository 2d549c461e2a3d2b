"""Any number of style LoRAs: the cell that names them, and the graph that they are chained into."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.plan import plan_take
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.styles import StyleLora, chain, first_of
from tests.core.test_plan import RAIN, ingredients
from tests.support.reshape import packed, renumbered

ONE = [("rain.safetensors", 0.8)]
THREE = [*ONE, ("looks/film grain.safetensors", 1.0), ("deep.safetensors", -0.25)]
TAKE = {
    "prompt": "soft rain",
    "seed": 7,
    "width_px": 256,
    "height_px": 128,
    "frames": 9,
    "fps": 24.0,
    "camera_lora": "ltx-2-19b-lora-camera-control-static.safetensors",
    "camera_strength": 1.0,
    "audio": True,
    "filename_prefix": "kit/take",
}


A, B = StyleLora("a.safetensors"), StyleLora("b.safetensors")


def read(text):
    """The style LoRAs of a row with that cell, and its problems."""
    scene, problems = read_scene({"scene": "a", "prompt": "b", "style_loras": text}, 2)
    return scene and scene.style_loras, problems


# Those that go over a take have LoRAs of their own and no size to be told.
OF_A_SIZE = sorted(
    name
    for name in recipes.shipped()
    if not any(word in name for word in ("detail", "control", "transition", "extend", "foley", "sound"))
)


def without_camera(values):
    """The values of a take of a model that has no camera LoRAs."""
    return {name: value for name, value in values.items() if not name.startswith("camera")}


def the_chain(api):
    """(name, strength) of the LoRAs from the model file to the nodes that sample with it.

    Also says whether every guider has all of them; the distilled LoRA of stage two is not counted.
    """
    chains = []
    for node in api.values():
        if node["class_type"] not in ("CFGGuider", "LTXVDualCFGGuider"):
            continue
        found, at = [], node["inputs"]["model"][0]
        while api[at]["class_type"] == "LoraLoaderModelOnly":
            inputs = api[at]["inputs"]
            if "ltx.distilled_lora" not in api[at]["_meta"]["title"]:
                found.insert(0, (inputs["lora_name"], inputs["strength_model"]))
            at = inputs["model"][0]
        assert api[at]["class_type"] in ("CheckpointLoaderSimple", "LowVRAMCheckpointLoader", "UNETLoader")
        chains.append(found)
    return chains[0], all(chain == chains[0] for chain in chains)


@pytest.mark.parametrize(
    ("text", "loras"),
    [
        ("", ()),
        (" ; ", ()),
        ("a.safetensors", (A,)),
        ("a.safetensors:0.8", (replace(A, strength=0.8),)),
        (
            "a.safetensors : 0,8 ;b.safetensors:1",
            (replace(A, strength=0.8), B),
        ),
        ("looks\\film grain.safetensors:-2", (StyleLora("looks/film grain.safetensors", -2.0),)),
        ("a.safetensors:0\nb.safetensors", (replace(A, strength=0.0), B)),
    ],
)
def test_a_cell_names_loras_with_strengths(text, loras):
    """Names are parted by semicolons or lines; a strength may stand behind a colon."""
    assert read(text) == (loras, [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("../../secret.safetensors", "not inside"),
        ("/etc/passwd:1", "not inside"),
        ("C:\\loras\\a.safetensors", "is not a strength"),
        ("C:/a:1", "not inside"),
        ("looks//a.safetensors", "not inside"),
        ("looks/./a.safetensors", "not inside"),
        (":0.5", "not inside"),
        ("a.safetensors:strong", "is not a strength"),
        ("a.safetensors:nan", "outside what is possible"),
        ("a.safetensors:101", "outside what is possible"),
        ("a.safetensors:0.5; a.safetensors", "is there twice"),
    ],
)
def test_a_cell_that_is_no_good_is_told(text, says):
    """A name that leaves the folder, a strength that is none and a LoRA named twice are refused in words."""
    scene, (problem,) = read(text)
    assert scene is None
    assert says in problem.what
    assert problem.where == "scenes.csv row 2, column style_loras"
    assert problem.cure


def test_a_scene_is_written_as_it_is_read():
    """Cells for a scene with styles read back as that scene."""
    scene = Scene(
        "a", "b", style_loras=(StyleLora("x/y.safetensors", 0.85), StyleLora("z.safetensors")), row=2
    )
    cells = cells_for(scene)
    assert cells["style_loras"] == "x/y.safetensors:0.85; z.safetensors"
    assert read_scene(cells, 2) == (scene, [])
    assert cells_for(Scene("a", "b"))["style_loras"] == ""


def test_styles_make_another_take_and_none_keeps_the_old_name():
    """Name, strength and order decide a take's id; an empty cell leaves the ids of old takes alone."""
    ids = [
        plan_take(replace(RAIN, style_loras=loras), 1, ingredients()).take_id
        for loras in (
            (),
            (StyleLora("a"),),
            (StyleLora("a", 0.5),),
            (StyleLora("a"), StyleLora("b")),
            (StyleLora("b"), StyleLora("a")),
        )
    ]
    assert len(set(ids)) == 5
    assert ids[0] == plan_take(RAIN, 1, ingredients()).take_id


@pytest.mark.parametrize("name", OF_A_SIZE)
@pytest.mark.parametrize("loras", [[], ONE, THREE], ids=["none", "one", "three"])
def test_every_shipped_workflow_takes_any_number(name, loras):
    """No LoRA leaves the place bypassed; more are chained behind it, in order, up to the guiders."""
    ui = workflow.load(recipes.shipped()[name], name)
    before = copy.deepcopy(ui)
    take = dict(TAKE) if "camera" in roles.found(ui) else without_camera(TAKE)
    api = roles.prepare(ui, shipped(), {**take, "style_loras": loras})
    found, to_the_guiders = the_chain(api)
    camera = [(take["camera_lora"], 1.0)] if "camera_lora" in take else []
    assert found == [*camera, *loras]
    assert to_the_guiders
    assert check_graph(api, shipped()) == []
    assert ui == before


def test_styles_go_where_the_tag_is_also_inside_a_subgraph():
    """Renumbered and packed into a subgraph, the chain is the same, and its new ids are nobody else's."""
    ui = workflow.load(recipes.shipped()["asmr-txt2vid.json"], "w")
    ui = packed(renumbered(ui), ("Camera", "Style", "Stage", "Sampler"))
    ui = workflow.load(json.dumps(ui), "w")
    api = roles.prepare(ui, shipped(), {**TAKE, "style_loras": THREE})
    assert the_chain(api) == ([(TAKE["camera_lora"], 1.0), *THREE], True)
    plain = roles.prepare(ui, shipped(), {**TAKE, "style_loras": ONE})
    assert set(plain) < set(api)
    assert len(set(api) - set(plain)) == 2


def test_without_the_key_the_workflow_keeps_its_own_style():
    """A caller that says nothing of styles changes nothing."""
    values = {"style_lora": "mine.safetensors"}
    assert first_of(values) == (values, [])


def lora_loader():
    """A graph with a LoRA for model and text reader, as LoraLoader has it, and both its takers."""
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m"}, "_meta": {"title": "M"}},
        "7": {
            "class_type": "LoraLoader",
            "inputs": {
                "model": ["1", 0],
                "clip": ["1", 1],
                "lora_name": "a",
                "strength_model": 0.5,
                "strength_clip": 0.25,
            },
            "_meta": {"title": "Style [ltx.style]"},
        },
        "9:4": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["7", 1]}, "_meta": {}},
        "9:5": {"class_type": "BasicGuider", "inputs": {"model": ["7", 0], "conditioning": ["9:4", 0]}},
    }


def test_a_loader_of_model_and_text_reader_is_chained_on_both_wires():
    """Both outputs go on through each new node; the strength for the text reader stays the graph's own."""
    api = lora_loader()
    chain(api, shipped(), "7", [("b", 0.75), ("c", 1.0)])
    assert [node_id for node_id in api if node_id not in lora_loader()] == ["10", "11"]
    assert api["10"]["inputs"] == {
        "model": ["7", 0],
        "clip": ["7", 1],
        "lora_name": "b",
        "strength_model": 0.75,
        "strength_clip": 0.25,
    }
    assert (api["11"]["inputs"]["model"], api["11"]["inputs"]["clip"]) == (["10", 0], ["10", 1])
    assert (api["9:4"]["inputs"]["clip"], api["9:5"]["inputs"]["model"]) == (["11", 1], ["11", 0])
    assert api["7"]["inputs"] == lora_loader()["7"]["inputs"]


def windows_schema(*names):
    """A server whose list of LoRAs is this."""
    raw = {
        "LoraLoaderModelOnly": {
            "input": {
                "required": {"model": ["MODEL"], "lora_name": [list(names)], "strength_model": ["FLOAT"]}
            },
            "output": ["MODEL"],
        }
    }
    return NodeSchema(raw)


def test_a_sub_folder_is_written_as_the_server_lists_it():
    """A server on Windows names its files with backslashes; others and unknown names stay as they are."""
    for names, wanted in (
        (["looks\\a.safetensors"], "looks\\a.safetensors"),
        (["looks/a.safetensors"], "looks/a.safetensors"),
        (["other.safetensors"], "looks/a.safetensors"),
    ):
        node = {
            "class_type": "LoraLoaderModelOnly",
            "inputs": {"model": ["0", 0], "lora_name": "looks/a.safetensors", "strength_model": 1.0},
        }
        api = {"3": node}
        chain(api, windows_schema(*names), "3", [("looks/a.safetensors", 0.5)])
        assert [one["inputs"]["lora_name"] for one in api.values()] == [wanted, wanted]
