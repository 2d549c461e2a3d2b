"""A draft is stage one of the finished take, cut out of its own graph."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from ltxlib.core import catalog, recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.draft import draft_of, plan_draft
from ltxlib.core.explain import stages
from ltxlib.core.plan import estimate, plan_take
from ltxlib.core.scene import Scene
from ltxlib.core.schema import shipped
from ltxlib.core.wiring import is_link, running_order
from ltxlib.errors import WorkflowError
from tests.core.test_plan import ingredients
from tests.support.rehearsal_graphs import node
from tests.support.reshape import moved, packed, renumbered

TAKE: dict[str, Any] = {
    "prompt": "soft snow on pines",
    "negative_prompt": "music",
    "seed": 2**48 - 7,
    "width_px": 1280,
    "height_px": 768,
    "frames": 121,
    "fps": 25,
    "checkpoint": "ltx-2-19b-distilled-fp8.safetensors",
    "camera_lora": "ltx-2-19b-lora-camera-control-dolly-in.safetensors",
    "camera_strength": 0.7,
    "audio": True,
    "filename_prefix": "kit/scene/take",
}
PICTURE = {"image": "uploads/still.png", "image_strength": 0.8}
TWO_STAGES = {
    "asmr-txt2vid.json": TAKE,
    "asmr-img2vid.json": {**TAKE, **PICTURE},
    "asmr-loop.json": {**TAKE, **PICTURE},
    "asmr-first-last.json": {**TAKE, **PICTURE, "end_image": "uploads/end.png"},
}
# Every file the kit ships that enlarges; those of other models are driven by their own values alone.
# Those of one stage have no draft, nor have ways that start from a take or add frames.
_NONE = ("1stage", "smooth", "extend", "foley", "sound", "detail", "control", "ltxvideo")
OTHERS = [
    name for name in recipes.shipped() if name not in TWO_STAGES and not any(kind in name for kind in _NONE)
]
OTHER_VALUES = {"seed": TAKE["seed"], "width_px": 1280, "height_px": 768, "frames": 121, "fps": 25}
RESHAPES = {
    "as shipped": lambda ui: ui,
    "renumbered and moved": lambda ui: renumbered(moved(ui)),
    "packed": lambda ui: packed(
        ui, ("Empty", "Film", "Seed", "Follow", "Sampler", "Stage", "Refine", "Hold")
    ),
}
SAMPLER = "SamplerCustomAdvanced"


def prepared(name: str, values: Mapping[str, Any], how: str = "as shipped") -> dict[str, Any]:
    ui = RESHAPES[how](workflow.load(recipes.shipped()[name], name))
    return roles.prepare(workflow.load(json.dumps(ui), name), shipped(), values)


def samplers(api: Mapping[str, Any]) -> list[str]:
    """The sampling nodes, in the order they run."""
    return [node_id for node_id in running_order(api)[0] if api[node_id]["class_type"] == SAMPLER]


def behind(api: Mapping[str, Any], node_id: str) -> dict[str, Any]:
    """A node and all that feeds it, to its last value: ids and titles as they are."""
    found: dict[str, Any] = {}
    waiting = [node_id]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = api[one]
            waiting += [value[0] for value in api[one]["inputs"].values() if is_link(value, api)]
    return found


def meaning(api: Mapping[str, Any], node_id: str) -> Any:
    """A node told by what it does and what feeds it, whatever the ids and titles are."""
    return (
        api[node_id]["class_type"],
        {
            name: (meaning(api, value[0]), value[1]) if is_link(value, api) else value
            for name, value in api[node_id]["inputs"].items()
        },
    )


def only(api: Mapping[str, Any], class_type: str) -> str:
    (node_id,) = [one for one in api if api[one]["class_type"] == class_type]
    return node_id


@pytest.mark.parametrize("how", RESHAPES)
@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_the_sampling_is_stage_one_of_the_finished_take(name: str, audio: bool, how: str) -> None:
    """Seed, half size, frames, sigmas, held pictures: all that stage one is made of is untouched."""
    api = prepared(name, {**TWO_STAGES[name], "audio": audio}, how)
    before = copy.deepcopy(api)
    draft = draft_of(api, shipped())
    assert api == before, "the take's own graph was changed"
    first, second = samplers(api)
    (alone,) = samplers(draft.graph)
    assert alone == first != second
    assert behind(draft.graph, alone) == behind(api, first)
    stage = behind(draft.graph, alone)
    assert stage[only(stage, "RandomNoise")]["inputs"]["noise_seed"] == TAKE["seed"]
    empty = stage[only(stage, "EmptyLTXVLatentVideo")]["inputs"]
    assert (empty["width"], empty["height"]) == (640, 384)
    assert draft.factor == 2.0
    assert stages(draft.graph, 640, 384)[0].steps == 8


@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_nothing_of_stage_two_is_left_and_the_rest_can_run(name: str, audio: bool) -> None:
    """Enlarger, its model and stage two are gone; what is left is a graph that a server takes."""
    api = prepared(name, {**TWO_STAGES[name], "audio": audio})
    graph = draft_of(api, shipped()).graph
    kinds = [one["class_type"] for one in graph.values()]
    assert not {"LTXVLatentUpsampler", "LatentUpscaleModelLoader"} & set(kinds)
    assert kinds.count(SAMPLER) == kinds.count("RandomNoise") == kinds.count("ManualSigmas") == 1
    assert kinds.count("LTXVAudioVAEDecode") == int(audio)
    assert check_graph(graph, shipped()) == []
    assert graph[only(graph, "SaveVideo")] == api[only(api, "SaveVideo")]


@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
@pytest.mark.parametrize("name", OTHERS)
def test_other_models_are_cut_in_the_same_way(name: str, audio: bool) -> None:
    """Dev, distilled LoRA in stage two, split files: stage one is untouched and stage two is gone."""
    api = prepared(name, {**OTHER_VALUES, "audio": audio})
    draft = draft_of(api, shipped())
    first, _ = samplers(api)
    assert samplers(draft.graph) == [first]
    assert behind(draft.graph, first) == behind(api, first)
    assert not any("stage two" in one["_meta"]["title"] for one in draft.graph.values())
    assert check_graph(draft.graph, shipped()) == []


@pytest.mark.parametrize(
    ("two", "one"),
    [
        ("asmr-txt2vid.json", "asmr-txt2vid-1stage.json"),
        ("asmr-img2vid.json", "asmr-img2vid-1stage.json"),
    ],
)
def test_a_draft_is_the_one_stage_workflow_at_half_the_size(two: str, one: str) -> None:
    """The shipped one-stage workflow, asked for half the sides, samples exactly what the draft samples."""
    draft = draft_of(prepared(two, TWO_STAGES[two]), shipped()).graph
    half = {**TWO_STAGES[two], "width_px": 640, "height_px": 384}
    alone = prepared(one, half)
    for graph in (draft, alone):
        # The picture is cropped to the film's shape first: at full size here, at half there; same shape.
        for each in graph.values():
            if each["class_type"] == "ImageScale":
                assert each["inputs"].pop("width") / each["inputs"].pop("height") == 1280 / 768
    assert meaning(draft, only(draft, SAMPLER)) == meaning(alone, only(alone, SAMPLER))
    for decoder in ("VAEDecodeTiled", "LTXVAudioVAEDecode"):
        assert meaning(draft, only(draft, decoder)) == meaning(alone, only(alone, decoder))


def test_guides_are_taken_away_from_a_draft_too() -> None:
    """A loop's draft is decoded after its guides were cropped, or it would be eight frames too long."""
    graph = draft_of(prepared("asmr-loop.json", TWO_STAGES["asmr-loop.json"]), shipped()).graph
    source, slot = graph[only(graph, "VAEDecodeTiled")]["inputs"]["samples"]
    assert (graph[source]["class_type"], slot) == ("LTXVCropGuides", 2)


