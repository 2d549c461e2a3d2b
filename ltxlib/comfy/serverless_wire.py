"""Requests to one RunPod endpoint, and what its answers mean before anything is read in them.

Statuses as RunPod's docs list them ("Send API requests", 2026): 401 for a key that may not, 404 for an
endpoint or a job that is not there, 429 when more is asked than the endpoint's limit (1,000 /run and 2,000
/status in 10 seconds, more with more workers), 500 when a worker may have crashed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

from ltxlib.comfy.serverless_address import KEY_VARIABLE, Endpoint
from ltxlib.comfy.wire import Answer, Wire
from ltxlib.comfy.wording import one_line, sentence
from ltxlib.errors import ComfyError, PromptRejected, ServerAnswerError, ServerUnreachable

WHO = "RunPod"
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Waits before a question that was one too many is put again."""
_ADDRESS_CURE = "Check the address of the endpoint; if it is right, look at RunPod's page."
_EVERY = tuple(range(200, 600))
_ABSENT_CURE = "Look whether this machine is online and RunPod is up, then run this again."


class ServerlessWire:
    """Asks one endpoint. May be used from several threads."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        """timeout_s: the longest silence that is waited through."""
        self._endpoint = endpoint
        self._wire = Wire(endpoint.base_url, timeout_s, who=WHO, headers=endpoint.headers)
        self._patience = threading.Event()

    def get(self, path: str, ok: tuple[int, ...] = (200,)) -> Answer:
        """The answer to `GET path` when its status is in `ok`.

        Raises ServerUnreachable (nobody there, too many questions, RunPod unwell) and ServerAnswerError.
        """
        return self._judged(lambda: self._wire.get(path, _EVERY), ok)

    def post(self, path: str, body: Mapping[str, object], ok: tuple[int, ...] = (200,)) -> Answer:
        """The answer to `POST path`; only a question that was turned away unread is put again.

        Raises as `get` does; TypeError and ValueError when the body holds what JSON cannot.
        """
        return self._judged(lambda: self._wire.post(path, body, _EVERY), ok)

    def json(self, answer: Answer) -> object:
        """The answer as JSON. Raises ServerAnswerError, which never repeats the key."""
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise self.broken(answer) from error

    def mapping(self, answer: Answer) -> dict[str, object]:
        """The answer as a JSON object. Raises ServerAnswerError."""
        said = self.json(answer)
        if not isinstance(said, dict):
            raise self.broken(answer)
        return said

    def broken(self, answer: Answer) -> ServerAnswerError:
        """The error for an answer that is not what RunPod sends there."""
        return ServerAnswerError(
            sentence(
                f"RunPod answered {answer.route} with something else than it should{self._said(answer)}"
            ),
            cure=_ADDRESS_CURE,
        )

    def _judged(self, ask: Callable[[], Answer], ok: tuple[int, ...]) -> Answer:
        answer = self._asked(ask)
        for pause_s in PAUSES_S:
            if answer.status != 429:
                break
            self._patience.wait(pause_s)
            answer = self._asked(ask)
        if answer.status not in ok:
            raise self._fault(answer)
        return answer

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except ServerUnreachable as error:
            raise ServerUnreachable(error.message, cure=_ABSENT_CURE) from error

    def _fault(self, answer: Answer) -> ComfyError:
        status, name = answer.status, self._endpoint.url
        said = self._said(answer)
        if status in (401, 403):
            return ServerAnswerError(
                f"RunPod does not let the key in {KEY_VARIABLE} use {name} (status {status}).",
                cure="Make a key that may use Serverless on RunPod's page (Settings, API Keys) and set it; "
                "the key that a pod finds in its environment often may not.",
            )
        if status == 404:
            return ServerAnswerError(
                f"RunPod knows no endpoint {name}.",
                cure="Compare the id with the one on the endpoint's page at RunPod.",
            )
        if status == 429:
            return ServerUnreachable(
                f"RunPod takes no more questions about {name} just now.",
                cure="It is asked again by itself; more workers on the endpoint raise the limit.",
            )
        if status >= 500:
            return ServerUnreachable(f"RunPod is unwell (status {status}){said}.", cure=_ABSENT_CURE)
        if status in (400, 413, 422):
            return PromptRejected(f"RunPod refused the job (status {status}){said}.")
        return ServerAnswerError(
            f"RunPod answered {answer.route} in a way it should not (status {status}){said}.",
            cure=_ADDRESS_CURE,
        )

    def _said(self, answer: Answer) -> str:
        """The beginning of an answer for a message, without the key: `: "…"`, empty when it says nothing."""
        text = one_line(self._endpoint.without_key(answer.body[:2000].decode("utf-8", errors="replace")), 160)
        return f': "{text}"' if text else ""
