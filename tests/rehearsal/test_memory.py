"""A rehearsal on a card that is too small: what fails there, and what heals it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import RenderFailed
from ltxlib.rehearsal.faults import Fault
from tests.support.rehearsal import Client
from tests.support.rehearsal_graphs import node, small_graph

SMALL = 64 * 64 * 9
TILES = {"tile_size": 64, "overlap": 0, "temporal_size": 8, "temporal_overlap": 4}


def graph(seed: int = 1, width: int = 64, frames: int = 9, **tiles: int) -> dict[str, Any]:
    made = small_graph(seed=seed)
    made["vlat"]["inputs"] |= {"width": width, "length": frames}
    if tiles:
        made["dec"] = node("VAEDecodeTiled", samples=["sep", 0], vae=["ckpt", 2], **tiles)
    return made


def test_what_is_too_large_runs_out_of_memory_every_time(client: Client) -> None:
    """Larger or longer clips fail in their sampler, as torch fails; those that fit are made, in any order."""
    client.server.faults.add("oom", above_px_frames=SMALL)
    for seed in (1, 2):
        error = client.fail(graph(seed, width=96))
        assert error["exception_type"] == "torch.OutOfMemoryError"
        assert error["node_type"] == "SamplerCustomAdvanced"
        assert "out of memory" in error["exception_message"]
        assert client.run(graph(seed))["status"]["status_str"] == "success"
    assert client.fail(graph(3, frames=17))["exception_type"] == "torch.OutOfMemoryError"
    assert [one["above_px_frames"] for one in client.get("/rehearsal/faults").json()] == [SMALL]
    client.server.faults.clear()
    assert client.run(graph(4, width=96))["status"]["status_str"] == "success"


def test_small_tiles_fit_where_the_whole_film_does_not(client: Client) -> None:
    """A card too small for decoding takes the film tile by tile; larger tiles are as bad as none."""
    client.server.faults.add("oom", above_px_frames=64 * 64 * 8, at="decoding")
    assert client.fail(graph(width=96))["node_type"] == "VAEDecode"
    assert client.fail(graph(width=96, **{**TILES, "tile_size": 128}))["node_type"] == "VAEDecodeTiled"
    assert client.run(graph(width=96, **TILES))["status"]["status_str"] == "success"


def test_freeing_memory_heals_what_was_full(client: Client) -> None:
    """Ordered until memory is freed: all fails before, all is well after."""
    client.server.faults.add("oom", until_free=True)
    comfy = ComfyClient(client.url)
    for _ in range(2):
        prompt_id = comfy.submit(graph())
        while (state := comfy.status(prompt_id)).kind in ("pending", "running"):
            threading.Event().wait(0.01)
        assert isinstance(state.error, RenderFailed)
        assert state.error.out_of_memory
    comfy.free()
    assert client.run(graph())["status"]["status_str"] == "success"
    assert client.get("/rehearsal/faults").json() == []


def test_other_faults_still_strike_their_takes(client: Client) -> None:
    """A small card stands beside faults of single takes and uses none of them up."""
    client.server.faults.add("oom", above_px_frames=SMALL)
    client.server.faults.add("no_outputs", take=2)
    assert client.run(graph(1))["outputs"] != {}
    assert client.run(graph(2))["outputs"] == {}
    assert [one["kind"] for one in client.get("/rehearsal/faults").json()] == ["oom"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "silent", "above_px_frames": 9},
        {"kind": "die", "until_free": True},
        {"kind": "oom", "above_px_frames": -1},
        {"kind": "oom", "above_px_frames": "large"},
        {"kind": "oom", "above_px_frames": 9, "at": "loading"},
        {"kind": "oom", "until_free": "false"},
    ],
)
def test_what_is_no_small_card_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    """A size is for oom alone and no less than nothing, a place is one of two, a flag is true or false."""
    with pytest.raises(ValueError, match=r"above_px_frames|neither true nor false"):
        Fault.from_json(wrong)
    assert client.post("/rehearsal/faults", wrong).status_code == 400
    assert client.get("/rehearsal/faults").json() == []
