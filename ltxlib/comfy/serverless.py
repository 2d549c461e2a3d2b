"""One RunPod Serverless endpoint with worker-comfyui, behind the same seam as `ComfyClient`.

Four questions are all there is to it (`/run`, `/status/{id}`, `/cancel/{id}`, `/health`), so they are asked
with requests; the runpod SDK would bring some fifty packages to a creator's machine for the same. Facts and
their sources stand in the modules beside this one.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from ltxlib.comfy.client import Submission, expect_api_graph
from ltxlib.comfy.serverless_address import endpoint
from ltxlib.comfy.serverless_files import fetch
from ltxlib.comfy.serverless_job import RUN_S, Pictures, job_body, why_not
from ltxlib.comfy.serverless_local import LocalJobs
from ltxlib.comfy.serverless_state import ResultFile, job_state, place_of, results
from ltxlib.comfy.serverless_wire import ServerlessWire
from ltxlib.comfy.state import OutputFile, PromptState, QueueState
from ltxlib.comfy.transfer import OnBytes
from ltxlib.core.schema import core_table
from ltxlib.errors import OutputMissing, PromptRejected, WorkflowError

# Results are whole clips in letters: a few, until they are fetched.
_KEPT_RESULTS = 4
_OPEN = ("running", "pending")
# A handler of the kit's rehearsal answers this; worker-comfyui says that there is no workflow.
_PROBE = {"ltx_rehearsal": True}


class ServerlessClient:
    """Talks to one endpoint. May be used from several threads."""

    # An endpoint cannot be asked what it has: `object_info` is ComfyUI's own nodes, no files listed.
    lists_known = False

    def __init__(self, address: str, *, timeout_s: float = 30.0) -> None:
        """address: `runpod://ENDPOINT_ID`, or `runpod://local` for the SDK's own server on this machine.

        Raises BadInput for an address that is none, and without RUNPOD_API_KEY. Nothing is sent yet.
        """
        self._endpoint = endpoint(address)
        self.url = self._endpoint.url
        self.client_id = uuid.uuid4().hex
        self.last_submission: Submission | None = None
        self._timeout_s = timeout_s
        self._wire = ServerlessWire(self._endpoint, timeout_s)
        # There, a question may last as long as a render.
        self._patient = ServerlessWire(self._endpoint, max(timeout_s, RUN_S))
        self._local = LocalJobs(self._patient) if self._endpoint.local else None
        self._pictures = Pictures()
        self._lock = threading.Lock()
        self._graphs: dict[str, Mapping[str, object]] = {}
        self._stands: dict[str, str] = {}
        self._results: OrderedDict[str, tuple[PromptState, tuple[ResultFile, ...]]] = OrderedDict()

    def __repr__(self) -> str:
        return f"ServerlessClient({self.url!r})"

    def system_stats(self) -> dict[str, object]:
        """What RunPod says of the endpoint: `system` with `workers` and `jobs` by their state.

        The kinds of cards are not told; one entry of `devices` stands for them, so that what is remembered of
        different machines stays apart. `ltx_rehearsal` is there when the handler says it is one; that is
        asked only of an endpoint on this machine, since a question to RunPod wakes a worker that is paid for.
        """
        system: dict[str, object] = {"comfyui_version": "", "runpod_endpoint": self._endpoint.endpoint_id}
        if self._local is None:
            answer = self._wire.get("/health")
            said = self._wire.mapping(answer)
            for key in ("workers", "jobs"):
                counts = said.get(key)
                if not isinstance(counts, Mapping):
                    raise self._wire.broken(answer)
                system[key] = {str(name): count for name, count in counts.items()}
        marked = self._rehearsed() if self._endpoint.near else None
        if marked is not None:
            system["ltx_rehearsal"] = marked
        return {"system": system, "devices": [{"name": f"workers of {self.url}", "type": "runpod"}]}

    def rehearsal(self) -> bool:
        """Whether the endpoint says that what it makes are stand-ins.

        The last word has the clip: one that carries the rehearsal's mark is not let into a film.
        """
        system = self.system_stats()["system"]
        return isinstance(system, dict) and "ltx_rehearsal" in system

    def object_info(self, class_type: str | None = None) -> dict[str, object]:
        """The nodes that every ComfyUI has (0.33.0), for an endpoint cannot be asked; see `lists_known`."""
        table = core_table()
        if class_type is None:
            return table
        return {class_type: table[class_type]} if class_type in table else {}

    def gives(self, graph: Mapping[str, object]) -> str:
        """Why an endpoint could not hand back what a graph makes; empty when it can."""
        return why_not(graph)

    def submit(
        self,
        graph: Mapping[str, object],
        *,
        prompt_id: str | None = None,
        extra_data: Mapping[str, object] | None = None,
    ) -> str:
        """Queue a graph in API form with the pictures it names; gives RunPod's id of the job.

        prompt_id, extra_data: RunPod gives ids of its own and worker-comfyui takes no more, so neither goes
        along. Raises PromptRejected when it is too large, when its outcome could not be handed back, or when
        RunPod refuses it; what ComfyUI itself refuses is told by `status`. WorkflowError when it is no API
        graph. After ServerUnreachable the job may be queued nevertheless, under an id nobody knows.
        """
        expect_api_graph(graph)
        reason = why_not(graph)
        if reason:
            raise PromptRejected(
                reason, cure="Nothing was rendered. Render this scene on a ComfyUI of its own, such as a pod."
            )
        try:
            size_bytes = len(json.dumps(graph, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise WorkflowError(
                "The graph holds something that cannot be sent, such as a broken number."
            ) from error
        body = job_body(graph, self._pictures.named_in(graph), size_bytes)
        asked_s = time.monotonic()
        answer = self._wire.post("/run", body)
        job_id = self._wire.mapping(answer).get("id")
        if not isinstance(job_id, str) or not job_id:
            raise self._wire.broken(answer)
        self.last_submission = Submission(asked_s, time.monotonic())
        with self._lock:
            self._graphs[job_id] = graph
            self._stands[job_id] = "pending"
        return job_id

    def queue(self) -> QueueState:
        """Of the jobs sent from here, those that ran and waited when they were last asked after."""
        with self._lock:
            of = {kind: tuple(job for job, stood in self._stands.items() if stood == kind) for kind in _OPEN}
        return QueueState(running=of["running"], pending=of["pending"])

    def status(self, prompt_id: str) -> PromptState:
        """Where a job stands; "unknown" when RunPod has forgotten it: 30 minutes after its end."""
        with self._lock:
            kept = self._results.get(prompt_id)
            graph = self._graphs.get(prompt_id)
        if kept is not None:
            return kept[0]
        body = self._asked(prompt_id)
        state = PromptState(prompt_id, "unknown") if body is None else job_state(body, prompt_id, graph)
        files = results(body.get("output")) if isinstance(body, Mapping) and state.outputs else ()
        with self._lock:
            if state.kind in _OPEN:
                self._stands[prompt_id] = state.kind
            else:
                self._forget(prompt_id)
            if files:
                self._results[prompt_id] = (state, files)
                while len(self._results) > _KEPT_RESULTS:
                    self._results.popitem(last=False)
        return state

    def upload_image(self, path: Path, *, overwrite: bool = True) -> str:
        """Remember a picture or a clip for the prompts that name it; gives its name. Raises StoreError."""
        return self._pictures.keep(path)

    def download(self, output: OutputFile, to: Path, on_bytes: OnBytes | None = None) -> Path:
        """Save a file of a finished job as `to`, whole or not at all; see `serverless_files.fetch`.

        Raises OutputMissing also when RunPod no longer keeps the result.
        """
        job_id, number = place_of(output)
        files = self._files(job_id)
        if number >= len(files):
            raise OutputMissing(
                "RunPod no longer has the clip: it keeps what was made for 30 minutes.",
                cure="Run the batch again; the take is rendered anew.",
            )
        fetch(files[number], to, self._timeout_s, on_bytes)
        with self._lock:
            self._results.pop(job_id, None)
        return to

    def cancel(self, prompt_id: str) -> None:
        """See that a job does not go on, be it waiting or running; one that is not there is well enough."""
        self._wire.post(f"/cancel/{quote(prompt_id, safe='')}", {}, ok=(200, 400, 404))
        with self._lock:
            self._forget(prompt_id)

    def interrupt(self, prompt_id: str | None = None) -> None:
        """Stop a job; without an id nothing, for others may use the endpoint."""
        if prompt_id is not None:
            self.cancel(prompt_id)

    def delete(self, prompt_ids: Iterable[str]) -> None:
        """Take jobs out of the queue; one that runs already goes on."""
        with self._lock:
            waiting = [job for job in prompt_ids if self._stands.get(job) != "running"]
        for job_id in waiting:
            self.cancel(job_id)

    def free(self) -> None:
        """Nothing: a worker's memory cannot be reached, and the next job may run on another one."""

    def _asked(self, job_id: str) -> object | None:
        """What is said of a job; None when nothing is known of it."""
        if self._local is not None:
            return self._local.status(job_id)
        answer = self._wire.get(f"/status/{quote(job_id, safe='')}", ok=(200, 404))
        return None if answer.status == 404 else self._wire.json(answer)

    def _files(self, job_id: str) -> tuple[ResultFile, ...]:
        with self._lock:
            kept = self._results.get(job_id)
        if kept is None and self.status(job_id).outputs:
            with self._lock:
                kept = self._results.get(job_id)
        return kept[1] if kept else ()

    def _forget(self, job_id: str) -> None:
        self._graphs.pop(job_id, None)
        self._stands.pop(job_id, None)

    def _rehearsed(self) -> object | None:
        """What a handler in front of the rehearsal says of it; None for any other."""
        said = self._wire.mapping(self._wire.post("/runsync", {"input": _PROBE}))
        output = said.get("output")
        return output.get("ltx_rehearsal") if isinstance(output, Mapping) else None
