"""Finds an ffmpeg that can do the kit's work, and runs it so that it can be watched and stopped."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ltxlib.errors import Cancelled, FfmpegMissing, MediaError

NEEDED_ENCODERS = frozenset({"libx264", "aac"})
NEEDED_FILTERS = frozenset({"astats", "ebur128", "freezedetect", "scale", "setparams"})
CHOICE = "LTX_FFMPEG"
ASK_TIMEOUT_S = 30.0
ENDING_S = 1.0
POLL_S = 0.1
KEPT_LINES = 400

# What ffmpeg says, and what it means to somebody who has never read its log.
_MEANINGS = (
    ("no space left", "The disk is full.", "Free some room and run this again."),
    ("permission denied", "A file or folder may not be read or written.", "Check who owns the folder."),
    ("read-only file system", "The disk cannot be written to.", "Choose another folder."),
    ("no such file or directory", "A file that is needed is not there.", "Check that it was not moved."),
    ("invalid data found", "A file is damaged or is not a clip.", "Reject that take or render it again."),
    ("moov atom not found", "A clip was cut off before its end.", "Render that take again."),
    ("cannot allocate memory", "The machine ran out of memory.", "Close other programs and run this again."),
)
# Lines that only repeat that something failed.
_EMPTY_WORDS = (
    "conversion failed",
    "error opening output files",
    "error opening input files",
    "exiting normally",
)


@dataclass(frozen=True)
class Ffmpeg:
    """An ffmpeg that works here.

    origin: "chosen" (LTX_FFMPEG names it), "system" or "imageio-ffmpeg". reason: one sentence: why this.
    """

    path: Path
    version: str
    origin: str
    encoders: frozenset[str]
    filters: frozenset[str]
    reason: str = ""


@dataclass(frozen=True)
class FfmpegProgress:
    """How far a run is: frames written, seconds of output, and speed against playing time (None: unknown)."""

    frames: int
    out_s: float
    speed: float | None = None


def find_ffmpeg() -> Ffmpeg:
    """The ffmpeg the kit works with: the one LTX_FFMPEG names, else the system's, else imageio-ffmpeg's.

    Asked once per process. Raises FfmpegMissing saying what was found wrong with each.
    """
    return _find(os.environ.get(CHOICE, "").strip(), os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=8)
def _find(choice: str, search_path: str) -> Ffmpeg:
    if choice:
        path = shutil.which(choice, path=search_path) or choice
        return _asked(Path(path), "chosen", f"{CHOICE} names it.", cure=f"Mend or unset {CHOICE}.")
    faults = []
    system = shutil.which("ffmpeg", path=search_path)
    if system is None:
        faults.append("The system has no ffmpeg.")
    else:
        try:
            return _asked(Path(system), "system", "The system's own has all that is needed.")
        except FfmpegMissing as error:
            faults.append(f"The system's cannot be used: {error.message}")
    try:
        return _asked(
            _bundled(), "imageio-ffmpeg", f"{' '.join(faults)} So the one that came with the kit is used."
        )
    except FfmpegMissing as error:
        raise FfmpegMissing(" ".join([*faults, error.message])) from error


def _bundled() -> Path:
    try:
        import imageio_ffmpeg

        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError, OSError) as error:
        raise FfmpegMissing(f"The Python package imageio-ffmpeg brought none ({error}).") from error


def _asked(path: Path, origin: str, reason: str, cure: str | None = None) -> Ffmpeg:
    """What this ffmpeg can do; raises FfmpegMissing when it does not run or lacks something."""
    version = re.search(r"ffmpeg version (\S+)", _answer(path, "-version", cure))
    if version is None:
        raise FfmpegMissing(f"{path} runs but is not ffmpeg.", cure=cure)
    encoders = _names(_answer(path, "-encoders", cure), r"[VAS][A-Z.]{5}")
    filters = _names(_answer(path, "-filters", cure), r"[A-Z.]{2,3}")
    missing = sorted((NEEDED_ENCODERS - encoders) | (NEEDED_FILTERS - filters))
    if missing:
        raise FfmpegMissing(f"{path} lacks {', '.join(missing)}.", cure=cure)
    return Ffmpeg(path, version[1], origin, encoders, filters, reason)


def _answer(path: Path, question: str, cure: str | None) -> str:
    try:
        done = subprocess.run(
            [os.fspath(path), "-hide_banner", question]
            if question != "-version"
            else [os.fspath(path), question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise FfmpegMissing(f"{path} does not run ({error}).", cure=cure) from error
    if done.returncode != 0:
        raise FfmpegMissing(f"{path} does not run (it ended with code {done.returncode}).", cure=cure)
    return done.stdout.decode("utf-8", "replace")


def _names(listing: str, flags: str) -> frozenset[str]:
    return frozenset(re.findall(rf"^ {flags} +([\w-]+)", listing, re.MULTILINE))


def run_ffmpeg(
    ffmpeg: Ffmpeg,
    args: Sequence[str],
    *,
    on_progress: Callable[[FfmpegProgress], None] | None = None,
    cancel: threading.Event | None = None,
    loglevel: str = "error",
    on_line: Callable[[str], None] | None = None,
) -> str:
    """Runs ffmpeg with these arguments to its end and gives back the last lines of its log.

    on_line: is told every line of the log, in another thread.
    No shell is used and nothing is asked. Raises Cancelled when `cancel` is set (ffmpeg and all it started
    are ended first), MediaError in plain words when it fails, FfmpegMissing when it cannot be started.
    """
    words = [os.fspath(ffmpeg.path), "-nostdin", "-hide_banner", "-v", loglevel, "-progress", "pipe:1", *args]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise FfmpegMissing(f"{ffmpeg.path} could not be started ({error}).") from error
    said: deque[str] = deque(maxlen=KEPT_LINES)
    steps: deque[FfmpegProgress] = deque(maxlen=1)
    readers = [
        threading.Thread(target=_read_log, args=(process.stderr, said, on_line), daemon=True),
        threading.Thread(target=_read_progress, args=(process.stdout, steps), daemon=True),
    ]
    try:
        for reader in readers:
            reader.start()
        _watch(process, steps, on_progress, cancel)
    finally:
        _end(process)
        for reader in readers:
            reader.join(ENDING_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode != 0:
        raise _failure(process.returncode, list(said))
    while on_progress is not None and steps:
        on_progress(steps.popleft())
    return "\n".join(said)


def _watch(
    process: subprocess.Popen[bytes],
    steps: deque[FfmpegProgress],
    on_progress: Callable[[FfmpegProgress], None] | None,
    cancel: threading.Event | None,
) -> None:
    """Waits for the end, passing progress on in this thread; raises Cancelled as soon as somebody asks."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            return
        if cancel is not None and cancel.is_set():
            raise Cancelled("The work was stopped.")
        while on_progress is not None and steps:
            on_progress(steps.popleft())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends ffmpeg and everything it started; does nothing when it has ended by itself."""
    for message in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, message)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_S)


def _read_log(pipe: IO[bytes], said: deque[str], on_line: Callable[[str], None] | None) -> None:
    with suppress(OSError, ValueError):
        for line in pipe:
            said.append(line.decode("utf-8", "replace").rstrip())
            if on_line is not None:
                on_line(said[-1])


def _read_progress(pipe: IO[bytes], steps: deque[FfmpegProgress]) -> None:
    """ffmpeg writes blocks of key=value lines, each ended by `progress=`."""
    block: dict[str, str] = {}
    with suppress(OSError, ValueError):
        for line in pipe:
            key, _, value = line.decode("ascii", "replace").strip().partition("=")
            block[key] = value.strip()
            if key == "progress":
                steps.append(_step(block))
                block = {}


def _step(block: dict[str, str]) -> FfmpegProgress:
    def number(text: str) -> float | None:
        try:
            return float(text)
        except ValueError:
            return None

    return FfmpegProgress(
        frames=int(number(block.get("frame", "")) or 0),
        out_s=max((number(block.get("out_time_us", "")) or 0.0) / 1_000_000, 0.0),
        speed=number(block.get("speed", "").rstrip("x")),
    )


def _failure(code: int, said: list[str]) -> MediaError:
    """What went wrong, from the log, in words."""
    lines = [line for line in said if line and not any(word in line.lower() for word in _EMPTY_WORDS)]
    last = (lines or [line for line in said if line] or ["it said nothing"])[-1]
    for mark, meaning, cure in _MEANINGS:
        if any(mark in line.lower() for line in said):
            return MediaError(f"{meaning} ffmpeg said: {last}", cure=cure)
    if code < 0:
        return MediaError(
            f"ffmpeg was ended from outside (signal {-code}), often because memory ran out.",
            cure="Close other programs and run this again.",
        )
    return MediaError(f"ffmpeg could not do its work. It said: {last}")
