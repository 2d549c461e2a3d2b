"""The rehearsal server: a thread that answers like ComfyUI, and a thread that draws what it is asked for."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from ltxlib.errors import ComfyError, StoreError
from ltxlib.rehearsal.aside import sweep
from ltxlib.rehearsal.faults import FaultPlan
from ltxlib.rehearsal.routes import MAX_BODY_BYTES, application
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.rehearsal.state import Folders, RehearsalState
from ltxlib.rehearsal.worker import Worker

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
STOP_WAIT_S = 20.0


class RehearsalServer:
    """A ComfyUI-compatible server on this machine only; a context manager.

    output_dir, input_dir: as ComfyUI's folders of these names; made when missing.
    port: 0 chooses a free one, which is kept when the server is stopped and started again.
    After stop() or an ordered death, start() is a restart: queue, history and cache are empty.
    Raises StoreError when a folder cannot be made, ComfyError when the port is taken.
    """

    def __init__(
        self,
        output_dir: Path | str,
        input_dir: Path | str,
        *,
        port: int = 0,
        settings: RehearsalSettings | None = None,
    ) -> None:
        self.output_dir, self.input_dir = Path(output_dir), Path(input_dir)
        self.settings = settings or RehearsalSettings()
        self.faults = FaultPlan()
        self.port = port
        self.exits_on_death = False
        self._temp: tempfile.TemporaryDirectory[str] | None = None
        self._thread: threading.Thread | None = None
        self._loop: IOLoop | None = None
        self._stop_asked: asyncio.Event | None = None
        self._worker: Worker | None = None
        self._state: RehearsalState | None = None
        self._gone = threading.Event()
        self._gone.set()

    @property
    def url(self) -> str:
        """The address, `http://127.0.0.1:PORT`; known once started."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether it answers; False before start, after stop and after an ordered death."""
        return not self._gone.is_set()

    def wait_until_gone(self, timeout_s: float | None = None) -> bool:
        """Wait until it has stopped or died; False when it still runs after timeout_s."""
        return self._gone.wait(timeout_s)

    def start(self) -> RehearsalServer:
        """Come up and answer; nothing happens when it is up already."""
        if self.running:
            return self
        self.stop()
        for folder in (self.output_dir, self.input_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"The rehearsal needs the folder {folder}, but it cannot be made."
                ) from error
        sweep(self.output_dir)
        self._temp = tempfile.TemporaryDirectory(prefix="ltx-rehearsal-")
        folders = Folders(self.output_dir.resolve(), self.input_dir.resolve(), Path(self._temp.name))
        self._state = RehearsalState(self.settings, folders, self.faults)
        try:
            sockets = bind_sockets(self.port, HOST)
        except OSError as error:
            self.stop()
            raise ComfyError(
                f"The rehearsal cannot use port {self.port}: {error.strerror}.",
                cure="Stop what uses the port (another ComfyUI or rehearsal), or choose another.",
            ) from error
        self.port = sockets[0].getsockname()[1]
        ready = threading.Event()
        self._gone.clear()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(sockets, ready)), name="rehearsal-server", daemon=True
        )
        self._thread.start()
        ready.wait(STOP_WAIT_S)
        self._worker = Worker(self._state, on_death=self._die)
        self.faults.on_now = self._worker.strike
        self._worker.start()
        log.info("rehearsal answers at %s", self.url)
        return self

    async def _serve(self, sockets: list, ready: threading.Event) -> None:
        state = self._state
        assert state is not None
        self._stop_asked = asyncio.Event()
        self._loop = IOLoop.current()
        state.hub.attach(self._loop)
        server = HTTPServer(application(state), max_buffer_size=MAX_BODY_BYTES, max_body_size=MAX_BODY_BYTES)
        server.add_sockets(sockets)
        ready.set()
        await self._stop_asked.wait()
        server.stop()
        state.hub.cut_all()
        await server.close_all_connections()
        self._gone.set()

    def _die(self) -> None:
        """An ordered death: the process is gone, or (in a thread) all that can be seen of it."""
        if self.exits_on_death:
            os._exit(1)
        self._ask_to_stop()

    def _ask_to_stop(self) -> None:
        if self._loop is not None and self._stop_asked is not None and self.running:
            self._loop.add_callback(self._stop_asked.set)

    def stop(self) -> None:
        """Go down: what runs is abandoned, sockets are cut, the threads have ended when this returns."""
        self._ask_to_stop()
        if self._worker is not None:
            self._worker.stop(STOP_WAIT_S)
            self._worker = None
        if self._thread is not None:
            self._thread.join(STOP_WAIT_S)
            self._thread = None
        if self._temp is not None:
            self._temp.cleanup()
            self._temp = None

    def __enter__(self) -> RehearsalServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve_forever(
    output_dir: Path | str,
    input_dir: Path | str,
    *,
    port: int = 8188,
    settings: RehearsalSettings | None = None,
    on_ready: Callable[[RehearsalServer], None] = lambda server: None,
) -> None:
    """Serve until SIGTERM or SIGINT (Ctrl-C), then stop cleanly; main thread only.

    on_ready is called with the server once it answers. An ordered death ends the process with code 1.
    """
    server = RehearsalServer(output_dir, input_dir, port=port, settings=settings)
    server.exits_on_death = True
    asked = threading.Event()
    before = {kind: signal.signal(kind, lambda *_: asked.set()) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        with server:
            on_ready(server)
            asked.wait()
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
