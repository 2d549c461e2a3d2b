"""Commands that take long: lists of words, ended with all they started when a person stops them."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from ltxlib.errors import Cancelled, PodError

_MOST_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Done:
    """What came of a command: its exit code, what it printed, what it complained of."""

    code: int
    out: str
    told: str

    @property
    def last_words(self) -> str:
        """The last line of its complaints, or of what it printed."""
        lines = [line.strip() for line in (self.told or self.out).splitlines() if line.strip()]
        return lines[-1][:400] if lines else "it said nothing"


def run(
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 1800.0,
    cancel: threading.Event | None = None,
    holding: tuple[int, ...] = (),
) -> Done:
    """Runs a command and waits for its end.

    holding: file descriptors it keeps open, so that a lock is held until the command itself has ended, even
    if this process is killed. Raises Cancelled; PodError when it cannot be run or takes too long.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        try:
            process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=told,
                env=None if env is None else dict(env),
                start_new_session=True,
                pass_fds=holding,
            )
        except OSError as error:
            raise PodError(
                f"{words[0]} cannot be run ({error.strerror}).",
                cure=f"Look whether {words[0]} is on this machine.",
            ) from error
        try:
            _await(process, words[0], timeout_s, cancel)
        finally:
            _end(process)
        return Done(process.returncode, _text(out), _text(told))


def _await(
    process: subprocess.Popen[bytes], name: str, timeout_s: float, cancel: threading.Event | None
) -> None:
    until = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(timeout=0.1)
            return
        except subprocess.TimeoutExpired:
            if cancel is not None and cancel.is_set():
                raise Cancelled("Stopped, as you asked.") from None
            if time.monotonic() > until:
                raise PodError(
                    f"{name} did not end within {timeout_s / 60:.0f} minutes.",
                    cure="Look whether this machine has internet, then do it again.",
                ) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends it with all it started, unless it has ended by itself."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(max(file.seek(0, os.SEEK_END) - _MOST_BYTES, 0))
    return file.read().decode("utf-8", "replace")
