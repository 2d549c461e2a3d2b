"""Node classes as a server describes them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ltxlib.core.schema import NodeSchema, pack_of, shipped, types_fit
from ltxlib.core.widgets import from_row, lay_out
from ltxlib.errors import WorkflowError


def _schema(**inputs: dict) -> NodeSchema:
    return NodeSchema({"Thing": {"input": inputs, "output": ["IMAGE"], "output_name": ["picture"]}})


def test_inputs_follow_the_order_the_server_gives() -> None:
    """`input_order` decides, required before optional; what it leaves out comes last."""
    raw = {
        "input": {
            "required": {"b": ["INT", {}], "a": ["IMAGE"], "late": ["MASK"]},
            "optional": {"d": ["FLOAT", {}], "c": ["AUDIO", {}]},
        },
        "input_order": {"required": ["a", "b"], "optional": ["c", "d"]},
    }
    node = NodeSchema({"Thing": raw}).node("Thing")
    assert [spec.name for spec in node.inputs] == ["a", "b", "c", "d", "late"]
    assert [spec.optional for spec in node.inputs] == [False, False, True, True, False]


def test_both_spellings_of_a_combo_are_read_alike() -> None:
    """A list in place of a type and COMBO with options give the same choices."""
    node = _schema(required={"old": [["x", "y"], {}], "new": ["COMBO", {"options": ["x", "y"]}]}).node(
        "Thing"
    )
    assert [spec.choices for spec in node.inputs] == [("x", "y"), ("x", "y")]
    assert {spec.widget_type for spec in node.inputs} == {"COMBO"}


@pytest.mark.parametrize(
    ("spec", "widget"),
    [
        (["INT", {}], "INT"),
        (["FLOAT,INT", {"widgetType": "FLOAT"}], "FLOAT"),
        (["FLOAT,INT", {}], None),
        (["STRING", {"forceInput": True}], None),
        (["IMAGE"], None),
        (["COMFY_DYNAMICCOMBO_V3", {"options": []}], "COMFY_DYNAMICCOMBO_V3"),
        (["*", {}], None),
    ],
)
def test_widget_or_socket(spec: list, widget: str | None) -> None:
    """The type, `widgetType` and `forceInput` say whether an input is a widget."""
    assert _schema(required={"x": spec}).node("Thing").inputs[0].widget_type == widget


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("seed", ["INT", {}], True),
        ("noise_seed", ["INT", {}], True),
        ("sampling_mode.seed", ["INT", {}], False),
        ("seed", ["INT", {"control_after_generate": False}], False),
        ("value", ["INT", {"control_after_generate": "fixed"}], True),
        ("seed", ["FLOAT", {}], False),
        ("file", ["COMBO", {"options": [], "control_after_generate": True}], True),
    ],
)
def test_which_widgets_have_a_companion(name: str, spec: list, expected: bool) -> None:
    """Seeds and those that ask for it have `control_after_generate` beside them."""
    assert bool(_schema(required={name: spec}).node("Thing").inputs[0].control) is expected


def test_dynamic_combo_gives_the_children_of_its_choice() -> None:
    """SaveVideo's format brings its codec, and the codec its own options, named parent.child."""
    save = shipped().node("SaveVideo").by_name["format"]
    (codec,) = save.children("mp4")
    assert (codec.name, codec.choices) == ("format.codec", ("auto", "h264", "av1"))
    assert [child.name for child in codec.children("h264")] == ["format.codec.encoding"]
    assert save.children("nothing like it") == []
    assert shipped().node("SaveVideo").by_name["filename_prefix"].children("x") == []


def test_autogrow_names_its_members() -> None:
    """Members are named by the list or by prefix and number, and only the first are required."""
    named = shipped().node("ComfyMathExpression").by_name["values"]
    assert [m.name for m in named.grown(3)] == ["values.a", "values.b", "values.c"]
    assert [m.optional for m in named.grown(3)] == [False, True, True]
    assert len(named.grown(1000)) == 26
    template = {"input": {"required": {"image": ["IMAGE", {}]}}, "prefix": "image_", "min": 2, "max": 3}
    spec = ["COMFY_AUTOGROW_V3", {"template": template}]
    numbered = _schema(required={"images": spec}).node("Thing").by_name["images"]
    assert [m.name for m in numbered.grown(9)] == ["images.image_0", "images.image_1", "images.image_2"]


