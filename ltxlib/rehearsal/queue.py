"""The queue and the history of a rehearsal server: in memory only, as ComfyUI's are."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_HISTORY = 10_000


@dataclass
class Job:
    """One prompt that waits or runs."""

    number: float
    prompt_id: str
    graph: dict[str, Any]
    extra_data: dict[str, Any]
    outputs: list[str]

    def as_list(self) -> list[Any]:
        """The five places that /queue and /history show."""
        return [self.number, self.prompt_id, self.graph, self.extra_data, self.outputs]

    @property
    def client_id(self) -> str | None:
        """The socket that wants to hear about it, if any."""
        return self.extra_data.get("client_id")


@dataclass
class Outcome:
    """What a finished prompt leaves in the history."""

    outputs: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    status_str: str = "success"
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def as_entry(self, job: Job) -> dict[str, Any]:
        """The history entry, as /history gives it."""
        return {
            "prompt": job.as_list(),
            "outputs": self.outputs,
            "status": {
                "status_str": self.status_str,
                "completed": self.status_str == "success",
                "messages": [list(message) for message in self.messages],
            },
            "meta": self.meta,
        }


class PromptQueue:
    """Prompts by number, one running at a time; safe to use from any thread.

    `on_change` is called after every change of what waits or runs.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._condition = threading.Condition()
        self._waiting: list[tuple[float, int, Job]] = []
        self._arrivals = 0
        self._running: Job | None = None
        self._history: dict[str, dict[str, Any]] = {}
        self._closed = False

    def put(self, job: Job) -> None:
        """Let a prompt wait its turn; the lowest number runs first."""
        with self._condition:
            self._arrivals += 1
            heapq.heappush(self._waiting, (job.number, self._arrivals, job))
            # Told before the worker can start, so that clients hear things in the order they happen.
            self._on_change()
            self._condition.notify()

    def get(self) -> Job | None:
        """Wait for the next prompt and call it running; None when the queue was closed."""
        with self._condition:
            while not self._waiting and not self._closed:
                self._condition.wait()
            if self._closed:
                return None
            self._running = heapq.heappop(self._waiting)[2]
            self._on_change()
            return self._running

    def done(self, job: Job, outcome: Outcome) -> None:
        """Move the running prompt to the history."""
        with self._condition:
            if self._running is job:
                self._running = None
                while len(self._history) >= MAX_HISTORY:
                    self._history.pop(next(iter(self._history)))
                self._history.pop(job.prompt_id, None)
                self._history[job.prompt_id] = outcome.as_entry(job)
        self._on_change()

    def close(self) -> None:
        """Wake whoever waits in get(), with None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def forget(self) -> None:
        """Lose queue and history, as a restart does; the prompt that runs leaves no trace either."""
        with self._condition:
            self._waiting.clear()
            self._history.clear()
            self._running = None
        self._on_change()

    def remaining(self) -> int:
        """How many prompts wait or run."""
        with self._condition:
            return len(self._waiting) + (self._running is not None)

    def jobs(self) -> tuple[list[Job], list[Job]]:
        """What runs, and what waits in the order it will run."""
        with self._condition:
            running = [self._running] if self._running is not None else []
            return running, [job for _, _, job in sorted(self._waiting, key=lambda entry: entry[:2])]

    def runs(self, job: Job) -> bool:
        """Whether this prompt is the one that runs; not so any more once it was forgotten."""
        with self._condition:
            return self._running is job

    def running_id(self) -> str | None:
        """The id of the prompt that runs now."""
        with self._condition:
            return self._running.prompt_id if self._running is not None else None

    def delete(self, prompt_ids: Iterable[str]) -> bool:
        """Take waiting prompts out, leaving no trace; whether any was there."""
        wanted = set(prompt_ids)
        with self._condition:
            kept = [entry for entry in self._waiting if entry[2].prompt_id not in wanted]
            found = len(kept) < len(self._waiting)
            self._waiting = kept
            heapq.heapify(self._waiting)
        if found:
            self._on_change()
        return found

    def clear(self) -> None:
        """Take all waiting prompts out."""
        with self._condition:
            self._waiting.clear()
        self._on_change()

    def history(
        self, prompt_id: str | None = None, max_items: int | None = None, offset: int = -1
    ) -> Mapping[str, Any]:
        """Finished prompts, oldest first; only one, or `max_items` from `offset` on (-1: the newest)."""
        with self._condition:
            if prompt_id is not None:
                entry = self._history.get(prompt_id)
                return {} if entry is None else {prompt_id: entry}
            entries = list(self._history.items())
        if max_items is not None:
            start = max(0, len(entries) - max_items) if offset < 0 else offset
            entries = entries[start : start + max_items]
        return dict(entries)

    def delete_history(self, prompt_ids: Iterable[str]) -> None:
        """Forget finished prompts."""
        with self._condition:
            for prompt_id in prompt_ids:
                self._history.pop(prompt_id, None)

    def clear_history(self) -> None:
        """Forget all finished prompts."""
        with self._condition:
            self._history.clear()
