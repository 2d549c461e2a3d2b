"""The ends of clips, kept as they came out of the decoder: a new crossfade reads no clip from its start.

ComfyUI writes a clip as one group of pictures: whoever wants its last half second has to decode all of it.
So whenever a clip is read to its end, its last pictures, already in the film's size and colours, are laid
aside without any loss (Ut Video: little work, about a third of the bytes). They are no part of the film's
truth: where they are missing or damaged the clip is read once more.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from ltxlib.core.timeline import Timeline
from ltxlib.media.conform import conformed
from ltxlib.media.kept import END, found, keep
from ltxlib.media.probe import ClipInfo, open_clip
from ltxlib.media.writer import file_name, writing

# Counts up whenever the same clips would become other pictures.
PICTURES = 1
# Ends that begin sooner are reached as quickly by decoding the clip.
NEAR_FRAMES = 48
# No more than this much of a clip is laid aside.
MOST_S = 2


class Ends:
    """Reads clips as `conform.conformed` does, from what was laid aside where that is enough."""

    def __init__(
        self, folder: Path, room: Path, digests: Mapping[Path, str], frames: int, between: Callable[[], None]
    ) -> None:
        """folder: where ends are kept. room: where they are written, on the same disk. digests: of each
        clip's content. frames: how many are an end. between: called now and then, may stop the work."""
        self._folder, self._room, self._digests, self._between = folder, room, digests, between
        self._frames = frames
        self._paths: dict[str, Path | None] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, info: ClipInfo, timeline: Timeline, frames: int, skip: int = 0) -> Iterator[Any]:
        """The same pictures as `conformed` gives, and the same errors."""
        end = skip + frames
        first = end - min(self._frames, round(MOST_S * timeline.fps))
        if first < NEAR_FRAMES or first == end:
            return conformed(info, timeline, frames, skip)
        key = self._key(info, timeline, first, end)
        if key not in self._paths:
            self._paths[key] = found(self._folder, key, END, self._between)
        path = self._paths[key]
        if path is None and skip <= first:
            return self._laid_aside(
                conformed(info, timeline, frames, skip), key, timeline, (skip, first, end)
            )
        if path is None or skip < first:
            return conformed(info, timeline, frames, skip)
        return _pictures(path, skip - first)

    def _laid_aside(
        self, frames: Iterator[Any], key: str, timeline: Timeline, places: tuple[int, int, int]
    ) -> Iterator[Any]:
        """Passes the frames on; those of the end are written, too."""
        import av

        skip, first, end = places
        part = self._room / f"{key}.{threading.get_native_id()}.part"
        with closing(frames):
            yield from islice(frames, first - skip)
            last = None
            with writing("The end of a clip"), av.open(file_name(part), "w", format="nut") as container:
                stream = container.add_stream("utvideo", rate=timeline.fps)
                stream.width, stream.height = timeline.width_px, timeline.height_px
                stream.pix_fmt, stream.codec_context.thread_count = "yuv420p", 1
                for number, frame in enumerate(frames):
                    frame.pict_type, frame.pts, frame.time_base = 0, number, 1 / timeline.fps
                    container.mux(stream.encode(frame))
                    if number == end - first - 1:
                        last = frame
                        break
                    yield frame
                container.mux(stream.encode(None))
            # Before the last one is handed on: nobody asks for more than that.
            self._paths[key] = keep(part, self._folder, key, END, self._between)
            yield last

    def _key(self, info: ClipInfo, timeline: Timeline, first: int, end: int) -> str:
        import av

        told = {
            "clip": self._digests[info.path],
            "frames": [first, end],
            "size": [timeline.width_px, timeline.height_px],
            "rate": str(timeline.fps),
            "sides": timeline.sides,
            "reader": [str(number) for number in av.library_versions["libavcodec"]],
            "pictures": PICTURES,
        }
        return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def _pictures(path: Path, skip: int) -> Iterator[Any]:
    with open_clip(path, look=False) as container:
        for frame in islice(container.decode(video=0), skip, None):
            frame.colorspace, frame.color_range = 1, 1
            yield frame
