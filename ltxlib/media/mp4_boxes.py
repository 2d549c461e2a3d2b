"""The boxes of an MP4 file (ISO/IEC 14496-12) as bytes, those that a film of one picture and one sound needs.

Offsets and durations are always 64 bits wide, so that there is one way for every length. Tables are built by
numpy: ten hours have two and a half million samples.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# How ffmpeg names the words of a file, and how the file does (Apple's iTunes metadata).
WORDS = {
    "title": b"\xa9nam",
    "artist": b"\xa9ART",
    "album": b"\xa9alb",
    "comment": b"\xa9cmt",
    "date": b"\xa9day",
    "genre": b"\xa9gen",
    "copyright": b"cprt",
    "description": b"desc",
    "synopsis": b"ldes",
}
UPRIGHT = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
# Where a file says how its first stream is coded.
STREAM_TABLE = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
# How long an entry's own fields are before the boxes that it holds.
ENTRY_FIELDS = {b"avc1": 78, b"mp4a": 28}
NO_LANGUAGE = 0x55C4
UTF8 = 1
SHOWN_IN_FILM = 3


@dataclass(frozen=True)
class Track:
    """One stream of coded samples in decoding order, and where their bytes lie.

    media: the file with the bytes; places, sizes: of each sample in it. description: the `stsd` box.
    clock_hz: how finely it counts; each sample lasts `step` of it, the last one `last_step`. skipped: what of
    its beginning is not shown. shown_s: how long it shows. keys: numbers (from 0) of the samples where
    decoding can begin; None: all. late: how many steps after it is decoded each sample shows; None: at once.
    size_px: of the picture; (0, 0): it is sound.
    """

    media: Path
    places: np.ndarray
    sizes: np.ndarray
    description: bytes
    clock_hz: int
    step: int
    last_step: int
    skipped: int
    shown_s: Fraction
    keys: np.ndarray | None = None
    late: np.ndarray | None = None
    size_px: tuple[int, int] = (0, 0)

    @property
    def is_picture(self) -> bool:
        """Whether it is the picture."""
        return self.size_px != (0, 0)

    @property
    def lasts(self) -> int:
        """How long all samples are together, by its clock."""
        return (len(self.sizes) - 1) * self.step + self.last_step


@dataclass(frozen=True)
class Chunks:
    """A track's samples in groups that lie together: the first sample of each, and where it lies."""

    firsts: np.ndarray
    offsets: np.ndarray


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box with these contents."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that has a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def file_type() -> bytes:
    """What comes first in the file."""
    return box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2avc1mp41")


def media_head(size_bytes: int) -> bytes:
    """What stands before so many bytes of media."""
    return struct.pack(">I4sQ", 1, b"mdat", 16 + size_bytes)


def movie(tracks: Sequence[Track], chunks: Sequence[Chunks], clock_hz: int, tags: Mapping[str, str]) -> bytes:
    """All tables of the file; clock_hz: in which the film and the tracks tell how long they show."""
    lasts = max(_ticks(track.shown_s, clock_hz) for track in tracks)
    head = struct.pack(">QQIQIH10x", 0, 0, clock_hz, lasts, 0x10000, 0x100)
    return box(
        b"moov",
        full_box(b"mvhd", 1, 0, head, UPRIGHT, struct.pack(">24xI", len(tracks) + 1)),
        *(
            _track(number, track, lie, clock_hz)
            for number, (track, lie) in enumerate(zip(tracks, chunks, strict=True), 1)
        ),
        _words(tags),
    )


