"""Film files: `films/NAME.toml`, people's own, read and written so that their remarks and their order stay.

TOML is read and written by tomlkit. When a file that is there is saved, each of its tables is filled in by
itself: a value is written anew only where its meaning changed, and a [[cut]] goes to its new place with all
that stands in it. What cannot be filled in so (lists written in one line) is written anew, the old file stays
beside it as NAME.toml.before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ltxlib.core import film_file
from ltxlib.core.film import FilmSettings
from ltxlib.core.film_file import ALWAYS, LISTS, TABLES, Field, default_of
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.toml_lines import Block, blocks_of, lines_of
from ltxlib.errors import BadInput, StoreError, UnsafeName
from ltxlib.store.files import inside, write_whole
from ltxlib.store.project import Project

SUFFIX = ".toml"
MOST_BYTES = 1_000_000
_HEAD = """# A film: what it shows, how it looks and sounds, how long it is. Change what you like; what you
# leave out is as usual. ./kit assemble --film {name} makes it, notebook 04 shows it.

"""
_CUTS = """# What the film shows, in order; without any [[cut]] all scenes of scenes.csv. A cut may also have:
# take = "take01-..." (else the one you kept), in_s and out_s (seconds within the take), gain_db,
# transition (how it follows on the one before), used = false (leaves it out, keeps its place).

"""
_LAYERS = """# Sounds under the film are files in the folder sounds/. A bed is played again and again:
# [[bed]]
# file = "brook.flac"
# gain_db = -12
# Music is one piece after the other: [[music]], with the same names.

"""


def film_path(project: Project, name: str) -> Path:
    """Where a film file lies. Raises UnsafeName for a name that is none."""
    name = name.removesuffix(SUFFIX)
    if not name.strip() or name.startswith(".") or "/" in name or "\\" in name:
        raise UnsafeName(f"“{name}” is no name for a film.", cure="Use letters, digits and dashes.")
    return inside(project.films, f"{name}{SUFFIX}")


def film_names(project: Project) -> list[str]:
    """The films of a project by name, the one that was changed last first."""
    found = [path for path in project.films.glob(f"*{SUFFIX}") if path.is_file()]
    return [path.stem for path in sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path.stem))]


def file_name(name: str) -> str:
    """A name for files, from a film's name: small letters, digits and dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "film"


def load_film(project: Project, name: str) -> FilmSettings:
    """What a film file asks for. Raises BadInput with all that is wrong in it, by line and key."""
    return read_film(project, name)[0]


def read_film(project: Project, name: str) -> tuple[FilmSettings, list[Problem]]:
    """What a film file asks for, and what is odd in it (warnings). Raises BadInput with all that is wrong."""
    path = film_path(project, name)
    settings, problems = _meaning(_text(path, project), _called(path))
    if errors_in(problems):
        raise BadInput(f"The film file {path.name} cannot be used yet.", problems)
    # A film without a name of its own has its file's.
    return replace(settings, name=settings.name or path.stem), problems


def save_film(project: Project, settings: FilmSettings, film: str = "") -> Path:
    """Writes what a film is into its file, whole; gives the file's path.

    film: the file's name; without one it is made of the film's. What people wrote in a file that is there
    stays. Raises BadInput when that file is no TOML, UnsafeName, StoreError.
    """
    path = film_path(project, film or file_name(settings.name))
    wanted = film_file.film_values(settings)
    old = _text(path, project) if path.is_file() else ""
    if old:
        _parsed(old, _called(path))
    text = _filled(old, wanted) if old.strip() else _anew(path.stem, wanted)
    if old and not _holds(text, wanted):
        write_whole(path.with_name(f"{path.name}.before"), old.encode())
        text = _anew(path.stem, wanted)
    if text != old:
        write_whole(path, text.encode())
    return path


def _called(path: Path) -> str:
    return f"films/{path.name}"


def _text(path: Path, project: Project) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{_called(path)} is larger than a film file ever is.", cure="Look what it is.")
        return path.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        cure = "Save it as UTF-8 in your text editor."
        raise BadInput(f"{_called(path)} is no plain UTF-8 text.", cure=cure) from error
    except FileNotFoundError as error:
        names = film_names(project)
        cure = f"There are: {', '.join(names)}." if names else "Save one in notebook 04, or with --save NAME."
        raise BadInput(f"There is no film called “{path.stem}”.", cure=cure) from error
    except OSError as error:
        raise StoreError(f"{_called(path)} could not be read: {error.strerror or error}.") from error


def _parsed(text: str, file: str) -> Any:
    """The TOML document. Raises BadInput that names the line."""
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        line = f" line {error.line}" if isinstance(error, ParseError) else ""
        said = re.sub(r" at line \d+ col \d+", "", str(error)).rstrip(".")
        said = "the file ends too early" if "\\x00" in said else said
        cure = "Texts stand in quotes, one name = value a line, tables as [sound] or [[cut]]."
        problem = Problem(f"{file}{line}", f"It cannot be read from here on ({said}).", cure)
        raise BadInput(f"The film file {file} cannot be read.", [problem]) from error


