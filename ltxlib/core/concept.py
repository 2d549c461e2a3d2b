"""From one line to scenes: what it asks for, what a model is told of it, what of its answer is used. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ltxlib.core.answer import listed
from ltxlib.core.prompt_rules import check_prompt
from ltxlib.core.text_request import MOST_SEED, TextRequest
from ltxlib.errors import BadInput

INSTRUCTIONS = "concept.md"
MOST_SCENES = 40
LONGEST_LINE = 400
# A model answers in bits of words; a prompt of 200 words and its number need about so many.
TOKENS_A_PROMPT = 320
# From here on two prompts say the same.
_ALIKE = 0.85

_NUMBERS: dict[str, float] = {
    **{"a": 1, "an": 1, "half": 0.5, "half a": 0.5, "half an": 0.5, "a half": 0.5, "one": 1, "two": 2},
    **{"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45},
    **{"sixty": 60, "ninety": 90},
}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_DIGITS = r"\d+(?:[.,]\d+)?"
_COUNT = "|".join([_DIGITS, *sorted(map(re.escape, _NUMBERS), key=len, reverse=True)])
_UNIT = r"hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s"
_LENGTH = re.compile(
    r"(?:[,;:()\s–—-]|\b(?:for|of|lasting|about|around|some)\b)*"
    rf"(?<!\w)(?P<count>{_COUNT})[\s-]*(?P<unit>{_UNIT})(?=\b|\d)(?P<half>\s+and\s+a\s+half)?"
    rf"(?:\s*(?:,|and)?\s*(?P<more>{_DIGITS})\s*(?P<below>minutes?|mins?|m|seconds?|secs?|s)?\b)?"
    r"(?:\s+long\b)?\)?(?:\s+of\b)?",
    re.IGNORECASE,
)
_FIRST_SENTENCE = re.compile(r"(?<=[.!?])\s")
_FILLERS = """
a an the of in on at by with from and or to into under over among between beside behind before below above
after through its one two three small large old little wide long low high medium close closeup up shot view
angle extreme macro static soft quiet still slow photorealistic realistic cinematic naturalistic intimate warm
scene style frame seen looking out inside outside is are while as where very gentle calm single this that
there some
"""
# Words that say nothing of what a scene shows.
_EMPTY_WORDS = frozenset(_FILLERS.split())


@dataclass(frozen=True)
class Concept:
    """What a line asks for: its theme, and how long the film shall be in seconds (None: not said)."""

    line: str
    theme: str
    duration_s: float | None = None


def read_concept(line: str) -> Concept:
    """What a line such as "a cabin in a snowstorm, one hour" asks for.

    Raises BadInput for a line that says nothing, or far too much.
    """
    text = " ".join(line.split())
    if len(text) > LONGEST_LINE:
        cure = "Say in one sentence what the film shows."
        raise BadInput(f"The line is too long: {len(text)} characters.", cure=cure)
    theme, duration_s = text, None
    found = _length(text)
    if found:
        match, duration_s = found
        theme = f"{text[: match.start()]} {text[match.end() :]}"
    theme = " ".join(theme.split()).replace(" ,", ",").strip(" ,;:.-–—()")
    if not re.search(r"[^\W\d_]{2}", theme):
        cure = "Write one such as: a cabin in a snowstorm, one hour"
        raise BadInput("The line does not say what the film shows.", cure=cure)
    return Concept(text, theme, duration_s)


def _length(text: str) -> tuple[re.Match[str], float] | None:
    """The last length in a text, in seconds; a letter behind a word, as in "a m", is none."""
    for match in reversed(list(_LENGTH.finditer(text))):
        unit, count = match["unit"].lower(), match["count"].lower()
        if len(unit) == 1 and not count[0].isdigit():
            continue
        number = _NUMBERS[count] if count in _NUMBERS else float(count.replace(",", "."))
        seconds = number * _UNITS[unit[0]]
        if match["half"]:
            seconds += _UNITS[unit[0]] / 2
        if match["more"]:
            below = match["below"] or ("m" if unit[0] == "h" else "s")
            seconds += float(match["more"].replace(",", ".")) * _UNITS[below[0].lower()]
        if seconds > 0:
            return match, seconds
    return None


def request_for(
    concept: Concept, count: int, instructions: str, *, avoid: Sequence[str] = (), seed: int = 0
) -> TextRequest:
    """What the model is asked: so many prompts, none like those to avoid, as a numbered list."""
    lines = [f"Theme: {concept.theme}"]
    if avoid:
        lines.append("These scenes are there already; write others:")
        lines += [f"- {_FIRST_SENTENCE.split(prompt, maxsplit=1)[0]}" for prompt in avoid]
    lines.append(f"Number of prompts: {count}")
    return TextRequest(instructions, "\n".join(lines), seed % (MOST_SEED + 1), 128 + TOKENS_A_PROMPT * count)


def usable(answer: str, count: int, avoid: Collection[str]) -> tuple[list[str], int]:
    """The prompts of an answer that keep every rule and are like none before, and how many are not used."""
    good: list[str] = []
    found = listed(answer)
    for prompt in found:
        full = len(good) >= count
        if not full and not check_prompt(prompt, "answer") and not _like_any(prompt, [*avoid, *good]):
            good.append(prompt)
    return good, len(found) - len(good)


def _like_any(prompt: str, others: Collection[str]) -> bool:
    words = prompt.lower().split()
    return any(
        difflib.SequenceMatcher(None, words, other.lower().split()).ratio() > _ALIKE for other in others
    )


def scene_name(prompt: str, taken: Collection[str]) -> str:
    """A name for the scene of a prompt, of what its first words show; a number makes it nobody else's.

    taken: the names that are there; upper and lower case count as the same.
    """
    start = re.split(r"[.!?,;:]", prompt, maxsplit=1)[0]
    words = _telling(start) or _telling(prompt)
    base = "-".join(word[:16] for word in words[:3]) or "scene"
    there = {name.casefold() for name in taken}
    number, name = 1, base
    while name in there:
        number += 1
        name = f"{base}-{number}"
    return name


def _telling(text: str) -> list[str]:
    """The words of a text that say what it shows."""
    plain = text.lower().replace("'s", "")
    return [word for word in re.findall(r"[a-z]+", plain) if word not in _EMPTY_WORDS]
