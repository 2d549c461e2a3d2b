"""What a batch says while it runs: the one thing that command line, notebooks and tests listen to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem
from ltxlib.core.status import exit_code
from ltxlib.core.take import Take


@dataclass(frozen=True)
class BatchStarted:
    """The batch knows what it has to do: takes in all, and how many of them are there already."""

    takes: int
    there: int


@dataclass(frozen=True)
class PromptWritten:
    """The text encoder wrote a scene's prompt out; text empty: the prompt stays. says: what is odd."""

    plan: RenderPlan
    text: str
    says: str = ""


@dataclass(frozen=True)
class TakeSubmitted:
    """A take was handed to a server (again: it was found there, from an earlier run)."""

    plan: RenderPlan
    prompt_id: str
    again: bool = False
    server: str = ""


@dataclass(frozen=True)
class TakeProgress:
    """How far the server is with a take: step of steps in the node that runs."""

    plan: RenderPlan
    step: int
    steps: int


@dataclass(frozen=True)
class TakeSaved:
    """A take is on disk, checked."""

    plan: RenderPlan
    take: Take
    clip: Path


@dataclass(frozen=True)
class TakeFailed:
    """A take could not be made; the batch goes on."""

    plan: RenderPlan
    reason: str
    cure: str


@dataclass(frozen=True)
class TakeDelayed:
    """A take failed and is tried again after a pause of so many seconds."""

    plan: RenderPlan
    reason: str
    pause_s: float


@dataclass(frozen=True)
class TakeLowered:
    """Memory ran out, so the take is tried again on a lower rung of the ladder; says: what changes."""

    plan: RenderPlan
    says: str


@dataclass(frozen=True)
class ServerLost:
    """A server does not answer; the batch waits for it, or goes on with the others."""

    reason: str


@dataclass(frozen=True)
class ServerNursed:
    """Something was done for a server that was gone or hung: what, in a sentence."""

    says: str


@dataclass(frozen=True)
class Noted:
    """Something is made otherwise than the table asks, because the server cannot do it so."""

    problem: Problem


@dataclass(frozen=True)
class BatchEnded:
    """The batch is over: takes made now, takes that were there, takes that failed.

    stopped_by: a word of `core.limits` when it ended before its work was done; says: why, for a person.
    """

    made: int
    there: int
    failed: int
    cancelled: bool
    stopped_by: str = ""
    says: str = ""

    @property
    def exit_code(self) -> int:
        """What a program that ran this batch should end with."""
        return exit_code(self.made, self.there, self.failed, self.stopped_by)


Event = (
    BatchStarted
    | Noted
    | PromptWritten
    | TakeSubmitted
    | TakeProgress
    | TakeSaved
    | TakeFailed
    | TakeDelayed
    | TakeLowered
    | ServerLost
    | ServerNursed
    | BatchEnded
)
