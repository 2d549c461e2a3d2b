"""How long a film will take to make and how large it will be, told before anything is rendered."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.amounts import range_text, size_text, time_text
from ltxlib.core.film import FilmSettings
from ltxlib.core.longform import rounds_until_whole
from ltxlib.core.problem import Problem, as_warnings
from ltxlib.core.take import Take
from ltxlib.errors import BadInput, StoreError
from ltxlib.media.foreseen import Foreseen, foresee
from ltxlib.media.long_picture import abridged
from ltxlib.media.longform import LAYERS_S
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK
from ltxlib.store.files import inside
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.disk import free_bytes, what_may_go
from ltxlib.studio.film_plan import FilmPlan, plan_film
from ltxlib.studio.film_record import machine, made_before, masters

# Measured on two cores with x264 veryfast: seconds a million pixels. More cores are quicker, up to a point.
CODING_S_PER_MPX, CODING_CORES, MOST_CORES = 0.05, 2, 16
# Mixing, coding and measuring a second of sound; looking at a million pixels of the finished film.
SOUND_S_PER_S, LOOKING_S_PER_MPX = 0.15, 0.006
# Laying packets into the file and reading it again, at the pace of a slow disk.
DISK_BYTES_PER_S = 100e6
# A film is decoded whole when it is looked at, up to this length.
DECODED_S = 900.0
SOUND_BYTES_PER_S, MIX_BYTES_PER_S = 48_000, 48_000 * 8
# Of a film that nothing is known of; calm pictures at this quality.
BYTES_PER_PX = 0.04
SPREAD, KNOWN_SPREAD = 2.0, 1.35
_PAST = 8
_LEAST_PX = 20_000_000


@dataclass(frozen=True)
class FilmEstimate:
    """What making a film would take. problems: all that is wrong or odd; with an error nothing else is known.

    seconds_low, seconds_high: of work on this machine. size_bytes: of the film. needs_bytes: on the disk
    while it is made; room_bytes: what is free there, None where nobody can tell. notes: a sentence each.
    """

    frames: int = 0
    duration_s: float = 0.0
    width_px: int = 0
    height_px: int = 0
    seconds_low: float = 0.0
    seconds_high: float = 0.0
    size_bytes: int = 0
    needs_bytes: int = 0
    room_bytes: int | None = None
    made_before: Path | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the disk holds it."""
        return self.room_bytes is None or self.needs_bytes <= self.room_bytes

    @property
    def text(self) -> str:
        """Time and size, such as "2 min to 4 min, about 1.2 GB"."""
        if self.made_before:
            return f"made already, {size_text(self.size_bytes)}"
        low, high = (time_text(max(seconds, 1)) for seconds in (self.seconds_low, self.seconds_high))
        return f"{range_text(low, high)}, about {size_text(self.size_bytes)}"


@dataclass(frozen=True)
class _Pace:
    """What things take here; spread: how far that may be off. known: from films that were made here."""

    coding_s_per_mpx: float
    sound_s_per_s: float
    bytes_per_px: float
    spread: float
    known: int


def film_estimate(
    project: Project, shelf: Shelf, takes: Sequence[Take], settings: FilmSettings
) -> FilmEstimate:
    """What the film of these takes would take; wishes that cannot be met come as problems, not as errors."""
    try:
        plan = plan_film(shelf, takes, settings)
    except BadInput as error:
        found = error.problems or (Problem("film", error.message, error.cure),)
        return FilmEstimate(problems=tuple(found))
    return estimate_of(shelf, takes, plan)


def estimate_of(shelf: Shelf, takes: Sequence[Take], plan: FilmPlan) -> FilmEstimate:
    """What a film that is laid out would take."""
    film = made_before(plan)
    size = (plan.timeline.width_px, plan.timeline.height_px)
    duration_s = float(plan.duration_s)
    warnings = tuple(as_warnings(plan.variety.problems))
    if film:
        size_bytes = int(film.facts["size_bytes"])
        return FilmEstimate(
            plan.frames,
            duration_s,
            *size,
            size_bytes=size_bytes,
            made_before=film.path,
            notes=("This very film was made before.", *plan.notes),
            problems=warnings,
        )
    pace, seen = _pace(shelf, takes), foreseen(shelf, plan)
    seconds, size_bytes, needs = _work(plan, seen, pace)
    return FilmEstimate(
        plan.frames,
        duration_s,
        *size,
        seconds_low=seconds / pace.spread,
        seconds_high=seconds * pace.spread,
        size_bytes=size_bytes,
        needs_bytes=needs,
        room_bytes=free_bytes(shelf.folder),
        notes=(*_told(seen, pace), *plan.notes),
        problems=warnings,
    )


def foreseen(shelf: Shelf, plan: FilmPlan) -> Foreseen:
    """Which pieces of the film's picture are coded already."""
    timeline = plan.timeline
    fades = plan.master.fade_frames(plan.frames, timeline.fps)
    if plan.long:
        short = abridged(plan.long, *fades)
        timeline, fades = short.timeline, short.fades
    return foresee(timeline, plan.master, fades, inside(shelf.work, "pieces"))


