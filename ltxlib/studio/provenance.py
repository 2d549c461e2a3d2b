"""Where a film comes from: from any master or take back to the row of scenes.csv, and all that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.core.scene import Scene, cells_for
from ltxlib.core.take import Take
from ltxlib.core.timeline import Timeline
from ltxlib.errors import BadInput, LtxlibError, StoreError
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.assemble import masters
from ltxlib.studio.check import check_project


@dataclass(frozen=True)
class Table:
    """The rows of scenes.csv as they are now, and the takes that they ask for; empty without a table."""

    scenes: Mapping[str, Scene]
    take_ids: frozenset[str]

    def row_of(self, take: Take) -> dict[str, Any] | None:
        """The row that a take belongs to, with its filled cells; None where it is no longer there.

        asks_for_it tells whether the row would still make this very take, or was changed since.
        """
        scene = self.scenes.get(take.scene)
        if scene is None:
            return None
        cells = {name: cell for name, cell in cells_for(scene).items() if cell}
        asks = f"{take.scene}/{take.asked or take.take_id}" in self.take_ids
        return {"file": "scenes.csv", "row": scene.row, "asks_for_it": asks, "cells": cells}


@dataclass(frozen=True)
class MasterFilm:
    """A finished master: what is known of it, its timeline with the clips' paths, and the take of each cut.

    A take is None where its record is gone. head_frames: of the title card before all cuts, 0 for none.
    """

    path: Path
    facts: Mapping[str, Any]
    timeline: Timeline
    takes: tuple[Take | None, ...]
    head_frames: int = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a person chose for it."""
        return self.facts["made_of"].get("settings", {})

    @property
    def title(self) -> str:
        """What it is called for people: the words on its card, else its name."""
        title = str(self.settings.get("title") or "").strip() or str(self.settings.get("name") or "film")
        return title[:1].upper() + title[1:]

    @property
    def fps(self) -> Fraction:
        """The film's rate."""
        return self.timeline.fps

    @property
    def duration_s(self) -> Fraction:
        """How long the master lasts, counted in its frames."""
        return int(self.facts["frames"]) / self.fps

    @property
    def starts_s(self) -> tuple[Fraction, ...]:
        """When each cut begins to show."""
        shared = self.timeline.crossfade_frames if self.head_frames else 0
        return tuple((start + self.head_frames - shared) / self.fps for start in self.timeline.starts_frames)


def table_of(project: Project, shelf: Shelf) -> Table:
    """The table as it is now; one that is missing or full of mistakes gives what can be read of it."""
    try:
        checked = check_project(project, shelf=shelf)
    except LtxlibError:
        # A film can be told of long after its table is gone.
        return Table({}, frozenset())
    plans = frozenset(f"{plan.scene.scene}/{plan.take_id}" for plan in checked.plans)
    return Table({scene.scene: scene for scene in checked.scenes}, plans)


def find_master(shelf: Shelf, name: str = "") -> Path:
    """A master by its file name, with or without its ending, or its beginning; the newest without a name.

    Raises BadInput when there is none.
    """
    found = masters(shelf)
    wanted = Path(name).name.removesuffix(".mp4")
    exact = [path for path in found if path.stem == wanted]
    near = [path for path in found if path.stem.removeprefix("REHEARSAL-").startswith(wanted)]
    fit = exact or near or [path for path in found if path.stem.startswith(wanted)]
    if fit:
        return fit[0]
    kind = "rehearsal " if shelf.rehearsal else ""
    if not found:
        cure = "Make it in notebook 04 or with ./kit assemble." + (
            "" if shelf.rehearsal else " For the rehearsal's film, add --rehearsal."
        )
        raise BadInput(f"There is no finished {kind}film yet.", cure=cure)
    names = ", ".join(path.stem for path in found[:5])
    raise BadInput(f"There is no {kind}film called “{name}”.", cure=f"There are: {names}.")


