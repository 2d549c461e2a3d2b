"""Which takes make the film: those a person named, else those that were kept, else the newest good ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ltxlib.core.film import CutWish, FilmSettings
from ltxlib.core.problem import Problem
from ltxlib.core.take import REJECT, Take, newest_good
from ltxlib.store import takes as take_store
from ltxlib.store.project import Shelf
from ltxlib.studio import melting


def used_wishes(settings: FilmSettings, scene_order: Sequence[str] = ()) -> list[CutWish]:
    """What is wished of each place in the film, in order; places that are switched off are left out."""
    if settings.cuts:
        return [wish for wish in settings.cuts if wish.used]
    return [CutWish(scene) for scene in settings.order or scene_order]


def choose(shelf: Shelf, scene_order: list[str], settings: FilmSettings) -> tuple[list[Take], list[Problem]]:
    """The take of each place in the film, in film order, and places that have none.

    scene_order: the scenes when the settings name none.
    """
    takes, problems = take_store.load_takes(shelf)
    decided = take_store.decisions(shelf)
    chosen: list[Take] = []
    for wish in used_wishes(settings, scene_order):
        mine = [take for take in takes if take.scene == wish.scene]
        named = next((take for take in mine if take.take_id == wish.take), None)
        take = named if wish.take else newest_good(mine, decided)
        if take is None:
            problems.append(_not_there(wish))
        elif take.sound_alone:
            problems.append(_no_picture(wish.scene))
        else:
            chosen.append(take)
            problems += _made_otherwise(take)
            if wish.take and decided.get(take.key) == REJECT:
                cure = "Name another take, or keep this one in notebook 03."
                what = f"It shows {take.take_id}, which you rejected."
                problems.append(Problem(f"scene {wish.scene}", what, cure, warning=True))
    found = problems + _seams(chosen) + melting.seams(chosen)
    return chosen, list(dict.fromkeys(found))


def wishes_of(takes: Sequence[Take], settings: FilmSettings) -> list[CutWish]:
    """What is wished of each of these takes, which `choose` found for the settings, in the same order.

    A place for which nothing was found has no take; takes that fit no place have no wishes.
    """
    wanted = used_wishes(settings)
    keys = {take.key for take in takes}
    by_id = Counter(wish.scene for wish in wanted if f"{wish.scene}/{wish.take}" in keys)
    shown = Counter(take.scene for take in takes)

    def found(wish: CutWish) -> bool:
        # Places without a take's name all got the same take of their scene, or all got none.
        return f"{wish.scene}/{wish.take}" in keys if wish.take else shown[wish.scene] > by_id[wish.scene]

    fit = [wish for wish in wanted if found(wish)]
    if [wish.scene for wish in fit] != [take.scene for take in takes]:
        return [CutWish(take.scene, take.take_id) for take in takes]
    return fit


def goes_on_from(take: Take, before: Take) -> bool:
    """Whether a take begins with the end of that other one, or of the one whose picture that has."""
    return take.overlap_frames > 0 and melting.shows(before, take.goes_on_from)


def _not_there(wish: CutWish) -> Problem:
    if wish.take:
        what = f"The film asks for its take {wish.take}, which is not there."
        return Problem(f"scene {wish.scene}", what, "Choose another take of it in notebook 04.", warning=True)
    cure = "Run the batch in notebook 02, or keep one of its takes in notebook 03."
    return Problem(f"scene {wish.scene}", "It has no take that may go into the film.", cure, warning=True)


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


def _seams(takes: Sequence[Take]) -> list[Problem]:
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
