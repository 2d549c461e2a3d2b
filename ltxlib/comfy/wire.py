"""The one place where HTTP to the ComfyUI server happens and where its faults become the kit's errors.

Every request has a limit for connecting, for each silence and for the whole answer. Nothing here prints, and
messages name the route only: never headers, never what stands behind a question mark.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from ltxlib import __version__
from ltxlib.comfy.address import is_loopback
from ltxlib.comfy.wording import one_line
from ltxlib.errors import ComfyError, ServerAnswerError, ServerUnreachable

CHUNK_BYTES = 256 * 1024
_CONNECT_S = 5.0
# The largest answer that is not a file is /object_info: about 3 MB, more with many packs.
_MAX_ANSWER_BYTES = 128 * 1024 * 1024
# What proxies answer when nobody is behind them; ComfyUI itself sends none of these on the routes used here.
_NOBODY_BEHIND = frozenset({502, 503, 504, 520, 521, 522, 523, 524, 530})
_BUSY_CURE = "It may be loading a model: wait a minute and run this again; if it stays, restart ComfyUI."
_ADDRESS_CURE = "Check the address, and that it is ComfyUI which listens there."


@dataclass(frozen=True)
class Answer:
    """A whole answer: its status, its body, and the route it is about, for messages."""

    status: int
    body: bytes
    route: str

    def json(self) -> object:
        """The body as JSON. Raises ServerAnswerError when it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self.unexpected() from error

    def unexpected(self) -> ServerAnswerError:
        """The error for an answer ComfyUI would not give, with the beginning of what it said."""
        return unexpected(self.status, self.body, self.route)


class Wire:
    """Requests to one server. May be used from several threads at once."""

    def __init__(
        self, url: str, timeout_s: float, *, who: str = "ComfyUI", headers: Mapping[str, str] | None = None
    ) -> None:
        """url: as `clean_url` gives it. timeout_s: the longest silence that is waited through. who: the name
        of what answers there, for messages. headers: sent along with every request, shown nowhere.
        """
        if timeout_s <= 0:
            raise ValueError("timeout_s must be above 0")
        self.url = url
        self._who, self._headers = who, dict(headers or {})
        self._timeout = (min(_CONNECT_S, timeout_s), timeout_s)
        # A server that drips must not hold the work for ever either.
        self._whole_answer_s = 10 * timeout_s

    def get(self, path: str, ok: tuple[int, ...] = (200,)) -> Answer:
        """The answer to `GET path`.

        Raises ServerUnreachable, and ServerAnswerError for a status not in `ok`.
        """
        return self._ask("GET", path, ok)

    def post(self, path: str, body: Mapping[str, object], ok: tuple[int, ...] = (200,)) -> Answer:
        """The answer to `POST path` with a JSON body; never sent twice. Raises as `get` does."""
        data = json.dumps(body, allow_nan=False).encode()
        return self._ask("POST", path, ok, data=data, headers={"Content-Type": "application/json"})

    def post_form(
        self, path: str, fields: Mapping[str, str], file_field: str, file: tuple[str, bytes, str]
    ) -> Answer:
        """The answer to a form with one file `(name, bytes, mime)`. Raises as `get` does."""
        return self._ask("POST", path, (200,), data=dict(fields), files={file_field: file})

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str]) -> Iterator[requests.Response]:
        """An open answer to `GET path`, whatever its status, its body not read yet.

        Network faults while the block reads the body become ServerUnreachable.
        """
        headers = {"Accept-Encoding": "identity"}
        with self._open("GET", path, params=params, headers=headers) as response:
            refuse_absent(response.status_code, self.url, self._who)
            yield response

    def _ask(self, method: str, path: str, ok: tuple[int, ...], **content: object) -> Answer:
        route = f"{method} {path}"
        deadline_s = time.monotonic() + self._whole_answer_s
        with self._open(method, path, **content) as response:
            answer = Answer(response.status_code, _whole_body(response, route, deadline_s), route)
        refuse_absent(answer.status, self.url, self._who)
        if answer.status not in ok:
            raise answer.unexpected()
        return answer

    @contextmanager
    def _open(self, method: str, path: str, **content: object) -> Iterator[requests.Response]:
        """An open answer; every network fault before and while it is read becomes one of the kit's errors."""
        route = f"{method} {path}"
        url = f"{self.url}{path}"
        fixed = {"timeout": self._timeout, "stream": True, "allow_redirects": False}
        # A session for each request: a connection that is kept may be closed by the server in the very moment
        # it is used again, and a POST that fails so cannot be repeated without risking a second render.
        with self._session() as session:
            with self._connecting(route):
                response = session.request(method, url, **fixed, **content)
            try:
                with response:
                    yield response
            except requests.exceptions.RequestException as error:
                raise broken_off(route) from error

    def _session(self) -> requests.Session:
        session = requests.Session()
        # The environment may name proxies and ~/.netrc passwords; neither belongs between here and a server
        # on this machine, and the passwords belong nowhere.
        session.trust_env = False
        if not is_loopback(self.url):
            session.proxies.update(requests.utils.get_environ_proxies(self.url))
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.headers.update({"User-Agent": f"ltxlib/{__version__}", "Connection": "close"})
        session.headers.update(self._headers)
        return session

    @contextmanager
    def _connecting(self, route: str) -> Iterator[None]:
        try:
            yield
        except requests.exceptions.SSLError as error:
            raise ServerUnreachable(
                f"No safe connection to {self.url} could be made.",
                cure="Check whether its address begins with http:// rather than https://.",
            ) from error
        except requests.exceptions.ReadTimeout as error:
            raise ServerUnreachable(
                f"{self._who} at {self.url} kept silent for {self._timeout[1]:g} seconds ({route}).",
                cure=_BUSY_CURE,
            ) from error
        except requests.exceptions.ConnectionError as error:
            raise ServerUnreachable(f"Nobody answers at {self.url}, or the connection broke.") from error
        except requests.exceptions.RequestException as error:
            raise ServerAnswerError(
                f"The request {route} could not be made at {self.url}.", cure=_ADDRESS_CURE
            ) from error


def _whole_body(response: requests.Response, route: str, deadline_s: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise ServerAnswerError(f"The answer to {route} has no end.", cure=_ADDRESS_CURE)
        if time.monotonic() > deadline_s:
            raise ServerUnreachable(f"The answer to {route} came too slowly.", cure=_BUSY_CURE)
    return bytes(body)


def broken_off(route: str) -> ServerUnreachable:
    """The error for an answer that ended before its end."""
    return ServerUnreachable(
        f"The answer to {route} stopped half way.",
        cure="Run this again; if it stays, look whether ComfyUI is still running.",
    )


def refuse_absent(status: int, url: str, who: str = "ComfyUI") -> None:
    """Raises ServerUnreachable when a proxy says that nobody is behind it."""
    if status in _NOBODY_BEHIND:
        raise ServerUnreachable(f"Something answers at {url}, but {who} is not behind it (status {status}).")


def unexpected(status: int, body: bytes, route: str) -> ServerAnswerError:
    """The error for an answer ComfyUI would not give, with the beginning of what it said."""
    text = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", errors="replace"))
    said = one_line(text, 100)
    said = f': "{said}"' if said else ""
    cures = {
        401: _ADDRESS_CURE,
        403: "The server lets nobody in from here; check the address.",
        404: _ADDRESS_CURE,
    }
    moved = 300 <= status < 400 or status == 200
    cure = _ADDRESS_CURE if moved else cures.get(status, ComfyError.default_cure)
    return ServerAnswerError(
        f"ComfyUI answered {route} in a way it should not (status {status}){said}.", cure=cure
    )
