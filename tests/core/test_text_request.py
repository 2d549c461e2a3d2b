"""The graph that has a workflow's text reader write, for every server that can."""

from __future__ import annotations

import copy
import gzip
import json

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.text_request import TextRequest, text_graph, writer_of
from ltxlib.errors import WorkflowError
from tests.support.reshape import packed, renumbered
from tests.support.writers import table, with_pack, without

WORDS = TextRequest("Be calm.", "Draft: rain", 7)
PICTURE = TextRequest("Be calm.", "Draft: rain", 7, with_picture=True)


def a_take(name="asmr-txt2vid.json", reshape=lambda ui: ui):
    """The graph of a take from a shipped workflow."""
    ui = workflow.load(json.dumps(reshape(workflow.load(recipes.shipped()[name], name))), name)
    values = {"prompt": "Rain."} | ({"image": "a.png"} if "img2vid" in name else {})
    return roles.prepare(ui, shipped(), values)


def by_class(graph):
    """The inputs of each node, by its class; each class is there once."""
    assert len({node["class_type"] for node in graph.values()}) == len(graph)
    return {node["class_type"]: node["inputs"] for node in graph.values()}


def test_the_graph_is_the_text_reader_and_what_writes_and_shows():
    """Nothing of the filming is left, the wires hold, and a server would run it."""
    graph, node = text_graph(a_take(), shipped(), WORDS)
    inputs = by_class(graph)
    assert set(inputs) == {"LTXAVTextEncoderLoader", "TextGenerate", "PreviewAny"}
    assert graph[node]["class_type"] == "PreviewAny"
    writer = inputs["TextGenerate"]
    assert writer["prompt"] == "Be calm.\n\nDraft: rain"
    assert (writer["sampling_mode"], writer["sampling_mode.seed"], writer["max_length"]) == ("on", 7, 512)
    assert graph[writer["clip"][0]]["class_type"] == "LTXAVTextEncoderLoader"
    assert graph[inputs["PreviewAny"]["source"][0]]["class_type"] == "TextGenerate"
    assert check_graph(graph, shipped()) == []


@pytest.mark.parametrize("name", sorted(recipes.shipped()))
def test_every_shipped_workflow_has_a_text_reader(name):
    """The graph is found for every way of making a clip; the take's own graph is left as it was."""
    ui = workflow.load(recipes.shipped()[name], name)
    api = roles.prepare(ui, shipped(), {"prompt": "Rain."})
    before = copy.deepcopy(api)
    graph, _ = text_graph(api, shipped(), WORDS)
    assert check_graph(graph, shipped()) == []
    assert api == before


def test_the_first_picture_is_shown_to_the_model():
    """From a picture, the model sees it; from words alone, or when not asked to, nothing is loaded."""
    graph, _ = text_graph(a_take("asmr-img2vid.json"), shipped(), PICTURE)
    inputs = by_class(graph)
    assert inputs["LoadImage"] == {"image": "a.png"}
    assert graph[inputs["TextGenerate"]["image"][0]]["class_type"] == "LoadImage"
    assert check_graph(graph, shipped()) == []
    for api, request in ((a_take(), PICTURE), (a_take("asmr-img2vid.json"), WORDS)):
        assert "image" not in by_class(text_graph(api, shipped(), request)[0])["TextGenerate"]


def test_a_workflow_packed_into_a_subgraph_is_found_too():
    """Ids inside a subgraph stay, and the new ones are nobody's."""
    api = a_take(reshape=lambda ui: packed(renumbered(ui), ("Prompt", "Text reader")))
    graph, node = text_graph(api, shipped(), WORDS)
    assert node not in api
    assert len(set(graph) - set(api)) == 2
    assert check_graph(graph, shipped()) == []


def test_a_prompt_held_by_a_value_node_is_followed_to_its_reader():
    """Where the tag is on a text that feeds the encoder, the reader is found further down."""
    api = a_take()
    (encoder,) = roles.playing(api, "prompt")
    api["900"] = {
        "class_type": "PrimitiveString",
        "inputs": {"value": "Rain."},
        "_meta": {"title": "Prompt [ltx.prompt]"},
    }
    api[encoder] = {**api[encoder], "_meta": {"title": "Encode"}}
    api[encoder]["inputs"]["text"] = ["900", 0]
    graph, node = text_graph(api, shipped(), WORDS)
    assert node == "902"
    assert set(by_class(graph)) == {"LTXAVTextEncoderLoader", "TextGenerate", "PreviewAny"}


