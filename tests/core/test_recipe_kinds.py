"""The shipped workflows of every make of models: current, true to their templates, readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltxlib.core import catalog, recipe_kinds, recipes, roles, settings, specials, workflow
from ltxlib.core.catalog_parts import Model
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box
from ltxlib.core.modes import MODES
from ltxlib.core.schema import shipped
from ltxlib.studio.setup import sample_values
from tests.support.drawn import with_title
from tests.support.ways import ShippedWay, models_and_ways, shipped_ways

WAYS = shipped_ways()
SOUND = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
GUIDERS = ("CFGGuider", "LTXVDualCFGGuider")
# What the six files for LTX-2 19B distilled did before there were others: their takes keep their names.
FIRST_FILES = {
    "asmr-txt2vid.json": "2927221e618b3fe06cde1c6414d56bf96d362afde3e1f428249a40ed89db364d",
    "asmr-img2vid.json": "9b7b8d09a6916484b6229c831899e3a082dc51f62d748c21632e6b2ae0ed5bd8",
    "asmr-loop.json": "487c43629d53dce5cc65fbd3f463a1ec167e6e0ad2dd77219a1ed9eed9ba92fc",
    "asmr-first-last.json": "b657edf9d8416f0254d59e2b640460293197b6813a57dda821ddc77247e3c784",
    "asmr-txt2vid-1stage.json": "215f9e4dd6ce77f33a12815c32c259ca6f09a99b12dcedfaa14f186852cc1678",
    "asmr-img2vid-1stage.json": "a6a9a1c99ad47233ad4aecfc8e141184b2a3ad1b818210aa8dae77852863026d",
}


def _ui(name: str) -> dict:
    return workflow.load(recipes.shipped()[name], name)


def _of(api: dict, *class_types: str) -> list[dict]:
    return [node["inputs"] for node in api.values() if node["class_type"] in class_types]


def _prepared(model: Model, mode: str, stages: int, name: str, **values: object) -> dict:
    return roles.prepare(_ui(name), shipped(), {**sample_values(mode, stages, model), **values})


def _passes(api: dict) -> list[tuple[dict, dict]]:
    """The guider and the schedule of each sampling, the first one first."""
    films = _of(api, "SamplerCustomAdvanced")
    films.sort(key=lambda film: "LTXVLatentUpsampler" in json.dumps(_behind(api, film["latent_image"][0])))
    return [(api[film["guider"][0]]["inputs"], api[film["sigmas"][0]]["inputs"]) for film in films]


def _behind(api: dict, node_id: str) -> list[str]:
    """The classes of all nodes that feed a node."""
    seen, waiting = [], [node_id]
    while waiting:
        node = api[waiting.pop()]
        seen.append(node["class_type"])
        waiting += [value[0] for value in node["inputs"].values() if isinstance(value, list)]
    return seen


def test_every_file_is_for_something_and_current(project_root: Path) -> None:
    """The recipes write exactly the files of the catalog's graphs, and workflows/ holds them so."""
    assert {way.name for way in WAYS} == set(recipes.shipped())
    for name, text in recipes.shipped().items():
        assert (project_root / "workflows" / name).read_text("utf-8") == text


@pytest.mark.parametrize("name", FIRST_FILES)
def test_the_first_files_do_what_they_did(name: str) -> None:
    """Tags for other models' settings do not make a take of the 19B distilled a new one."""
    assert workflow.content_sha256(_ui(name)) == FIRST_FILES[name]


@pytest.mark.parametrize(
    "way",
    # Those that go over a take, and specials, sample in ways of their own.
    [way for way in WAYS if way.special == specials.NONE and not MODES[way.mode].covered],
    ids=lambda way: way.name,
)
def test_a_file_holds_the_settings_of_the_model_it_is_written_for(way: ShippedWay) -> None:
    """What the catalog says of that model stands in the file, so that its takes need no further values."""
    api = flatten(_ui(way.name), shipped())
    held = {}
    for key in settings.of_model(way.model, way.stages):
        inputs = roles.inputs_for(key)
        for node in api.values():
            tagged = [tag for tag in roles._roles_of(node["_meta"]["title"]) if key in roles.ROLES[tag].keys]
            if tagged:
                held[key] = next(node["inputs"][name] for name in inputs if name in node["inputs"])
    wanted = settings.of_model(way.model, way.stages)
    for key in wanted.keys() & {"sigmas", "sigmas_two"}:
        for texts in (held, wanted):
            texts[key] = [float(part) for part in texts[key].split(",")]
    assert held == wanted


