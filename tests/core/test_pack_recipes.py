"""The workflows that need ComfyUI-LTXVideo are current, wired as that pack wants it, and read well."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ltxlib.core import (
    controls,
    explain,
    pack_recipes,
    recipes,
    recipes_clips,
    recipes_control,
    roles,
    specials,
    workflow,
)
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box
from ltxlib.core.schema import NodeSchema, shipped
from tests.support.drawn import with_title

NAMES = tuple(pack_recipes.shipped())
# The workflows over a whole clip; most need core nodes only.
CLIPS = (*recipes_clips.recipes(), *recipes_control.recipes())
ALL = (*NAMES, *CLIPS)
NEED_PACK = tuple(name for name in ALL if specials.needs_pack(name))
BY_PICTURE = tuple(name for name in NAMES if "img2vid" in name)


def _api(name: str, schema: NodeSchema | None = None) -> dict[str, dict]:
    return flatten(workflow.load(recipes.shipped()[name], name), schema or shipped())


def _of(api: dict[str, dict], class_type: str) -> list[dict]:
    return [node["inputs"] for node in api.values() if node["class_type"] == class_type]


def _one(api: dict[str, dict], class_type: str) -> dict:
    (inputs,) = _of(api, class_type)
    return inputs


def _recorded(shared: Path, version: str) -> NodeSchema:
    path = shared / "contract" / f"object_info_comfyui_{version}.json.gz"
    return NodeSchema(json.loads(gzip.decompress(path.read_bytes())), lists_known=False)


@pytest.mark.parametrize("name", ALL)
def test_files_in_the_repository_are_current(name: str, project_root: Path) -> None:
    """workflows/ holds exactly what the recipes write (python -m ltxlib workflows build)."""
    assert (project_root / "workflows" / name).read_text("utf-8") == recipes.shipped()[name]


@pytest.mark.parametrize("name", ALL)
def test_nothing_lies_on_anything_else(name: str) -> None:
    """Every node stands in exactly one group, and no two nodes or groups share any area."""
    ui = workflow.load(recipes.shipped()[name], name)
    nodes = [with_title(Box(*node["pos"], *node["size"])) for node in ui["nodes"]]
    groups = [Box(*group["bounding"]) for group in ui["groups"]]
    for boxes in (nodes, groups):
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(sum(group.holds(node) for group in groups) == 1 for node in nodes)


@pytest.mark.parametrize("name", NEED_PACK)
def test_its_note_names_the_pack_first(name: str) -> None:
    """Who opens the file without the pack reads at once what is missing."""
    ui = workflow.load(recipes.shipped()[name], name)
    (start,) = [node for node in ui["nodes"] if node.get("title") == "Start here"]
    assert "ComfyUI-LTXVideo" in start["widgets_values"][0].splitlines()[0]


@pytest.mark.shared
@pytest.mark.parametrize("name", ALL)
def test_the_recorded_server_with_the_pack_would_run_them(name: str, shared: Path) -> None:
    """Flattened against ComfyUI 0.27.0 with the pack, nothing in a graph would be refused."""
    schema = _recorded(shared, "0.27.0_with_ltxvideo")
    assert check_graph(_api(name, schema), schema) == []


@pytest.mark.shared
@pytest.mark.parametrize("name", NEED_PACK)
def test_a_server_without_the_pack_is_told_apart(name: str, shared: Path) -> None:
    """Against ComfyUI 0.33.0 alone, each missing node is told with the pack that brings it."""
    problems = check_graph(_api(name), _recorded(shared, "0.33.0"))
    assert problems
    assert all("ComfyUI-LTXVideo" in problem.cure for problem in problems)


@pytest.mark.shared
def test_the_carried_signatures_are_the_recorded_ones(shared: Path, project_root: Path) -> None:
    """The pack's node table is what a real server with the pack answered, class by class."""
    carried = json.loads((project_root / "ltxlib" / "core" / "node_table_pack.json").read_text("utf-8"))
    recorded = json.loads(
        gzip.decompress(
            (shared / "contract" / "object_info_comfyui_0.27.0_with_ltxvideo.json.gz").read_bytes()
        )
    )
    assert carried == {name: recorded[name] for name in carried}
    assert {node["python_module"] for node in carried.values()} == {"custom_nodes.ComfyUI-LTXVideo"}


