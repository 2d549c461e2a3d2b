"""One thing that is wrong, said so that its writer can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and how to cure it.

    where: file, row and column, or the node, as a person would look for it.
    what, cure: one sentence each. `warning` is True when work may go on all the same.
    """

    where: str
    what: str
    cure: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.cure}".strip()


def errors_in(problems: list[Problem] | tuple[Problem, ...]) -> list[Problem]:
    """The problems that stop work; warnings are left out."""
    return [problem for problem in problems if not problem.warning]


def as_warnings(problems: Iterable[Problem]) -> list[Problem]:
    """The same problems, said of something that is left out anyway."""
    return [replace(problem, warning=True) for problem in problems]