@pytest.mark.parametrize(("name", "mode", "stages"), models_and_ways())
def test_each_model_is_driven_by_its_file(name: str, mode: str, stages: int) -> None:
    """With a take's values the graph names this model's files only, and samples as the catalog says."""
    model = catalog.MODELS[name]
    way = next(way for way in WAYS if (way.mode, way.stages, way.model.graph) == (mode, stages, model.graph))
    api = _prepared(model, mode, stages, way.name)
    passes = _passes(api)
    assert len(passes) == stages
    for (guider, schedule), stage in zip(passes, model.stages, strict=False):
        assert guider.get("cfg", guider.get("video_cfg")) == stage.own_cfg
        if stage.sigmas:
            assert tuple(float(part) for part in schedule["sigmas"].split(",")) == stage.sigmas
        else:
            assert (schedule["steps"], schedule["max_shift"], schedule["terminal"]) == (
                stage.own_steps,
                2.05,
                0.1,
            )
    assert {inputs["sampler_name"] for inputs in _of(api, "KSamplerSelect")} == {model.stages[0].sampler}
    named = {
        value
        for node in api.values()
        for value in node["inputs"].values()
        if str(value).endswith(".safetensors")
    }
    static = model.family.cameras.get("static")
    needed = {file.name for file in (*model.files, *([static] if static else []))}
    second = {file.name for file in model.needs if file.folder in ("latent_upscale_models", "loras")}
    assert named == (needed if stages == 2 else needed - second)


WITH_PICTURE = [way for way in models_and_ways() if not MODES[way[1]].sound_alone]


@pytest.mark.parametrize(("name", "mode", "stages"), WITH_PICTURE)
def test_no_sound_branch_remains_when_sound_is_off(name: str, mode: str, stages: int) -> None:
    """Nothing that makes, joins, parts or decodes sound is left, and every wire still leads somewhere."""
    model = catalog.MODELS[name]
    way = next(way for way in WAYS if (way.mode, way.stages, way.model.graph) == (mode, stages, model.graph))
    api = _prepared(model, mode, stages, way.name, audio=False)
    kinds = {node["class_type"] for node in api.values()}
    assert not kinds & {*SOUND, "LTXVAudioVAELoader"}
    assert not [value for value in json.dumps(api).split('"') if "audio-vae" in value]
    wires = [v for node in api.values() for v in node["inputs"].values() if isinstance(v, list)]
    assert all(wire[0] in api for wire in wires)
    for schedule in _of(api, "LTXVScheduler"):
        assert api[schedule["latent"][0]]["class_type"] in (
            "EmptyLTXVLatentVideo",
            "LTXVImgToVideoInplace",
            "LTXVAddGuide",
        )


@pytest.mark.parametrize("way", [way for way in WAYS if not way.model.distilled], ids=lambda way: way.name)
def test_a_dev_model_is_guided_in_stage_one_and_distilled_in_stage_two(way: ShippedWay) -> None:
    """The distilled LoRA lies over the second stage's model alone; steps and CFG reach the first alone."""
    api = _prepared(way.model, way.mode, way.stages, way.name, steps=33, cfg=4.5)
    (first, schedule), *second = _passes(api)
    assert (first.get("cfg", first.get("video_cfg")), schedule["steps"]) == (4.5, 33)
    lora = recipe_kinds.KIND_OF[way.model.graph.name].lora
    chain = json.dumps([api[first["model"][0]]["inputs"], _names_behind(api, first["model"][0])])
    assert lora not in chain
    for guider, _ in second:
        assert guider.get("cfg", guider.get("video_cfg")) == 1
        assert api[guider["model"][0]]["inputs"]["lora_name"] == lora


def _names_behind(api: dict, node_id: str) -> list[str]:
    seen, waiting = [], [node_id]
    while waiting:
        for value in api[waiting.pop()]["inputs"].values():
            if isinstance(value, list):
                waiting.append(value[0])
            else:
                seen.append(str(value))
    return seen


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_person_can_read_it(way: ShippedWay) -> None:
    """Nodes stand in one group each, none lies on another, and every model file says where it is fetched."""
    ui = _ui(way.name)
    nodes = [with_title(Box(*node["pos"], *node["size"])) for node in ui["nodes"]]
    groups = [Box(*group["bounding"]) for group in ui["groups"]]
    for boxes in (nodes, groups):
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(sum(group.holds(node) for group in groups) == 1 for node in nodes)
    known = catalog.shipped().files
    offered = {
        model["name"]: model for node in ui["nodes"] for model in (node["properties"].get("models") or ())
    }
    running = [node for node in ui["nodes"] if node["mode"] == 0]
    named = {v for node in running for v in node["widgets_values"] if str(v).endswith(".safetensors")}
    assert named == set(offered)
    for name, offer in offered.items():
        assert offer["directory"] == known[name].folder
        assert offer["url"] == f"https://huggingface.co/{known[name].hf_repo}/resolve/main/{known[name].path}"
    (about,) = [node for node in ui["nodes"] if node["title"] == "About the models"]
    count = {3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven"}[len(offered)]
    assert about["widgets_values"][0].startswith(f"{count} files")
