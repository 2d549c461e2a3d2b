"""What a person wants of a film: which takes, in which order, how they melt, look and sound, how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from ltxlib.core.problem import Problem
from ltxlib.core.soundtrack import LOUDEST_LAYER_DB, SOFTEST_LAYER_DB, Soundtrack
from ltxlib.core.timeline import SIDES

# Loudness by what it is for, in LUFS. YouTube plays at about -14 and turns down only (its own statistics).
LOUDNESS_LUFS = {"YouTube, loud (-14 LUFS)": -14.0, "gentle (-18 LUFS)": -18.0, "for sleep (-23 LUFS)": -23.0}
# Heights by name; the width follows from the takes' shape. From 1440 lines on YouTube codes with VP9.
SIZES_PX = {"as made": 0, "1080p": 1080, "1440p (YouTube codes it better)": 1440, "2160p (4K)": 2160}
AS_MADE = 0
# Upright films for phones: YouTube's shorts are up to three minutes long and taller than wide.
SHORT_PX, LONGEST_SHORT_S = (1080, 1920), 180.0
# YouTube takes films of up to twelve hours.
LONGEST_FILM_S = 43_200.0
LONGEST_TRANSITION_S = 30.0
LONGEST_CARD = 200
ORDERS = {
    "as listed": "the scenes in your order, again and again",
    "shuffled": "never the same neighbours twice",
}
KINDS = {"crossfade": "one melts into the other", "cut": "hard, without any", "black": "through black"}
_TRANSITION = re.compile(r"(?P<kind>[a-z]+)(?:\s+(?P<size>\d+(?:\.\d+)?)\s*(?P<unit>s|frames?))?", re.ASCII)


@dataclass(frozen=True)
class Transition:
    """How one cut follows on another: kind (one of KINDS), and how long it lasts, in seconds or in frames.

    As text: "crossfade 0.5 s", "black 24 frames", "cut".
    """

    kind: str = "crossfade"
    seconds: float = 0.5
    frames: int | None = None

    @classmethod
    def parse(cls, text: str) -> Transition:
        """A transition from its text. Raises ValueError with a sentence."""
        match = _TRANSITION.fullmatch(" ".join(text.lower().split()))
        if match is None or match["kind"] not in KINDS:
            raise ValueError(f"{text!r} is no transition.")
        if match["kind"] == "cut":
            return cls("cut", 0.0)
        if match["size"] is None:
            return cls(match["kind"])
        if match["unit"] == "s":
            return cls(match["kind"], float(match["size"]))
        if "." in match["size"]:
            raise ValueError(f"{text!r} asks for a part of a frame.")
        return cls(match["kind"], 0.0, int(match["size"]))

    def __str__(self) -> str:
        if self.kind == "cut":
            return "cut"
        size = f"{self.seconds:g} s" if self.frames is None else f"{self.frames} frames"
        return f"{self.kind} {size}"

    def frames_at(self, fps: Fraction) -> int:
        """How many frames it lasts in a film of this rate; halves go up."""
        if self.kind == "cut":
            return 0
        if self.frames is not None:
            return self.frames
        return int(Fraction(str(self.seconds)) * fps + Fraction(1, 2))

    def problems(self, where: str) -> Iterator[Problem]:
        """What keeps it from being made."""
        if self.kind not in KINDS:
            yield Problem(where, f"{self.kind!r} is no transition.", f"Write one of {', '.join(KINDS)}.")
        if not 0 <= self.seconds <= LONGEST_TRANSITION_S or (self.frames or 0) < 0:
            cure = f"Choose from 0 to {LONGEST_TRANSITION_S:g} seconds."
            yield Problem(where, f"A transition of {self} cannot be made.", cure)


@dataclass(frozen=True)
class CutWish:
    """One place in the film's order.

    scene: by name. take: its id; empty: the one kept, else the newest good one. used: False leaves it out but
    keeps its place. in_s, out_s: where in the take it begins and ends; out 0: at its end. transition: how it
    follows on the one before; None: as the film's. gain_db: its own sound, -60 to 24.
    """

    scene: str
    take: str = ""
    used: bool = True
    in_s: float = 0.0
    out_s: float = 0.0
    transition: Transition | None = None
    gain_db: float = 0.0

    def problems(self, where: str) -> Iterator[Problem]:
        """What keeps it from being in the film."""
        if not self.scene.strip():
            yield Problem(f"{where}, scene", "It names no scene.", "Write the name of a scene of scenes.csv.")
        if self.in_s < 0 or (self.out_s and self.out_s <= self.in_s):
            what = f"It would begin at {self.in_s:g} s and end at {self.out_s:g} s."
            cure = "Let it end after it begins; out_s = 0 is the take's end."
            yield Problem(f"{where}, {'in_s' if self.in_s < 0 else 'out_s'}", what, cure)
        if not SOFTEST_LAYER_DB <= self.gain_db <= LOUDEST_LAYER_DB:
            cure = f"Choose from {SOFTEST_LAYER_DB:g} to {LOUDEST_LAYER_DB:g} dB."
            yield Problem(f"{where}, gain_db", f"Its sound would be changed by {self.gain_db:g} dB.", cure)
        if self.transition is not None:
            yield from self.transition.problems(f"{where}, transition")


@dataclass(frozen=True)
class FilmLook:
    """How the picture is finished.

    height_px: 0 as the takes were made, else the film's height, 2 to 4320. short: an upright 9:16 film of
    SHORT_PX instead. sides: what is done with takes of another shape (one of SIDES; a short has no black
    bars: there "fit" fills). grain: gentle film grain against banding, 0 (none) to 4.
    """

    height_px: int = AS_MADE
    short: bool = False
    sides: str = "fit"
    grain: int = 0


@dataclass(frozen=True)
class LongForm:
    """How long a film is that goes on and on.

    length_s: 0 (once through) up to LONGEST_FILM_S. order: one of ORDERS. seed: of the shuffling.
    screen_off_s: after so long the picture fades to black and stays so, the sound goes on; 0: never.
    compact: an experiment: one copy of picture and sound, played again and again by the file's own tables.
    """

    length_s: float = 0.0
    order: str = "as listed"
    seed: int = 1
    screen_off_s: float = 0.0
    compact: bool = False

    @property
    def wanted(self) -> bool:
        """Whether the film is one of a set length."""
        return self.length_s > 0


@dataclass(frozen=True)
class FilmSettings:
    """What a person chooses for the film.

    name: of its file. crossfade_s: how long one scene melts into the next; 0 cuts. transition: in its place
    where it is another kind or counted in frames. target_lufs: integrated loudness. order: scenes by name, in
    film order; empty: all of the table's. cuts: in its place, with wishes for each. title, end_title: words
    on a card at the head and at the end, empty for none. fade_in_s, fade_out_s: from and to black.
    """

    name: str = "film"
    crossfade_s: float = 0.5
    target_lufs: float = -18.0
    order: tuple[str, ...] = ()
    title: str = ""
    end_title: str = ""
    transition: Transition | None = None
    cuts: tuple[CutWish, ...] = ()
    look: FilmLook = FilmLook()
    sound: Soundtrack = field(default_factory=Soundtrack)
    long: LongForm = LongForm()
    fade_in_s: float = 0.5
    fade_out_s: float = 1.0

    @property
    def joined_by(self) -> Transition:
        """The transition where a cut has none of its own."""
        return self.transition or (
            Transition("crossfade", self.crossfade_s) if self.crossfade_s else Transition("cut")
        )

    def problems(self) -> list[Problem]:
        """Everything that is wrong with these wishes in themselves; an empty list when nothing is.

        Each names its place as a film file calls it: "look, height", "cut 2 (rain), out_s".
        """
        found = [*self.joined_by.problems("transition"), *self.sound.problems()]
        for number, cut in enumerate(self.cuts, 1):
            found += cut.problems(f"cut {number} ({cut.scene})")
        found += _choice("look, sides", self.look.sides, SIDES)
        found += _choice("length, order", self.long.order, ORDERS)
        ranges = (
            ("sound, loudness", self.target_lufs, -40.0, -5.0, "LUFS"),
            ("look, height", self.look.height_px, 0, 4320, "pixels"),
            ("look, grain", self.look.grain, 0, 4, ""),
            ("length, length", self.long.length_s, 0, LONGEST_FILM_S, "seconds"),
            ("length, screen_off", self.long.screen_off_s, 0, LONGEST_FILM_S, "seconds"),
            ("look, fade_in", self.fade_in_s, 0, 60, "seconds"),
            ("look, fade_out", self.fade_out_s, 0, 600, "seconds"),
        )
        for where, value, low, high, unit in ranges:
            if not low <= value <= high:
                cure = f"Choose from {low:g} to {high:g} {unit}".rstrip() + "."
                found.append(Problem(where, f"It is {value:g}.", cure))
        if self.look.short and self.long.length_s > LONGEST_SHORT_S:
            cure = f"Choose at most {LONGEST_SHORT_S:g} seconds, or let the film be wide."
            found.append(Problem("length, length", "YouTube takes no short of this length.", cure))
        for where, card in (("title", self.title), ("end_title", self.end_title)):
            if len(card.strip()) > LONGEST_CARD:
                what = f"It has {len(card.strip())} characters, too many for a card."
                found.append(Problem(where, what, f"Write at most {LONGEST_CARD} of them."))
        return found


def _choice(where: str, value: str, known: object) -> list[Problem]:
    names = list(known)  # type: ignore[call-overload]
    if value in names:
        return []
    return [Problem(where, f"{value!r} is not known here.", f"Write one of {', '.join(names)}.")]
