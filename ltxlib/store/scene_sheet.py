"""scenes.csv: read with all the habits of Excel, edited one row at a time.

Understood: a byte-order mark, UTF-16 and the old Windows encoding, commas, semicolons or tabs, any line
ends, stray spaces, trailing empty rows, line breaks inside quotes. Row numbers are those that Excel shows.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.columns import BY_NAME, NAMES
from ltxlib.core.problem import Problem
from ltxlib.core.scene import Scene, cells_for, check_scenes, read_scene
from ltxlib.errors import BadInput, StoreError
from ltxlib.store.files import write_whole

_WIDEST = 100
_LARGEST_BYTES = 8_000_000


@dataclass(frozen=True)
class SceneSheet:
    """What scenes.csv holds: the scenes that can be used and everything that is wrong with it."""

    scenes: tuple[Scene, ...]
    problems: tuple[Problem, ...]
    rows: int


@dataclass(frozen=True)
class _File:
    """The text of the file and how it is written, so that an edit keeps it so."""

    text: str
    encoding: str
    bom: bytes
    delimiter: str
    newline: str

    @property
    def header(self) -> list[str]:
        return _cells(_records(self.text)[0] if self.text else "", self.delimiter)


def read_sheet(path: Path) -> SceneSheet:
    """Read and check every row of scenes.csv.

    Raises BadInput when the file is not there or is no table at all; what is wrong inside it comes back
    as problems, all rows at once.
    """
    import pandas

    file = _read(path)
    try:
        table = pandas.read_csv(
            io.StringIO(file.text),
            sep=file.delimiter,
            header=None,
            names=range(_WIDEST),
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            index_col=False,
        ).fillna("")
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise BadInput(
            f"{path.name} cannot be read as a table.",
            [Problem(path.name, "A quotation mark is opened and never closed.", "Close it, or take it out.")],
        ) from error
    rows = table.to_numpy().tolist()
    header, problems = _header(rows[0], path.name)
    scenes: list[Scene] = []
    filled = 0
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        filled += 1
        problems += _too_wide(cells, len(header), number, path.name)
        scene, found = read_scene(dict(zip(header, cells, strict=False)), number, path.name)
        problems += found
        scenes += [scene] if scene else []
    if not filled and not problems:
        problems.append(
            Problem(path.name, "There is no scene in it.", "Add a row for each scene of your film.")
        )
    return SceneSheet(tuple(scenes), tuple(problems + check_scenes(scenes, path.name)), filled)


def add_scene(path: Path, scene: Scene) -> None:
    """Write one more scene at the end of the file, the rest untouched; makes the file when it is missing.

    Raises BadInput when a scene of that name is already there, or the table lacks a column that it needs.
    """
    if not path.exists():
        write_whole(path, (_line(list(NAMES), ",") + "\n").encode())
    file = _read(path)
    header = [_plain(name) for name in file.header]
    if _find(file, header, scene.scene) is not None:
        what = f"There is already a scene named “{scene.scene}” in {path.name}."
        raise BadInput(what, cure="Choose another name.")
    cells = cells_for(scene)
    lacking = [
        name for name in cells if name not in header and cells[name] not in ("", BY_NAME[name].default)
    ]
    if lacking:
        what = f"{path.name} has no column {', '.join(lacking)}, so this scene cannot be written into it."
        raise BadInput(what, cure="Add the name to the first row and try again.")
    line = _line([cells.get(name, "") for name in header], file.delimiter)
    records = _records(file.text)
    while len(records) > 1 and not any(cell.strip() for cell in _cells(records[-1], file.delimiter)):
        records.pop()
    if not records[-1].endswith(("\n", "\r")):
        records[-1] += file.newline
    _write(path, file, "".join(records) + line + file.newline)


def edit_scene(path: Path, name: str, changes: Mapping[str, str]) -> None:
    """Change cells of one scene, every other row and column untouched.

    changes: column name to text. Raises BadInput when there is no such scene or column, or when the
    row would no longer be a legal one; then nothing is written.
    """
    file = _read(path)
    header = [_plain(column) for column in file.header]
    index = _find(file, header, name)
    if index is None:
        raise BadInput(
            f"There is no scene named “{name}” in {path.name}.", cure="Choose one of those that are there."
        )
    # Emptying a cell of a column that is not there changes nothing.
    unknown = [column for column, text in changes.items() if text and column not in header]
    if unknown:
        raise BadInput(f"{path.name} has no column {', '.join(unknown)}.", cure="Add it to the first row.")
    records = _records(file.text)
    old = _cells(records[index], file.delimiter)
    cells = old + [""] * (len(header) - len(old))
    for column, text in changes.items():
        if column in header:
            cells[header.index(column)] = text
    _, found = read_scene(dict(zip(header, cells, strict=False)), index + 1, path.name)
    if any(not problem.warning for problem in found):
        raise BadInput("The change would make a row that cannot be rendered; nothing was written.", found)
    body = records[index].rstrip("\r\n")
    records[index] = _line(cells, file.delimiter) + records[index][len(body) :]
    _write(path, file, "".join(records))


def _read(path: Path) -> _File:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{path.name} could not be read: {error.strerror or error}.",
            cure="Put scenes.csv back into the kit's folder, or add a scene in notebook 02.",
        ) from error
    if len(data) > _LARGEST_BYTES or (
        b"\x00" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    ):
        raise BadInput(
            f"{path.name} is not a table of scenes.", cure="Save it from your spreadsheet as CSV (UTF-8)."
        )
    text, encoding, bom = _decode(data)
    if not text.strip():
        raise BadInput(f"{path.name} is empty.", cure="Add a row for each scene of your film.")
    first = _records(text)[0]
    delimiter = max(",;\t", key=lambda mark: len(_cells(first, mark)))
    newline = "\r\n" if first.endswith("\r\n") else "\n"
    return _File(text, encoding, bom, delimiter, newline)


def _decode(data: bytes) -> tuple[str, str, bytes]:
    for bom, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, errors="replace"), encoding, bom
    try:
        return data.decode("utf-8"), "utf-8", b""
    except UnicodeDecodeError:
        # What Excel on Windows writes when asked for plain "CSV".
        return data.decode("cp1252", errors="replace"), "cp1252", b""


def _write(path: Path, file: _File, text: str) -> None:
    encoding, bom = file.encoding, file.bom
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        # The old Windows encoding cannot hold what was written; the mark tells Excel that this is UTF-8.
        data, bom = text.encode("utf-8"), codecs.BOM_UTF8
    write_whole(path, bom + data)


def _records(text: str) -> list[str]:
    """The file's rows as they stand, line ends kept; a line break inside quotes ends no row."""
    records, start, quoted = [], 0, False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        ends = character == "\n" or (character == "\r" and text[position + 1 : position + 2] != "\n")
        if ends and not quoted:
            records.append(text[start : position + 1])
            start = position + 1
    if start < len(text):
        records.append(text[start:])
    return records


