"""The shipped workflows are current, film as the official recipe does, and read well."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ltxlib.core import catalog, recipes, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box, with_title
from ltxlib.core.schema import NodeSchema, shipped

GUIDED = ("asmr-loop.json", "asmr-first-last.json")
ONE_STAGE = ("asmr-txt2vid-1stage.json", "asmr-img2vid-1stage.json")
TWO_STAGES = ("asmr-txt2vid.json", "asmr-img2vid.json", *GUIDED)
NAMES = (*TWO_STAGES, *ONE_STAGE)


def _api(name: str, schema: NodeSchema | None = None) -> dict[str, dict]:
    return flatten(workflow.load(recipes.shipped()[name], name), schema or shipped())


def _of(api: dict[str, dict], class_type: str) -> list[tuple[str, dict]]:
    return [(key, node["inputs"]) for key, node in api.items() if node["class_type"] == class_type]


@pytest.mark.parametrize("name", NAMES)
def test_files_in_the_repository_are_current(name: str, project_root: Path) -> None:
    """workflows/ holds exactly what the recipes write (python -m ltxlib workflows build)."""
    assert (project_root / "workflows" / name).read_text("utf-8") == recipes.shipped()[name]
    assert tuple(recipes.shipped())[: len(NAMES)] == NAMES


@pytest.mark.parametrize("name", TWO_STAGES)
def test_two_stages_with_the_official_sigmas(name: str) -> None:
    """Half size first, then twice as large; euler_ancestral, CFG 1, the template's sigmas."""
    api = _api(name)
    (_, size) = _of(api, "EmptyLTXVLatentVideo")[0]
    assert (size["width"], size["height"]) == (768, 512)
    assert [inputs["sigmas"] for _, inputs in _of(api, "ManualSigmas")] == [
        "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0",
        "0.909375, 0.725, 0.421875, 0.0",
    ]
    assert [inputs["sampler_name"] for _, inputs in _of(api, "KSamplerSelect")] == ["euler_ancestral"]
    assert {inputs["cfg"] for _, inputs in _of(api, "CFGGuider")} == {1}
    assert len(_of(api, "SamplerCustomAdvanced")) == 2
    ((up_id, up),) = _of(api, "LTXVLatentUpsampler")
    from_stage_one = "LTXVCropGuides" if name in GUIDED else "LTXVSeparateAVLatent"
    assert api[up["samples"][0]]["class_type"] == from_stage_one
    assert api[up["upscale_model"][0]]["inputs"]["model_name"] == recipes.UPSCALER
    assert up_id in json.dumps(api)


@pytest.mark.parametrize("name", ONE_STAGE)
def test_one_stage_films_once_at_the_finished_size(name: str) -> None:
    """Eight steps, no enlarger and nothing of a second stage; what is parted is decoded at once."""
    api = _api(name)
    (_, size) = _of(api, "EmptyLTXVLatentVideo")[0]
    assert (size["width"], size["height"]) == (768, 512)
    assert [inputs["sigmas"] for _, inputs in _of(api, "ManualSigmas")] == [
        "1., 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"
    ]
    assert not _of(api, "LTXVLatentUpsampler") and not _of(api, "LatentUpscaleModelLoader")
    ((film, _),) = _of(api, "SamplerCustomAdvanced")
    ((split, parted),) = _of(api, "LTXVSeparateAVLatent")
    assert parted["av_latent"] == [film, 0]
    ((_, picture),) = _of(api, "VAEDecodeTiled")
    ((_, sound),) = _of(api, "LTXVAudioVAEDecode")
    assert (picture["samples"], sound["samples"]) == ([split, 0], [split, 1])


