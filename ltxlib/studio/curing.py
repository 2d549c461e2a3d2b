"""What the kit can do itself about a line of the checklist: each cure with a name, a button and a command.

Nothing here is paid for. What takes something away asks first (`Cure.asks`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ltxlib.core.amounts import size_text, time_text, usd_text
from ltxlib.errors import BadInput, PodError
from ltxlib.ground import jupyter
from ltxlib.ground.home import Home, home
from ltxlib.hub import shelf
from ltxlib.store.project import Project
from ltxlib.studio import caches, comfy_life, film_model, models, node_packs, packs_there, rehearsing
from ltxlib.studio.comfy_life import Waiting
from ltxlib.studio.setup import (
    EMPTY_CACHES,
    FREE_MEMORY,
    GREEN,
    KERNEL,
    REHEARSAL_OFF,
    Line,
    wanted_models,
)

START, RESTART, WORKFLOWS, MOVE, CHECK = "start", "restart", "workflows", "move", "verify"
REHEARSE = "rehearsal"
FILM_MODEL = "film-model"
INSTALL_PACKS, REMOVE_PACKS = "install-packs", "remove-packs"


@dataclass(frozen=True)
class Told:
    """How far a cure is: a sentence, and the share that is done where that is known (0 ... 1)."""

    says: str
    share: float | None = None


@dataclass(frozen=True)
class Doing:
    """What a cure gets for its work: whom to tell, and whether a person asked it to stop."""

    tell: Callable[[Told], None] = lambda _: None
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Cure:
    """One thing the kit can do. words: on its button; does: what a press does; working: said while
    it is done; stops: whether it can be stopped half way.

    command: the same without a mouse. run: does it and says in a sentence what was done; raises LtxlibError.
    asks: what is to be agreed to first, empty when there is nothing to do; None: it needs no asking.
    """

    key: str
    words: str
    does: str
    working: str
    command: str
    run: Callable[[Project, Doing], str]
    asks: Callable[[Project], str] | None = None
    stops: bool = False


def cure_of(line: Line) -> Cure | None:
    """What the kit can do about a line itself; None when it is well or nothing can be done by a program."""
    return CURES.get(line.key) if line.state != GREEN else None


def advice(line: Line) -> str:
    """A line's cure where nobody can press a button: with the command that does it."""
    cure = cure_of(line)
    if line.state == GREEN:
        return ""
    return f"{line.cure} To do it: {cure.command}".strip() if cure else line.cure


def find(key: str) -> Cure:
    """The cure of this name. Raises BadInput."""
    if key not in CURES:
        raise BadInput(f"The kit has no cure named {key}.", cure=f"Use one of {', '.join(CURES)}.")
    return CURES[key]


def _start(project: Project, doing: Doing) -> str:
    return comfy_life.start(project, waiting=_clock(doing), cancel=doing.cancel).says


def _start_again(project: Project, doing: Doing) -> str:
    return comfy_life.start(project, again=True, waiting=_clock(doing), cancel=doing.cancel).says


def _clock(doing: Doing) -> Callable[[Waiting], None]:
    def tell(so_far: Waiting) -> None:
        cost = f", {usd_text(so_far.spent_usd)} so far" if so_far.spent_usd else ""
        doing.tell(Told(f"Waiting for ComfyUI: {time_text(so_far.waited_s)}{cost}"))

    return tell


def _asks_again(project: Project) -> str:
    busy = comfy_life.life(project).held
    return f"ComfyUI is ended and started anew. What it renders just now is lost. {busy}".strip()


def _free(project: Project, _doing: Doing) -> str:
    return comfy_life.free(project).says


def _show(project: Project, _doing: Doing) -> str:
    place = comfy_life.show_workflows(project)
    return f"ComfyUI shows them now: Workflows at its left side, folder {place.name}."


def _move(project: Project, _doing: Doing) -> str:
    misplaced = _plan(project).misplaced
    for one in misplaced:
        shelf.put_right(one)
    told = ", ".join(f"{one.file.name} to {one.file.folder}/" for one in misplaced)
    return f"Moved: {told}." if told else "Nothing lay in a wrong folder any more."


def _asks_model(project: Project) -> str:
    found = film_model.swap(project)
    return found.asks if found else ""


def _use_model(project: Project, _doing: Doing) -> str:
    found = film_model.swap(project)
    return film_model.write(project, found) if found else "Nothing had to be changed."


def _register(project: Project, _doing: Doing) -> str:
    place = Home(project.root) if (project.root / ".venv").is_dir() else home()
    data = jupyter.data_folder()
    try:
        jupyter.register_kernel(place, data)
        new = jupyter.share_pages(place, data, jupyter.server_prefix())
    except OSError as error:
        raise PodError(
            f"Jupyter could not be told of the kit's kernel ({error.strerror or error}).",
            cure=f"Look whether {data} can be written to and has room.",
        ) from error
    return "Jupyter knows the kit's kernel." + (" Reload the page (F5) to see buttons." if new else "")


