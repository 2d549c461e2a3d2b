"""Beds and music: what sounds beside the clips, from any file that PyAV reads.

A bed is looped for the whole film. Music is played piece after piece, each melting into the next, and again
from the first; a piece that is to begin later waits for its moment the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.core.problem import Problem
from ltxlib.core.soundtrack import Layer
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media.floats import RATE_HZ, Floats, write_floats
from ltxlib.media.looping import SHORTEST_S, Endless, endless, melted
from ltxlib.media.probe import first_sound, open_clip
from ltxlib.media.ramps import POWER, SOFT, falling, rising
from ltxlib.media.sound import heard_blocks, softened
from ltxlib.media.strips import EDGE, Source, Strip, Strips

if TYPE_CHECKING:
    import numpy as np

# A longer file is used up to here; as floating point this is 1.4 GB.
MOST_S = 3600.0
MELT_S = 4.0
DUCK_S = 0.75
CURE = "Choose another file for it, or take it out of the film's sound."


@dataclass(frozen=True)
class Lane:
    """One layer as it lies under the film, in samples.

    begin: where in the film it begins to be heard; origin: the film's sample at which its stream's sample 0
    stands. In a circle it is joined to its own beginning after `period`; wrap: what is heard there, from
    `origin` on. ramp_in, ramp_out: at the film's two ends.
    """

    stream: Source
    factor: float
    begin: int
    origin: int
    ramp_in: int
    ramp_out: int
    period: int = 0
    wrap: np.ndarray | None = None

    @property
    def settled(self) -> int:
        """The film's sample from which on it sounds as it does the next time around."""
        melt = 0 if self.wrap is None else len(self.wrap)
        return max(self.begin + self.ramp_in, self.origin + melt)

    def plain(self, first: int, last: int, *, around: bool) -> np.ndarray:
        """What the stream gives for these samples of the film, as loud as it is. around: of a circle."""
        import numpy as np

        if self.wrap is None:
            return self.stream.read(first - self.origin, last - self.origin)
        parts, at = [], first - self.origin
        end = last - self.origin
        while at < end:
            begin = at % self.period if around or at >= self.period else at
            # The first time nothing leaves while it comes.
            melting = begin < len(self.wrap) and (around or at >= self.period)
            stop = len(self.wrap) if melting else self.period
            taken = min(stop - begin, end - at)
            parts.append(
                self.wrap[begin : begin + taken] if melting else self.stream.read(begin, begin + taken)
            )
            at += taken
        return np.concatenate(parts) if parts else self.stream.read(0, 0)

    def envelope(self, sound: np.ndarray, first: int, samples: int | None) -> None:
        """Lets it begin and end as asked. samples: of the film; None: it has no ends."""
        if samples is None:
            return
        if first < self.begin + self.ramp_in:
            at = first - self.begin
            sound *= rising(SOFT, self.ramp_in, at, at + len(sound))[:, None]
        leaves = samples - self.ramp_out
        if first + len(sound) > leaves:
            at = first - leaves
            sound *= falling(SOFT, self.ramp_out, at, at + len(sound))[:, None]

    def heard(self, first: int, last: int, samples: int | None) -> np.ndarray | None:
        """What sounds of it in the film; None: nothing yet."""
        import numpy as np

        if samples is not None and last <= self.begin:
            return None
        sound = self.plain(first, last, around=samples is None) * np.float32(self.factor)
        self.envelope(sound, first, samples)
        return sound


@dataclass(frozen=True)
class Place:
    """Where layers lie: how many samples the film has, and of a circle the period after which they are joined
    to their beginning and how long they melt there (0: no circle)."""

    samples: int
    period: int = 0
    melt: int = 0

    @property
    def needed(self) -> int:
        """How many samples of a layer can be heard, one after the other."""
        return self.period + self.melt if self.period else self.samples


def bed_lanes(beds: Sequence[Layer], place: Place, room: Path) -> list[Lane]:
    """Every bed, looped. Raises BadInput (too short), ClipUnreadable, MediaError."""
    lanes = []
    for number, layer in enumerate(beds):
        floats, whole = _decoded(layer, room / f"bed{number}.f32", place.needed)
        stream = endless(floats) if whole else Endless(floats, 0, floats.count)
        lanes.append(_laid(stream, layer, place, music_at=None))
    return lanes


