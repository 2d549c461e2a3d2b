"""The things ComfyUI announces over its WebSocket while it works, each as a small frozen value.

Prompt ids can be missing: after a reconnection the server repeats the node at work without saying for which
prompt. Progress of prompts that were sent without a client id reaches everybody, so compare the prompt id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ltxlib.comfy.state import OutputFile


@dataclass(frozen=True)
class Status:
    """How many prompts are queued or running; the first one on a connection also names the client id."""

    queue_remaining: int | None
    client_id: str | None = None


@dataclass(frozen=True)
class FeatureFlags:
    """What the server can do, by name; the answer to the client's own flags."""

    flags: Mapping[str, object]


@dataclass(frozen=True)
class ExecutionStart:
    """The server took the prompt from the queue."""

    prompt_id: str


@dataclass(frozen=True)
class ExecutionCached:
    """The nodes whose earlier result is used again."""

    prompt_id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Executing:
    """The node at work; None at the end of a prompt, be it a good end or a bad one."""

    prompt_id: str | None
    node: str | None


@dataclass(frozen=True)
class Progress:
    """How far one node is: `value` of `max` steps."""

    prompt_id: str | None
    node: str | None
    value: float
    max: float

    @property
    def fraction(self) -> float:
        """From 0.0 to 1.0."""
        return min(1.0, max(0.0, self.value / self.max)) if self.max > 0 else 0.0


@dataclass(frozen=True)
class NodeProgress:
    """How far one node is and what it does: "pending", "running" or "finished"."""

    node: str
    value: float
    max: float
    state: str


@dataclass(frozen=True)
class ProgressState:
    """How far every node of a prompt is that has begun."""

    prompt_id: str
    nodes: tuple[NodeProgress, ...]


@dataclass(frozen=True)
class Executed:
    """An output node is done; the files it named, none when it equals a node that ran before."""

    prompt_id: str
    node: str
    outputs: tuple[OutputFile, ...]


@dataclass(frozen=True)
class ExecutionSuccess:
    """All nodes ran; whether a clip came of it is for the history to say."""

    prompt_id: str


@dataclass(frozen=True)
class ExecutionError:
    """A node failed."""

    prompt_id: str
    node: str
    class_type: str
    exception_type: str
    message: str


@dataclass(frozen=True)
class ExecutionInterrupted:
    """Somebody stopped the prompt."""

    prompt_id: str
    node: str
    class_type: str


@dataclass(frozen=True)
class Preview:
    """A small picture of the work so far. `mime` as "image/jpeg"; ids only where the server sends them."""

    prompt_id: str | None
    node: str | None
    mime: str
    image: bytes


@dataclass(frozen=True)
class ProgressText:
    """A line of text a node shows while it works."""

    node: str | None
    text: str


@dataclass(frozen=True)
class Unknown:
    """A frame that means nothing here; `kind` is its type where it has one."""

    kind: str
    excerpt: str = ""


Event = (
    Status
    | FeatureFlags
    | ExecutionStart
    | ExecutionCached
    | Executing
    | Progress
    | ProgressState
    | Executed
    | ExecutionSuccess
    | ExecutionError
    | ExecutionInterrupted
    | Preview
    | ProgressText
    | Unknown
)
