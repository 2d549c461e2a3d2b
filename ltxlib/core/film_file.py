"""What stands in a film file (`films/NAME.toml`): tables to FilmSettings and back, faults by line. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ltxlib.core.film import CutWish, FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.film_words import (
    FLAG,
    HEIGHT,
    LENGTH,
    LOUDNESS,
    MOMENT,
    NUMBER,
    TEXT,
    TRANSITION,
    WHOLE,
    Kind,
)
from ltxlib.core.problem import Problem, as_warnings
from ltxlib.core.soundtrack import Layer, Soundtrack

CROSSFADE, BLACK = "crossfade", "black"


@dataclass(frozen=True)
class Field:
    """One key of a film file: its kind, what it is called inside the kit, and a remark for people."""

    kind: Kind
    name: str
    remark: str = ""


# Tables that are there once. The keys of the first stand before all headers.
TABLES: dict[str, dict[str, Field]] = {
    "": {
        "name": Field(TEXT, "name", "of the film's file"),
        "title": Field(TEXT, "title", "words on a card at the head; empty: no card"),
        "end_title": Field(TEXT, "end_title", "words on a card at the end"),
        "transition": Field(TRANSITION, "transition", 'or "black 24 frames", or "cut"'),
    },
    "sound": {
        "loudness": Field(LOUDNESS, "target_lufs", '"youtube" (-14), "gentle" (-18), "sleep" (-23), or LUFS'),
        "clips_db": Field(NUMBER, "clips_db", "the clips' own sound, louder (+) or softer (-)"),
        "even": Field(FLAG, "even", "bring the clips nearer to one loudness"),
        "duck_db": Field(NUMBER, "duck_db", "how much clips and beds go down under music"),
        "slow_start": Field(LENGTH, "slow_start_s", "how long the sound takes to come up"),
        "fill": Field(FLAG, "fill", "where a clip has no sound, the first bed takes its place"),
        "limit": Field(FLAG, "limit", "hold peaks down where the loudness needs it"),
    },
    "look": {
        "height": Field(HEIGHT, "height_px", '"1080p", "1440p", "2160p", or a number of lines'),
        "short": Field(FLAG, "short", "an upright film for phones"),
        "sides": Field(TEXT, "sides", 'takes of another shape: "fit", "fill" or "blur"'),
        "grain": Field(WHOLE, "grain", "gentle film grain against banding, 0 to 4"),
        "fade_in": Field(LENGTH, "fade_in_s", "from black"),
        "fade_out": Field(LENGTH, "fade_out_s", "to black"),
    },
    "length": {
        "length": Field(LENGTH, "length_s", '"10 h", "1:30:00", "45 min"; "0 s": once through'),
        "order": Field(TEXT, "order", '"as listed" or "shuffled"'),
        "seed": Field(WHOLE, "seed", "another number, another shuffling"),
        "screen_off": Field(LENGTH, "screen_off_s", "after so long the picture goes dark; 0: never"),
        "compact": Field(FLAG, "compact", "an experiment: a small file that plays itself again and again"),
    },
}
_LAYER = {
    "file": Field(TEXT, "file", "in the folder sounds/"),
    "gain_db": Field(NUMBER, "gain_db"),
    "fade_in": Field(LENGTH, "fade_in_s"),
    "fade_out": Field(LENGTH, "fade_out_s"),
    "begins": Field(LENGTH, "begins_s"),
}
# Tables that may be there any number of times, and what each must name.
LISTS: dict[str, dict[str, Field]] = {
    "cut": {
        "scene": Field(TEXT, "scene"),
        "take": Field(TEXT, "take"),
        "used": Field(FLAG, "used"),
        "in_s": Field(MOMENT, "in_s"),
        "out_s": Field(MOMENT, "out_s"),
        "transition": Field(TRANSITION, "transition"),
        "gain_db": Field(NUMBER, "gain_db"),
    },
    "bed": _LAYER,
    "music": _LAYER,
}
ALWAYS = {"cut": ("scene",), "bed": ("file", "gain_db"), "music": ("file", "gain_db")}


def film_values(settings: FilmSettings) -> dict[str, Any]:
    """The settings as the tables of a film file, in the kit's own values: one dict a table, a list a list."""
    cuts = settings.cuts or tuple(CutWish(scene) for scene in settings.order)
    own = {
        "": {**_own(settings), "transition": settings.joined_by},
        "sound": {**_own(settings.sound), "target_lufs": settings.target_lufs},
        "look": {
            **_own(settings.look),
            "fade_in_s": settings.fade_in_s,
            "fade_out_s": settings.fade_out_s,
        },
        "length": _own(settings.long),
    }
    lists = {"cut": cuts, "bed": settings.sound.beds, "music": settings.sound.music}
    tables = {
        name: {key: own[name][field.name] for key, field in known.items()} for name, known in TABLES.items()
    }
    return tables | {
        name: [{key: getattr(one, field.name) for key, field in LISTS[name].items()} for one in many]
        for name, many in lists.items()
    }


