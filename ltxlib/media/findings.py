"""What a look at a finished film found: lines of a certificate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

GOOD, DOUBT, BAD = "good", "doubt", "bad"
# What is looked at, in the order in which it is told.
LOOKED_AT = {
    "whole": "The file is whole",
    "decodes": "Picture and sound play",
    "picture": "Picture as YouTube wants it",
    "sound": "Sound as YouTube wants it",
    "frames": "Number of frames",
    "samples": "Length of the sound",
    "even": "Frames come evenly",
    "together": "Picture and sound together",
    "clicks": "No clicks where clips meet",
    "stalls": "No stalls where clips meet",
    "loudness": "Loudness",
    "peak": "Highest peak",
    "streams": "Plays while it loads",
    "words": "Words in the file",
}
AGAIN = "Make the film again; if this line comes back, report it together with this certificate."


@dataclass(frozen=True)
class Line:
    """One line of a certificate.

    key: what was looked at, one of LOOKED_AT. state: "good", "doubt" (look or listen yourself) or "bad" (the
    film is not what it should be). seen: what was found, one sentence. cure: what to do, "" when all is well.
    """

    key: str
    state: str
    seen: str
    cure: str = ""

    @property
    def what(self) -> str:
        """What was looked at, in words."""
        return LOOKED_AT[self.key]

    def __str__(self) -> str:
        return f"{self.what}: {self.seen} {self.cure}".strip()


@dataclass(frozen=True)
class Certificate:
    """What the look at a finished film found. decoded: what was played and what only read, in a sentence."""

    lines: tuple[Line, ...]
    decoded: str = ""

    @property
    def bad(self) -> tuple[Line, ...]:
        """The lines for which the film must not be called done."""
        return tuple(line for line in self.lines if line.state == BAD)

    @property
    def doubts(self) -> tuple[Line, ...]:
        """The lines that a person should look at."""
        return tuple(line for line in self.lines if line.state == DOUBT)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, for the facts of a master."""
        lines = [{"what": line.what, **asdict(line)} for line in self.lines]
        return {"passed": not self.bad, "decoded": self.decoded, "lines": lines}


def good(key: str, seen: str) -> Line:
    """A line with which all is well."""
    return Line(key, GOOD, seen)


def doubt(key: str, seen: str, cure: str) -> Line:
    """A line that a person should look at."""
    return Line(key, DOUBT, seen, cure)


def bad(key: str, seen: str, cure: str = AGAIN) -> Line:
    """A line for which the film must not be called done."""
    return Line(key, BAD, seen, cure)


def moment(seconds: float) -> str:
    """A moment of a film for people: 0:07.25, 12:03.00, 1:02:03.50."""
    whole, part = divmod(round(seconds * 100), 100)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{head}:{rest:02}.{part:02}"
