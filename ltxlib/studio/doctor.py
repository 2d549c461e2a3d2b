"""The doctor: the checklist and all of the machine around it, each line with one sentence and one cure."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ltxlib import __version__
from ltxlib.comfy.address import is_loopback
from ltxlib.pod import doors, jupyter_home, machine
from ltxlib.pod.here import this_pod
from ltxlib.store.project import Project
from ltxlib.studio import doctor_comfy, doctor_machine, doctor_models
from ltxlib.studio.connect import address
from ltxlib.studio.curing import advice
from ltxlib.studio.secrets import hide
from ltxlib.studio.setup import AMBER, GREEN, KERNEL, RED, REHEARSAL_OFF, Line, checklist

# Where a creator looks for a line, in the order in which a pod is put in order.
MACHINE, JUPYTER, COMFYUI, MODELS, DOORS, FILM = GROUPS = (
    "The machine",
    "This page",
    "ComfyUI",
    "Models",
    "Open doors",
    "The film",
)
_GROUP_OF = {
    "ffmpeg": MACHINE,
    "Disk": MACHINE,
    "Server": COMFYUI,
    "GPU": COMFYUI,
    "Nodes": COMFYUI,
    "Models": MODELS,
}
# What a clip needs of this machine, unless another one makes it.
_FOR_CLIPS = {COMFYUI, MODELS}
_FOR_CLIPS_TOO = {"Pod", "Card", "Memory", "Advice", "Fits"}


def examine(project: Project, root: Path = machine.ROOT, now: Callable[[], float] = time.time) -> list[Line]:
    """Looks at everything: machine, disk, Jupyter, ComfyUI, models, open doors, and the checklist.

    root: where the machine's own facts are read (/proc, /sys). Never raises for what is missing; that is what
    the lines say. Takes some seconds.
    """
    cards = machine.cards()
    film = checklist(project)
    parts: Iterable[tuple[str, Iterator[Line]]] = (
        (MACHINE, doctor_machine.lines(project, cards, root, now)),
        (JUPYTER, _jupyter(project)),
        (COMFYUI, doctor_comfy.lines(project)),
        (MODELS, doctor_models.lines(project)),
        (DOORS, _doors()),
    )
    lines = [replace(line, group=group) for group, part in parts for line in part]
    known = {line.name for line in lines}
    lines += [replace(line, group=_GROUP_OF.get(line.name, FILM)) for line in film if line.name not in known]
    lines.sort(key=lambda line: GROUPS.index(line.group))
    return _where_clips_are_made(project, lines)


def _where_clips_are_made(project: Project, lines: list[Line]) -> list[Line]:
    """Where the rehearsal plays or another machine renders, nothing that clips need here is urgent."""
    if any(line.key == REHEARSAL_OFF for line in lines):
        why = "The rehearsal does without."
    elif not is_loopback(address(project)):
        why = "Clips are made on another machine, so this one does without."
    else:
        return lines
    spared = [
        line.state == RED
        and line.name not in ("Server", "GPU", "Nodes", "Models")
        and (line.group in _FOR_CLIPS or line.name in _FOR_CLIPS_TOO)
        for line in lines
    ]
    return [
        replace(line, state=AMBER, says=f"{line.says} {why}") if spare else line
        for line, spare in zip(lines, spared, strict=True)
    ]


def support_text(lines: Iterable[Line]) -> str:
    """The lines as a text to be sent to somebody who helps; no secret of this machine is in it."""
    told = [f"ltxlib {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}"]
    group = ""
    for line in lines:
        if line.group != group:
            group = line.group
            told += ["", group]
        told.append(f"[{line.state}] {line.name}: {line.says}")
        if advice(line):
            told.append(f"    -> {advice(line)}")
    home = str(Path.home())
    return hide("\n".join(told)).replace(home, "~" if home != "/" else home) + "\n"


def _jupyter(project: Project) -> Iterator[Line]:
    found = jupyter_home.server()
    if found is not None:
        lab, widgets = (found.versions.get(name, "") for name in jupyter_home.WANTED)
        widgets = widgets or jupyter_home.shared_widgets()
        if not lab or not widgets:
            lacking = "JupyterLab" if not lab else "the widgets' part"
            yield Line(
                "Jupyter",
                RED,
                f"The Jupyter server lacks {lacking}, so forms and buttons do not show.",
                "Open 1. Setup and choose Run, Run All Cells; then reload the page (F5).",
            )
        else:
            yield Line("Jupyter", GREEN, f"JupyterLab {lab} with widgets {widgets}.")
    python = jupyter_home.kernel_python(found)
    if python is None:
        says = "Jupyter does not know the kit's kernel: a new or restarted pod has forgotten it."
        yield Line("Kernel", AMBER, says, "Open 1. Setup and choose Run, Run All Cells.", KERNEL)
    elif not python.exists() or not _ours(python, project):
        says = f"The kit's kernel in Jupyter starts {python}, which is not this kit's."
        yield Line("Kernel", RED, says, "Open 1. Setup and choose Run, Run All Cells.", KERNEL)
    else:
        yield Line("Kernel", GREEN, "Jupyter knows the kit's kernel.")


def _ours(python: Path, project: Project) -> bool:
    """Whether this Python is the kit's: the one in its folder; where it has none, the one that runs this."""
    if (project.root / ".venv").is_dir():
        return python.is_relative_to(project.root)
    return python == Path(sys.executable)


def _doors() -> Iterator[Line]:
    if this_pod() is None:
        return
    for door in (doors.files_open(), doors.jupyter_open()):
        if door is not None:
            yield Line(door.name, RED, door.says, door.cure)
    yield Line(
        "Port 8188",
        AMBER,
        "ComfyUI asks nobody for a password. If port 8188 is among the pod's HTTP ports, whoever guesses the "
        "pod's address can use it.",
        "Keep its address to yourself, or take port 8188 out of the pod's ports: the kit does not need it.",
    )
