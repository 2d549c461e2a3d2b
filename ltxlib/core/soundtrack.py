"""What sounds in a film beside its clips, and how it is all balanced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ltxlib.core.problem import Problem

LOUDEST_LAYER_DB, SOFTEST_LAYER_DB = 24.0, -60.0
LONGEST_FADE_S = 600.0
DEEPEST_DUCK_DB = 40.0


@dataclass(frozen=True)
class Layer:
    """One bed of ambience, or one piece of music, that lies under the film.

    file: its path (in a film file: relative to the project's folder `sounds/`). gain_db: -60 to 24.
    fade_in_s, fade_out_s: at the film's two ends, 0 to 600. begins_s: when in the film it begins, 0 or more.
    """

    file: str
    gain_db: float = -12.0
    fade_in_s: float = 2.0
    fade_out_s: float = 4.0
    begins_s: float = 0.0

    def problems(self, where: str) -> Iterator[Problem]:
        """Everything that keeps this layer from being heard as it is set."""
        if not self.file.strip():
            yield Problem(
                f"{where}, file", "It names no file.", "Write the name of a file in the folder sounds/."
            )
        ranges = (
            ("gain_db", self.gain_db, SOFTEST_LAYER_DB, LOUDEST_LAYER_DB, "dB"),
            ("fade_in", self.fade_in_s, 0.0, LONGEST_FADE_S, "seconds"),
            ("fade_out", self.fade_out_s, 0.0, LONGEST_FADE_S, "seconds"),
            ("begins", self.begins_s, 0.0, 43_200.0, "seconds"),
        )
        yield from _outside(where, ranges)


@dataclass(frozen=True)
class Soundtrack:
    """The balance of a film's sound.

    beds: each is looped without a gap for the whole film. music: played one piece after the other, melting
    into each other, and again from the first. clips_db: the clips' own sound, -60 (hardly there) to 24.
    even: bring clips nearer to one loudness, so that no scene jumps out. duck_db: how much clips and beds go
    down while music plays, 0 to 40. slow_start_s: how long all sound takes to come up at the beginning,
    0 to 600. fill: where a clip has no sound of its own, the first bed comes up to take its place.
    limit: hold peaks down where the loudness asked for needs it, else the film stays softer.
    """

    beds: tuple[Layer, ...] = ()
    music: tuple[Layer, ...] = ()
    clips_db: float = 0.0
    even: bool = True
    duck_db: float = 0.0
    slow_start_s: float = 0.0
    fill: bool = True
    limit: bool = True

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Beds and music."""
        return (*self.beds, *self.music)

    def problems(self) -> list[Problem]:
        """Everything that cannot be heard as it is set; an empty list when all can."""
        ranges = (
            ("clips_db", self.clips_db, SOFTEST_LAYER_DB, LOUDEST_LAYER_DB, "dB"),
            ("duck_db", self.duck_db, 0.0, DEEPEST_DUCK_DB, "dB"),
            ("slow_start", self.slow_start_s, 0.0, LONGEST_FADE_S, "seconds"),
        )
        found = list(_outside("sound", ranges))
        for kind, layers in (("bed", self.beds), ("music", self.music)):
            for number, layer in enumerate(layers, 1):
                found += layer.problems(f"{kind} {number}")
        return found


def _outside(where: str, ranges: tuple[tuple[str, float, float, float, str], ...]) -> Iterator[Problem]:
    for name, value, low, high, unit in ranges:
        if not low <= value <= high:
            cure = f"Choose from {low:g} to {high:g} {unit}."
            yield Problem(f"{where}, {name}", f"It is {value:g} {unit}.", cure)
