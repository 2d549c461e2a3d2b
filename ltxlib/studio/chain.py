"""Takes that start from other takes: which are meant, which may be rendered now, and their clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ltxlib.core import sources
from ltxlib.core.following import follow
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.scene import Scene
from ltxlib.core.take import Take
from ltxlib.errors import LtxlibError, SourceMissing, StoreError
from ltxlib.store import takes as take_store
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import rehearsing


def likely_shelf(project: Project) -> Shelf:
    """The shelf to look for takes on when no server was asked: the rehearsal's while that is switched on."""
    return project.set(rehearsal=rehearsing.running(project) is not None)


def resolve(shelf: Shelf, scenes: list[Scene], file: str) -> sources.Resolved:
    """What the sources of these scenes mean on a shelf; a take whose clip is damaged is none."""
    there, _ = take_store.load_takes(shelf)
    return sources.resolve(scenes, there, take_store.decisions(shelf), file)


def clip_of(shelf: Shelf, source: sources.Source) -> tuple[Path, str]:
    """The clip of a take on the shelf, and its SHA-256. Raises StoreError when it is not there whole."""
    take = take_store.load_take(take_store.record_path(shelf, source.scene, source.take_id))
    return take_store.clip_path(shelf, source.scene, source.take_id), take.clip.sha256


@dataclass
class Chain:
    """In which order the takes of a batch may be rendered: each after those that it starts from.

    ladder: a take that was made with less memory will do to start from, once the one that is asked for does
    not come any more. failed: the keys of takes that could not be made, with the reason.
    """

    shelf: Shelf
    ladder: bool = True
    failed: dict[str, str] = field(default_factory=dict)

    def note_failure(self, plan: RenderPlan, reason: str) -> None:
        """Remember that a take could not be made, for those that wait for it."""
        self.failed[plan.whole.key] = reason

    def next_of(
        self, waiting: Iterable[RenderPlan], underway: Iterable[RenderPlan]
    ) -> tuple[int, LtxlibError | None] | None:
        """The place of the first waiting take that may begin, or is to be given up for the reason beside it.

        None when all wait for takes that are still to come.
        """
        plans = list(waiting)
        coming = {plan.whole.key for plan in (*plans, *underway)}
        for place, plan in enumerate(plans):
            missing = [source for source in plan.sources.values() if not self._is_there(source, coming)]
            if not missing:
                return place, None
            gone = [source for source in missing if source.key not in coming]
            if gone:
                return place, self._why_not(gone[0])
        return None

    def follow(self, plan: RenderPlan) -> RenderPlan:
        """The plan with the takes it starts from as they are on the shelf, once `next_of` named it.

        Raises SourceMissing where the one that stands in for a take will not do.
        """
        missing = {
            column: source
            for column, source in plan.sources.items()
            if self.ladder and not take_store.has_take(self.shelf, source.scene, source.take_id)
        }
        found = {column: self._stand_in(source) for column, source in missing.items()}
        return follow(plan, {column: take for column, take in found.items() if take is not None})

    def _is_there(self, source: sources.Source, coming: set[str]) -> bool:
        if take_store.has_take(self.shelf, source.scene, source.take_id):
            return True
        return self.ladder and source.key not in coming and self._stand_in(source) is not None

    def _stand_in(self, source: sources.Source) -> Take | None:
        return take_store.standing_in(self.shelf, source.scene, source.take_id)

    def _why_not(self, source: sources.Source) -> LtxlibError:
        reason = self.failed.get(source.key, "It is not there any more.")
        return SourceMissing(
            f"It starts from {source.key}, and that take could not be made: {reason}",
            cure=f"Mend {source.scene} first and run the batch again; both are then rendered.",
        )


def overlap_of(shelf: Shelf, plan: RenderPlan) -> tuple[int, str]:
    """How many frames at a take's beginning show again the end of another one, and that one's key.

    A take that keeps its source's picture keeps this too.
    """
    source = plan.sources.get("source")
    if source is None or not MODES[plan.scene.mode].keeps_picture:
        return plan.overlap_frames, source.key if source and plan.overlap_frames else ""
    try:
        kept = take_store.load_take(take_store.record_path(shelf, source.scene, source.take_id))
    except StoreError:
        return 0, ""
    return kept.overlap_frames, kept.goes_on_from


def sha256_of_sources(shelf: Shelf, plan: RenderPlan) -> dict[str, str]:
    """The SHA-256 of the clip of each take that a plan starts from; empty for one that is gone by now."""
    found = {}
    for column, source in plan.sources.items():
        try:
            found[column] = clip_of(shelf, source)[1]
        except StoreError:
            found[column] = ""
    return found
