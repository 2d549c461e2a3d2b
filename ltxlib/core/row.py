"""The cells of one row, read by what their columns mean; what is wrong with them is collected."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from ltxlib.core.columns import BY_NAME, NAMES, Column
from ltxlib.core.problem import Problem

_YES = {"yes", "y", "true", "on", "1", "1.0", "x"}
_NO = {"no", "n", "false", "off", "0", "0.0"}


class Row:
    """The cells of one row and the problems found in them."""

    def __init__(self, cells: Mapping[str, str], row: int, file: str) -> None:
        self.cells = {name: str(cells.get(name, "")).strip() for name in NAMES}
        self.row = row
        self.file = file
        self.problems: list[Problem] = []

    def where(self, column: str) -> str:
        """Where a person finds the cell."""
        return f"{self.file} row {self.row}, column {column}"

    def problem(self, column: str, what: str, cure: str, *, warning: bool = False) -> None:
        """Note something wrong with a cell."""
        self.problems.append(Problem(self.where(column), what, cure, warning))

    def text(self, name: str) -> str:
        """What the cell says; what an empty one means."""
        return self.cells[name] or BY_NAME[name].default

    def flag(self, name: str) -> bool:
        """The yes or no in a cell."""
        text = self.text(name).lower()
        if text not in _YES | _NO:
            self.problem(name, f"“{self.cells[name]}” is neither yes nor no.", "Write yes or no.")
        return text in _YES

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """The choice in a cell; the nearest one is named when it is none."""
        text = self.text(name).lower()
        if text not in allowed:
            near = difflib.get_close_matches(text, allowed, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            self.problem(
                name, f"“{self.cells[name]}” is not known.", f"{hint}Write one of: {', '.join(allowed)}."
            )
        return text

    def number(self, name: str, high: float | None = None) -> float | None:
        """The number in a cell, None for an empty one or one that is no good; high: another upper bound."""
        column, text = BY_NAME[name], self.text(name)
        column = replace(column, high=high) if high is not None else column
        if not text:
            return None
        try:
            # A comma is how half of Europe writes the decimal point, and Excel there saves it so.
            value = float(text.replace(",", ".", 1))
        except ValueError:
            self.problem(name, f"“{text}” is not a number.", f"Write a number{range_text(column)}.")
            return None
        low, most = column.low, column.high
        if not (low is not None and most is not None and low <= value <= most):
            self.problem(name, f"{text} is outside what is possible.", f"Write a number{range_text(column)}.")
            return None
        return value

    def whole(self, name: str, high: float | None = None) -> int | None:
        """The whole number in a cell; Excel's 65.0 is 65. high: another upper bound than the column's."""
        text = self.text(name)
        if text.isdecimal() and text.isascii():
            # Seeds are longer than a float is exact.
            low, most = BY_NAME[name].low or 0, high or BY_NAME[name].high or 0
            if low <= int(text) <= most:
                return int(text)
        value = self.number(name, high)
        if value is None:
            return None
        if value != int(value):
            self.problem(name, f"{text} is not a whole number.", f"Write {int(value)} or {int(value) + 1}.")
            return None
        return int(value)


def range_text(column: Column) -> str:
    """What numbers a column may hold, in words that follow "Write a number"."""
    if column.low is None or column.high is None:
        return ""
    unit = f" {column.unit}" if column.unit else ""
    return f" from {column.low:g} to {column.high:.16g}{unit}"
