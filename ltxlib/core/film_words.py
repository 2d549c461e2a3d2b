"""How people write a film's wishes: loudness, height, transition and lengths, as words or as numbers. Pure.

Every reader raises ValueError with a sentence; every writer gives what its reader reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ltxlib.core.film import LOUDNESS_LUFS, SIZES_PX, Transition
from ltxlib.core.lengths import length_text, read_seconds

# What a loudness may be called in short.
LOUDNESS_WORDS = {"youtube": -14.0, "loud": -14.0, "gentle": -18.0, "sleep": -23.0}
_HEIGHT_WORDS = {"as made": 0, "": 0, "1080p": 1080, "1440p": 1440, "2160p": 2160, "4k": 2160}


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read and written, and what a person should write (after "Write ")."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    wanted: str


def read_loudness(value: object) -> float:
    """A loudness in LUFS, from a number or a name ("YouTube", "gentle", "sleep")."""
    if isinstance(value, str):
        text = " ".join(value.lower().removesuffix("lufs").split())
        known = {name.lower(): lufs for name, lufs in LOUDNESS_LUFS.items()} | LOUDNESS_WORDS
        for name in (value.lower().strip(), text, text.removeprefix("for ")):
            if name in known:
                return known[name]
        try:
            return _number(float(text))
        except ValueError:
            raise ValueError(f"{value!r} is no loudness.") from None
    return _number(value)


def loudness_word(lufs: float) -> str | float:
    """A loudness by its short name where it has one."""
    names = {value: name for name, value in LOUDNESS_WORDS.items() if name != "loud"}
    return names.get(lufs, lufs)


def read_height(value: object) -> int:
    """A film's height in pixels, from a number or a name ("1080p", "4K"); 0: as the takes were made."""
    if isinstance(value, str):
        text = " ".join(value.lower().split())
        known = {name.lower(): pixels for name, pixels in SIZES_PX.items()} | _HEIGHT_WORDS
        if text in known:
            return known[text]
        if not text.isdecimal():
            raise ValueError(f"{value!r} is no height.")
        return int(text)
    return _whole(value)


def height_word(height_px: int) -> str | int:
    """A height by its short name where it has one."""
    names = {pixels: name for name, pixels in _HEIGHT_WORDS.items() if name not in ("", "4k")}
    return names.get(height_px, height_px)


def read_transition(value: object) -> Transition:
    """A transition from its text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no transition.")
    return Transition.parse(value)


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ValueError(f"It is {value!r}.")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise ValueError(f"It is {value!r}.")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"It is {value!r}.")


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    raise ValueError(f"It is {value!r}.")


def _plain(value: Any) -> Any:
    return value


def _short_number(value: float) -> float | int:
    return int(value) if value == int(value) else value


_LENGTH = 'a length, such as "10 h", "1:30:00", "45 min" or a number of seconds'
TEXT = Kind(_text, _plain, "a text in quotes")
NUMBER = Kind(_number, _short_number, "a number")
WHOLE = Kind(_whole, _plain, "a whole number")
FLAG = Kind(_flag, _plain, "true or false, without quotes")
LENGTH = Kind(read_seconds, length_text, _LENGTH)
MOMENT = Kind(read_seconds, _short_number, "a number of seconds")
LOUDNESS = Kind(
    read_loudness, loudness_word, f"a number of LUFS, or one of {', '.join(LOUDNESS_WORDS)} in quotes"
)
HEIGHT = Kind(read_height, height_word, 'a height such as 1440, "1080p" or "as made"')
TRANSITION = Kind(read_transition, str, '"crossfade 0.5 s", "black 24 frames" or "cut"')
