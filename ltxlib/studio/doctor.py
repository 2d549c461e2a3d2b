"""The doctor: the checklist and all of the machine around it, each line with one sentence and one cure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ltxlib import __version__
from ltxlib.core import catalog
from ltxlib.core.fitting import GB, advise, fit
from ltxlib.errors import LtxlibError
from ltxlib.pod import comfyui, doors, jupyter_home, machine, workflow_list
from ltxlib.pod.here import this_pod
from ltxlib.store.project import Project
from ltxlib.studio import models
from ltxlib.studio.price import hourly_price
from ltxlib.studio.secrets import hide
from ltxlib.studio.setup import AMBER, GREEN, RED, Line, checklist, wanted_models

LITTLE_CONTAINER_BYTES = 2 * GB
# Older than the kit itself: such a clock makes secure connections fail.
EARLIEST_S = 1_780_000_000.0


def examine(project: Project, root: Path = machine.ROOT, now: Callable[[], float] = time.time) -> list[Line]:
    """Looks at everything: machine, disk, Jupyter, ComfyUI, models, open doors, and the checklist.

    root: where the machine's own facts are read (/proc, /sys). Never raises for what is missing; that is what
    the lines say. Takes some seconds.
    """
    parts: Iterable[Iterator[Line]] = (
        _pod(),
        _cards(root),
        _memory(root),
        _disks(project, root),
        _clock(now),
        _jupyter(project),
        _comfyui(project),
        _model_files(project),
        _doors(),
    )
    lines = [line for part in parts for line in part]
    known = {line.name for line in lines}
    return [*lines, *(line for line in checklist(project) if line.name not in known)]


def support_text(lines: Iterable[Line]) -> str:
    """The lines as a text to be sent to somebody who helps; no secret of this machine is in it."""
    told = [f"ltxlib {__version__}"]
    for line in lines:
        told.append(f"[{line.state}] {line.name}: {line.says}")
        if line.cure and line.state != GREEN:
            told.append(f"    -> {line.cure}")
    home = str(Path.home())
    return hide("\n".join(told)).replace(home, "~" if home != "/" else home) + "\n"


def _pod() -> Iterator[Line]:
    here = this_pod()
    if here is None:
        return
    if here.gpu_count == 0:
        yield Line(
            "Pod",
            RED,
            "The pod came back without a graphics card: another customer has it.",
            "Stop it and start it again later, or rent another pod with the same network volume.",
        )
        return
    try:
        price = hourly_price()
    except LtxlibError as error:
        yield Line("Price", AMBER, error.message, error.cure)
        return
    if price is None:
        cure = "Write the price of an hour into LTX_USD_PER_HOUR, or name it when the night is started."
        yield Line("Price", AMBER, "What an hour of this pod costs is not known here.", cure)
    else:
        yield Line("Price", GREEN, f"An hour costs ${price.usd:g} ({price.source}).")


def _cards(root: Path) -> Iterator[Line]:
    found = machine.cards()
    vram = max((card.vram_bytes for card in found or ()), default=None)
    if not found:
        says = "No graphics card is found here." if found is None else "The driver sees no graphics card."
        if this_pod() is not None or comfyui.find_home() is not None:
            cure = "Stop the pod and start it again; if that does not help, rent another one."
            yield Line("Card", RED, says, cure)
        else:
            yield Line("Card", AMBER, says, "Rehearse here; for real clips rent a pod with a card.")
    else:
        told = ", ".join(f"{card.name} ({card.vram_bytes / GB:.0f} GB)" for card in found)
        yield Line("Card", GREEN, f"{told}, driver {found[0].driver}.")
        advice = advise(catalog.shipped().presets, vram, machine.memory_bytes(root))
        if advice.preset is None:
            yield Line("Advice", AMBER, advice.why, "Try the preset “low memory”, or rent a larger pod.")
        else:
            chosen = advice.preset
            size = f"{chosen.width_px}x{chosen.height_px}, {chosen.frames} frames"
            told = f"Begin with the preset “{chosen.name}” ({chosen.model.name}, {size}). {advice.why}"
            yield Line("Advice", GREEN, told)


def _memory(root: Path) -> Iterator[Line]:
    ram = machine.memory_bytes(root)
    if ram is None:
        return
    fitting = [one for one in (fit(model, None, ram) for model in catalog.MODELS.values()) if one.known]
    good = [one.model.name for one in fitting if one.fits]
    says = f"{ram / GB:.0f} GB of system memory for programs on this machine."
    if len(good) == len(fitting):
        yield Line("Memory", GREEN, f"{says} Enough for every model.")
    elif good:
        yield Line("Memory", GREEN, f"{says} Enough for {', '.join(good)}.")
    else:
        state = RED if machine.cards() else AMBER
        cure = "Rent a pod with 64 GB of it or more; here only small clips work (preset “low memory”)."
        yield Line("Memory", state, f"{says} That is too little for the models.", cure)


def _disks(project: Project, root: Path) -> Iterator[Line]:
    volume = machine.volume_of(project.root, root)
    if volume is None:
        return
    says = f"The project is on a {volume.kind} ({volume.mount}), {volume.free_bytes / GB:.0f} GB free."
    if not volume.writable:
        yield Line(
            "Volume",
            RED,
            f"{says} Nothing can be written there.",
            "Start the pod again; if the volume stays read-only, ask RunPod.",
        )
    elif volume.kind == "container disk" and this_pod() is not None:
        yield Line(
            "Volume",
            RED,
            f"{says} It is wiped whenever the pod stops: films and models would be lost.",
            "Move the kit's folder to /workspace.",
        )
    else:
        yield Line("Volume", GREEN, says)
    container = machine.volume_of(Path("/"), root)
    if container is not None and container.free_bytes < LITTLE_CONTAINER_BYTES:
        told = f"The container disk has {container.free_bytes / GB:.1f} GB left."
        yield Line(
            "Container", AMBER, told, "Empty /tmp and ~/.cache, or give the pod a larger container disk."
        )


def _clock(now: Callable[[], float]) -> Iterator[Line]:
    if now() < EARLIEST_S:
        day = time.strftime("%Y-%m-%d", time.gmtime(now()))
        cure = "Stop the pod and start it again; downloads fail while it is wrong."
        yield Line("Clock", RED, f"The clock of this machine is wrong: it says {day}.", cure)


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
        yield Line("Kernel", AMBER, says, "Open 1. Setup and choose Run, Run All Cells.")
    elif not python.exists() or not python.is_relative_to(project.root):
        says = f"The kit's kernel in Jupyter starts {python}, which is not this kit's."
        yield Line("Kernel", RED, says, "Open 1. Setup and choose Run, Run All Cells.")
    else:
        yield Line("Kernel", GREEN, "Jupyter knows the kit's kernel.")


def _comfyui(project: Project) -> Iterator[Line]:
    try:
        home = comfyui.find_home()
    except LtxlibError as error:
        yield Line("ComfyUI", RED, error.message, error.cure)
        return
    if home is None:
        says = "No ComfyUI lives on this machine."
        cure = "On a pod: deploy the template runpod/comfyui, or name its folder in LTX_COMFY_ROOT."
        yield Line("ComfyUI", AMBER, says, cure)
        return
    version = comfyui.version(home)
    says = f"ComfyUI {version or 'of unknown version'} in {home.root}"
    if not home.python.is_absolute():
        says += ", without a Python environment of its own."
        yield Line(
            "ComfyUI", RED, says, "Deploy the template runpod/comfyui anew: its installation is damaged."
        )
    elif comfyui.running(home):
        yield Line("ComfyUI", GREEN, f"{says}, running.")
    else:
        log = comfyui.newest_log(home, project.production / "comfyui.log")
        fault = comfyui.last_error(log) if log else ""
        told = f" The last error in its log: {fault}" if fault else ""
        cure = "Type ./kit comfyui start. A night starts it by itself."
        yield Line("ComfyUI", RED, f"{says}, NOT running.{told}", cure)
    if not workflow_list.shown(home, project.workflows):
        says = "The kit's workflows are not in ComfyUI's own list."
        yield Line("Workflows", AMBER, says, "Type ./kit comfyui workflows to see and change them there.")
    strange = doors.strange_nodes(home.root)
    if strange:
        says = f"Node packs that neither the template nor the kit brought: {', '.join(strange)}."
        yield Line("Node packs", AMBER, says, "Keep those you know; they run with all rights of ComfyUI.")


def _model_files(project: Project) -> Iterator[Line]:
    try:
        folder = models.models_folder()
    except LtxlibError:
        return
    names = [model.name for model in wanted_models(project)]
    fetch = f"Type ./kit models {' '.join(names)} --fetch"
    plan = models.plan(models.files_of(names), folder)
    if plan.misplaced:
        told = ", ".join(
            f"{one.file.name} (in {one.lies.parent.name}/, belongs in {one.file.folder}/)"
            for one in plan.misplaced
            if one.lies
        )
        yield Line(
            "Model folders",
            RED,
            f"In a folder where ComfyUI does not look: {told}.",
            f"{fetch}; it moves them.",
        )
    if plan.missing:
        told = ", ".join(f"{one.file.name} ({one.state})" for one in plan.missing)
        says = f"{told}; {plan.left_bytes / GB:.1f} GB are still to be fetched."
        room = "" if plan.fits else " The disk has too little room for them."
        yield Line("Model files", RED, f"{says}{room}", f"{fetch}.")
    elif not plan.misplaced:
        says = f"All {len(plan.found)} files are there, {plan.total_bytes / GB:.0f} GB."
        yield Line("Model files", GREEN, says)


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
