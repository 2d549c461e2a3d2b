"""rclone at work: how far it is, how it is called off, and its last words when it fails."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ltxlib.errors import Cancelled, PodError
from ltxlib.studio.secrets import hide

Tell = Callable[[int, int], None]
# Its figures come as lines of JSON, one a second (rclone.org/docs, "Logging").
_FIGURES = ("--use-json-log", "--stats", "1s", "--stats-log-level", "NOTICE")
_LOOK_EVERY_S = 0.2
_LAST_WORDS = 5


def run_rclone(words: Sequence[str], tell: Tell, cancel: threading.Event) -> None:
    """Run it to its end. tell: hears of the bytes copied and of all bytes. Raises PodError, Cancelled."""
    try:
        process = subprocess.Popen(
            [*words, *_FIGURES],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise PodError(f"rclone cannot be run ({error.strerror}).") from error
    watch = threading.Thread(target=_end_when, args=(process, cancel), name="ltx-rclone", daemon=True)
    watch.start()
    said: deque[str] = deque(maxlen=_LAST_WORDS)
    for line in process.stderr or ():
        text = _heard(line.strip(), tell)
        if text:
            said.append(text)
    code = process.wait()
    watch.join()
    if cancel.is_set():
        raise Cancelled(
            "Stopped. What was copied is there and nothing is noted.", cure="Copy again: it goes on."
        )
    if code:
        told = hide(said[-1]) if said else "it said nothing"
        raise PodError(
            f"rclone did not copy everything: {told}", cure="Mend that and do it again; it goes on."
        )


def _end_when(process: subprocess.Popen[str], cancel: threading.Event) -> None:
    while process.poll() is None:
        if cancel.wait(_LOOK_EVERY_S):
            with suppress(OSError):
                process.terminate()
            return


def _heard(line: str, tell: Tell) -> str:
    """What a line says to a person; figures are told and say nothing."""
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    figures = entry.get("stats")
    if isinstance(figures, dict):
        done, whole = figures.get("bytes"), figures.get("totalBytes")
        if isinstance(done, int) and isinstance(whole, int) and whole > 0:
            tell(done, whole)
        return ""
    return str(entry.get("msg", "")).strip() if entry.get("level") in ("error", "critical", "fatal") else ""
