"""A workflow is driven by the tags in its titles, whatever a creator did to its layout."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.check import check_graph
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.wiring import cut_sound, drop_sound_branch
from ltxlib.errors import WorkflowError
from tests.support.hard_workflows import node
from tests.support.hard_workflows import workflow as file_of
from tests.support.reshape import moved, packed, renumbered

TAKE: dict[str, Any] = {
    "prompt": "soft snow on pines",
    "negative_prompt": "music",
    "seed": 2**53 + 1,
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
PICTURE = {**TAKE, "image": "uploads/still.png", "image_strength": 0.8}
MIDDLE = (
    "Empty",
    "Film",
    "Seed",
    "Follow",
    "Sampler",
    "Stage",
    "Refine",
    "Hold",
    "Prompt",
    "Sound [",
    "Camera",
)

RESHAPES: dict[str, Callable[[dict], dict]] = {
    "as shipped": lambda ui: ui,
    "moved": moved,
    "renumbered": renumbered,
    "packed": lambda ui: packed(ui, MIDDLE),
    "all three": lambda ui: packed(renumbered(moved(ui)), MIDDLE),
}


def _ui(name: str = "asmr-txt2vid.json") -> dict[str, Any]:
    return workflow.load(recipes.shipped()[name], name)


def _inputs(api: dict[str, dict], class_type: str) -> list[dict]:
    return [n["inputs"] for n in api.values() if n["class_type"] == class_type]


@pytest.mark.parametrize("how", RESHAPES)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("asmr-txt2vid.json", TAKE),
        ("asmr-img2vid.json", PICTURE),
        ("asmr-loop.json", PICTURE),
        ("asmr-first-last.json", {**PICTURE, "end_image": "uploads/end.png"}),
        ("asmr-txt2vid-1stage.json", TAKE),
        ("asmr-img2vid-1stage.json", PICTURE),
    ],
)
def test_every_value_reaches_its_node(name: str, values: dict, how: str) -> None:
    """All values of a take are written, also after a creator moved, renumbered or packed nodes."""
    ui = RESHAPES[how](_ui(name))
    api = roles.prepare(workflow.load(json.dumps(ui), name), shipped(), values)
    texts = [inputs["text"] for inputs in _inputs(api, "CLIPTextEncode")]
    assert sorted(texts) == ["music", "soft snow on pines"]
    stages, size = (1, (1280, 768)) if "1stage" in name else (2, (640, 384))
    assert [inputs["noise_seed"] for inputs in _inputs(api, "RandomNoise")] == [2**53 + 1] * stages
    assert [(i["width"], i["height"]) for i in _inputs(api, "EmptyLTXVLatentVideo")] == [size]
    assert [inputs["value"] for inputs in _inputs(api, "PrimitiveInt")] == [121]
    assert [inputs["value"] for inputs in _inputs(api, "PrimitiveFloat")] == [25]
    assert [inputs["frame_rate"] for inputs in _inputs(api, "LTXVEmptyLatentAudio")] == [25]
    for loader in ("CheckpointLoaderSimple", "LTXVAudioVAELoader", "LTXAVTextEncoderLoader"):
        assert [inputs["ckpt_name"] for inputs in _inputs(api, loader)] == [TAKE["checkpoint"]]
    ((camera),) = _inputs(api, "LoraLoaderModelOnly")
    assert (camera["lora_name"], camera["strength_model"]) == (TAKE["camera_lora"], 0.7)
    assert [inputs["filename_prefix"] for inputs in _inputs(api, "SaveVideo")] == ["kit/scene/take"]
    assert len(_inputs(api, "LTXVAudioVAEDecode")) == 1
    pictures = [values[key] for key in ("end_image", "image") if key in values]
    assert sorted(inputs["image"] for inputs in _inputs(api, "LoadImage")) == pictures
    assert [(i["width"], i["height"]) for i in _inputs(api, "ImageScale")] == [(1280, 768)] * len(pictures)
    held = [i["strength"] for kind in ("LTXVImgToVideoInplace", "LTXVAddGuide") for i in _inputs(api, kind)]
    guided = name in ("asmr-loop.json", "asmr-first-last.json")
    assert held == ([0.8] * (4 if guided else stages) if pictures else [])
    assert check_graph(api, shipped()) == []


@pytest.mark.parametrize("how", RESHAPES)
@pytest.mark.parametrize("name", [name for name in recipes.shipped() if name != "asmr-sound.json"])
def test_without_sound_nothing_of_it_is_left(name: str, how: str) -> None:
    """audio False: no sound is made, sampled or decoded; the picture goes the same way without it."""
    api = roles.prepare(RESHAPES[how](_ui(name)), shipped(), {"audio": False})
    kinds = {one["class_type"] for one in api.values()}
    assert not kinds & {
        "LTXVAudioVAEDecode",
        "LTXVAudioVAELoader",
        "LTXVEmptyLatentAudio",
        "LTXVConcatAVLatent",
        "LTXVSeparateAVLatent",
    }
    for film in _inputs(api, "SamplerCustomAdvanced"):
        assert api[film["latent_image"][0]]["class_type"] in (
            "EmptyLTXVLatentVideo",
            "LTXVLatentUpsampler",
            "LTXVImgToVideoInplace",
            "LTXVAddGuide",
            "VAEEncode",  # where depth is looked for
        )
    assert all("audio" not in inputs for inputs in _inputs(api, "CreateVideo"))
    assert len(_inputs(api, "SaveVideo")) == 1
    assert check_graph(api, shipped()) == []


def test_sound_is_cut_even_where_no_tag_says_so() -> None:
    """A graph whose sound node lost its tag is silenced at the video all the same."""
    ui = _ui()
    for one in ui["nodes"]:
        one["title"] = one["title"].replace("[ltx.audio]", "")
    api = roles.prepare(ui, shipped(), {"audio": False})
    assert _inputs(api, "LTXVAudioVAEDecode") == []
    assert _inputs(api, "LTXVEmptyLatentAudio") == []


@pytest.mark.parametrize("how", ["sound file", "plain decode", "loose sound", "own sound", "other node"])
def test_sound_stays_in_the_sampling_where_the_wiring_is_not_the_plain_one(how: str) -> None:
    """Where something else hears, shapes or passes on the sound, only the file is silenced."""
    api = roles.prepare(_ui("asmr-txt2vid-1stage.json"), shipped(), {})
    by_kind = {one["class_type"]: key for key, one in api.items()}
    join, film = by_kind["LTXVConcatAVLatent"], by_kind["SamplerCustomAdvanced"]
    decode, empty = by_kind["LTXVAudioVAEDecode"], by_kind["LTXVEmptyLatentAudio"]
    if how == "sound file":
        api["900"] = {"class_type": "SaveAudio", "inputs": {"audio": [decode, 0], "filename_prefix": "x"}}
    elif how == "plain decode":
        api[by_kind["VAEDecodeTiled"]]["inputs"]["samples"] = [film, 0]
    elif how == "loose sound":
        api[join]["inputs"]["audio_latent"] = "nothing"
    elif how == "own sound":
        api[empty] = {"class_type": "LTXVAudioVAEEncode", "inputs": {}}
    else:
        api["900"] = {"class_type": "SetLatentNoiseMask", "inputs": {"samples": [join, 0]}}
        api[film]["inputs"]["latent_image"] = ["900", 0]
    cut_sound(api, shipped())
    before = copy.deepcopy(api)
    assert not drop_sound_branch(api, shipped())
    assert api == before
    assert join in api


def test_a_graph_of_pictures_alone_has_no_sound_to_drop() -> None:
    """Where nothing is joined, nothing is taken out."""
    api = roles.prepare(_ui(), shipped(), {"audio": False})
    before = copy.deepcopy(api)
    assert not drop_sound_branch(api, shipped())
    assert api == before


def test_a_sound_file_of_its_own_is_left_alone() -> None:
    """Cutting the film's sound does not take away what another output still uses."""
    ui = _ui()
    sound = next(one for one in ui["nodes"] if one["type"] == "LTXVAudioVAEDecode")
    sound["title"] = "Sound"
    link = ui["last_link_id"] + 1
    sound["outputs"][0]["links"].append(link)
    saver = node(900, "SaveAudio", [("audio", "AUDIO", link)], values=["kit/sound"])
    ui["nodes"].append(saver)
    ui["links"].append([link, sound["id"], 0, 900, 0, "AUDIO"])
    api = roles.prepare(ui, shipped(), {"audio": False})
    assert len(_inputs(api, "LTXVAudioVAEDecode")) == 1
    assert all("audio" not in inputs for inputs in _inputs(api, "CreateVideo"))


