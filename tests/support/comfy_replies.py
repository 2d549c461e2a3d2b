"""A small HTTP server that answers what a test tells it to, over a real socket."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer.

    body: bytes as they are, anything else as JSON.
    length_bytes: a Content-Length that may lie; -1 sends none.
    chunked: the body in one chunk with the chunks' end left out. drop: hang up without a word.
    hold: the answer comes when the server closes, after `body[:held_from]`.
    """

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length_bytes: int | None = None
    chunked: bool = False
    drop: bool = False
    hold: bool = False
    held_from: int | None = None

    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


class Replies:
    """The server; a context manager. The last reply for a route is given for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._replies: dict[tuple[str, str], list[Reply]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Replies:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *about: object) -> None:
                pass

            def do_GET(self) -> None:
                owner._answer(self, "GET")

            def do_POST(self) -> None:
                owner._answer(self, "POST")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, *replies: Reply | object) -> None:
        """Answer this route with these, in order; anything but a Reply is the JSON body of a 200."""
        ready = [reply if isinstance(reply, Reply) else Reply(body=reply) for reply in replies]
        self._replies[method, path] = ready

    def routes(self) -> list[str]:
        """What was asked for, in order, as "GET /queue"."""
        return [f"{seen.method} {seen.path.partition('?')[0]}" for seen in self.seen]

    def _answer(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        seen = Seen(method, handler.path, dict(handler.headers), handler.rfile.read(length))
        with self._lock:
            self.seen.append(seen)
            waiting = self._replies.get((method, handler.path.partition("?")[0]), [Reply(404)])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        handler.close_connection = True
        if reply.drop:
            return
        if reply.hold and reply.held_from is None:
            self._closing.wait(30)
            return
        payload = reply.payload()
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        length_bytes = len(payload) if reply.length_bytes is None else reply.length_bytes
        if reply.chunked:
            handler.send_header("Transfer-Encoding", "chunked")
            payload = f"{len(payload):x}\r\n".encode() + payload + b"\r\n"
        elif length_bytes >= 0:
            handler.send_header("Content-Length", str(length_bytes))
        handler.end_headers()
        handler.wfile.write(payload[: reply.held_from])
        if reply.hold:
            handler.wfile.flush()
            self._closing.wait(30)
