"""From kept takes to a master: choose, lay out, render once, look at it, remember what it was made of."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.core.film import LOUDNESS_LUFS, FilmSettings
from ltxlib.core.longform import unrolled
from ltxlib.core.problem import Problem
from ltxlib.core.take import Take
from ltxlib.core.timeline import Timeline, frames_at
from ltxlib.errors import Cancelled
from ltxlib.media.longform import render_long
from ltxlib.media.master import MasterProgress, render_master
from ltxlib.store.files import inside, sweep, write_json
from ltxlib.store.films import read_film
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.cards import TITLE_S, cards_of, make_cards, with_cards
from ltxlib.studio.certifying import (
    Certificate,
    Expected,
    certify_master,
    expected_of,
    write_certificate,
)
from ltxlib.studio.choosing import choose, goes_on_from, wishes_of
from ltxlib.studio.estimating import estimate_of, foreseen, refuse_without_room
from ltxlib.studio.film_plan import FilmPlan, plan_film
from ltxlib.studio.film_record import Film, facts_of, made_before, masters
from ltxlib.studio.film_sounds import sound_files, sound_problems
from ltxlib.studio.laying import lay_out

__all__ = [
    "LOUDNESS_LUFS",
    "TITLE_S",
    "Film",
    "FilmSettings",
    "MasterProgress",
    "asked_film",
    "assemble",
    "choose",
    "film_frames_of",
    "goes_on_from",
    "lay_out",
    "masters",
    "sound_files",
    "sound_problems",
    "wishes_of",
]

# How much of the whole work is done when the finished file is looked at.
LOOKING_FROM = 0.99


def asked_film(
    project: Project,
    film: str = "",
    *,
    name: str = "film",
    crossfade_s: float = 0.5,
    loudness_lufs: float = -18.0,
    title: str = "",
) -> tuple[FilmSettings, list[Problem]]:
    """What a night or a form begins with: a film file, and values that win over it where they are not usual.

    Raises BadInput with all that is wrong in the file.
    """
    settings, problems = read_film(project, film) if film.strip() else (FilmSettings(), [])
    usual = FilmSettings()
    if name != usual.name:
        settings = replace(settings, name=name)
    if crossfade_s != usual.crossfade_s:
        settings = replace(settings, crossfade_s=crossfade_s, transition=None)
    if loudness_lufs != usual.target_lufs:
        settings = replace(settings, target_lufs=loudness_lufs)
    if title != usual.title:
        settings = replace(settings, title=title)
    return settings, problems


def film_frames_of(timeline: Timeline, settings: FilmSettings) -> int:
    """How many frames the finished film has: what is laid out, with its cards, or of a set length."""
    if settings.long.wanted:
        return frames_at(Fraction(str(settings.long.length_s)), timeline.fps)
    cards = cards_of(timeline, settings)
    if not cards:
        return timeline.frames
    return with_cards(timeline, settings, Path()).frames


def assemble(
    shelf: Shelf,
    takes: Sequence[Take],
    settings: FilmSettings,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    on_step: Callable[[MasterProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Film:
    """Render the film, or give back the one that was rendered from exactly the same things.

    on_progress gets frames done and frames in all; on_step all that is known of how far it is.
    Raises BadInput, MediaError, StoreError (no room on the disk, with figures) or Cancelled.
    """
    plan = plan_film(shelf, takes, settings)
    found = made_before(plan)
    if found:
        return found
    refuse_without_room(shelf, plan, estimate_of(shelf, takes, plan))

    def tell(progress: MasterProgress) -> None:
        if on_progress:
            on_progress(round(progress.part * plan.frames), plan.frames)
        if on_step:
            on_step(progress)

    def stop_if_asked() -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled("The film was stopped; nothing was changed.")

    looked: list[Certificate] = []

    def examine(part: Path) -> None:
        def looking(share: float) -> None:
            tell(MasterProgress("check", round(share * 100), 100, LOOKING_FROM + (1 - LOOKING_FROM) * share))

        looked.append(certify_master(part, _expected(plan), on_progress=looking, cancel=cancel))

    plan.work.mkdir(parents=True, exist_ok=True)
    shelf.masters.mkdir(parents=True, exist_ok=True)
    sweep(shelf.masters)
    make_cards(plan.laid, settings, plan.work, stop_if_asked)
    coded_px = foreseen(shelf, plan).missing_frames * plan.timeline.width_px * plan.timeline.height_px
    rooms = {"work_dir": plan.work, "cache_dir": inside(shelf.work, "pieces")}
    hears: dict[str, Any] = {"on_progress": tell, "cancel": cancel, "examine": examine}
    if plan.long:
        report = render_long(plan.long, plan.target, plan.master, **rooms, **hears)
    else:
        report = render_master(plan.timeline, plan.target, plan.master, **rooms, **hears)
    facts = facts_of(plan, report, takes, looked[-1], coded_px) | {"rehearsal": shelf.rehearsal}
    write_json(plan.target.with_suffix(".json"), facts)
    write_certificate(plan.target, looked[-1], facts)
    shutil.rmtree(plan.work, ignore_errors=True)
    return Film(plan.target, report.frames, float(report.duration_s), facts, reused=False)


def _expected(plan: FilmPlan) -> Expected:
    """What the finished file must be."""
    if plan.long is None:
        return expected_of(plan.timeline, plan.master)
    film = plan.long
    dark = film.lit_frames - film.dusk_frames
    whole = unrolled(film.cycle, film.frames)
    return expected_of(whole, plan.master, dark_frames=dark if dark < film.frames else None)