def test_outputs_are_found_by_number_name_and_type() -> None:
    """An output is named as a person would name it; what is not there gives None."""
    loader = shipped().node("CheckpointLoaderSimple")
    assert [loader.output_slot(x) for x in (2, "VAE", "vae", "clip", 3, "IMAGE")] == [2, 2, 2, 1, None, None]
    assert shipped().node("LTXVSeparateAVLatent").output_slot("audio_latent") == 1


def test_upload_buttons() -> None:
    """Pictures and video have an upload button, sound has another, other nodes have none."""
    kinds = {
        name: shipped().node(name).upload for name in ("LoadImage", "LoadVideo", "LoadAudio", "SaveVideo")
    }
    assert kinds == {"LoadImage": "media", "LoadVideo": "media", "LoadAudio": "audio", "SaveVideo": None}


def test_unknown_class_names_the_pack_that_has_it() -> None:
    """The refusal says what to install where the kit knows it."""
    with pytest.raises(WorkflowError, match="VHS_VideoCombine") as caught:
        shipped().node("VHS_VideoCombine")
    assert "ComfyUI-VideoHelperSuite" in caught.value.cure
    with pytest.raises(WorkflowError) as caught:
        shipped().node("Quite Unknown")
    assert "ComfyUI-Manager" in caught.value.cure
    assert pack_of("Fast Groups Muter (rgthree)") == "rgthree-comfy"
    assert pack_of("LTXVTiledSampler") == "ComfyUI-LTXVideo"
    assert pack_of("KSampler") is None


def test_titles_are_those_of_the_client() -> None:
    """Without a display name the client's own wording is used, else the class name."""
    assert shipped().node("EmptyLTXVLatentVideo").title == "Empty LTXV Latent Video"
    assert shipped().node("SaveVideo").title == "Save Video"
    assert _schema().node("Thing").title == "Thing"


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "MASK", False),
        ("*", "MASK", True),
        ("IMAGE,MASK", "MASK", True),
        ("FLOAT", "FLOAT,INT", True),
        ("INT", "FLOAT", False),
        ("COMFY_MATCHTYPE_V3", "LATENT", True),
    ],
)
def test_which_types_fit(one: str, other: str, fit: bool) -> None:
    """Types fit when one of the listed kinds is shared, or one side takes anything."""
    assert types_fit(one, other) is fit
    assert types_fit(other, one) is fit


def test_shipped_schema_is_whole() -> None:
    """Every class the kit carries can be laid out, and its model lists are not taken for the truth."""
    schema = shipped()
    assert len(schema) >= 90
    assert "SaveVideo" in schema
    assert "Nothing" not in schema
    assert not schema.lists_known
    for name in schema.names():
        shape = lay_out(schema.node(name))
        assert len({socket[0] for socket in shape.sockets}) == len(shape.sockets)


@pytest.mark.shared
@pytest.mark.parametrize("version", ["0.33.0", "0.27.0_with_ltxvideo"])
def test_recorded_servers_can_be_read_whole(version: str, shared: Path) -> None:
    """All classes of a real ComfyUI are read and laid out, with a row of values too short and too long."""
    recorded = shared / "contract" / f"object_info_comfyui_{version}.json.gz"
    schema = NodeSchema(json.loads(gzip.decompress(recorded.read_bytes())))
    assert len(schema) > 900
    for name in schema.names():
        shape = lay_out(schema.node(name))
        again = from_row(schema.node(name), [w.value for w in shape.widgets if w.stored])
        assert [w.name for w in again.widgets] == [w.name for w in shape.widgets]
        from_row(schema.node(name), [])
        from_row(schema.node(name), [None] * 60)
