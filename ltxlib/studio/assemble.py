"""From kept takes to a master: choose, lay out, render once, remember what it was made of."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from ltxlib import __version__
from ltxlib.core.film import LOUDNESS_LUFS, FilmSettings
from ltxlib.core.problem import Problem
from ltxlib.core.take import Take, newest_good
from ltxlib.core.timeline import Cut, Timeline, frames_at
from ltxlib.errors import BadInput
from ltxlib.media.card import title_card
from ltxlib.media.master import MasterProgress, MasterReport, MasterSettings, render_master
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside, write_json
from ltxlib.store.journal import now
from ltxlib.store.project import Shelf
from ltxlib.studio import melting

__all__ = [
    "LOUDNESS_LUFS",
    "TITLE_S",
    "Film",
    "FilmSettings",
    "assemble",
    "choose",
    "goes_on_from",
    "lay_out",
    "masters",
]

TITLE_S = 4
REHEARSAL_COMMENT = "REHEARSAL: stand-in pictures and sound, not made by LTX-2"


@dataclass(frozen=True)
class Film:
    """A finished master and what is known of it; reused is True when the same film was there already."""

    path: Path
    frames: int
    duration_s: float
    facts: dict[str, Any]
    reused: bool


def choose(shelf: Shelf, scene_order: list[str], settings: FilmSettings) -> tuple[list[Take], list[Problem]]:
    """The take of each scene that goes into the film, in film order, and scenes that have none."""
    takes, problems = take_store.load_takes(shelf)
    decided = take_store.decisions(shelf)
    chosen: list[Take] = []
    for scene in settings.order or scene_order:
        take = newest_good([take for take in takes if take.scene == scene], decided)
        if take and take.sound_alone:
            problems.append(_no_picture(scene))
        elif take:
            chosen.append(take)
            problems += _made_otherwise(take)
        else:
            cure = "Run the batch in notebook 02, or keep one of its takes in notebook 03."
            problems.append(
                Problem(f"scene {scene}", "It has no take that may go into the film.", cure, warning=True)
            )
    return chosen, problems + _seams(chosen) + melting.seams(chosen)


def _made_otherwise(take: Take) -> list[Problem]:
    """That the film shows a take which was made with less memory."""
    if not take.asked:
        return []
    cure = (
        "To have it as its row asks, render it on a card with more memory, or with the ladder switched off."
    )
    return [Problem(f"scene {take.scene}", take.made_otherwise, cure, warning=True)]


def _no_picture(scene: str) -> Problem:
    what = "It is sound alone, so it has no place of its own in the film."
    return Problem(
        f"scene {scene}", what, "Keep it: it stays in notebook 03, to be listened to.", warning=True
    )


def lay_out(shelf: Shelf, takes: list[Take], settings: FilmSettings) -> Timeline:
    """The timeline of these takes: the size and rate most of them have, one crossfade between all.

    Raises BadInput when there is nothing to lay out or the crossfade does not fit.
    """
    if not takes:
        raise BadInput(
            "There is no take to make a film of.", cure="Render scenes in notebook 02 first, then come back."
        )
    sizes = Counter((take.clip.width_px, take.clip.height_px) for take in takes)
    rates = Counter(Fraction(take.clip.fps) for take in takes)
    (width_px, height_px), fps = sizes.most_common(1)[0][0], rates.most_common(1)[0][0]
    crossfade_frames = round(Fraction(str(settings.crossfade_s)) * fps) if len(takes) > 1 else 0
    cuts: list[Cut] = []
    for number, take in enumerate(takes):
        cut = Cut(
            clip=str(take_store.clip_path(shelf, take.scene, take.take_id)),
            scene=take.scene,
            take=take.take_id,
            frames=frames_at(take.clip.frames / Fraction(take.clip.fps), fps),
        )
        if number and goes_on_from(take, takes[number - 1]):
            cut = _joined(cut, cuts[-1], take, Timeline((), fps, width_px, height_px, crossfade_frames))
        cuts.append(cut)
    cuts = melting.laid(cuts, takes, Timeline((), fps, width_px, height_px, crossfade_frames))
    timeline = Timeline(tuple(cuts), fps, width_px, height_px, crossfade_frames)
    problems = timeline.problems()
    if problems:
        raise BadInput("The film cannot be laid out like this.", problems)
    return timeline


def goes_on_from(take: Take, before: Take) -> bool:
    """Whether a take begins with the end of that other one, or of the one whose picture that has."""
    return take.overlap_frames > 0 and melting.shows(before, take.goes_on_from)


def _joined(cut: Cut, before: Cut, take: Take, film: Timeline) -> Cut:
    """The cut so that what it shows again lies over the end of the cut before, moment on moment.

    As much of it is shared as the film's crossfade is long (a quarter of a second where there is none), the
    rest is left out: nothing is seen twice and nothing jumps.
    """
    overlap = film.frames_at(take.overlap_frames, Fraction(take.clip.fps))
    wanted = film.crossfade_frames or max(1, round(film.fps / 4))
    shared = min(overlap, wanted, before.frames // 2)
    skip = overlap - shared
    return replace(cut, frames=cut.frames - skip, skip_frames=skip, shared_frames=shared)


def _seams(takes: list[Take]) -> list[Problem]:
    """Takes that go on from another take of the scene before them than the film shows."""
    found = []
    for before, take in pairwise(takes):
        scene, _, wanted = take.goes_on_from.partition("/")
        if take.overlap_frames and scene == before.scene and not goes_on_from(take, before):
            what = (
                f"It goes on from {wanted} of {scene}, but the film shows {before.take_id}: a visible seam."
            )
            cure = f"Keep {wanted} of {scene} in notebook 03, or render {take.scene} again."
            found.append(Problem(f"scene {take.scene}", what, cure, warning=True))
    return found


def assemble(
    shelf: Shelf,
    takes: list[Take],
    settings: FilmSettings,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> Film:
    """Render the film, or give back the one that was rendered from exactly the same things.

    on_progress gets frames done and frames in all. Raises BadInput, MediaError or Cancelled.
    """
    timeline = lay_out(shelf, takes, settings)
    laid_out = timeline.to_json()
    for cut in laid_out["cuts"]:
        # Where the project lies on the disk is not part of what the film is.
        del cut["clip"]
    made_of = {
        "timeline": laid_out,
        "clips": [take.clip.sha256 for take in takes],
        "settings": asdict(settings),
        "kit": __version__,
    }
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()[:8]
    mark = "REHEARSAL-" if shelf.rehearsal else ""
    target = inside(shelf.masters, f"{mark}{_file_name(settings.name)}-{digest}.mp4")
    found = _made_before(target, digest)
    if found:
        return found
    work = inside(shelf.work, f"assemble-{digest}")
    work.mkdir(parents=True, exist_ok=True)
    shelf.masters.mkdir(parents=True, exist_ok=True)
    if settings.title.strip():
        timeline = _with_title(timeline, settings.title.strip(), work)
    tags = {"title": settings.name} | ({"comment": REHEARSAL_COMMENT} if shelf.rehearsal else {})
    master = MasterSettings(target_lufs=settings.target_lufs, tags=tags)

    def tell(progress: MasterProgress) -> None:
        if on_progress:
            on_progress(round(progress.part * timeline.frames), timeline.frames)

    pieces = inside(shelf.work, "pieces")
    report = render_master(
        timeline, target, master, work_dir=work, cache_dir=pieces, on_progress=tell, cancel=cancel
    )
    facts = _facts(target, report, timeline, digest) | {"rehearsal": shelf.rehearsal, "made_of": made_of}
    facts["made_otherwise"] = [_lowered(take) for take in takes if take.asked]
    write_json(target.with_suffix(".json"), facts)
    return Film(target, report.frames, float(report.duration_s), facts, reused=False)


def _lowered(take: Take) -> dict[str, Any]:
    """A take that was made with less memory, as the manifest tells of it."""
    return {
        "scene": take.scene,
        "take": take.take_id,
        "asked": take.asked,
        "rung": take.rung,
        "says": take.made_otherwise,
    }


def _facts(target: Path, report: MasterReport, timeline: Timeline, digest: str) -> dict[str, Any]:
    return {
        "master": target.name,
        "digest": digest,
        "made_at": now(),
        "frames": report.frames,
        "duration_s": float(report.duration_s),
        "sha256": report.sha256,
        "size_bytes": report.size_bytes,
        "fps": str(timeline.fps),
        "width_px": timeline.width_px,
        "height_px": timeline.height_px,
        "crossfade_frames": timeline.crossfade_frames,
        "integrated_lufs": report.integrated_lufs,
        "true_peak_dbtp": report.true_peak_dbtp,
        "gain_db": report.gain_db,
        "notes": list(report.notes),
    }


def _with_title(timeline: Timeline, title: str, work: Path) -> Timeline:
    card = work / "title.mp4"
    frames = title_card(
        title,
        card,
        width_px=timeline.width_px,
        height_px=timeline.height_px,
        fps=timeline.fps,
        seconds=TITLE_S,
    )
    cut = Cut(clip=str(card), scene="title", take="", frames=frames)
    cuts = (cut, *timeline.cuts)
    return Timeline(cuts, timeline.fps, timeline.width_px, timeline.height_px, timeline.crossfade_frames)


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "film"


def _made_before(target: Path, digest: str) -> Film | None:
    try:
        facts = json.loads(target.with_suffix(".json").read_bytes())
        whole = facts["digest"] == digest and target.stat().st_size == facts["size_bytes"]
        if whole:
            return Film(target, int(facts["frames"]), float(facts["duration_s"]), facts, reused=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def masters(shelf: Shelf) -> list[Path]:
    """Finished films, newest first."""
    found = [path for path in shelf.masters.glob("*.mp4") if path.with_suffix(".json").is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
