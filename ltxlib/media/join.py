"""Lays coded pieces one behind the other as one film, the sound beside them; nothing is coded again.

PyAV writes the file. What it cannot know is when each packet is due in the whole: a packet shows where its
piece says, and is decoded as many frames before its turn as pictures may be out of order (measured, not asked
for).
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.errors import MediaError
from ltxlib.media.mezzanine import Mould
from ltxlib.media.pieces import Piece
from ltxlib.media.probe import open_clip
from ltxlib.media.writer import SoundBeside, file_name, timescale, writing


def join_film(
    parts: Sequence[tuple[Piece, Path]],
    mould: Mould,
    sound: Path | None,
    out: Path,
    between: Callable[[], None],
) -> int:
    """Writes the film and gives back how many frames it has.

    between: called for each piece, may stop the work. Raises MediaError (pieces that do not fit, a full
    disk), ClipUnreadable.
    """
    import av

    fps = mould.shape.fps
    ahead = max(out_of_order(path, fps) for path in dict.fromkeys(path for _piece, path in parts))
    options = {"movflags": "faststart", "movie_timescale": str(timescale(fps))}
    done = 0
    with (
        av.open(io.BytesIO(mould.sample)) as sample,
        writing("The film"),
        av.open(file_name(out), "w", format="mp4", options=options) as container,
    ):
        container.metadata.update(mould.coding.tags)
        video = container.add_stream_from_template(sample.streams.video[0])
        with SoundBeside(container, sound) as beside:
            for piece, path in parts:
                between()
                for packet, frame in packets_used(piece, path, mould):
                    packet.stream, packet.time_base = video, 1 / fps
                    packet.pts, packet.dts, packet.duration = frame, done - ahead, 1
                    if packet.dts > packet.pts:
                        raise MediaError(
                            "The pieces of the film do not fit together: a picture comes too late."
                        )
                    container.mux(packet)
                    done += 1
                    beside.up_to(float(done / fps))
            beside.up_to(math.inf)
    return done


def packets_used(piece: Piece, path: Path, mould: Mould) -> Iterator[tuple[Any, int]]:
    """The packets that the film uses of a piece, as they are decoded, each with its frame in the film."""
    with open_clip(path, look=False) as container:
        stream = container.streams.video[0]
        if bytes(stream.codec_context.extradata or b"") != mould.header:
            raise MediaError("The pieces of the film do not fit together: they are coded differently.")
        for packet in container.demux(stream):
            if packet.size:
                frame = piece.first + _frames(packet.pts, packet, mould.shape.fps)
                if piece.uses(frame):
                    yield packet, frame


def out_of_order(path: Path, fps: Fraction) -> int:
    """How many frames before its turn the first packet of a piece is decoded."""
    with open_clip(path, look=False) as container:
        packet = next(packet for packet in container.demux(video=0) if packet.size)
        return _frames(packet.pts, packet, fps) - _frames(packet.dts, packet, fps)


def _frames(time: int, packet: Any, fps: Fraction) -> int:
    return round(time * Fraction(packet.time_base) * fps)
