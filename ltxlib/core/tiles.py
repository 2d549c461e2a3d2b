"""Decoding a film tile by tile, or in smaller tiles than before, so that less of it is in memory at once."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ltxlib.core.schema import NodeSchema
from ltxlib.core.wiring import is_link

_WHOLE, _TILED = "VAEDecode", "VAEDecodeTiled"
# A decoder of whole films counts as one with tiles of ComfyUI's own size (0.33.0, nodes.py).
_USUAL = {"tile_size": 512, "overlap": 64, "temporal_size": 128, "temporal_overlap": 16}
# Below these, seams begin to show; sides in pixels, times in frames.
_LEAST_PX, _MOST_PX = 128, 256
_LEAST_FRAMES, _MOST_FRAMES = 16, 64
_STEP_PX, _STEP_FRAMES = 32, 4


def tile(api: Mapping[str, Any], schema: NodeSchema) -> dict[str, Any]:
    """A flattened graph whose pictures are decoded in small tiles; an equal one where nothing can be done.

    Works by what nodes do, so on anybody's graph: a decoder of whole films becomes a tiled one, a tiled one
    gets smaller tiles. Settings that come along a wire stay. The given graph is left as it is.
    """
    tiled = schema.get(_TILED)
    graph = deepcopy(dict(api))
    if tiled is None:
        return graph
    for node in graph.values():
        inputs = node["inputs"]
        if node["class_type"] == _WHOLE:
            node["class_type"] = _TILED
            values = _smaller(_USUAL)
        elif node["class_type"] == _TILED:
            now = {name: inputs[name] for name in _USUAL if _is_number(inputs.get(name), graph)}
            smaller = _smaller({**_USUAL, **now})
            values = {name: min(smaller[name], round(now[name])) for name in now}
        else:
            continue
        inputs |= {name: value for name, value in values.items() if name in tiled.by_name}
    return graph


def _is_number(value: Any, api: Mapping[str, Any]) -> bool:
    return not is_link(value, api) and isinstance(value, (int, float)) and not isinstance(value, bool)


def _smaller(now: Mapping[str, float]) -> dict[str, int]:
    """Half the tile, within what makes sense; overlaps stay a quarter of it at most, or ComfyUI cuts them."""
    side = max(_LEAST_PX, min(_MOST_PX, int(now["tile_size"]) // 2 // _STEP_PX * _STEP_PX))
    half = int(now["temporal_size"]) // 2 // _STEP_FRAMES * _STEP_FRAMES
    frames = max(_LEAST_FRAMES, min(_MOST_FRAMES, half))
    return {
        "tile_size": side,
        "overlap": min(int(now["overlap"]), side // 4 // _STEP_PX * _STEP_PX),
        "temporal_size": frames,
        "temporal_overlap": min(max(int(now["temporal_overlap"]), 16), frames // 4),
    }
