"""Rows of values get their names, and texts go out as the client sends them."""

from __future__ import annotations

from typing import Any

import pytest

from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.widgets import NOTHING, from_row, lay_out, sent_text


def _named(class_type: str, row: list[Any], schema: NodeSchema | None = None) -> dict[str, Any]:
    shape = from_row((schema or shipped()).node(class_type), row)
    return {widget.name: widget.value for widget in shape.widgets}


def test_companion_takes_a_place_of_its_own() -> None:
    """The value after a seed is its companion's, so that later values keep their names."""
    values = _named("KSampler", [7, "increment", 30, 2.5, "euler", "normal", 0.5])
    assert values["seed"] == 7
    assert values["control_after_generate"] == "increment"
    assert (values["steps"], values["cfg"], values["denoise"]) == (30, 2.5, 0.5)


def test_short_row_leaves_defaults_for_the_rest() -> None:
    """What a row does not reach keeps the default of its widget."""
    values = _named("EmptyLTXVLatentVideo", [640])
    assert values == {"width": 640, "height": 512, "length": 97, "batch_size": 1}


def test_dynamic_combo_shifts_what_follows() -> None:
    """The chosen option decides how many of the next values are its children's."""
    assert _named("SaveVideo", ["a", "mp4", "h264", "auto", "h264", "auto"]) == {
        "filename_prefix": "a",
        "format": "mp4",
        "format.codec": "h264",
        "format.codec.encoding": "auto",
        "codec": "h264",
        "codec.encoding": "auto",
    }
    assert _named("SaveVideo", ["a", "auto", "auto", "auto"])["codec"] == "auto"
    longer = _named("ResizeImageMaskNode", ["scale longer dimension", 1536, "lanczos"])
    assert longer == {
        "resize_type": "scale longer dimension",
        "resize_type.longer_size": 1536,
        "scale_method": "lanczos",
    }


def test_children_without_widget_become_sockets_behind_their_parent() -> None:
    """An option that wants a picture shows a socket for it right after the combo's own."""
    shape = from_row(shipped().node("ResizeImageMaskNode"), ["match size", "center", "area"])
    assert [name for name, _, _ in shape.sockets] == [
        "input",
        "resize_type",
        "resize_type.match",
        "resize_type.crop",
        "scale_method",
    ]


def test_an_unknown_option_has_no_children() -> None:
    """A choice from another version keeps its place and brings nothing along."""
    assert list(_named("SaveVideo", ["a", "ogg"])) == ["filename_prefix", "format", "codec"]


def test_empty_choice_becomes_the_first_on_offer() -> None:
    """The client replaces nothing by the first choice; without choices it stays nothing."""
    assert _named("KSamplerSelect", [None])["sampler_name"] == "euler"
    assert _named("CheckpointLoaderSimple", [None])["ckpt_name"] is None
    assert _named("CheckpointLoaderSimple", [])["ckpt_name"] is NOTHING


def test_upload_button_has_the_last_place_and_is_not_sent() -> None:
    """`image` and `upload` stand in the row; only the first is part of a prompt."""
    shape = from_row(shipped().node("LoadImage"), ["a.png", "image"])
    assert [(w.name, w.value, w.sent) for w in shape.widgets] == [
        ("image", "a.png", True),
        ("upload", "image", False),
    ]


def test_old_row_with_places_for_forced_sockets() -> None:
    """A row from before an input was a socket by force loses that place, and only then."""
    schema = NodeSchema(
        {
            "Old": {
                "input": {
                    "required": {
                        "text": ["STRING", {"forceInput": True}],
                        "seed": ["INT", {"control_after_generate": True}],
                        "n": ["INT", {}],
                    }
                }
            }
        }
    )
    assert _named("Old", ["was text", 5, "fixed", 9], schema) == {
        "seed": 5,
        "control_after_generate": "fixed",
        "n": 9,
    }
    assert _named("Old", [5, "fixed", 9], schema)["n"] == 9


def test_combo_companion_brings_a_filter() -> None:
    """A combo that changes by itself has two companions: how it changes, and a filter."""
    spec = ["COMBO", {"options": ["a", "b"], "control_after_generate": True}]
    schema = NodeSchema({"C": {"input": {"required": {"file": spec, "n": ["INT", {}]}}}})
    assert _named("C", ["b", "fixed", "", 4], schema) == {
        "file": "b",
        "control_after_generate": "fixed",
        "control_filter_list": "",
        "n": 4,
    }


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (["INT", {}], 0),
        (["FLOAT", {"default": 2.5}], 2.5),
        (["BOOLEAN", {}], False),
        (["STRING", {}], ""),
        (["COLOR", {}], "#000000"),
        (["COMBO", {"options": ["x", "y"], "default": "y"}], "y"),
        ([["x", "y"]], "x"),
        (["COMFY_DYNAMICCOMBO_V3", {"options": []}], NOTHING),
        (["CURVE", {}], NOTHING),
        (["IMAGECOMPARE", {}], ["", ""]),
    ],
)
def test_fresh_widgets(spec: list, value: Any) -> None:
    """A widget nobody touched holds the default, or what the client gives its kind."""
    node = NodeSchema({"T": {"input": {"required": {"x": spec}}}}).node("T")
    assert lay_out(node).widgets[0].value == value


def test_custom_combo_grows_and_sends_its_place() -> None:
    """The Custom Combo has one line more than are filled, and sends the chosen line's number."""
    values = _named("CustomCombo", ["b", 0, "a", "b", "c", ""])
    assert values["index"] == 1
    assert [name for name in values if name.startswith("option")] == [
        "option1",
        "option2",
        "option3",
        "option4",
    ]
    assert _named("CustomCombo", ["z", 0, "a", ""])["index"] == -1


def test_grown_members_follow_the_wires() -> None:
    """One socket more is shown than the last one that is wired."""
    node = shipped().node("ComfyMathExpression")
    names = [name for name, _, _ in lay_out(node, None, ["values.d"]).sockets]
    assert names == ["values.a", "values.b", "values.c", "values.d", "values.e", "expression"]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("plain rain, {not a choice", "plain rain, not a choice"),
        ("{rain|snow} falls", "rain falls"),
        ("{a {b|c}|d} end", "a b end"),
        ("keep \\{this\\} and \\| that", "keep {this} and | that"),
        ("before // gone\nafter /* gone\ntoo */ end", "before \nafter  end"),
        ("{\\}|x}", "}"),
        ("", ""),
        ("{}", ""),
        ("back\\slash", "back\\slash"),
    ],
)
def test_texts_are_sent_as_the_client_sends_them(text: str, sent: str) -> None:
    """Comments go, escapes open, and of choices the first is taken."""
    assert sent_text(text) == sent
