"""How a notebook stops that cannot go on: one calm box, no traceback, and nothing below it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

from ltxlib.ground.watched import headless

_PACKAGE, _GROUND = "ltxlib.", ("ltxlib.ground",)


class NotReady(Exception):
    """The kit's own Python is not here yet. say shows the sentence to a person."""

    def __init__(self, message: str, say: Callable[[], None] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.say = say

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception for its own rendering by this name (IPython.core.interactiveshell).
        return [f"STOPPED: {self.message}"]


class Gate:
    """Stands before the kit's modules while they cannot work, so that a cell below says so in plain words."""

    def __init__(self, stop: Callable[[], NotReady]) -> None:
        self.stop = stop

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Part of the import protocol: stops what needs the kit's packages, leaves all else to the others."""
        if name.startswith(_PACKAGE) and not name.startswith(_GROUND):
            raise self.stop()
        return None


def close_gate(stop: Callable[[], NotReady]) -> None:
    """From now on, importing what needs the kit's packages stops the cell."""
    open_gate()
    sys.meta_path.insert(0, Gate(stop))
    _stop_quietly()


def open_gate() -> None:
    """The kit's packages are there."""
    # Told by name: a notebook may have loaded this module twice.
    sys.meta_path[:] = [one for one in sys.meta_path if type(one).__name__ != Gate.__name__]


def _stop_quietly() -> None:
    """In a browser a stop shows its box only. By night the words of the exception are what is read."""
    if headless():
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NotReady,), _say)


def _say(shell: Any, kind: type, stop: NotReady, trace: Any, tb_offset: int | None = None) -> None:
    if stop.say is not None:
        stop.say()
