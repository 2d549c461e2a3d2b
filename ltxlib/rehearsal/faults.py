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
PROMPT_KINDS = ("node_errors", "refused")
NOW_KINDS = ("die", "drop_sockets", "forget")
SAMPLING, DECODING = PLACES = "sampling", "decoding"
KINDS = (*REQUEST_KINDS, *TAKE_KINDS, *PROMPT_KINDS)


@dataclass(frozen=True)
class Fault:
    """One fault.

    kind: `oom` (a sampler runs out of memory), `die` (the process is gone in mid-take), `drop_sockets` (every
        WebSocket is cut in mid-take), `forget` (queue and history are lost in mid-take, as after a restart),
        `truncated` (the clip's file is cut short), `silent` (the clip's sound is silence), `no_file`
        (success, the clip is listed but not on disk), `no_outputs` (success, nothing is listed),
        `hang` (nothing happens any more until the take is interrupted), `stuck` (not even then),
        `node_errors` (POST /prompt answers 200 with node_errors), `refused` (POST /prompt answers 400),
        `slow` (an answer takes `seconds`), `error_500` (an answer is a 500).
    take: for faults of a take, the how-manieth prompt to start from now on, 1 is the next; `die`,
        `drop_sockets` and `forget` also strike at once, with 0. Mid-take is in the first sampler.
    count: how often it strikes: that many takes in a row from `take` on, answers or posts; 1 or more.
    seconds: how long a slow answer takes.
    path: for faults of an answer, only addresses that begin so (without `/api`).
    above_px_frames: an `oom` of a card that is too small: whatever needs more than so many pixels times
        frames at once fails, until the order is withdrawn; take and count say nothing then.
    at: where such a card is too small: in `sampling` the film, or in `decoding` one tile of it.
    until_free: such an `oom` is over once somebody asks the server to free its memory; without a size, every
        film fails until then.
    of: for faults of a take or a post, only prompts whose file name on the server has this text in it.
    """

    kind: str
    take: int = 1
    count: int = 1
    seconds: float = 1.0
    path: str = ""
    above_px_frames: int = 0
    at: str = SAMPLING
    until_free: bool = False
    of: str = ""

    @property
    def lasting(self) -> bool:
        """Whether it is a card that is too small, and not a mishap of one take."""
        return self.above_px_frames > 0 or self.until_free

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Fault:
        """A fault from `{"kind": ..., ...}`; ValueError says what is wrong with it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(said) - known)
        if unknown:
            raise ValueError(f"no fault has {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        if said.get("kind") not in KINDS:
            raise ValueError(f"there is no fault {said.get('kind')!r}; there are {', '.join(KINDS)}")
        numbers: dict[str, Callable[[Any], Any]] = {
            **{"take": int, "count": int, "seconds": float},
            **{"above_px_frames": int, "until_free": _flag},
        }
        try:
            given = {
                name: numbers[name](value) if name in numbers else str(value) for name, value in said.items()
            }
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"take, count and above_px_frames are whole numbers, seconds a number: {error}"
            ) from error
        fault = cls(**given)
        first = 0 if fault.kind in NOW_KINDS else 1
        if fault.take < first or fault.count < 1 or fault.seconds < 0:
            raise ValueError(f"take is {first} or more, count 1 or more, seconds 0 or more")
        if fault.at not in PLACES or fault.above_px_frames < 0 or (fault.lasting and fault.kind != "oom"):
            raise ValueError(f"above_px_frames and until_free are for oom, at is {' or '.join(PLACES)}")
        return fault


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


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

    def take_starts(self, name: str = "") -> frozenset[str]:
        """A take that is saved under this name starts now: the kinds of fault that strike it."""
        with self._lock:
            struck, left = [], []
            for fault in self._faults:
                if fault.kind not in TAKE_KINDS or fault.lasting or fault.of not in name:
                    left.append(fault)
                elif fault.take > 1:
                    left.append(replace(fault, take=fault.take - 1))
                else:
                    struck.append(fault.kind)
                    left.extend(_used(fault))
            self._faults = left
            return frozenset(struck)

    def too_large(self, at: str, px_frames: int) -> bool:
        """Whether work of so many pixels times frames at once is too much for the card that was ordered."""
        with self._lock:
            return any(
                fault.lasting and fault.at == at and px_frames > fault.above_px_frames
                for fault in self._faults
            )

    def memory_freed(self) -> None:
        """Somebody asked for memory to be freed."""
        with self._lock:
            self._faults = [fault for fault in self._faults if not fault.until_free]

    def for_request(self, path: str) -> Fault | None:
        """The fault that strikes an answer at this address, if any."""
        plain = path.removeprefix("/api")
        return self._strike(lambda fault: fault.kind in REQUEST_KINDS and plain.startswith(fault.path))

    def for_post(self, name: str = "") -> Fault | None:
        """The fault that strikes a POST /prompt that was found good and is to be saved under this name."""
        return self._strike(lambda fault: fault.kind in PROMPT_KINDS and fault.of in name)

    def _strike(self, meant: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for index, fault in enumerate(self._faults):
                if meant(fault):
                    self._faults[index : index + 1] = _used(fault)
                    return fault
        return None


def _used(fault: Fault) -> Iterable[Fault]:
    return [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
