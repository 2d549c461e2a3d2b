"""Before a night begins: nothing else runs, all that is needed is there; then its process is started."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ltxlib.errors import NightStopped, ProjectBusy
from ltxlib.store.night_files import night_folder
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_process import Launch, detached
from ltxlib.studio.preflight import Preflight, preflight
from ltxlib.studio.watching import PHASES, is_held, look

START_PATIENCE_S = 60.0
_LOG_TAIL_BYTES = 4000


@dataclass(frozen=True)
class Ready:
    """What was found before a night, and what it is started with."""

    launch: Launch
    found: Preflight

    @property
    def good(self) -> bool:
        """Whether the night may start."""
        return not self.found.bad


def refuse_second(project: Project) -> None:
    """Raise ProjectBusy when a night, or a batch by day, runs in this project."""
    view = look(project)
    if view.running:
        doing = PHASES.get(view.phase, "starting")
        since = time.strftime("%H:%M", time.localtime(view.began)) if view.began else "just now"
        raise ProjectBusy(
            f"A night is running in this project already, since {since}; it is {doing}.",
            cure="./kit night --watch shows it, ./kit night --cancel ends it after the take it renders.",
        )
    if any(is_held(project.set(rehearsal=rehearsal).lock.path) for rehearsal in (False, True)):
        raise ProjectBusy("A batch is running in this project already.")


def prepare(project: Project, options: NightOptions) -> Ready:
    """Look at all that a night needs, before it costs anything; starts the rehearsal where that is asked for.

    Raises ProjectBusy when something runs already, ServerUnreachable when the rehearsal does not come up.
    """
    refuse_second(project)
    own_server, url = False, ""
    if options.rehearsal:
        running = rehearsing.start(project, lasting=False)
        own_server, url = not running.lasting, running.url
    with _server(url):
        found = preflight(project, options, scenes_csv=options.table(project))
    launch = Launch(
        id=time.strftime("%Y%m%d-%H%M%S"),
        options=options,
        rehearsal=bool(found.rehearsal),
        usd_per_hour=found.price.usd if found.price else None,
        price_source=found.price.source if found.price else "",
        own_server=own_server,
        server_url=url,
    )
    return Ready(launch, found)


@contextmanager
def _server(url: str) -> Iterator[None]:
    """Within the block this server is used; with an empty address whichever is the project's."""
    before = os.environ.get("LTX_COMFY_URL")
    if url:
        os.environ["LTX_COMFY_URL"] = url
    try:
        yield
    finally:
        if url and before is None:
            os.environ.pop("LTX_COMFY_URL", None)
        elif url:
            os.environ["LTX_COMFY_URL"] = str(before)


def begin(project: Project, launch: Launch) -> None:
    """Start the night's process and wait until it has begun. Raises NightStopped when it did not begin.

    It lives in a session of its own: a closed browser or terminal, a restarted kernel change nothing.
    """
    night = night_folder(project)
    process = detached(project, ["night", "--inside", json.dumps(launch.to_json())], night.log)
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until:
        if night.read().get("id") == launch.id:
            return
        try:
            # Waiting for the process to end is waiting for the bad news; the good news is in the file.
            process.wait(timeout=0.1)
            break
        except subprocess.TimeoutExpired:
            continue
    if night.read().get("id") != launch.id:
        raise NightStopped(f"The night did not start. {_last_words(project)}".strip())


def call_off(project: Project, launch: Launch) -> None:
    """Take back what was prepared for a night that does not start."""
    if launch.own_server:
        rehearsing.stop(project)


def _last_words(project: Project) -> str:
    try:
        text = night_folder(project).log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"Its last words: {lines[-1]}" if lines else ""
