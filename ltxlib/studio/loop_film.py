"""Puts the in and out points that the loop lab found into a film's file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ltxlib.core.film import CutWish, FilmSettings, Transition
from ltxlib.core.looping import LoopWay
from ltxlib.store.films import film_names, film_path, load_film, save_film
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.choosing import choose, wishes_of
from ltxlib.studio.loop_lab import LoopReport, as_wish, seam_transition

# The name of the first film of a project.
FIRST = "film"


@dataclass(frozen=True)
class PutIntoFilm:
    """What was written: the film's file, the place in its order as it is now, and a sentence on both."""

    path: Path
    wish: CutWish
    sentence: str


def film_to_change(project: Project, film: str = "") -> str:
    """The film whose file is changed: the one named, else the one that was changed last, else a first one."""
    return film or next(iter(film_names(project)), FIRST)


def put_into_film(
    project: Project,
    shelf: Shelf,
    report: LoopReport,
    order: list[str],
    *,
    film: str = "",
    way: LoopWay | None = None,
) -> PutIntoFilm:
    """Writes a take with its in and out points into a film's file, at its scene's places, else as the last.

    order: the scenes of the table, for a film that names none yet. way: another one than the best. Where the
    take is the whole film, its end follows on its beginning as that way says; else transitions stay as they
    are. Raises BadInput when the file cannot be read, StoreError when it cannot be written.
    """
    name = film_to_change(project, film)
    settings = load_film(project, name) if film_path(project, name).is_file() else FilmSettings(name=name)
    cuts = list(settings.cuts) or _all_scenes(shelf, order, settings)
    places = _places(cuts, report)
    transition = None
    if not places:
        cuts.append(CutWish(report.take.scene))
        places = [len(cuts) - 1]
    for place in places:
        cuts[place] = replace(as_wish(report, cuts[place], way), used=True)
    if sum(cut.used for cut in cuts) == 1:
        transition = seam_transition(way or report.advice.way)
        cuts[places[0]] = replace(cuts[places[0]], transition=transition)
    path = save_film(project, replace(settings, cuts=tuple(cuts)), name)
    wish = cuts[places[0]]
    return PutIntoFilm(path, wish, _sentence(report, path, wish, transition))


def _all_scenes(shelf: Shelf, order: list[str], settings: FilmSettings) -> list[CutWish]:
    """The places that a film without any of its own has: those of its scenes, each with its usual take."""
    takes, _ = choose(shelf, order, settings)
    return [replace(wish, take="") for wish in wishes_of(takes, settings)]


def _places(cuts: list[CutWish], report: LoopReport) -> list[int]:
    """Where the take is in the film: by its name, else where its scene is; those that are used, if any."""
    mine = [place for place, cut in enumerate(cuts) if cut.scene == report.take.scene]
    named = [place for place in mine if cuts[place].take == report.take.take_id]
    used = [place for place in (named or mine) if cuts[place].used]
    return used or (named or mine)[:1]


def _sentence(report: LoopReport, path: Path, wish: CutWish, transition: Transition | None) -> str:
    end = f"{wish.out_s:.2f} s" if wish.out_s else "its end"
    said = f"{report.take.scene}, take {report.take.take_no}, now goes from {wish.in_s:.2f} s to {end} in "
    said += f"films/{path.name}."
    if transition is None:
        said += " The film shows other scenes behind it, so its own seam is not seen there."
    else:
        joined = (
            "a straight cut" if transition.kind == "cut" else f"a crossfade of {transition.frames} frames"
        )
        said += f" Where the film goes round, its end follows with {joined}."
    return said
