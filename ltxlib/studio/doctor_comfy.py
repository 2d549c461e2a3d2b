"""The doctor's look at ComfyUI on this machine: its Python, its arguments, its life, its list, its packs."""

from __future__ import annotations

from collections.abc import Iterator

from ltxlib.errors import LtxlibError
from ltxlib.pod import comfyui, doors
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life, doctor_packs
from ltxlib.studio.curing import RESTART, START, WORKFLOWS
from ltxlib.studio.setup import AMBER, GREEN, RED, Line

# Options that people write into comfyui_args.txt for another day and then forget.
_WORTH_KNOWING = {
    "--cpu": "so clips are made without the card, some hundred times slower",
    "--disable-all-custom-nodes": "so no node pack is loaded",
    "--disable-metadata": "so clips do not carry their workflow",
    "--novram": "so everything is slow: it is meant for cards with hardly any memory",
}


def lines(project: Project) -> Iterator[Line]:
    """Every line about ComfyUI as a program; what its server says is in the checklist."""
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
    life = comfy_life.life(project)
    yield _life(project, home, life)
    yield from _arguments(home)
    yield _list(life)
    packs = list(doctor_packs.lines(project))
    yield from packs
    yield from _imports(project, life, {line.name for line in packs})
    yield from _strange(home)


def _life(project: Project, home: comfyui.ComfyHome, found: comfy_life.Life) -> Line:
    says = f"ComfyUI {comfyui.version(home) or 'of unknown version'} in {home.root}"
    if not home.python.is_absolute():
        cure = "Deploy the template runpod/comfyui anew: its installation is damaged."
        return Line("ComfyUI", RED, f"{says}, without a Python environment of its own.", cure)
    if len(found.processes) > 1:
        told = f"{says} runs {len(found.processes)} times at once; each holds memory of the card."
        return Line("ComfyUI", AMBER, told, "Start it again: then there is one.", RESTART)
    if found.answers and not found.processes:
        return Line("ComfyUI", AMBER, found.says, "End that one, or name its folder in LTX_COMFY_ROOT.")
    if found.answers:
        return Line("ComfyUI", GREEN, f"{says}, with the Python of {home.python.parents[1].name}, running.")
    fault = _last_error(project)
    told = f" The last error in its log: {fault}" if fault else ""
    if found.processes:
        cure = "It may still be starting: look again in a minute. Else start it again."
        return Line("ComfyUI", AMBER, f"{says}, running, but it does not answer (yet).{told}", cure, RESTART)
    return Line("ComfyUI", RED, f"{says}, NOT running.{told}", "A night starts it by itself.", START)


def _last_error(project: Project) -> str:
    try:
        return comfy_life.log_trouble(project).error
    except LtxlibError:
        return ""


def _arguments(home: comfyui.ComfyHome) -> Iterator[Line]:
    """What people wrote into comfyui_args.txt, where they did."""
    more = home.arguments[len(comfyui.FIXED_ARGUMENTS) :]
    if not more:
        return
    says = f"{comfyui.ARGUMENTS_FILE} adds: {' '.join(more)}."
    odd = [f"{word}, {_WORTH_KNOWING[word]}" for word in more if word in _WORTH_KNOWING]
    if odd:
        cure = f"Take it out of {comfyui.ARGUMENTS_FILE} unless you want that, and start ComfyUI again."
        yield Line("Arguments", AMBER, f"{says} That is {'; '.join(odd)}.", cure)
    else:
        yield Line("Arguments", GREEN, says)


def _list(life: comfy_life.Life) -> Line:
    if life.workflows_shown:
        return Line(
            "Workflows", GREEN, "ComfyUI's own list shows the kit's workflows, in the folder ltx-kit."
        )
    says = "The kit's workflows are not in ComfyUI's own list."
    cure = "There one click opens them, and what is saved there is used here."
    return Line("Workflows", AMBER, says, cure, WORKFLOWS)


def _imports(project: Project, life: comfy_life.Life, told_of: set[str]) -> Iterator[Line]:
    """Node packs that are there and that ComfyUI could not take in when it was started.

    told_of: those that have a line of their own.
    """
    if not life.processes:
        return
    try:
        failed = [one for one in comfy_life.log_trouble(project).packs if one[0] not in told_of]
    except LtxlibError:
        return
    if failed:
        told = ", ".join(f"{name} ({why})" if why else name for name, why in failed)
        cure = "What uses their nodes cannot be made. Update or remove them in ComfyUI (Manager)."
        yield Line("Imports", AMBER, f"Node packs that ComfyUI could not import: {told}.", cure)
    else:
        yield Line("Imports", GREEN, "ComfyUI's log tells of no node pack that could not be imported.")


def _strange(home: comfyui.ComfyHome) -> Iterator[Line]:
    strange = doors.strange_nodes(home.root)
    if strange:
        says = f"Node packs that neither the template nor the kit brought: {', '.join(strange)}."
        yield Line("Node packs", AMBER, says, "Keep those you know; they run with all rights of ComfyUI.")
