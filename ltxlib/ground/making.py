"""The kit's own Python, made by the script `kit`; here it is only started, followed and understood."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ltxlib.ground.home import Home, fits, running_python

LOOK_S = 0.5
_LOOK_TIMEOUT_S = 60
_END_S = 10
_KEPT_LINES = 40
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LOGIN = re.compile(r"(\w+://)[^/\s@]+@")
_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD)(_|$)", re.IGNORECASE)
_SHORTEST_SECRET = 8
_FULL = re.compile(r"no space left|disk quota exceeded|os error 28|errno 28|errno 122", re.IGNORECASE)
_OFFLINE = re.compile(
    r"dns error|name resolution|could not resolve|name or service not known|network is unreachable"
    r"|connection (refused|reset|timed out|error)|newconnectionerror|connecttimeout|read timed out"
    r"|error sending request|failed to fetch|network connectivity is disabled|tunnel|proxy error",
    re.IGNORECASE,
)
AGAIN = "Choose Run, Run All Cells again; it goes on from there."


@dataclass
class Progress:
    """How far it is: the kit's last sentence, the installer's last line, seconds so far."""

    stage: str = "Looking at the kit's own Python."
    line: str = ""
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    installed: bool = False

    def hear(self, line: str) -> None:
        """Take in a line of what the script and the installers say."""
        line = clean(line)
        if not line:
            return
        self.lines = [*self.lines, line][-_KEPT_LINES:]
        if line.startswith("kit! "):
            self.stops.append(line.removeprefix("kit! "))
        elif line.startswith("kit: "):
            self.stage, self.line = line.removeprefix("kit: "), ""
            self.installed = self.installed or self.stage.startswith("Installing")
        else:
            self.line = line


@dataclass(frozen=True)
class Made:
    """How it ended: with the kit's Python there, or with a sentence and a cure."""

    ok: bool
    progress: Progress
    says: str = ""
    cure: str = ""


def there(place: Home) -> bool:
    """Whether the kit's Python is there, whole, and of the same version as the one that runs here."""
    done = subprocess.run(
        _command(place, "--look"),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_LOOK_TIMEOUT_S,
        check=False,
    )
    return done.returncode == 0


def make(place: Home, tell: Callable[[Progress], None]) -> Made:
    """Make or mend the kit's own Python; returns at once when nothing is missing.

    tell is called a few times a second meanwhile. The script goes on when this process dies, and the next one
    waits for it. Interrupted, it is ended and KeyboardInterrupt goes on.
    """
    progress, ear = Progress(), _ear()
    try:
        process = subprocess.Popen(
            _command(place),
            cwd=place.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=ear,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _follow(process, ear, progress, tell)
        except KeyboardInterrupt:
            _end(process)
            raise
    except OSError as error:
        return Made(False, progress, f"The set-up could not be started: {error.strerror}.", AGAIN)
    finally:
        os.close(ear)
    if process.returncode == 0:
        return Made(True, progress)
    return Made(False, progress, *_why(progress, process.returncode))


def _follow(
    process: subprocess.Popen[bytes], ear: int, progress: Progress, tell: Callable[[Progress], None]
) -> None:
    began, at, rest = time.monotonic(), 0, b""
    while True:
        try:
            process.wait(LOOK_S)
            ended = True
        except subprocess.TimeoutExpired:
            ended = False
        while heard := os.pread(ear, 1 << 16, at):
            at += len(heard)
            *whole, rest = (rest + heard).replace(b"\r", b"\n").split(b"\n")
            for line in whole:
                progress.hear(line.decode("utf-8", "replace"))
        progress.seconds = time.monotonic() - began
        if ended:
            progress.hear(rest.decode("utf-8", "replace"))
            return
        tell(progress)


def _end(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
            process.wait(_END_S)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _command(place: Home, *words: str) -> list[str]:
    # Named with its shell, since a copy that came by ZIP or through a browser is not executable.
    return ["/bin/sh", str(place.folder / "kit"), "setup", *words]


def _environment() -> dict[str, str]:
    # A kernel asks programs for colours, which nobody wants to read as text.
    env = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR")}
    env |= {"NO_COLOR": "1", "TERM": "dumb", "PIP_NO_INPUT": "1"}
    if fits():
        env["LTX_PYTHON"] = running_python()
    return env


def _ear() -> int:
    """A file in memory: writing to it never waits, never fails on a full disk, and outlives the reader."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("kit")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _why(progress: Progress, code: int) -> tuple[str, str]:
    """What went wrong and what to do, a sentence each."""
    said = "\n".join(progress.lines)
    if _FULL.search(said):
        return (
            "The disk is full, so the kit's own Python could not be made.",
            f"Free about 1 GB here, or give the pod a larger disk. {AGAIN}",
        )
    if progress.installed and _OFFLINE.search(said):
        return (
            "The kit's packages could not be fetched: the package server does not answer.",
            f"Wait a minute, or look whether this machine reaches the internet. {AGAIN}",
        )
    if progress.stops:
        what, *cure = progress.stops
        return what, " ".join(cure) or AGAIN
    return f"The set-up ended before it was done (code {code}).", AGAIN


def clean(text: str, environment: Mapping[str, str] | None = None) -> str:
    """One line as it may be shown: no colours, no login in an address, no secret of this environment."""
    given = os.environ if environment is None else environment
    shown = _LOGIN.sub(r"\1", _COLOUR.sub("", text)).rstrip()
    for name, value in given.items():
        if _SECRET_NAME.search(name) and len(value.strip()) >= _SHORTEST_SECRET:
            shown = shown.replace(value.strip(), "(secret)")
    return shown