def test_a_newer_server_is_told_in_the_place_for_it():
    """A TextGenerate with the input system_prompt gets the task there, and pictures in its growing group."""
    schema = NodeSchema(table(newer=True), lists_known=False)
    graph, _ = text_graph(a_take("asmr-img2vid.json"), schema, PICTURE)
    inputs = by_class(graph)
    writer = inputs["TextGenerate"]
    assert writer["prompt"] == "Draft: rain"
    assert inputs["PrimitiveStringMultiline"] == {"value": "Be calm."}
    assert graph[writer["system_prompt"][0]]["class_type"] == "PrimitiveStringMultiline"
    assert graph[writer["images.image_0"][0]]["class_type"] == "LoadImage"
    assert check_graph(graph, schema) == []


def test_the_pack_writes_where_core_cannot():
    """LTXVideo's enhancer takes the task as a value, no more tokens than it may, and is told of a picture."""
    schema = NodeSchema(with_pack(without("TextGenerate", "TextGenerateLTX2Prompt")), lists_known=False)
    for name, request, bypassed in (
        ("asmr-txt2vid.json", PICTURE, True),
        ("asmr-img2vid.json", PICTURE, False),
    ):
        graph, _ = text_graph(a_take(name), schema, TextRequest(**{**vars(request), "tokens": 5000}))
        writer = by_class(graph)["LTXVGemmaEnhancePrompt"]
        assert (writer["prompt"], writer["system_prompt"]) == ("Draft: rain", "Be calm.")
        assert (writer["max_tokens"], writer["bypass_i2v"], writer["seed"]) == (1024, bypassed, 7)
        assert ("image" in writer) is not bypassed
        assert check_graph(graph, schema) == []


def test_who_writes_is_chosen_by_what_the_server_has():
    """Core first, then the pack, then the node with its own instructions; else none."""
    both = ("TextGenerate", "TextGenerateLTX2Prompt")
    assert writer_of(NodeSchema(with_pack(table()))) == "TextGenerate"
    assert writer_of(NodeSchema(with_pack(without("TextGenerate")))) == "LTXVGemmaEnhancePrompt"
    assert writer_of(NodeSchema(without("TextGenerate"))) == "TextGenerateLTX2Prompt"
    assert writer_of(NodeSchema(without(*both))) is None
    assert writer_of(NodeSchema(without("PreviewAny"))) is None


def test_what_cannot_be_is_refused_in_words():
    """A server that cannot write and a graph without a text reader are told in a sentence, with a cure."""
    with pytest.raises(WorkflowError, match="no node that writes text") as caught:
        text_graph(a_take(), NodeSchema(without("PreviewAny")), WORDS)
    assert "write no in the column enhance" in caught.value.cure
    api = {"1": {"class_type": "LoadImage", "inputs": {"image": "a"}, "_meta": {"title": "x"}}}
    with pytest.raises(WorkflowError, match="no text reader"):
        text_graph(api, shipped(), WORDS)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["0.33.0", "0.27.0_with_ltxvideo"])
@pytest.mark.parametrize("core", [True, False])
def test_recorded_servers_would_run_it(shared, name, core):
    """The node tables of real servers accept the graph, from words and from a picture."""
    path = shared / "contract" / f"object_info_comfyui_{name}.json.gz"
    raw = json.loads(gzip.decompress(path.read_bytes()))
    if not core:
        raw = {key: value for key, value in raw.items() if not key.startswith("TextGenerate")}
    schema = NodeSchema(raw, lists_known=False)
    if writer_of(schema) is None:
        assert (name, core) == ("0.33.0", False)
        return
    for workflow_name in ("asmr-txt2vid.json", "asmr-img2vid.json"):
        graph, _ = text_graph(a_take(workflow_name), schema, PICTURE)
        assert check_graph(graph, schema) == []
