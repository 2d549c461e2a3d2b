"""One node at work: what it was given, and what it may ask of the run it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ltxlib.rehearsal.state import Folders

Kind = TypeVar("Kind")


class NodeFailed(Exception):
    """A node cannot do its work; becomes an execution_error. kind: the exception's name in Python."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RunInterrupted(Exception):
    """Somebody asked to stop what runs."""


class RunAbandoned(Exception):
    """The run is gone without a word: the server dies, stops or forgot it."""


@dataclass(frozen=True)
class Bench:
    """What every node of a run shares.

    step: waits as long as one sampler step takes. check: raises when the run shall end. find_ffmpeg: the
    program's path. struck: the ordered faults that strike this take. too_large: whether work at a place
    ("sampling", "decoding"), in pixels times frames at once, is more than an ordered small card holds.
    """

    folders: Folders
    step: Callable[[], None]
    check: Callable[[], None]
    find_ffmpeg: Callable[[], Path]
    graph: Mapping[str, Any]
    extra_data: Mapping[str, Any] = field(default_factory=dict)
    struck: frozenset[str] = frozenset()
    in_mid_take: Callable[[], None] = lambda: None
    too_large: Callable[[str, int], bool] = lambda at, px_frames: False


@dataclass(frozen=True)
class Call:
    """A node with its inputs, wires replaced by what came along them.

    progress(done, of): tells clients how far the node is.
    """

    node_id: str
    class_type: str
    inputs: Mapping[str, Any]
    bench: Bench
    progress: Callable[[int, int], None]

    def __getitem__(self, name: str) -> Any:
        """An input that the node cannot do without."""
        if name not in self.inputs:
            raise NodeFailed(
                "TypeError",
                f"{self.class_type}.execute() missing 1 required positional argument: '{name}'",
            )
        return self.inputs[name]

    def get(self, name: str, default: Any = None) -> Any:
        """An input that may be left out."""
        return self.inputs.get(name, default)

    def a(self, kind: type[Kind], name: str) -> Kind:
        """An input that must be of a kind; anything else fails the node as a wrong tensor would."""
        value = self[name]
        if not isinstance(value, kind):
            raise NodeFailed(
                "ValueError",
                f"{self.class_type}: {name} is {type(value).__name__}, not {kind.__name__}",
            )
        return value


@dataclass(frozen=True)
class Made:
    """What a node made: one value for each of its outputs, and what clients are shown of it."""

    values: tuple[Any, ...]
    ui: dict[str, Any] | None = None


Performer = Callable[[Call], "Made | tuple[Any, ...]"]
