"""The takes that a scene starts from: how they are named, which ones are meant, and whether they fit.

A source is a scene's name (the take of it that was kept, else its first), `scene/2` (its second take), or
`scene/take-id` (that very take). A take that is still to be made will do: its id is known before it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ltxlib.core import overlap, source_rules
from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem
from ltxlib.core.row import Row
from ltxlib.core.span import FRAME_GROUP, SHORTEST_FRAMES
from ltxlib.core.take import KEEP, REJECT, Take

if TYPE_CHECKING:
    from ltxlib.core.scene import Scene

_TAKE_ID = re.compile(r"take(\d{2,})-[0-9a-f]{10}")
_SIDES = {"width": "width_px", "height": "height_px", "fps": "fps", "frames": "frames"}


@dataclass(frozen=True)
class Source:
    """A take as those see it that start from it; the size, length and rate are those of its file.

    take_id is empty as long as it is not worked out yet.
    """

    scene: str
    take_id: str
    width_px: int
    height_px: int
    frames: int
    fps: Fraction
    has_sound: bool

    @property
    def key(self) -> str:
        """The take's name in the whole project, "scene/take"."""
        return f"{self.scene}/{self.take_id}"


@dataclass(frozen=True)
class Ref:
    """What the name of a source means: a take that is there (row None), or one that a row asks for.

    number: which take of the row; 0 for the first that nobody rejected. wanted: the very id, where named.
    """

    source: Source
    row: Scene | None = None
    number: int = 0
    wanted: str = ""


@dataclass(frozen=True)
class Resolved:
    """The scenes with everything filled in that they take from their sources, and what each source means.

    refs: scene name to column to source. rejected: take keys.
    """

    scenes: tuple[Scene, ...]
    refs: Mapping[str, Mapping[str, Ref]]
    problems: tuple[Problem, ...]
    rejected: frozenset[str] = frozenset()


def named(reader: Row, mode: str, column: str) -> str:
    """The source in a cell; wanted only where the mode starts from it."""
    text = reader.cells[column]
    used = mode in MODES and column in MODES[mode].sources
    if used and not text:
        reader.problem(
            column,
            f"Mode {mode} starts from a take, and none is named.",
            "Write the name of a scene, or scene/2 for its second take.",
        )
    if text and not used and mode in MODES:
        those = ", ".join(name for name, one in MODES.items() if column in one.sources)
        cure = f"Write one of these as mode: {those}; or empty this cell." if those else "Empty this cell."
        reader.problem(column, f"Mode {mode} does not start from the take {text}.", cure, warning=True)
    if text.count("/") > 1 or text.startswith("/") or text.endswith("/"):
        reader.problem(
            column,
            f"“{text}” does not name a take.",
            "Write rain-window, rain-window/2 or a take's whole name.",
        )
    return text


def left_open(reader: Row, mode: str) -> tuple[str, ...]:
    """Which of a row's empty cells become what its source has."""
    same = MODES[mode].same if mode in MODES else ()
    if "frames" in same and reader.cells["seconds"]:
        same = tuple(name for name in same if name not in ("frames", "fps"))
    elif reader.cells["seconds"]:
        # Seconds were counted in frames at a rate that is therefore no longer open.
        same = tuple(name for name in same if name != "fps")
    return tuple(name for name in same if not reader.cells[name])


def of_take(take: Take) -> Source:
    """A take that is there, as a source."""
    clip = take.clip
    fps = Fraction(clip.fps)
    return Source(take.scene, take.take_id, clip.width_px, clip.height_px, clip.frames, fps, clip.has_sound)


def of_row(scene: Scene, take_id: str = "") -> Source:
    """A take that a row asks for, as a source."""
    size = (0, 0) if MODES[scene.mode].sound_alone else (scene.width, scene.height)
    return Source(scene.scene, take_id, *size, scene.clip_frames, scene.clip_fps, scene.audio)


