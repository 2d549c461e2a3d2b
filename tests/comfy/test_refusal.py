from __future__ import annotations

from typing import Any

import pytest

from ltxlib.comfy.refusal import node_problems, rejection
from ltxlib.comfy.wording import one_line, sentence
from ltxlib.core.problem import Problem
from ltxlib.errors import PromptRejected
from tests.comfy.conftest import Recorded

# What a creator reads for each refusal that was recorded: where, and words that must be there.
EXPECTED = {
    "unknown_class": ('Node "KSamplerSelect" (samp)', '"NoSuchNode"'),
    "uuid_class": ('Node "Samplers" (u)', "subgraph"),
    "missing_class_type": ('Node "KSamplerSelect" (samp)', "what kind of node it is"),
    "class_type_null": ('Node "KSamplerSelect" (samp)', "what kind of node it is"),
    "missing_model_file": ('Node "CheckpointLoaderSimple" (ckpt)', '"ltx-2-19b-nope.safetensors" is not on'),
    "missing_lora_file": ('Node "LoraLoaderModelOnly" (lora)', "models/loras"),
    "bad_enum": ('Node "KSamplerSelect" (samp)', '"nope" is no possible value of sampler_name'),
    "wrong_link_type": ('Node "CFGGuider" (guider1)', "takes MODEL, but a wire brings it VAE"),
    "link_slot_out_of_range": ('Node "CFGGuider" (guider1)', "output that its node does not have"),
    "link_to_missing_node": ('Node "CFGGuider" (guider1)', "ghost"),
    "missing_required_link": ('Node "CFGGuider" (guider1)', '"model" is empty'),
    "missing_required_widget": ('Node "RandomNoise" (noise1)', '"noise_seed" is empty'),
    "below_min": ('Node "EmptyLTXVLatentVideo" (vlat)', "width is 8; the smallest it may be is 64"),
    "above_max": ('Node "LTXVEmptyLatentAudio" (alat)', "5000; the largest it may be is 1000"),
    "wrong_scalar_type": (
        'Node "EmptyLTXVLatentVideo" (vlat)',
        '"wide" stands where width needs a whole number',
    ),
    "numeric_string_is_coerced": ('Node "EmptyLTXVLatentVideo" (vlat)', '"x" stands where height'),
    "list_literal_not_link": ('Node "EmptyLTXVLatentVideo" (vlat)', "neither a value nor a wire"),
    "missing_image_file": ('Node "LoadImage" (img)', 'The picture "nope.png" is not on the server'),
    "image_traversal": ('Node "LoadImage" (img)', "is not on the server"),
    "cycle": ('Node "ImageScaleBy" (a)', "in a circle: a (ImageScaleBy) -> b"),
    "no_outputs": ("The graph", "Nothing in it saves a clip"),
    "empty_prompt": ("The graph", "Nothing in it saves a clip"),
    "one_bad_output_of_two": ('Node "PreviewImage" (pv)', '"images" is empty'),
    "no_prompt_key": ("The graph", "received no graph"),
    "json_array": ("The graph", "received no graph"),
    "no_content_type_valid": ("The graph", "Nothing in it saves a clip"),
}


@pytest.mark.shared
def test_every_recorded_refusal(recorded: Recorded) -> None:
    """Each recorded refusal becomes a problem that names the node and the matter in plain words."""
    told = {name: case["response"]["body"] for name, case in recorded("prompt_validation.json").items()}
    refused = {name: body for name, body in told.items() if body.get("node_errors") or body.get("error")}
    assert refused.keys() == EXPECTED.keys()
    for name, body in refused.items():
        error = rejection(body)
        problem = error.problems[0]
        where, words = EXPECTED[name]
        assert problem.where == where, name
        assert words in str(problem), name
        assert problem.what.endswith((".", "…")) and problem.cure.endswith(".") and not problem.warning


@pytest.mark.shared
def test_accepted_in_part(recorded: Recorded) -> None:
    """The node errors of a 200 are read as those of a 400 are; an empty one holds nothing."""
    told = recorded("prompt_validation.json")
    assert len(node_problems(told["one_bad_output_of_two"]["response"]["body"]["node_errors"])) == 1
    assert node_problems(told["save_prefix_traversal"]["response"]["body"]["node_errors"]) == []


@pytest.mark.shared
def test_own_prompt_id(recorded: Recorded) -> None:
    """A prompt id that is no UUID is refused in words."""
    error = rejection(recorded("own_prompt_id.json")["own_text"]["body"])
    assert "name this render was given" in str(error)


@pytest.mark.shared
def test_nearest_files_are_named(recorded: Recorded) -> None:
    """A missing model file comes with its folder and the nearest ones that are there."""
    body = recorded("prompt_validation.json")["missing_model_file"]["response"]["body"]
    graph = {"ckpt": {"class_type": "CheckpointLoaderSimple", "_meta": {"title": "Load the model"}}}
    problem = rejection(body, graph).problems[0]
    assert problem.where == 'Node "Load the model" (ckpt)'
    assert "models/checkpoints" in problem.cure and "ltx-2-19b-dev.safetensors" in problem.cure


