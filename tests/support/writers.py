"""Node tables of servers that can, or cannot, write text."""

from __future__ import annotations

import copy
from typing import Any

from ltxlib.rehearsal.catalogue import shipped_table

# As ComfyUI-LTXVideo of June 2026 declares it (recorded), its own instructions left out.
ENHANCER: dict[str, Any] = {
    "input": {
        "required": {
            "clip": ["CLIP"],
            "prompt": ["STRING", {"multiline": True, "default": ""}],
            "system_prompt": ["STRING", {"multiline": True, "default": ""}],
            "max_tokens": ["INT", {"default": 512, "min": 32, "max": 1024, "step": 16}],
            "bypass_i2v": ["BOOLEAN", {"default": False}],
        },
        "optional": {
            "image": ["IMAGE"],
            "seed": ["INT", {"default": 42, "min": 0, "max": 4294967295}],
        },
    },
    "input_order": {
        "required": ["clip", "prompt", "system_prompt", "max_tokens", "bypass_i2v"],
        "optional": ["image", "seed"],
    },
    "is_input_list": False,
    "output": ["STRING"],
    "output_is_list": [False],
    "output_name": ["enhanced_prompt"],
    "name": "LTXVGemmaEnhancePrompt",
    "display_name": "Gemma 3 Prompt Enhancer",
    "output_node": True,
}


def table(*, newer: bool = False) -> dict[str, Any]:
    """The rehearsal's own table; newer: TextGenerate with the inputs that came after ComfyUI 0.33."""
    found = copy.deepcopy(shipped_table())
    if newer:
        optional = found["TextGenerate"]["input"]["optional"]
        del optional["image"]
        template = {"input": {"required": {"image": ["IMAGE", {}]}}, "prefix": "image_", "min": 0, "max": 9}
        optional["images"] = ["COMFY_AUTOGROW_V3", {"template": template}]
        optional["system_prompt"] = ["STRING", {"forceInput": True}]
        found["TextGenerate"]["input_order"]["optional"] = list(optional)
    return found


def without(*names: str) -> dict[str, Any]:
    """The rehearsal's table without some classes."""
    return {name: node for name, node in table().items() if name not in names}


def with_pack(raw: dict[str, Any]) -> dict[str, Any]:
    """A table with LTXVideo's enhancer added."""
    return {**raw, "LTXVGemmaEnhancePrompt": copy.deepcopy(ENHANCER)}
