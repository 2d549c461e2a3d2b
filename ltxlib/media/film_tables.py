"""What an MP4 file says of itself in its tables, read without its media: where every packet lies and shows.

ffmpeg reads these tables too, but tells only what it makes of them; a check wants them as they stand (ISO/IEC
14496-12). Numbers come as numpy arrays, a few bytes a packet, so ten hours are read in a moment.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np

MOST_MOOV_BYTES = 1 << 30
MOST_PACKETS = 50_000_000
_FOLDERS = ("trak", "mdia", "minf", "stbl", "edts")
KINDS = {b"vide": "picture", b"soun": "sound"}


class TornTables(ValueError):
    """The file ends before its tables do, or they make no sense; says so in a sentence.

    missing_bytes: how many bytes it is too short, where that is what is wrong.
    """

    def __init__(self, message: str, missing_bytes: int = 0) -> None:
        super().__init__(message)
        self.missing_bytes = missing_bytes


@dataclass(frozen=True)
class Track:
    """One stream. clock_hz: of `shows` and `lasts`. shows: when each packet is to be seen or heard, in coding
    order. lasts: how long each stays. keys: numbers of the packets with which one may begin.
    skipped, told_s: what its edit list leaves out at the beginning and how long it lets the rest play, and
    late_s how long it waits before that."""

    kind: str
    clock_hz: int
    shows: np.ndarray
    lasts: np.ndarray
    keys: np.ndarray
    chunk_starts: np.ndarray
    chunk_ends: np.ndarray
    skipped: int
    told_s: Fraction
    late_s: Fraction

    @property
    def start_s(self) -> Fraction:
        """When the first packet that is not left out begins."""
        first = int(self.shows.min()) if len(self.shows) else 0
        return self.late_s + Fraction(max(first - self.skipped, 0), self.clock_hz)

    @property
    def length(self) -> int:
        """How much of it plays, in its clock: all packets, less what is left out at both ends."""
        whole = int(self.lasts.sum()) - max(self.skipped - int(self.shows.min()), 0) if len(self.shows) else 0
        return min(whole, round(self.told_s * self.clock_hz)) if self.told_s else whole


@dataclass(frozen=True)
class FilmTables:
    """A file's outermost boxes (name, first byte, byte after its end) and its tracks."""

    boxes: tuple[tuple[str, int, int], ...]
    tracks: tuple[Track, ...]
    size_bytes: int

    def track(self, kind: str) -> Track | None:
        """The first track of a kind: "picture" or "sound"."""
        return next((track for track in self.tracks if track.kind == kind), None)


