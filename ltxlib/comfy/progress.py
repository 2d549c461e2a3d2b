"""The live progress of a server: a WebSocket in a thread of its own that may die without harm.

Progress only. Whether a render succeeded is asked with `ComfyClient.status`; if nothing is heard here, the
bar moves less smoothly and nothing else changes.

ComfyUI keeps one socket for each client id and forgets the id when *any* socket of that id closes. If an old
connection is noticed dead only after the new one came, the new one stays open and is told nothing for ever.
Pings do not show it. So here the old socket is always closed, with the closing words exchanged, before a new
one is opened; there is one feed for each client; and a socket that misses what the server tells everybody
(a prompt was taken) or says nothing for long while work is queued is replaced: by then the old one is gone,
so the fresh one hears.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import websocket

from ltxlib.comfy.address import is_loopback, websocket_url
from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.events import Event, Executing, Status
from ltxlib.comfy.protocol import CLIENT_FLAGS, parse_binary, parse_text

_TICK_S = 0.2
# Unread events are dropped, the oldest first: nobody looks at a bar as it was a minute ago.
_KEPT_EVENTS = 1000


@dataclass(frozen=True)
class FeedSettings:
    """How patient a feed is, in seconds.

    ping_s: silence before it asks for a sign of life. dead_s: silence, signs of life included, after which
    the connection is given up. deaf_s: how long the news of a prompt just taken may be missing.
    quiet_s: silence, while work is queued, after which the connection is renewed to be sure.
    first_pause_s, longest_pause_s: wait before a new attempt; it doubles with every connection that did
    not last settled_s. goodbye_s: how long the server's closing words are waited for.
    """

    connect_s: float = 5.0
    ping_s: float = 10.0
    dead_s: float = 30.0
    deaf_s: float = 4.0
    quiet_s: float = 60.0
    first_pause_s: float = 0.25
    longest_pause_s: float = 10.0
    settled_s: float = 5.0
    goodbye_s: float = 1.0


class ProgressFeed:
    """Collects a server's events for one client while it is open; use it in a `with` block.

    Never raises for the network's sake. Two feeds at once for one client would make each other deaf, so
    the second one raises RuntimeError.
    """

    def __init__(
        self,
        client: ComfyClient,
        settings: FeedSettings | None = None,
        *,
        bell: threading.Event | None = None,
    ) -> None:
        """bell: set whenever something is heard, for those who listen to several feeds."""
        self._client = client
        self._settings = settings or FeedSettings()
        self._bell = bell or threading.Event()
        self._events: deque[Event] = deque(maxlen=_KEPT_EVENTS)
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._live = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ProgressFeed:
        if not self._client.feed_seat.acquire(blocking=False):
            raise RuntimeError("this client already has a feed; close that one first")
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stop,), name="comfy-progress", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    @property
    def live(self) -> bool:
        """Whether the server is being heard right now."""
        return self._live

    def wait_until_live(self, timeout_s: float) -> bool:
        """Whether the server is heard, waiting for it at most that long."""
        with self._news:
            return self._news.wait_for(lambda: self._live or self._stop.is_set(), timeout_s) and self._live

    def events(self, timeout_s: float) -> list[Event]:
        """What has come since the last call, oldest first; waits for the first one at most `timeout_s`.

        Empty when nothing came, and at once when the feed is closed.
        """
        with self._news:
            self._news.wait_for(lambda: self._events or self._stop.is_set(), max(0.0, timeout_s))
            arrived = list(self._events)
            self._events.clear()
            return arrived

    def close(self) -> None:
        """End the connection and the thread; harmless when done twice."""
        with self._news:
            self._stop.set()
            self._news.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            # Bounded: a thread that hangs in a name look-up dies with the process instead.
            thread.join(timeout=self._settings.connect_s + 2.0)
            self._client.feed_seat.release()

    def _run(self, stop: threading.Event) -> None:
        settings = self._settings
        pause_s = settings.first_pause_s
        while not stop.is_set():
            began_s = time.monotonic()
            _Connection(self._client, settings, stop, self._deliver).listen()
            self._set_live(False)
            # A pause always: the server needs a moment to see that the old socket is gone.
            stop.wait(pause_s)
            lasted = time.monotonic() - began_s > settings.settled_s
            pause_s = settings.first_pause_s if lasted else min(settings.longest_pause_s, pause_s * 2)

    def _deliver(self, event: Event) -> None:
        with self._news:
            self._live = True
            self._events.append(event)
            self._news.notify_all()
        self._bell.set()

    def _set_live(self, live: bool) -> None:
        with self._news:
            self._live = live


class _Connection:
    """One socket from opening to closing, used by one thread."""

    def __init__(
        self,
        client: ComfyClient,
        settings: FeedSettings,
        stop: threading.Event,
        deliver: Callable[[Event], None],
    ) -> None:
        self._client, self._settings, self._stop, self._deliver = client, settings, stop, deliver
        self._socket = websocket.WebSocket(enable_multithread=False, skip_utf8_validation=True)
        self._heard_s = self._sign_s = self._pinged_s = 0.0
        self._busy = False

    def listen(self) -> None:
        """Hear until the connection ends or has to be renewed."""
        try:
            self._open()
            while not self._stop.is_set() and not self._doubtful():
                self._hear()
        except (websocket.WebSocketException, OSError, ValueError, AttributeError, LookupError):
            # Whatever it was, the answer is the same: close it and try again. The last two are the library's
            # own stumbling, over a socket it has just lost and over a greeting that is no HTTP.
            pass
        finally:
            self._close()

    def _open(self) -> None:
        url = websocket_url(self._client.url, self._client.client_id)
        timeout_s = self._settings.connect_s
        options: dict[str, object] = {"suppress_origin": True, "redirect_limit": 0}
        if is_loopback(url):
            # Left to itself the library would use the proxy the environment names, even for this machine.
            options["socket"] = _straight_socket(url, timeout_s)
        self._socket.connect(url, timeout=timeout_s, **options)
        self._socket.send(CLIENT_FLAGS)
        self._socket.settimeout(_TICK_S)
        self._heard_s = self._sign_s = self._pinged_s = time.monotonic()

    def _hear(self) -> None:
        """Wait one tick for one frame and pass on what it means."""
        now_s = time.monotonic()
        if now_s - max(self._sign_s, self._pinged_s) > self._settings.ping_s:
            self._socket.ping()
            self._pinged_s = now_s
        try:
            kind, frame = self._socket.recv_data_frame(control_frame=True)
        except websocket.WebSocketTimeoutException:
            return
        self._sign_s = time.monotonic()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            raise websocket.WebSocketConnectionClosedException("closed by the server")
        if kind == websocket.ABNF.OPCODE_TEXT:
            self._pass_on(parse_text(frame.data))
        elif kind == websocket.ABNF.OPCODE_BINARY:
            self._pass_on(parse_binary(frame.data))

    def _pass_on(self, event: Event) -> None:
        self._heard_s = self._sign_s
        if isinstance(event, Status) and event.queue_remaining is not None:
            self._busy = event.queue_remaining > 0
        elif isinstance(event, Executing) and event.node is not None:
            self._busy = True
        self._deliver(event)

    def _doubtful(self) -> bool:
        """Whether the connection is dead, or open and yet told nothing."""
        now_s, settings = time.monotonic(), self._settings
        if now_s - self._sign_s > settings.dead_s:
            return True
        submission = self._client.last_submission
        if submission is not None and submission.asked_s > self._heard_s:
            # Every socket is told of a prompt that is taken; this one was not.
            return now_s - submission.accepted_s > settings.deaf_s
        return self._busy and now_s - self._heard_s > settings.quiet_s

    def _close(self) -> None:
        """Close in full, so that the server has seen the end of this socket before the next one comes."""
        with suppress(websocket.WebSocketException, OSError, ValueError):
            self._socket.close(timeout=self._settings.goodbye_s)
        self._socket.shutdown()


def _straight_socket(url: str, timeout_s: float) -> socket.socket:
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    plain = socket.create_connection((parts.hostname, parts.port or (443 if secure else 80)), timeout_s)
    if not secure:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    except OSError:
        plain.close()
        raise
