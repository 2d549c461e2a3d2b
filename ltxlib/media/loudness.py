"""How loud a clip or film is, measured as broadcasters do (EBU R128), and its true peak.

ffmpeg's filter `ebur128` measures. Inside of PyAV it needs no process of its own and tells more digits; a
PyAV that does not hand out what the filter found (before 18) leaves the work to the ffmpeg program.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.errors import Cancelled, MediaError
from ltxlib.media.ffmpeg import Ffmpeg, find_ffmpeg, run_ffmpeg
from ltxlib.media.floats import RATE_HZ, write_floats
from ltxlib.media.probe import first_sound, open_clip

if TYPE_CHECKING:
    import numpy as np

# ebur128 answers -70 when nothing passed its gate: silence, or less than 0.4 s of sound.
NOTHING_LUFS = -70.0


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness (LUFS), true peak (dBTP), range (LU); None where there is silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    range_lu: float | None


SILENCE = Loudness(None, None, None)


def measure(path: Path, ffmpeg: Ffmpeg, *, cancel: threading.Event | None = None) -> Loudness:
    """The loudness of a file's first sound, decoded; SILENCE when it has none.

    Raises ClipUnreadable, MediaError, Cancelled.
    """
    with open_clip(path, look=False) as container:
        sound = first_sound(container)
        if sound is None:
            return SILENCE
        meter = _meter(template=sound)
        if meter is not None:
            return _read(meter, container.decode(sound), cancel)
    return _measured(ffmpeg, ["-i", os.fspath(Path(path).absolute())], cancel)


def measure_blocks(
    blocks: Iterable[np.ndarray], *, peaks: bool = True, cancel: threading.Event | None = None
) -> Loudness:
    """The loudness of blocks of stereo float32 at 48 kHz, samples x 2; their peak may be above full scale.

    peaks: whether the true peak is wanted, which is most of the work. Raises MediaError, Cancelled.
    """
    meter = _meter(peaks, format="flt", sample_rate=RATE_HZ, layout="stereo", time_base=Fraction(1, RATE_HZ))
    if meter is not None:
        return _read(meter, _frames(blocks), cancel)
    with tempfile.TemporaryDirectory(prefix="ltx-loudness-") as folder:
        raw = write_floats(Path(folder) / "sound.f32", blocks).path
        return measure_samples(raw, RATE_HZ, find_ffmpeg(), cancel=cancel)


def measure_samples(
    path: Path, rate_hz: int, ffmpeg: Ffmpeg, *, cancel: threading.Event | None = None
) -> Loudness:
    """The loudness of a file of raw stereo float32 samples, by ffmpeg; its peak may be above full scale.

    Raises as `measure`.
    """
    source = ["-f", "f32le", "-ar", str(rate_hz), "-ac", "2", "-i", os.fspath(Path(path).absolute())]
    return _measured(ffmpeg, source, cancel)


def _meter(peaks: bool = True, **source: Any) -> Any | None:
    """A graph that measures what is pushed into it; None where this PyAV does not tell what is found."""
    import av

    if not hasattr(av.AudioFrame, "metadata") or "ebur128" not in av.filter.filters_available:
        return None
    graph = av.filter.Graph()
    steps = [
        graph.add_abuffer(**source),
        # The filter answers for whole tenths of a second; silence makes the last one whole.
        graph.add("apad", "pad_dur=0.1"),
        graph.add("ebur128", f"metadata=1:peak={'true' if peaks else 'none'}:framelog=quiet"),
        graph.add("abuffersink"),
    ]
    for before, after in pairwise(steps):
        before.link_to(after)
    graph.configure()
    return graph


def _read(meter: Any, frames: Iterable[Any], cancel: threading.Event | None) -> Loudness:
    """What the meter says at the end; it answers every tenth of a second."""
    import av

    said: dict[str, str] = {}

    def pushed(frame: Any) -> dict[str, str]:
        if cancel is not None and cancel.is_set():
            raise Cancelled("The work was stopped.")
        meter.push(frame)
        found = said
        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                found = meter.pull().metadata or found
        return found

    for frame in frames:
        said = pushed(frame)
    # Silence that was added counts for nothing but the peaks before it.
    linear = float(pushed(None).get("lavfi.r128.true_peak", "nan"))
    values = {name: float(said.get(f"lavfi.r128.{name}", "nan")) for name in ("I", "LRA")}
    peak = round(20 * math.log10(linear), 2) if linear > 0 else None
    if not values["I"] > NOTHING_LUFS:
        return Loudness(None, peak, None)
    return Loudness(values["I"], peak, values["LRA"])


def _frames(blocks: Iterable[np.ndarray]) -> Iterator[Any]:
    import av
    import numpy as np

    at = 0
    for block in blocks:
        if len(block):
            samples = np.ascontiguousarray(block, np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
            at += len(block)
            yield frame


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