@pytest.mark.parametrize("name", GUIDED)
def test_both_stages_are_led_by_the_first_and_the_last_frame(name: str) -> None:
    """Guides at 0 and -1, chained one to the other, lead the sampler and are taken away after it."""
    api = _api(name)
    guides = dict(_of(api, "LTXVAddGuide"))
    crops = _of(api, "LTXVCropGuides")
    assert [inputs["frame_idx"] for inputs in guides.values()] == [0, -1, 0, -1]
    assert len(crops) == 2
    for _, crop in crops:
        last = crop["positive"][0]
        first = guides[last]["latent"][0]
        assert (guides[first]["frame_idx"], guides[last]["frame_idx"]) == (0, -1)
        assert guides[last]["positive"] == [first, 0] and guides[last]["negative"] == [first, 1]
        assert crop["negative"] == [last, 1]
        assert api[crop["latent"][0]]["class_type"] == "LTXVSeparateAVLatent"
        film = api[api[crop["latent"][0]]["inputs"]["av_latent"][0]]["inputs"]
        assert api[film["guider"][0]]["inputs"]["positive"] == [last, 0]
        assert api[film["guider"][0]]["inputs"]["negative"] == [last, 1]
        assert api[film["latent_image"][0]]["inputs"]["video_latent"] == [last, 2]
    begins = [inputs["positive"] for inputs in guides.values() if inputs["frame_idx"] == 0]
    assert sorted(api[source[0]]["class_type"] for source in begins) == ["LTXVConditioning", "LTXVCropGuides"]
    ((_, picture),) = _of(api, "VAEDecodeTiled")
    assert api[picture["samples"][0]]["class_type"] == "LTXVCropGuides" and picture["samples"][1] == 2


def test_a_loop_has_one_picture_and_a_way_between_has_two() -> None:
    """In the loop all guides are one picture; in first-last the last frames are the second picture."""
    for name, pictures in (("asmr-loop.json", 1), ("asmr-first-last.json", 2)):
        api = _api(name)
        shown = {frame: set() for frame in (0, -1)}
        for _, inputs in _of(api, "LTXVAddGuide"):
            shown[inputs["frame_idx"]].add(inputs["image"][0])
        assert [len(stills) for stills in shown.values()] == [1, 1]
        assert len(shown[0] | shown[-1]) == pictures == len(_of(api, "LoadImage"))


@pytest.mark.parametrize("name", TWO_STAGES)
def test_sound_is_made_once_and_carried_through(name: str) -> None:
    """One empty sound; its latent leaves stage one, enters stage two and is decoded after it."""
    api = _api(name)
    ((empty, _),) = _of(api, "LTXVEmptyLatentAudio")
    joins = _of(api, "LTXVConcatAVLatent")
    sources = [inputs["audio_latent"] for _, inputs in joins]
    assert [empty, 0] in sources
    carried = next(source for source in sources if source != [empty, 0])
    assert (api[carried[0]]["class_type"], carried[1]) == ("LTXVSeparateAVLatent", 1)
    ((_, decode),) = _of(api, "LTXVAudioVAEDecode")
    assert (api[decode["samples"][0]]["class_type"], decode["samples"][1]) == ("LTXVSeparateAVLatent", 1)
    assert decode["samples"][0] != carried[0]


@pytest.mark.parametrize("name", NAMES)
def test_length_rate_and_file(name: str) -> None:
    """65 frames at 24 per second from one place each, saved as MP4 with H.264."""
    api = _api(name)
    assert [inputs["value"] for _, inputs in _of(api, "PrimitiveInt")] == [65]
    assert [inputs["value"] for _, inputs in _of(api, "PrimitiveFloat")] == [24.0]
    assert _of(api, "LTXVEmptyLatentAudio")[0][1]["frame_rate"] == 24
    ((_, save),) = _of(api, "SaveVideo")
    assert (save["format"], save["codec"], save["format.codec"]) == ("mp4", "h264", "h264")


