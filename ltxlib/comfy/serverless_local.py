"""The runpod SDK's own local server, which answers about a job by doing it.

Facts from the SDK 1.12.0 (rp_fastapi.py): /run only notes the job; `POST /status/{id}` (GET is not taken)
runs the handler, answers when it has ended and forgets the job, after which it is FAILED with "Job ID not
found". Two questions at once run the handler twice. There is no /health and no /cancel.
"""

from __future__ import annotations

import threading
from urllib.parse import quote

from ltxlib.comfy.serverless_wire import ServerlessWire
from ltxlib.errors import ComfyError

RUNNING = {"status": "IN_PROGRESS"}
_AT_ONCE_S = 0.25


class LocalJobs:
    """Asks after each job once, in a thread of its own, and keeps the answer until it is fetched."""

    def __init__(self, wire: ServerlessWire) -> None:
        """wire: patient enough for a whole render."""
        self._wire = wire
        self._lock = threading.Lock()
        self._asking: set[str] = set()
        self._ended: dict[str, object] = {}

    def status(self, job_id: str) -> object:
        """What the server says of a job, IN_PROGRESS while it has not answered.

        Raises ServerUnreachable, ServerAnswerError; asking again then begins anew.
        """
        with self._lock:
            if job_id in self._ended:
                said = self._ended.pop(job_id)
                if isinstance(said, ComfyError):
                    raise said
                return said
            if job_id in self._asking:
                return RUNNING
            self._asking.add(job_id)
        asking = threading.Thread(target=self._ask, args=(job_id,), name="runpod-local", daemon=True)
        asking.start()
        # A job that it does not know is answered for at once, and must not be taken for one that runs.
        asking.join(_AT_ONCE_S)
        return RUNNING if asking.is_alive() else self.status(job_id)

    def _ask(self, job_id: str) -> None:
        said: object
        try:
            said = self._wire.json(self._wire.post(f"/status/{quote(job_id, safe='')}", {}))
        except ComfyError as error:
            said = error
        with self._lock:
            self._asking.discard(job_id)
            self._ended[job_id] = said
