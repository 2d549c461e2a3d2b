"""Faults on order: what shall go wrong on this rehearsal server, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

REQUEST_KINDS = ("slow", "error_500")
TAKE_KINDS = (
    *("oom", "die", "drop_sockets", "forget", "truncated", "silent", "no_file", "no_outputs"),
    *("hang", "stuck"),
)
PROMPT_KINDS = ("node_errors",)
NOW_KINDS = ("die", "drop_sockets", "forget")
KINDS = (*REQUEST_KINDS, *TAKE_KINDS, *PROMPT_KINDS)


@dataclass(frozen=True)
class Fault:
    """One fault.

    kind: `oom` (a sampler runs out of memory), `die` (the process is gone in mid-take), `drop_sockets` (every
        WebSocket is cut in mid-take), `forget` (queue and history are lost in mid-take, as after a restart),
        `truncated` (the clip's file is cut short), `silent` (the clip's sound is silence), `no_file`
        (success, the clip is listed but not on disk), `no_outputs` (success, nothing is listed),
        `hang` (nothing happens any more until the take is interrupted), `stuck` (not even then),
        `node_errors` (POST /prompt answers 200 with node_errors), `slow` (an answer takes `seconds`),
        `error_500` (an answer is a 500).
    take: for faults of a take, the how-manieth prompt to start from now on, 1 is the next; `die`,
        `drop_sockets` and `forget` also strike at once, with 0. Mid-take is in the first sampler.
    count: how often it strikes: that many takes in a row from `take` on, answers or posts; 1 or more.
    seconds: how long a slow answer takes.
    path: for faults of an answer, only addresses that begin so (without `/api`).
    """

    kind: str
    take: int = 1
    count: int = 1
    seconds: float = 1.0
    path: str = ""

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Fault:
        """A fault from `{"kind": ..., ...}`; ValueError says what is wrong with it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(said) - known)
        if unknown:
            raise ValueError(f"no fault has {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        if said.get("kind") not in KINDS:
            raise ValueError(f"there is no fault {said.get('kind')!r}; there are {', '.join(KINDS)}")
        numbers: dict[str, Callable[[Any], Any]] = {"take": int, "count": int, "seconds": float}
        try:
            given = {
                name: numbers[name](value) if name in numbers else str(value) for name, value in said.items()
            }
        except (TypeError, ValueError) as error:
            raise ValueError(f"take and count are whole numbers, seconds a number: {error}") from error
        fault = cls(**given)
        first = 0 if fault.kind in NOW_KINDS else 1
        if fault.take < first or fault.count < 1 or fault.seconds < 0:
            raise ValueError(f"take is {first} or more, count 1 or more, seconds 0 or more")
        return fault


class FaultPlan:
    """The faults that are still to come; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.on_now: Callable[[str], None] = lambda kind: None
        """Called with the kind of a fault that is to strike at once; the server that is up sets it."""

    def add(self, kind: str, **details: Any) -> Fault:
        """Order a fault: `faults.add("oom", take=2)`. ValueError when there is no such fault."""
        fault = Fault.from_json({"kind": kind, **details})
        if fault.take == 0:
            self.on_now(fault.kind)
            return fault
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Order nothing any more."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[dict[str, Any]]:
        """What is still to come, as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take_starts(self) -> frozenset[str]:
        """A take starts now: the kinds of fault that strike it."""
        with self._lock:
            struck, left = [], []
            for fault in self._faults:
                if fault.kind not in TAKE_KINDS:
                    left.append(fault)
                elif fault.take > 1:
                    left.append(replace(fault, take=fault.take - 1))
                else:
                    struck.append(fault.kind)
                    left.extend(_used(fault))
            self._faults = left
            return frozenset(struck)

    def for_request(self, path: str) -> Fault | None:
        """The fault that strikes an answer at this address, if any."""
        plain = path.removeprefix("/api")
        return self._strike(lambda fault: fault.kind in REQUEST_KINDS and plain.startswith(fault.path))

    def for_post(self) -> Fault | None:
        """The fault that strikes a POST /prompt that was found good, if any."""
        return self._strike(lambda fault: fault.kind in PROMPT_KINDS)

    def _strike(self, meant: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for index, fault in enumerate(self._faults):
                if meant(fault):
                    self._faults[index : index + 1] = _used(fault)
                    return fault
        return None


def _used(fault: Fault) -> Iterable[Fault]:
    return [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
