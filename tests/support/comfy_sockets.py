"""WebSocket servers for tests of the live progress: one with ComfyUI's habits, and a raw one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler


class SocketServer:
    """Keeps one socket for each client id, as ComfyUI does, its deaf-socket fault included.

    It also takes prompts, and tells every socket it knows of them.

    trail: "open" and "close" with the client id, in the order the server saw them. greetings: what a new
    socket is told after the first status. first_words: the first message of each socket.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.trail: list[tuple[str, str]] = []
        self.first_words: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.greetings: list[str | bytes] = []
        self.queue_remaining = 0
        self._known: dict[str, WebSocketHandler] = {}
        self._open: set[WebSocketHandler] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> SocketServer:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *about: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Go away; harmless when done twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def tell(self, client_id: str, *frames: str | bytes) -> None:
        """Send frames to the socket that holds the id, if one does."""
        self._in_loop(lambda: [self._say(self._known.get(client_id), frame) for frame in frames])

    def forget(self, client_id: str) -> None:
        """Forget an id as if an older socket of it had just been found dead: its socket goes deaf."""
        self._in_loop(lambda: self._known.pop(client_id, None))

    def cut_all(self) -> None:
        """Cut every connection without a goodbye."""

        def cut() -> None:
            for handler in list(self._open):
                handler.ws_connection.stream.close()

        self._in_loop(cut)

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
        """Whether the condition over this server's records came true."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)

    def opened(self) -> int:
        return sum(kind == "open" for kind, _ in self.trail)

    def closed(self) -> int:
        return sum(kind == "close" for kind, _ in self.trail)

    def _in_loop(self, work: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                work()
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)

    def _one_more(self) -> None:
        self.queue_remaining += 1
        for handler in list(self._known.values()):
            self._say(handler, self._status())

    def _status(self, client_id: str | None = None) -> str:
        data: dict[str, object] = {"status": {"exec_info": {"queue_remaining": self.queue_remaining}}}
        return json.dumps({"type": "status", "data": data | ({"sid": client_id} if client_id else {})})

    @staticmethod
    def _say(handler: WebSocketHandler | None, frame: str | bytes) -> None:
        if handler is not None and handler.ws_connection is not None:
            handler.write_message(frame, binary=isinstance(frame, bytes))

    def _note(self, kind: str, client_id: str) -> None:
        with self._changed:
            self.trail.append((kind, client_id))
            self._changed.notify_all()

    def _serve(self, ready: threading.Event) -> None:
        owner = self

        class Handler(WebSocketHandler):
            def open(self) -> None:
                self.client_id = self.get_argument("clientId")
                owner.headers.append(dict(self.request.headers))
                owner._open.add(self)
                owner._known[self.client_id] = self
                owner._say(self, owner._status(self.client_id))
                for frame in owner.greetings:
                    owner._say(self, frame)
                owner._note("open", self.client_id)

            def on_message(self, message: str | bytes) -> None:
                with owner._changed:
                    owner.first_words.append(message)
                    owner._changed.notify_all()

            def on_close(self) -> None:
                owner._open.discard(self)
                owner._known.pop(self.client_id, None)
                owner._note("close", self.client_id)

        class Prompts(RequestHandler):
            def post(self) -> None:
                owner._one_more()
                self.write({"prompt_id": json.loads(self.request.body)["prompt_id"], "node_errors": {}})

        async def main() -> None:
            self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
            sockets = bind_sockets(self._port, "127.0.0.1")
            self._port = sockets[0].getsockname()[1]
            server = HTTPServer(Application([("/ws", Handler), ("/prompt", Prompts)]))
            server.add_sockets(sockets)
            ready.set()
            await self._over.wait()
            server.stop()
            for handler in list(self._open):
                handler.close()
            await server.close_all_connections()

        asyncio.run(main())


class RawSocketServer:
    """Shakes hands as a WebSocket server does, sends the given pieces and then only keeps what it is sent.

    pause_s: between the pieces. answer: these bytes instead of shaking hands; empty to say nothing at all.
    """

    def __init__(self, *pieces: bytes, pause_s: float = 0.0, answer: bytes | None = None) -> None:
        self._pieces, self._pause_s, self._answer = pieces, pause_s, answer
        self._over = threading.Event()
        self._changed = threading.Condition()
        self.connections = 0
        self.received = bytearray()

    def __enter__(self) -> RawSocketServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *about: object) -> None:
        self._over.set()
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            lines = request.decode("latin-1").split("\r\n")
            keys = [
                line.split(":", 1)[1].strip()
                for line in lines
                if line.lower().startswith("sec-websocket-key")
            ]
            magic = f"{keys[0]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
            accept = base64.b64encode(hashlib.sha1(magic).digest())
            with self._changed:
                self.connections += 1
                self._changed.notify_all()
            if self._answer is not None:
                connection.sendall(self._answer)
                self._over.wait(0 if self._answer else 30)
                return
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            try:
                for piece in self._pieces:
                    connection.sendall(piece)
                    self._over.wait(self._pause_s)
                while piece := connection.recv(4096):
                    with self._changed:
                        self.received += piece
                        self._changed.notify_all()
            except OSError:
                return
