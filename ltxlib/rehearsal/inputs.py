"""A node's inputs as its schema lists them, its dynamic lists opened by what was chosen in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
MATCH_TYPE = "COMFY_MATCHTYPE_V3"


class Input(NamedTuple):
    """One input: its name in the prompt, whether it must be there, and its schema entry."""

    name: str
    required: bool
    spec: Any

    @property
    def type(self) -> Any:
        """A type name, or the list of choices of an old-style list input."""
        return self.spec[0]

    @property
    def options(self) -> Mapping[str, Any]:
        """Range, default and the like."""
        return self.spec[1] if len(self.spec) > 1 and isinstance(self.spec[1], Mapping) else {}

    @property
    def config(self) -> list[Any]:
        """Type and options, as error bodies show them."""
        return [self.type, self.options]

    @property
    def choices(self) -> list[Any] | None:
        """What a list input may be; None when it is no list."""
        if isinstance(self.type, list):
            return self.type
        return list(self.options.get("options", [])) if self.type == "COMBO" else None


def is_link(value: Any) -> bool:
    """Whether an input's value is a wire, `[node id, slot]`."""
    return isinstance(value, list)


def inputs_of(schema: Mapping[str, Any], given: Mapping[str, Any]) -> list[Input]:
    """The inputs a node has when `given` is chosen.

    As in ComfyUI 0.33.0: a dynamic list that is not given, or whose choice is unknown, is not an input at
    all, so leaving it out is no error here (the node then fails when it runs); a chosen one brings its
    children as `name.child`.
    """
    found: list[Input] = []
    _collect(schema.get("input", {}), given, "", True, found)
    return found


def _collect(
    parts: Mapping[str, Any], given: Mapping[str, Any], prefix: str, required: bool, found: list[Input]
) -> None:
    for part in ("required", "optional"):
        for name, spec in (parts.get(part) or {}).items():
            wanted = Input(f"{prefix}{name}", required and part == "required", spec)
            if wanted.type != DYNAMIC_COMBO:
                found.append(wanted)
                continue
            key = given.get(wanted.name)
            chosen = [option for option in wanted.options.get("options", ()) if option["key"] == key]
            if chosen:
                found.append(wanted)
                _collect(chosen[0]["inputs"], given, f"{wanted.name}.", wanted.required, found)


def fits(received: Any, wanted: Any) -> bool:
    """Whether an output of type `received` may be wired into an input of type `wanted`."""
    if received == wanted or "*" in (received, wanted) or MATCH_TYPE in (received, wanted):
        return True
    if isinstance(wanted, list):
        return received == "COMBO"
    if not isinstance(received, str) or not isinstance(wanted, str):
        return False
    return not {part.strip() for part in received.split(",")}.isdisjoint(
        part.strip() for part in wanted.split(",")
    )