def read_tables(path: Path) -> FilmTables:
    """The tables of an MP4 file. Raises TornTables, OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = tuple(_outermost(file, size))
        found = {name: (first, last) for name, first, last in boxes}
        if "moov" not in found or "mdat" not in found:
            raise TornTables("It has no table of contents, or nothing to go with it.")
        first, last = found["moov"]
        if last - first > MOST_MOOV_BYTES:
            raise TornTables("Its table of contents is larger than any film's.")
        file.seek(first)
        moov = file.read(last - first)
    try:
        tracks = tuple(_tracks(moov))
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise TornTables("Its table of contents is damaged.") from error
    _must_lie_inside([last for name, _first, last in boxes if name == "mdat"], tracks)
    return FilmTables(boxes, tracks, size)


def missing_bytes(path: Path) -> int:
    """How many bytes an MP4 file is shorter than its outermost boxes say. Raises OSError."""
    try:
        with path.open("rb") as file:
            for _box in _outermost(file, path.stat().st_size):
                pass
    except TornTables as error:
        return error.missing_bytes
    return 0


def _outermost(file: BinaryIO, size: int) -> Iterator[tuple[str, int, int]]:
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            raise TornTables(f"Its last {size - at} bytes are no part of it.")
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        length = length or size - at
        if length < 8 or not name.isascii():
            raise TornTables(f"Its last {size - at:,} bytes are no part of it.")
        if at + length > size:
            missing = at + length - size
            raise TornTables(f"It ends {missing:,} bytes before its tables say: it was cut off.", missing)
        yield name.decode("ascii"), at, at + length
        at += length


def _must_lie_inside(ends: list[int], tracks: tuple[Track, ...]) -> None:
    for track in tracks:
        if len(track.chunk_ends) and int(track.chunk_ends.max()) > max(ends):
            raise TornTables(f"Its tables name {track.kind} beyond its end: it was cut off.")


def _children(data: memoryview) -> Iterator[tuple[str, memoryview]]:
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        start = 8
        if length == 1:
            length, start = struct.unpack_from(">Q", data, at + 8)[0], 16
        if not start <= length <= len(data) - at:
            raise ValueError("a box is larger than the one that holds it")
        yield name.decode("latin-1"), data[at + start : at + length]
        at += length


def _tracks(moov: bytes) -> Iterator[Track]:
    clock_hz = 1
    for name, body in _children(memoryview(moov)[8:]):
        if name == "mvhd":
            clock_hz = struct.unpack_from(">I", body, 20 if body[0] == 1 else 12)[0]
        elif name == "trak":
            boxes = dict(_flat(body))
            kind = KINDS.get(bytes(boxes["hdlr"][8:12]))
            if kind:
                yield _track(kind, boxes, clock_hz)


def _flat(body: memoryview) -> Iterator[tuple[str, memoryview]]:
    for name, inner in _children(body):
        if name in _FOLDERS:
            yield from _flat(inner)
        else:
            yield name, inner


def _track(kind: str, boxes: dict[str, memoryview], movie_hz: int) -> Track:
    import numpy as np

    clock_hz = struct.unpack_from(">I", boxes["mdhd"], 20 if boxes["mdhd"][0] == 1 else 12)[0]
    if not clock_hz or not movie_hz:
        raise ValueError("its clocks stand still")
    sizes = _sizes(boxes["stsz"])
    counts, deltas = _rows(boxes["stts"], ">u4", 2)
    lasts = _each(deltas, counts, len(sizes))
    shows = np.cumsum(lasts) - lasts
    if "ctts" in boxes:
        repeats, offsets = _rows(boxes["ctts"], ">i4", 2)
        shows += _each(offsets, repeats, len(sizes))
    keys = _rows(boxes["stss"], ">u4", 1)[0] - 1 if "stss" in boxes else np.arange(len(sizes))
    if len(keys) and not 0 <= int(keys.min()) <= int(keys.max()) < len(sizes):
        raise ValueError("its tables name packets that are not there")
    starts, ends = _chunks(boxes, sizes)
    skipped, told, late = _edits(boxes.get("elst"), movie_hz)
    return Track(kind, clock_hz, shows, lasts, keys, starts, ends, skipped, told, late)


def _rows(box: memoryview, kind: str, columns: int) -> np.ndarray:
    """A table of whole numbers behind its version, flags and count; columns x rows."""
    import numpy as np

    count = struct.unpack_from(">I", box, 4)[0]
    return np.frombuffer(box, kind, count * columns, 8).reshape(count, columns).T.astype(np.int64)


def _each(values: np.ndarray, counts: np.ndarray, packets: int) -> np.ndarray:
    """A value for each packet, out of values that are told once for so many packets in a row."""
    import numpy as np

    if int(counts.min(initial=0)) < 0 or int(counts.sum()) != packets:
        raise ValueError("its tables do not agree on how many packets there are")
    return np.repeat(values, counts)


def _sizes(box: memoryview) -> np.ndarray:
    import numpy as np

    same, count = struct.unpack_from(">II", box, 4)
    if count > MOST_PACKETS:
        raise ValueError("it has more packets than any film")
    return np.full(count, same, np.int64) if same else np.frombuffer(box, ">u4", count, 12).astype(np.int64)


def _chunks(boxes: dict[str, memoryview], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each chunk of packets begins and ends in the file."""
    import numpy as np

    starts = _rows(boxes["co64"], ">u8", 1)[0] if "co64" in boxes else _rows(boxes["stco"], ">u4", 1)[0]
    if not len(starts):
        return starts, starts
    firsts, packets, _descriptions = _rows(boxes["stsc"], ">u4", 3)
    held = np.repeat(packets, np.diff(np.append(firsts - 1, len(starts))))
    if int(held.sum()) != len(sizes):
        raise ValueError("its tables do not agree on where its packets lie")
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    last = np.cumsum(held)
    return starts, starts + bounds[last] - bounds[last - held]


def _edits(box: memoryview | None, movie_hz: int) -> tuple[int, Fraction, Fraction]:
    """What an edit list leaves out at first (track's clock), how long it lets play, how long it waits."""
    skipped, told, late = 0, Fraction(0), Fraction(0)
    if box is None:
        return skipped, told, late
    layout, step = (">Qq", 20) if box[0] == 1 else (">Ii", 12)
    for number in range(struct.unpack_from(">I", box, 4)[0]):
        lasts, begins = struct.unpack_from(layout, box, 8 + number * step)
        if begins == -1:
            late += Fraction(lasts, movie_hz)
        elif not told:
            skipped, told = begins, Fraction(lasts, movie_hz)
        else:
            raise ValueError("it is played in several parts")
    return skipped, told, late
