"""Into the kit's packages from a kernel that was started by another Python of the same version."""

from __future__ import annotations

import importlib
import os
import site
import subprocess
import sys
from pathlib import Path

from ltxlib.ground import stopping
from ltxlib.ground.face import FIRST_NOTEBOOK, say, waiting
from ltxlib.ground.home import Home, home, is_own, needs_nothing
from ltxlib.ground.making import there
from ltxlib.ground.watched import headless

_FOLDERS = ("site-packages", "dist-packages")
# Small modules without a state that the kernel has loaded from its own Python; what the kit brings may ask
# for newer ones. Those that the kernel holds on to stay as they are.
_LEAVES = ("typing_extensions", "packaging", "platformdirs", "dateutil", "six")
SENTENCE = "The kit is not set up on this machine yet, or the machine has forgotten it."


def enter() -> None:
    """Make the kit's packages usable in this notebook; where that cannot be, say where to begin.

    Shows nothing when all is well. Changes nothing outside this process. Raises NotReady by night.
    """
    place = home()
    tidy(place)
    if is_own(place) or needs_nothing(place):
        stopping.go_on()
    elif not (_there(place) and activate(place)):
        if not headless():
            say(waiting(SENTENCE))
        stopping.wait(f"{SENTENCE} Open {FIRST_NOTEBOOK} and run it.", lambda: say(waiting()))


def activate(place: Home) -> bool:
    """Put the kit's packages before this Python's own; False when they are for another version.

    What is loaded already (the kernel itself, and what it is made of) stays as it is. Programs that the kit
    starts from here run in its own Python.
    """
    packages = place.packages()
    if packages is None or not place.python.exists():
        return False
    if str(packages) not in sys.path:
        before = list(sys.path)
        site.addsitedir(str(packages))
        ours = [entry for entry in sys.path if entry not in before]
        at = next((n for n, entry in enumerate(before) if Path(entry).name in _FOLDERS), len(before))
        sys.path[:] = [*before[:at], *ours, *before[at:]]
        _forget_leaves(packages)
        importlib.invalidate_caches()
    sys.executable = str(place.python)
    spawn = sys.modules.get("multiprocessing.spawn")
    if spawn is not None:
        spawn.set_executable(sys.executable)  # it has taken note of the other one
    tidy(place)
    stopping.go_on()
    return True


def tidy(place: Home) -> None:
    """Replace the notebooks' ".." in the path by the kit's folder, spelt out."""
    sys.path[:] = [entry for entry in sys.path if entry != os.pardir]
    folder = str(place.folder)
    if folder not in sys.path:
        at = next((n for n, entry in enumerate(sys.path) if Path(entry).name in _FOLDERS), len(sys.path))
        sys.path.insert(at, folder)
    package = sys.modules.get("ltxlib")
    if package is not None:
        package.__path__ = [str(place.folder / "ltxlib")]


def _forget_leaves(packages: Path) -> None:
    for leaf in _LEAVES:
        loaded = sys.modules.get(leaf)
        newer = (packages / leaf).is_dir() or (packages / f"{leaf}.py").is_file()
        if loaded is None or not newer or str(getattr(loaded, "__file__", "")).startswith(str(packages)):
            continue
        for name in [name for name in sys.modules if name == leaf or name.startswith(f"{leaf}.")]:
            del sys.modules[name]


def _there(place: Home) -> bool:
    try:
        return there(place)
    except (OSError, subprocess.SubprocessError):
        return False