def _cells(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record.rstrip("\r\n")], delimiter=delimiter), [])


def _line(cells: list[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(cells)
    return out.getvalue()


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split())


def _find(file: _File, header: list[str], name: str) -> int | None:
    if "scene" not in header:
        raise StoreError("scenes.csv has no column scene.", cure="Put the name scene into the first row.")
    column = header.index("scene")
    for index, record in enumerate(_records(file.text)[1:], start=1):
        cells = _cells(record, file.delimiter)
        if column < len(cells) and cells[column].strip().casefold() == name.casefold():
            return index
    return None


def _header(cells: list[str], file: str) -> tuple[list[str], list[Problem]]:
    names = [_plain(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    where, problems = f"{file} row 1", []
    for name in ("scene", "prompt"):
        if name not in names:
            problems.append(
                Problem(where, f"There is no column named {name}.", "Add it; the README lists all columns.")
            )
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        problems.append(Problem(where, f"The column {name} is there twice.", "Keep one of them."))
    for name in names:
        if name and name not in NAMES:
            problems.append(
                Problem(
                    where,
                    f"The column {name} is not one the kit knows.",
                    "It is kept and not used.",
                    warning=True,
                )
            )
    return names, problems


def _too_wide(cells: list[str], width: int, row: int, file: str) -> list[Problem]:
    extra = [cell for cell in cells[width:] if cell.strip()]
    if not extra:
        return []
    return [
        Problem(
            f"{file} row {row}",
            f"The row has more cells than there are columns (“{extra[0].strip()[:40]}” is left over).",
            'A text with a comma in it needs quotation marks around it: "like, this".',
        )
    ]
