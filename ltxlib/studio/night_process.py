"""The night's process: it holds the night's lock for as long as it lives, and a watchman waits for its end.

What it is to do comes with its start; where it is stands in night.json; what people order, in orders.json.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ltxlib.errors import ProjectBusy
from ltxlib.store.night_files import NightFolder, Orders, night_folder
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.night_end import finish
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_orders import by_signal
from ltxlib.studio.night_told import Told
from ltxlib.studio.night_work import Work
from ltxlib.studio.secrets import hide
from ltxlib.studio.watching import PREFLIGHT

# A look at the lock takes it for a blink; so long a new night tries before it believes that there is another.
LOCK_PATIENCE_S = 2.0
WATCHMAN_EVERY_S = 20.0


@dataclass(frozen=True)
class Launch:
    """What a night is started with. usd_per_hour: None when nobody knows the price.

    own_server: whether the rehearsal was started for this night and ends with it. server_url: the server to
    use, empty for the project's own.
    """

    id: str
    options: NightOptions
    rehearsal: bool = False
    usd_per_hour: float | None = None
    price_source: str = ""
    own_server: bool = False
    server_url: str = ""

    def to_json(self) -> dict[str, Any]:
        """The launch as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Launch:
        """The launch that was written."""
        return cls(**{**data, "options": NightOptions.from_json(data["options"])})


def run_night(project: Project, launch: Launch) -> int:
    """Be the night, from its lock to the light; gives its exit code. Raises ProjectBusy when there is one."""
    night = night_folder(project)
    if launch.server_url:
        os.environ["LTX_COMFY_URL"] = launch.server_url
    with _held(night):
        began = time.time()
        limits = launch.options.limits(began, launch.usd_per_hour)
        night.write_orders(Orders())
        night.write_limits(limits)
        told = Told(night, _facts(launch, began))
        told.log(f"==== night {launch.id}, process {os.getpid()}")
        told.set()
        watchman = Watchman(project, launch.id)
        watchman.see()
        with by_signal(night):
            ending = Work(project, told, launch.options, limits, watchman.see).run()
            if launch.own_server:
                rehearsing.stop(project)
            return finish(project, told, ending)


def _facts(launch: Launch, began: float) -> dict[str, Any]:
    return {
        "id": launch.id,
        "process": os.getpid(),
        "process_started": began,
        "began": began,
        "phase": PREFLIGHT,
        "rehearsal": launch.rehearsal,
        "options": launch.options.to_json(),
        "usd_per_hour": launch.usd_per_hour,
        "price_source": launch.price_source,
        "says": "",
    }


@contextmanager
def _held(night: NightFolder) -> Iterator[None]:
    until = time.monotonic() + LOCK_PATIENCE_S
    while True:
        lock = night.lock
        try:
            lock.__enter__()
            break
        except ProjectBusy as error:
            if time.monotonic() > until:
                raise ProjectBusy(
                    "A night is running in this project already.",
                    cure="./kit night --watch shows it, --cancel ends it after the take it renders.",
                ) from error
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.__exit__()


@dataclass
class Watchman:
    """The second process, which takes over when the night's own dies; it is put back when it is gone."""

    project: Project
    night_id: str
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _started_s: float = field(default=0.0, init=False)

    def see(self) -> None:
        """Start it where there is none; one that cannot stay is not started again and again."""
        gone = self._process is None or self._process.poll() is not None
        if gone and (not self._started_s or time.monotonic() - self._started_s > WATCHMAN_EVERY_S):
            self._started_s = time.monotonic()
            words = ["night", "--watchman", self.night_id]
            self._process = detached(self.project, words, night_folder(self.project).log)


def detached(project: Project, words: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Run a verb of the kit in a session of its own, so that it outlives whoever starts it.

    What it prints is added to the log. Nothing of a JupyterLab around us reaches it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JPY_")}
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "ltxlib", *words, "--project", str(project.root)],
            cwd=project.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def without_secrets(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A `sys.excepthook` for processes whose words go to the log."""
    print(hide("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, flush=True)
