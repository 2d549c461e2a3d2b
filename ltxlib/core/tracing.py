"""Where the values of a flattened graph really come from: which text is the prompt, which number a width.

Wires are followed back through nodes that only pass on, switch, rewrite or calculate. Works without knowing
every class, going by the names of inputs where the node table says nothing.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ltxlib.core.file_format import title_of
from ltxlib.core.schema import MATCH_TYPE, NodeSchema
from ltxlib.core.wiring import is_link, takers

_TEXTS = ("text", "prompt", "positive_prompt", "negative_prompt", "string", "value")
_ANY = frozenset({"*", MATCH_TYPE})
# Inputs by which a picture goes through a node that may change it, but not its place in the film.
_PICTURES = ("image", "images", "input", "pixels")


@dataclass(frozen=True)
class Place:
    """One value of one node: the node's number in the graph and the input's name."""

    node: str
    input: str


@dataclass
class Number:
    """A number that comes by wire: what it is now (None if that cannot be told), and all it is made of."""

    value: float | None
    places: set[Place] = field(default_factory=set)


@dataclass
class Texts:
    """The texts that one text is made of, and the nodes that rewrite them on the way."""

    places: list[Place] = field(default_factory=list)
    rewriters: list[str] = field(default_factory=list)
    unclear: bool = False


class Tracer:
    """Follows wires of one graph backwards."""

    def __init__(self, api: Mapping[str, Any], schema: NodeSchema) -> None:
        self.api = api
        self.schema = schema
        self.takers = takers(api)

    def inputs(self, node_id: str) -> Mapping[str, Any]:
        """What a node holds and takes."""
        return self.api[node_id]["inputs"]

    def kind(self, node_id: str) -> str:
        """A node's class."""
        return str(self.api[node_id]["class_type"])

    def wired(self, node_id: str) -> Iterator[tuple[str, str, int]]:
        """The wires into a node: input, the node it comes from, and that node's output."""
        for name, value in self.inputs(node_id).items():
            if is_link(value, self.api):
                yield name, value[0], value[1]

    def input_type(self, node_id: str, name: str) -> str:
        """The type of an input as the node table has it; empty when it has none."""
        known = self.schema.get(self.kind(node_id))
        spec = known.by_name.get(name) if known else None
        return spec.type if spec else ""

    def named(self, node_id: str) -> str:
        """A node as a person finds it, in the middle of a sentence."""
        title = title_of({"title": self.api[node_id]["_meta"]["title"]})
        return f'the node "{title}" (#{node_id})'

    def output_type(self, node_id: str, slot: int) -> str:
        """The type of an output as the node table has it; empty when it has none."""
        known = self.schema.get(self.kind(node_id))
        return known.outputs[slot] if known and slot < len(known.outputs) else ""

    def gives(self, node_id: str, kind: str) -> bool:
        """Whether a node has an output of a type."""
        known = self.schema.get(self.kind(node_id))
        return bool(known and kind in known.outputs)

    # --- words ----------------------------------------------------------------------------------------------

    def encoders(self, node_id: str, slot: int, side: str, seen: set[tuple[str, int]]) -> Iterator[str]:
        """The nodes that turn text into the conditioning at an output. side: positive or negative.

        Nodes between that take both sides give each on by the output of its name.
        """
        if (node_id, slot) in seen:
            return
        seen.add((node_id, slot))
        inputs = self.inputs(node_id)
        if "clip" in inputs and any(name in inputs for name in _TEXTS):
            yield node_id
            return
        if self.kind(node_id) == "ConditioningZeroOut" and side == "negative":
            return
        if "positive" in inputs and "negative" in inputs:
            known = self.schema.get(self.kind(node_id))
            named = known.output_names[slot].lower() if known and slot < len(known.output_names) else ""
            wanted = "negative" if "negative" in named or (not known and slot == 1) else "positive"
            if is_link(inputs[wanted], self.api):
                yield from self.encoders(*inputs[wanted], side, seen)
            return
        for name, origin, origin_slot in self.wired(node_id):
            kind = self.input_type(node_id, name)
            if kind == "CONDITIONING" or kind in _ANY or (not kind and "cond" in name):
                yield from self.encoders(origin, origin_slot, side, seen)

    def texts(self, node_id: str) -> Texts:
        """The texts that a text node's words are made of."""
        found = Texts()
        self._texts(node_id, found, set())
        found.places = list(dict.fromkeys(found.places))
        return found

    def _texts(self, node_id: str, found: Texts, seen: set[str]) -> None:
        if node_id in seen:
            return
        seen.add(node_id)
        inputs = self.inputs(node_id)
        name = next((name for name in _TEXTS if name in inputs), None)
        if name is not None and not is_link(inputs[name], self.api):
            found.places.append(Place(node_id, name))
            return
        if name is not None:
            if "max_length" in inputs or "TextGenerate" in self.kind(node_id):
                found.rewriters.append(node_id)
            self._texts(inputs[name][0], found, seen)
            return
        ways = [
            origin
            for name, origin, slot in self.wired(node_id)
            if self.output_type(origin, slot) in ("STRING", "", *_ANY)
            and self.input_type(node_id, name) in ("STRING", "", "COMBO", *_ANY)
        ]
        if not ways:
            found.unclear = True
        for origin in ways:
            self._texts(origin, found, seen)

    # --- numbers --------------------------------------------------------------------------------------------

    def number(self, node_id: str, name: str) -> Number:
        """The number at an input: what it is, and where it is written."""
        return self._input(node_id, name, frozenset())

    def _input(self, node_id: str, name: str, seen: frozenset[tuple[str, int]]) -> Number:
        given = self.inputs(node_id).get(name)
        if is_link(given, self.api):
            return self._output(given[0], given[1], seen)
        plain = isinstance(given, (int, float)) and not isinstance(given, bool)
        return Number(float(given), {Place(node_id, name)}) if plain else Number(None)

    def _output(self, node_id: str, slot: int, seen: frozenset[tuple[str, int]]) -> Number:
        if (node_id, slot) in seen or len(seen) > 200:
            return Number(None)
        seen |= {(node_id, slot)}
        kind, inputs = self.kind(node_id), self.inputs(node_id)
        if kind == "GetImageSize":
            return self._size(node_id, slot, seen)
        if kind == "ComfyMathExpression":
            return self._calculated(node_id, seen)
        for name in ("value", "seed", "noise_seed"):
            if name in inputs:
                return self._input(node_id, name, seen)
        parts = [self._output(origin, other, seen) for _, origin, other in self.wired(node_id)]
        return Number(None, {place for part in parts for place in part.places})

    def _calculated(self, node_id: str, seen: frozenset[tuple[str, int]]) -> Number:
        inputs = self.inputs(node_id)
        parts = {
            name.rpartition(".")[2]: self._input(node_id, name, seen)
            for name in inputs
            if name.startswith("values.")
        }
        known = {name: part.value for name, part in parts.items() if part.value is not None}
        value = calculate(str(inputs.get("expression")), known)
        return Number(value, {place for part in parts.values() for place in part.places})

    def _size(self, node_id: str, slot: int, seen: frozenset[tuple[str, int]]) -> Number:
        """Width (slot 0), height (1) or count (2) of the pictures that a node takes."""
        for name in _PICTURES:
            given = self.inputs(node_id).get(name)
            if is_link(given, self.api):
                return self._picture(given[0], slot, seen)
        return Number(None)

    def _picture(self, node_id: str, slot: int, seen: frozenset[tuple[str, int]]) -> Number:
        if (node_id, -1 - slot) in seen or len(seen) > 200:
            return Number(None)
        seen |= {(node_id, -1 - slot)}
        inputs, side = self.inputs(node_id), ("width", "height", "")[slot]
        written = {
            0: ("width", "resize_type.width"),
            1: ("height", "resize_type.height"),
            2: ("batch_size", "length"),
        }[slot]
        for name in written:
            if name in inputs:
                return self._input(node_id, name, seen)
        before = self._size(node_id, slot, seen)
        if side and "scale_by" in inputs:
            scale = self._input(node_id, "scale_by", seen).value
            both = before.value is not None and scale is not None
            return Number(before.value * scale if both else None, before.places)
        if side and any(name.startswith("resize_type") for name in inputs):
            return Number(None, before.places)
        return before

    # --- pictures -------------------------------------------------------------------------------------------

    def holders(self, node_id: str) -> list[str]:
        """The nodes that put a loaded picture into the film: the first on each way that give a latent."""
        found, waiting, seen = [], [node_id], {node_id}
        while waiting:
            for taker, name in self.takers[waiting.pop()]:
                given = self.inputs(taker)[name]
                if taker in seen or self.output_type(given[0], given[1]) == "MASK":
                    continue
                seen.add(taker)
                passes = self.gives(taker, "IMAGE") or self.gives(taker, MATCH_TYPE)
                if self.gives(taker, "LATENT"):
                    found.append(taker)
                elif passes or not self.schema.get(self.kind(taker)):
                    waiting.append(taker)
        return found


_STEPS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_CALLS: dict[str, Callable[..., float]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "int": int,
    "min": min,
    "max": max,
}


def calculate(expression: str, values: Mapping[str, float]) -> float | None:
    """What an expression such as "a / 2" comes to; None for what is not plain arithmetic of known values."""
    try:
        tree = ast.parse(expression[:500].strip(), mode="eval").body
        return float(_worth(tree, values))
    except (SyntaxError, ValueError, ArithmeticError, TypeError, LookupError, RecursionError, MemoryError):
        return None


def _worth(tree: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float)):
        return tree.value
    if isinstance(tree, ast.Name):
        return values[tree.id]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return -_worth(tree.operand, values)
    if isinstance(tree, ast.BinOp):
        return _STEPS[type(tree.op)](_worth(tree.left, values), _worth(tree.right, values))
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        return _CALLS[tree.func.id](*(_worth(part, values) for part in tree.args))
    raise ValueError("not plain arithmetic")


def in_order(places: Iterable[Place], api: Mapping[str, Any]) -> list[Place]:
    """Places in the order of the graph's nodes, each once."""
    order = {node_id: position for position, node_id in enumerate(api)}
    return sorted(set(places), key=lambda place: (order[place.node], place.input))