def _verify(project: Project, doing: Doing) -> str:
    plan = _plan(project)
    known = {
        one.file.name: one.have_bytes for one in plan.found if one.state == shelf.THERE and one.file.sha256
    }
    whole, names = sum(known.values()), list(known)

    def tell(name: str, done_bytes: int) -> None:
        before = sum(known[other] for other in names[: names.index(name)])
        share = (before + done_bytes) / whole if whole else 0.0
        doing.tell(Told(f"Reading {name}, {names.index(name) + 1} of {len(names)}", share))

    problems = models.check_digests(plan, tell, doing.cancel)
    if problems:
        raise BadInput("Some model files are damaged.", problems)
    if not known:
        return "There is no model file here whose contents could be checked."
    return f"All {len(known)} files are what their makers published ({whole / models.GB:.0f} GB read)."


def _plan(project: Project) -> models.ModelsPlan:
    names = [model.name for model in wanted_models(project)]
    return models.plan(models.files_of(names), models.models_folder())


def _empty(project: Project, _doing: Doing) -> str:
    return f"{size_text(caches.empty(project))} were freed."


def _asks_packs(project: Project) -> str:
    return " ".join(packs_there.plan(name).asks for name in packs_there.to_install(project))


def _install_packs(project: Project, doing: Doing) -> str:
    found = [
        node_packs.install(project, name, progress=_steps(doing), cancel=doing.cancel)
        for name in packs_there.to_install(project)
    ]
    return " ".join(pack.says for pack in found) or "Every pack that your scenes need is there."


def _asks_less(project: Project) -> str:
    broken = ", ".join(packs_there.to_remove(project))
    return f"{broken} goes, and ComfyUI is started again without it." if broken else ""


def _remove_packs(project: Project, doing: Doing) -> str:
    names = packs_there.to_remove(project)
    found = [node_packs.remove(project, name, progress=_steps(doing)) for name in names]
    return " ".join(pack.says for pack in found) or "No pack had to be taken out."


def _steps(doing: Doing) -> Callable[[node_packs.PackStep], None]:
    return lambda step: doing.tell(Told(step.says, (step.at - 1) / step.of))


def _rehearse(project: Project, _doing: Doing) -> str:
    return f"The rehearsal answers at {rehearsing.start(project).url}."


def _rehearse_no_more(project: Project, _doing: Doing) -> str:
    return "The rehearsal is off." if rehearsing.stop(project) else "There was no rehearsal of this project."


_ALL = (
    Cure(
        START,
        "Start ComfyUI",
        "The button starts it as its template does and waits until it answers, which may take some minutes.",
        "Starting ComfyUI ...",
        "./kit comfyui start",
        _start,
        stops=True,
    ),
    Cure(
        RESTART,
        "Start it again",
        "The button ends ComfyUI and starts it anew; it asks first.",
        "Starting ComfyUI again ...",
        "./kit comfyui restart",
        _start_again,
        _asks_again,
        stops=True,
    ),
    Cure(
        FREE_MEMORY,
        "Free the memory",
        "The button has ComfyUI drop its models; the next clip loads them again.",
        "Freeing the card's memory ...",
        "./kit comfyui free",
        _free,
    ),
    Cure(
        WORKFLOWS,
        "Show them in ComfyUI",
        "The button puts one folder into that list; nothing else there is changed.",
        "Showing the workflows ...",
        "./kit comfyui workflows",
        _show,
    ),
    Cure(
        MOVE,
        "Move them",
        "The button does that; nothing is fetched or deleted.",
        "Moving the files ...",
        "./kit doctor --cure move",
        _move,
    ),
    Cure(
        FILM_MODEL,
        "Use the one that suits",
        "The button writes that one into scenes.csv; it says what and asks first.",
        "Writing scenes.csv ...",
        "./kit doctor --cure film-model",
        _use_model,
        _asks_model,
    ),
    Cure(
        KERNEL,
        "Tell Jupyter again",
        "The button tells Jupyter of the kit's kernel; nothing of yours is touched.",
        "Telling Jupyter ...",
        "./kit doctor --cure kernel",
        _register,
    ),
    Cure(
        CHECK,
        "Check the model files",
        "Reads every model file and compares it with what its maker published; that takes a minute or more.",
        "Reading the model files ...",
        "./kit models --verify",
        _verify,
        stops=True,
    ),
    Cure(
        EMPTY_CACHES,
        "Make room",
        "The button says what would be deleted, and asks.",
        "Deleting ...",
        "./kit doctor --cure caches",
        _empty,
        caches.told,
    ),
    Cure(
        INSTALL_PACKS,
        "Install it",
        "The button says what would come, and asks; what fails is undone.",
        "Installing the node pack ...",
        "./kit packs --install",
        _install_packs,
        _asks_packs,
        stops=True,
    ),
    Cure(
        REMOVE_PACKS,
        "Take it out",
        "The button takes out what the kit put there, and starts ComfyUI again; it asks first.",
        "Taking the node pack out ...",
        "./kit packs --remove",
        _remove_packs,
        _asks_less,
    ),
    Cure(
        REHEARSE,
        "Rehearse here, without a GPU",
        "Starts the rehearsal, which plays ComfyUI on this machine.",
        "Starting the rehearsal; this takes a few seconds ...",
        "./kit doctor --cure rehearsal",
        _rehearse,
    ),
    Cure(
        REHEARSAL_OFF,
        "Switch the rehearsal off",
        "Ends the rehearsal; its takes stay.",
        "Switching the rehearsal off ...",
        "./kit doctor --cure rehearsal-off",
        _rehearse_no_more,
    ),
)
CURES = {cure.key: cure for cure in _ALL}
