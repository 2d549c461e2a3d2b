"""The pack's nodes in the rehearsal refuse what the real ones refuse."""

import pytest

from ltxlib.rehearsal.nodes_pack import stretches
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.rehearsal import Client, made
from tests.support.rehearsal_graphs import node, small_graph


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """A rehearsal that has ComfyUI-LTXVideo."""
    folder = tmp_path_factory.mktemp("pack")
    settings = RehearsalSettings(packs=frozenset({"ltxvideo"}))
    with RehearsalServer(folder / "output", folder / "input", settings=settings) as server:
        yield Client(server)


def graph_of(**nodes):
    """The small graph with its picture going by way of other nodes; `film` is decoded."""
    graph = {**small_graph(), **nodes}
    graph["dec"]["inputs"]["samples"] = ["film", 0]
    return graph


def sampler(kind, latents, guider="guider", **more):
    """One of the pack's samplers on the small graph."""
    wires = {"model": ["ckpt", 0], "vae": ["ckpt", 2], "noise": ["noise", 0], "sampler": ["samp", 0]}
    return node(kind, **wires, sigmas=["sig", 0], guider=[guider, 0], latents=latents, **more)


TILES = {"horizontal_tiles": 2, "vertical_tiles": 2, "overlap": 1, "latents_cond_strength": 0.15}
TILES |= {"boost_latent_similarity": False, "crop": "disabled"}
LOOP = {"temporal_tile_size": 80, "temporal_overlap": 24, "guiding_strength": 1.0, "cond_image_strength": 1.0}
LOOP |= {
    "temporal_overlap_cond_strength": 0.5,
    "horizontal_tiles": 1,
    "vertical_tiles": 1,
    "spatial_overlap": 1,
}


def test_a_tiled_sampler_wants_a_guider_that_keeps_its_conditionings(stocked):
    """As in the pack: a plain CFGGuider is refused by name of the one that would do."""
    failed = stocked.fail(graph_of(film=sampler("LTXVTiledSampler", ["vlat", 0], **TILES)))
    assert "Please use STGGuiderAdvanced" in failed["exception_message"]


@pytest.mark.parametrize(("kind", "values"), [("LTXVTiledSampler", TILES), ("LTXVLoopingSampler", LOOP)])
def test_picture_samplers_take_no_sound(stocked, kind, values):
    """Picture and sound together are refused."""
    failed = stocked.fail(graph_of(film=sampler(kind, ["cat", 0], **values)))
    assert "only video latents" in failed["exception_message"]


def test_stg_wants_a_layer_to_leave_out(stocked):
    """STGGuider trips over a model that LTXVApplySTG did not prepare."""
    wires = {"model": ["ckpt", 0], "positive": ["cond", 0], "negative": ["cond", 1]}
    guider = node("STGGuider", **wires, cfg=1.0, stg=1.0, rescale=0.7)
    graph = {**small_graph(), "guider": guider}
    assert "skip_block_list" in stocked.fail(graph)["exception_message"]
    apply = node("LTXVApplySTG", model=["ckpt", 0], block_indices="14, x")
    graph |= {"apply": apply}
    guider["inputs"]["model"] = ["apply", 0]
    assert stocked.fail(graph)["exception_type"] == "ValueError"
    apply["inputs"]["block_indices"] = "29"
    assert made(stocked, graph).frames == 9


def test_latents_that_do_not_fit_over_each_other_fail(stocked):
    """A longer overlap than there are steps, or the wrong axis, fails as a wrong tensor would."""
    latents = {"samples1": ["vlat", 0], "samples2": ["vlat", 0]}
    for more in ({"overlap": 3, "axis": 2}, {"overlap": 1, "axis": 0}):
        film = node("LTXVLinearOverlapLatentTransition", **latents, **more)
        assert stocked.fail(graph_of(film=film))["exception_type"] == "RuntimeError"


def test_without_the_pack_its_nodes_are_unknown(tmp_path):
    """The default rehearsal has core nodes only."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as server:
        client = Client(server)
        assert "LTXVTiledSampler" not in client.get("/object_info").json()
        graph = graph_of(film=sampler("LTXVTiledSampler", ["vlat", 0], **TILES))
        answer = client.post("/prompt", {"prompt": graph})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "missing_node_type")


@pytest.mark.parametrize(("steps", "count"), [(2, 1), (10, 1), (11, 2), (17, 2), (18, 3), (61, 9)])
def test_stretches_are_counted_as_the_pack_does(steps, count):
    """Ten steps at a time, three of them shown again: 10, 17, 24 ... steps."""
    assert stretches(steps, 10, 3) == count