@pytest.mark.parametrize("name", ["asmr-txt2vid-1stage.json", "asmr-img2vid-1stage.json"])
def test_one_stage_has_no_draft(name: str) -> None:
    """Where nothing is enlarged there is nothing smaller to look at first, and that is said."""
    with pytest.raises(WorkflowError, match="made in one stage") as refused:
        draft_of(prepared(name, {}), shipped())
    assert "2 stages" in refused.value.cure


def test_a_sound_that_is_decoded_early_stays_where_it_is() -> None:
    """A creator's graph that takes the sound straight from stage one keeps doing so."""
    api = prepared("asmr-txt2vid.json", TAKE)
    (early,) = [key for key, one in api.items() if one["_meta"]["title"] == "Film and sound apart"]
    api[only(api, "LTXVAudioVAEDecode")]["inputs"]["samples"] = [early, 1]
    graph = draft_of(api, shipped()).graph
    assert graph[only(graph, "LTXVAudioVAEDecode")]["inputs"]["samples"] == [early, 1]
    assert graph[only(graph, "VAEDecodeTiled")]["inputs"]["samples"] == [early, 0]


def test_three_sizes_are_cut_before_the_first_enlarger() -> None:
    """With two enlargers in a row the draft is the smallest film, four times smaller than the take."""
    api = prepared("asmr-txt2vid.json", {**TAKE, "audio": False})
    decoder, enlarger = only(api, "VAEDecodeTiled"), only(api, "LTXVLatentUpsampler")
    again = copy.deepcopy(api[enlarger])
    again["inputs"]["samples"] = api[decoder]["inputs"]["samples"]
    api["again"] = again
    api[decoder]["inputs"]["samples"] = ["again", 0]
    draft = draft_of(api, shipped())
    assert draft.factor == 4.0
    assert samplers(draft.graph) == samplers(api)[:1]