def test_muted_sound_comes_back_when_wanted() -> None:
    """audio True switches the sound on again where the file has it muted."""
    ui = _ui()
    sound = next(one for one in ui["nodes"] if "[ltx.audio]" in one["title"])
    sound["mode"] = 2
    assert _inputs(flatten(ui, shipped()), "LTXVAudioVAEDecode") == []
    assert len(_inputs(roles.prepare(ui, shipped(), {"audio": True}), "LTXVAudioVAEDecode")) == 1


def test_camera_and_style_places_are_switched() -> None:
    """None bypasses a LoRA's place, a name switches it on, no word leaves it as it is."""
    ui = _ui()
    none = roles.prepare(ui, shipped(), {"camera_lora": None, "camera_strength": 0.3})
    assert _inputs(none, "LoraLoaderModelOnly") == []
    ((guider),) = _inputs(none, "CFGGuider")
    assert none[guider["model"][0]]["class_type"] == "CheckpointLoaderSimple"
    both = roles.prepare(ui, shipped(), {"style_lora": "oil.safetensors", "style_strength": 0.4})
    names = [(i["lora_name"], i["strength_model"]) for i in _inputs(both, "LoraLoaderModelOnly")]
    assert sorted(names) == [(recipes.STATIC_CAMERA, 1.0), ("oil.safetensors", 0.4)]
    assert len(_inputs(roles.prepare(ui, shipped(), {}), "LoraLoaderModelOnly")) == 1
    assert roles.prepare(ui, shipped(), {}) == flatten(ui, shipped())


