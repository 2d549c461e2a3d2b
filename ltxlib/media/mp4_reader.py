"""Reads the tables of a long MP4 file by itself, so that ten hours are looked at in seconds, not in minutes.

This is how a long film is checked: what its tables say is added up by other means than it was written by.
Only what `mp4_writer` writes is understood; other files are read by PyAV (`probe.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import MediaError
from ltxlib.media.mp4_boxes import children

if TYPE_CHECKING:
    import numpy as np

HEAD_BYTES = 16


@dataclass(frozen=True)
class ReadTrack:
    """What a track's tables say. kind: "vide" or "soun". shown_s: by its edit. begins_s: how much of its
    beginning that leaves out. lasts_s: all its samples together. places, sizes: of each sample, in bytes from
    the file's first. keys: how many decoding can begin at."""

    kind: str
    shown_s: Fraction
    begins_s: Fraction
    lasts_s: Fraction
    places: np.ndarray
    sizes: np.ndarray
    keys: int

    @property
    def samples(self) -> int:
        """How many coded samples there are."""
        return len(self.sizes)


def read_tables(path: Path) -> tuple[list[ReadTrack], tuple[int, int]]:
    """The tracks, and from which byte up to which the media lie. Raises MediaError."""
    try:
        with path.open("rb") as file:
            size, at, found = path.stat().st_size, 0, {}
            while at < size:
                file.seek(at)
                head = file.read(HEAD_BYTES)
                kind, begins, end = next(children(head))
                found[kind] = (at + begins, at + end)
                at += max(end, begins)
            low, high = found[b"moov"]
            file.seek(low)
            movie = file.read(high - low)
        clock_hz = struct.unpack_from(">I", _inside(movie, b"mvhd"), 20)[0]
        tracks = [
            _track(movie[first:last], clock_hz) for kind, first, last in children(movie) if kind == b"trak"
        ]
        return tracks, found[b"mdat"]
    except (KeyError, StopIteration, ValueError, IndexError, struct.error) as error:
        raise MediaError(f"The tables of {path.name} cannot be read.") from error
    except OSError as error:
        raise MediaError(f"{path.name} cannot be read ({error.strerror}).") from error


def _inside(data: bytes, *kinds: bytes) -> bytes:
    """The contents of the first box of these kinds, one inside the other. Raises KeyError."""
    for kind in kinds:
        place = next((place for place in children(data) if place[0] == kind), None)
        if place is None:
            raise KeyError(kind)
        data = data[place[1] : place[2]]
    return data


def _track(data: bytes, clock_hz: int) -> ReadTrack:
    import numpy as np

    tables = _inside(data, b"mdia", b"minf", b"stbl")
    own_hz, lasts = struct.unpack_from(">IQ", _inside(data, b"mdia", b"mdhd"), 20)
    shown, begins = struct.unpack_from(">Qq", _inside(data, b"edts", b"elst"), 8)
    sizes = np.frombuffer(_inside(tables, b"stsz"), ">u4", offset=12).astype(np.int64)
    durations = _rows(tables, b"stts", 2)
    counts = int(durations[:, 0].sum()), int((durations[:, 0] * durations[:, 1]).sum())
    if counts != (len(sizes), lasts):
        raise ValueError("the tables contradict each other")
    kinds = {kind for kind, _first, _last in children(tables)}
    return ReadTrack(
        _inside(data, b"mdia", b"hdlr")[8:12].decode("ascii"),
        Fraction(shown, clock_hz),
        Fraction(begins, own_hz),
        Fraction(lasts, own_hz),
        _places(tables, sizes),
        sizes,
        len(_rows(tables, b"stss", 1)) if b"stss" in kinds else len(sizes),
    )


def _places(tables: bytes, sizes: np.ndarray) -> np.ndarray:
    """Where each sample lies: its chunk's place and what lies before it in the chunk."""
    import numpy as np

    offsets = np.frombuffer(_inside(tables, b"co64"), ">u8", offset=8).astype(np.int64)
    groups = _rows(tables, b"stsc", 3)
    lengths = np.repeat(groups[:, 1], np.diff(np.append(groups[:, 0], len(offsets) + 1)))
    if lengths.sum() != len(sizes):
        raise ValueError("the chunks hold another number of samples")
    before = np.cumsum(sizes) - sizes
    firsts = np.cumsum(lengths) - lengths
    return np.repeat(offsets - before[firsts], lengths) + before


def _rows(tables: bytes, kind: bytes, columns: int) -> np.ndarray:
    import numpy as np

    return np.frombuffer(_inside(tables, kind), ">u4", offset=8).astype(np.int64).reshape(-1, columns)
