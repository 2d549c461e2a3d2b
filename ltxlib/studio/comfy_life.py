"""ComfyUI's life on this machine: is it there, start, stop, start again, its log, its memory, its address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import Cancelled, ComfyError, LtxlibError, PodError
from ltxlib.pod import comfyui, workflow_list
from ltxlib.pod.here import this_pod
from ltxlib.store.lock import ProjectLock
from ltxlib.store.project import Project
from ltxlib.studio import comfy_log, watching
from ltxlib.studio.keeping import START_S, port_of
from ltxlib.studio.price import hourly_price

_ASK_S = 5.0
# How long freed memory is waited for, and how much of it is more than the breathing of a machine.
_FREE_S, _FREE_EVERY_S = 3.0, 0.25
_LITTLE_BYTES = 64 * 1024**2
_GB = 1e9


@dataclass(frozen=True)
class Memory:
    """The memory that ComfyUI works in: its card's, or the machine's own where it has none."""

    whole_bytes: int
    free_bytes: int

    @property
    def says(self) -> str:
        """How much of it is free."""
        return f"{self.free_bytes / _GB:.1f} of {self.whole_bytes / _GB:.1f} GB free"


@dataclass(frozen=True)
class Life:
    """How ComfyUI is.

    processes: of it; answers: whether its server does; address: for a browser outside; public: whether that
    address can be opened by anybody. rendering and waiting: renders that are in its queue. memory: None while
    it does not answer. held: why it is to be left alone now, empty when it is not. installing: packages are
    being installed for it.
    """

    root: Path
    version: str
    processes: tuple[int, ...]
    answers: bool
    url: str
    address: str
    public: bool
    workflows_shown: bool
    rendering: int = 0
    waiting: int = 0
    memory: Memory | None = None
    held: str = ""
    installing: bool = False

    @property
    def says(self) -> str:
        """All that in a sentence."""
        name = f"ComfyUI {self.version}".strip()
        if self.answers and not self.processes:
            return f"A ComfyUI answers at {self.url}, but it is not the one in {self.root}."
        if self.answers:
            return f"{name} runs and answers at {self.url}."
        if self.processes:
            return f"{name} runs but does not answer at {self.url} (yet)."
        if self.installing:
            return f"{name} does not run: packages are being installed. A new pod starts it afterwards."
        return f"{name} does not run."

    @property
    def work(self) -> str:
        """What it is at, in a sentence; empty while it does not answer."""
        if not self.answers:
            return ""
        if not self.rendering:
            return "Nothing is being rendered there."
        more = f", and {self.waiting} more {'waits' if self.waiting == 1 else 'wait'}" if self.waiting else ""
        return f"It is rendering{more}."


@dataclass(frozen=True)
class Freed:
    """What came of freeing memory."""

    life: Life
    before: Memory | None
    busy: bool

    @property
    def freed_bytes(self) -> int:
        """How much more is free than before."""
        after = self.life.memory
        return max(after.free_bytes - self.before.free_bytes, 0) if after and self.before else 0

    @property
    def says(self) -> str:
        """All that in a sentence."""
        if self.life.memory is None:
            return "ComfyUI was asked to free its memory; how much that was, it does not say."
        if self.freed_bytes >= _LITTLE_BYTES:
            return f"Freed {self.freed_bytes / _GB:.1f} GB: {self.life.memory.says} now."
        if self.busy:
            return f"ComfyUI is rendering; it frees what it can when that is done ({self.life.memory.says})."
        return f"There was nothing to free: no model was loaded ({self.life.memory.says})."


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
    said, processes = _ask(url), comfyui.running(home)
    rendering, waiting = said.queue if said else (0, 0)
    return Life(
        root=home.root,
        version=comfyui.version(home),
        processes=processes,
        answers=said is not None,
        url=url,
        address=f"https://{here.pod_id}-{port_of(home)}.proxy.runpod.net" if here else url,
        public=here is not None,
        workflows_shown=workflow_list.shown(home, project.workflows),
        rendering=rendering,
        waiting=waiting,
        memory=said.memory if said else None,
        held=held(project),
        installing=not processes and comfyui.installing(home),
    )


def is_here() -> bool:
    """Whether there is a ComfyUI on this machine. Raises PodError where its arguments cannot be read."""
    return comfyui.find_home() is not None


def held(project: Project) -> str:
    """Why ComfyUI is to be left alone: a batch or a night works with it. Empty when nobody does."""
    night = watching.look(project)
    if night.running and not night.rehearsal:
        return "A night runs in this project; it starts and watches ComfyUI by itself."
    if watching.is_held(_nobody_renders(project).path):
        return "A batch of this project is rendering with it."
    return ""


def start(
    project: Project,
    *,
    again: bool = False,
    waiting: Callable[[Waiting], None] | None = None,
    cancel: threading.Event | None = None,
) -> Life:
    """Starts ComfyUI as its template does and waits until it answers; again: end it first.

    What runs is left alone unless `again`, and awaited if it does not answer yet. cancel ends the waiting,
    not ComfyUI. Raises PodError (with the last error of its log), ProjectBusy while a batch uses it,
    Cancelled.
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

    there = () if again else comfyui.running(home)
    if there:
        process, log = there[0], comfyui.newest_log(home, log) or log
    else:
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


