"""ComfyUI's life on this machine: is it there, start, stop, start again, its log, its memory, its address."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import Cancelled, ComfyError, LtxlibError, PodError
from ltxlib.pod import comfyui, workflow_list
from ltxlib.pod.here import this_pod
from ltxlib.store.lock import ProjectLock
from ltxlib.store.project import Project
from ltxlib.studio.keeping import START_S, port_of
from ltxlib.studio.price import hourly_price
from ltxlib.studio.secrets import hide

_ASK_S = 5.0
_TAIL_BYTES = 256 * 1024
LOG_LINES = 60


@dataclass(frozen=True)
class Life:
    """How ComfyUI is. processes: of it; answers: whether its server does; address: for a browser outside."""

    root: Path
    version: str
    processes: tuple[int, ...]
    answers: bool
    url: str
    address: str
    workflows_shown: bool

    @property
    def says(self) -> str:
        """All that in a sentence."""
        name = f"ComfyUI {self.version}".strip()
        if self.answers:
            return f"{name} runs and answers at {self.url}."
        if self.processes:
            return f"{name} runs but does not answer at {self.url} (yet)."
        return f"{name} does not run."


@dataclass(frozen=True)
class Waiting:
    """How long ComfyUI has been awaited, and what that has cost; None where the price is not known."""

    waited_s: float
    spent_usd: float | None


def life(project: Project) -> Life:
    """How ComfyUI is. Raises PodError when there is none on this machine."""
    home = _home()
    url = f"http://127.0.0.1:{port_of(home)}"
    here = this_pod()
    return Life(
        root=home.root,
        version=comfyui.version(home),
        processes=comfyui.running(home),
        answers=_answers(url),
        url=url,
        address=f"https://{here.pod_id}-{port_of(home)}.proxy.runpod.net" if here else url,
        workflows_shown=workflow_list.shown(home, project.workflows),
    )


def start(
    project: Project,
    *,
    again: bool = False,
    waiting: Callable[[Waiting], None] | None = None,
    cancel: threading.Event | None = None,
) -> Life:
    """Starts ComfyUI as its template does and waits until it answers; again: end it first.

    What runs and answers is left alone unless `again`. cancel ends the waiting, not ComfyUI. Raises PodError
    (with the last error of its log), ProjectBusy while a batch uses it, Cancelled.
    """
    home = _home()
    url, log = f"http://127.0.0.1:{port_of(home)}", _log(project)
    if _answers(url) and not again:
        return life(project)
    usd_per_hour = _usd_per_hour()

    def tell(waited_s: float) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled("ComfyUI was started and may still come up; it is not waited for any more.")
        if waiting is not None:
            waiting(Waiting(waited_s, None if usd_per_hour is None else waited_s / 3600 * usd_per_hour))

    with _nobody_renders(project):
        comfyui.end(home)
        process = comfyui.start(home, log)
    comfyui.await_answer(process, log, lambda: _answers(url), START_S, tell)
    return life(project)


def stop(project: Project) -> Life:
    """Ends ComfyUI; what it renders is lost. Raises PodError, ProjectBusy while a batch uses it."""
    with _nobody_renders(project):
        comfyui.end(_home())
    return life(project)


def free(project: Project) -> Life:
    """Has ComfyUI drop its models from memory. Raises ComfyError when it does not answer."""
    found = life(project)
    ComfyClient(found.url, timeout_s=30).free()
    return found


def show_workflows(project: Project) -> Path:
    """Puts the project's workflows into ComfyUI's own list. Raises PodError."""
    return workflow_list.show(_home(), project.workflows)


def log_lines(project: Project, count: int = LOG_LINES) -> list[str]:
    """The last lines of ComfyUI's log, without secrets; empty when it has none."""
    path = comfyui.newest_log(_home(), _log(project))
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError as error:
        raise PodError(f"ComfyUI's log cannot be read ({error.strerror}).") from error
    return hide(text).replace("\r", "\n").splitlines()[-count:]


def _home() -> comfyui.ComfyHome:
    home = comfyui.find_home()
    if home is None:
        raise PodError(
            "There is no ComfyUI on this machine.",
            cure="Do this on the pod, name its folder in LTX_COMFY_ROOT, or rehearse (notebook 01).",
        )
    return home


def _log(project: Project) -> Path:
    return project.production / "comfyui.log"


def _answers(url: str) -> bool:
    try:
        ComfyClient(url, timeout_s=_ASK_S).system_stats()
    except ComfyError:
        return False
    return True


def _usd_per_hour() -> float | None:
    try:
        price = hourly_price()
    except LtxlibError:
        return None
    return price.usd if price else None


def _nobody_renders(project: Project) -> ProjectLock:
    """Held while ComfyUI is ended: a batch that renders real takes holds the same lock."""
    return project.set(rehearsal=False).lock