def resolve(
    scenes: Iterable[Scene], takes: Iterable[Take], decisions: Mapping[str, str], file: str = "scenes.csv"
) -> Resolved:
    """What the sources of all enabled rows mean. takes: those on the shelf; decisions: by take key."""
    rows = tuple(scenes)
    finder = _Finder(rows, list(takes), decisions, file)
    settled = tuple(finder.settle(scene) if scene.enabled else scene for scene in rows)
    rejected = frozenset(key for key, decision in decisions.items() if decision == REJECT)
    return Resolved(settled, finder.refs, tuple(finder.problems), rejected)


@dataclass
class _Finder:
    """Looks up sources, each row after those that it starts from."""

    rows: tuple[Scene, ...]
    takes: list[Take]
    decisions: Mapping[str, str]
    file: str
    refs: dict[str, dict[str, Ref]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    settled: dict[str, Scene] = field(default_factory=dict)
    way: list[str] = field(default_factory=list)

    def settle(self, scene: Scene) -> Scene:
        """The row with what it takes from its sources; what is wrong is noted."""
        name = scene.scene
        if name in self.settled or not scene.sources:
            return self.settled.get(name, scene)
        self.way.append(name)
        refs: dict[str, Ref] = {}
        for column, text in scene.sources.items():
            ref = self._ref(scene, column, text)
            if ref is not None:
                refs[column] = ref
        self.way.pop()
        first = next(iter(scene.sources))
        if first in refs:
            scene = self._fitted(scene, first, refs[first].source)
        begun = {column: ref.source for column, ref in refs.items()}
        for column, what, cure in source_rules.broken(scene, begun):
            self._say(scene, column, what, cure)
        self.refs[name], self.settled[name] = refs, scene
        return scene

    def _ref(self, scene: Scene, column: str, text: str) -> Ref | None:
        found = self._find(text)
        if not isinstance(found, tuple) and not found.source.width_px:
            found = (
                f"{found.source.scene} is sound alone; there is no picture to start from.",
                "Name another scene.",
            )
        if isinstance(found, tuple):
            self._say(scene, column, *found)
            return None
        if found.row is None:
            return found
        if found.row.scene in self.way:
            ring = " → ".join([*self.way[self.way.index(found.row.scene) :], found.row.scene])
            self._say(
                scene,
                column,
                f"The scenes start from each other in a ring: {ring}.",
                "Let one begin otherwise.",
            )
            return None
        return replace(found, source=of_row(self.settle(found.row)))

    def _find(self, text: str) -> Ref | tuple[str, str]:
        """What a source means, or what is wrong with it and the cure."""
        name, _, which = text.partition("/")
        row = next((row for row in self.rows if row.scene.casefold() == name.casefold()), None)
        there = [take for take in self.takes if take.scene.casefold() == name.casefold()]
        if row is None and not there:
            names = {scene.scene for scene in self.rows} | {take.scene for take in self.takes}
            near = difflib.get_close_matches(name, sorted(names), 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            return (
                f"There is no scene named {name}, and no take of it.",
                f"{hint}Write the name of another row.",
            )
        row = row if row is not None and row.enabled else None
        if not which:
            return self._of_scene(name, row, there)
        if which.isdecimal():
            return self._by_number(name, int(which), row, there)
        return self._by_id(name, which, row, there)

    def _of_scene(self, name: str, row: Scene | None, there: list[Take]) -> Ref | tuple[str, str]:
        by_age = sorted(there, key=lambda take: (take.made_at, take.take_no))
        kept = [take for take in by_age if self.decisions.get(take.key) == KEEP]
        if kept:
            return Ref(of_take(kept[-1]))
        if row is not None:
            return Ref(of_row(row), row)
        good = [take for take in there if self.decisions.get(take.key) != REJECT]
        if good:
            return Ref(of_take(min(good, key=lambda take: (take.take_no, take.made_at))))
        if there:
            return f"All takes of {name} were rejected.", "Keep one in notebook 03, or name another scene."
        return (
            f"{name} is switched off and has no take yet.",
            f"Write yes under enabled in the row of {name}.",
        )

    def _by_number(
        self, name: str, number: int, row: Scene | None, there: list[Take]
    ) -> Ref | tuple[str, str]:
        if row is not None and 1 <= number <= row.takes:
            return Ref(of_row(row), row, number)
        found = [take for take in there if take.take_no == number]
        if found:
            return Ref(of_take(max(found, key=lambda take: take.made_at)))
        many = row.takes if row is not None else 0
        if not many:
            return f"{name} has no take {number}.", f"Name one that is there, or switch {name} on."
        asked = "one take" if many == 1 else f"{many} takes"
        return (
            f"{name} has no take {number}: its row asks for {asked}.",
            f"Write {number} under takes in its row.",
        )

    def _by_id(self, name: str, which: str, row: Scene | None, there: list[Take]) -> Ref | tuple[str, str]:
        for take in there:
            if take.take_id == which:
                return Ref(of_take(take))
        shape = _TAKE_ID.fullmatch(which)
        if row is not None and shape and 1 <= int(shape[1]) <= row.takes:
            return Ref(of_row(row), row, int(shape[1]), which)
        return _no_such_take(name, which, [take.take_id for take in there])

    def _fitted(self, scene: Scene, column: str, source: Source) -> Scene:
        """The row with its open cells filled from the source; what it asks for otherwise is a problem."""
        same, asked = MODES[scene.mode].same, {}
        for name in same:
            has: Any = getattr(source, _SIDES[name])
            if name in scene.follows:
                asked[name] = has
            elif getattr(scene, name) != has:
                unit = {"fps": "frames per second", "frames": "frames"}.get(name, "pixels")
                self._say(
                    scene,
                    name,
                    f"Mode {scene.mode} keeps the {name} of its {column}: {source.scene} has {has} {unit},"
                    f" this row asks for {getattr(scene, name)}.",
                    f"Write {has}, or empty this cell{' and seconds' if name == 'frames' else ''}.",
                )
        scene = replace(scene, **asked)
        if MODES[scene.mode].continues and overlap.frames(scene, {column: source}) < SHORTEST_FRAMES:
            what = f"{scene.frames} frames leave nothing new: they begin with the end of {source.scene}."
            self._say(scene, "frames", what, f"Ask for {SHORTEST_FRAMES + FRAME_GROUP} frames or more.")
        return scene

    def _say(self, scene: Scene, column: str, what: str, cure: str) -> None:
        self.problems.append(Problem(f"{self.file} row {scene.row}, column {column}", what, cure))


def _no_such_take(name: str, which: str, there: Iterable[str]) -> tuple[str, str]:
    known = ", ".join(there)
    cure = f"Its takes are: {known}." if known else f"Write only {name} for its first take."
    return f"{name} has no take {which}.", cure


def check_planned(
    scenes: Iterable[Scene], found: Resolved, planned: Mapping[str, Mapping[str, Source]], file: str
) -> list[Problem]:
    """What only shows once every take has its id: an id that is not there, takes that were all rejected.

    planned: scene name to column to the take that would be used.
    """
    problems = []
    for scene in scenes:
        for column, source in planned.get(scene.scene, {}).items():
            ref = found.refs[scene.scene][column]
            where = f"{file} row {scene.row}, column {column}"
            if ref.wanted and ref.wanted != source.take_id:
                problems.append(Problem(where, *_no_such_take(source.scene, ref.wanted, [source.take_id])))
            elif ref.row is not None and not ref.number and source.key in found.rejected:
                problems.append(
                    Problem(
                        where,
                        f"All takes of {source.scene} were rejected.",
                        "Keep one in notebook 03, or ask for more under takes.",
                    )
                )
    return problems