def read_master(shelf: Shelf, path: Path) -> MasterFilm:
    """What a master is made of, from the record beside it and those of its takes. Raises StoreError."""
    try:
        facts = json.loads(path.with_suffix(".json").read_bytes())
        laid_out = dict(facts["made_of"]["timeline"])
        cuts = [dict(cut) for cut in laid_out["cuts"]]
        for cut in cuts:
            cut["clip"] = str(take_store.clip_path(shelf, cut["scene"], cut["take"]))
        timeline = Timeline.from_json(laid_out | {"cuts": cuts})
        frames = int(facts["frames"])
    except (OSError, ValueError, KeyError, TypeError, LtxlibError) as error:
        cure = "Make the film again in notebook 04; what is there already is used."
        raise StoreError(f"The record beside {path.name} is missing or damaged.", cure=cure) from error
    carded = bool(str(facts["made_of"].get("settings", {}).get("title") or "").strip())
    # With a card before it the film is longer by the card, less what the two share.
    head = max(frames - timeline.frames + timeline.crossfade_frames, 0) if carded else 0
    takes = tuple(_take(shelf, cut.scene, cut.take) for cut in timeline.cuts)
    return MasterFilm(path, facts, timeline, takes, head)


def _take(shelf: Shelf, scene: str, take_id: str) -> Take | None:
    try:
        return take_store.load_take(take_store.record_path(shelf, scene, take_id))
    except StoreError:
        return None


def take_origin(take: Take, table: Table) -> dict[str, Any]:
    """All that made one take, and the row that it belongs to.

    The graph itself lies in the take's own record; here is its SHA-256, over its JSON with sorted keys.
    """
    graph = json.dumps(take.graph, sort_keys=True, ensure_ascii=False).encode()
    whole = take.to_json()
    del whole["graph"]
    return {
        **whole,
        "graph_sha256": hashlib.sha256(graph).hexdigest(),
        "record": f"takes/{take.scene}/{take.take_id}.json",
        "scene_row": table.row_of(take),
    }


def film_origin(film: MasterFilm, table: Table) -> dict[str, Any]:
    """Everything that made a master: its cuts in order with times and sources, its takes, its own record."""
    cuts = []
    starts = film.starts_s
    for cut, start_s in zip(film.timeline.cuts, starts, strict=True):
        plain = {"scene": cut.scene, "take": cut.take, "frames": cut.frames, "skip_frames": cut.skip_frames}
        cuts.append({**plain, "starts_s": round(float(start_s), 3), "gain_db": cut.gain_db})
    made = {take.key: take_origin(take, table) for take in film.takes if take}
    named = {f"{cut.scene}/{cut.take}" for cut in film.timeline.cuts}
    return {
        "master": dict(film.facts),
        "cuts": cuts,
        "takes": made,
        "takes_without_record": sorted(named - set(made)),
    }


def trace(project: Project, shelf: Shelf, what: str) -> dict[str, Any]:
    """What made a take ("scene/take", or the path of its clip) or a master (its name), back to the row.

    Raises BadInput or StoreError.
    """
    parts = Path(what.replace("\\", "/")).parts[-2:]
    if len(parts) == 2:
        scene, take_id = parts[0], Path(parts[1]).stem if "." in parts[1] else parts[1]
        record = inside(shelf.takes, scene, f"{take_id}.json")
        if record.is_file():
            return take_origin(take_store.load_take(record), table_of(project, shelf))
    return film_origin(read_master(shelf, find_master(shelf, what)), table_of(project, shelf))


def without_card(film: MasterFilm, card: str) -> tuple[Timeline, tuple[Take | None, ...]]:
    """The timeline that other editors get: the card as a piece of the master itself, then the cuts.

    The card's crossfade is in that piece already, so the first cut begins after it. card: path of the master.
    """
    timeline = film.timeline
    if not film.head_frames or not timeline.cuts:
        return timeline, film.takes
    shared = timeline.crossfade_frames
    first = timeline.cuts[0]
    head = replace(
        first, clip=card, scene="title", take="", frames=film.head_frames, gain_db=0.0, skip_frames=0
    )
    after = replace(
        first, frames=first.frames - shared, skip_frames=first.skip_frames + shared, shared_frames=0
    )
    return replace(timeline, cuts=(head, after, *timeline.cuts[1:])), (None, *film.takes)
