"""Workflows built from Python are whole, checked, and stand in order."""

from __future__ import annotations

import json

import pytest

from ltxlib.core import workflow
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.flatten import flatten
from ltxlib.core.layout import Box
from ltxlib.core.schema import shipped
from ltxlib.errors import WorkflowError
from tests.support.drawn import with_title


@pytest.fixture
def builder() -> WorkflowBuilder:
    """A loader and a text, not yet wired."""
    made = WorkflowBuilder("test")
    made.add("loader", "CheckpointLoaderSimple", {"ckpt_name": "m.safetensors"})
    made.add("text", "CLIPTextEncode", {"text": "rain"}, title="Prompt [ltx.prompt]")
    return made


def test_a_wire_is_written_at_both_ends(builder: WorkflowBuilder) -> None:
    """connect() leaves the same link in the table, in the input and in the output."""
    builder.connect("loader", "CLIP", "text", "clip")
    ui = builder.build()
    loader, text = ui["nodes"]
    assert ui["links"] == [[1, 1, 1, 2, 0, "CLIP"]]
    assert loader["outputs"][1]["links"] == [1]
    assert text["inputs"] == [{"name": "clip", "type": "CLIP", "link": 1}]
    assert (ui["last_node_id"], ui["last_link_id"], ui["version"]) == (2, 1, 0.4)


def test_a_widgets_socket_is_listed_only_when_wired(builder: WorkflowBuilder) -> None:
    """A wired widget keeps its value's place and shows its socket after the plain ones."""
    builder.add("words", "PrimitiveStringMultiline", {"value": "snow"})
    builder.connect("loader", 1, "text", "clip")
    builder.connect("words", "STRING", "text", "text")
    text = next(node for node in builder.build()["nodes"] if node["type"] == "CLIPTextEncode")
    assert [slot["name"] for slot in text["inputs"]] == ["clip", "text"]
    assert text["inputs"][1]["widget"] == {"name": "text"}
    assert text["widgets_values"] == ["rain"]
    ui = builder.build()
    assert [2, 3, 0, 2, 1, "STRING"] in ui["links"]


def test_values_go_into_the_row_by_name() -> None:
    """Names find their places, companions are written as fixed, the rest are defaults."""
    made = WorkflowBuilder("test")
    made.add("noise", "RandomNoise", {"noise_seed": 7})
    made.add("save", "SaveVideo", {"format": "mp4", "format.codec": "h264"})
    rows = {node["type"]: node["widgets_values"] for node in made.build()["nodes"]}
    assert rows["RandomNoise"] == [7, "fixed"]
    assert rows["SaveVideo"] == ["video/ComfyUI", "mp4", "h264", "auto", "auto"]


def test_mistakes_say_what_is_there(builder: WorkflowBuilder) -> None:
    """Every wrong name or type is refused with the right ones."""
    with pytest.raises(WorkflowError, match='has no output "IMAGE"; it gives "MODEL", "CLIP", "VAE"'):
        builder.connect("loader", "IMAGE", "text", "clip")
    with pytest.raises(WorkflowError, match='has no output "3"'):
        builder.connect("loader", 3, "text", "clip")
    with pytest.raises(WorkflowError, match='has no input "prompt"; it takes "clip", "text"'):
        builder.connect("loader", "CLIP", "text", "prompt")
    with pytest.raises(WorkflowError, match=r"gives MODEL, but .* takes CLIP"):
        builder.connect("loader", "MODEL", "text", "clip")
    with pytest.raises(WorkflowError, match='no node with the key "nobody"'):
        builder.connect("nobody", 0, "text", "clip")
    with pytest.raises(WorkflowError, match='has no widget "words"; it has "text"'):
        builder.add("other", "CLIPTextEncode", {"words": "rain"})
    with pytest.raises(WorkflowError, match='already has a node with the key "text"'):
        builder.add("text", "CLIPTextEncode")
    with pytest.raises(WorkflowError, match="ComfyUI-LTXVideo"):
        builder.add("saved", "LTXVSaveConditioning")
    builder.connect("loader", "CLIP", "text", "clip")
    with pytest.raises(WorkflowError, match="already wired"):
        builder.connect("loader", "CLIP", "text", "clip")
    with pytest.raises(WorkflowError, match=r"on .0., muted .2. or bypassed .4."):
        builder.set_mode("text", 3)
    with pytest.raises(WorkflowError, match='has no widget "clip"'):
        builder.set_value("text", "clip", 1)


