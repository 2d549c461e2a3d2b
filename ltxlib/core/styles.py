"""Style LoRAs: how a scene names them, and how any number of them goes into a graph with one place. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltxlib.core.row import Row
from ltxlib.core.schema import NodeSchema
from ltxlib.core.wiring import takers

# The bounds of LoraLoaderModelOnly's strength_model (ComfyUI 0.27 and 0.33, recorded).
LOW, HIGH = -100.0, 100.0
COLUMN = "style_loras"
_EXAMPLE = "Write it as in: rainy-glass.safetensors:0.8; film-grain.safetensors"


@dataclass(frozen=True)
class StyleLora:
    """One LoRA file, as a path with slashes below the server's models/loras, and how strongly it works."""

    name: str
    strength: float = 1.0

    def __str__(self) -> str:
        return self.name if self.strength == 1.0 else f"{self.name}:{self.strength:g}"


def cell_text(loras: Sequence[StyleLora]) -> str:
    """The LoRAs as a cell of scenes.csv holds them."""
    return "; ".join(str(lora) for lora in loras)


def read_cell(reader: Row) -> tuple[StyleLora, ...]:
    """The LoRAs that a row names, in the order in which they work; what is wrong is noted in the reader."""
    found: list[StyleLora] = []
    for part in re.split(r"[;\n]", reader.cells[COLUMN]):
        if not part.strip():
            continue
        lora = _read_one(reader, part.strip())
        if lora is None:
            continue
        if lora.name in (other.name for other in found):
            reader.problem(COLUMN, f"{lora.name} is there twice.", "Name it once, with one strength.")
            continue
        found.append(lora)
    return tuple(found)


def _read_one(reader: Row, text: str) -> StyleLora | None:
    name, colon, number = text.rpartition(":")
    if not colon:
        name, number = text, "1"
    name = name.strip().replace("\\", "/")
    try:
        strength = float(number.strip().replace(",", ".", 1))
    except ValueError:
        reader.problem(COLUMN, f"“{number.strip()}” in “{text}” is not a strength.", _EXAMPLE)
        return None
    if not LOW <= strength <= HIGH:
        reader.problem(
            COLUMN,
            f"The strength {number.strip()} of {name} is outside what is possible.",
            f"Write a number from {LOW:g} to {HIGH:g}; most LoRAs are made for 0.5 to 1.",
        )
        return None
    parts = name.split("/")
    if any(mark in name for mark in (":", "\x00", "\n")) or any(part in ("", ".", "..") for part in parts):
        reader.problem(
            COLUMN,
            f"“{name}” is not inside the server's folder models/loras.",
            f"Put the file there and write its name, or its sub-folder and name. {_EXAMPLE}.",
        )
        return None
    return StyleLora(name, strength)


def first_of(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, float]]]:
    """The values of a take with the first of its style_loras as style_lora, and the others.

    style_loras: pairs of name and strength. None of them is style_lora None, which bypasses the place.
    Without the key nothing is changed.
    """
    given = dict(values)
    if COLUMN not in given:
        return given, []
    loras = [(str(name), float(strength)) for name, strength in given.pop(COLUMN) or ()]
    given["style_lora"], given["style_strength"] = loras[0] if loras else (None, None)
    return given, loras[1:]


def chain(api: dict[str, Any], schema: NodeSchema, node_id: str, loras: Sequence[tuple[str, float]]) -> None:
    """Put more LoRAs behind the node that has the first, each in a node of its own with a fresh id.

    What the node gave to others they then take from the last of the chain. An output is taken to go on
    where the node has an input of the same type (MODEL, and CLIP for loaders of both).
    """
    fit_name(api[node_id], schema)
    last = node_id
    for number, (name, strength) in enumerate(loras, start=2):
        first, fresh = api[last], _fresh_id(api)
        through = _through(first, schema)
        for taker, wire in takers(api)[last]:
            slot = api[taker]["inputs"][wire][1]
            if slot in through:
                api[taker]["inputs"][wire] = [fresh, slot]
        inputs = {**first["inputs"], "lora_name": name}
        inputs |= {key: strength for key in ("strength_model", "strength") if key in inputs}
        inputs |= {wire: [last, slot] for slot, wire in through.items()}
        api[fresh] = {**first, "inputs": inputs, "_meta": {"title": f"Style {number}"}}
        fit_name(api[fresh], schema)
        last = fresh


def fit_name(node: Mapping[str, Any], schema: NodeSchema) -> None:
    """Write a LoRA's sub-folder as the server does: one on Windows lists its files with backslashes."""
    node_class = schema.get(node["class_type"])
    spec = node_class.by_name.get("lora_name") if node_class else None
    name = node["inputs"].get("lora_name")
    if spec is None or not isinstance(name, str) or name in (spec.choices or ()):
        return
    other = name.replace("/", "\\")
    if other in (spec.choices or ()):
        node["inputs"]["lora_name"] = other


def _through(node: Mapping[str, Any], schema: NodeSchema) -> dict[int, str]:
    """Which output of a node is which of its inputs, changed: output number to input name."""
    node_class = schema.node(node["class_type"])
    found = {}
    for slot, kind in enumerate(node_class.outputs):
        same = [name for name in node["inputs"] if _type(node_class, name) == kind]
        if same:
            found[slot] = same[0]
    return found


def _type(node_class: Any, name: str) -> str | None:
    spec = node_class.by_name.get(name)
    return spec.type if spec else None


def _fresh_id(api: Mapping[str, Any]) -> str:
    """An id that no node has: one more than the largest number in use, on its own or within a subgraph."""
    used = [int(part) for node_id in api for part in node_id.split(":") if part.isdecimal()]
    return str(max(used, default=0) + 1)
