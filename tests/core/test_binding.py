"""In a graph without tags the kit finds what it can drive, says why, and says what it cannot."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.binding import Proposal, propose
from ltxlib.core.check import check_graph
from ltxlib.core.drift import follow
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.tagging import tagged
from ltxlib.core.tracing import Place, Tracer, calculate
from ltxlib.core.wiring import enlargement
from ltxlib.errors import WorkflowError
from tests.support.drawn import with_tags
from tests.support.hard_workflows import node
from tests.support.hard_workflows import workflow as file_of
from tests.support.official_templates import LTX, PACKAGE_MISSING, folder
from tests.support.reshape import packed

TAKE = {"prompt": "soft snow", "seed": 77, "filename_prefix": "kit/take"}
MORE = {
    "width_px": 1280,
    "height_px": 768,
    "frames": 73,
    "fps": 24,
    "negative_prompt": "music",
    "image": "mine.png",
    "end_image": "last.png",
    "image_strength": 0.5,
    "checkpoint": "other.safetensors",
}
TAG = re.compile(r" ?\[ltx\.[a-z_]+\]")
PLACE = folder()
TEMPLATES = sorted(path.stem for path in PLACE.glob("*.json") if path.stem.startswith(LTX)) if PLACE else []
# The template's own Save Video is plugged into nothing; a third samples with a model of depth besides.
BROKEN = {"video_ltx2_i2v_lora"}


def template(name: str) -> dict[str, Any]:
    """An official template as ComfyUI ships it."""
    assert PLACE is not None
    return workflow.load((PLACE / f"{name}.json").read_text("utf-8"), name)


def bindings(proposal: Proposal) -> dict[str, list[str]]:
    """The nodes by role."""
    found: dict[str, list[str]] = {}
    for one in proposal.bindings:
        found.setdefault(one.role, []).append(one.node_id)
    return found


def values_for(ui: Any) -> dict[str, Any]:
    """All the values that a workflow has tags for."""
    keys = {key for role in roles.found(ui) for key in roles.ROLES[role].keys}
    return {key: value for key, value in (TAKE | MORE).items() if key in keys}


def test_the_templates_are_there() -> None:
    """Without the templates' package the tests of real graphs are left out, saying so."""
    if not TEMPLATES:
        pytest.skip(PACKAGE_MISSING)
    assert len(TEMPLATES) >= 15


