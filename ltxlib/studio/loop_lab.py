"""The loop lab: how well takes loop, where their best seams are, and what to do with each.

What was measured is kept in `work/loops/` under the clip's sha256, so each clip is decoded for it once; what
is advised follows from that and from the take's record each time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.core.film import CutWish, Transition
from ltxlib.core.loop_words import backwards_warning
from ltxlib.core.looping import Advice, LoopMeasured, LoopWay, advise
from ltxlib.core.take import KEEP, REJECT, Take
from ltxlib.errors import BadInput
from ltxlib.media.loop_measure import VERSION, measure_clip
from ltxlib.media.loop_preview import AROUND_S, preview_size, shows_whole, write_preview, write_strip
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside, write_json
from ltxlib.store.project import Shelf


@dataclass(frozen=True)
class LoopReport:
    """How one take loops: what was measured, what to do, and what to beware of, in sentences."""

    take: Take
    clip: Path
    measured: LoopMeasured
    advice: Advice
    warnings: tuple[str, ...]

    @property
    def in_s(self) -> float:
        """Where in the take the best loop begins, in seconds."""
        return float(self.advice.way.in_frame / self.measured.rate)

    @property
    def out_s(self) -> float:
        """Where in the take the best loop ends, in seconds."""
        return float(self.advice.way.out_frame / self.measured.rate)

    @property
    def crossfade_s(self) -> float:
        """For how long its end melts into its beginning, in seconds; 0 for a straight cut."""
        return float(self.advice.way.crossfade_frames / self.measured.rate)

    @property
    def ways(self) -> tuple[LoopWay, ...]:
        """All ways that were looked at."""
        found = (self.measured.as_is, self.measured.trimmed, self.measured.crossfade)
        return tuple(way for way in found if way is not None)

    def to_json(self) -> dict[str, Any]:
        """The report for a program; frames are counted from 0, the out-frame is not shown any more."""
        measured = asdict(self.measured)
        ways = {way.kind: asdict(way) | {"frames": way.frames} for way in self.ways}
        for name in ("as_is", "trimmed", "crossfade"):
            measured.pop(name)
        best = self.advice.way
        return {
            "scene": self.take.scene,
            "take": self.take.take_id,
            "score": self.advice.score,
            "words": self.advice.words,
            "advice": self.advice.what,
            "sentence": self.advice.sentence,
            "in_frame": best.in_frame,
            "out_frame": best.out_frame,
            "crossfade_frames": best.crossfade_frames,
            "in_s": round(self.in_s, 4),
            "out_s": round(self.out_s, 4),
            "crossfade_s": round(self.crossfade_s, 4),
            "ways": ways,
            "measured": measured,
            "warnings": list(self.warnings),
        }


def loop_report(shelf: Shelf, take: Take) -> LoopReport:
    """How well a take loops and what to do; measured once for each clip, a few seconds for a long one.

    Raises BadInput for a take that is sound alone or too short, ClipUnreadable, StoreError.
    """
    if take.sound_alone:
        raise BadInput(
            f"{take.key} is sound alone, which has no picture to loop.",
            cure="Lay it under a film as a bed: it is looped there.",
        )
    clip = take_store.clip_path(shelf, take.scene, take.take_id)
    measured = _remembered(shelf, take)
    if measured is None:
        measured = measure_clip(clip)
        write_json(_path(shelf, take, ".json"), asdict(measured))
    return LoopReport(take, clip, measured, advise(measured, take.mode), tuple(_warnings(take, measured)))


def remembered(shelf: Shelf, take: Take) -> LoopReport | None:
    """The same when the clip was measured before, at no cost; None when it was not."""
    measured = None if take.sound_alone else _remembered(shelf, take)
    return None if measured is None else loop_report(shelf, take)


def preview(shelf: Shelf, report: LoopReport, way: LoopWay | None = None) -> Path:
    """A short clip of the seam of the best way, or of another one; made when it is not there yet.

    Raises ClipUnreadable, BadInput, MediaError, StoreError.
    """
    way = way or report.advice.way
    path = _path(shelf, report.take, f"{_name(way)}.mp4")
    return path if path.is_file() else write_preview(report.clip, way, path)


def strip(shelf: Shelf, report: LoopReport, way: LoopWay | None = None) -> Path:
    """The pictures next to that seam, side by side, as a JPEG; made when it is not there yet."""
    way = way or report.advice.way
    path = _path(shelf, report.take, f"{_name(way)}.jpg")
    return path if path.is_file() else write_strip(report.clip, way, path)


def preview_shape(report: LoopReport) -> tuple[int, int]:
    """Width and height of the preview, in pixels."""
    return preview_size(report.take.clip.width_px, report.take.clip.height_px)


def preview_words(report: LoopReport, way: LoopWay) -> str:
    """What the preview shows, in a sentence."""
    if shows_whole(way, report.measured.rate):
        return "The loop, again and again; the light mark below the picture meets the middle at the seam."
    return f"The {AROUND_S:g} s before the seam and behind it; it is where the light mark meets the middle."


def as_wish(report: LoopReport, wish: CutWish | None = None, way: LoopWay | None = None) -> CutWish:
    """A place in a film's order with this take, from the in to the out point of the best way or of another.

    wish: what is wished of that place besides; its in and out points and its take are replaced. A take that
    should not be looped keeps its whole length, unless a way is named.
    """
    rate = report.measured.rate
    wish = replace(wish or CutWish(report.take.scene), take=report.take.take_id)
    if way is None and not report.advice.loops:
        return replace(wish, in_s=0.0, out_s=0.0)
    way = way or report.advice.way
    out_s = 0.0 if way.out_frame == report.measured.frames else _seconds(way.out_frame, rate)
    return replace(wish, in_s=_seconds(way.in_frame, rate), out_s=out_s)


def seam_transition(way: LoopWay) -> Transition:
    """How the loop's end follows on its beginning: so many frames of crossfade, or a cut."""
    frames = way.crossfade_frames
    return Transition("crossfade", 0.0, frames) if frames else Transition("cut", 0.0)


