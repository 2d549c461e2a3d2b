"""One ComfyUI server, as the rest of the kit uses it.

Thin: requests go out through `wire`, and what the answers mean is decided by the pure modules beside it.
Everything here raises the kit's ComfyError family and nothing of `requests`.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ltxlib.comfy.address import clean_url, server_url
from ltxlib.comfy.refusal import node_problems, rejection
from ltxlib.comfy.state import OutputFile, PromptState, QueueState, history_state, queue_state
from ltxlib.comfy.transfer import OnBytes, download, upload_image
from ltxlib.comfy.wire import Answer, Wire
from ltxlib.errors import ComfyError, PromptRejected, ServerAnswerError, WorkflowError


@dataclass(frozen=True)
class Submission:
    """When the last prompt was posted and when its acceptance came, by the monotonic clock, in seconds."""

    asked_s: float
    accepted_s: float


class ComfyClient:
    """Talks to one server under one client id. May be used from several threads."""

    # Whether `object_info` tells which files the server really has.
    lists_known = True

    def __init__(
        self, url: str | None = None, *, client_id: str | None = None, timeout_s: float = 30.0
    ) -> None:
        """url: the server, None for `server_url()`. client_id: made up afresh unless given; two live users of
        one id make each other deaf, so give one only if you are the only one. timeout_s: the longest silence
        that is waited through. Raises BadInput for an address that is none. Nothing is sent yet.
        """
        self.url = clean_url(server_url() if url is None else url)
        self.client_id = client_id or uuid.uuid4().hex
        # Read by the progress feed: a server that took a prompt has just told every socket of it.
        self.last_submission: Submission | None = None
        # Held by the one progress feed this client id may have.
        self.feed_seat = threading.Lock()
        self._wire = Wire(self.url, timeout_s)

    def system_stats(self) -> dict[str, object]:
        """What the server says of itself: `system` (versions, memory of the host in bytes) and `devices`."""
        return _mapping_in(self._wire.get("/system_stats"), "system")

    def rehearsal(self) -> bool:
        """Whether this is the kit's own rehearsal, which marks itself, rather than a real ComfyUI."""
        system = self.system_stats()["system"]
        return isinstance(system, dict) and "ltx_rehearsal" in system

    def object_info(self, class_type: str | None = None) -> dict[str, object]:
        """The kinds of nodes the server has, with their inputs and the model files it sees; never cached.

        With `class_type` only that one, `{}` when the server does not know it.
        """
        one = f"/{quote(class_type, safe='')}" if class_type is not None else ""
        return _mapping(self._wire.get(f"/object_info{one}"))

    def submit(
        self,
        graph: Mapping[str, object],
        *,
        prompt_id: str | None = None,
        extra_data: Mapping[str, object] | None = None,
    ) -> str:
        """Queue a graph in API form; gives the prompt id to ask for from now on.

        prompt_id: a UUID of the caller's, so that it can be written down before; made up unless given. Older
        servers ignore it, so only the id that comes back counts. Raises PromptRejected when the server
        refuses the graph or a part of it; a part it queued all the same is cancelled. WorkflowError when it
        is no API graph. After ServerUnreachable the prompt may be queued nevertheless: ask `status` for the
        id you gave.
        """
        expect_api_graph(graph)
        wanted = str(uuid.UUID(prompt_id)) if prompt_id is not None else str(uuid.uuid4())
        body: dict[str, object] = {"prompt": graph, "client_id": self.client_id, "prompt_id": wanted}
        if extra_data:
            body["extra_data"] = extra_data
        asked_s = time.monotonic()
        try:
            answer = self._wire.post("/prompt", body, ok=(200, 400))
        except (TypeError, ValueError) as error:
            raise WorkflowError(
                "The graph holds something that cannot be sent, such as a broken number."
            ) from error
        said = _mapping(answer)
        if answer.status == 400:
            raise rejection(said, graph)
        given = said.get("prompt_id")
        if not isinstance(given, str) or not given:
            raise answer.unexpected()
        self.last_submission = Submission(asked_s, time.monotonic())
        problems = node_problems(said.get("node_errors"), graph)
        if problems:
            # Accepted in part: what is whole of it would run, and look like success without the clip.
            self._reject_part(given, PromptRejected("ComfyUI could use only a part of the graph.", problems))
        return given

    def gives(self, graph: Mapping[str, object]) -> str:
        """Why this server could not hand back what a graph makes: never, so this is always empty."""
        return ""

    def queue(self) -> QueueState:
        """What runs and what waits."""
        return queue_state(self._wire.get("/queue").json())

    def status(self, prompt_id: str) -> PromptState:
        """Where a prompt stands; "unknown" when the server has never heard of it, or has forgotten it."""
        found = self._finished(prompt_id)
        if found is not None:
            return found
        queue = self.queue()
        if prompt_id in queue.running:
            return PromptState(prompt_id, "running")
        if prompt_id in queue.pending:
            ahead = queue.pending.index(prompt_id) + len(queue.running)
            return PromptState(prompt_id, "pending", ahead=ahead)
        # It may have ended between the two questions.
        return self._finished(prompt_id) or PromptState(prompt_id, "unknown")

    def interrupt(self, prompt_id: str | None = None) -> None:
        """Stop what runs; with an id only if that one runs, though old servers stop whatever does."""
        self._wire.post("/interrupt", {} if prompt_id is None else {"prompt_id": prompt_id})

    def delete(self, prompt_ids: Iterable[str]) -> None:
        """Take prompts out of the queue that wait there; what runs goes on."""
        listed = list(prompt_ids)
        if listed:
            self._wire.post("/queue", {"delete": listed})

    def cancel(self, prompt_id: str) -> None:
        """See that a prompt does not go on, be it waiting or running."""
        self.delete([prompt_id])
        # Asked first, because old servers stop whatever runs, be it another's.
        if prompt_id in self.queue().running:
            self.interrupt(prompt_id)

    def free(self) -> None:
        """Have the server drop its models from memory, and its remembered results."""
        self._wire.post("/free", {"unload_models": True, "free_memory": True})

    def upload_image(self, path: Path, *, overwrite: bool = True) -> str:
        """Send a picture or a clip; gives its name for LoadImage, LoadVideo. See `transfer.upload_image`."""
        return upload_image(self._wire, path, overwrite=overwrite)

    def download(self, output: OutputFile, to: Path, on_bytes: OnBytes | None = None) -> Path:
        """Fetch a file the server wrote and save it whole as `to`. See `transfer.download`."""
        return download(self._wire, output, to, on_bytes)

    def _finished(self, prompt_id: str) -> PromptState | None:
        answer = self._wire.get(f"/history/{quote(prompt_id, safe='')}")
        return history_state(answer.json(), prompt_id)

    def _reject_part(self, prompt_id: str, refusal: PromptRejected) -> None:
        try:
            self.cancel(prompt_id)
        except ComfyError as error:
            raise PromptRejected(
                f"{refusal.message} The rest could not be cancelled and may still run.", refusal.problems
            ) from error
        raise refusal


def expect_api_graph(graph: Mapping[str, object]) -> None:
    """Raises WorkflowError for what makes the server stumble rather than refuse."""
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    if not isinstance(graph, Mapping) or not all(isinstance(node, Mapping) for node in nodes):
        raise WorkflowError(
            "This is not a graph that can be sent: ComfyUI's own save format has to be flattened first.",
            cure="Run `python -m ltxlib workflows flatten` on it.",
        )


def _mapping(answer: Answer) -> dict[str, object]:
    said = answer.json()
    if not isinstance(said, dict):
        raise answer.unexpected()
    return said


def _mapping_in(answer: Answer, key: str) -> dict[str, object]:
    said = _mapping(answer)
    if not isinstance(said.get(key), dict):
        raise ServerAnswerError(
            f"What answers {answer.route} is not ComfyUI: it says nothing about its {key}.",
            cure="Check the address, and that it is ComfyUI which listens there.",
        )
    return said