def _meaning(text: str, file: str) -> tuple[FilmSettings, list[Problem]]:
    data = _parsed(text, file).unwrap()
    settings, problems = film_file.read_film(data, file, lines_of(text))
    return settings if "name" in data else replace(settings, name=""), problems


def _holds(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        settings, _ = _meaning(text, "")
    except BadInput:
        return False
    return film_file.film_values(settings) == wanted


def _anew(name: str, wanted: Mapping[str, Any]) -> str:
    """A whole file, with a remark for each value."""
    parts = [_HEAD.format(name=name) + _table("", wanted[""])]
    parts += [_table(table, wanted[table]) for table in TABLES if table]
    cuts = [_listed("cut", one) for one in wanted["cut"]]
    beds = [_listed(name, one) for name in ("bed", "music") for one in wanted[name]]
    parts += [_CUTS + (cuts[0] if cuts else ""), *cuts[1:]]
    return "\n".join([*parts, _LAYERS + (beds[0] if beds else ""), *beds[1:]]).rstrip("\n") + "\n"


def _table(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"[{name}]\n"] if name else []
    for key, field in TABLES[name].items():
        lines.append(f"{key} = {_written(field, values[key])}".ljust(34) + f"  # {field.remark}\n")
    return "".join(lines)


def _listed(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"[[{name}]]\n"]
    for key, field in LISTS[name].items():
        if key in ALWAYS[name] or values[key] != default_of(name, key):
            lines.append(f"{key} = {_written(field, values[key])}\n")
    return "".join(lines)


def _written(field: Field, value: Any) -> str:
    import tomlkit

    return tomlkit.item(field.kind.write(value)).as_string()


def _filled(old: str, wanted: Mapping[str, Any]) -> str:
    """The old text with the new values in it."""
    blocks = blocks_of(old if old.endswith("\n") else f"{old}\n")
    there = {block.name for block in blocks}
    usual = film_file.film_values(FilmSettings())
    parts: list[str] = []
    for block in blocks:
        if block.listed and block.name in LISTS:
            # All of a list stands where its first one stood.
            if block.name in there:
                there.discard(block.name)
                mine = [one for one in blocks if one.listed and one.name == block.name]
                parts += _reordered(mine, wanted[block.name])
        elif block.name in TABLES and not block.listed:
            parts.append(_updated(block.text, block.name, TABLES[block.name], wanted[block.name], usual))
        else:
            parts.append(block.text)
    missing = [name for name in TABLES if name and name not in {block.name for block in blocks}]
    parts += [f"\n{_table(name, wanted[name])}" for name in missing if wanted[name] != usual[name]]
    for name in LISTS:
        if not any(block.name == name for block in blocks):
            parts += [f"\n{_listed(name, one)}" for one in wanted[name]]
    return "".join(parts).rstrip("\n") + "\n"


def _reordered(blocks: Sequence[Block], wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The blocks of a list in their new order, those that are gone left out."""
    name = blocks[0].name
    known = LISTS[name]
    left = [(block, _values(block, known)) for block in blocks]
    marks = ("scene", "take") if name == "cut" else ("file",)
    for values in wanted:
        fits = next(
            (
                pair
                for some in (marks, marks[:1])
                for pair in left
                if all(pair[1].get(mark, "") == values[mark] for mark in some)
            ),
            None,
        )
        if fits is None:
            yield f"{_listed(name, values)}\n"
            continue
        left.remove(fits)
        usual = {key: default_of(name, key) for key in known}
        text = _updated(fits[0].text, name, known, values, {name: usual})
        yield f"{text.rstrip()}\n\n"


def _values(block: Block, known: Mapping[str, Field]) -> dict[str, Any]:
    import tomlkit

    (one,) = tomlkit.parse(block.text)[block.name].unwrap()
    return _read(one, known)


def _read(table: Mapping[str, Any], known: Mapping[str, Field]) -> dict[str, Any]:
    found = {}
    for key, field in known.items():
        if key in table:
            try:
                found[key] = field.kind.read(table[key])
            except ValueError:
                # What nobody can read is written anew.
                continue
    return found


def _updated(
    text: str,
    name: str,
    known: Mapping[str, Field],
    values: Mapping[str, Any],
    usual: Mapping[str, Mapping[str, Any]],
) -> str:
    """One block with the new values; what means the same stays as it was written."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document[name] if name else document
    if name in LISTS:
        table = table[0]
    there = _read(table.unwrap(), known)
    for key, field in known.items():
        absent = key not in table
        if (absent and values[key] == usual[name][key]) or there.get(key) == values[key]:
            continue
        new = tomlkit.item(field.kind.write(values[key]))
        if absent:
            table.append(key, new)
        else:
            # By `item`: a plain table[key] gives yes and no without their remarks.
            remark = table.item(key).trivia
            table[key] = new
            trivia = table.item(key).trivia
            trivia.comment_ws, trivia.comment = remark.comment_ws, remark.comment
    return tomlkit.dumps(document)
