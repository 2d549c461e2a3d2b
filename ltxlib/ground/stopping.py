"""How a notebook waits that cannot work yet: a calm box in each cell. By night it stops, and says why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ltxlib.ground.watched import headless

_PACKAGE, _GROUND = "ltxlib.", "ltxlib.ground"


class NotReady(Exception):
    """The kit's own Python is not here, or not for this kernel. The message says what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception for its own rendering by this name (IPython.core.interactiveshell).
        return [f"STOPPED: {self}"]


class _Waiting(ModuleType):
    """Stands for a module of the kit that cannot be loaded yet: whatever is called says so instead."""

    def __init__(self, name: str, say: Callable[[], None]) -> None:
        super().__init__(name)
        self._say = say

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: self._say()


class _Gate:
    """Finds a stand-in for all of the kit's modules but the ground. Part of Python's import protocol."""

    def __init__(self, say: Callable[[], None]) -> None:
        self.say = say

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Where a module comes from; None leaves it to the others."""
        if not name.startswith(_PACKAGE) or name == _GROUND or name.startswith(f"{_GROUND}."):
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in."""
        return _Waiting(spec.name, self.say)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def wait(message: str, say: Callable[[], None]) -> None:
    """From now on each cell that needs the kit's packages calls `say` instead of failing.

    Raises NotReady by night, when nobody could follow what is said.
    """
    go_on()
    if headless():
        raise NotReady(message)
    sys.meta_path.insert(0, _Gate(say))


def go_on() -> None:
    """The kit's packages are there: its own modules are loaded again."""
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _Gate)]
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Waiting)]:
        del sys.modules[name]
        parent, _, child = name.rpartition(".")
        vars(sys.modules.get(parent, sys)).pop(child, None)
