"""Where in a TOML file its tables and keys stand, so that a fault can be named by its line. Pure.

A reader of TOML gives values without their lines. This looks at the text alone: it knows headers, keys and
where a text or a list goes on over several lines, and leaves all else to the reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

REMARKS = "#"
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]\"']+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_PARTS = re.compile(
    r"\"\"\"(?:\\.|(?!\"\"\").)*\"\"\"|'''.*?'''|(\"\"\"|''')|\"(?:\\.|[^\"\\])*\"|'[^']*'|#[^\n]*", re.DOTALL
)


class _Head(NamedTuple):
    """A header: the first line that belongs to it (from 0), its own line (from 1), its name."""

    first: int
    header: int
    name: str
    listed: bool


@dataclass(frozen=True)
class Block:
    """Some lines of a file: from a header (with the remarks right above it) up to the next one.

    name: of the table, empty for what stands before the first header; REMARKS for paragraphs of remarks after
    a table, which belong to none. listed: it is one of several (`[[name]]`); remarks between two of a list
    belong to the second. first: its first line, from 1; header: that of the header itself, 0 for none.
    """

    name: str
    listed: bool
    first: int
    header: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its lines as they stand in the file."""
        return "".join(self.lines)


def blocks_of(text: str) -> list[Block]:
    """The file's blocks in order; their texts together are the file."""
    lines = text.splitlines(keepends=True)
    heads = list(_headers(lines))
    found, first, header, name, listed = [], 0, 0, "", False
    for after in (*heads, _Head(len(lines), 0, "", False)):
        end = _end(lines, first, after.first)
        found.append(Block(name, listed, first + 1, header, tuple(lines[first:end])))
        if end < after.first and (after.name, after.listed) != (name, True):
            found.append(Block(REMARKS, False, end + 1, 0, tuple(lines[end : after.first])))
            end = after.first
        first, header, name, listed = end, after.header, after.name, after.listed
    return found


def _end(lines: list[str], first: int, after: int) -> int:
    """Where a block ends: after its last statement and one empty line, if only remarks follow."""
    body = lines[first:after]
    last = max((at for at, line in enumerate(body) if line.strip() and not _is_remark(line)), default=-1)
    rest = body[last + 1 :]
    gap = next((at for at, line in enumerate(rest) if not line.strip()), None)
    if last < 0 or gap is None or not any(map(_is_remark, rest[gap:])):
        return after
    return first + last + 1 + gap + 1


def _is_remark(line: str) -> bool:
    return line.lstrip().startswith("#")


def lines_of(text: str) -> dict[str, int]:
    """The line of every table and key: "cut 2" and "cut 2, scene", "sound, even", "title"."""
    found: dict[str, int] = {}
    seen: Counter[str] = Counter()
    for block in blocks_of(text):
        where = block.name
        if block.listed:
            seen[block.name] += 1
            where = f"{block.name} {seen[block.name]}"
        if where and block.header:
            found.setdefault(where, block.header)
        for number, line in _statements(block.lines, block.first):
            key = _KEY.match(line)
            if key:
                name = key[1].strip("\"'")
                found.setdefault(f"{where}, {name}" if where else name, number)
    return found


def _headers(lines: list[str]) -> Iterator[_Head]:
    for number, line in _statements(lines, 1):
        match = _HEADER.fullmatch(line.rstrip("\r\n"))
        if match:
            first = number - 1
            while first and _is_remark(lines[first - 1]):
                first -= 1
            # The remark at the very top speaks of the whole file.
            yield _Head(first or number - 1, number, match[2], match[1] == "[[")


def _statements(lines: tuple[str, ...] | list[str], first: int) -> Iterator[tuple[int, str]]:
    """The lines at which something begins, with their numbers; those inside of a text or a list are not."""
    held = ""
    for number, line in enumerate(lines, first):
        if not held:
            yield number, line
        held += line
        bare = _PARTS.sub(lambda part: part[1] or "", held)
        if _HEADER.fullmatch(held.rstrip("\r\n")) or not _goes_on(bare):
            held = ""


def _goes_on(bare: str) -> bool:
    """Whether a statement, its whole texts and remarks taken out, is still open."""
    return '"""' in bare or "'''" in bare or bare.count("[") > bare.count("]")
