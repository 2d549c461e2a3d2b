"""The sound of a long film: what differs is coded once, what repeats is named again by the film's tables.

    film     head | round | round | round | ... | tail
    coded    [ head | round ]                  [ tail ]      in packets of 1024 samples

AAC packets overlap: each holds the second half of the block before and the first half of its own. So a packet
may follow on another than the one it was coded behind, if both were coded behind the same sound and with the
same windows, which the coder chooses by what it heard last. Coding begins some packets early (`RUN_UP`), when
that does not yet count. So what is laid together decodes as one coding would, within the coder's error, and
several cores can work on one sound. A round is a whole number of packets, so it may take several times around
the loop (`core/longform.py` finds how many).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ltxlib.media.mp4_boxes import Track
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK, aac_options, writing

if TYPE_CHECKING:
    import numpy as np

# Measured: windows are the same behind some 4 packets, the error at a joint behind some 30.
RUN_UP = 128
# The coder looks at what comes next before it decides; so many blocks more than needed are shown to it.
AHEAD = 3
# About three minutes: so much of the sound is coded in one go.
CHUNK_PACKETS = 8192
MOST_THREADS = 4

Span = tuple[int, int]


class AnySpan(Protocol):
    """A sound of so many samples at 48 kHz, any span of which can be had, that repeats within `steady`."""

    samples: int
    period: int

    @property
    def steady(self) -> Span:
        """From which sample up to which each is as the one a period later."""

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """These samples, float32 x 2, in blocks."""


@dataclass(frozen=True)
class PacketPlan:
    """Which packets of a film's sound are coded, and which of them each of its packets is.

    Packet 0 is the coder's run-up, packet n ends with the film's block n. coded: spans of packets. order: for
    each packet of the film the place among those coded.
    """

    coded: tuple[Span, ...]
    order: np.ndarray


def plan_packets(samples: int, period: int, steady: Span) -> PacketPlan:
    """What of a sound has to be coded; period: samples, whole blocks, or else all of it is coded."""
    import numpy as np

    count = -(-samples // AAC_BLOCK) + 1
    # A packet reaches over its own block and the one before; both must be of the round.
    head, tail = -(-steady[0] // AAC_BLOCK) + 1, steady[1] // AAC_BLOCK
    per_round, rest = divmod(period, AAC_BLOCK)
    if rest or per_round == 0 or head + per_round >= tail:
        return PacketPlan(((0, count),), np.arange(count))
    once = head + per_round
    order = np.concatenate(
        [
            np.arange(head),
            head + np.arange(tail - head, dtype=np.int64) % per_round,
            once + np.arange(count - tail),
        ]
    )
    return PacketPlan(((0, once), (tail, count)), order)


def coded_sound(
    mix: AnySpan, plan: PacketPlan, media: Path, kbps: int, on_packets: Callable[[int, int], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Writes the packets that are to be coded into `media`; gives back where each lies and how large it is.

    on_packets: called with packets done of all to be coded, may stop the work. Several threads code; memory
    stays flat. Raises MediaError.
    """
    import numpy as np

    chunks = [
        (first, min(first + CHUNK_PACKETS, span[1]))
        for span in plan.coded
        for first in range(*span, CHUNK_PACKETS)
    ]
    sizes: list[int] = []
    total = sum(last - first for first, last in plan.coded)
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    running: deque[Future[list[bytes]]] = deque()
    with media.open("wb") as file, ThreadPoolExecutor(threads) as workers:
        try:
            while chunks or running:
                while chunks and len(running) <= threads:
                    running.append(workers.submit(_coded_chunk, mix, chunks.pop(0), kbps))
                packets = running.popleft().result()
                file.write(b"".join(packets))
                sizes += map(len, packets)
                on_packets(len(sizes), total)
        finally:
            for waiting in running:
                waiting.cancel()
    lengths = np.array(sizes, np.int64)
    return np.cumsum(lengths) - lengths, lengths


def sound_track(
    media: Path, places: np.ndarray, sizes: np.ndarray, description: bytes, samples: int
) -> Track:
    """The track of so many samples whose packets, the run-up first, lie at these places in `media`."""
    last = samples - (len(sizes) - 2) * AAC_BLOCK
    return Track(
        media, places, sizes, description, RATE_HZ, AAC_BLOCK, last, AAC_BLOCK, Fraction(samples, RATE_HZ)
    )


def aac_packets(blocks: Iterable[np.ndarray], kbps: int) -> Iterator[bytes]:
    """Codes float32 samples x 2 at 48 kHz as AAC-LC; the first packet is the coder's run-up."""
    import av
    import numpy as np

    with writing("The sound"):
        coder: Any = av.CodecContext.create("aac", "w")
        coder.sample_rate, coder.layout, coder.format = RATE_HZ, "stereo", "fltp"
        coder.bit_rate, coder.time_base = kbps * 1000, Fraction(1, RATE_HZ)
        # bitexact: else the coder writes its name into some packets, counted from where it began.
        coder.options = {**aac_options(kbps), "flags": "+bitexact"}
        at = 0
        for block in _even(blocks):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
            at += len(block)
            yield from map(bytes, coder.encode(frame))
        yield from map(bytes, coder.encode(None))


def _coded_chunk(mix: AnySpan, chunk: Span, kbps: int) -> list[bytes]:
    first, last = chunk
    begin = max(first - RUN_UP, 0)
    blocks = mix.span(begin * AAC_BLOCK, min((last + AHEAD) * AAC_BLOCK, mix.samples))
    return list(aac_packets(blocks, kbps))[first - begin : last - begin]


def _even(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same samples in blocks of 1024; only the last may be shorter."""
    import numpy as np

    waiting = np.zeros((0, 2), np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        whole = len(waiting) // AAC_BLOCK * AAC_BLOCK
        for start in range(0, whole, AAC_BLOCK):
            yield waiting[start : start + AAC_BLOCK]
        waiting = waiting[whole:]
    if len(waiting):
        yield waiting