def refuse_without_room(shelf: Shelf, plan: FilmPlan, estimate: FilmEstimate) -> None:
    """Raises StoreError, with figures, when the disk cannot hold what the film needs while it is made."""
    if estimate.fits:
        return
    raise StoreError(
        f"The film needs about {size_text(estimate.needs_bytes)} on the disk while it is made, and "
        f"{size_text(estimate.room_bytes or 0)} are free.",
        cure=what_may_go(shelf),
    )


def _work(plan: FilmPlan, seen: Foreseen, pace: _Pace) -> tuple[float, int, int]:
    """Seconds of work, bytes of the film, bytes that are needed on the disk meanwhile."""
    frame_px = plan.timeline.width_px * plan.timeline.height_px
    duration_s = float(plan.duration_s)
    mixed_s = _mixed_s(plan)
    missing_mpx = seen.missing_frames * frame_px / 1e6
    looked_mpx = min(duration_s, DECODED_S) * float(plan.timeline.fps) * frame_px / 1e6
    # Pieces that are there tell the size of this very film, what is missing is reckoned.
    known = seen.frames - seen.missing_frames
    coded = int(seen.missing_frames * frame_px * pace.bytes_per_px)
    picture = seen.there_bytes + coded if known else coded
    compact = plan.long is not None and plan.settings.long.compact
    times = 1.0 if compact else max(plan.frames / max(seen.frames, 1), 1.0)
    size_bytes = int(picture * times + SOUND_BYTES_PER_S * (mixed_s if compact else duration_s))
    seconds = (
        1.0
        + missing_mpx * pace.coding_s_per_mpx
        + mixed_s * pace.sound_s_per_s
        + looked_mpx * LOOKING_S_PER_MPX
        + 2 * size_bytes / DISK_BYTES_PER_S
    )
    return seconds, size_bytes, size_bytes + coded + int(MIX_BYTES_PER_S * mixed_s)


def _mixed_s(plan: FilmPlan) -> float:
    """How much sound has to be coded: all, or that of a loop until it comes round by whole blocks."""
    duration_s = float(plan.duration_s)
    if plan.long is None:
        return duration_s
    fps, frames = plan.timeline.fps, plan.long.cycle_frames
    round_s = float(frames * rounds_until_whole(frames, fps, AAC_BLOCK, RATE_HZ) / fps)
    return min(duration_s, max(round_s, LAYERS_S if plan.settings.sound.layers else 0))


def _told(seen: Foreseen, pace: _Pace) -> list[str]:
    """Where the figures come from."""
    notes = []
    there = seen.frames - seen.missing_frames
    if there and seen.frames:
        notes.append(f"{there / seen.frames:.0%} of its picture is coded already.")
    if pace.known:
        films = "a film" if pace.known == 1 else f"{pace.known} films"
        notes.append(f"The time is reckoned from {films} made on this machine.")
    else:
        notes.append("No film was made on this machine yet, so the time is a rough guess.")
    return notes


def _pace(shelf: Shelf, takes: Sequence[Take]) -> _Pace:
    past = list(_past(shelf))
    coded = [facts for facts in past if _coded_mpx(facts)]
    coding = sorted(facts["took"]["seconds"]["picture"] / _coded_mpx(facts) for facts in coded)
    once = [facts for facts in past if "long" not in facts]
    sound = sorted(facts["took"]["seconds"]["sound"] / facts["duration_s"] for facts in once)
    sizes = sorted(_bytes_per_px(facts) for facts in past)
    cores = min(os.cpu_count() or 1, MOST_CORES)
    clips_px = sum(take.clip.frames * take.clip.width_px * take.clip.height_px for take in takes)
    clips = sum(take.clip.size_bytes for take in takes) / clips_px if clips_px else BYTES_PER_PX
    return _Pace(
        coding[len(coding) // 2] if coding else CODING_S_PER_MPX * CODING_CORES / cores,
        sound[len(sound) // 2] if sound else SOUND_S_PER_S,
        sizes[len(sizes) // 2] if sizes else min(max(clips, BYTES_PER_PX / 4), BYTES_PER_PX * 4),
        KNOWN_SPREAD if coding else SPREAD,
        len(coding),
    )


def _past(shelf: Shelf) -> Iterator[dict[str, Any]]:
    """The records of films that were made on this machine last."""
    here = machine()
    for path in masters(shelf)[:_PAST]:
        try:
            facts = json.loads(path.with_suffix(".json").read_bytes())
            took = facts["took"]
            needed = (took["seconds"]["picture"], took["seconds"]["sound"], took["coded_px"])
            whole = all(isinstance(value, int | float) for value in needed) and facts["duration_s"] > 0
            compact = facts.get("long", {}).get("compact")
            if whole and took["machine"] == here and facts["frames"] > 0 and not compact:
                yield facts
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _coded_mpx(facts: dict[str, Any]) -> float:
    """How much of a film had to be coded, in millions of pixels; 0 where that is too little to tell by."""
    pixels = facts["took"]["coded_px"]
    return pixels / 1e6 if pixels >= _LEAST_PX else 0.0


def _bytes_per_px(facts: dict[str, Any]) -> float:
    sound = facts["duration_s"] * SOUND_BYTES_PER_S
    picture = max(facts["size_bytes"] - sound, 0)
    return picture / (facts["frames"] * facts["width_px"] * facts["height_px"])
