"""The cache of coded pieces: each is made once, checked whenever it is taken, made anew when it is damaged.

A file is named after all that decides its bytes (what it shows, size, rate, quality, the encoder's build) and
after what it holds. So a file is believed only while its content fits its name, and one that a killed render
left half written never has a name at all. All pieces come from one encoder build with one set of options and
start afresh (`stitchable`), so their stream headers are equal byte for byte, which is looked at, and they can
be laid one behind the other without coding anything again.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.errors import MediaError
from ltxlib.media.conform import conformed
from ltxlib.media.grain import with_grain
from ltxlib.media.kept import PIECE, digest_of, found, keep, tidy
from ltxlib.media.picture import Reader, film_frames
from ltxlib.media.pieces import Piece, key_frames
from ltxlib.media.probe import ClipInfo, open_clip
from ltxlib.media.writer import X264, Coding, FilmShape, file_name, group_frames, video_stream, writing

__all__ = ["SUFFIX", "Mezzanine", "Mould", "digest_of", "mould_of", "tidy"]

# Counts up whenever the same clips would become other pictures, so that pieces of before are not taken.
PICTURES = 2
SUFFIX = PIECE
KEY_FRAME = 1
MIDDLE = 128


@dataclass(frozen=True)
class Mould:
    """What all pieces of a film have in common. sample: a film of one picture, as bytes; header: of its
    stream; encoder: which build made it."""

    shape: FilmShape
    coding: Coding
    sample: bytes
    header: bytes
    encoder: str

    def key(self, piece: Piece) -> str:
        """The name of a piece: the same wherever and whenever its pictures are the same."""
        told = {
            "shows": piece.shows,
            "size": [self.shape.width_px, self.shape.height_px],
            "rate": str(self.shape.fps),
            "quality": [self.coding.crf, self.coding.preset],
            "encoder": self.encoder,
            "header": self.header.hex(),
            "pictures": PICTURES,
        }
        return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def mould_of(shape: FilmShape, coding: Coding) -> Mould:
    """Codes one picture to learn what the pieces will have in common. Raises MediaError."""
    import av

    held = io.BytesIO()
    blank = av.VideoFrame(shape.width_px, shape.height_px, "yuv420p")
    for plane in blank.planes:
        plane.update(bytes([MIDDLE]) * plane.buffer_size)
    for _done in coded([blank], held, shape, coding, 1):
        pass
    sample = held.getvalue()
    with av.open(io.BytesIO(sample)) as container:
        stream = container.streams.video[0]
        header = bytes(stream.codec_context.extradata or b"")
        first = bytes(next(packet for packet in container.demux(stream) if packet.size))
    named = re.search(rb"x264 - core ([^-]+)", first)
    build = named[1].decode("ascii", "replace").strip() if named else "unknown"
    library = ".".join(str(number) for number in av.library_versions["libavcodec"])
    made_by = f"{X264} {build}" if coding.encoder == X264 else coding.encoder
    return Mould(shape, coding, sample, header, f"{made_by}, libavcodec {library}")


class Mezzanine:
    """The pieces of one film: those in the cache folder, and those still to be made into it."""

    def __init__(
        self, folder: Path, room: Path, mould: Mould, pieces: Sequence[Piece], between: Callable[[], None]
    ) -> None:
        """folder: the cache. room: where pieces are written, on the same disk. between: may stop the work."""
        self._folder, self._room, self._mould, self._between = folder, room, mould, between
        self._pieces = [(piece, mould.key(piece)) for piece in pieces]
        self._paths: dict[str, Path] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for key in dict.fromkeys(key for _piece, key in self._pieces):
            whole = found(folder, key, PIECE, between)
            if whole is not None:
                self._paths[key] = whole

    def ready(self) -> list[tuple[Piece, Path]]:
        """Every piece with its file; all must have been made."""
        return [(piece, self._paths[key]) for piece, key in self._pieces]

    def made(
        self, timeline: Timeline, clips: Sequence[ClipInfo], reader: Reader = conformed
    ) -> Iterator[int]:
        """Makes what is missing; yields how many frames of the film are there, as often as that grows.

        reader: how a clip is read. Raises ClipUnreadable, MediaError.
        """
        missing: dict[str, Piece] = {}
        for piece, key in self._pieces:
            if key not in self._paths:
                missing.setdefault(key, piece)
        chosen = {id(piece) for piece in missing.values()}
        there = sum(_shown(piece) for piece, _key in self._pieces if id(piece) not in chosen)
        if there:
            yield there
        for run in _runs(list(missing.items())):
            for grows in self._made_in_one_go(run, timeline, clips, reader):
                there += grows
                if grows:
                    yield there

    def _made_in_one_go(
        self, run: list[tuple[str, Piece]], timeline: Timeline, clips: Sequence[ClipInfo], reader: Reader
    ) -> Iterator[int]:
        span = run[0][1].first, run[-1][1].last
        with closing(film_frames(timeline, clips, run[0][1].fade_frames, span, reader)) as frames:
            for key, piece in run:
                part = self._room / f"{key}.{threading.get_native_id()}.part"
                shape, coding = self._mould.shape, self._mould.coding
                number = piece.first
                pictures = with_grain(islice(frames, piece.frames), timeline.grain)
                with closing(coded(pictures, part, shape, coding, piece.frames)) as done:
                    for _done in done:
                        yield int(piece.uses(number))
                        number += 1
                self._paths[key] = self._kept(key, part)

    def _kept(self, key: str, part: Path) -> Path:
        with open_clip(part, look=False) as container:
            header = bytes(container.streams.video[0].codec_context.extradata or b"")
        if header != self._mould.header:
            raise MediaError("The pieces of the film do not fit together: the encoder changed its headers.")
        return keep(part, self._folder, key, PIECE, self._between)


def coded_piece(frames: Iterable[Any], count: int, mould: Mould, room: Path) -> Path:
    """Codes so many pictures that come from no clip as a piece of this film alone, in its own folder."""
    path = room / f"drawn-{count}{SUFFIX}"
    for _done in coded(islice(frames, count), path, mould.shape, mould.coding, count):
        pass
    return path


def _shown(piece: Piece) -> int:
    return piece.used[1] - piece.used[0]


def _runs(missing: list[tuple[str, Piece]]) -> Iterator[list[tuple[str, Piece]]]:
    """Pieces that follow on each other, so that their clips need to be read only once."""
    number, before = 0, None
    numbers = []
    for _key, piece in missing:
        if before is None or (before.last, before.fade_frames) != (piece.first, piece.fade_frames):
            number += 1
        numbers.append(number)
        before = piece
    for _number, run in groupby(zip(numbers, missing, strict=True), key=lambda pair: pair[0]):
        yield [item for _, item in run]


def coded(
    frames: Iterable[Any], out: Path | io.BytesIO, shape: FilmShape, coding: Coding, count: int
) -> Iterator[int]:
    """Codes so many pictures as one piece; yields frames done."""
    import av

    group = group_frames(shape.fps)
    keys = key_frames(count, group)
    target = out if isinstance(out, io.BytesIO) else file_name(out)
    with writing("The film"), av.open(target, "w", format="mp4") as container:
        # Twice the group: x264 sets no key frame by itself, those that are asked for stand where they should.
        video = video_stream(container, shape, coding, f"keyint={2 * group}:scenecut=0:stitchable=1")
        for number, frame in enumerate(frames):
            frame.pict_type = KEY_FRAME if number in keys else 0
            frame.pts, frame.time_base = number, 1 / shape.fps
            container.mux(video.encode(frame))
            yield number + 1
        container.mux(video.encode(None))
