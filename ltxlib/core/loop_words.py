"""Which things of a prompt must not run backwards: what falls, burns, rises, flows or goes its way. Pure.

A loop that plays to and fro (boomerang, ping-pong) hides its seam by going backwards half of the time. Rain
that rises and smoke that is drawn into the fire are seen at once, so the kit never proposes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What it does -> whole words that tell of it, as pieces of a regular expression.
ONE_WAY = {
    "falls": r"rain(?:s|ing|y|drops?|fall)?|drizzl\w+|downpours?|showers?|"
    r"snow(?:s|ing|y|fall|flakes?|storm)?|flurr\w+|blizzards?|hail|sleet|drips?|dripping|dropl\w+|drops|waterfalls?|cascad\w+|petals|"
    r"falls|falling|fountains?|thunderstorms?|storms?|hourglass",
    "burns": r"(?:bon|camp)?fires?|fireplaces?|flam(?:e|es|ing)|candle\w*|embers?|hearth|torch\w*|"
    r"burn(?:s|ing)?|lava",
    "rises": r"smok(?:e|es|ing|y)|sparks|incense|steam(?:s|ing)?|bubbles|chimney",
    "flows": r"streams?|brooks?|rivers?|creeks?|waves?|surf|tides?|flow(?:s|ing)?|pour(?:s|ing)?|rapids|"
    r"rippl\w+|sea|ocean|water|trickl\w+",
    "goes its way": r"trains?|cars?|traffic|boats?|ships?|walk(?:s|ing|ers?)|birds?|gulls?|seagulls?|clocks?|"
    r"passers?by|pedestrians?",
}
_KINDS = {does: re.compile(words) for does, words in ONE_WAY.items()}
_WORD = re.compile(r"[^\W\d_]+")
_NOT_THERE = frozenset({"no", "without", "not", "never", "neither", "nor"})
# How many words before one may deny it: "without any wind or rain".
_BEFORE = 4


def one_way_words(prompt: str) -> dict[str, tuple[str, ...]]:
    """What a prompt tells of that runs one way only: what it does -> the words found, in order, each once.

    "no rain" and "without any wind or rain" tell of none.
    """
    found: dict[str, list[str]] = {}
    for part in re.split(r"[.;:!?,\n]", prompt.lower()):
        words = _WORD.findall(part)
        for place, word in enumerate(words):
            does = next((does for does, kind in _KINDS.items() if kind.fullmatch(word)), None)
            if does is None or _NOT_THERE & set(words[max(place - _BEFORE, 0) : place]):
                continue
            kept = found.setdefault(does, [])
            kept += [] if word in kept else [word]
    return {does: tuple(found[does]) for does in ONE_WAY if does in found}


def backwards_warning(prompt: str) -> str:
    """Why a take must not be played to and fro, in a sentence; empty when nothing forbids it."""
    found = one_way_words(prompt)
    if not found:
        return ""
    told = [f"{does} ({', '.join(words[:3])})" for does, words in found.items()]
    return (
        f"Never play it to and fro (boomerang): its prompt tells of what {_listed(told)}, "
        "and everybody sees that run backwards."
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