def one(error: dict[str, Any], class_type: str = "X") -> Problem:
    """The problem of one error of one node."""
    (problem,) = node_problems({"9": {"errors": [error], "class_type": class_type}})
    return problem


def not_in_list(name: str, value: object, config: object, class_type: str = "X") -> Problem:
    """The problem of a value that is not in its list."""
    extra = {"input_name": name, "input_config": config, "received_value": value}
    return one({"type": "value_not_in_list", "details": "d", "extra_info": extra}, class_type)


def test_folders() -> None:
    """The folder is told by the node where its input's name is common, by the input otherwise."""
    upscaler = not_in_list("model_name", "u.safetensors", [[], {}], "LatentUpscaleModelLoader")
    assert "models/latent_upscale_models" in upscaler.cure and "That folder is empty." in upscaler.what
    assert "models/text_encoders" in not_in_list("text_encoder", "g", [["a"], {}]).cure
    assert "ComfyUI's models folder" in not_in_list("odd_name", "x.gguf", None).cure


def test_newer_shape_of_lists() -> None:
    """Lists in the newer shape, with their options aside, lend the nearest values too."""
    problem = not_in_list("scheduler", "simpel", ["COMBO", {"options": ["simple", "beta"]}])
    assert "Nearest to it on the server: simple." in problem.cure
    assert "Nearest" not in not_in_list("scheduler", "zzz", ["COMBO"]).cure


def test_picture_not_in_list() -> None:
    """Servers that check pictures against their list say it in the same words."""
    assert "The picture" in not_in_list("image", "a.png", [["b.png"], {}], "LoadImage").what


def test_unknown_kinds_are_passed_on() -> None:
    """A kind of error that is not known is told in the server's own words."""
    problem = one({"type": "brand_new", "message": "Something new", "details": "about x", "extra_info": None})
    assert problem.what == "Something new: about x."
    assert one({}).what == "ComfyUI gave no reason."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {"type": "value_smaller_than_min", "message": "Value 8 smaller", "details": "w"},
            "w: Value 8 smaller",
        ),
        ({"type": "return_type_mismatch"}, "takes something else"),
        ({"type": "exception_during_validation", "details": "oh", "exception_type": "TypeError"}, "stumbled"),
        (
            {"type": "custom_validation_failed", "details": "size - too odd"},
            "refuses what it was given: size",
        ),
        (
            {"type": "invalid_input_type", "input_config": ["FLOAT", {}], "received_value": "x"},
            "needs a number",
        ),
    ],
)
def test_details_that_are_missing(error: dict[str, Any], words: str) -> None:
    """Errors that lack a field still become a sentence."""
    extra = {"input_name": "w", **{k: v for k, v in error.items() if k not in ("type", "message", "details")}}
    assert words in one({**error, "extra_info": extra}).what


def test_several_problems() -> None:
    """All errors of all nodes are told at once, and their number."""
    report = {"errors": [{"type": "a"}, {"type": "b"}], "class_type": "X"}
    error = rejection({"node_errors": {"1": report, "2": report}})
    assert isinstance(error, PromptRejected) and len(error.problems) == 4
    assert "4 things" in error.message and len(str(error).splitlines()) == 5


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "plain words"}, "plain words"),
        ({"error": {"type": "new", "message": "m", "details": "d"}}, "m: d"),
        ({"error": {}}, "no reason"),
        ({}, "no reason"),
        (None, "no reason"),
        ([1], "no reason"),
        ({"node_errors": {"1": None}}, "gave no reason"),
        ({"node_errors": {"1": {"errors": [None], "class_type": 3}}}, "gave no reason"),
        ({"node_errors": [], "error": {"type": "missing_node_type", "extra_info": None}}, "what kind"),
    ],
)
def test_odd_bodies(body: object, words: str) -> None:
    """A refusal of another shape is still a refusal with a sentence."""
    error = rejection(body)
    assert words in str(error) and len(error.problems) == 1


def test_packs_are_named() -> None:
    """A missing kind of node comes with the pack it belongs to, where the kit knows it."""
    extra = {"node_id": "5", "class_type": "VHS_VideoCombine", "node_title": None}
    problem = rejection({"error": {"type": "missing_node_type", "extra_info": extra}}).problems[0]
    assert problem.where == 'Node "VHS_VideoCombine" (5)' and "VideoHelperSuite" in problem.cure


def test_foreign_text_is_tamed() -> None:
    """Text from outside stays on one line, without control characters, and is cut."""
    assert one_line("a\n\x1b[31m b\t c") == "a [31m b c"
    assert one_line("x" * 300, 10) == "xxxxxxxxx…"
    assert sentence("a") == "a." and sentence("a!") == "a!"
