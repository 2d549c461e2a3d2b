"""The sound of a clip, mixed from the voices its prompt tells of, in step with the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ltxlib.rehearsal import sound_voices as voices
from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.sound_tools import Scene, Stereo, limited, loudness_lufs
from ltxlib.rehearsal.spec import ClipSpec
from ltxlib.rehearsal.story import Story, read_story

TARGET_LUFS = -23.0
CEILING = 10 ** (-3.2 / 20)
MOST_GAIN_DB = 60.0

Voice = Callable[[Scene], Stereo]
# What each place sounds like, and what each element adds; the number says how loud beside the others.
PLACES: dict[str, tuple[tuple[Voice, float], ...]] = {
    "sea": ((voices.sea, 1.0),),
    "underwater": ((voices.underwater, 1.0),),
    "lake": ((voices.lake, 1.0),),
    "stream": ((voices.stream, 1.0),),
    "waterfall": ((voices.waterfall, 1.0),),
    "hearth": ((voices.fire, 1.0),),
    "campfire": ((voices.fire, 1.0), (voices.air, 0.35)),
    "candle": ((voices.air, 0.6), (voices.fire, 0.16)),
    "table": ((voices.air, 0.7),),
    "glass": ((voices.air, 0.4),),
    "tent": ((voices.air, 0.4),),
    "porch": ((voices.air, 0.3),),
    "leaf": ((voices.air, 0.4), (voices.rustle, 0.2)),
    "meadow": ((voices.wind, 0.7), (voices.rustle, 0.7)),
    "forest": ((voices.air, 0.5), (voices.rustle, 0.45), (voices.wind, 0.2)),
    "snowland": ((voices.snow, 1.0),),
    "heavens": ((voices.air, 0.8),),
    "street": ((voices.city, 0.8),),
    "hills": ((voices.wind, 0.6), (voices.air, 0.4)),
    "calm": ((voices.air, 1.0),),
}
ELEMENTS: dict[str, tuple[Voice, float]] = {
    "rain": (voices.rain, 1.0),
    "fire": (voices.fire, 0.8),
    "fireplace": (voices.fire, 0.8),
    "campfire": (voices.fire, 0.8),
    "sea": (voices.sea, 0.7),
    "stream": (voices.stream, 0.7),
    "waterfall": (voices.waterfall, 0.6),
    "wind": (voices.wind, 0.6),
    "leaves": (voices.rustle, 0.5),
    "snow": (voices.snow, 0.5),
    "crickets": (voices.crickets, 1.0),
    "fireflies": (voices.crickets, 0.6),
    "birds": (voices.birds, 1.0),
    "thunder": (voices.thunder, 0.8),
    "city": (voices.city, 0.35),
    "train": (voices.train, 0.9),
    "purr": (voices.purr, 0.7),
    "pages": (voices.pages, 0.8),
}
INDOORS = {"hearth", "candle", "table", "glass", "tent"}
MUFFLED = {voices.wind: 0.5, voices.snow: 0.4, voices.sea: 0.6, voices.city: 0.7}
NIGHT_CRICKETS = 0.35


def synth(spec: ClipSpec, duration_s: float, rate_hz: int = 24_000) -> np.ndarray:
    """The clip's sound: float32, (samples, 2), about -23 LUFS, peaks below -3 dBFS, not faded at its ends."""
    scene = Scene(
        samples=max(1, round(duration_s * rate_hz)),
        rate_hz=rate_hz,
        rhythm=Rhythm(spec),
        story=read_story(spec.prompt),
        rng=spec.rng,
    )
    mix = scene.silence()
    for voice, gain in cast(scene.story).items():
        mix += gain * voice(scene)
    gain_db = min(MOST_GAIN_DB, TARGET_LUFS - loudness_lufs(mix, rate_hz))
    return limited(mix * 10 ** (gain_db / 20), CEILING).astype(np.float32)


def cast(story: Story) -> dict[Voice, float]:
    """Which voices sound in this story, and how loud beside each other."""
    chosen: dict[Voice, float] = {}
    for voice, gain in PLACES[story.place]:
        chosen[voice] = gain
    for element in sorted(story.elements & ELEMENTS.keys()):
        voice, gain = ELEMENTS[element]
        if story.place in INDOORS:
            gain *= MUFFLED.get(voice, 1.0)
        chosen[voice] = max(gain, chosen.get(voice, 0.0))
    if story.has("crickets"):
        chosen[voices.wind] = min(0.25, chosen.get(voices.wind, 0.0))
    if (
        story.time == "night"
        and story.place in {"meadow", "forest", "lake", "campfire", "heavens"}
        and not story.has("snow", "rain", "aurora")
    ):
        chosen.setdefault(voices.crickets, NIGHT_CRICKETS)
    return chosen
