"""Which node pack brings a node, and what ComfyUI's web client calls nodes that have no name of their own."""

from __future__ import annotations

# Node families a creator is likely to meet, and what to install when the server lacks them.
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


def pack_of(class_type: str) -> str | None:
    """The node pack that brings a class the server does not have, where the kit knows it."""
    for ending, pack in _PACK_ENDINGS:
        if class_type.endswith(ending):
            return pack
    for beginning, pack in _PACKS:
        if class_type.startswith(beginning):
            return pack
    return None
