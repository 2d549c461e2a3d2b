"""Another clip's sound under a clip's own picture; both are copied as they are, nothing is coded again."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ltxlib.errors import ClipUnreadable, MediaError
from ltxlib.media.probe import first_sound, open_clip, probe


def dub(picture: Path, sounding: Path) -> None:
    """Give `sounding` the picture of the clip `picture`; it keeps its sound and tags, whole or not at all.

    Raises ClipUnreadable when one of them cannot be read or `sounding` has no sound, MediaError when the
    result cannot be written.
    """
    import av

    probe(picture)
    if not probe(sounding).has_audio:
        raise ClipUnreadable(
            "The new sound is not there: the clip came without any.",
            cure="Look whether the workflow's sound reaches the node that saves.",
        )
    part = sounding.with_name(f"{sounding.name}.dub.part")
    try:
        with open_clip(picture) as seen, open_clip(sounding) as heard:
            _write(seen, heard, part)
        part.replace(sounding)
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"The new sound could not be laid under the picture ({error}).") from error
    finally:
        part.unlink(missing_ok=True)


def _write(seen: Any, heard: Any, part: Path) -> None:
    import av

    options = {"movflags": "faststart+use_metadata_tags"}
    picture, sound = seen.streams.video[0], first_sound(heard)
    with av.open(os.fspath(part.absolute()), "w", format="mp4", options=options) as out:
        out.metadata.update(heard.metadata)
        taken = [out.add_stream_from_template(stream) for stream in (picture, sound)]
        timed = (
            _timed(place, source) for place, source in enumerate((seen.demux(picture), heard.demux(sound)))
        )
        # In the order in which they play, so that the muxer need not hold one of them back.
        for _, place, _, packet in heapq.merge(*timed):
            packet.stream = taken[place]
            out.mux(packet)


def _timed(place: int, packets: Any) -> Iterator[tuple[float, int, int, Any]]:
    for number, packet in enumerate(packets):
        if packet.size:
            yield float((packet.dts or 0) * packet.time_base), place, number, packet
