"""The shipped workflows are current, film as the official recipe does, and read well."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ltxlib.core import catalog, recipes, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box
from ltxlib.core.schema import NodeSchema, shipped
from tests.support.drawn import with_title

GUIDED = ("asmr-loop.json", "asmr-first-last.json")
ONE_STAGE = ("asmr-txt2vid-1stage.json", "asmr-img2vid-1stage.json")
FROM_TAKE = ("asmr-extend.json",)
SMOOTH = ("asmr-txt2vid-smooth.json", "asmr-img2vid-smooth.json")
TWO_STAGES = ("asmr-txt2vid.json", "asmr-img2vid.json", *GUIDED, *FROM_TAKE, *SMOOTH)
# These ran on a real ComfyUI 0.33.0 after the recordings were made.
CLIP_NODES = {
    "LoadVideo",
    "GetVideoComponents",
    "ImageFromBatch",
    "TrimAudioDuration",
    "EmptyAudio",
    "AudioConcat",
    "LTXVAudioVAEEncode",
    "SolidMask",
    "MaskComposite",
    "SetLatentNoiseMask",
    "ImageScaleBy",
    "Video Slice",
    "VAEEncode",
    "SaveAudio",
}
SOUND = ("asmr-foley.json", "asmr-sound.json")
NAMES = (*TWO_STAGES, *ONE_STAGE, *SOUND)


def _api(name: str, schema: NodeSchema | None = None) -> dict[str, dict]:
    return flatten(workflow.load(recipes.shipped()[name], name), schema or shipped())


def _of(api: dict[str, dict], class_type: str) -> list[tuple[str, dict]]:
    return [(key, node["inputs"]) for key, node in api.items() if node["class_type"] == class_type]


@pytest.mark.parametrize("name", NAMES)
def test_files_in_the_repository_are_current(name: str, project_root: Path) -> None:
    """workflows/ holds exactly what the recipes write (python -m ltxlib workflows build)."""
    assert (project_root / "workflows" / name).read_text("utf-8") == recipes.shipped()[name]
    assert set(NAMES) <= set(recipes.shipped())


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
    *doubled, (up_id, up) = _of(api, "LTXVLatentUpsampler")
    assert len(doubled) == (1 if name in SMOOTH else 0)
    from_stage_one = (
        "LTXVLatentUpsampler"
        if name in SMOOTH
        else "LTXVCropGuides"
        if name in (*GUIDED, *FROM_TAKE)
        else "LTXVSeparateAVLatent"
    )
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


def test_the_end_of_a_take_leads_both_stages_of_what_goes_on() -> None:
    """Its last frames, 8n+1 of them, are the only guide of each stage, at frame 0, taken away again."""
    api = _api("asmr-extend.json")
    ((tail, cut),) = _of(api, "ImageFromBatch")
    assert (cut["batch_index"], cut["length"]) == (-25, 25)
    assert api[cut["image"][0]]["class_type"] == "GetVideoComponents"
    guides = dict(_of(api, "LTXVAddGuide"))
    assert {(inputs["frame_idx"], inputs["image"][0]) for inputs in guides.values()} == {(0, tail)}
    assert [crop["positive"][0] for _, crop in _of(api, "LTXVCropGuides")] == list(guides)
    samplers = _of(api, "SamplerCustomAdvanced")
    assert [api[inputs["guider"][0]]["inputs"]["positive"][0] for _, inputs in samplers] == list(guides)
    ((_, picture),) = _of(api, "VAEDecodeTiled")
    assert api[picture["samples"][0]]["class_type"] == "LTXVCropGuides"


@pytest.mark.parametrize("name", SMOOTH)
def test_frames_are_doubled_between_the_stages(name: str) -> None:
    """The doubler stands before the enlarger; stage two and the file know of the doubled rate."""
    api = _api(name)
    (doubler, enlarger) = (
        api[inputs["upscale_model"][0]]["inputs"] for _, inputs in _of(api, "LTXVLatentUpsampler")
    )
    assert "temporal" in doubler["model_name"] and "spatial" in enlarger["model_name"]
    slow, fast = (node_id for node_id, _ in _of(api, "PrimitiveFloat"))
    conditionings = dict(_of(api, "LTXVConditioning"))
    assert [inputs["frame_rate"][0] for inputs in conditionings.values()] == [slow, fast]
    guiders = [api[inputs["guider"][0]]["inputs"] for _, inputs in _of(api, "SamplerCustomAdvanced")]
    assert [inputs["positive"][0] for inputs in guiders] == list(conditionings)
    ((_, video),) = _of(api, "CreateVideo")
    assert video["fps"] == [fast, 0]


def test_new_sound_holds_the_picture_and_hears_it() -> None:
    """The take's pictures go into the sampling under a black mask, and into the file as they are."""
    api = _api("asmr-foley.json")
    ((_, join),) = _of(api, "LTXVConcatAVLatent")
    held = api[join["video_latent"][0]]
    assert held["class_type"] == "SetLatentNoiseMask"
    assert api[held["inputs"]["mask"][0]]["inputs"]["value"] == 0
    small = api[api[held["inputs"]["samples"][0]]["inputs"]["pixels"][0]]
    assert (small["class_type"], small["inputs"]["scale_by"]) == ("ImageScaleBy", 0.5)
    ((_, video),) = _of(api, "CreateVideo")
    assert video["images"] == small["inputs"]["image"]
    assert api[video["images"][0]]["class_type"] == "GetVideoComponents"
    assert api[join["audio_latent"][0]]["class_type"] == "LTXVEmptyLatentAudio"


