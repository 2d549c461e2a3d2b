"""Lays every cut's sound in its place: how it comes and goes, how loud it is, what fills its gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.core.soundtrack import LOUDEST_LAYER_DB, Soundtrack
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.floats import RATE_HZ
from ltxlib.media.layers import Lane
from ltxlib.media.levelling import TOLD_DB, levels_of, loudness_of
from ltxlib.media.probe import ClipInfo
from ltxlib.media.ramps import POWER, SOFT, STRAIGHT
from ltxlib.media.sound import heard_clip
from ltxlib.media.strips import EDGE, Ramp, Strip, hard_edge

if TYPE_CHECKING:
    import numpy as np

# LTX-2's sound ends a little before its picture; more than this is missing.
MISSING = round(0.25 * RATE_HZ)
MELT = round(0.25 * RATE_HZ)
# So much of a bed tells how loud it is.
BED_HEARD = 60 * RATE_HZ


@dataclass(frozen=True)
class Filler:
    """The bed that fills gaps: how it lies under the film, and the name of its file."""

    lane: Lane
    name: str

    def read(self, first: int, last: int) -> np.ndarray:
        """What it gives at these samples of the film, as loud as its file is."""
        return self.lane.plain(first, last, around=bool(self.lane.period))

    def factor_to(self, lufs: float | None) -> float:
        """By what it is to be multiplied on top of the bed that sounds anyway, so that both are so loud."""
        loud = loudness_of_stream(self.lane)
        if lufs is None or loud is None:
            return 0.0
        return max(10 ** (min(lufs - loud, LOUDEST_LAYER_DB) / 20) - self.lane.factor, 0.0)


def loudness_of_stream(lane: Lane) -> float | None:
    """The loudness of a looped bed in LUFS, as its file is; None: it is silent."""
    looped = lane.stream
    heard = min(looped.length, BED_HEARD)
    return loudness_of(looped.floats, looped.first, looped.first + heard)[0]


class Laying:
    """The strips of all clips of a film, and notes for people.

    circular: the last cut meets the first. filler: what fills gaps; None: nothing does. Raises
    ClipUnreadable, MediaError.
    """

    def __init__(
        self,
        timeline: Timeline,
        clips: Sequence[ClipInfo],
        soundtrack: Soundtrack,
        room: Path,
        *,
        circular: bool = False,
        filler: Filler | None = None,
    ) -> None:
        self._timeline, self._sound, self._circular = timeline, soundtrack, circular
        self._filler = filler
        self._notes: dict[str, None] = {}
        self._read(clips, room)
        self.strips = [
            strip
            for cut, info, placed in zip(timeline.cuts, clips, self._places(), strict=True)
            for strip in self._laid(cut, info, placed)
        ]
        self._tell_levels(clips)
        self.notes = tuple(self._notes)

    def _read(self, clips: Sequence[ClipInfo], room: Path) -> None:
        """The sound of each clip, read once, as far as any cut shows it, and how loud it is."""
        timeline, spans = self._timeline, {}
        for cut, info in zip(timeline.cuts, clips, strict=True):
            low = timeline.sample_at(cut.skip_frames, RATE_HZ)
            high = timeline.sample_at(cut.skip_frames + cut.frames, RATE_HZ)
            before = spans.get(info.path, (low, high))
            spans[info.path] = min(low, before[0]), max(high, before[1])
        facts = {info.path: info for info in clips}
        self._heard = {
            path: heard_clip(facts[path], high + EDGE, room / f"clip{number}.f32")
            for number, (path, (_low, high)) in enumerate(spans.items())
        }
        shown = {path: (floats, *spans[path]) for path, floats in self._heard.items()}
        self._levels = levels_of(shown, even=self._sound.even)
        after = self._levels.after_lufs
        wanted = None if after is None else after + self._sound.clips_db
        self._fill = self._filler.factor_to(wanted) if self._filler else 0.0

    def _places(self) -> Iterator[tuple[int, int, Ramp, Ramp]]:
        """Of each cut its first sample in the film, the one after its last, how it comes and how it goes."""
        timeline, cuts = self._timeline, self._timeline.cuts
        for number, (cut, start) in enumerate(zip(cuts, timeline.starts_frames, strict=True)):
            first, end = (timeline.sample_at(start + frames, RATE_HZ) for frames in (0, cut.frames))
            rise = fall = (SOFT, 0)
            if number or self._circular:
                rise = self._ramp(cut, end - first, leaving=False)
            if number + 1 < len(cuts) or self._circular:
                fall = self._ramp(cuts[(number + 1) % len(cuts)], end - first, leaving=True)
            yield first, end, rise, fall

    def _ramp(self, cut: Cut, samples: int, *, leaving: bool) -> Ramp:
        """The ramp at the joint before `cut`: of what leaves there, or of what comes."""
        joint = joint_of(cut, self._timeline)
        if joint:
            kind = POWER if cut.shared_frames is None else STRAIGHT
            return kind, min(self._timeline.sample_at(joint, RATE_HZ), samples)
        dark = (cut.black_frames + 1) // 2 if leaving else cut.black_frames // 2
        if dark:
            return SOFT, min(self._timeline.sample_at(dark, RATE_HZ), samples)
        return hard_edge(samples)

    def _laid(self, cut: Cut, info: ClipInfo, placed: tuple[int, int, Ramp, Ramp]) -> Iterator[Strip]:
        first, end, rise, fall = placed
        heard, begin = self._heard[info.path], self._timeline.sample_at(cut.skip_frames, RATE_HZ)
        gain_db = cut.gain_db + self._sound.clips_db + self._levels.gains_db[info.path]
        strip = Strip(first, end, heard, begin, 10 ** (gain_db / 20), rise, fall)
        # Where in the film its own sound begins and ends.
        low, high = (min(max(at - begin + first, first), end) for at in (heard.first, heard.end))
        if self._levels.lufs[info.path] is None or low == high:
            # A card is meant to be silent.
            if cut.take:
                yield from self._filled(strip, cut, "it has no sound")
            return
        if low - first - rise[1] > MISSING:
            melt = POWER, min(MELT, (high - low) // 2)
            gap = replace(strip, end=low + melt[1], fall=melt)
            strip = replace(strip, first=low, begin=begin + low - first, rise=melt)
            yield from self._filled(gap, cut, f"its sound begins {(low - first) / RATE_HZ:.1f} s late")
        if end - fall[1] - high > MISSING:
            melt = POWER, min(MELT, (high - low) // 2)
            gap = replace(strip, first=high - melt[1], rise=melt)
            strip = replace(strip, end=high, fall=melt)
            yield from self._filled(gap, cut, f"its sound ends {(end - high) / RATE_HZ:.1f} s early")
        yield strip

    def _filled(self, gap: Strip, cut: Cut, what: str) -> Iterator[Strip]:
        """The bed, in the place of a strip that has nothing to say; and a note."""
        where = f"{cut.scene} {cut.take}: {what}"
        if self._filler is not None:
            self._notes[f"{where}; the bed {self._filler.name} comes up in its place."] = None
            yield replace(gap, source=self._filler, begin=gap.first, factor=self._fill)
        elif self._sound.beds:
            self._notes[f"{where}, so only the bed is heard there."] = None
        else:
            self._notes[f"{where}, so the film is silent there. A bed of ambience would fill it."] = None

    def _tell_levels(self, clips: Sequence[ClipInfo]) -> None:
        names = {
            info.path: f"{cut.scene} {cut.take}".strip()
            for cut, info in zip(self._timeline.cuts, clips, strict=True)
        }
        told = [
            f"{names[path]} {gain_db:+.1f} dB"
            for path, gain_db in self._levels.gains_db.items()
            if abs(gain_db) > TOLD_DB
        ]
        if told:
            self._notes[f"Clips were brought nearer to the others in loudness: {', '.join(told)}."] = None


def joint_of(cut: Cut, timeline: Timeline) -> int:
    """How many frames a cut shares with the one before it, also where that is the last of a circle."""
    if cut.shared_frames is not None:
        return cut.shared_frames
    if cut.black_frames:
        return 0
    return timeline.crossfade_frames if cut.crossfade_frames is None else cut.crossfade_frames
