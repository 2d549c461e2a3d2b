"""Notebook 01's first cell: the kit's own Python made or mended, Jupyter told of it, the notebook in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ltxlib.ground import face, jupyter, stopping
from ltxlib.ground.entering import activate, tidy
from ltxlib.ground.home import Home, home, is_own, needs_nothing
from ltxlib.ground.making import Made, Progress, make
from ltxlib.ground.watched import headless

PYTHON, JUPYTER = "Python and packages", "JupyterLab"
_QUICK_S = 1.0


def ready() -> None:
    """Make what is missing, mend what a restart of the pod wiped, and go on in the kit's own Python.

    Again and again without harm. Shows each step; where one cannot be done it says the cure, and stops.
    """
    place, shown = home(), face.Face()
    tidy(place)
    try:
        _ready(place, shown)
    except KeyboardInterrupt:
        text = "Stopped. Choose Run, Run All Cells to go on; what was fetched is not fetched again."
        _stop(shown, "Stopped.", face.Step(PYTHON, face.WAIT, text))


def _ready(place: Home, shown: face.Face) -> None:
    own, new = is_own(place), False
    if needs_nothing(place) or (own and headless()):
        shown.add(face.Step(PYTHON, face.GOOD, f"This is the kit's own Python, {_version()}."))
    else:
        made = make(place, _teller(shown))
        if not made.ok:
            _stop(shown, "The kit could not be set up.", _failed(made), made.progress.lines)
        new = made.progress.installed
        shown.add(_made(made))
    fresh = [] if headless() else _tell_jupyter(place, shown)
    if own or needs_nothing(place):
        stopping.open_gate()
    elif not activate(place):
        _stop(shown, "One thing is left to do.", _other_version(place))
    _all_there(shown, fresh, restart=own and new)


def _teller(shown: face.Face) -> Callable[[Progress], None]:
    told = [""]

    def tell(progress: Progress) -> None:
        if headless():
            if progress.stage != told[0]:
                told[0] = progress.stage
                print(progress.stage, flush=True)
        elif progress.seconds >= _QUICK_S or progress.installed:
            below = f"{progress.stage} {progress.seconds:.0f} s"
            shown.show("Making the kit's own place ...", below, face.bar(progress.seconds, progress.line))

    return tell


def _made(made: Made) -> face.Step:
    if not made.progress.installed:
        return face.Step(PYTHON, face.GOOD, f"All there, in the kit's own folder (Python {_version()}).")
    return face.Step(PYTHON, face.GOOD, f"Made in {made.progress.seconds:.0f} s, in the kit's own folder.")


def _failed(made: Made) -> face.Step:
    return face.Step(PYTHON, face.BAD, made.says, made.cure)


def _other_version(place: Home) -> face.Step:
    says = f"Jupyter's own Python is {_version()}, the kit's is another, so this page cannot go on as it is."
    cure = "Reload the page (F5), choose Kernel, Change Kernel, LTX kit in the menu, then Run, Run All Cells."
    return face.Step(PYTHON, face.WAIT, says, cure)


def _tell_jupyter(place: Home, shown: face.Face) -> list[str]:
    """Kernel, parts of the page and defaults; gives what is new, in words."""
    prefix = jupyter.server_prefix()
    if _is_ours(place, prefix):
        shown.add(face.Step(JUPYTER, face.GOOD, "It is the kit's own and knows all it needs."))
        return []
    fresh, failed = [], []
    data = jupyter.data_folder()

    def kernel() -> None:
        if jupyter.register_kernel(place, data):
            fresh.append("the kernel “LTX kit”")

    def pages() -> None:
        names = {jupyter.WIDGETS: "buttons and forms", jupyter.GALLERY: "the gallery"}
        fresh.extend(names[name] for name in jupyter.share_pages(place, data, prefix))

    def defaults() -> None:
        if jupyter.write_defaults(jupyter.config_folder()):
            fresh.append("the kit's settings")

    for work in (kernel, pages, defaults):
        try:
            work()
        except (OSError, ValueError) as error:
            failed.append(getattr(error, "strerror", None) or str(error))
    if failed:
        says = f"It could not be told all about the kit ({failed[0]}). The pages work from here all the same."
        cure = f"Look whether {data} and {jupyter.config_folder()} can be written, and run this again."
        shown.add(face.Step(JUPYTER, face.WAIT, says, cure))
    elif fresh:
        shown.add(face.Step(JUPYTER, face.GOOD, f"It was told of {_and(fresh)}."))
    else:
        shown.add(face.Step(JUPYTER, face.GOOD, "It knows the kit's kernel and all it needs."))
    return fresh


def _is_ours(place: Home, prefix: Path | None) -> bool:
    """Whether the Jupyter around us is the one that the kit started, or none that anybody could find."""
    by_itself = is_own(place) or needs_nothing(place)
    if prefix is None:
        return by_itself
    same = prefix.resolve() == Path(sys.prefix).resolve()
    return prefix.resolve() == place.venv.resolve() or (same and by_itself)


def _all_there(shown: face.Face, fresh: list[str], *, restart: bool) -> None:
    notes = ""
    if restart:
        notes += face.note(
            "The kit's packages are new; this page still works with the old ones.",
            "Choose Kernel, Restart Kernel and Run All Cells in the menu.",
            kind="wait",
        )
    if fresh:
        notes += face.note(
            "Reload this page once (F5), then choose Run, Run All Cells again.",
            f"JupyterLab looks for what is new ({_and(fresh)}) only when a page is opened.",
        )
    shown.show("The kit has its own place here.", "", notes)


def _stop(shown: face.Face, title: str, step: face.Step, lines: list[str] | None = None) -> NoReturn:
    shown.add(step)
    shown.show(title, "", face.fold("what the installer said last", lines or []))

    def stop() -> stopping.NotReady:
        words = f"{step.says} {step.cure}".strip()
        return stopping.NotReady(words, lambda: face.say(face.box(step.says, step.cure)))

    stopping.close_gate(stop)
    first = stop()
    first.say = None  # it stands in the list already
    raise first


def _version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
