"""Plays a finished film, or stretches of it, through ffmpeg once and writes down all that comes of it.

One run tells whether it decodes without a word, how many frames and samples come out, where the picture
stands still (`freezedetect`) and how loud the sound is (`ebur128`).
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ltxlib.errors import Cancelled, MediaError
from ltxlib.media.ffmpeg import Ffmpeg, FfmpegProgress, run_ffmpeg
from ltxlib.media.loudness import Loudness, told

# A picture may stand still when, on average, its pixels stay within this part of the whole range: more than
# coding noise moves them. Small letters that fade move them less; so this is only where to look closer.
STILL = 0.00005
STALL_S = 0.15
STALL_FRAMES = 3
KEPT_COMPLAINTS = 5
# Longer films are not decoded whole: ten hours would take most of an hour.
WHOLE_S = 900.0
END_S = 30.0
AROUND_S = 2.0
MOST_JOINTS = 12
LOUD_S = 600.0

_COMPLAINT = re.compile(r"\[(?:error|fatal|panic)\] (.*)")
_START, _END = "freezedetect.freeze_start: ", "freezedetect.freeze_end: "
_SAMPLES = "Number of samples: "

Span = tuple[int, int]


@dataclass
class Played:
    """What came of playing. wanted: how many frames there should be. frames, samples: decoded. complaints:
    what ffmpeg said, the first few; said_more: how many else. stills: where the picture may stand still, from
    its first frame up to the first that differs."""

    frames: int = 0
    wanted: int = 0
    samples: int = 0
    complaints: list[str] = field(default_factory=list)
    said_more: int = 0
    stills: list[Span] = field(default_factory=list)
    loudness: Loudness | None = None

    def add(self, other: Played) -> None:
        """Adds what another stretch gave."""
        self.frames += other.frames
        self.wanted += other.wanted
        self.samples += other.samples
        self.said_more += other.said_more + max(len(self.complaints + other.complaints) - KEPT_COMPLAINTS, 0)
        self.complaints = (self.complaints + other.complaints)[:KEPT_COMPLAINTS]
        self.stills += other.stills


def stretches(frames: int, fps: Fraction, joints: Sequence[Span]) -> list[Span]:
    """Which frames of a film are decoded: all, or both ends, the middle and around some joints."""
    if frames / fps <= WHOLE_S:
        return [(0, frames)]
    end, around = round(END_S * fps), round(AROUND_S * fps)
    wanted = [(0, end), (frames - end, frames)]
    wanted += [
        (first - around, last + around) for first, last in [*some(joints, MOST_JOINTS), (frames // 2,) * 2]
    ]
    found: list[Span] = []
    for first, last in sorted((max(first, 0), min(last, frames)) for first, last in wanted):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        elif first < last:
            found.append((first, last))
    return found


def some(things: Sequence[Span], most: int) -> list[Span]:
    """At most so many of them, evenly spread, the first and the last always."""
    if len(things) <= most:
        return list(things)
    return [things[round(number * (len(things) - 1) / (most - 1))] for number in range(most)]


def play(
    path: Path,
    ffmpeg: Ffmpeg,
    fps: Fraction,
    span: Span,
    *,
    whole: bool,
    on_part: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Played:
    """Decodes these frames and the sound beside them. whole: they are all, so the loudness counts too.

    Raises Cancelled, FfmpegMissing. What ffmpeg fails at is among the complaints.
    """
    first, last = span
    listening = _Listener(fps, first, Played(wanted=last - first))
    start_s = 0 if first == 0 else (first - Fraction(1, 2)) / fps
    words = [] if whole else ["-ss", f"{float(start_s):.6f}", "-t", f"{float((last - first) / fps):.6f}"]
    still_s = max(STALL_S, float(STALL_FRAMES / fps)) - 0.001
    # Frames are numbered anew behind the filter, so that ffmpeg neither leaves out nor repeats any.
    rate = f"{fps.numerator}/{fps.denominator}"
    pictures = f"freezedetect=n={STILL}:d={still_s:.6f},setpts=N/({rate}*TB)"
    sounds = "astats=measure_perchannel=none:measure_overall=Number_of_samples"
    words += [
        "-i",
        os.fspath(path.absolute()),
        "-map",
        "0:v:0",
        "-vf",
        pictures,
        "-r",
        rate,
        "-f",
        "null",
        "-",
    ]
    words += ["-map", "0:a:0?", "-af", sounds + (",ebur128=peak=true:framelog=verbose" if whole else "")]

    def step(progress: FfmpegProgress) -> None:
        listening.played.frames = progress.frames
        if on_part is not None:
            on_part(min(progress.frames / max(last - first, 1), 1.0))

    try:
        run_ffmpeg(
            ffmpeg,
            [*words, "-f", "null", "-"],
            on_progress=step,
            cancel=cancel,
            loglevel="level+info",
            on_line=listening.hear,
        )
    except Cancelled as error:
        raise Cancelled("The film was stopped; nothing was changed.") from error
    except MediaError as error:
        if not listening.played.complaints:
            listening.played.complaints.append(error.message)
    return listening.done(last, whole)


def loudness_between(
    path: Path, ffmpeg: Ffmpeg, start_s: float, length_s: float, cancel: threading.Event | None = None
) -> Loudness:
    """How loud a stretch of a film is. Raises MediaError, Cancelled."""
    words = ["-ss", f"{start_s:.3f}", "-t", f"{length_s:.3f}", "-i", os.fspath(path.absolute())]
    words += ["-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    return told(run_ffmpeg(ffmpeg, words, cancel=cancel, loglevel="info"))


class _Listener:
    """Takes ffmpeg's lines apart as they come."""

    def __init__(self, fps: Fraction, first: int, played: Played) -> None:
        self._fps, self._first, self.played = fps, first, played
        self._still_from: int | None = None
        self._summary: list[str] = []

    def hear(self, line: str) -> None:
        complaint = _COMPLAINT.search(line)
        if complaint:
            kept = self.played.complaints
            if len(kept) < KEPT_COMPLAINTS:
                kept.append(complaint[1])
            else:
                self.played.said_more += 1
        elif _START in line:
            self._still_from = self._frame(line.rpartition(" ")[2])
        elif _END in line and self._still_from is not None:
            self.played.stills.append((self._still_from, self._frame(line.rpartition(" ")[2])))
            self._still_from = None
        elif _SAMPLES in line:
            self.played.samples = int(float(line.rpartition(" ")[2]))
        elif "Summary:" in line or self._summary:
            self._summary.append(line)

    def _frame(self, seconds: str) -> int:
        # A stretch begins half a frame early, so its first frame stands at half a frame.
        late = Fraction(1, 2) if self._first else 0
        return self._first + round(Fraction(seconds) * self._fps - late)

    def done(self, last: int, whole: bool) -> Played:
        if self._still_from is not None:
            self.played.stills.append((self._still_from, last))
        if whole and self._summary:
            self.played.loudness = told("\n".join(self._summary))
        return self.played