def test_notes_cannot_be_wired(builder: WorkflowBuilder) -> None:
    """A note has neither inputs nor outputs, and its key is taken like any other."""
    builder.note("help", "# Hello", title="Read me")
    with pytest.raises(WorkflowError, match="it gives none"):
        builder.connect("help", 0, "text", "clip")
    with pytest.raises(WorkflowError, match="it takes none"):
        builder.connect("loader", "CLIP", "help", "clip")
    with pytest.raises(WorkflowError, match="already"):
        builder.note("help", "again")
    note = builder.build()["nodes"][-1]
    assert (note["type"], note["widgets_values"], note["title"]) == ("MarkdownNote", ["# Hello"], "Read me")


def test_values_and_modes_can_change_later(builder: WorkflowBuilder) -> None:
    """set_value and set_mode change one thing; children of a dynamic combo follow their parent."""
    builder.add("save", "SaveVideo")
    builder.set_value("save", "format", "webm")
    builder.set_value("text", "text", "snow")
    builder.set_mode("loader", 4)
    nodes = {node["type"]: node for node in builder.build()["nodes"]}
    assert nodes["SaveVideo"]["widgets_values"] == ["video/ComfyUI", "webm", "auto", "auto"]
    assert nodes["CLIPTextEncode"]["widgets_values"] == ["snow"]
    assert nodes["CheckpointLoaderSimple"]["mode"] == 4


def test_ring_is_refused() -> None:
    """Nodes that feed each other cannot be put in running order."""
    made = WorkflowBuilder("test")
    made.add("a", "ConditioningZeroOut")
    made.add("b", "ConditioningZeroOut")
    made.connect("a", 0, "b", "conditioning")
    made.connect("b", 0, "a", "conditioning")
    with pytest.raises(WorkflowError, match="ring"):
        made.build()


def test_building_twice_gives_the_same_file(builder: WorkflowBuilder) -> None:
    """The answer is fresh each time and always the same; the name decides the id."""
    first = builder.build()
    first["nodes"][0]["widgets_values"].append("spoiled")
    assert builder.build() == builder.build()
    assert builder.build() != first
    assert WorkflowBuilder("one").build()["id"] != WorkflowBuilder("two").build()["id"]


def test_groups_frame_their_nodes_and_nothing_overlaps(builder: WorkflowBuilder) -> None:
    """Nodes stand in their group's frame, groups and loose nodes stand clear of each other."""
    builder.add("noise", "RandomNoise")
    builder.add("loose", "KSamplerSelect")
    builder.note("note", "hello")
    builder.group("Left", ["loader", "note"], row=0)
    builder.group("Right", ["text"], ["noise"], row=0)
    ui = builder.build()
    frames = {group["title"]: Box(*group["bounding"]) for group in ui["groups"]}
    boxes = {node["type"]: with_title(Box(*node["pos"], *node["size"])) for node in ui["nodes"]}
    assert list(frames) == ["Left", "Right"]
    assert frames["Left"].holds(boxes["CheckpointLoaderSimple"])
    assert frames["Left"].holds(boxes["MarkdownNote"])
    assert frames["Right"].holds(boxes["RandomNoise"])
    assert not frames["Left"].overlaps(frames["Right"])
    everything = [*frames.values(), boxes["KSamplerSelect"]]
    assert not any(a.overlaps(b) for i, a in enumerate(everything) for b in everything[i + 1 :])
    with pytest.raises(WorkflowError, match="already stands in a group"):
        builder.group("Again", ["text"])
    with pytest.raises(WorkflowError, match='no node with the key "ghost"'):
        builder.group("Ghosts", ["ghost"])


def test_what_is_built_is_loaded_and_flattened(builder: WorkflowBuilder) -> None:
    """A built file passes the damage check and flattens to what was asked."""
    builder.connect("loader", "clip", "text", "clip")
    ui = workflow.load(json.dumps(builder.build()), "built")
    assert flatten(ui, shipped()) == {
        "1": {
            "inputs": {"ckpt_name": "m.safetensors"},
            "class_type": "CheckpointLoaderSimple",
            "_meta": {"title": "Load Checkpoint"},
        },
        "2": {
            "inputs": {"text": "rain", "clip": ["1", 1]},
            "class_type": "CLIPTextEncode",
            "_meta": {"title": "Prompt [ltx.prompt]"},
        },
    }
