"""What a prompt tells of: place, time of day and everything that moves or sounds, found by its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORDS = {
    "rain": r"rain\w*|drizzl\w*|downpours?|raindrops?|droplets?|monsoon",
    "window": r"windows?|windowpanes?|panes?|windshield|windscreen|skylight|glass",
    "fireplace": r"fireplaces?|hearth|wood-?stove|stove|mantel\w*|chimney",
    "campfire": r"camp-?fires?|bonfires?|fire-?pit",
    "fire": r"fires?|firelight|embers?|burning|firewood",
    "flame": r"flames?|wick",
    "candle": r"candles?|candle-?light|tea-?lights?",
    "single candle": r"(?:single|one|lone) (?:\w+ ){0,2}candle",
    "rocks": r"rocks?|rocky|boulders?|cliff-?foot",
    "sea": r"seas?|oceans?|surf|tides?|tidal|coast\w*|seashore|seaside",
    "waves": r"waves?|swells?|breakers",
    "shore": r"shores?|beach\w*|sands?|shoreline|cove|tide ?pools?|pebbles?|shingle",
    "underwater": r"underwater|beneath the (?:surface|waves)|below the surface|kelp|coral|reef|jellyfish",
    "boat": r"boats?|sailboats?|rowboats?|pier|jetty|dock|harbou?r|hull",
    "lake": r"lakes?|ponds?|lagoon|fjord|loch|mirror-still",
    "stream": r"streams?|brooks?|creeks?|rivers?|rivulets?|riverbed|stepping stones",
    "waterfall": r"waterfalls?|cascad\w*|cataract",
    "meadow": r"meadows?|grass\w*|fields?|wheat|barley|prairie|reeds?|lavender|wildflowers?|pasture",
    "forest": r"forests?|woods|woodlands?|trees?|pines?|firs?|ferns?|moss\w*|birch\w*|jungle|grove|canopy"
    r"|bamboo|garden",
    "mountain": r"mountains?|peaks?|alpine|valley|ridges?|hills?|hillside",
    "snow": r"snow\w*|blizzard|winter\w*|frost\w*|flurries|icicles?",
    "snowfall": r"snowfall|snowing|snowstorm|snowflakes?|flakes|flurries|blizzard|(?:falling|drifting) snow"
    r"|snow (?:\w+ ){0,2}(?:fall|drift|swirl|com)\w*",
    "stars": r"stars?|starry|starlit|milky way|galaxy|constellations?",
    "moon": r"moon\w*",
    "aurora": r"auroras?|northern lights|polar lights",
    "city": r"cit(?:y|ies)|streets?|skyline|neon|traffic|downtown|buildings?|rooftops?|streetlamps?",
    "train": r"trains?|railway|carriage|locomotive|rails?",
    "fog": r"fog|foggy|mists?|misty",
    "thunder": r"thunder\w*|lightning|storms?|stormy|thunderstorms?",
    "wind": r"winds?|windy|breez\w*|gusts?|gusty|sway\w*|rustl\w*|billow\w*",
    "leaves": r"leaf|leaves(?! (?:the|a|no|without|behind|them)\b)|foliage|autumn\w*|petals?|blossoms?",
    "leaffall": r"autumn\w*|petals|(?:falling|drifting) leaves|leaves (?:\w+ ){0,2}(?:fall|sail|drift)\w*",
    "lily": r"lil(?:y|ies)|lotus|water lil(?:y|ies)",
    "crickets": r"crickets?|cicadas?|katydids?|frogs?",
    "bamboo": r"bamboo\w*",
    "birch": r"birch\w*|aspens?",
    "porch": r"porch|veranda\w*|awning",
    "macro": r"macro|extreme close-up",
    "birds": r"birds?|birdsong|gulls?|seagulls?|songbirds?|robins?|thrush\w*|owls?|loons?|blackbirds?|wrens?",
    "tea": r"teas?|teapot|teacups?|cups?|mugs?|coffee|cocoa|kettles?|steam\w*",
    "cabin": r"cabins?|cottages?|room|bedroom|attic|library|indoors?|inside|armchair|study|nook|bookshel\w*",
    "tent": r"tents?|canvas|tarp",
    "lamp": r"lamps?|lanterns?|lamplight|fairy lights|string lights|bulbs?",
    "fireflies": r"firefl(?:y|ies)|glow-?worms?",
    "clouds": r"clouds?|cloudy|overcast",
    "purr": r"purr\w*|cats?|kittens?",
    "pages": r"pages?|books?|pencils?|paper|quill",
}

TIMES = {
    "night": r"nights?|midnight|nocturnal|moon\w*|stars|starry|starlit|aurora|northern lights|nightfall",
    "dusk": r"dusk|twilight|evenings?|blue hour|gloaming",
    "sunset": r"sunsets?|golden hour|low sun|golden haze|late afternoon|amber sky|sundown|golden light",
    "dawn": r"dawn|sunrise|daybreak|mornings?|first light",
    "overcast": r"overcast|cloudy|gloomy|rain clouds"
    r"|(?:grey|gray)(?=,? (?:sky|light|afternoon|day|morning|evening|sea|weather|clouds?|rainy|waves))",
    "day": r"day|daylight|noon|midday|sunny|sunlight|sunlit|blue sky|afternoon",
}

# How strongly a word speaks for a place. The place with the most votes is drawn.
PLACES = {
    "hearth": {"fireplace": 5, "fire": 2, "flame": 1, "cabin": 0.5},
    "campfire": {"campfire": 7, "fire": 1.6, "stars": 0.2, "forest": 0.4},
    "candle": {"candle": 5, "flame": 0.5},
    "tent": {"tent": 3},
    "porch": {"porch": 4, "rain": 0.3},
    "leaf": {"macro": 3, "leaves": 1.2, "rain": 0.4},
    "glass": {"window": 4, "train": 2.5, "rain": 0.5, "city": 0.5},
    "table": {"tea": 4.6, "lamp": 1.5, "pages": 1.2, "cabin": 0.4, "purr": 3},
    "underwater": {"underwater": 7},
    "sea": {"sea": 3.6, "waves": 1.6, "shore": 2.0, "boat": 2.0},
    "waterfall": {"waterfall": 8},
    "stream": {"stream": 5},
    "lake": {"lake": 4.5, "boat": 1},
    "meadow": {"meadow": 2.8, "wind": 0.8, "fireflies": 1, "crickets": 0.6},
    "forest": {"forest": 2, "leaves": 1.1, "birds": 0.7, "tent": 1, "fog": 0.3, "rain": 0.3},
    "snowland": {"snow": 2.4, "mountain": 0.6, "cabin": 0.2},
    "heavens": {"stars": 2.2, "aurora": 4.5, "moon": 1.6, "mountain": 0.7},
    "street": {"city": 2.8, "rain": 0.3},
    "hills": {
        "mountain": 1.6,
        "fog": 0.8,
        "clouds": 1.0,
        "wind": 0.8,
        "thunder": 1.6,
        "birds": 0.3,
        "rain": 1.0,
    },
}

INDOORS = {"hearth", "candle", "table", "tent"}
CALM = "calm"
_UNWANTED = re.compile(
    r"\b(?:no|without|never|not)\s+(?:any\s+)?[\w-]+(?:\s+(?:or|nor)\s+[\w-]+)?", re.IGNORECASE
)
_ABOUT_LENSES = re.compile(r"depth of field|field of view")
_MOST_COUNTED = 3
_EARLY_BONUS = 1.5


@dataclass(frozen=True)
class Story:
    """The place, the time of day ("night", "dusk", ...) and the elements of one prompt."""

    place: str
    time: str
    elements: frozenset[str]

    def has(self, *names: str) -> bool:
        """Whether any of these elements is told of."""
        return any(name in self.elements for name in names)


def read_story(prompt: str) -> Story:
    """Finds place, time and elements in a prompt; words after "no" or "without" are left out.

    A prompt that names nothing known gives the place "calm": soft lights drifting in the dusk.
    """
    text = _ABOUT_LENSES.sub(" ", _UNWANTED.sub(" ", prompt.casefold()))
    found = {name: [m.start() for m in _pattern(words).finditer(text)] for name, words in WORDS.items()}
    found = {name: places for name, places in found.items() if places}
    votes = {place: _votes(wants, found, len(text)) for place, wants in PLACES.items()}
    best = max(votes, key=votes.get)
    place = best if votes[best] > 0 else CALM
    if place == "leaf" and "leaves" not in found:
        place = max((p for p in votes if p != "leaf"), key=votes.get)
    if place == "glass" and not found.keys() & {"window", "train"}:
        place = "street" if "city" in found else "hills"
    return Story(place, _time(text, place, set(found)), frozenset(found))


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


def _votes(wants: dict[str, float], found: dict[str, list[int]], length: int) -> float:
    """What the words found say for one place; a word said early or often says more."""
    total = 0.0
    for name, weight in wants.items():
        if name in found:
            early = _EARLY_BONUS - found[name][0] / max(1, length)
            total += weight * (min(len(found[name]), _MOST_COUNTED) ** 0.5) * early
    return total


def _time(text: str, place: str, elements: set[str]) -> str:
    """The time of day: said in words, else what suits the place."""
    said = {time: len(_pattern(words).findall(text)) for time, words in TIMES.items()}
    best = max(said, key=lambda time: (said[time], -list(TIMES).index(time)))
    wet = bool(elements & {"rain", "fog", "thunder"})
    if said["night"] and best == "overcast":
        return "night"
    if said[best]:
        return "overcast" if best == "day" and wet else best
    if place in INDOORS or place in {"campfire", "heavens", "street"}:
        return "night"
    if place == CALM:
        return "dusk"
    return "overcast" if wet or "snow" in elements else "day"
