"""The four notebooks run one after the other with nobody watching."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import NightStopped
from ltxlib.store.project import Project, Shelf

NOTEBOOKS = ("01_setup", "02_generate", "03_review", "04_assemble")


@dataclass(frozen=True)
class Step:
    """One notebook that ran: its name, the executed copy, and how long it took in seconds."""

    name: str
    executed: Path
    seconds: float


def run_notebooks(
    project: Project,
    shelf: Shelf,
    *,
    env: Mapping[str, str],
    on_step: Callable[[str], None],
    on_tick: Callable[[], None],
    parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Step]:
    """Run the four notebooks headless, each as a process of its own, and keep the executed copies.

    env is added to the environment; nothing secret may be given as a parameter, since papermill writes
    parameters into the notebook. Raises NightStopped with the last lines a notebook said.
    """
    done = []
    executed = shelf.folder / "notebooks"
    executed.mkdir(parents=True, exist_ok=True)
    for name in NOTEBOOKS:
        on_step(name)
        began = time.monotonic()
        target = executed / f"{name}.ipynb"
        command = [sys.executable, "-m", "papermill", str(project.notebooks / f"{name}.ipynb"), str(target)]
        command += ["--cwd", str(project.notebooks), "--kernel", "python3", "--autosave-cell-every", "30"]
        command += ["--no-progress-bar", "--log-output"]
        for key, value in (parameters or {}).get(name, {}).items():
            command += ["-r", key, value]
        _run(command, shelf, env, on_tick)
        on_tick()
        done.append(Step(name, target, time.monotonic() - began))
    return done


def _run(command: list[str], shelf: Shelf, env: Mapping[str, str], on_tick: Callable[[], None]) -> None:
    target = Path(command[4])
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JPY_")}
    log_path = target.with_suffix(".log")
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**kept, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                on_tick()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
        finally:
            # Whatever stops us stops the notebook too: it must not go on spending unseen.
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    if process.returncode:
        raise NightStopped(f"Notebook {target.stem} stopped: {_last_words(log_path)}")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."