def test_the_file_is_left_as_it_is() -> None:
    """prepare() changes nothing in the workflow or the values."""
    ui, values = _ui("asmr-img2vid.json"), dict(PICTURE)
    before = copy.deepcopy(ui)
    roles.prepare(ui, shipped(), {**values, "audio": False, "camera_lora": None})
    assert ui == before
    assert values == PICTURE


def test_roles_wanted_and_not_there_are_all_named() -> None:
    """One sentence names every role that is missing, and what it would hold."""
    with pytest.raises(WorkflowError) as caught:
        roles.prepare(_ui(), shipped(), {**PICTURE, "image_strength": 1.0})
    assert "[ltx.image] (the first picture) and [ltx.image_strength]" in caught.value.message
    ui = _ui()
    for one in ui["nodes"]:
        one["title"] = one["title"].split("[")[0]
    with pytest.raises(WorkflowError) as caught:
        roles.prepare(ui, shipped(), TAKE)
    for role in ("prompt", "seed", "size", "frames", "fps", "checkpoint", "camera", "save"):
        assert f"[ltx.{role}]" in caught.value.message
    assert "Add the tag" in caught.value.cure


def test_values_that_ask_for_nothing_need_no_role() -> None:
    """None and an empty negative prompt want nothing, so nothing is missing."""
    ui = file_of([node(1, "RandomNoise", title="Dice [ltx.seed]")], [])
    values = {"image": None, "image_strength": 0.5, "negative_prompt": "", "prompt": None, "audio": False}
    values |= {"camera_lora": None, "camera_strength": 1.0, "seed": 9}
    assert roles.prepare(ui, shipped(), values)["1"]["inputs"] == {"noise_seed": 9}


def test_unknown_values_are_a_programmers_mistake() -> None:
    """A key that is no value of a take is not passed over."""
    with pytest.raises(ValueError, match="colour"):
        roles.prepare(_ui(), shipped(), {"colour": "blue"})