@pytest.mark.parametrize("name", [name for name in NAMES if "tiled" in name])
def test_tiles_refine_the_picture_and_the_sound_is_stage_ones(name: str) -> None:
    """The tiled sampler gets the enlarged picture alone, from a guider that keeps what it is led by."""
    api = _api(name)
    tiles = _one(api, "LTXVTiledSampler")
    assert api[tiles["latents"][0]]["class_type"] == "LTXVLatentUpsampler"
    assert api[tiles["guider"][0]]["class_type"] == "STGGuiderAdvanced"
    assert (tiles["horizontal_tiles"], tiles["vertical_tiles"], tiles["overlap"]) == (2, 2, 4)
    assert api[_one(api, "VAEDecodeTiled")["samples"][0]]["class_type"] == "LTXVTiledSampler"
    assert _one(api, "LTXVAudioVAEDecode")["samples"] == [
        next(key for key, node in api.items() if node["class_type"] == "LTXVSeparateAVLatent"),
        1,
    ]


def test_the_guiders_of_tiles_with_and_without_a_picture_differ() -> None:
    """The pack leaves guides behind in a guider that ComfyUI keeps, so the two must not share one."""
    one, other = (_one(_api(name), "STGGuiderAdvanced") for name in NAMES if "tiled" in name)
    plain = ("skip_steps_sigma_threshold", "cfg_values", "stg_scale_values")
    assert [one[key] for key in plain[1:]] == [other[key] for key in plain[1:]] == ["1", "0"]
    assert one[plain[0]] != other[plain[0]]


@pytest.mark.parametrize("name", [name for name in NAMES if "stg" in name])
def test_stg_leads_stage_one_alone(name: str) -> None:
    """Stage one is led by STG at CFG 1 with layer 29 left out, stage two plainly."""
    api = _api(name)
    guiders = [api[film["guider"][0]] for film in _of(api, "SamplerCustomAdvanced")]
    assert sorted(guider["class_type"] for guider in guiders) == ["CFGGuider", "STGGuider"]
    assert {guider["inputs"]["cfg"] for guider in guiders} == {1.0}
    stg = _one(api, "STGGuider")
    assert (stg["stg"], stg["rescale"]) == (1.0, 0.7)
    assert api[stg["model"][0]]["inputs"]["block_indices"] == "29"


@pytest.mark.parametrize("name", [name for name in NAMES if "lowmem" in name])
def test_models_wait_in_line(name: str) -> None:
    """The model is loaded after the text was read, the enlarger after stage one."""
    api = _api(name)
    assert api[_one(api, "LowVRAMCheckpointLoader")["dependencies"][0]]["class_type"] == "LTXVConditioning"
    waits_for = _one(api, "LowVRAMLatentUpscaleModelLoader")["dependencies"]
    assert api[waits_for[0]]["class_type"] == "LTXVSeparateAVLatent"
    assert not _of(api, "CheckpointLoaderSimple")


@pytest.mark.parametrize("name", [name for name in NAMES if "long" in name])
def test_long_takes_are_filmed_in_stretches_and_then_heard(name: str) -> None:
    """Both stages go by the looping sampler; sound is made to the held picture of stage one."""
    api = _api(name)
    assert [one["temporal_tile_size"] for one in _of(api, "LTXVLoopingSampler")] == [120, 120]
    held = _one(api, "LTXVSetAudioVideoMaskByTime")
    assert (held["mask_video"], held["mask_audio"], held["mask_init_value_video"]) == (False, True, 0.0)
    (listen,) = _of(api, "SamplerCustomAdvanced")
    assert api[listen["latent_image"][0]]["class_type"] == "LTXVSetAudioVideoMaskByTime"


