"""Notebook 01's first cell: the kit's own Python made or mended, Jupyter told of it, the notebook in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ltxlib.ground import face, jupyter, stopping
from ltxlib.ground.entering import activate, tidy
from ltxlib.ground.home import Home, home, is_complete, is_own, needs_nothing
from ltxlib.ground.making import Made, Progress, make
from ltxlib.ground.watched import headless

PYTHON, JUPYTER, FORMS = "Python", "JupyterLab", "buttons and forms"
ABOVE = "This waits until the kit has its own place, above."
RELOAD = "Reload this page once (F5), then choose Run, Run All Cells again."
_QUICK_S = 1.0


def ready() -> None:
    """Make what is missing, mend what a restart of the pod wiped, and go on in the kit's own Python.

    Again and again without harm. Shows each step, and the cure of one that cannot be done. Raises NotReady by
    night, when that would be read by nobody.
    """
    place, shown = home(), face.Face()
    tidy(place)
    try:
        _ready(place, shown)
    except KeyboardInterrupt:
        step = face.Step(PYTHON, face.WAIT, "Stopped.", "Choose Run, Run All Cells to go on.")
        _wait(shown, "The kit is not set up yet.", step)


def _ready(place: Home, shown: face.Face) -> None:
    own, new = is_own(place), False
    if needs_nothing(place) or (own and headless()):
        shown.add(face.Step(PYTHON, face.GOOD, f"This is the kit's own Python, {_version()}."))
    else:
        made = make(place, _teller(shown))
        if made.ok:
            shown.add(_made(made))
        elif own and is_complete(place):
            shown.add(face.Step(PYTHON, face.WAIT, f"{made.says} The ones that are here go on.", made.cure))
        else:
            step = face.Step(PYTHON, face.BAD, made.says, made.cure)
            return _wait(shown, "The kit could not be set up.", step, made.progress.lines)
        new = made.ok and made.progress.installed
    fresh = [] if headless() else _tell_jupyter(place, shown)
    if own or needs_nothing(place):
        stopping.go_on()
    elif not activate(place):
        return _wait(shown, "One thing is left to do.", _other_version())
    _all_there(shown, fresh, restart=own and new)
    return None


def _teller(shown: face.Face) -> Callable[[Progress], None]:
    told = [Progress().stage]

    def tell(progress: Progress) -> None:
        if headless():
            if progress.stage != told[0]:
                told[0] = progress.stage
                print(progress.stage, flush=True)
        elif progress.seconds >= _QUICK_S or progress.installed:
            below = f"{_stage(progress)} {progress.seconds:.0f} s so far."
            shown.show("Making the kit's own place ...", below, face.bar(progress.seconds, progress.line))

    return tell


def _stage(progress: Progress) -> str:
    """What the script says, without what is meant for a terminal."""
    if progress.stage.startswith("Installing"):
        return "Fetching the packages that it needs; seconds with uv, a minute or two with pip."
    return "Nearly done." if progress.stage.startswith("Done") else progress.stage


def _made(made: Made) -> face.Step:
    if not made.progress.installed:
        return face.Step(PYTHON, face.GOOD, "All there, in the kit's own folder.")
    return face.Step(PYTHON, face.GOOD, f"Made in {made.progress.seconds:.0f} s, in the kit's own folder.")


def _other_version() -> face.Step:
    says = f"Jupyter runs this page with Python {_version()}, which is not the version of the kit's."
    cure = "Reload it (F5), choose Kernel, Change Kernel, LTX kit in the menu, then Run, Run All Cells."
    return face.Step(PYTHON, face.WAIT, says, cure)


def _tell_jupyter(place: Home, shown: face.Face) -> list[str]:
    """Kernel, parts of the page and defaults; gives what is new, in words."""
    # Unknown, it is most likely the Python that runs this page.
    prefix = jupyter.server_prefix() or (None if is_own(place) else Path(sys.prefix))
    if _is_ours(place, prefix):
        shown.add(face.Step(JUPYTER, face.GOOD, "It is the kit's own and knows all it needs."))
        return []
    fresh, failed = [], []
    data = jupyter.data_folder()

    def kernel() -> None:
        if jupyter.register_kernel(place, data):
            fresh.append("the kernel “LTX kit”")

    def pages() -> None:
        names = {jupyter.WIDGETS: FORMS, jupyter.GALLERY: "the gallery"}
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
            RELOAD,
            f"JupyterLab looks for what is new ({_and(fresh)}) only when a page is opened.",
        )
    shown.show("The kit has its own place here.", "", notes)
    if FORMS in fresh:
        # Until then the page would show the names of forms in place of the forms.
        stopping.wait(RELOAD, lambda: face.say(face.quietly(RELOAD)))


def _wait(shown: face.Face, title: str, step: face.Step, lines: Sequence[str] = ()) -> None:
    shown.add(step)
    shown.show(title, "", face.fold("what the installer said last", lines))
    stopping.wait(f"{step.says} {step.cure}".strip(), lambda: face.say(face.quietly(ABOVE)))


def _version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
