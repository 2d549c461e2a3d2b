"""What would run, read from the graphs themselves."""

import json
from dataclasses import replace

import pytest

from ltxlib.core import catalog, recipes
from ltxlib.core.explain import model_names, stages, ways
from ltxlib.core.plan import Ingredients, plan_takes
from ltxlib.core.scene import Scene

RAIN = Scene("rain", "Rain falls.", takes=2)
SEA = Scene("sea", "Waves.", mode="i2v", image="sea.png")
WORKFLOWS = {name: json.loads(text) for name, text in recipes.shipped().items()}


def plans(*scenes):
    return plan_takes(
        list(scenes),
        Ingredients(
            prompts={scene.scene: scene.prompt for scene in scenes},
            workflows=dict.fromkeys(WORKFLOWS, "w"),
            images={"sea.png": "a"},
        ),
    )


def test_takes_that_are_made_alike_are_one_way():
    """Two takes of a scene, and a scene that differs only in words, share a way; size or mode part them."""
    snow = replace(RAIN, scene="snow", prompt="Snow falls.", takes=1)
    small = replace(RAIN, scene="small", width=768, height=512, takes=1)
    found = ways(plans(RAIN, snow, SEA, small), WORKFLOWS)
    assert [len(way.plans) for way in found] == [3, 1, 1]
    assert found[1].plan.scene is SEA


def test_steps_of_ones_own_are_another_way_and_are_told():
    """A row that asks for more steps or another CFG is listed by itself, with its figures."""
    dev = replace(RAIN, model="ltx-2-19b-dev")
    found = ways(plans(dev, replace(dev, scene="more", steps=40, cfg=3.5)), WORKFLOWS)
    first = [(way.stages[0].steps, way.stages[0].cfg) for way in found]
    assert first == [(20, 4), (40, 3.5)]


@pytest.mark.parametrize("model", catalog.MODELS)
@pytest.mark.parametrize("scene", [RAIN, SEA], ids=["t2v", "i2v"])
def test_stages_and_files_are_those_of_the_graph(scene, model):
    """Each model and mode: half size then full, the catalog's own steps and CFG, and exactly its files."""
    (way,) = ways(plans(replace(scene, model=model)), WORKFLOWS)
    assert [(stage.width_px, stage.height_px) for stage in way.stages] == [(768, 512), (1536, 1024)]
    own = catalog.KNOWN[model].stages
    assert [(stage.steps, stage.cfg) for stage in way.stages] == [(one.own_steps, one.own_cfg) for one in own]
    assert set(way.files) == set(catalog.files_for(model, "static"))
    assert way.unknown_files == ()
    assert way.model.name == model


def test_a_camera_that_is_off_brings_no_file():
    """Without a camera the graph names no LoRA, and none is listed."""
    (way,) = ways(plans(replace(RAIN, camera_lora="none")), WORKFLOWS)
    assert not [file for file in way.files if file.folder == "loras"]


def test_a_file_of_ones_own_is_named():
    """A graph that was changed in ComfyUI to use another file is told by the graph, not by the catalog."""
    own = dict(WORKFLOWS)
    own["asmr-txt2vid.json"] = recipes.txt2vid()
    for node in own["asmr-txt2vid.json"]["nodes"]:
        if node["type"] == "LatentUpscaleModelLoader":
            node["widgets_values"] = ["my-upscaler-x2.safetensors"]
    (way,) = ways(plans(RAIN), own)
    assert way.unknown_files == ("my-upscaler-x2.safetensors",)


@pytest.mark.parametrize("scene", [RAIN, replace(RAIN, camera_lora="none")], ids=["camera", "none"])
def test_a_graph_that_only_its_server_knows_is_told_by_the_catalog(scene):
    """A node of a pack does not stop the plan: files and stages are the catalog's, and the reason is kept."""
    own = recipes.txt2vid()
    node_id = max(node["id"] for node in own["nodes"]) + 1
    own["nodes"].append({"id": node_id, "type": "PackNode", "mode": 0, "inputs": [], "outputs": []})
    (way,) = ways(plans(scene), {"asmr-txt2vid.json": own})
    (plain,) = ways(plans(scene), WORKFLOWS)
    assert "PackNode" in way.unread
    assert plain.unread == ""
    assert way.stages == plain.stages
    assert set(way.files) == set(plain.files)


def test_other_samplers_are_read_as_far_as_they_tell():
    """A scheduler's steps and a plain KSampler's own steps count; what the graph does not tell is None."""
    api = {
        "1": {"class_type": "LTXVScheduler", "inputs": {"steps": 20}},
        "2": {"class_type": "Guider", "inputs": {"cfg": 4}},
        "3": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {"sigmas": ["1", 0], "guider": ["2", 0], "latent_image": None},
        },
        "4": {"class_type": "KSampler", "inputs": {"steps": 30, "cfg": 3.5, "latent_image": ["3", 0]}},
        "5": {"class_type": "Odd", "inputs": {"latent_image": ["4", 0], "model_name": "x.GGUF"}},
    }
    found = stages(api, 512, 320)
    assert [(stage.steps, stage.cfg) for stage in found] == [(20, 4), (30, 3.5), (None, None)]
    assert {(stage.width_px, stage.height_px) for stage in found} == {(512, 320)}
    assert model_names(api) == ["x.GGUF"]
