"""A graph follows what the server declares, on older and newer ComfyUI alike."""

from __future__ import annotations

import copy
import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.check import check_graph
from ltxlib.core.drift import follow
from ltxlib.core.flatten import flatten
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.specials import needs_pack

OLD, NEW = "0.27.0_with_ltxvideo", "0.33.0"
OLD_WAY = {"format": "auto", "codec": "auto"}
NEW_WAY = {"format": "auto", "format.codec": "auto"}
WEBM = {"format": "webm", "format.codec": "av1"}


@lru_cache
def server(shared: Path, version: str) -> NodeSchema:
    """The node table recorded from a real ComfyUI; which model files lay there does not matter here."""
    path = shared / "contract" / f"object_info_comfyui_{version}.json.gz"
    return NodeSchema(json.loads(gzip.decompress(path.read_bytes())), lists_known=False)


def table(**classes: dict[str, Any]) -> NodeSchema:
    """A server with these classes beside the shipped ones."""
    merged = {name: copy.deepcopy(dict(shipped()._raw[name])) for name in shipped().names()}
    return NodeSchema(merged | classes, lists_known=False)


def graph(**more: Any) -> dict[str, Any]:
    """A node that saves, as it stands in a graph."""
    return {
        "save": {"class_type": "SaveVideo", "inputs": {"video": ["v", 0], "filename_prefix": "x", **more}}
    }


def servers_of(name: str) -> list[str]:
    """The servers that can run it: the newer has what LTX-2.5 needs, the older has ComfyUI-LTXVideo."""
    if needs_pack(name):
        return [OLD]
    return [NEW] if "-2.5" in name else [OLD, NEW]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "written_by", "version"),
    [
        (name, written_by, version)
        for name in recipes.shipped()
        for written_by in servers_of(name)
        for version in servers_of(name)
    ],
)
def test_every_recipe_fits_both_servers(shared: Path, name: str, written_by: str, version: str) -> None:
    """Saved, or exported by one version and run on the other: nothing is left that a server would refuse."""
    ui = workflow.load(recipes.shipped()[name], name)
    exported = flatten(ui, server(shared, written_by))
    for file in (ui, exported):
        api = roles.prepare(file, server(shared, version), {"seed": 4, "fps": 24, "frames": 49})
        assert [str(problem) for problem in check_graph(api, server(shared, version))] == []


@pytest.mark.shared
def test_how_a_video_is_packed_is_put_as_the_server_wants_it(shared: Path) -> None:
    """SaveVideo's format and codec: one list each on the older server, one within the other on the newer."""
    full = {"format": "mp4", "format.codec": "h264", "codec": "auto"}
    for given, old, new in (
        ({}, OLD_WAY, NEW_WAY),
        (full, {"format": "mp4", "codec": "auto"}, full),
        (WEBM, OLD_WAY, WEBM),
        ({"format": "gif", "codec": "x"}, OLD_WAY, NEW_WAY),
    ):  # fmt: skip
        for version, wanted in ((OLD, old), (NEW, new)):
            api = graph(**given)
            follow(api, server(shared, version))
            settings = {
                k: v for k, v in api["save"]["inputs"].items() if k not in ("video", "filename_prefix")
            }
            assert settings == wanted, (given, version)


def test_a_depth_of_colour_of_another_kind_gives_way() -> None:
    """CreateVideo's bit_depth is a number here and a word there; what does not fit is left to the server."""
    video = {"class_type": "CreateVideo", "inputs": {"images": ["i", 0], "fps": 24, "bit_depth": "auto"}}
    follow({"v": video}, shipped())
    assert video["inputs"] == {"images": ["i", 0], "fps": 24}
    video["inputs"]["bit_depth"] = 10
    follow({"v": video}, shipped())
    assert video["inputs"]["bit_depth"] == 10
    words = {
        "input": {
            "required": {
                "images": ["IMAGE", {}],
                "fps": ["FLOAT", {"default": 30.0}],
                "bit_depth": ["COMBO", {"options": ["auto", "8", "10"], "default": "auto"}],
            }
        },
        "output": ["VIDEO"],
    }
    follow({"v": video}, table(CreateVideo=words))
    assert video["inputs"]["bit_depth"] == "auto"


def test_what_a_server_requires_gets_its_default() -> None:
    """What a newer node asks for is put as the server would have it; wires and files are not guessed."""
    film = {
        "input": {
            "required": {
                "width": ["INT", {"default": 768}],
                "tiling": ["BOOLEAN", {"default": True}],
                "way": ["COMBO", {"options": ["slow", "fast"]}],
                "vae_name": ["COMBO", {"options": ["a.safetensors"]}],
                "vae": ["VAE", {}],
            },
            "optional": {"seam": ["INT", {"default": 3}]},
        },
        "output": ["LATENT"],
    }
    node = {"class_type": "Film", "inputs": {"width": 64}}
    follow({"f": node}, table(Film=film))
    assert node["inputs"] == {"width": 64, "tiling": True, "way": "slow"}


def test_what_the_client_keeps_for_itself_is_dropped() -> None:
    """Buttons that older clients saved are taken out; unknown classes are left for the check."""
    nodes = {
        "i": {"class_type": "LoadImage", "inputs": {"image": "a.png", "upload": "image"}},
        "n": {"class_type": "NobodysNode", "inputs": {"upload": "image"}},
    }
    follow(nodes, shipped())
    assert nodes["i"]["inputs"] == {"image": "a.png"}
    assert nodes["n"]["inputs"] == {"upload": "image"}


def test_an_input_that_no_server_knows_is_told() -> None:
    """A value that is passed over is a warning; a wire that is changes the film and is an error."""
    api = flatten(workflow.load(recipes.shipped()["asmr-txt2vid.json"], "x"), shipped())
    key = next(key for key, node in api.items() if node["class_type"] == "CFGGuider")
    api[key]["inputs"] |= {"sharpness": 3, "mask": [key, 0]}
    follow(api, shipped())
    value, wire = check_graph({**api, key: {**api[key], "inputs": dict(api[key]["inputs"])}}, shipped())[:2]
    assert 'has a value at "sharpness", which this ComfyUI does not know' in value.what
    assert value.warning
    assert 'has a wire at "mask"' in wire.what
    assert not wire.warning
