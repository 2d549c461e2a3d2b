"""How well a take goes round and round: what was measured, in numbers, and what a person is told of it. Pure.

A loop shows the frames `in_frame` ... `out_frame` - 1 and then `in_frame` again; the seam lies between the
two. Scores go from 0 (everybody sees or hears it) to 100 (nobody does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

AS_IS, TRIMMED, CROSSFADE, LIVING, NOT = "as it is", "trimmed", "crossfade", "living loop", "not at all"
# From so many points on a seam is taken as it is; from so many on it will do.
CLEAN, FAIR = 85, 60
# What stands still has no seam and proves nothing: it gets no more than so many.
STILL_SCORE = 50
# From here on a doubled picture is plain to see, in levels; and a hole in the sound to hear.
GHOSTLY, HEARD_SILENCE_S = 8.0, 0.05
# Light that is so much more or less at the end is what people see first, in levels.
OTHER_LIGHT = 6.0
LIVING_MODE = "loop"
# A way that costs more (frames, a melted second) must be better by so many points to be worth it.
WORTH = 6
_WORDS = (
    (90, "nobody will find the seam"),
    (75, "a hardly noticeable seam"),
    (60, "a seam that attentive people notice"),
    (40, "a seam that is plain to see or hear"),
    (0, "a seam that nobody can miss"),
)


@dataclass(frozen=True)
class LoopWay:
    """One way of looping: which frames, how long the end melts into the beginning, and how good that is.

    sound: None where the clip has none to be heard. ghost: how double moving things look while it melts, in
    levels of brightness; 0 for a straight cut.
    """

    kind: str
    in_frame: int
    out_frame: int
    crossfade_frames: int
    score: int
    picture: int
    sound: int | None
    ghost: float = 0.0

    @property
    def frames(self) -> int:
        """How many frames once around has."""
        return self.out_frame - self.in_frame - self.crossfade_frames


@dataclass(frozen=True)
class LoopEvent:
    """Something that happens once: seen or heard ("picture", "sound"), and when, in seconds."""

    kind: str
    at_s: float


@dataclass(frozen=True)
class LoopMeasured:
    """All that was measured of one clip.

    fps: exact, as "24000/1001". motion: how much of the picture usually changes from frame to frame, in
    levels of brightness. still: nothing moves. camera: how the whole picture moves ("" where it does not),
    such as "sideways"; camera_share: how far, as a part of the picture. light: by how many levels it is
    brighter at its end. silence_s: how long the clip's sound is over before its picture is. heard: whether
    there is sound to be heard. crossfade: None for clips that are too short for one.
    """

    frames: int
    fps: str
    heard: bool
    as_is: LoopWay
    trimmed: LoopWay
    crossfade: LoopWay | None
    motion: float
    still: bool
    camera: str = ""
    camera_share: float = 0.0
    light: float = 0.0
    silence_s: float = 0.0
    events: tuple[LoopEvent, ...] = ()

    @property
    def rate(self) -> Fraction:
        """Frames a second, exact."""
        return Fraction(self.fps)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoopMeasured:
        """What `dataclasses.asdict` made of one. Raises KeyError, TypeError or ValueError when it is not."""
        ways = {
            name: LoopWay(**data[name]) if data[name] is not None else None
            for name in ("as_is", "trimmed", "crossfade")
        }
        events = tuple(LoopEvent(**event) for event in data["events"])
        return cls(**{**data, **ways, "events": events})


@dataclass(frozen=True)
class Advice:
    """What to do with a take: one of AS_IS, TRIMMED, CROSSFADE, LIVING, NOT.

    way: the best way of looping it that there is, also where it is not good enough. score: 0 to 100; of a
    picture that stands still at most STILL_SCORE. words: what that means. sentence: what to do, and why.
    """

    what: str
    way: LoopWay
    score: int
    words: str
    sentence: str

    @property
    def loops(self) -> bool:
        """Whether the take is to be looped in one way or another."""
        return self.what in (AS_IS, TRIMMED, CROSSFADE)


def score_words(score: int) -> str:
    """What a score means, as the name of a seam."""
    return next(words for least, words in _WORDS if score >= least)


def advise(measured: LoopMeasured, mode: str) -> Advice:
    """What to do with a take of this mode: the simplest way that is good, else another take, else nothing."""
    way = best_way(measured)
    if measured.still:
        score = min(way.score, STILL_SCORE)
        return Advice(AS_IS, way, score, "nothing moves, so there is no seam", _still_words(measured))
    if way.picture >= FAIR:
        what, sentence = way.kind, _how(measured, way)
    else:
        what, sentence = _instead(measured, way, mode)
    return Advice(what, way, way.score, score_words(way.score), sentence)


def best_way(measured: LoopMeasured) -> LoopWay:
    """The best of the ways; a simpler one is taken unless another is clearly better."""
    best = measured.as_is
    for way in (measured.trimmed, measured.crossfade):
        if way is not None and best.score < CLEAN and way.score >= best.score + WORTH:
            best = way
    return best


def _how(measured: LoopMeasured, way: LoopWay) -> str:
    """How to loop a take whose picture can be looped."""
    rate = measured.rate
    parts = {
        AS_IS: "Loop it as it is",
        TRIMMED: f"Loop it {_from_to(way, rate)}, with a straight cut",
        CROSSFADE: f"Loop it {_from_to(way, rate)} and let its end melt into its beginning for "
        f"{float(way.crossfade_frames / rate):.2f} s",
    }
    heard = way.sound is not None and way.sound < FAIR
    said = (
        f"{parts[way.kind]}: {score_words(way.picture if heard else way.score)}{' in the picture' * heard}."
    )
    if way.ghost >= GHOSTLY:
        said += " While it melts, what moves in front is seen twice."
    return f"{said} {_sound_words(measured)}" if heard else said


def _from_to(way: LoopWay, rate: Fraction) -> str:
    return f"from {float(way.in_frame / rate):.2f} s to {float(way.out_frame / rate):.2f} s"


def _sound_words(measured: LoopMeasured) -> str:
    told = "But its sound is another at the end than at the beginning"
    if measured.silence_s >= HEARD_SILENCE_S:
        told = f"But its sound has a hole of {measured.silence_s:.2f} s at the seam"
    return f"{told}: lay a bed of sound under it, or make new sound for it (mode foley)."


def _still_words(measured: LoopMeasured) -> str:
    said = "It stands still from beginning to end: any place is a good seam, and there is nothing to watch."
    sound = measured.as_is.sound
    return f"{said} {_sound_words(measured)}" if sound is not None and sound < FAIR else said


def _instead(measured: LoopMeasured, way: LoopWay, mode: str) -> tuple[str, str]:
    """What to do with a take whose picture cannot be looped, and the sentence."""
    if measured.camera:
        why = f"the whole picture moves {measured.camera}, as with a camera that moves"
        cure = "Film it again with a camera that stands still (camera_lora static), or show it once."
        return NOT, f"Do not loop it: {why}. {cure}"
    why = "its end looks unlike every beginning that could follow"
    if abs(measured.light) >= OTHER_LIGHT:
        why = f"it grows {'brighter' if measured.light > 0 else 'darker'} from beginning to end"
    seen = [event for event in measured.events if event.kind == "picture"]
    if seen:
        why = f"something happens once in it, at {seen[0].at_s:.1f} s, and {why}"
    if mode == LIVING_MODE:
        cure = "It should be a living loop already: try another seed or a calmer prompt, or show it once."
        return NOT, f"Do not loop it: {why}. {cure}"
    cure = "Make a living-loop take (mode loop), which begins and ends with the same picture"
    return LIVING, f"It does not loop well: {why}. {cure}{'.' if mode == 'i2v' else ' (column image).'}"
