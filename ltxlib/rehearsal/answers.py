"""What every answer of a rehearsal server has in common: origin rule, ordered faults, JSON, the plain 500."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tornado import web

if TYPE_CHECKING:
    from ltxlib.rehearsal.state import RehearsalState

log = logging.getLogger(__name__)

JSON_TYPE = "application/json; charset=utf-8"
TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"


def refuse_foreign(handler: web.RequestHandler) -> bool:
    """Answer 403 to a request that a foreign web page makes; True when it was refused.

    ComfyUI's rule: `Sec-Fetch-Site: cross-site`, or an Origin other than the Host asked, is foreign.
    """
    headers = handler.request.headers
    origin = headers.get("Origin")
    cross_site = headers.get("Sec-Fetch-Site") == "cross-site"
    if cross_site or (origin and urlsplit(origin).netloc.lower() != handler.request.host.lower()):
        handler.set_status(403)
        handler.clear_header("Content-Type")
        handler.finish()
        return True
    return False


class Answer(web.RequestHandler):
    """The base of every HTTP handler."""

    subject_to_faults = True

    def initialize(self, state: RehearsalState) -> None:
        self.state = state

    async def prepare(self) -> None:
        if refuse_foreign(self) or not self.subject_to_faults:
            return
        fault = self.state.faults.for_request(self.request.path)
        if fault is None:
            return
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        else:
            self.trouble()

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.clear_header("Content-Type")

    def compute_etag(self) -> None:
        return None

    def say(self, answer: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", JSON_TYPE)
        self.finish(json.dumps(answer))

    def empty(self, status: int = 200) -> None:
        """Answer with a status and no body."""
        self.set_status(status)
        self.finish()

    def text(self, words: str, status: int = 200) -> None:
        """Answer with plain text."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(words)

    def trouble(self) -> None:
        """Answer as ComfyUI does when it stumbles over itself."""
        self.text(TROUBLE, 500)

    def body_json(self) -> Any:
        """The body as JSON, whatever its content type says; a ValueError ends in the plain 500."""
        return json.loads(self.request.body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 500:
            self.trouble()
        else:
            self.empty(status_code)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, web.HTTPError):
            log.debug("%s: %s", self.request.path, error)
        else:
            log.warning("%s %s stumbled: %r", self.request.method, self.request.path, error)

    def options(self, *args: str) -> None:
        self.empty(200)


class NothingHere(Answer):
    """An address that ComfyUI does not have."""

    def prepare(self) -> None:  # type: ignore[override]
        if not refuse_foreign(self):
            self.set_header("Content-Type", "application/octet-stream")
            self.empty(404)