def test_sound_alone_decodes_no_picture() -> None:
    """The smallest film goes along, as long as the sound; nothing of it is decoded or saved."""
    api = _api("asmr-sound.json")
    ((_, film),) = _of(api, "EmptyLTXVLatentVideo")
    assert (film["width"], film["height"]) == (64, 64)
    assert not _of(api, "VAEDecodeTiled") and not _of(api, "CreateVideo")
    ((_, save),) = _of(api, "SaveAudio")
    assert api[save["audio"][0]]["class_type"] == "LTXVAudioVAEDecode"


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
    begun, carried = sources
    if name in FROM_TAKE:
        assert (api[begun[0]]["class_type"], begun[1]) == ("SetLatentNoiseMask", 0)
    else:
        assert begun == [empty, 0]
    assert (api[carried[0]]["class_type"], carried[1]) == ("LTXVSeparateAVLatent", 1)
    ((_, decode),) = _of(api, "LTXVAudioVAEDecode")
    assert (api[decode["samples"][0]]["class_type"], decode["samples"][1]) == ("LTXVSeparateAVLatent", 1)
    assert decode["samples"][0] != carried[0]


@pytest.mark.parametrize("name", NAMES)
def test_length_rate_and_file(name: str) -> None:
    """65 frames at 24 per second from one place each, saved as MP4 with H.264."""
    api = _api(name)
    assert [inputs["value"] for _, inputs in _of(api, "PrimitiveInt")] == [65]
    assert [inputs["value"] for _, inputs in _of(api, "PrimitiveFloat")] == [24.0, 48.0][
        : 1 + (name in SMOOTH)
    ]
    assert _of(api, "LTXVEmptyLatentAudio")[0][1]["frame_rate"] == 24
    if name == "asmr-sound.json":
        assert len(_of(api, "SaveAudio")) == 1 and not _of(api, "SaveVideo")
        return
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
    count = 4 if name in (*ONE_STAGE, "asmr-sound.json") else 6 if name in (*FROM_TAKE, *SMOOTH) else 5
    assert [group["title"][0] for group in ui["groups"]] == list("123456"[:count])
    for boxes in (nodes, groups):
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(sum(group.holds(node) for group in groups) == 1 for node in nodes)


@pytest.mark.parametrize("name", NAMES)
def test_files_it_needs_are_those_of_the_catalog(name: str) -> None:
    """Every model file named is one the kit knows, and ComfyUI is told where to fetch it."""
    ui = workflow.load(recipes.shipped()[name], name)
    known = {file.name: file.folder for file in catalog.files_for("ltx-2-19b-distilled", "static")}
    if name in (*ONE_STAGE, *SOUND):
        del known[recipes.UPSCALER]
    if name in SMOOTH:
        known["ltx-2-temporal-upscaler-x2-1.0.safetensors"] = "latent_upscale_models"
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
    assert {(save["format"], save["codec"]) for _, save in _of(api, "SaveVideo")} <= {("mp4", "h264")}


@pytest.mark.shared
def test_same_kinds_of_nodes_as_the_graphs_that_really_ran(shared: Path) -> None:
    """Every class in the shipped graphs ran in the recorded ones, but for values, cropping and guides."""
    ran = set()
    for path in (shared / "contract" / "graphs").glob("*.graph.json"):
        ran |= {node["class_type"] for node in json.loads(path.read_text("utf-8")).values()}
    for name in NAMES:
        used = {node["class_type"] for node in _api(name).values()}
        guides = {"LTXVAddGuide", "LTXVCropGuides"} if name in (*GUIDED, *FROM_TAKE) else set()
        clips = CLIP_NODES if name in (*FROM_TAKE, *SOUND) else set()
        assert used - ran <= {"PrimitiveInt", "PrimitiveFloat", "ImageScale", *guides, *clips}