@pytest.mark.parametrize("name", BY_PICTURE)
@pytest.mark.parametrize("audio", [True, False])
def test_the_picture_is_held_as_firmly_as_asked(name: str, audio: bool) -> None:
    """image_strength reaches both stages, also where the pack writes it as text."""
    ui = workflow.load(recipes.shipped()[name], name)
    values = {"image": "a.png", "image_strength": 0.75, "audio": audio}
    api = roles.prepare(ui, shipped(), values)
    inputs = [node["inputs"] for node in api.values()]
    strengths = [one["strength"] for one in _of(api, "LTXVImgToVideoInplace")]
    strengths += [one["cond_image_strength"] for one in inputs if "optional_cond_image_indices" in one]
    strengths += [float(one["images_cond_strengths"]) for one in inputs if "images_cond_strengths" in one]
    assert strengths == [0.75, 0.75]
    assert all(isinstance(one.get("images_cond_strengths", ""), str) for one in inputs)


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_tells_their_stages(name: str) -> None:
    """Sizes, steps and CFG of both stages are read from the graph, the pack's samplers included."""
    stages = explain.stages(_api(name), 1536, 1024)
    told = [(stage.width_px, stage.steps, stage.cfg) for stage in stages]
    extra = [(768, 8, 1.0)] if "long" in name else []
    assert sorted(told) == sorted([(768, 8, 1.0), (1536, 3, 1.0), *extra])


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in CLIPS if not specials.needs_pack(name)])
def test_detail_and_control_need_no_pack(name: str, shared: Path) -> None:
    """A server with core nodes alone would run them."""
    schema = _recorded(shared, "0.33.0")
    assert check_graph(_api(name, schema), schema) == []


@pytest.mark.parametrize("name", ["asmr-detail.json", "ltxvideo-detail.json"])
def test_detail_goes_over_the_take_and_keeps_its_sound(name: str) -> None:
    """The take is encoded, guides its own refining by three steps with the detailer, and gives its sound."""
    api = _api(name)
    assert api[_one(api, "CreateVideo")["audio"][0]]["class_type"] == "GetVideoComponents"
    assert _one(api, "ManualSigmas")["sigmas"] == "0.909375, 0.725, 0.421875, 0.0"
    model = api[_one(api, "CFGGuider")["model"][0]]
    assert model["inputs"]["lora_name"] == recipes_clips.DETAILER
    if specials.needs_pack(name):
        sampler = _one(api, "LTXVLoopingSampler")
        assert sampler["latents"] == sampler["optional_guiding_latents"]
    else:
        sampler = _one(api, "LTXVAddGuide")
        assert api[sampler["image"][0]]["class_type"] == "ImageScale"


@pytest.mark.parametrize(
    ("by", "shown"), [("edges", "Canny"), ("depth", "ImageInvert"), ("pose", "SDPoseDrawKeypoints")]
)
def test_what_is_kept_leads_stage_one_alone(by: str, shown: str) -> None:
    """The IC-LoRA and its guide work in stage one; stage two is plain and its guide was taken away."""
    api = _api(controls.CONTROLS[by].workflow)
    guide = _one(api, "LTXVAddGuide")
    assert api[guide["image"][0]]["class_type"] == shown
    loras = [api[one["model"][0]]["inputs"]["lora_name"] for one in _of(api, "CFGGuider")]
    assert sorted(loras) == sorted([controls.CONTROLS[by].needs[0], recipes.STATIC_CAMERA])
    assert api[_one(api, "LTXVLatentUpsampler")["samples"][0]]["class_type"] == "LTXVCropGuides"


def test_a_melting_is_laid_over_in_time_and_held_at_both_ends() -> None:
    """All 7 latent steps of 49 frames overlap along axis 2; its first and last picture are guides."""
    api = _api("ltxvideo-transition.json")
    melt = _one(api, "LTXVLinearOverlapLatentTransition")
    assert (melt["overlap"], melt["axis"]) == (7, 2)
    assert sorted(one["frame_idx"] for one in _of(api, "LTXVAddGuide")) == [-1, 0]
    assert _one(api, "PrimitiveInt")["value"] == 49
    cuts = [(one["batch_index"], one["length"]) for one in _of(api, "ImageFromBatch")]
    assert (-49, 49) in cuts