def music_lanes(music: Sequence[Layer], place: Place, room: Path) -> tuple[list[Lane], list[tuple[int, int]]]:
    """Every piece of music with all its turns, and from where to where in the film there is music.

    Raises as `bed_lanes`.
    """
    if not music:
        return [], []
    pieces = []
    for number, layer in enumerate(music):
        floats, whole = _decoded(layer, room / f"music{number}.f32", place.needed)
        softened(floats)
        pieces.append(_Piece(floats, layer, whole))
    begins = [round(layer.begins_s * RATE_HZ) for layer in music]
    at, known = begins[0], not place.period
    waits = [begin - at if known else 0 for begin in begins]
    turns = list(_turns(pieces, waits, place.needed))
    lanes = []
    for number, layer in enumerate(music):
        # Only what begins the music comes up as its layer asks; the others melt in.
        first = layer if number == 0 else replace(layer, fade_in_s=0.0, begins_s=music[0].begins_s)
        mine = Strips([strip for piece, strip in turns if piece == number])
        lanes.append(_laid(_Played(mine), first, place, music_at=at))
    spans: list[tuple[int, int]] = []
    for _piece, strip in turns:
        low, high = at + strip.first, at + strip.end
        if spans and low <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], high)
        else:
            spans.append((low, high))
    if place.period:
        spans = [(spans[0][0], place.samples)]
    return lanes, spans


def ducking(spans: Sequence[tuple[int, int]], duck_db: float, first: int, last: int) -> np.ndarray | None:
    """By how much all but the music is turned down in these samples of the film; None: not at all."""
    import numpy as np

    ramp = round(DUCK_S * RATE_HZ)
    near = [span for span in spans if span[0] < last and first < span[1] + ramp]
    if not near or not duck_db:
        return None
    depth = np.zeros(last - first, np.float32)
    for low, high in near:
        down = rising(SOFT, ramp, first - low, last - low)
        np.maximum(depth, down * falling(SOFT, ramp, first - high, last - high), out=depth)
    return np.float32(1) - depth * np.float32(1 - 10 ** (-duck_db / 20))


@dataclass(frozen=True)
class _Played:
    """All turns of one piece as one stream."""

    strips: Strips

    def read(self, first: int, last: int) -> np.ndarray:
        import numpy as np

        block = np.zeros((last - first, 2), np.float32)
        self.strips.add_to(block, first)
        return block


@dataclass(frozen=True)
class _Piece:
    """One piece of music; whole: its file holds no more than the film can need."""

    floats: Floats
    layer: Layer
    whole: bool

    def melt_into(self, after: _Piece) -> int:
        """How many samples it melts into another."""
        return min(round(MELT_S * RATE_HZ), self.floats.count // 4, after.floats.count // 4)


def _turns(pieces: Sequence[_Piece], waits: Sequence[int], needed: int) -> Iterator[tuple[int, Strip]]:
    """Every piece in its turn, until nothing more is needed; `waits`: when each begins at the earliest."""
    at = melt = turn = 0
    while at < needed:
        number = turn % len(pieces)
        piece, rise = pieces[number], (POWER, melt) if turn else (SOFT, 0)
        if turn < len(pieces) and waits[number] > at:
            at, rise = waits[number], (SOFT, round(piece.layer.fade_in_s * RATE_HZ) or EDGE)
        end, turn = at + piece.floats.count, turn + 1
        # Nothing melts into a piece that waits, nor a piece that the film cuts into anything.
        meets = piece.whole and (turn >= len(pieces) or waits[turn] <= end)
        melt = piece.melt_into(pieces[turn % len(pieces)]) if meets else 0
        yield number, Strip(at, end, piece.floats, 0, 1.0, rise, (POWER, melt))
        at = end - melt


def _laid(stream: Source, layer: Layer, place: Place, music_at: int | None) -> Lane:
    begin = round(layer.begins_s * RATE_HZ)
    origin = music_at or 0
    wrap = None
    if place.period:
        wrap = melted(stream.read(place.period, place.period + place.melt), stream.read(0, place.melt))
    ramps = (max(round(seconds * RATE_HZ), EDGE) for seconds in (layer.fade_in_s, layer.fade_out_s))
    ramp_in, ramp_out = (min(ramp, max(place.samples, 1)) for ramp in ramps)
    factor = 10 ** (layer.gain_db / 20)
    return Lane(stream, factor, begin, origin, ramp_in, ramp_out, place.period, wrap)


def _decoded(layer: Layer, path: Path, needed: int) -> tuple[Floats, bool]:
    """A layer's sound in a file, as far as it can be heard, and whether that is all there is of it."""
    most = min(needed + EDGE, round(MOST_S * RATE_HZ))
    name = Path(layer.file).name
    try:
        with open_clip(Path(layer.file)) as container:
            sound = first_sound(container)
            if sound is None:
                raise ClipUnreadable(f"{name} holds no sound.", cure=CURE)
            floats = write_floats(path, heard_blocks(container, sound)[1], most)
    except ClipUnreadable as error:
        raise ClipUnreadable(f"The sound {name} cannot be used: {error.message}", cure=CURE) from error
    whole = floats.count < most or most < needed
    if whole and floats.count < SHORTEST_S * RATE_HZ:
        what = f"It lasts {floats.count / RATE_HZ:.2f} s; less than {SHORTEST_S:g} s cannot be looped."
        raise BadInput("A sound of this film is too short.", [Problem(name, what, CURE)])
    return floats, whole