@pytest.mark.parametrize("exported", [False, True], ids=["saved", "exported"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_official_template_is_driven(name: str, exported: bool) -> None:
    """All LTX templates are bound, and every value arrives where the film is made, calculated ones too."""
    ui = template(name)
    graph = flatten(ui, shipped()) if exported else ui
    proposal = propose(graph, shipped())
    assert proposal.complete == (name not in BROKEN)
    assert {"prompt", "seed", "fps"} <= bindings(proposal).keys()
    ready = with_tags(graph, proposal.bindings, shipped())
    values = values_for(ready)
    api = roles.prepare(ready, shipped(), values)
    tracer = Tracer(api, shipped())
    for node_id, one in api.items():
        inputs = one["inputs"]
        if {"width", "height", "length"} <= inputs.keys() and "frames" in values:
            grows = enlargement(api, node_id)
            size = [tracer.number(node_id, side).value for side in ("width", "height", "length")]
            assert size == [1280 / grows, 768 / grows, 73], node_id
        for rate in ("fps", "frame_rate"):
            assert rate not in inputs or tracer.number(node_id, rate).value == 24
        if one["class_type"] in ("RandomNoise", "KSampler", "SamplerCustom"):
            assert {inputs.get("noise_seed"), inputs.get("seed")} - {None} == {77}
        if "frames_number" in inputs:
            assert tracer.number(node_id, "frames_number").value == 73
    words = [value for one in api.values() for value in one["inputs"].values() if value == "soft snow"]
    assert len(words) == 1
    plain = copy.deepcopy(flatten(graph, shipped()))
    follow(plain, shipped())
    before = check_graph(plain, shipped())
    assert check_graph(api, shipped()) == before
    assert (before == []) == (name not in BROKEN)


@pytest.mark.parametrize("name", TEMPLATES)
def test_saved_and_exported_are_bound_alike(name: str) -> None:
    """The same graph gives the same proposals in either format."""
    ui = template(name)
    saved = propose(ui, shipped())
    exported = propose(flatten(ui, shipped()), shipped())
    assert (saved.bindings, saved.gaps, saved.notes) == (exported.bindings, exported.gaps, exported.notes)


def test_the_recipes_would_be_bound_as_they_are_tagged() -> None:
    """Without their tags, the kit's own workflows are found out as they were meant."""
    for name, text in recipes.shipped().items():
        ui = workflow.load(TAG.sub("", text), name)
        proposal = propose(ui, shipped())
        meant = roles.found(json.loads(text))
        said = {role: sorted(nodes) for role, nodes in bindings(proposal).items()}
        for role in (
            "prompt",
            "negative_prompt",
            "seed",
            "image",
            "end_image",
            "image_strength",
            "camera",
            "save",
        ):
            theirs = sorted(place.rpartition("(#")[2].rstrip(")") for place in meant.get(role, []))
            # What saves sound alone is not taken for the end of a film; the pack's samplers hold strengths
            # under names of their own.
            apart = (name, role) == ("asmr-sound.json", "save") or (
                name.startswith("ltxvideo-") and role == "image_strength"
            )
            if not apart:
                assert said.get(role, []) == theirs, (name, role)
        assert proposal.complete is (name != "asmr-sound.json")


def test_tags_that_are_there_are_kept() -> None:
    """A role that a person tagged is not proposed again, in whatever form."""
    ui = workflow.load(recipes.shipped()["asmr-txt2vid.json"], "x")
    proposal = propose(ui, shipped())
    assert proposal.bindings == []
    assert {"prompt", "seed", "size", "frames", "fps", "save"} <= proposal.tagged.keys()
    assert proposal.complete


def test_inside_packed_nodes_too() -> None:
    """Nodes that were packed into a subgraph are found and tagged there."""
    text = TAG.sub("", recipes.shipped()["asmr-txt2vid.json"])
    ui = packed(workflow.load(text, "x"), ("Empty", "Film", "Seed", "Prompt", "Stage"))
    proposal = propose(ui, shipped())
    ready = with_tags(ui, proposal.bindings, shipped())
    inside = [place for places in roles.found(ready).values() for place in places if ' in "' in place]
    assert len(inside) >= 3
    api = roles.prepare(ready, shipped(), values_for(ready))
    assert [n["inputs"]["noise_seed"] for n in api.values() if n["class_type"] == "RandomNoise"] == [77, 77]


# --- odd graphs ---------------------------------------------------------------------------------------------


def export(name: str = "asmr-txt2vid.json") -> dict[str, Any]:
    """A shipped graph without tags, in API format, ready to be changed."""
    return json.loads(TAG.sub("", json.dumps(flatten(json.loads(recipes.shipped()[name]), shipped()))))


def key_of(api: dict[str, Any], class_type: str, place: int = 0) -> str:
    """The number of a node by its class."""
    return [key for key, one in api.items() if one["class_type"] == class_type][place]


def said_of(api: dict[str, Any], role: str, schema: NodeSchema | None = None) -> str:
    """What is said of a role that is not proposed."""
    proposal = propose(api, schema or shipped())
    assert role not in bindings(proposal)
    return next(str(gap) for gap in proposal.gaps if gap.role == role)


def _no_noise(api: dict[str, Any]) -> None:
    for one in api.values():
        if one["class_type"] == "RandomNoise":
            one.update(class_type="DisableNoise", inputs={})


def _calculated_seed(api: dict[str, Any]) -> None:
    for place, letter in enumerate("xy"):
        api[letter] = {"class_type": "PrimitiveInt", "inputs": {"value": place}}
    api["sum"] = {
        "class_type": "ComfyMathExpression",
        "inputs": {"expression": "a + b", "values.a": ["x", 0], "values.b": ["y", 0]},
    }
    for one in api.values():
        if one["class_type"] == "RandomNoise":
            one["inputs"]["noise_seed"] = ["sum", 1]


def _two_texts(api: dict[str, Any]) -> None:
    for name, words in (("mood", "calm"), ("view", "a lake")):
        api[name] = {"class_type": "PrimitiveString", "inputs": {"value": words}, "_meta": {"title": name}}
    api["both"] = {
        "class_type": "StringConcatenate",
        "inputs": {"string_a": ["mood", 0], "string_b": ["view", 0], "delimiter": ", "},
    }
    text = next(key for key, one in api.items() if one["_meta"]["title"].startswith("Prompt"))
    api[text]["inputs"]["text"] = ["both", 0]


def _no_words(api: dict[str, Any]) -> None:
    for one in api.values():
        if one["class_type"] == "CLIPTextEncode":
            one.update(class_type="NobodysEncoder", inputs={"words": "rain"})


def _two_savers(api: dict[str, Any]) -> None:
    key = key_of(api, "SaveVideo")
    api["second"] = copy.deepcopy(api[key])


def _no_saver(api: dict[str, Any]) -> None:
    api[key_of(api, "SaveVideo")].update(
        class_type="PreviewAny", inputs={"source": [key_of(api, "CreateVideo"), 0]}
    )


def _temporal(api: dict[str, Any]) -> None:
    api[key_of(api, "LatentUpscaleModelLoader")]["inputs"]["model_name"] = (
        "ltx-2-temporal-upscaler-x2.safetensors"
    )


def _two_models(api: dict[str, Any]) -> None:
    api[key_of(api, "LTXVAudioVAELoader")]["inputs"]["ckpt_name"] = "ltx-2-19b-dev.safetensors"


def _two_cameras(api: dict[str, Any]) -> None:
    key = key_of(api, "LoraLoaderModelOnly")
    api["second"] = copy.deepcopy(api[key])
    api["second"]["inputs"].update(
        lora_name="ltx-2-19b-lora-camera-control-jib-up.safetensors", model=api[key]["inputs"]["model"]
    )
    api[key]["inputs"]["model"] = ["second", 0]


def _no_rate(api: dict[str, Any]) -> None:
    for one in api.values():
        for name in ("fps", "frame_rate"):
            one["inputs"].pop(name, None)


def _no_film(api: dict[str, Any]) -> None:
    api[key_of(api, "EmptyLTXVLatentVideo")].update(class_type="LoadLatent", inputs={"latent": "film.latent"})


TWO_TEXTS = (
    "put together from several texts, so the scene's text would not be filmed. It could be the node "
    '"mood" (#mood) or the node "view" (#view): put the tag [ltx.prompt] into the right title.'
)


@pytest.mark.parametrize(
    ("role", "change", "says", "needed"),
    [
        ("seed", _no_noise, "so every take would look the same", True),
        ("prompt", _two_texts, TWO_TEXTS, True),
        ("prompt", _no_words, "no text node reaches positive", True),
        ("save", _two_savers, "several nodes write a clip, so no clip would come back. It could be", True),
        ("save", _no_saver, "no node writes a clip", True),
        ("frames", _temporal, "makes more frames than the film begins with", False),
        ("checkpoint", _two_models, "it loads several models (ltx-2-19b-dev.safetensors, ltx", False),
        ("camera", _two_cameras, "several camera LoRAs are loaded", False),
        ("fps", _no_rate, "no node holds the frame rate, so clips play at the graph's own rate", False),
        ("size", _no_film, "clips come out in the graph's own size", False),
        ("image", lambda api: None, "only mode t2v fits it", False),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said(
    role: str, change: Callable[[dict[str, Any]], None], says: str, needed: bool
) -> None:
    """What is missing or ambiguous is said with what it means and who might play it."""
    api = export()
    change(api)
    assert says in said_of(api, role)
    assert propose(api, shipped()).complete != needed


def test_numbers_that_are_calculated_are_given_instead() -> None:
    """A seed or a length that is calculated is written where it is taken, for all who take it."""
    api = export()
    _calculated_seed(api)
    proposal = propose(api, shipped())
    assert len(bindings(proposal)["seed"]) == 2
    assert "calculated before" in next(one.why for one in proposal.bindings if one.role == "seed")
    api = roles.prepare(with_tags(api, proposal.bindings, shipped()), shipped(), {"seed": 2**40})
    seeds = [n["inputs"]["noise_seed"] for n in api.values() if n["class_type"] == "RandomNoise"]
    assert seeds == [2**40, 2**40]


def test_a_calculated_number_that_somebody_takes_by_wire_alone_is_not_replaced() -> None:
    """Where one of those who take a number can hold none, the tag is refused as before."""
    api = export()
    _calculated_seed(api)
    api["next"] = {
        "class_type": "ComfyMathExpression",
        "inputs": {"expression": "a", "values.a": ["sum", 1]},
        "_meta": {"title": "Next"},
    }
    ready = with_tags(api, propose(api, shipped()).bindings, shipped())
    with pytest.raises(WorkflowError, match="is tagged, but its"):
        roles.prepare(ready, shipped(), {"seed": 5})


def test_two_pictures_of_no_order_are_ambiguous() -> None:
    """Pictures whose place in the film cannot be told are both named."""
    api = export("asmr-first-last.json")
    for one in api.values():
        if one["class_type"] == "LTXVAddGuide":
            one["inputs"]["frame_idx"] = 0
    said = said_of(api, "image")
    assert "several pictures go into the film" in said
    assert '"First picture"' in said
    assert '"Last picture"' in said


def test_one_text_for_both_sides_leaves_no_place_for_what_is_unwanted() -> None:
    """A negative side that is emptied or fed by the prompt cannot be set, and the reason differs."""
    api = export()
    wanted, unwanted = (
        next(key for key, one in api.items() if one["_meta"]["title"].startswith(title))
        for title in ("Prompt", "Not wanted")
    )
    api[unwanted].update(class_type="ConditioningZeroOut", inputs={"conditioning": [wanted, 0]})
    assert "no text node reaches negative" in said_of(api, "negative_prompt")
    for one in api.values():
        for name, value in one["inputs"].items():
            if value == [unwanted, 0]:
                one["inputs"][name] = [wanted, 0]
    assert "the same text goes to positive and negative" in said_of(api, "negative_prompt")
    assert propose(api, shipped()).complete


def test_nodes_of_unknown_packs_are_judged_by_their_inputs() -> None:
    """A saver that the node table does not know is found by the names of its inputs, switches are passed."""
    api = export()
    saver, video = key_of(api, "SaveVideo"), key_of(api, "CreateVideo")
    images, sound = api[video]["inputs"]["images"], api[video]["inputs"]["audio"]
    api[saver] = {
        "class_type": "VHS_VideoCombine",
        "inputs": {"images": images, "audio": sound, "frame_rate": 24, "filename_prefix": "x"},
    }
    del api[video]
    proposal = propose(api, shipped())
    assert bindings(proposal)["save"] == [saver]
    assert saver in bindings(proposal)["fps"]
    assert proposal.complete


def test_unknown_nodes_of_a_saved_file_do_no_harm() -> None:
    """A saved file names no values of nodes that are not known; the rest is bound all the same."""
    ui = json.loads(TAG.sub("", recipes.shipped()["asmr-txt2vid.json"]))
    ui["nodes"].append(node(900, "NobodysNode", [("image", "IMAGE", None)], [], ["x", 1]))
    assert propose(ui, shipped()).complete


def test_tags_are_written_and_nothing_else() -> None:
    """Title and tags apart, the file holds what it held, in the indent and letters it had."""
    ui = file_of(
        [node(5, "RandomNoise", values=[1, "fixed"]), node(6, "MarkdownNote", values=["Nebel über"])], []
    )
    ui["extra"] = {"ds": {"scale": 1.0, "offset": [0.1, -2e-05]}, "big": 2**63}
    for text in (
        json.dumps(ui, indent=2, ensure_ascii=False) + "\n",
        json.dumps(ui, separators=(",", ":")),
        json.dumps(ui),
        json.dumps(ui, indent="\t").replace("über", "\\ud83d"),
    ):
        proposal = propose(workflow.load(text, "x"), shipped())
        assert [(one.role, one.node) for one in proposal.bindings] == [
            ("seed", 'the node "RandomNoise" (#5)')
        ]
        new = tagged(text, "x", proposal.bindings, shipped())
        assert new.replace(', "title": "RandomNoise [ltx.seed]"', "") != new or "title" in new
        written = json.loads(new)
        assert written["nodes"][0].pop("title") == "RandomNoise [ltx.seed]"
        assert written == json.loads(text)
        new.encode()
        assert [line for line in text.splitlines() if line not in new.splitlines()] in (
            [],
            [text],
        ) or "\n" in text
        assert tagged(new, "x", proposal.bindings, shipped()) == new


def test_a_wrapped_export_stays_wrapped() -> None:
    """A file that is the body of a request is tagged inside and keeps the rest; bare nodes get titles."""
    api = export()
    for one in api.values():
        one.pop("_meta")
    text = json.dumps({"prompt": api, "client_id": "me"}, indent=2)
    proposal = propose(workflow.load(text, "x"), shipped())
    written = json.loads(tagged(text, "x", proposal.bindings, shipped()))
    assert written["client_id"] == "me"
    saver = written["prompt"][key_of(api, "SaveVideo")]
    assert saver["_meta"] == {"title": "Save Video [ltx.save]"}
    assert workflow.load(json.dumps(written), "x") == written["prompt"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a / 2", 640), ("a*2 + 1", 2561), ("floor(a / 3)", 426), ("max(a, 2000) // 2", 1000), ("-a % 7", 1),
        ("a / 0", None), ("b", None), ("__import__('os')", None), ("a ** a ** a", None), ("(" * 3000, None),
        ("a if a else 1", None), ("", None), ("a\0", None),
    ],
)  # fmt: skip
def test_expressions_are_calculated_and_never_run(expression: str, value: float | None) -> None:
    """Plain arithmetic is worked out; all else is unknown."""
    assert calculate(expression, {"a": 1280.0}) == value


def test_wires_in_a_ring_have_no_origin() -> None:
    """Following a wire ends, even where the graph has none."""
    ring = {
        key: {"class_type": "PrimitiveInt", "inputs": {"value": [other, 0]}, "_meta": {"title": key}}
        for key, other in (("a", "b"), ("b", "a"))
    }
    tracer = Tracer(ring, shipped())
    assert tracer.number("a", "value").value is None
    assert tracer.number("a", "value").places == set()
    assert tracer.texts("a").places == []
    loose = {"a": {"class_type": "PrimitiveInt", "inputs": {"value": 3}, "_meta": {"title": "a"}}}
    assert Tracer(loose, shipped()).number("a", "value").places == {Place("a", "value")}
