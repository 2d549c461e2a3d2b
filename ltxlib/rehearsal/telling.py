"""What clients are told of a run: ComfyUI's messages, in its order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ltxlib.rehearsal.queue import Job, Outcome
from ltxlib.rehearsal.sockets import SocketHub


class Teller:
    """Tells one run's client how it goes, and keeps for the history what ComfyUI keeps."""

    def __init__(self, hub: SocketHub, job: Job, outcome: Outcome) -> None:
        self._hub = hub
        self._id = job.prompt_id
        self._client = job.client_id
        self._outcome = outcome
        self._states: dict[str, dict[str, Any]] = {}

    def note(self, event: str, data: Mapping[str, Any], *, to_all: bool = False) -> None:
        """A message that the history keeps; without a client it is only kept, unless it is for all."""
        said = {**data, "prompt_id": self._id, "timestamp": int(time.time() * 1000)}
        self._outcome.messages.append((event, said))
        if self._client is not None or to_all:
            self._hub.send(event, said, self._client)

    def _say(self, event: str, data: Mapping[str, Any]) -> None:
        if self._client is not None:
            self._hub.send(event, {**data, "prompt_id": self._id}, self._client)

    def _state(self, node_id: str, state: str, value: float, most: float) -> None:
        self._states[node_id] = {
            "value": value,
            "max": most,
            "state": state,
            "node_id": node_id,
            "prompt_id": self._id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }
        data = {"prompt_id": self._id, "nodes": dict(self._states)}
        self._hub.send("progress_state", data, self._client)

    def starts(self, node_id: str) -> None:
        """A node begins."""
        self._state(node_id, "running", 0.0, 1.0)
        if self._client is not None:
            self._hub.executing = (self._client, node_id)
        self._say("executing", {"node": node_id, "display_node": node_id})

    def progress(self, node_id: str, done: int, of: int, jpeg: bytes | None = None) -> None:
        """A node has done some of its steps; jpeg is what it looks like so far."""
        self._state(node_id, "running", done, of)
        if jpeg is not None and self._client is not None:
            names = ("node_id", "prompt_id", "display_node_id", "parent_node_id", "real_node_id")
            about = {name: self._states[node_id][name] for name in names}
            self._hub.send_preview(jpeg, about, self._client)
        data = {"value": done, "max": of, "prompt_id": self._id, "node": node_id}
        self._hub.send("progress", data, self._client)

    def executed(self, node_id: str, ui: Mapping[str, Any] | None) -> None:
        """A node made something to show; or was there already (ui is then what it showed before, or None)."""
        self._say("executed", {"node": node_id, "display_node": node_id, "output": ui})

    def finished(self, node_id: str) -> None:
        """A node is done."""
        before = self._states.get(node_id)
        most = before["max"] if before else 1
        self._state(node_id, "finished", most, most)

    def ends(self) -> None:
        """Nothing runs any more; said after the queue has moved on."""
        self._hub.executing = None
        self._say("executing", {"node": None})