def _own(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def default_of(name: str, key: str) -> Any:
    """What a key of a listed table is where it is not written."""
    one: Any = CutWish("") if name == "cut" else Layer("")
    return getattr(one, LISTS[name][key].name)


def read_film(
    data: Mapping[str, Any], file: str, lines: Mapping[str, int]
) -> tuple[FilmSettings, list[Problem]]:
    """The settings that a film file's tables hold, and everything that is wrong with them.

    file: what it is called for people. lines: where its tables and keys stand (`toml_lines.lines_of`).
    Names that are not known are warnings. A value that is wrong is told and taken as if it were not there.
    """
    reader = _Reader([])
    top = reader.table("", {key: value for key, value in data.items() if key not in {*TABLES, *LISTS}})
    once = {name: reader.one(name, data.get(name, {})) for name in TABLES if name}
    many = {name: reader.several(name, data.get(name, [])) for name in LISTS}
    layers = {
        kind: tuple(Layer(**{"file": "", **one}) for one in many[name])
        for kind, name in (("beds", "bed"), ("music", "music"))
    }
    loudness = once["sound"].pop("target_lufs", FilmSettings().target_lufs)
    fades = {key: once["look"].pop(key) for key in ("fade_in_s", "fade_out_s") if key in once["look"]}
    settings = FilmSettings(
        target_lufs=loudness,
        cuts=tuple(CutWish(**{"scene": "", **one}) for one in many["cut"]),
        sound=Soundtrack(**once["sound"], **layers),
        look=FilmLook(**once["look"]),
        long=LongForm(**once["length"]),
        **fades,
        **top,
    )
    settings = joined(settings, settings.transition)
    wrong = {problem.where for problem in reader.problems}
    for problem in settings.problems():
        where = _bare(problem.where, settings)
        if where not in wrong:
            reader.problems.append(replace(problem, where=where))
    found = sorted(reader.problems, key=lambda problem: _line(problem, lines))
    return settings, [_placed(problem, file, lines) for problem in found]


def joined(settings: FilmSettings, transition: Transition | None) -> FilmSettings:
    """The settings with this transition, each written in one way only: equal wishes, equal settings."""
    if transition is None:
        return settings
    if transition.kind == "cut":
        return replace(settings, transition=None, crossfade_s=0.0)
    if transition.kind == CROSSFADE and transition.frames is None:
        return replace(settings, transition=None, crossfade_s=transition.seconds)
    return replace(settings, transition=transition)


class _Reader:
    """Reads tables and collects what is wrong; `where` is a place as `toml_lines` names it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def table(self, name: str, data: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """The values of one table that can be used, by the kit's names."""
        known = LISTS.get(name) or TABLES[name]
        values = {}
        for key, value in data.items():
            place = f"{where}, {key}" if where else key
            if key not in known:
                self.problems += as_warnings([_unknown(place, key, known)])
                continue
            kind = known[key].kind
            try:
                values[known[key].name] = kind.read(value)
            except ValueError as error:
                self.problems.append(Problem(place, str(error), f"Write {kind.wanted}."))
        return values

    def one(self, name: str, data: Any) -> dict[str, Any]:
        """A table that is there once."""
        if isinstance(data, Mapping):
            return self.table(name, data, name)
        self.problems.append(Problem(name, "It is no table.", f"Write [{name}] on a line of its own."))
        return {}

    def several(self, name: str, data: Any) -> list[dict[str, Any]]:
        """Tables of which there may be many."""
        if not isinstance(data, list) or not all(isinstance(one, Mapping) for one in data):
            cure = f"Write [[{name}]] on a line of its own, once for each."
            self.problems.append(Problem(name, "It is no list of tables.", cure))
            return []
        return [self.table(name, one, f"{name} {number}") for number, one in enumerate(data, 1)]


def _unknown(where: str, key: str, known: Mapping[str, Field]) -> Problem:
    near = difflib.get_close_matches(key, known, 1)
    meant = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    return Problem(where, "This name is not known here; it is kept and does nothing.", meant)


def _bare(where: str, settings: FilmSettings) -> str:
    """A place without the scene's name in it, as lines are looked up."""
    for number, cut in enumerate(settings.cuts, 1):
        where = where.replace(f"cut {number} ({cut.scene})", f"cut {number}")
    return where


def _line(problem: Problem, lines: Mapping[str, int]) -> int:
    """The line of the key, else that of its table; 0: it stands nowhere."""
    return lines.get(problem.where) or lines.get(problem.where.rpartition(", ")[0]) or 0


def _placed(problem: Problem, file: str, lines: Mapping[str, int]) -> Problem:
    line = _line(problem, lines)
    said = f"{file} line {line}, {problem.where}" if line else f"{file}, {problem.where}"
    return replace(problem, where=said)
