"""Finished films with one fault each, made by real tools out of a good one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.writer import Coding, FilmShape, timescale, write_film, write_sound
from tests.support.films import samples

H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "copy"]
H264 += ["-x264-params", "8x8dct=1:open-gop=0:keyint=48"]


def ffmpeg(*words: object) -> None:
    """Runs ffmpeg, which must succeed."""
    done = subprocess.run(
        [str(find_ffmpeg().path), "-nostdin", "-v", "error", "-y", *map(str, words)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def remuxed(film: Path, out: Path, *words: object, before: Sequence[object] = (), first: bool = True) -> Path:
    """The same packets in a new file.

    before: ffmpeg's words before the input. first: its tables come before its media."""
    flags = ["-movflags", "+faststart"] if first else []
    flags += ["-movie_timescale", timescale(Fraction(24))]
    ffmpeg(*before, "-i", film, "-c", "copy", *words, *flags, "-f", "mp4", out)
    return out


def recoded(film: Path, out: Path, *words: object) -> Path:
    """The picture coded again as the kit does, but for these words; the sound as it is."""
    return remuxed(film, out, *H264, *words)


def with_pictures(film: Path, out: Path, change: Callable[[list[Any]], list[Any]]) -> Path:
    """Other pictures beside the same sound, by the kit's own writer."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frames, tags = list(container.decode(stream)), dict(container.metadata)
        shape = FilmShape(stream.width, stream.height, Fraction(stream.average_rate))
    kept = {key: tags[key] for key in ("comment", "title") if key in tags}
    for _done in write_film(change(frames), film, out, shape, Coding(tags=kept)):
        pass
    return out


def with_sound(film: Path, out: Path, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    """Other samples beside the same picture, coded as the kit does."""
    coded = out.with_suffix(".m4a")
    write_sound([np.ascontiguousarray(change(samples(film).copy()), np.float32)], coded, 384)
    return remuxed(coded, out, "-map", "0:v", "-map", "1:a", before=["-i", film])


def repacked(film: Path, out: Path, change: Callable[[Any, int], None]) -> Path:
    """Packet by packet; change gets each packet of the picture and which frame it shows."""
    with av.open(str(film)) as source:
        fps = Fraction(source.streams.video[0].average_rate)
    options = {"movflags": "faststart", "movie_timescale": str(timescale(fps))}
    with av.open(str(film)) as source, av.open(str(out), "w", format="mp4", options=options) as target:
        target.metadata.update({k: v for k, v in source.metadata.items() if k in ("comment", "title")})
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                if packet.stream.type == "video":
                    change(packet, round(packet.pts * packet.time_base * fps))
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return out
