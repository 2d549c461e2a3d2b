"""Lengths of time as people write them: "10 h", "1:30:00", "45 min", "2.5 s", or a number of seconds."""

from __future__ import annotations

import math
import re

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2}(?:\.\d+)?)", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\.?", re.ASCII)
_UNITS_S = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
}


def read_seconds(value: object) -> float:
    """The length that a number (of seconds) or a text means, in seconds, 0 or more.

    Two numbers with a colon are minutes and seconds, three are hours, minutes and seconds.
    Raises ValueError with a sentence.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        seconds = _of_text(" ".join(value.lower().replace(",", ".").split()))
    else:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{value!r} is no length of time.")
    return seconds


def _of_text(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, rest = clock.groups()
        if float(rest) >= 60 or (hours and int(minutes) >= 60):
            return math.nan
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    seconds, at, smallest = 0.0, 0, math.inf
    while at < len(text):
        part = _PART.match(text, at)
        unit_s = _UNITS_S.get(part[2]) if part else None
        # "1 h 30 min" goes from large to small; anything else is a slip.
        if part is None or unit_s is None or unit_s >= smallest:
            return math.nan
        seconds, smallest = seconds + float(part[1]) * unit_s, unit_s
        at = part.end() + len(text[part.end() :]) - len(text[part.end() :].lstrip())
    return seconds if smallest < math.inf else math.nan


def length_text(seconds: float) -> str:
    """A length as `read_seconds` reads it: "10 h", "1 h 30 min", "45 min", "2.5 s"; never less exact."""
    whole = round(seconds)
    if seconds != whole or whole < 60:
        return f"{_exact(seconds)} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _exact(seconds: float) -> str:
    text = f"{seconds:.10f}".rstrip("0").rstrip(".")
    return text if float(text) == seconds else repr(seconds)
