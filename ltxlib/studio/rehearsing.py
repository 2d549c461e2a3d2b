"""The rehearsal as a process of its own: switched on, found again by other notebooks, switched off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import BadInput, ComfyError, ServerUnreachable
from ltxlib.store.files import write_json
from ltxlib.store.project import Project

START_PATIENCE_S = 60.0
ANSWER_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Running:
    """A rehearsal; lasting is False when it was started for one run only. options: how it was started."""

    url: str
    pid: int
    lasting: bool = True
    options: tuple[str, ...] = ()


def _state_file(project: Project) -> Path:
    return project.set(rehearsal=True).folder / "server.json"


def noted(project: Project) -> Running | None:
    """The project's rehearsal as it was switched on last, whether it still answers or not."""
    try:
        state = json.loads(_state_file(project).read_bytes())
        options = tuple(str(option) for option in state.get("options", ()))
        return Running(str(state["url"]), int(state["pid"]), bool(state.get("lasting", True)), options)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def running(project: Project) -> Running | None:
    """The project's rehearsal if it was switched on and still answers as one."""
    found = noted(project)
    try:
        # Where nobody listens the answer comes at once; a machine with its hands full may take its time.
        if found and ComfyClient(found.url, timeout_s=ANSWER_PATIENCE_S).rehearsal():
            return found
    except (BadInput, ComfyError):
        return None
    return None


def alive(project: Project) -> bool:
    """Whether the process of the project's rehearsal is there, answering or not."""
    found = noted(project)
    if found is None:
        return False
    try:
        entry = Path("/proc") / str(found.pid)
        words = (entry / "cmdline").read_bytes().split(b"\0")
        state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    # A process that ended but was not fetched by its parent has no words any more, or is a zombie.
    return b"server" in words and state != "Z"


def start(project: Project, *, lasting: bool = True, seconds_per_step: float = 0.0) -> Running:
    """Switch the rehearsal on and wait until it answers; one that runs already is used.

    It outlives the process that started it: a run that is killed finds its takes again. lasting: False
    when the run that starts it is to end it too. seconds_per_step: how slowly it renders. Raises
    ServerUnreachable when it does not come up.
    """
    found = running(project)
    if found:
        return found
    options = ["--seconds-per-step", str(seconds_per_step), *([] if lasting else ["--for-one-run"])]
    return _start(project, ["--port", "0", *options])


def restart(project: Project) -> Running:
    """Start the project's rehearsal again where it was, in the same way; what is left of it is ended first.

    Raises ServerUnreachable when there never was one, or it does not come up.
    """
    found = noted(project)
    if found is None:
        raise ServerUnreachable("The rehearsal was never switched on here.")
    if alive(project):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(found.pid, signal.SIGKILL)
    return _start(project, ["--port", str(urlsplit(found.url).port), *found.options])


def _start(project: Project, options: list[str]) -> Running:
    shelf = project.set(rehearsal=True)
    log_path = shelf.folder / "server.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    _state_file(project).unlink(missing_ok=True)
    command = [sys.executable, "-m", "ltxlib", "server", "--project", str(project.root), *options]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JPY_")}
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=project.root,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until:
        found = running(project)
        if found:
            return found
        try:
            # Waiting for the process to end is waiting for the bad news; the good news is in the file.
            process.wait(timeout=0.1)
            break
        except subprocess.TimeoutExpired:
            continue
    raise ServerUnreachable(
        "The rehearsal did not start.", cure=f"Look at the end of {log_path.name} in {shelf.folder.name}/."
    )


def announce(project: Project, url: str, *, lasting: bool, options: Sequence[str] = ()) -> None:
    """Write down where this process's rehearsal answers; called by the server itself once it does.

    options: those of the verb `server` with which it may be started again, its port aside.
    """
    state = {"url": url, "pid": os.getpid(), "lasting": lasting, "options": list(options)}
    write_json(_state_file(project), state)


def stop(project: Project) -> bool:
    """Switch the rehearsal off; says whether there was one."""
    found = running(project)
    _state_file(project).unlink(missing_ok=True)
    if not found:
        return False
    try:
        os.kill(found.pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return False
    return True