@pytest.mark.parametrize("name", NAMES)
def test_camera_is_loaded_and_the_style_place_is_ready(name: str) -> None:
    """The static camera works at 1.0; the style place is bypassed and wired behind it."""
    ui = workflow.load(recipes.shipped()[name], name)
    loras = [node for node in ui["nodes"] if node["type"] == "LoraLoaderModelOnly"]
    assert [(node["mode"], node["widgets_values"]) for node in loras] == [
        (0, [recipes.STATIC_CAMERA, 1.0]),
        (4, [recipes.STATIC_CAMERA, 1.0]),
    ]
    ((_, camera),) = _of(_api(name), "LoraLoaderModelOnly")
    assert camera["strength_model"] == 1.0


def test_picture_holds_the_first_frame_of_both_stages() -> None:
    """In img2vid the cropped picture goes into stage one and stage two."""
    api = _api("asmr-img2vid.json")
    holds = _of(api, "LTXVImgToVideoInplace")
    assert len(holds) == 2
    assert {inputs["image"][0] for _, inputs in holds} == {_of(api, "LTXVPreprocess")[0][0]}
    assert [(i["width"], i["height"]) for _, i in _of(api, "ImageScale")] == [(1536, 1024)]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_lies_on_anything_else(name: str) -> None:
    """Every node stands in exactly one group, and no two nodes or groups share any area."""
    ui = workflow.load(recipes.shipped()[name], name)
    nodes = [with_title(Box(*node["pos"], *node["size"])) for node in ui["nodes"]]
    groups = [Box(*group["bounding"]) for group in ui["groups"]]
    assert [group["title"][0] for group in ui["groups"]] == list("1234" if name in ONE_STAGE else "12345")
    for boxes in (nodes, groups):
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(sum(group.holds(node) for group in groups) == 1 for node in nodes)


@pytest.mark.parametrize("name", NAMES)
def test_files_it_needs_are_those_of_the_catalog(name: str) -> None:
    """Every model file named is one the kit knows, and ComfyUI is told where to fetch it."""
    ui = workflow.load(recipes.shipped()[name], name)
    known = {file.name: file.folder for file in catalog.files_for("ltx-2-19b-distilled", "static")}
    if name in ONE_STAGE:
        del known[recipes.UPSCALER]
    offered = {
        model["name"]: model for node in ui["nodes"] for model in (node["properties"].get("models") or ())
    }
    named = {
        value
        for node in ui["nodes"]
        for value in node["widgets_values"]
        if str(value).endswith(".safetensors")
    }
    assert named == set(offered) == set(known)
    for model_name, model in offered.items():
        assert model["directory"] == known[model_name]
        assert model["url"].startswith("https://huggingface.co/")
        assert model["url"].endswith(model_name)


@pytest.mark.shared
@pytest.mark.parametrize("version", ["0.33.0", "0.27.0_with_ltxvideo"])
@pytest.mark.parametrize("name", NAMES)
def test_recorded_servers_would_run_them(name: str, version: str, shared: Path) -> None:
    """Flattened against a recorded ComfyUI, a shipped graph has nothing that server would refuse."""
    recorded = shared / "contract" / f"object_info_comfyui_{version}.json.gz"
    object_info = json.loads(gzip.decompress(recorded.read_bytes()))
    schema = NodeSchema(object_info, lists_known=False)
    api = _api(name, schema)
    assert check_graph(api, schema) == []
    ((_, save),) = _of(api, "SaveVideo")
    assert (save["format"], save["codec"]) == ("mp4", "h264")


@pytest.mark.shared
def test_same_kinds_of_nodes_as_the_graphs_that_really_ran(shared: Path) -> None:
    """Every class in the shipped graphs ran in the recorded ones, but for values, cropping and guides."""
    ran = set()
    for path in (shared / "contract" / "graphs").glob("*.graph.json"):
        ran |= {node["class_type"] for node in json.loads(path.read_text("utf-8")).values()}
    for name in NAMES:
        used = {node["class_type"] for node in _api(name).values()}
        guides = {"LTXVAddGuide", "LTXVCropGuides"} if name in GUIDED else set()
        assert used - ran <= {"PrimitiveInt", "PrimitiveFloat", "ImageScale", *guides}
