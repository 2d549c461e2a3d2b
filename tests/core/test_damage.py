"""Whatever is wrong with a file, the answer is one readable sentence, never a Python error."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.binding import propose
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.variants import missing_classes
from ltxlib.errors import WorkflowError
from tests.support.damaged_files import damaged_files
from tests.support.drawn import with_tags
from tests.support.hard_workflows import CASES, node, promoted_value, text_of
from tests.support.hard_workflows import workflow as file_of

UI_TEXTS = [*(text_of(case) for case in CASES), *recipes.shipped().values()]
API_TEXTS = [json.dumps(flatten(json.loads(text), shipped())) for text in recipes.shipped().values()]
BARE_TEXTS = [re.sub(r" ?\[ltx\.[a-z_]+\]", "", text) for text in [*recipes.shipped().values(), *API_TEXTS]]
TEXTS = UI_TEXTS + API_TEXTS + BARE_TEXTS
ODD = (None, 7, -1, "x", [], {}, True, 1.5, [[]], [None], {"a": 1}, "11")
VALUES = {
    "prompt": "x",
    "seed": 3,
    "width_px": 640,
    "height_px": 384,
    "frames": 9,
    "fps": 24,
    "audio": False,
    "camera_lora": None,
}


def _paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from _paths(child, (*path, key))


def _damaged(seed: int) -> str:
    """A good file in which one to three things were taken out or replaced by something odd."""
    dice = random.Random(seed)
    ui = json.loads(dice.choice(TEXTS))
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        *way, last = dice.choice(list(_paths(ui)))
        holder = ui
        for key in way:
            holder = holder[key]
        if dice.random() < 0.25:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(dice.choice(ODD))
    return json.dumps(ui)


@pytest.mark.parametrize("start", range(0, 600, 50))
def test_any_damage_is_refused_in_words_or_does_no_harm(start: int) -> None:
    """Hundreds of files damaged at random are either used or refused with a sentence and a cure."""
    for seed in range(start, start + 50):
        try:
            ui = workflow.load(_damaged(seed), "film.json")
            assert len(workflow.content_sha256(ui)) == 64
            roles.found(ui)
            flatten(ui, shipped())
            roles.prepare(ui, shipped(), VALUES)
            ready = with_tags(ui, propose(ui, shipped()).bindings, shipped())
            missing_classes(ready, shipped())
            roles.prepare(ready, shipped(), VALUES)
        except WorkflowError as error:
            assert len(error.message) > 15, seed
            assert "\n" not in error.message, seed
            assert error.cure, seed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("inputs", [{"name": "a"}, 7]),
        ("inputs", "none"),
        ("inputs", [{"name": "a", "link": "9"}]),
        ("inputs", [{"name": "a", "widget": "text"}]),
        ("outputs", [{"name": "a", "links": ["1"]}]),
        ("outputs", [{"links": []}]),
        ("mode", "bypass"),
        ("mode", True),
        ("title", 7),
        ("properties", []),
    ],
)
def test_each_part_of_a_node_is_held_against_the_format(key: str, value: Any) -> None:
    """A node whose parts are not what ComfyUI writes is named."""
    odd = node(5, "RandomNoise", title="Dice")
    odd[key] = value
    with pytest.raises(WorkflowError, match="#5"):
        workflow.load(json.dumps(file_of([odd], [])), "film.json")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("inputs", [{"name": 7}], "damaged inputs or outputs"),
        ("outputs", [{"name": "x", "linkIds": ["a"]}], "damaged inputs or outputs"),
        ("inputs", "none", "is damaged"),
        ("name", 5, "is damaged"),
        ("nodes", None, "no list of nodes"),
        ("links", [{"id": 1}], "link that is damaged"),
    ],
)
def test_each_part_of_a_subgraph_is_held_against_the_format(key: str, value: Any, says: str) -> None:
    """A subgraph whose parts are not what ComfyUI writes is named."""
    ui = promoted_value()
    ui["definitions"]["subgraphs"][0][key] = value
    with pytest.raises(WorkflowError, match=says):
        workflow.load(json.dumps(ui), "film.json")


def test_places_are_counted_from_zero() -> None:
    """A link that starts or ends at a negative place is damage."""
    ui = file_of([node(1, "RandomNoise"), node(2, "RandomNoise", title="Dice")], [[1, 1, -1, 2, 0, "NOISE"]])
    with pytest.raises(WorkflowError, match=r"Dice.*counted from 0"):
        workflow.load(json.dumps(ui), "film.json")


FILES = damaged_files()


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_is_refused_in_one_sentence(kind: str) -> None:
    """Each kind of damage, in either format, is one sentence that names the node where there is one."""
    data, says = FILES[kind]
    with pytest.raises(WorkflowError) as caught:
        flatten(workflow.load_bytes(data, "film.json"), shipped())
    message = caught.value.message
    assert says in message
    assert message.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", message), "it is one sentence"
    assert "\n" not in message
    assert len(message) < 300
    assert caught.value.cure


def test_names_that_cannot_be_printed_do_not_spoil_a_sentence() -> None:
    """A title of several lines, with control characters or half a letter, is told in one printable line."""
    odd = node(6, "RandomNoise", title="Two\nlines \x1b[31m \ud83d " + "long " * 100)
    del odd["type"]
    text = json.dumps(file_of([odd], []))
    with pytest.raises(WorkflowError) as caught:
        workflow.load(text, "film.json")
    assert caught.value.message.isprintable()
    assert 'film.json: The node "Two lines [31m long' in caught.value.message.encode().decode()
    assert len(caught.value.message) < 200


def test_values_by_name_are_read_where_their_pack_writes_them_so() -> None:
    """Video Helper Suite keeps its values by name, and ComfyUI opens that: they are read like a row."""
    table = {
        "VHS_VideoCombine": {
            "input": {
                "required": {"images": ["IMAGE"], "frame_rate": ["FLOAT", {"default": 8}]},
                "optional": {"filename_prefix": ["STRING", {"default": "AnimateDiff"}]},
            },
            "output": ["VHS_FILENAMES"],
            "output_node": True,
        }
    }
    join = node(6, "VHS_VideoCombine", title="Join")
    join["widgets_values"] = {"filename_prefix": "kit", "frame_rate": 24, "videopreview": {"hidden": False}}
    ui = workflow.load(json.dumps(file_of([join], [])), "film.json")
    assert flatten(ui, NodeSchema(table))["6"]["inputs"] == {"frame_rate": 24, "filename_prefix": "kit"}
