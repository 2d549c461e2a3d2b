"""Looking at finished films in tests: every picture, every sample, the order of the boxes."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import av
import numpy as np

from ltxlib.media.ffmpeg import find_ffmpeg


def pictures(path: Path) -> list[list[np.ndarray]]:
    """Y, Cb and Cr of every frame, as floats."""
    shown = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = []
            for plane in frame.planes:
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                planes.append(rows[: plane.height, : plane.width].astype(float))
            shown.append(planes)
    return shown


def lumas(path: Path) -> list[float]:
    """The mean brightness of every frame."""
    return [float(planes[0].mean()) for planes in pictures(path)]


def sample_count(path: Path) -> int:
    """How many samples of sound the file has, by its own exact tables, checked against a decoding.

    AAC comes in blocks of 1024 samples. Newer ffmpegs leave the last block's padding out, older ones play it.
    """
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        told = stream.duration * stream.time_base * stream.codec_context.sample_rate
    assert told.denominator == 1
    assert 0 <= len(samples(path)) - told < 1024
    return int(told)


def samples(path: Path) -> np.ndarray:
    """The sound as ffmpeg plays it: samples x 2, floats, at the file's own rate."""
    words = ["-nostdin", "-v", "error", "-i", str(path.resolve()), "-f", "f32le", "-ac", "2", "-"]
    done = subprocess.run([find_ffmpeg().path, *words], capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<f4").reshape(-1, 2)


def complaints(path: Path) -> str:
    """What `ffmpeg -v error` says while it decodes the whole file; nothing is right."""
    words = ["-nostdin", "-v", "error", "-xerror", "-i", str(path.resolve()), "-f", "null", "-"]
    done = subprocess.run([find_ffmpeg().path, *words], capture_output=True, check=False)
    return done.stderr.decode() + ("" if done.returncode == 0 else f"code {done.returncode}")


def boxes(path: Path) -> list[str]:
    """The names of the file's outermost boxes in their order."""
    names, data, at = [], path.read_bytes(), 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        if size == 1:
            size = struct.unpack(">Q", data[at + 8 : at + 16])[0]
        names.append(name.decode("latin-1"))
        at += max(size, 8)
    return names
