"""The WebSocket of a rehearsal server: who listens, and what is told to whom."""

from __future__ import annotations

import json
import logging
import struct
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tornado import websocket
from tornado.ioloop import IOLoop

from ltxlib.rehearsal.answers import refuse_foreign

log = logging.getLogger(__name__)

FEATURES: dict[str, Any] = {
    "supports_preview_metadata": True,
    "supports_model_type_tags": True,
    "max_upload_size": 104_857_600,
    "extension": {"manager": {"supports_v4": True}},
    "node_replacements": True,
    "assets": False,
}
"""What a ComfyUI 0.33.0 says it can do (recorded)."""

_PREVIEW, _PREVIEW_WITH_METADATA, _JPEG = 1, 4, 1


class SocketHub:
    """All open sockets by client id. `send` may be called from any thread; order is kept.

    As ComfyUI does, one id holds one socket: when a second socket takes over an id and the first one closes,
    the id is forgotten and the second hears nothing more, though it stays open.
    """

    def __init__(self, exec_info: Callable[[], Mapping[str, Any]]) -> None:
        self._exec_info = exec_info
        self._loop: IOLoop | None = None
        self._sockets: dict[str, ProgressSocket] = {}
        self._open: set[ProgressSocket] = set()
        self.executing: tuple[str, str] | None = None
        """The client id and the node of what runs now, told to a socket that comes back in mid-run."""

    def attach(self, loop: IOLoop) -> None:
        """Use this event loop from now on."""
        self._loop = loop

    def send(self, event: str, data: Mapping[str, Any], client_id: str | None = None) -> None:
        """Tell one client, or all when no id is given."""
        if self._loop is not None:
            self._loop.add_callback(self._deliver, json.dumps({"type": event, "data": data}), client_id)

    def send_preview(self, jpeg: bytes, metadata: Mapping[str, Any], client_id: str | None) -> None:
        """Show a picture of work in progress, in the form that each client understands."""
        if self._loop is not None:
            self._loop.add_callback(self._deliver_preview, jpeg, dict(metadata), client_id)

    def send_status(self) -> None:
        """Tell everybody how many prompts remain."""
        self.send("status", {"status": self._exec_info()})

    def drop_all(self) -> None:
        """Cut every connection without a goodbye, as a dying process does. From any thread."""
        if self._loop is not None:
            self._loop.add_callback(self.cut_all)

    def count(self) -> int:
        """How many sockets are open, deaf ones included."""
        return len(self._open)

    def _listeners(self, client_id: str | None) -> list[ProgressSocket]:
        if client_id is None:
            return list(self._sockets.values())
        socket = self._sockets.get(client_id)
        return [] if socket is None else [socket]

    def _deliver(self, text: str, client_id: str | None) -> None:
        for socket in self._listeners(client_id):
            socket.say(text)

    def _deliver_preview(self, jpeg: bytes, metadata: dict[str, Any], client_id: str | None) -> None:
        for socket in self._listeners(client_id):
            if socket.features.get("supports_preview_metadata"):
                about = json.dumps({**metadata, "image_type": "image/jpeg"}).encode()
                frame = struct.pack(">II", _PREVIEW_WITH_METADATA, len(about)) + about + jpeg
            else:
                frame = struct.pack(">II", _PREVIEW, _JPEG) + jpeg
            socket.say(frame)

    def cut_all(self) -> None:
        """Cut every socket without a goodbye."""
        for socket in list(self._open):
            socket.cut()

    def opened(self, socket: ProgressSocket) -> None:
        """A client is here: greet it, and say which node runs if it is a client that came back."""
        self._open.add(socket)
        self._sockets[socket.client_id] = socket
        socket.say_event("status", {"status": self._exec_info(), "sid": socket.client_id})
        if self.executing is not None and self.executing[0] == socket.client_id:
            socket.say_event("executing", {"node": self.executing[1]})

    def closed(self, socket: ProgressSocket) -> None:
        """A client is gone; its id goes with it, even if a newer socket uses it (as in ComfyUI)."""
        self._open.discard(socket)
        self._sockets.pop(socket.client_id, None)


class ProgressSocket(websocket.WebSocketHandler):
    """/ws?clientId=X: sends only, but for a first message with feature flags."""

    def initialize(self, hub: SocketHub) -> None:
        self.hub = hub
        self.client_id = ""
        self.features: dict[str, Any] = {}
        self._first = True

    def prepare(self) -> None:
        refuse_foreign(self)

    def check_origin(self, origin: str) -> bool:
        return True  # prepare() has looked at it already, by ComfyUI's own rule

    def open(self, *args: str, **kwargs: str) -> None:
        self.client_id = self.get_query_argument("clientId", "") or uuid.uuid4().hex
        self.hub.opened(self)

    def on_message(self, message: str | bytes) -> None:
        first, self._first = self._first, False
        try:
            said = json.loads(message)
        except ValueError:
            log.warning("a client sent something that is not JSON over its socket")
            return
        if first and isinstance(said, dict) and said.get("type") == "feature_flags":
            flags = said.get("data")
            self.features = flags if isinstance(flags, dict) else {}
            self.say_event("feature_flags", FEATURES)

    def on_close(self) -> None:
        self.hub.closed(self)

    def say_event(self, event: str, data: Mapping[str, Any]) -> None:
        """Send one event to this client."""
        self.say(json.dumps({"type": event, "data": data}))

    def say(self, frame: str | bytes) -> None:
        """Send a frame; a client that has just left is no fault."""
        try:
            self.write_message(frame, binary=isinstance(frame, bytes))
        except websocket.WebSocketClosedError:
            log.debug("client %s left before it could be told", self.client_id)

    def cut(self) -> None:
        """Close the connection beneath, without the closing handshake."""
        if self.ws_connection is not None:
            self.ws_connection.stream.close()