def test_a_misspelt_tag_is_found() -> None:
    """A tag the kit does not know is refused, with the likely one; other people's tags are left alone."""
    ui = file_of([node(3, "CLIPTextEncode", title="Words [ltx.promt]")], [])
    with pytest.raises(WorkflowError, match=r'"Words \[ltx.promt\]" \(#3\)') as caught:
        roles.prepare(ui, shipped(), {})
    assert "[ltx.prompt]" in caught.value.cure
    ui["nodes"][0]["title"] = "[ltx.zzzzzz]"
    with pytest.raises(WorkflowError) as caught:
        roles.prepare(ui, shipped(), {})
    assert "Take the tag out" in caught.value.cure
    ui["nodes"][0]["title"] = "[other.tag] [note]"
    assert roles.prepare(ui, shipped(), {})


def test_a_tagged_node_that_is_off_is_not_passed_over() -> None:
    """A value for a muted node would be lost, so it is said instead."""
    ui = file_of([node(3, "RandomNoise", title="Dice [ltx.seed]", mode=2)], [])
    with pytest.raises(WorkflowError, match=r"Dice .*switched off"):
        roles.prepare(ui, shipped(), {"seed": 1})


def test_a_tag_on_the_wrong_node_is_said() -> None:
    """A tag on a node that takes no such value names node and class."""
    ui = file_of([node(3, "KSamplerSelect", title="[ltx.prompt]")], [])
    with pytest.raises(WorkflowError, match="KSamplerSelect takes nothing of the kind"):
        roles.prepare(ui, shipped(), {"prompt": "rain"})


def _fed_text(kind: str, values: list) -> dict[str, Any]:
    feeder = node(1, kind, [], [("STRING", "STRING", [1])], values, title="Words")
    inputs = [("clip", "CLIP", None), ("text", "STRING", 1, "text")]
    text = node(2, "CLIPTextEncode", inputs, [], ["own"], title="[ltx.prompt]")
    return file_of([feeder, text], [[1, 1, 0, 2, 1, "STRING"]])


def test_a_value_node_in_front_takes_the_value() -> None:
    """When the tagged input comes from a value node, the value is written there."""
    api = roles.prepare(_fed_text("PrimitiveStringMultiline", ["old"]), shipped(), {"prompt": "new"})
    assert api["1"]["inputs"]["value"] == "new"
    assert api["2"]["inputs"]["text"] == ["1", 0]


def test_a_maker_in_front_is_not_cut_off() -> None:
    """When the tagged input is made by another node, the kit asks for the tag to be moved."""
    with pytest.raises(WorkflowError, match='its "text" comes from The node "Words"') as caught:
        roles.prepare(_fed_text("TextGenerateLTX2Prompt", ["x"]), shipped(), {"prompt": "new"})
    assert "Move the tag" in caught.value.cure


def test_the_clients_own_primitive_takes_a_value_too() -> None:
    """A tagged Primitive, which dissolves when flattened, still decides what it feeds."""
    primitive = node(1, "PrimitiveNode", [], [("INT", "INT", [1, 2])], [9, "fixed"], title="[ltx.frames]")
    film = node(2, "EmptyLTXVLatentVideo", [("length", "INT", 1, "length")])
    sound = node(3, "LTXVEmptyLatentAudio", [("frames_number", "INT", 2, "frames_number")])
    ui = file_of([primitive, film, sound], [[1, 1, 0, 2, 0, "INT"], [2, 1, 0, 3, 0, "INT"]])
    api = roles.prepare(ui, shipped(), {"frames": 121})
    assert (api["2"]["inputs"]["length"], api["3"]["inputs"]["frames_number"]) == (121, 121)


def _chain(models: list[str], title: str = "[ltx.size]") -> dict[str, Any]:
    """An empty film, enlarged once by each model, and decoded."""
    made = WorkflowBuilder("chain")
    made.add("film", "EmptyLTXVLatentVideo", title=title)
    last = "film"
    for number, model in enumerate(models):
        made.add(f"model{number}", "LatentUpscaleModelLoader", {"model_name": model})
        made.add(f"up{number}", "LTXVLatentUpsampler")
        made.connect(f"model{number}", 0, f"up{number}", "upscale_model")
        made.connect(last, 0, f"up{number}", "samples")
        last = f"up{number}"
    made.add("decode", "VAEDecode")
    made.connect(last, 0, "decode", "samples")
    return made.build()


