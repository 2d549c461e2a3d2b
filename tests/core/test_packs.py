"""What a server lacks is told with where to get it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ltxlib.core import catalog, missing
from ltxlib.core.check import check_classes
from ltxlib.core.packs import how_to_get, pack_of
from ltxlib.core.schema import NodeSchema, shipped
from tests.support.hard_workflows import node
from tests.support.hard_workflows import workflow as file_of


@pytest.mark.parametrize(
    ("class_type", "pack", "says"),
    [
        ("LTXVLoopingSampler", "ComfyUI-LTXVideo", "github.com/Lightricks/ComfyUI-LTXVideo"),
        ("CM_IntToFloat", "ComfyMath", "github.com/evanspearman/ComfyMath"),
        ("ImageResizeKJv2", "ComfyUI-KJNodes", "github.com/kijai/ComfyUI-KJNodes"),
        ("GetNode", "ComfyUI-KJNodes", "ComfyUI-Manager"),
        ("VHS_VideoCombine", "ComfyUI-VideoHelperSuite", "github.com/Kosinkadink/ComfyUI-VideoHelperSuite"),
        ("RIFE VFI", "ComfyUI-Frame-Interpolation", "custom_nodes"),
        ("UnetLoaderGGUF", "ComfyUI-GGUF", "github.com/city96/ComfyUI-GGUF"),
        ("LTXVNotYetWritten", "ComfyUI-LTXVideo", "github.com/Lightricks"),
        ("Seed (rgthree)", "rgthree-comfy", "Install rgthree-comfy on that ComfyUI (with ComfyUI-Manager)"),
        ("LTXVDualCFGGuider", None, "This ComfyUI is too old for LTX-2.5: update it to 0.33"),
        ("LTXVConcatAVLatent", None, "ComfyUI's own since 0.33.0 or before: update ComfyUI"),
        ("LtxApi25TextToVideo", None, "paid cloud nodes"),
        ("NobodysNode", None, "Install Missing Custom Nodes"),
    ],
)
def test_where_a_class_comes_from(class_type: str, pack: str | None, says: str) -> None:
    """Packs are known by the classes they declare, then by their names; core nodes need an update."""
    assert pack_of(class_type) == pack
    assert says in how_to_get(class_type)
    assert how_to_get(class_type).endswith(".")


@pytest.mark.shared
def test_the_lists_are_those_of_a_real_server(shared: Path) -> None:
    """Every class that the recorded ComfyUI had of the two packs is theirs; every other needs no pack."""
    path = shared / "contract" / "object_info_comfyui_0.27.0_with_ltxvideo.json.gz"
    for name, raw in json.loads(gzip.decompress(path.read_bytes())).items():
        module = raw["python_module"].removeprefix("custom_nodes.")
        if module in ("ComfyUI-LTXVideo", "ComfyMath"):
            assert pack_of(name) == module
        elif "custom_nodes" not in raw["python_module"]:
            assert pack_of(name) is None, name


def test_every_kind_that_is_missing_is_told_once() -> None:
    """Two nodes of one kind are one problem, named by the first; switched off ones are none."""
    nodes = [
        node(1, "VHS_LoadVideo", title="Guide"),
        node(2, "VHS_LoadVideo", title="Second"),
        node(3, "LTXVPromptEnhancer", title="Long"),
        node(4, "NobodysNode", title="Off", mode=4),
        node(5, "RandomNoise"),
    ]
    problems = check_classes(file_of(nodes, []), shipped())
    assert [problem.where for problem in problems] == ['The node "Guide" (#1)', 'The node "Long" (#3)']
    api = {"3": {"class_type": "LTXVPromptEnhancer", "inputs": {}}}
    (problem,) = check_classes(api, NodeSchema({}))
    assert "needs LTXVPromptEnhancer, which this ComfyUI does not have" in problem.what


def test_a_missing_model_is_told_with_its_size_and_source() -> None:
    """The catalog knows where a file comes from, how large it is, and whether it is gated."""
    file = catalog.MODELS["ltx-2-19b-distilled"].checkpoint
    what, cure = missing.told("ckpt_name", file.name, ["other.safetensors"])
    assert file.name in what
    assert f"models/{file.folder} on the server ({file.size_bytes / 1e9:.1f} GB, " in cure
    assert f"of {file.hf_repo} on Hugging Face" in cure
    assert "other.safetensors" in cure
    gated = next((one for one in catalog.shipped().files.values() if one.gated), None)
    assert gated is not None
    assert "agreed to its terms" in missing.told("unet_name", gated.name, [])[1]


def test_a_model_that_lies_elsewhere_or_has_a_like_name_is_told() -> None:
    """The same file in another folder is named; else the likest names that are there."""
    there = ["ltx/ltx-2-19b-distilled.safetensors", "sd15.safetensors"]
    assert missing.told("ckpt_name", "ltx-2-19b-distilled.safetensors", there)[1] == (
        "It is there as ltx/ltx-2-19b-distilled.safetensors: choose that."
    )
    assert (
        missing.told("ckpt_name", "old\\sd15.safetensors", there)[1]
        == "It is there as sd15.safetensors: choose that."
    )
    cure = missing.told("lora_name", "my-rain-v2.safetensors", ["a.safetensors", "my-rain-v1.safetensors"])[1]
    assert (
        cure == "Put it into models/loras on the server, or choose one that is there: my-rain-v1.safetensors."
    )
    assert "its folder on the server" in missing.told("face_model", "x.onnx", [])[1]
    assert missing.told("way", "fast", ["slow", "slower"])[1] == "Choose one of: slow, slower."
