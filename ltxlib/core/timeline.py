"""The timeline: which clips make the film, in which order, and how long each stays, counted in whole frames.

    cut 0  |=================|
    cut 1               |==================|      neighbours share `crossfade_frames` frames
    cut 2                             |==========|

All arithmetic is exact: frames are whole, the rate is a fraction, seconds are only ever derived. The first
frame of the film is frame 0; a cut of N frames that starts at S shows in S ... S+N-1.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from ltxlib.core.problem import Problem
from ltxlib.core.timeline_reader import CURE_FILE, JsonReader, parsed, unknown
from ltxlib.errors import BadInput

FORMAT = 1
LOUDEST_CUT_DB = 24.0
LARGEST_SIDE_PX = 7680
# What is done with clips of another shape than the film's.
SIDES = {
    "fit": "the whole clip, black at its sides",
    "fill": "the whole screen, the clip's edges cut off",
    "blur": "the whole clip, its own blurred picture at its sides",
}
MOST_GRAIN = 4
_CUT_KEYS = {
    "clip",
    "scene",
    "take",
    "frames",
    "gain_db",
    "skip_frames",
    "shared_frames",
    "crossfade_frames",
    "black_frames",
}
_TIMELINE_KEYS = {"format", "fps", "width_px", "height_px", "crossfade_frames", "cuts", "sides", "grain"}


@dataclass(frozen=True)
class Cut:
    """One clip in the film.

    clip: path of its file. scene, take: where it comes from, for people. frames: how many frames of the
    film it takes, at the film's rate. gain_db: how much louder (+) or softer (-) it sounds, -60 to 24.
    skip_frames: how many frames of the film are left out at the clip's beginning. shared_frames: set where
    it goes on from the cut before: so many frames are the same in both. crossfade_frames: of this joint with
    the cut before; None: the film's. black_frames: set where the picture goes dark between the two instead:
    half of them are the end of the cut before, half the beginning of this one, and none is shared.
    """

    clip: str
    scene: str
    take: str
    frames: int
    gain_db: float = 0.0
    skip_frames: int = 0
    shared_frames: int | None = None
    crossfade_frames: int | None = None
    black_frames: int = 0


@dataclass(frozen=True)
class Timeline:
    """A whole film: cuts in order, one rate and size, and how many frames neighbours share (0: none).

    sides: what is done with clips of another shape, one of SIDES. grain: film grain, 0 (none) to 4.
    """

    cuts: tuple[Cut, ...]
    fps: Fraction
    width_px: int
    height_px: int
    crossfade_frames: int = 0
    sides: str = "fit"
    grain: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cuts", tuple(self.cuts))
        object.__setattr__(self, "fps", Fraction(self.fps))

    @cached_property
    def frames(self) -> int:
        """How many frames the film has, exactly."""
        return sum(cut.frames for cut in self.cuts) - sum(self.joints_frames)

    @cached_property
    def joints_frames(self) -> tuple[int, ...]:
        """How many frames each cut shares with the one before it; the first shares none."""
        return tuple(self._joint(cut) if number else 0 for number, cut in enumerate(self.cuts))

    def _joint(self, cut: Cut) -> int:
        if cut.shared_frames is not None:
            return cut.shared_frames
        if cut.black_frames:
            return 0
        return self.crossfade_frames if cut.crossfade_frames is None else cut.crossfade_frames

    @property
    def duration_s(self) -> Fraction:
        """How long the film lasts in seconds, exactly."""
        return self.frames / self.fps

    @cached_property
    def starts_frames(self) -> tuple[int, ...]:
        """The film's frame at which each cut begins to show."""
        starts, end = [], 0
        for cut, shared in zip(self.cuts, self.joints_frames, strict=True):
            starts.append(end - shared)
            end = starts[-1] + cut.frames
        return tuple(starts)

    @cached_property
    def _ends_frames(self) -> list[int]:
        """The film's frame after the last of each cut."""
        return [start + cut.frames for start, cut in zip(self.starts_frames, self.cuts, strict=True)]

    def cuts_in(self, first: int, last: int) -> range:
        """The places of the cuts that show in the film's frames `first` up to `last`; of a sound timeline."""
        return range(bisect_right(self._ends_frames, first), bisect_left(self.starts_frames, last))

    @cached_property
    def dips_frames(self) -> tuple[tuple[int, int, int], ...]:
        """Where the film goes through black: the frame that begins the next cut, how many before it go down,
        how many from it on come up."""
        return tuple(
            (start, (cut.black_frames + 1) // 2, cut.black_frames // 2)
            for start, cut in zip(self.starts_frames[1:], self.cuts[1:], strict=True)
            if cut.black_frames
        )

    def sample_at(self, frame: int, rate_hz: int) -> int:
        """The first sound sample of a frame; frames a ... b-1 sound from sample_at(a) to sample_at(b)-1."""
        return math.floor(frame * rate_hz / self.fps + Fraction(1, 2))

    def frames_at(self, frames: int, source_fps: Fraction) -> int:
        """How many frames of this film a clip of so many frames at its own rate fills (at least one)."""
        return frames_at(Fraction(frames) / Fraction(source_fps), self.fps)

    def problems(self) -> list[Problem]:
        """Everything that keeps this timeline from becoming a film; an empty list when it is sound."""
        if not self.cuts:
            return [
                Problem("timeline", "There is no clip in the film.", "Keep at least one take in notebook 03.")
            ]
        return [*self._shape_problems(), *self._cut_problems(), *self._crossfade_problems()]

    def _shape_problems(self) -> list[Problem]:
        found = []
        for name, side in (("width", self.width_px), ("height", self.height_px)):
            if side < 2 or side % 2 or side > LARGEST_SIDE_PX:
                found.append(
                    Problem(
                        "timeline",
                        f"The {name} of the film is {side} pixels, which H.264 video cannot have.",
                        f"Choose an even number from 2 to {LARGEST_SIDE_PX}, for example "
                        f"{min(max(side - side % 2, 2), LARGEST_SIDE_PX)}.",
                    )
                )
        if not 1 <= self.fps <= 240:
            found.append(
                Problem("timeline", f"The film's rate is {self.fps} frames a second.", "Choose 24, 25 or 30.")
            )
        if self.sides not in SIDES:
            what = f"It is not known what {self.sides!r} does with clips of another shape."
            found.append(Problem("timeline, sides", what, f"Write one of {', '.join(SIDES)}."))
        if not 0 <= self.grain <= MOST_GRAIN:
            cure = f"Choose from 0 (none) to {MOST_GRAIN}."
            found.append(Problem("timeline, grain", f"The grain is {self.grain}.", cure))
        return found

    def _cut_problems(self) -> list[Problem]:
        found = []
        for number, cut in enumerate(self.cuts, 1):
            where = f"clip {number} ({cut.scene} {cut.take})"
            if not cut.clip:
                found.append(Problem(where, "It names no file.", "Choose a kept take for it."))
            if cut.frames < 1:
                found.append(
                    Problem(where, f"It would show for {cut.frames} frames.", "Give it at least one frame.")
                )
            if not -60 <= cut.gain_db <= LOUDEST_CUT_DB:
                found.append(
                    Problem(
                        where,
                        f"Its sound would be changed by {cut.gain_db} dB.",
                        f"Choose from -60 to {LOUDEST_CUT_DB:g} dB.",
                    )
                )
        return found

    def _crossfade_problems(self) -> list[Problem]:
        crossfade = self.crossfade_frames
        if crossfade < 0:
            return [Problem("timeline", "The crossfade is shorter than nothing.", "Choose 0 frames or more.")]
        plain = [None, *(_is_plain(cut) for cut in self.cuts[1:]), None]
        faded = [cut for number, cut in enumerate(self.cuts) if plain[number] or plain[number + 1]]
        shortest = min(faded or self.cuts, key=lambda cut: cut.frames)
        longest = max(shortest.frames // 2, 0)
        if not faded or crossfade <= longest:
            return self._joint_problems()
        return [
            Problem(
                "timeline",
                f"The crossfade of {crossfade} frames is longer than half the shortest clip "
                f"({shortest.scene} {shortest.take}, {shortest.frames} frames).",
                f"Choose at most {longest} frames ({float(longest / self.fps):.2f} s) or leave it out.",
            )
        ]

    def _joint_problems(self) -> list[Problem]:
        joints = (*self.joints_frames, 0)
        found = []
        for number, cut in enumerate(self.cuts):
            where = f"clip {number + 1} ({cut.scene} {cut.take})"
            if min(joints[number], cut.skip_frames, cut.black_frames) < 0:
                what, cure = "It skips or shares less than nothing.", "Write 0 frames or more."
                found.append(Problem(where, what, cure))
            elif number and joints[number] and cut.black_frames:
                what = "It goes on from the clip before it, and through black as well."
                found.append(Problem(where, what, "Take shared_frames out, or black_frames."))
            elif sum(self._taken(number)) > cut.frames:
                what = f"Its {cut.frames} frames are fewer than it shares with its neighbours."
                found.append(Problem(where, what, "Choose a shorter crossfade, or leave this clip out."))
        return found

    def _taken(self, number: int) -> tuple[int, int]:
        """How many frames of a cut its transitions to both sides take."""
        joints, cuts = (*self.joints_frames, 0), self.cuts
        after = cuts[number + 1].black_frames if number + 1 < len(cuts) else 0
        before = cuts[number].black_frames if number else 0
        return joints[number] + before // 2, joints[number + 1] + (after + 1) // 2

    def to_json(self) -> dict[str, Any]:
        """This timeline as plain JSON values, small enough for people to read and edit."""
        return {
            "format": FORMAT,
            "fps": str(self.fps),
            "width_px": self.width_px,
            "height_px": self.height_px,
            "crossfade_frames": self.crossfade_frames,
            **({} if self.sides == "fit" else {"sides": self.sides}),
            **({"grain": self.grain} if self.grain else {}),
            "cuts": [
                {
                    "clip": cut.clip,
                    "scene": cut.scene,
                    "take": cut.take,
                    "frames": cut.frames,
                    "gain_db": cut.gain_db,
                    **({"skip_frames": cut.skip_frames} if cut.skip_frames else {}),
                    **({} if cut.shared_frames is None else {"shared_frames": cut.shared_frames}),
                    **({} if cut.crossfade_frames is None else {"crossfade_frames": cut.crossfade_frames}),
                    **({"black_frames": cut.black_frames} if cut.black_frames else {}),
                }
                for cut in self.cuts
            ],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | str) -> Timeline:
        """A timeline from what `to_json` gave, or from the text of such a file.

        Raises BadInput naming everything that is missing, unknown or of the wrong kind.
        """
        data = parsed(value)
        problems = unknown("timeline", data, _TIMELINE_KEYS)
        if data.get("format", FORMAT) != FORMAT:
            problems.append(
                Problem("timeline, format", f"It is {data['format']!r}, not {FORMAT}.", "Update the kit.")
            )
        read = JsonReader("timeline", data, problems)
        fps = read.rate("fps")
        width, height = read.whole("width_px"), read.whole("height_px")
        crossfade = read.whole("crossfade_frames", 0)
        cuts = data.get("cuts")
        if not isinstance(cuts, list):
            problems.append(Problem("timeline, cuts", "The list of clips is missing.", CURE_FILE))
            cuts = []
        read_cuts = tuple(_cut(number, cut, problems) for number, cut in enumerate(cuts, 1))
        if problems:
            raise BadInput("The timeline file cannot be used.", problems)
        return cls(
            read_cuts, fps, width, height, crossfade, read.text("sides", "fit"), read.whole("grain", 0)
        )


def frames_at(seconds: Fraction, fps: Fraction) -> int:
    """How many frames at `fps` come nearest to a length in seconds; halves go up, never fewer than one."""
    return max(1, math.floor(Fraction(seconds) * Fraction(fps) + Fraction(1, 2)))


def _is_plain(cut: Cut) -> bool:
    """Whether a cut follows on the one before by the film's own crossfade."""
    return cut.shared_frames is None and cut.crossfade_frames is None and not cut.black_frames


def _cut(number: int, data: Any, problems: list[Problem]) -> Cut:
    where = f"clip {number}"
    if not isinstance(data, Mapping):
        problems.append(Problem(where, "It is not a clip.", CURE_FILE))
        return Cut("", "", "", 0)
    problems += unknown(where, data, _CUT_KEYS)
    read = JsonReader(where, data, problems)
    return Cut(
        read.text("clip"),
        read.text("scene", ""),
        read.text("take", ""),
        read.whole("frames"),
        read.number("gain_db", 0.0),
        read.whole("skip_frames", 0),
        None if data.get("shared_frames") is None else read.whole("shared_frames"),
        None if data.get("crossfade_frames") is None else read.whole("crossfade_frames"),
        read.whole("black_frames", 0),
    )
