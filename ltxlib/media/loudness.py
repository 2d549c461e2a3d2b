"""How loud a clip or film is, measured as broadcasters do (EBU R128), and its true peak."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import MediaError
from ltxlib.media.ffmpeg import Ffmpeg, run_ffmpeg
from ltxlib.media.probe import first_sound, open_clip

# ebur128 answers -70 when nothing passed its gate: silence, or less than 0.4 s of sound.
NOTHING_LUFS = -70.0


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness (LUFS), true peak (dBTP), range (LU), each to 0.1; None where there is silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    range_lu: float | None


SILENCE = Loudness(None, None, None)


def measure(path: Path, ffmpeg: Ffmpeg, *, cancel: threading.Event | None = None) -> Loudness:
    """The loudness of a file's first sound, decoded; SILENCE when it has none.

    Raises ClipUnreadable, MediaError, Cancelled.
    """
    with open_clip(path) as container:
        if first_sound(container) is None:
            return SILENCE
    return _measured(ffmpeg, ["-i", os.fspath(Path(path).absolute())], cancel)


def measure_samples(
    path: Path, rate_hz: int, ffmpeg: Ffmpeg, *, cancel: threading.Event | None = None
) -> Loudness:
    """The loudness of a file of raw stereo float32 samples; its peak may be above 0. Raises as `measure`."""
    source = ["-f", "f32le", "-ar", str(rate_hz), "-ac", "2", "-i", os.fspath(Path(path).absolute())]
    return _measured(ffmpeg, source, cancel)


def _measured(ffmpeg: Ffmpeg, source: Sequence[str], cancel: threading.Event | None) -> Loudness:
    # framelog=verbose: the running values stay out of the log, the summary stays in.
    words = [*source, "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    return told(run_ffmpeg(ffmpeg, words, cancel=cancel, loglevel="info"))


def told(said: str) -> Loudness:
    """The loudness out of what the filter `ebur128` said at its end. Raises MediaError."""
    summary = said[said.rfind("Summary:") :]
    found = {
        name: re.search(rf"^\s*{name}:\s+(\S+) (?:LUFS|LU|dBFS)\s*$", summary, re.MULTILINE)
        for name in ("I", "LRA", "Peak")
    }
    if found["I"] is None:
        raise MediaError("ffmpeg did not say how loud the sound is.")
    values = {name: float(match[1]) for name, match in found.items() if match is not None}
    if values["I"] <= NOTHING_LUFS:
        peak = values.get("Peak")
        return Loudness(None, None if peak is None or peak == float("-inf") else peak, None)
    return Loudness(values["I"], values.get("Peak"), values.get("LRA"))
