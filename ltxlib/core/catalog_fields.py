"""Reading one object of the catalog's JSON, field by field, and noting all that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ltxlib.core.problem import Problem

_MISSING = object()


class Fields:
    """The members of one object; what is wrong with them goes into `problems`, never into an exception.

    A getter that finds its member missing or wrong gives a harmless value of its kind, so that reading goes
    on and everything is told at once. `close` tells of members that nobody asked for: typing mistakes.
    """

    def __init__(self, data: Any, where: str, problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        self._asked: set[str] = set()
        self._data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        self._whole = isinstance(data, dict)
        if not self._whole:
            self.problem("", "is not an object.", "Write it as {...}, like the ones beside it.")

    def problem(self, name: str, what: str, cure: str) -> None:
        """Note that something is wrong with a member (or with the whole object, for no name)."""
        where = f"{self.where}, {name}" if name else self.where
        self.problems.append(Problem(where, f"This {what}", cure))

    def _take(self, name: str) -> Any:
        self._asked.add(name)
        value = self._data.get(name, _MISSING)
        if value is _MISSING and self._whole:
            self.problem(name, "is missing.", "Write it like the ones beside it; null where it is not known.")
        return value

    def text(self, name: str) -> str:
        """Words that are not empty."""
        value = self._take(name)
        if value is _MISSING:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.problem(name, "is not text.", "Write words between quotes.")
            return ""
        return value

    def word(self, name: str) -> str:
        """A text that may be empty."""
        value = self._take(name)
        if value is _MISSING or isinstance(value, str):
            return value if isinstance(value, str) else ""
        self.problem(name, "is not text.", "Write words between quotes.")
        return ""

    def text_or_none(self, name: str) -> str | None:
        """Words, or None for null."""
        return None if self._is_null(name) else self.text(name)

    def flag(self, name: str) -> bool:
        """true or false."""
        value = self._take(name)
        if value is not _MISSING and not isinstance(value, bool):
            self.problem(name, "is neither true nor false.", "Write true or false, without quotes.")
        return value is True

    def number(self, name: str) -> float:
        """A number of 0 or more."""
        value = self._take(name)
        if value is _MISSING:
            return 0
        if not _is_number(value):
            self.problem(
                name, "is not a number of 0 or more.", "Write a plain number, without quotes or unit."
            )
            return 0
        return value

    def number_or_none(self, name: str) -> float | None:
        """A number of 0 or more, or None for null."""
        return None if self._is_null(name) else self.number(name)

    def whole(self, name: str) -> int:
        """A whole number of 1 or more."""
        value = self._take(name)
        if value is _MISSING:
            return 1
        if not _is_number(value) or value != int(value) or value < 1:
            self.problem(name, "is not a whole number of 1 or more.", "Write one, without quotes or unit.")
            return 1
        return int(value)

    def whole_or_none(self, name: str) -> int | None:
        """A whole number of 1 or more, or None for null."""
        return None if self._is_null(name) else self.whole(name)

    def choice_or_none(self, name: str) -> tuple[float, float, float] | None:
        """A figure one may choose: [lowest, usual, highest], or one number where there is no choice."""
        value = self._take(name)
        if value is None or value is _MISSING:
            return None
        three = value if isinstance(value, list) else [value] * 3
        if len(three) != 3 or not all(map(_is_number, three)) or sorted(three) != three:
            self.problem(
                name,
                "is neither a number nor [lowest, usual, highest].",
                "Write 8, or [20, 30, 40], or null.",
            )
            return None
        return three[0], three[1], three[2]

    def sizes(self, name: str) -> tuple[tuple[int, int], ...]:
        """A list of widths and heights in pixels, which may be empty."""
        values = self._list(name)
        whole = (
            isinstance(pair, list) and len(pair) == 2 and all(_is_number(v) and v == int(v) > 0 for v in pair)
            for pair in values
        )
        if not all(whole):
            self.problem(
                name, "is not a list of sizes.", "Write [[1280, 736], [1920, 1088]], or [] for none."
            )
            return ()
        return tuple((int(width), int(height)) for width, height in values)

    def figure(self, name: str) -> tuple[float | None, str]:
        """A figure and where it comes from, written as {"value": ..., "source": ...}."""
        inner = self.inner(name)
        found = inner.number_or_none("value"), inner.text("source")
        inner.close()
        return found

    def numbers(self, name: str) -> tuple[float, ...]:
        """A list of numbers, which may be empty."""
        values = self._list(name)
        if not all(map(_is_number, values)):
            self.problem(name, "is not a list of numbers.", "Write [1.0, 0.5, 0.0], or [] for none.")
            return ()
        return tuple(values)

    def names_or_none(self, name: str) -> tuple[str, ...] | None:
        """A list of names, or None for null."""
        return None if self._is_null(name) else self.names(name)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, which may be empty."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            self.problem(name, "is not a list of names.", 'Write ["one", "two"], or [] for none.')
            return ()
        return tuple(values)

    def inner(self, name: str) -> Fields:
        """The object inside this one."""
        value = self._take(name)
        return Fields({} if value is _MISSING else value, f"{self.where}, {name}", self.problems)

    def members(self, name: str) -> Iterator[tuple[str, Fields]]:
        """The objects of an object, with their names."""
        inner = self.inner(name)
        for key, value in inner._data.items():
            yield key, Fields(value, f"{inner.where}, {key}", self.problems)

    def words(self, name: str) -> dict[str, str]:
        """An object whose members are all text."""
        inner = self.inner(name)
        return {key: inner.text(key) for key in inner._data}

    def items(self, name: str) -> Iterator[Fields]:
        """The objects of a list, counted from 1."""
        for number, value in enumerate(self._list(name), start=1):
            yield Fields(value, f"{self.where}, {name} {number}", self.problems)

    def close(self) -> None:
        """Tell of members that mean nothing here."""
        for name in self._data:
            if name not in self._asked:
                near = difflib.get_close_matches(name, self._asked, 1)
                hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(self._asked))}."
                self.problem(name, "means nothing here.", hint)

    def _is_null(self, name: str) -> bool:
        self._asked.add(name)
        return name in self._data and self._data[name] is None

    def _list(self, name: str) -> list[Any]:
        value = self._take(name)
        if value is _MISSING:
            return []
        if not isinstance(value, list):
            self.problem(name, "is not a list.", "Write it as [...].")
            return []
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")
