"""Where a film comes from: from any master or take back to the row of scenes.csv, and all that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from ltxlib.core.film import LongForm
from ltxlib.core.longform import LongFilm, unrolled
from ltxlib.core.scene import Scene, cells_for
from ltxlib.core.take import Take
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import BadInput, LtxlibError, StoreError
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.check import check_project
from ltxlib.studio.film_record import masters


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

    timeline: its scenes once through, without cards. A take is None where its record is gone. begins_frames:
    when the first scene begins to show. head_frames, tail_frames: of the cards before and after all cuts, 0
    for none. long: set for a film that goes round and round; shown: its timeline from beginning to end.
    """

    path: Path
    facts: Mapping[str, Any]
    timeline: Timeline
    takes: tuple[Take | None, ...]
    begins_frames: int = 0
    head_frames: int = 0
    tail_frames: int = 0
    long: LongFilm | None = None

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
    def dark_s(self) -> Fraction:
        """From when on the picture stays black while the sound goes on; its end where it never does."""
        return self.long.lit_frames / self.fps if self.long else self.duration_s

    @cached_property
    def shown(self) -> Timeline:
        """All that it shows, from beginning to end, without cards."""
        return unrolled(self.long.cycle, self.long.frames) if self.long else self.timeline

    def starts_s(self, timeline: Timeline) -> tuple[Fraction, ...]:
        """When each cut of the timeline, or of all that is shown, begins."""
        return tuple((start + self.begins_frames) / self.fps for start in timeline.starts_frames)


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
        long = _long(facts, timeline)
        int(facts["frames"])
    except (OSError, ValueError, KeyError, TypeError, LtxlibError) as error:
        cure = "Make the film again in notebook 04; what is there already is used."
        raise StoreError(f"The record beside {path.name} is missing or damaged.", cure=cure) from error
    takes = {key: _take(shelf, *key) for key in dict.fromkeys((cut.scene, cut.take) for cut in timeline.cuts)}
    of_cuts = tuple(takes[cut.scene, cut.take] for cut in timeline.cuts)
    return replace(MasterFilm(path, facts, timeline, of_cuts, long=long), **_cards(facts, timeline))


def _cards(facts: Mapping[str, Any], timeline: Timeline) -> dict[str, int]:
    """The cards at both ends of a film, in frames."""
    if "begins_frames" in facts:
        return {name: int(facts.get(name) or 0) for name in ("begins_frames", "head_frames", "tail_frames")}
    # A film of an older kit: with a card before it, it is longer by the card, less what the two share.
    carded = bool(str(facts["made_of"].get("settings", {}).get("title") or "").strip())
    more = max(int(facts["frames"]) - timeline.frames, 0) if carded else 0
    return {"begins_frames": more, "head_frames": more + timeline.crossfade_frames if more else 0}


def _long(facts: Mapping[str, Any], timeline: Timeline) -> LongFilm | None:
    wished = facts["made_of"].get("settings", {}).get("long")
    if not wished or not wished.get("length_s"):
        return None
    known = {field.name for field in fields(LongForm)}
    return LongFilm(timeline, LongForm(**{name: value for name, value in wished.items() if name in known}))


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
    starts = film.starts_s(film.timeline)
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


def for_editors(film: MasterFilm, master: str) -> tuple[Timeline, tuple[Take | None, ...]]:
    """The timeline that other editors get: cards as pieces of the master itself, the cuts between them.

    A card's crossfade is in its piece already, so the first cut begins after it and the last ends before.
    A film that goes round and round is given once around. master: its path.
    """
    timeline, takes = film.timeline, film.takes
    cuts = list(timeline.cuts)
    if film.head_frames and cuts:
        shared = film.head_frames - film.begins_frames
        head = Cut(master, "title", "", film.head_frames)
        first = replace(
            cuts[0],
            frames=cuts[0].frames - shared,
            skip_frames=cuts[0].skip_frames + shared,
            shared_frames=0,
        )
        cuts, takes = [head, first, *cuts[1:]], (None, *takes)
    if film.tail_frames and cuts:
        ends = film.begins_frames + timeline.frames
        shared = ends + film.tail_frames - int(film.facts["frames"])
        tail = Cut(master, "end", "", film.tail_frames, skip_frames=ends - shared, shared_frames=0)
        cuts, takes = [*cuts[:-1], replace(cuts[-1], frames=cuts[-1].frames - shared), tail], (*takes, None)
    return replace(timeline, cuts=tuple(cuts)), takes
