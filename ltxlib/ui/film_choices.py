"""Which rows the order of a film has: the film's own places, and the scenes that it does not know yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.film import CutWish, FilmSettings
from ltxlib.core.take import Take
from ltxlib.store.project import Shelf
from ltxlib.studio.review import poster, review
from ltxlib.ui.order import Choice


@dataclass(frozen=True)
class Shown:
    """The takes there are. chosen: those that go into the film by themselves, in the table's order; takes:
    all by key; stills: pictures of those that may be in the film; table: the scenes of the table.
    """

    chosen: tuple[Take, ...]
    takes: dict[str, Take]
    stills: dict[str, Path]
    table: tuple[str, ...]


def shown_takes(shelf: Shelf, order: Sequence[str], settings: FilmSettings) -> Shown:
    """One look at the takes of a shelf, with pictures of those that the film may show."""
    reviewed, _ = review(shelf, list(order))
    named = {f"{cut.scene}/{cut.take}" for cut in settings.cuts if cut.take}
    stills = {}
    for one in reviewed:
        still = poster(shelf, one) if one.chosen or one.take.key in named else None
        if still:
            stills[one.take.key] = still
    chosen = tuple(one.take for one in reviewed if one.chosen and not one.take.sound_alone)
    return Shown(chosen, {one.take.key: one.take for one in reviewed}, stills, tuple(order))


def choices_of(shown: Shown, settings: FilmSettings) -> list[Choice]:
    """The rows: in the film's own order, and after them what it does not know, left out; without an order of
    its own, the scenes of the table are the film, and trials that are no rows of it are left out.
    """
    by_scene = {take.scene: take for take in shown.chosen}
    choices = []
    for wish in settings.cuts:
        take = shown.takes.get(f"{wish.scene}/{wish.take}") if wish.take else by_scene.get(wish.scene)
        choices.append(_choice(shown, wish, take))
    known = {wish.scene for wish in settings.cuts}
    # When no take is of a row of the table there is nothing else to make a film of.
    wanted = (set(shown.table) & set(by_scene)) or set(by_scene)
    for take in shown.chosen:
        if take.scene not in known:
            used = not settings.cuts and take.scene in wanted
            choices.append(_choice(shown, CutWish(take.scene, used=used), take, new=bool(settings.cuts)))
    return choices


def _choice(shown: Shown, wish: CutWish, take: Take | None, *, new: bool = False) -> Choice:
    return Choice(wish, take, shown.stills.get(take.key) if take else None, new)
