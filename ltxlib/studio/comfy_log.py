"""ComfyUI's log, read as it grows: without secrets and colours, and what in it a person should see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import PodError
from ltxlib.pod import comfyui
from ltxlib.studio.secrets import hide

LINES = 60
# Of a log that grew for days only the end is read.
TAIL_BYTES = 256 * 1024
BAD, WAIT, BEGAN = "bad", "wait", "began"

# ComfyUI's own words, of 0.33.0: the list at the end of its start, and the reason before it.
_FAILED = re.compile(r"\(IMPORT FAILED\): .*?([^/\\]+)$")
_REASON = re.compile(r"Cannot import (?:.*[/\\])?([^/\\]+?) module for custom nodes: (.*)$")


@dataclass(frozen=True)
class LogLine:
    """A line of the log; kind: BAD, an error; WAIT, a warning; BEGAN, the kit started it here; or none."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class News:
    """What is new in the log. anew: it is another file than before, so what was shown is to go."""

    lines: tuple[LogLine, ...] = ()
    anew: bool = False


@dataclass(frozen=True)
class Trouble:
    """What a log tells of since the start: packs that could not be imported, and why; the last error."""

    packs: tuple[tuple[str, str], ...] = ()
    error: str = ""


def tell(text: str) -> LogLine:
    """A line with its kind."""
    if text.startswith(comfyui.STARTED):
        return LogLine(text, BEGAN)
    if "IMPORT FAILED" in text or "Cannot import" in text or "Traceback (most" in text:
        return LogLine(text, BAD)
    if text.startswith("[WARNING]"):
        return LogLine(text, WAIT)
    bad = text.startswith(("[ERROR]", "[CRITICAL]")) or any(mark in text for mark in comfyui.ERROR_MARKS)
    return LogLine(text, BAD if bad else "")


def trouble(lines: list[str]) -> Trouble:
    """What these lines tell of that a person should see; those before the last start count no more."""
    packs: dict[str, str] = {}
    error = ""
    for text in lines:
        if text.startswith(comfyui.STARTED):
            packs, error = {}, ""
        elif reason := _REASON.search(text):
            packs[reason[1].strip()] = reason[2].strip()
            # Its traceback stands before it, and is told as the pack's.
            error = "" if error.endswith(reason[2].strip()) else error
        elif failed := _FAILED.search(text):
            packs.setdefault(failed[1].strip(), "")
        elif any(mark in text for mark in comfyui.ERROR_MARKS):
            error = text.strip()
    return Trouble(tuple(packs.items()), error)


def tail(path: Path) -> list[str]:
    """The end of a log, line by line. Raises PodError when it cannot be read."""
    read, begins = _read(path, 0)
    lines = _lines(read)
    # The first one is mostly half a line.
    return lines[1:] if begins else lines


class LogTail:
    """A log that is followed: each `read` gives only what has come since the last one."""

    def __init__(self, count: int = LINES) -> None:
        self._count = count
        self._path: Path | None = None
        self._file = 0
        self._place = 0

    def read(self, path: Path | None) -> News:
        """What is new, whole lines only; at first the last ones. Raises PodError when it cannot be read."""
        if path is None:
            gone, self._path = self._path is not None, None
            return News(anew=gone)
        try:
            facts = path.stat()
        except OSError as error:
            raise _unreadable(error) from error
        anew = (path, facts.st_ino) != (self._path, self._file) or facts.st_size < self._place
        if anew:
            self._path, self._file, self._place = path, facts.st_ino, 0
        read, begins = _read(path, self._place)
        whole = read[: read.rfind(b"\n") + 1]
        self._place = begins + len(whole)
        lines = [tell(line) for line in _lines(whole)]
        return News(tuple(lines[-self._count :] if anew else lines), anew)


def _read(path: Path, place: int) -> tuple[bytes, int]:
    """What stands from a place on, at most the end of it; and where that begins."""
    try:
        with path.open("rb") as file:
            begins = max(place, file.seek(0, 2) - TAIL_BYTES)
            file.seek(begins)
            return file.read(), begins
    except OSError as error:
        raise _unreadable(error) from error


def _lines(read: bytes) -> list[str]:
    return [line for line in comfyui.plain_lines(hide(read.decode("utf-8", "replace"))) if line]


def _unreadable(error: OSError) -> PodError:
    return PodError(f"ComfyUI's log cannot be read ({error.strerror}).", cure="Look again in a moment.")