@pytest.mark.parametrize(
    ("models", "size"),
    [
        ([], (1536, 1024)),
        (["ltx-2-spatial-upscaler-x2-1.0.safetensors"], (768, 512)),
        (["ltx-2.3-spatial-upscaler-x1.5-1.0.safetensors"], (1024, 1024 / 1.5)),
        (["ltx-2-temporal-upscaler-x2-1.0.safetensors"], (1536, 1024)),
        (["my-spatial.safetensors"], (768, 512)),
        (["ltx-2-spatial-upscaler-x2-1.0.safetensors"] * 2, (384, 256)),
    ],
)
def test_the_first_stage_gets_what_ends_at_the_finished_size(models: list[str], size: tuple) -> None:
    """Sides are divided by what the upsamplers behind the node enlarge, as their model names tell."""
    values = {"width_px": 1536, "height_px": 1024}
    if not all(float(side).is_integer() for side in size):
        with pytest.raises(WorkflowError, match="a height of 682"):
            roles.prepare(_chain(models), shipped(), values)
        return
    api = roles.prepare(_chain(models), shipped(), values)
    ((film),) = _inputs(api, "EmptyLTXVLatentVideo")
    assert (film["width"], film["height"]) == size


def test_width_height_and_full_size_can_be_tagged_apart() -> None:
    """[ltx.width] and [ltx.height] work alone, and the full ones are never divided."""
    up = ["ltx-2-spatial-upscaler-x2-1.0.safetensors"]
    ((film),) = _inputs(
        roles.prepare(
            _chain(up, "[ltx.width] [ltx.full_height]"), shipped(), {"width_px": 640, "height_px": 64}
        ),
        "EmptyLTXVLatentVideo",
    )
    assert (film["width"], film["height"]) == (320, 64)


def test_odd_frame_rates_are_written_as_each_input_takes_them() -> None:
    """A fraction is a decimal number where decimals are taken."""
    api = roles.prepare(_ui(), shipped(), {"fps": Fraction(24000, 1001)})
    ((value),) = _inputs(api, "PrimitiveFloat")
    assert value["value"] == pytest.approx(23.976, abs=1e-3)
    whole = roles.prepare(_ui(), shipped(), {"fps": 30.0})
    assert json.dumps(_inputs(whole, "LTXVEmptyLatentAudio")[0]["frame_rate"]) == "30"


@pytest.mark.shared
def test_an_older_server_gets_a_whole_frame_rate_where_it_wants_one(shared: Path) -> None:
    """ComfyUI 0.27 takes only whole rates for the empty sound, decimals elsewhere."""
    recorded = shared / "contract" / "object_info_comfyui_0.27.0_with_ltxvideo.json.gz"
    schema = NodeSchema(json.loads(gzip.decompress(recorded.read_bytes())), lists_known=False)
    api = roles.prepare(_ui(), schema, {**TAKE, "fps": 23.976})
    assert _inputs(api, "LTXVEmptyLatentAudio")[0]["frame_rate"] == 24
    assert _inputs(api, "PrimitiveFloat")[0]["value"] == 23.976
    assert check_graph(api, schema) == []


def test_roles_on_offer_are_listed() -> None:
    """found() tells a person which nodes the kit would drive, those inside subgraphs too."""
    offered = roles.found(packed(_ui("asmr-img2vid.json"), ("Prompt",)))
    assert offered["prompt"] == ['Prompt [ltx.prompt] (#9) in "My box"']
    assert len(offered["seed"]) == 2
    assert set(offered) <= set(roles.ROLES)
    assert {"image", "image_strength", "full_size", "style", "save", "audio"} <= set(offered)


def test_a_subgraph_used_twice_is_driven_twice() -> None:
    """A tagged node inside a subgraph takes the value in every instance."""
    ui = packed(_ui(), ("Prompt",))
    twin = copy.deepcopy(ui["nodes"][-1])
    twin["id"] = 7777
    for slot in (*twin["inputs"], *twin["outputs"]):
        slot["link" if "link" in slot else "links"] = None if "link" in slot else []
    ui["nodes"].append(twin)
    api = roles.prepare(workflow.load(json.dumps(ui), "twins"), shipped(), {"prompt": "twice"})
    assert [inputs["text"] for inputs in _inputs(api, "CLIPTextEncode")].count("twice") == 2
