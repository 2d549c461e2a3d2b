"""Writes a film of any length out of coded samples that repeat, in one pass, as fast as the disk takes it.

PyAV's muxer holds a table row per packet in Python's hands: ten hours are two and a half million calls, and
then the file is written a second time to bring its tables to the front. Here the tables are known before the
first byte of media, so they are written first, and the media follow by whole chunks.
"""

from __future__ import annotations

import hashlib
import mmap
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.media.mp4_boxes import Chunks, Track, file_type, media_head, movie

if TYPE_CHECKING:
    import numpy as np

WRITE_BYTES = 1 << 20
# Picture and sound take turns this often, so that a player that jumps reads little before it shows.
CHUNK_S = Fraction(1, 2)
# So many blocks may wait for their checksum; it is quicker than any disk.
WAITING_BLOCKS = 32


def write_mp4(
    tracks: Sequence[Track],
    out: Path,
    clock_hz: int,
    tags: Mapping[str, str],
    *,
    compact: bool = False,
    on_bytes: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Writes the file and gives back its SHA-256.

    tracks: the picture first. clock_hz: in which durations are told. compact: each byte of media is written
    once, and the tables come back to it. on_bytes: called about once a MiB with bytes done of all; may stop
    the work. Raises OSError.
    """
    plan = _Compact(tracks) if compact else _Interleaved(tracks)
    head = file_type()
    # The tables are as long wherever the media lie, so they can be built to learn where that is.
    begins = len(head) + len(movie(tracks, plan.chunks(0), clock_hz, tags)) + len(media_head(0))
    tables = movie(tracks, plan.chunks(begins), clock_hz, tags)
    digest, done, total = hashlib.sha256(), 0, begins + plan.size_bytes
    hashing: deque[Future[None]] = deque()
    with ExitStack() as open_things:
        views = [_seen(track.media, open_things) for track in tracks]
        file = open_things.enter_context(out.open("wb", buffering=0))
        beside = open_things.enter_context(ThreadPoolExecutor(1))
        parts = [(0, head), (0, tables), (0, media_head(plan.size_bytes))]
        for block in _blocks(memoryview(part) for _n, part in parts):
            done += _written(file, block, digest, beside, hashing)
            on_bytes(done, total)
        for block in _blocks(views[number][first:end] for number, first, end in plan.order()):
            done += _written(file, block, digest, beside, hashing)
            on_bytes(done, total)
        while hashing:
            hashing.popleft().result()
    return digest.hexdigest()


class _Interleaved:
    """Every sample as often as it is shown, picture and sound in turns."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        import numpy as np

        self._firsts = [_by_time(track) for track in tracks]
        self._tracks = tracks
        sizes = [
            np.add.reduceat(track.sizes, firsts).astype(np.int64)
            for track, firsts in zip(tracks, self._firsts, strict=True)
        ]
        turns = np.concatenate([np.arange(len(part)) for part in sizes])
        owners = np.repeat(np.arange(len(tracks)), [len(part) for part in sizes])
        flat, order = np.concatenate(sizes), np.lexsort((owners, turns))
        ends = np.empty_like(flat)
        ends[order] = np.cumsum(flat[order])
        self.size_bytes = int(flat.sum())
        self._offsets = np.split(ends - flat, np.cumsum([len(part) for part in sizes])[:-1])

    def chunks(self, begins: int) -> list[Chunks]:
        """Where each track's chunks lie in a file whose media begin there."""
        return [
            Chunks(firsts, offsets + begins)
            for firsts, offsets in zip(self._firsts, self._offsets, strict=True)
        ]

    def order(self) -> Iterator[tuple[int, int, int]]:
        """The media as it is written: which track's file, from which byte up to which."""
        import numpy as np

        rows = []
        for number, (track, firsts) in enumerate(zip(self._tracks, self._firsts, strict=True)):
            starts = _unbroken(track, firsts)
            lengths = np.add.reduceat(track.sizes, starts).astype(np.int64)
            turns = np.searchsorted(firsts, starts, side="right")
            begins = track.places[starts]
            rows.append(np.stack([turns, np.full_like(begins, number), begins, begins + lengths], axis=1))
        flat = np.concatenate(rows)
        flat = flat[np.lexsort((flat[:, 1], flat[:, 0]))]
        for number, first, end in flat[:, 1:].tolist():
            yield number, first, end


class _Compact:
    """Every sample once; where it is shown again, the tables name the same place."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._sizes = [track.media.stat().st_size for track in tracks]
        self.size_bytes = sum(self._sizes)

    def chunks(self, begins: int) -> list[Chunks]:
        """Where each track's chunks lie in a file whose media begin there."""
        found = []
        for track, size in zip(self._tracks, self._sizes, strict=True):
            firsts = _unbroken(track, _by_time(track))
            found.append(Chunks(firsts, track.places[firsts] + begins))
            begins += size
        return found

    def order(self) -> Iterator[tuple[int, int, int]]:
        """The media as it is written: which track's file, from which byte up to which."""
        for number, size in enumerate(self._sizes):
            for first in range(0, size, WRITE_BYTES):
                yield number, first, min(first + WRITE_BYTES, size)


def _by_time(track: Track) -> np.ndarray:
    """The first sample of each chunk: those that are decoded from its moment on."""
    import numpy as np

    per_chunk = CHUNK_S * track.clock_hz / track.step
    count = -(-len(track.sizes) // per_chunk)
    numbers = np.arange(count, dtype=np.int64)
    firsts = -(-numbers * per_chunk.numerator // per_chunk.denominator)
    return np.unique(firsts[firsts < len(track.sizes)])


def _unbroken(track: Track, firsts: np.ndarray) -> np.ndarray:
    """The first sample of each run that lies together in the track's file and in one chunk."""
    import numpy as np

    jumps = np.flatnonzero(track.places[1:] != track.places[:-1] + track.sizes[:-1]) + 1
    return np.union1d(firsts, jumps)


def _seen(path: Path, open_things: ExitStack) -> memoryview:
    """A file as memory; the system reads of it what is asked for and drops it when room is short."""
    file = open_things.enter_context(path.open("rb"))
    mapped = open_things.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return open_things.enter_context(memoryview(mapped))


def _blocks(parts: Iterator[memoryview]) -> Iterator[bytes]:
    """The parts, joined and cut into blocks of about a MiB."""
    waiting: list[memoryview] = []
    held = 0
    for part in parts:
        for first in range(0, len(part), WRITE_BYTES):
            waiting.append(part[first : first + WRITE_BYTES])
            held += len(waiting[-1])
            if held >= WRITE_BYTES:
                block, held = b"".join(waiting), 0
                waiting.clear()
                yield block
    if held:
        block = b"".join(waiting)
        waiting.clear()
        yield block


def _written(
    file: Any, block: bytes, digest: Any, beside: ThreadPoolExecutor, hashing: deque[Future[None]]
) -> int:
    hashing.append(beside.submit(digest.update, block))
    if len(hashing) > WAITING_BLOCKS:
        hashing.popleft().result()
    left = memoryview(block)
    while left:
        left = left[file.write(left) :]
    return len(block)
