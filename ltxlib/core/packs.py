"""Which node pack brings a node, and what ComfyUI's web client calls nodes that have no name of their own.

`packs.json` beside this module lists packs with the classes they declare; it is made to be extended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

# Node families a creator is likely to meet, for classes that came after the lists in packs.json.
_PACKS = (
    ("LTXV", "ComfyUI-LTXVideo"),
    ("LTXAV", "a newer ComfyUI"),
    ("LTX", "ComfyUI-LTXVideo"),
    ("GemmaAPI", "ComfyUI-LTXVideo"),
    ("STG", "ComfyUI-LTXVideo"),
    ("LowVRAM", "ComfyUI-LTXVideo"),
    ("VHS_", "ComfyUI-VideoHelperSuite"),
    ("CM_", "ComfyMath"),
    ("Impact", "ComfyUI-Impact-Pack"),
    ("RIFE ", "ComfyUI-Frame-Interpolation"),
    ("UnetLoaderGGUF", "ComfyUI-GGUF"),
    ("CLIPLoaderGGUF", "ComfyUI-GGUF"),
    ("SetNode", "ComfyUI-KJNodes"),
    ("GetNode", "ComfyUI-KJNodes"),
    ("INTConstant", "ComfyUI-KJNodes"),
    ("FloatConstant", "ComfyUI-KJNodes"),
    ("StringConstant", "ComfyUI-KJNodes"),
    ("ImageResizeKJ", "ComfyUI-KJNodes"),
    ("easy ", "ComfyUI-Easy-Use"),
)
_PACK_ENDINGS = (
    ("(rgthree)", "rgthree-comfy"),
    ("|pysssss", "ComfyUI-Custom-Scripts"),
    ("+", "ComfyUI_essentials"),
)

# Core nodes that came late, with the ComfyUI that has them and what they are for (recorded node tables:
# 0.33.0 has them, 0.27.0 has not).
_SINCE = {"LTXVDualCFGGuider": ("0.33", "LTX-2.5")}

# What the web client calls core nodes that the server sends without a display name.
CLIENT_TITLES = {
    "EmptyLTXVLatentVideo": "Empty LTXV Latent Video",
    "EmptyCosmosLatentVideo": "Empty Cosmos Latent Video",
    "EmptyHunyuanImageLatent": "Empty Hunyuan Image Latent",
    "EmptyLatentHunyuan3Dv2": "Empty Hunyuan 3D v2 Latent",
    "VAEDecodeHunyuan3D": "Hunyuan 3D VAE Decode",
    "StableCascade_EmptyLatentImage": "Empty Stable Cascade Latent Image",
    "StableCascade_StageC_VAEEncode": "Stable Cascade Stage C VAE Encode",
    "TextEncodeQwenImageEdit": "Text Encode Qwen Image Edit",
    "TextEncodeQwenImageEditPlus": "Text Encode Qwen Image Edit Plus",
    "Pixal3DConditioning": "Pixal3D Conditioning",
    "EmptyTrellis2LatentStructure": "Empty Trellis2 Latent Structure",
    "Trellis2Conditioning": "Trellis2 Conditioning",
    "Trellis2ShapeStage": "Trellis2 Shape Stage",
    "Trellis2TextureStage": "Trellis2 Texture Stage",
    "VaeDecodeShapeTrellis": "Trellis2 VAE Decode Shape",
    "VaeDecodeStructureTrellis2": "Trellis2 VAE Decode Structure",
    "VaeDecodeTextureTrellis": "Trellis2 VAE Decode Texture",
}


def update_for(class_type: str) -> str | None:
    """What to do where a server is too old for a core node; None for all other nodes."""
    if class_type not in _SINCE:
        return None
    version, family = _SINCE[class_type]
    return (
        f"This ComfyUI is too old for {family}: update it to {version} or newer, "
        f"or write a model of LTX-2 19B or LTX-2.3 in scenes.csv."
    )


def pack_of(class_type: str) -> str | None:
    """The node pack that brings a class the server does not have, where the kit knows it.

    None for ComfyUI's own nodes too.
    """
    listed = _listed()
    if class_type in listed["packs"]:
        return listed["packs"][class_type]
    if class_type in listed["core"] or class_type in listed["cloud"]:
        return None
    for ending, pack in _PACK_ENDINGS:
        if class_type.endswith(ending):
            return pack
    for beginning, pack in _PACKS:
        if class_type.startswith(beginning):
            return pack
    return None


def how_to_get(class_type: str) -> str:
    """What to do about a class that the server does not have, in a sentence."""
    update = update_for(class_type)
    if update:
        return update
    listed, pack = _listed(), pack_of(class_type)
    if class_type in listed["core"]:
        return (
            f"It is ComfyUI's own since {listed['version']} or before: update ComfyUI"
            " (in ComfyUI-Manager, or git pull in its folder) and restart it."
        )
    if class_type in listed["cloud"]:
        return (
            "It is one of ComfyUI's paid cloud nodes: take it out, or update ComfyUI and allow its API nodes."
        )
    if pack is None:
        return (
            "Install the node pack that brings it (ComfyUI-Manager finds it: Install Missing Custom Nodes),"
            " or take the node out."
        )
    if pack not in listed["repos"]:
        return f"Install {pack} on that ComfyUI (with ComfyUI-Manager) and restart it."
    return (
        f"Install {pack} on that ComfyUI (with ComfyUI-Manager, or clone"
        f" github.com/{listed['repos'][pack]} into its custom_nodes folder) and restart it."
    )


@lru_cache(maxsize=1)
def _listed() -> Mapping[str, Any]:
    """packs.json turned round: class to pack, the classes of ComfyUI itself, pack to repository."""
    text = resources.files("ltxlib.core").joinpath("packs.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return MappingProxyType(
        {
            "packs": {name: pack["name"] for pack in data["packs"] for name in pack["classes"]},
            "repos": {pack["name"]: pack["repo"] for pack in data["packs"]},
            "core": frozenset(data["core"]["classes"]),
            "cloud": frozenset(data["cloud"]["classes"]),
            "version": data["core"]["version"],
        }
    )
