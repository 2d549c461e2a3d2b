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
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.floats import BLOCK, CHANNELS, RATE_HZ, Floats
from ltxlib.media.probe import ClipInfo
from ltxlib.media.ramps import POWER, SOFT, STRAIGHT, falling, rising
from ltxlib.media.sound import heard_clip
from ltxlib.media.strips import EDGE, Ramp, Strip, Strips, hard_edge

if TYPE_CHECKING:
    import numpy as np


class Mix:
    """The sound of a film: `span` gives any stretch of it, float32 x 2 at 48 kHz.

    clips: one for each cut. room: a folder for what is decoded. fades: the film's own from and to silence,
    in samples. circular: after the last cut the first follows again, joined as the first cut asks; beds and
    music are joined to their own beginning after `rounds` times around. samples: of a circular film with two
    ends; None: it has none, and `span` takes any samples. Raises ClipUnreadable, BadInput, MediaError.
    """

    def __init__(
        self,
        timeline: Timeline,
        clips: Sequence[ClipInfo],
        soundtrack: Soundtrack,
        room: Path,
        *,
        fades: tuple[int, int] = (0, 0),
        circular: bool = False,
        rounds: int = 1,
        samples: int | None = None,
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._timeline, self._sound, self._circular = timeline, soundtrack, circular
        self._open_ended = circular and samples is None
        self._joint = _joint_of(timeline.cuts[0], timeline) if circular else 0
        self.loop = timeline.sample_at(timeline.frames - self._joint, RATE_HZ)
        self.period = self.loop * (rounds if circular else 1)
        self.samples = self.period if samples is None else samples
        self._fades = (0, 0) if self._open_ended else fades
        strips = list(self._laid(clips, room))
        self._strips = Strips(strips)
        # The film's very first cut comes after nothing, so it is there at once.
        self._opening = Strips([replace(strips[0], rise=(SOFT, 0)), *strips[1:]])

    @property
    def steady(self) -> tuple[int, int]:
        """The samples untouched by the film's beginning and end: there all repeats after `period`."""
        if self._open_ended:
            return 0, self.samples
        rises, fall = self._outer
        head = max(*rises, self._timeline.sample_at(self._joint, RATE_HZ))
        return min(head, self.samples), max(self.samples - fall, 0)

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
        at = first % self.loop if self._circular else first
        opens = not self._open_ended and first < self.loop
        (self._opening if opens else self._strips).add_to(block, at)
        if self._circular and not opens:
            # What leaves at the end of the loop still sounds while its beginning comes.
            self._strips.add_to(block, at + self.loop)
        if not self._open_ended:
            self._ends(block, first, last)
        return block

    def _ends(self, block: np.ndarray, first: int, last: int) -> None:
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

    def _laid(self, clips: Sequence[ClipInfo], room: Path) -> Iterator[Strip]:
        """Each cut's sound in its place."""
        timeline, starts = self._timeline, self._timeline.starts_frames
        heard = self._heard(clips, room)
        for number, (cut, info) in enumerate(zip(timeline.cuts, clips, strict=True)):
            begin = timeline.sample_at(cut.skip_frames, RATE_HZ)
            first, end = (timeline.sample_at(starts[number] + frames, RATE_HZ) for frames in (0, cut.frames))
            rise, fall = self._ramps(number, first, end)
            factor = 10 ** ((cut.gain_db + self._sound.clips_db) / 20)
            yield Strip(first, end, heard[info.path], begin, factor, rise, fall)

    def _heard(self, clips: Sequence[ClipInfo], room: Path) -> dict[Path, Floats]:
        """The sound of each clip, read once, as far as any cut shows it."""
        needed: dict[Path, int] = {}
        for cut, info in zip(self._timeline.cuts, clips, strict=True):
            samples = self._timeline.sample_at(cut.skip_frames + cut.frames, RATE_HZ)
            needed[info.path] = max(needed.get(info.path, 0), samples)
        facts = {info.path: info for info in clips}
        return {
            path: heard_clip(facts[path], samples + EDGE, room / f"clip{number}.f32")
            for number, (path, samples) in enumerate(needed.items())
        }

    def _ramps(self, number: int, first: int, end: int) -> tuple[Ramp, Ramp]:
        """How a cut's sound comes and goes."""
        cuts = self._timeline.cuts
        after = (number + 1) % len(cuts)
        comes = number > 0 or self._circular
        goes = number + 1 < len(cuts) or self._circular
        rise = self._ramp(cuts[number], first, end, leaving=False) if comes else (SOFT, 0)
        fall = self._ramp(cuts[after], first, end, leaving=True) if goes else (SOFT, 0)
        return rise, fall

    def _ramp(self, cut: Cut, first: int, end: int, *, leaving: bool) -> Ramp:
        """The ramp at the joint before `cut`: of what leaves there, or of what comes."""
        joint = _joint_of(cut, self._timeline)
        if joint:
            samples = min(self._timeline.sample_at(joint, RATE_HZ), end - first)
            return (POWER if cut.shared_frames is None else STRAIGHT), samples
        dark = (cut.black_frames + 1) // 2 if leaving else cut.black_frames // 2
        if dark:
            return SOFT, min(self._timeline.sample_at(dark, RATE_HZ), end - first)
        return hard_edge(end - first)


def _joint_of(cut: Cut, timeline: Timeline) -> int:
    """How many frames a cut shares with the one before it, also where that is the last of a circle."""
    if cut.shared_frames is not None:
        return cut.shared_frames
    if cut.black_frames:
        return 0
    return timeline.crossfade_frames if cut.crossfade_frames is None else cut.crossfade_frames
