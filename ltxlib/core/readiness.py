"""What a look before the night found, line by line, and how a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ltxlib.core.problem import Problem

GOOD, DOUBT, BAD = "good", "doubt", "bad"
_MARKS = {GOOD: "ok", DOUBT: "look", BAD: "NO"}
_MOST_PROBLEMS = 12


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: how it is (good, doubt or bad), what was seen, a cure where one is due.

    A doubt is worth a look and stops nothing. problems: what is wrong one by one, where there is more to say.
    """

    what: str
    state: str
    seen: str
    cure: str = ""
    problems: tuple[Problem, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The line as plain JSON values."""
        return asdict(self)


def lines_text(lines: Iterable[Line]) -> str:
    """The lines as they are shown in a terminal: a mark, what was looked at, what was seen, cures below."""
    told = list(lines)
    wide = max((len(line.what) for line in told), default=0)
    shown: list[str] = []
    for line in told:
        shown.append(f"{_MARKS[line.state]:<5} {line.what:<{wide}}  {line.seen}")
        indent = " " * (wide + 8)
        said = _said_once(line.problems)
        shown += [f"{indent}{text}" for text in said[:_MOST_PROBLEMS]]
        if len(said) > _MOST_PROBLEMS:
            shown.append(f"{indent}and {len(said) - _MOST_PROBLEMS} more like these")
        if line.cure and line.state != GOOD:
            shown.append(f"{indent}{line.cure}")
    return "\n".join(shown)


def _said_once(problems: Iterable[Problem]) -> list[str]:
    """The problems in words; what is wrong in several places is said once, with how many there are."""
    places: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        places.setdefault((problem.what, problem.cure), []).append(problem)
    return [
        f"{same[0]} (And at {len(same) - 1} more {'place' if len(same) == 2 else 'places'}.)"
        if len(same) > 1
        else str(same[0])
        for same in places.values()
    ]
