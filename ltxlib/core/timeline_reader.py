"""Reads the values of a timeline's JSON and collects all that is wrong with them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ltxlib.core.problem import Problem
from ltxlib.core.span import exact_rate
from ltxlib.errors import BadInput

CURE_FILE = "Order the film anew in notebook 04, or mend the file."


class JsonReader:
    """Reads the values of one JSON object and collects what is wrong with them."""

    def __init__(self, where: str, data: Mapping[str, Any], problems: list[Problem]) -> None:
        self.where, self.data, self.problems = where, data, problems

    def _wrong(self, key: str, wanted: str) -> None:
        found = f"It is {self.data[key]!r}." if key in self.data else "It is missing."
        self.problems.append(Problem(f"{self.where}, {key}", found, f"Write {wanted}."))

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.data.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._wrong(key, "a whole number")
        return 0

    def number(self, key: str, default: float) -> float:
        """A number."""
        value = self.data.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        self._wrong(key, "a number")
        return default

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        value = self.data.get(key, default)
        if isinstance(value, str):
            return value
        self._wrong(key, "a text in quotes")
        return ""

    def rate(self, key: str) -> Fraction:
        """A frame rate, exactly."""
        value = self.data.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                return exact_rate(str(value))
            except ValueError:
                pass
        self._wrong(key, 'a frame rate such as "24" or "24000/1001"')
        return Fraction(24)


def parsed(value: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """A timeline's JSON object, from itself or from its text. Raises BadInput."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise BadInput(f"The timeline file is not JSON ({error}).", cure=CURE_FILE) from error
    if not isinstance(value, Mapping):
        raise BadInput("The timeline file holds no timeline.", cure=CURE_FILE)
    return value


def unknown(where: str, data: Mapping[str, Any], known: set[str]) -> list[Problem]:
    """Names that a JSON object should not have."""
    return [
        Problem(f"{where}, {key}", "This name is not known here.", f"Use one of {', '.join(sorted(known))}.")
        for key in data
        if key not in known
    ]