def free(project: Project) -> Freed:
    """Has ComfyUI drop its models from memory. Raises ComfyError when it does not answer."""
    before = life(project)
    ComfyClient(before.url, timeout_s=30).free()
    until = time.monotonic() + _FREE_S
    found = Freed(life(project), before.memory, bool(before.rendering))
    # It is done by the thread that renders, a moment later and model by model; so until no more comes.
    while time.monotonic() < until and not found.busy:
        time.sleep(_FREE_EVERY_S)
        last, found = found, Freed(life(project), before.memory, False)
        if last.freed_bytes >= _LITTLE_BYTES and found.freed_bytes - last.freed_bytes < _LITTLE_BYTES:
            break
    return found


def show_workflows(project: Project) -> Path:
    """Puts the project's workflows into ComfyUI's own list. Raises PodError."""
    return workflow_list.show(_home(), project.workflows)


def log_path(project: Project) -> Path | None:
    """The log that tells of this ComfyUI, whoever started it; None when it has none. Raises PodError."""
    return comfyui.newest_log(_home(), _log(project))


def log_lines(project: Project, count: int = comfy_log.LINES) -> list[str]:
    """The last lines of ComfyUI's log, without secrets; empty when it has none."""
    path = log_path(project)
    return comfy_log.tail(path)[-count:] if path else []


def log_trouble(project: Project) -> comfy_log.Trouble:
    """What its log tells of since it was started: node packs that failed, the last error."""
    path = log_path(project)
    return comfy_log.trouble(comfy_log.tail(path)) if path else comfy_log.Trouble()


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


@dataclass(frozen=True)
class _Said:
    memory: Memory | None
    queue: tuple[int, int]


def _ask(url: str) -> _Said | None:
    """What a server says of its memory and its queue; None when it does not answer."""
    client = ComfyClient(url, timeout_s=_ASK_S)
    try:
        stats, queue = client.system_stats(), client.queue()
    except ComfyError:
        return None
    devices = stats.get("devices")
    device = devices[0] if isinstance(devices, list) and devices else None
    figures = [device.get(name) for name in ("vram_total", "vram_free")] if isinstance(device, dict) else []
    known = len(figures) == 2 and all(isinstance(figure, int) for figure in figures)
    memory = Memory(*figures) if known else None
    return _Said(memory, (len(queue.running), len(queue.pending)))


def _answers(url: str) -> bool:
    return _ask(url) is not None


def _usd_per_hour() -> float | None:
    try:
        price = hourly_price()
    except LtxlibError:
        return None
    return price.usd if price else None


def _nobody_renders(project: Project) -> ProjectLock:
    """Held while ComfyUI is ended: a batch that renders real takes holds the same lock."""
    return project.set(rehearsal=False).lock