def children(data: bytes, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """The boxes that lie in these bytes one behind the other: kind, first byte of contents, end."""
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        begins = at + 8
        if size == 1:
            size, begins = struct.unpack_from(">Q", data, begins)[0], at + 16
        end = at + size if size else len(data)
        yield kind, begins, end
        at = max(end, begins)


def box_in(data: bytes, kinds: Sequence[bytes]) -> bytes:
    """The first box that is found by these kinds, one inside the other; b"" when there is none."""
    found = b""
    for kind in kinds:
        place = next((place for place in children(data) if place[0] == kind), None)
        if place is None:
            return b""
        data = data[place[1] : place[2]]
        found = box(kind, data)
    return found


def plain_description(table: bytes) -> bytes:
    """An `stsd` box with one entry, without the bit rate: that is of the file in which it was found."""
    entry_at, kind = 16, table[20:24]
    fields_end = entry_at + 8 + ENTRY_FIELDS[kind]
    inside = table[fields_end:]
    kept = [box(name, inside[first:last]) for name, first, last in children(inside) if name != b"btrt"]
    entry = box(kind, table[entry_at + 8 : fields_end], *kept)
    return box(b"stsd", table[8:entry_at], entry)


def _ticks(seconds: Fraction, clock_hz: int) -> int:
    return int(seconds * clock_hz + Fraction(1, 2))


def _track(number: int, track: Track, chunks: Chunks, clock_hz: int) -> bytes:
    lasts, (width, height) = _ticks(track.shown_s, clock_hz), track.size_px
    # Second group, full volume: as players expect of the sound.
    group, loud = (0, 0) if track.is_picture else (1, 0x100)
    head = struct.pack(">QQI4xQ8xHHHH", 0, 0, number, lasts, 0, group, loud, 0)
    kind, name = (b"vide", b"VideoHandler\0") if track.is_picture else (b"soun", b"SoundHandler\0")
    media_header = (
        full_box(b"vmhd", 0, 1, bytes(8)) if track.is_picture else full_box(b"smhd", 0, 0, bytes(4))
    )
    return box(
        b"trak",
        full_box(b"tkhd", 1, SHOWN_IN_FILM, head, UPRIGHT, struct.pack(">II", width << 16, height << 16)),
        box(b"edts", full_box(b"elst", 1, 0, struct.pack(">IQqI", 1, lasts, track.skipped, 0x10000))),
        box(
            b"mdia",
            full_box(
                b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, track.clock_hz, track.lasts, NO_LANGUAGE, 0)
            ),
            full_box(b"hdlr", 0, 0, struct.pack(">4x4s12x", kind), name),
            box(
                b"minf",
                media_header,
                box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))),
                box(b"stbl", track.description, *_sample_tables(track, chunks)),
            ),
        ),
    )


def _sample_tables(track: Track, chunks: Chunks) -> Iterator[bytes]:
    """When each sample is decoded and shown, how large it is, in which chunk it lies, and where that is."""
    import numpy as np

    count = len(track.sizes)
    durations = [(count, track.step)]
    if track.last_step != track.step:
        durations = [(count - 1, track.step), (1, track.last_step)] if count > 1 else [(1, track.last_step)]
    yield _table(b"stts", np.array(durations))
    if track.late is not None:
        yield _table(b"ctts", _runs(track.late) * np.array([1, track.step]))
    if track.keys is not None:
        yield _table(b"stss", track.keys + 1)
    lengths = _runs(np.diff(np.append(chunks.firsts, count)))
    begins = np.cumsum(lengths[:, 0]) - lengths[:, 0] + 1
    yield _table(b"stsc", np.stack([begins, lengths[:, 1], np.ones_like(begins)], axis=1))
    yield full_box(b"stsz", 0, 0, struct.pack(">II", 0, count), track.sizes.astype(">u4").tobytes())
    yield full_box(
        b"co64", 0, 0, struct.pack(">I", len(chunks.offsets)), chunks.offsets.astype(">u8").tobytes()
    )
    if not track.is_picture:
        # AAC: after a jump the packet before is needed, or the first one is only half a sound.
        yield full_box(b"sgpd", 1, 0, struct.pack(">4sIIh", b"roll", 2, 1, -1))
        yield full_box(b"sbgp", 0, 0, struct.pack(">4sIII", b"roll", 1, count, 1))


def _table(kind: bytes, rows: np.ndarray) -> bytes:
    return full_box(kind, 0, 0, struct.pack(">I", len(rows)), rows.astype(">u4").tobytes())


def _runs(values: np.ndarray) -> np.ndarray:
    """Equal values that follow on each other as rows (how many, which)."""
    import numpy as np

    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return np.stack([np.diff(np.append(starts, len(values))), values[starts]], axis=1)


def _words(tags: Mapping[str, str]) -> bytes:
    """The file's own words; those that MP4 has no name for are left out, as ffmpeg does."""
    known = [
        box(WORDS[name], box(b"data", struct.pack(">II", UTF8, 0), text.encode()))
        for name, text in tags.items()
        if name in WORDS and text
    ]
    if not known:
        return b""
    handler = full_box(b"hdlr", 0, 0, struct.pack(">4x4s4s9x", b"mdir", b"appl"))
    return box(b"udta", full_box(b"meta", 0, 0, handler, box(b"ilst", *known)))
