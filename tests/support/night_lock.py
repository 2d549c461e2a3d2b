"""A process that is a night to those who look: it holds the night's lock until it is told to let go."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ltxlib.core.status import BatchStatus, Rendering
from ltxlib.store.night_files import night_folder, write_status
from ltxlib.store.project import Project

_KIT = Path(__file__).resolve().parents[2]
_PROGRAM = (
    "import sys, pathlib; from ltxlib.store.night_files import night_folder;"
    "from ltxlib.store.project import Project;"
    "lock = night_folder(Project(pathlib.Path(sys.argv[1]))).lock.__enter__();"
    "print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def held_night(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    """The lock of the project's night, held by another process for as long as the block runs."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(project.root)],
        cwd=_KIT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield holder
    finally:
        holder.communicate()


def say(project: Project, phase: str, **facts: Any) -> None:
    """Write night.json as the night's process does."""
    usual = {
        "id": "20261122-230000",
        "began": time.time() - 3600,
        "rehearsal": True,
        "options": {"assemble": True},
        "usd_per_hour": 0.5,
        "price_source": "RunPod",
    }
    night_folder(project).write({**usual, "phase": phase, **facts})


def say_batch(project: Project, **facts: Any) -> None:
    """Write the status of the rehearsal's batch as the batch does: 5 of 10 takes done, two in flight."""
    now = time.time()
    usual: dict[str, Any] = {
        "began": now - 3000,
        "at": now,
        "takes": 10,
        "there": 1,
        "made": 3,
        "failed": 1,
        "now": (
            Rendering("rain", 2, "rain-2", step=3, steps=8),
            Rendering("still", 1, "still-1"),
        ),
        "last": "rain, take 1 is made.",
        "left_s": 1200.0,
    }
    write_status(project.set(rehearsal=True), BatchStatus(**{**usual, **facts}))
