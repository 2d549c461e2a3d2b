"""The film's sound, mixed whole in floating point: clips, beds and music, any stretch of it at any time.

    clips   |=====\\/=========\\/======|      each under its pictures, melting over their overlap
    beds    |========)(========)(=====|      looped without a gap (`layers.py`)
    music   |........|====\\/==========|      clips and beds go down under it

A clip's sound is cut or filled to the samples of its frames, so a clip without sound, or one whose sound
ends before its picture, moves nothing. Where clips overlap, sound fades over exactly the pictures'
overlap, at equal power, because the ambiences of two clips are not alike in detail: a straight fade would
dip by 3 dB in the middle. A sample has the same bits whichever stretch is asked for, so a film can be
mixed in any order, and a loop can be mixed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.core.soundtrack import Soundtrack
from ltxlib.core.timeline import Timeline
from ltxlib.media.floats import BLOCK, CHANNELS, RATE_HZ
from ltxlib.media.layers import DUCK_S, Lane, Place, bed_lanes, ducking, music_lanes
from ltxlib.media.laying import Filler, Laying, joint_of
from ltxlib.media.probe import ClipInfo
from ltxlib.media.ramps import SOFT, falling, rising
from ltxlib.media.strips import Strips, hard_edge

if TYPE_CHECKING:
    import numpy as np

# How long beds and music melt into their own beginning in a circle: as the picture does, within these.
SHORTEST_MELT, LONGEST_MELT = round(0.5 * RATE_HZ), 4 * RATE_HZ


class Mix:
    """The sound of a film: `span` gives any stretch of it, float32 x 2 at 48 kHz.

    clips: one for each cut. room: a folder for what is decoded. fades: the film's own from and to silence,
    in samples. rounds: 0 for a film with two ends; else it is circular: after the last cut the first follows
    again, joined as the first cut asks, and after so many times around beds and music are joined to their own
    beginning. samples: of a circular film with two ends; None: it has none, and `span` takes any samples.
    Raises ClipUnreadable, BadInput, MediaError.
    """

    def __init__(
        self,
        timeline: Timeline,
        clips: Sequence[ClipInfo],
        soundtrack: Soundtrack,
        room: Path,
        *,
        fades: tuple[int, int] = (0, 0),
        rounds: int = 0,
        samples: int | None = None,
    ) -> None:
        circular = rounds > 0
        self._sound, self._circular = soundtrack, circular
        self._open_ended = circular and samples is None
        joint = joint_of(timeline.cuts[0], timeline) if circular else 0
        self.loop = timeline.sample_at(timeline.frames - joint, RATE_HZ)
        self.period = self.loop * max(rounds, 1)
        self.samples = self.period if samples is None else samples
        self._fades = (0, 0) if self._open_ended else fades
        self._seam = timeline.sample_at(joint, RATE_HZ)
        self._layers(room)
        filler = None
        if soundtrack.fill and soundtrack.beds:
            filler = Filler(self._beds[0], Path(soundtrack.beds[0].file).name)
        laying = Laying(timeline, clips, soundtrack, room, circular=circular, filler=filler)
        self.notes = laying.notes
        self._strips = Strips(laying.strips)
        # The film's very first cut comes after nothing, so it is there at once.
        self._opening = Strips(
            [replace(strip, rise=(SOFT, 0)) if strip.first == 0 else strip for strip in laying.strips]
        )

    def _layers(self, room: Path) -> None:
        place = Place(self.samples)
        if self._circular:
            melt = min(max(self._seam, SHORTEST_MELT), LONGEST_MELT, self.loop // 4)
            place = Place(self.samples, self.period, melt)
        self._beds = bed_lanes(self._sound.beds, place, room)
        self._music, self._music_spans = music_lanes(self._sound.music, place, room)

    @property
    def steady(self) -> tuple[int, int]:
        """The samples untouched by the film's beginning and end: there all repeats after `period`."""
        if self._open_ended:
            return 0, self.samples
        lanes = [*self._beds, *self._music]
        rises, fall = self._outer
        head = max(*rises, self._seam, *(lane.settled for lane in lanes), 0)
        if self._sound.duck_db and self._music_spans:
            head = max(head, self._music_spans[0][0] + round(DUCK_S * RATE_HZ))
        tail = max(fall, *(lane.ramp_out for lane in lanes), 0)
        return min(head, self.samples), max(self.samples - tail, 0)

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Samples `first` to `last` in blocks of at most 65,536, the caller's own."""
        while first < last:
            end = min(first + BLOCK, last)
            if self._circular:
                end = min(end, (first // self.loop + 1) * self.loop)
            yield self._block(first, end)
            first = end

    def _block(self, first: int, last: int) -> np.ndarray:
        import numpy as np

        block = np.zeros((last - first, CHANNELS), np.float32)
        self._add_clips(block, first)
        ends = None if self._open_ended else self.samples
        self._add(self._beds, block, first, ends)
        spans = [(-self.period, 2 * self.period)] if self._open_ended and self._music else self._music_spans
        at = first % self.period if self._open_ended else first
        duck = ducking(spans, self._sound.duck_db, at, at + len(block))
        if duck is not None:
            block *= duck[:, None]
        self._add(self._music, block, first, ends)
        if not self._open_ended:
            self._shape_ends(block, first, last)
        return block

    def _add_clips(self, block: np.ndarray, first: int) -> None:
        at = first % self.loop if self._circular else first
        opens = not self._open_ended and first < self.loop
        (self._opening if opens else self._strips).add_to(block, at)
        if self._circular and not opens:
            # What leaves at the end of the loop still sounds while its beginning comes.
            self._strips.add_to(block, at + self.loop)

    @staticmethod
    def _add(lanes: Sequence[Lane], block: np.ndarray, first: int, samples: int | None) -> None:
        for lane in lanes:
            heard = lane.heard(first, first + len(block), samples)
            if heard is not None:
                block += heard

    def _shape_ends(self, block: np.ndarray, first: int, last: int) -> None:
        """The film's own beginning and end."""
        rises, fall = self._outer
        for rise in rises:
            if first < rise:
                block *= rising(SOFT, rise, first, last)[:, None]
        begin = self.samples - fall
        if last > begin:
            block *= falling(SOFT, fall, first - begin, last - begin)[:, None]

    @property
    def _outer(self) -> tuple[tuple[int, ...], int]:
        """How long the whole comes up, each ramp on top of the other, and how long it goes down."""
        edge, (fade_in, fade_out) = hard_edge(self.samples)[1], self._fades
        slow = min(round(self._sound.slow_start_s * RATE_HZ), self.samples)
        return tuple(rise for rise in (fade_in, slow) if rise) or (edge,), fade_out or edge
