"""All that decides a film, found out before anything is rendered: timeline, cards, sounds, length, name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib import __version__
from ltxlib.core.film import FilmSettings
from ltxlib.core.longform import LongFilm
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.take import Take
from ltxlib.core.timeline import Timeline
from ltxlib.core.variety import Variety, variety
from ltxlib.errors import BadInput
from ltxlib.media.settings import MasterSettings
from ltxlib.store.files import inside
from ltxlib.store.films import file_name
from ltxlib.store.project import Shelf
from ltxlib.studio.cards import with_cards
from ltxlib.studio.film_sounds import sound_problems, sounds_made_of, soundtrack_of
from ltxlib.studio.laying import lay

REHEARSAL_COMMENT = "REHEARSAL: stand-in pictures and sound, not made by LTX-2"
# What the timeline says already: however it was wished for, an equal film is the same film.
_SAID_BY_THE_TIMELINE = ("order", "cuts", "crossfade_s", "transition")


@dataclass(frozen=True)
class FilmPlan:
    """A film that can be made.

    laid: what the takes make, once through, without cards. timeline: what is rendered, or goes round where
    `long` is set. work: the folder for what is half done. made_of: what its record says it was made of.
    digest: the name of all that. notes: what people should know, a sentence each.
    """

    settings: FilmSettings
    laid: Timeline
    timeline: Timeline
    long: LongFilm | None
    master: MasterSettings
    made_of: dict[str, Any]
    digest: str
    target: Path
    work: Path
    variety: Variety
    notes: tuple[str, ...]

    @property
    def frames(self) -> int:
        """How many frames the film has, exactly."""
        return self.long.frames if self.long else self.timeline.frames

    @property
    def duration_s(self) -> Fraction:
        """How long it lasts in seconds, exactly."""
        return self.frames / self.timeline.fps


def plan_film(shelf: Shelf, takes: Sequence[Take], settings: FilmSettings) -> FilmPlan:
    """What the film of these takes is. Raises BadInput with all that keeps it from being made, StoreError."""
    laid = lay(shelf, takes, settings)
    faults = sound_problems(shelf, settings)
    if faults:
        raise BadInput("The film asks for sounds that are not there.", faults)
    made_of, digest = _made_of(shelf, takes, settings, laid.timeline)
    mark = "REHEARSAL-" if shelf.rehearsal else ""
    work = inside(shelf.work, f"assemble-{digest}")
    timeline = with_cards(laid.timeline, settings, work)
    long = _long(timeline, settings)
    faults = errors_in(long.problems() if long else timeline.problems())
    if faults:
        raise BadInput("The film cannot be laid out like this.", faults)
    tags = {"title": settings.title.strip() or settings.name}
    tags |= {"comment": REHEARSAL_COMMENT} if shelf.rehearsal else {}
    varied = _variety(laid.timeline, long)
    return FilmPlan(
        settings=settings,
        laid=laid.timeline,
        timeline=timeline,
        long=long,
        master=MasterSettings(
            target_lufs=settings.target_lufs,
            fade_in_s=settings.fade_in_s,
            fade_out_s=settings.fade_out_s,
            tags=tags,
            soundtrack=soundtrack_of(shelf, settings),
        ),
        made_of=made_of,
        digest=digest,
        target=inside(shelf.masters, f"{mark}{file_name(settings.name)}-{digest}.mp4"),
        work=work,
        variety=varied,
        notes=(*laid.notes, *_notes(settings), *map(_said, varied.problems)),
    )


def _long(timeline: Timeline, settings: FilmSettings) -> LongFilm | None:
    return LongFilm(timeline, settings.long) if settings.long.wanted else None


def _made_of(
    shelf: Shelf, takes: Sequence[Take], settings: FilmSettings, timeline: Timeline
) -> tuple[dict[str, Any], str]:
    """What the film is made of, and the name of it."""
    laid_out = timeline.to_json()
    for cut in laid_out["cuts"]:
        # Where the project lies on the disk is not part of what the film is.
        del cut["clip"]
    wished = asdict(settings)
    shown = {(cut.scene, cut.take) for cut in timeline.cuts}
    made_of = {
        "timeline": laid_out,
        "clips": [take.clip.sha256 for take in takes if (take.scene, take.take_id) in shown],
        "sounds": sounds_made_of(shelf, settings),
        "settings": wished,
        "kit": __version__,
    }
    counts = made_of | {
        "settings": {name: value for name, value in wished.items() if name not in _SAID_BY_THE_TIMELINE}
    }
    # A card is joined as the film is, which shows nowhere else where one clip alone is between the cards.
    counts["joined"] = str(settings.joined_by)
    words = json.dumps(counts, sort_keys=True, default=str).encode()
    return made_of, hashlib.sha256(words).hexdigest()[:8]


def _variety(laid: Timeline, long: LongFilm | None) -> Variety:
    shown = [(cut.scene, cut.take, cut.frames / laid.fps) for cut in (long.cycle if long else laid).cuts]
    varied = variety(shown)
    if long is None:
        return varied
    return variety(shown, float(long.frames / laid.fps) / varied.duration_s)


def _notes(settings: FilmSettings) -> list[str]:
    if settings.long.wanted and (settings.title.strip() or settings.end_title.strip()):
        return ["A film of a set length has no cards; its title is kept for publishing."]
    return []


def _said(problem: Problem) -> str:
    return f"{problem.what} {problem.cure}".strip()
