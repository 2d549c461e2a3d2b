"""Dice that fall the same way each time for the same words, on every Python. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """A row of throws that a text decides."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._thrown = 0

    def below(self, count: int) -> int:
        """The next throw, 0 to count - 1; count is 1 or more."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._text}\n{self._thrown}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % count

    def choice(self, things: Sequence[Thing]) -> Thing:
        """One of them."""
        return things[self.below(len(things))]

    def sample(self, things: Sequence[Thing], count: int) -> list[Thing]:
        """So many of them, none twice, in an order of the dice's own; no more than there are."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]