def test_loose_nodes_of_a_creator_stay() -> None:
    """A node that hangs on nothing is none of the kit's business."""
    api = prepared("asmr-txt2vid.json", TAKE)
    api["loose"] = node("RandomNoise", noise_seed=3)
    assert "loose" in draft_of(api, shipped()).graph


def test_more_frames_after_the_enlarger_are_refused() -> None:
    """A film made twice as fluid after it was enlarged would run at half speed as a draft."""
    api = prepared("asmr-txt2vid.json", TAKE)
    decoder, enlarger = only(api, "VAEDecodeTiled"), only(api, "LTXVLatentUpsampler")
    loader = node("LatentUpscaleModelLoader", model_name="ltx-2-temporal-upscaler-x2-1.0.safetensors")
    api["fluid"] = copy.deepcopy(api[enlarger])
    api["fluid"]["inputs"]["upscale_model"] = ["times", 0]
    api["fluid"]["inputs"]["samples"] = api[decoder]["inputs"]["samples"]
    api["times"] = loader
    api[decoder]["inputs"]["samples"] = ["fluid", 0]
    with pytest.raises(WorkflowError, match="more frames after the film is enlarged"):
        draft_of(api, shipped())


def test_what_hangs_on_the_enlarger_is_named() -> None:
    """When something that is saved needs stage two by a way of its own, the enlarger is named."""
    api = prepared("asmr-loop.json", TWO_STAGES["asmr-loop.json"])
    (guide,) = [key for key, one in api.items() if one["_meta"]["title"].startswith("First frame, stage two")]
    api["look"] = node("PreviewAny", source=[guide, 0])
    with pytest.raises(WorkflowError, match=r"Enlarge the film.*more than the second stage"):
        draft_of(api, shipped())


def test_an_unknown_way_between_the_stages_is_refused() -> None:
    """Two films that run into one behind the enlarger cannot be told apart, and the node is named."""
    api = prepared("asmr-txt2vid.json", {**TAKE, "audio": False})
    decoder = only(api, "VAEDecodeTiled")
    late = api[decoder]["inputs"]["samples"]
    api["mixed"] = node("LTXVConcatAVLatent", video_latent=late, audio_latent=late)
    api[decoder]["inputs"]["samples"] = ["mixed", 0]
    with pytest.raises(WorkflowError, match="stands between the two stages"):
        draft_of(api, shipped())


def test_an_enlarged_film_that_nobody_sees_is_refused() -> None:
    """Without a decoder behind the enlarger there is no picture to make a draft of."""
    api = prepared("asmr-txt2vid.json", {**TAKE, "audio": False})
    (early, _) = samplers(api)
    api[only(api, "VAEDecodeTiled")]["inputs"]["samples"] = [early, 0]
    with pytest.raises(WorkflowError, match="no node of it makes a picture"):
        draft_of(api, shipped())


def test_a_drafts_plan_is_its_takes_with_another_name() -> None:
    """Seed and values are the take's; id and size are its own, and lead back to that take alone."""
    scene = Scene("rain", "@rain/window", takes=2, width=768, height=512)
    first, second = (plan_take(scene, number, ingredients()) for number in (1, 2))
    draft = plan_draft(first, 2.0)
    assert (draft.seed, draft.values, draft.take_no) == (first.seed, first.values, 1)
    assert draft.draft and not first.draft
    assert (draft.size_px, first.size_px) == ((384, 256), (768, 512))
    assert draft.take_id.startswith("draft01-")
    assert plan_draft(first, 2.0) == draft
    assert plan_draft(second, 2.0).fingerprint not in (draft.fingerprint, second.fingerprint)
    changed = plan_take(scene, 1, ingredients(prompts={"rain": "Other.", "sea": "Waves."}))
    assert plan_draft(changed, 2.0).take_id != draft.take_id


def test_a_draft_costs_its_share_of_a_take() -> None:
    """Eight steps at a quarter of the pixels against three at all of them: two fifths of the work."""
    take = plan_take(Scene("rain", "@rain/window"), 1, ingredients())
    load = catalog.FIRST_LOAD_S[0]
    draft_s, take_s = estimate([plan_draft(take, 2.0)]).low_s - load, estimate([take]).low_s - load
    assert draft_s == pytest.approx(take_s * 2 / 5)
