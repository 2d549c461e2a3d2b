"""Keeping a server alive: started again when it died, and when it hangs and does not let go.

Only servers of this very machine, and only in the way in which they were started first. RunPod's template
never starts ComfyUI again, and billing goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ltxlib.comfy.address import is_loopback
from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import ComfyError, PodError
from ltxlib.pod import comfyui
from ltxlib.pod.comfyui import port_of
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing
from ltxlib.studio.connect import Server

# A model of 40 GB is not loaded before the first prompt, but node packs may take their time to import.
START_S = 300.0
_ASK_S = 5.0


class Keeper(Protocol):
    """Whoever can start a server again."""

    def dead(self) -> bool:
        """Whether its process is gone, so that waiting for it is of no use."""

    def restart(self) -> str:
        """End what is left of it, start it, wait until it answers; says so in a sentence.

        Raises PodError or ComfyError when it does not come up.
        """


def keeper_for(project: Project, server: Server) -> Keeper | None:
    """Who can start this server again; None when nobody here can."""
    url = server.client.url
    if not is_loopback(url):
        return None
    noted = rehearsing.noted(project)
    if noted and noted.url == url:
        return RehearsalKeeper(project)
    home = comfyui.find_home()
    if home is None or str(urlsplit(url).port) != port_of(home):
        return None
    return ComfyKeeper(home, url, project.production / "comfyui.log")


class ComfyKeeper:
    """Keeps the ComfyUI of this pod."""

    def __init__(self, home: comfyui.ComfyHome, url: str, log: Path) -> None:
        self._home, self._client, self._log = home, ComfyClient(url, timeout_s=_ASK_S), log

    def dead(self) -> bool:
        """Whether no process of this ComfyUI runs."""
        return not comfyui.running(self._home)

    def restart(self) -> str:
        """End it, start it as its template does, wait until it answers. Raises PodError."""
        why = comfyui.last_error(self._log)
        comfyui.restart(self._home, self._log, self._answers, START_S)
        said = f" It had said: {why}" if why else ""
        return f"ComfyUI was gone or stuck and has been started again.{said}"

    def _answers(self) -> bool:
        try:
            self._client.system_stats()
        except ComfyError:
            return False
        return True


class RehearsalKeeper:
    """Keeps the project's own rehearsal."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def dead(self) -> bool:
        """Whether the rehearsal's process is gone."""
        return not rehearsing.alive(self._project)

    def restart(self) -> str:
        """End it and start it again where it was. Raises PodError."""
        try:
            running = rehearsing.restart(self._project)
        except ComfyError as error:
            raise PodError(error.message, cure=error.cure) from error
        return f"The rehearsal was gone or stuck and has been started again at {running.url}."
