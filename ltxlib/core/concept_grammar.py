"""Scene prompts from a grammar, for a machine without a language model; the same words, the same prompts.

Pure. The grammar is data (concept_grammar.json): settings with places, motions, details and sounds that
belong together, and lights and cameras that fit. The prompt library lends its `Sound:` lines where they fit.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ltxlib.core.dice import Dice
from ltxlib.core.prompt_rules import check_prompt
from ltxlib.core.prompts import PromptEntry

_TIMES = {
    "dawn": ("dawn", "sunrise", "morning", "daybreak"),
    "day": ("day", "noon", "midday", "afternoon", "daylight"),
    "dusk": ("dusk", "evening", "twilight", "sunset"),
    "night": ("night", "midnight", "moonlight", "nightfall", "starry"),
}
# A library entry lends its sounds to a setting with which it shares so many words.
_SHARED_WORDS = 2
# One prompt in so many borrows from the library, where something fits.
_BORROWS_EVERY = 2


@dataclass(frozen=True)
class Setting:
    """Places with motions, details and sounds that belong together; words by which a theme names it."""

    name: str
    words: tuple[str, ...]
    kind: str
    shots: tuple[str, ...]
    places: tuple[str, ...]
    motions: tuple[str, ...]
    details: tuple[str, ...]
    sounds: tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """All settings, the one for themes that none of them fits, and what they share."""

    settings: tuple[Setting, ...]
    open: Setting
    cameras: tuple[str, ...]
    styles: tuple[str, ...]
    lights: Mapping[str, Mapping[str, tuple[str, ...]]]


@lru_cache(maxsize=1)
def shipped() -> Grammar:
    """The grammar that comes with the kit."""
    raw = json.loads(resources.files("ltxlib.core").joinpath("concept_grammar.json").read_text("utf-8"))
    return Grammar(
        settings=tuple(_setting(one) for one in raw["settings"]),
        open=_setting({"name": "open", "words": [], "kind": "any", **raw["open"]}),
        cameras=tuple(raw["cameras"]),
        styles=tuple(raw["styles"]),
        lights={
            kind: {time: tuple(words) for time, words in times.items()}
            for kind, times in raw["lights"].items()
        },
    )


def _setting(raw: Mapping[str, object]) -> Setting:
    lists = {name: tuple(value) for name, value in raw.items() if isinstance(value, list)}
    return Setting(name=str(raw["name"]), kind=str(raw["kind"]), **lists)


def write(
    theme: str,
    count: int,
    *,
    seed: int = 0,
    library: Mapping[str, PromptEntry] | None = None,
    avoid: Collection[str] = (),
) -> list[str]:
    """So many different prompts for a theme, none of which breaks a rule or is among those to avoid.

    seed: another one gives other prompts. Fewer come back only when the grammar has no more to say.
    """
    made: list[str] = []
    taken = set(avoid)
    misses = 0
    for prompt in _stream(theme, seed, library or {}):
        if len(made) >= count or misses > 200 + 20 * count:
            break
        if prompt in taken or check_prompt(prompt, "grammar"):
            misses += 1
            continue
        taken.add(prompt)
        made.append(prompt)
    return made


def fits(theme: str) -> bool:
    """Whether the grammar knows a setting for the theme; else it can only take the theme's own words."""
    return any(_score(setting, _tokens(theme)) for setting in shipped().settings)


def _stream(theme: str, seed: int, library: Mapping[str, PromptEntry]) -> Iterator[str]:
    """Prompts without an end: the settings take turns, those that fit best come first."""
    grammar, tokens = shipped(), _tokens(theme)
    dice = Dice(f"{seed}\n{' '.join(tokens)}")
    settings = _fitting(grammar, theme, tokens)
    lent = {setting.name: _lent_sounds(setting, library) for setting in settings}
    wanted = next((time for time, words in _TIMES.items() if any(_named(w, tokens) for w in words)), None)
    for number in itertools.count():
        setting = settings[number % len(settings)]
        borrowed = lent[setting.name] if number % _BORROWS_EVERY else []
        yield _one(dice, grammar, setting, wanted, borrowed)


def _fitting(grammar: Grammar, theme: str, tokens: list[str]) -> list[Setting]:
    scored = [(_score(setting, tokens), setting) for setting in grammar.settings]
    best = max((score for score, _ in scored), default=0)
    if not best:
        return [_with_theme(grammar.open, theme)]
    # What shares one word with a theme of many is often beside it, so only the best and the next best count.
    near = [(score, setting) for score, setting in scored if score >= max(1, best - 1)]
    return [setting for _, setting in sorted(near, key=lambda pair: -pair[0])]


def _score(setting: Setting, tokens: list[str]) -> int:
    return sum(_named(word, tokens) for word in setting.words)


def _named(word: str, tokens: list[str]) -> bool:
    """Whether a word is among the tokens, also at the head of a longer one: snow in snowstorm."""
    return any(
        token in (word, f"{word}s", f"{word}es") or (len(word) > 3 and token.startswith(word))
        for token in tokens
    )


def _tokens(theme: str) -> list[str]:
    return re.findall(r"[a-z]+", theme.lower())


def _with_theme(setting: Setting, theme: str) -> Setting:
    """The open setting with the theme's own words as the place, where they can stand in a prompt."""
    place = re.sub(r"[\s.!?,;:]+$", "", " ".join(theme.split()))
    place = place[:1].lower() + place[1:] if place[:2].istitle() or place[1:2].islower() else place
    tried = _one(Dice("tried"), shipped(), _placed(setting, place), None, [])
    usable = place and len(place.split()) <= 20 and not re.search(r"[.!?\n]", place)
    return _placed(setting, place) if usable and not check_prompt(tried, "theme") else setting


def _placed(setting: Setting, place: str) -> Setting:
    return Setting(**{**vars(setting), "places": (place,)})


def _one(dice: Dice, grammar: Grammar, setting: Setting, time: str | None, borrowed: list[str]) -> str:
    """One prompt: shot, place and light; two motions; a detail; three sounds; the camera."""
    lights = grammar.lights[setting.kind]
    light = dice.choice(
        lights[time] if time in lights else [one for words in lights.values() for one in words]
    )
    style, shot = dice.choice(grammar.styles), dice.choice(setting.shots)
    first, second = dice.sample(setting.motions, 2)
    near, middle, far = dice.sample(setting.sounds, 3)
    if borrowed:
        far = f"{dice.choice(borrowed)} can be heard"
    article = "An" if style[0] in "aeiou" else "A"
    return " ".join(
        (
            f"{article} {style} {shot} of {dice.choice(setting.places)}, {light}.",
            first,
            second,
            dice.choice(setting.details),
            f"{near[:1].upper()}{near[1:]}, {middle}, and {far}.",
            dice.choice(grammar.cameras),
        )
    )


def _lent_sounds(setting: Setting, library: Mapping[str, PromptEntry]) -> list[str]:
    """The sounds of library entries that tell of the same things, each in a few words."""
    found: list[str] = []
    for entry in library.values():
        tokens = _tokens(f"{entry.name} {entry.prompt}")
        if sum(_named(word, tokens) for word in setting.words) >= _SHARED_WORDS:
            parts = (" ".join(part.split()) for part in entry.sound.split(","))
            found += [part for part in parts if 1 < len(part.split()) <= 8]
    return list(dict.fromkeys(found))