def _seconds(frame: int, rate: Fraction) -> float:
    """A frame's moment, short enough to be read in a file and exact enough to mean this very frame."""
    return round(float(frame / rate), 3)


def candidates(shelf: Shelf, scene: str = "") -> list[Take]:
    """The takes worth looking at: kept ones first, then the undecided, each newest first."""
    decided = take_store.decisions(shelf)
    takes = [take for take in take_store.load_takes(shelf)[0] if not take.sound_alone]
    takes = [take for take in takes if decided.get(take.key) != REJECT and scene in ("", take.scene)]
    takes.sort(key=lambda take: take.made_at, reverse=True)
    return sorted(takes, key=lambda take: decided.get(take.key) != KEEP)


def find_take(shelf: Shelf, scene: str, which: str = "") -> Take:
    """One take of a scene: by its number or id, else the kept one, else the newest not rejected.

    Raises BadInput when there is none, with those there are.
    """
    there = [take for take in take_store.load_takes(shelf)[0] if take.scene == scene]
    if not there:
        raise BadInput(f"There is no take of a scene {scene!r}.", cure="Make one, or look at its name.")
    if not which:
        good = candidates(shelf, scene)
        if good:
            return good[0]
        raise BadInput(f"All takes of {scene} were rejected.", cure="Name one of them by its number.")
    found = [take for take in there if which == take.take_id or which == str(take.take_no)]
    if found:
        return max(found, key=lambda take: take.made_at)
    known = ", ".join(sorted({str(take.take_no) for take in there}))
    raise BadInput(f"{scene} has no take {which!r}.", cure=f"Name one of these by its number: {known}.")


def _warnings(take: Take, measured: LoopMeasured) -> Sequence[str]:
    found = []
    backwards = backwards_warning(f"{take.enhanced_prompt or take.prompt}")
    if backwards:
        found.append(backwards)
    lasts_s = float(measured.frames / measured.rate)
    for event in measured.events:
        verb = "seen" if event.kind == "picture" else "heard"
        found.append(
            f"At {event.at_s:.1f} s something is {verb} that happens once; in a loop it comes back "
            f"every {lasts_s:.0f} s."
        )
    return found


def _remembered(shelf: Shelf, take: Take) -> LoopMeasured | None:
    try:
        return LoopMeasured.from_json(json.loads(_path(shelf, take, ".json").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        # Not there, or damaged: it is measured again.
        return None


def _path(shelf: Shelf, take: Take, ending: str) -> Path:
    return inside(shelf.work / "loops", f"{take.clip.sha256[:32]}-v{VERSION}{ending}")


def _name(way: LoopWay) -> str:
    return f"-{way.in_frame}-{way.out_frame}-{way.crossfade_frames}"
