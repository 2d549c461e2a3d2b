"""Look at takes, keep or reject them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.problem import Problem
from ltxlib.core.take import UNDECIDED, Take, newest_good
from ltxlib.errors import LtxlibError
from ltxlib.media.poster import write_poster
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside
from ltxlib.store.picks import picks
from ltxlib.store.project import Shelf


@dataclass(frozen=True)
class Reviewed:
    """One take as review shows it: its clip, what was decided, whether it is the scene's choice now.

    from_draft: the id of the draft it is the finished take of; empty when nobody picked one for it.
    """

    take: Take
    clip: Path
    decision: str
    chosen: bool
    from_draft: str = ""


def review(shelf: Shelf, scene_order: list[str]) -> tuple[list[Reviewed], list[Problem]]:
    """Every whole take, scenes in the order given (others after them, by name), newest take first."""
    takes, problems = take_store.load_takes(shelf)
    decided = take_store.decisions(shelf)
    picked = {pick.take_key: pick.draft for pick in picks(shelf)}
    by_scene: dict[str, list[Take]] = {}
    for take in takes:
        by_scene.setdefault(take.scene, []).append(take)
    order = {scene: place for place, scene in enumerate(scene_order)}
    shown = []
    for scene in sorted(by_scene, key=lambda name: (order.get(name, len(order)), name)):
        chosen = newest_good(by_scene[scene], decided)
        for take in sorted(by_scene[scene], key=lambda take: take.made_at, reverse=True):
            clip = take_store.clip_path(shelf, take.scene, take.take_id)
            decision = decided.get(take.key, UNDECIDED)
            draft = take.from_draft or picked.get(take.key, "")
            shown.append(Reviewed(take, clip, decision, take is chosen, draft))
    return shown, problems


def poster(shelf: Shelf, reviewed: Reviewed) -> Path | None:
    """A small picture of the take, made when it is not there yet; None when the clip cannot be read."""
    return None if reviewed.take.sound_alone else poster_of(shelf, reviewed.take, reviewed.clip)


def poster_of(shelf: Shelf, take: Take, clip: Path) -> Path | None:
    """The same for any take or draft."""
    path = inside(shelf.posters, take.scene, f"{take.take_id}.jpg")
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_poster(clip, path)
        except LtxlibError:
            return None
    return path
