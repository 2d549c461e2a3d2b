"""A stand-in for Hugging Face on loopback: files in repositories, a store behind them, and their faults.

The hub answers HEAD with where the file lies, its size and its SHA-256, as the real one does for large files;
the store gives ranges of it, by an address that is good for a while.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_PLANTEDPLANTEDPLANTED"
# What is given at once; what of it reached nobody counts as given.
GIVEN_BYTES = 2**18
_BLOCK_BYTES = 2**20


class Drawn:
    """A file of any size that lies nowhere: a seed gives the same bytes again, no block is like another."""

    def __init__(self, size_bytes: int, seed: int = 0) -> None:
        self.size_bytes = size_bytes
        self._block = random.Random(seed).randbytes(_BLOCK_BYTES - 8)
        self._digest = ""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self.size_bytes

    def __getitem__(self, span: slice) -> bytes:
        first, last, _ = span.indices(self.size_bytes)
        start = first // _BLOCK_BYTES
        blocks = [
            number.to_bytes(8, "big") + self._block for number in range(start, -(-last // _BLOCK_BYTES))
        ]
        whole = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        return whole[first - start * _BLOCK_BYTES : last - start * _BLOCK_BYTES]

    @property
    def sha256(self) -> str:
        """The SHA-256 of it all, counted once."""
        with self._lock:
            if not self._digest:
                digest = hashlib.sha256()
                for at in range(0, self.size_bytes, _BLOCK_BYTES):
                    digest.update(self[at : at + _BLOCK_BYTES])
                self._digest = digest.hexdigest()
            return self._digest


@dataclass
class Hub:
    """What the hub has and how it behaves.

    files: by "repository/path". gated: repositories that want a token; agreed: whose account agreed. gone:
    repositories that are not there. cuts: how many answers of the store end after `cut_after` bytes. expires:
    how many addresses are refused once before a fresh one is asked for. told_size, told_sha: lies.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    agreed: bool = True
    gone: set[str] = field(default_factory=set)
    cuts: int = 0
    cut_after: int = 1000
    expires: int = 0
    status: int = 0
    whole_only: bool = False
    told_size: int | None = None
    told_sha: str | None = None
    own_store: bool = False
    served: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    tokens_at_store: list[str] = field(default_factory=list)
    slow_after: int | None = None
    slow_s: float = 0.05
    hold: threading.Event | None = None
    arrived: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""
    store: str = ""


class _Answers(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """What waits in a large buffer on this side was never on its way, and would be counted as given."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, GIVEN_BYTES)
        super().setup()

    def log_message(self, *_words: object) -> None:
        """Quiet."""

    def _say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        """Where a file lies, its size and its content's mark."""
        self._resolve()

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _resolve(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path).lstrip("/")
        hub.asked.append(f"{self.command} {path}")
        repo, _, name = path.partition("/resolve/main/")
        if hub.status:
            return self._say(hub.status)
        if self._token() and self._token() != TOKEN:
            return self._say(401, X_Error_Message="Invalid credentials in Authorization header")
        if repo in hub.gone:
            return self._say(401 if not self._token() else 404, X_Error_Code="RepoNotFound")
        if repo in hub.gated and not (self._token() and hub.agreed):
            return self._say(401 if not self._token() else 403, X_Error_Code="GatedRepo")
        data = hub.files.get(f"{repo}/{name}")
        if data is None:
            return self._say(404, X_Error_Code="EntryNotFound")
        digest = hub.told_sha or (
            data.sha256 if isinstance(data, Drawn) else hashlib.sha256(data).hexdigest()
        )
        size = len(data) if hub.told_size is None else hub.told_size
        if hub.own_store:
            # As small files are given: by the hub itself.
            if self.command == "GET":
                return self._give(f"{repo}/{name}")
            return self._say(200, ETag=f'"{digest}"', Content_Length=str(size), X_Repo_Commit="0" * 40)
        number = sum(line.startswith("HEAD") for line in hub.asked)
        return self._say(
            302,
            Location=f"{hub.store}/store/{repo}/{name}?address={number}",
            X_Linked_Size=str(size),
            X_Linked_Etag=f'"{digest}"',
            X_Repo_Commit="0" * 40,
        )

    def do_GET(self) -> None:
        """A range of a file from the store, or the names in a repository."""
        hub, path = self.hub, unquote(urlsplit(self.path).path).lstrip("/")
        if path.startswith("api/models/"):
            repo = path.removeprefix("api/models/").partition("/tree/")[0]
            names = [key.removeprefix(f"{repo}/") for key in hub.files if key.startswith(f"{repo}/")]
            tree = [{"type": "file", "path": name, "size": 1, "oid": "0"} for name in names]
            return self._say(200, json.dumps(tree).encode(), Content_Type="application/json")
        if not path.startswith("store/"):
            return self._resolve()
        return self._give(path.removeprefix("store/"))

    def _give(self, key: str) -> None:
        hub = self.hub
        if self._token():
            hub.tokens_at_store.append(self._token())
        if hub.expires:
            hub.expires -= 1
            return self._say(403)
        data = hub.files[key]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if wanted is None or hub.whole_only:
            return self._say(200, data[0 : len(data)])
        first, last = int(wanted[1]), min(int(wanted[2]) + 1, len(data))
        told: dict[str, Any] = {"Content_Range": f"bytes {first}-{last - 1}/{len(data)}"}
        told["Content_Length"] = str(last - first)
        cut = hub.cuts > 0 and last - first > hub.cut_after
        if cut:
            hub.cuts -= 1
            last = first + hub.cut_after
        if hub.hold is not None and hub.slow_after is None and first > 0:
            hub.arrived.set()
            hub.hold.wait(30)
        try:
            self._say(206, b"", **told)
            self._stream(key, data, first, last)
        except OSError:
            # Whoever asked is gone.
            self.close_connection = True
            return None
        if cut:
            self.wfile.flush()
            self.close_connection = True
        return None

    def _stream(self, key: str, data: bytes | Drawn, first: int, last: int) -> None:
        hub = self.hub
        for at in range(first, last, GIVEN_BYTES):
            if hub.slow_after is not None and hub.hold and sum(hub.served.values()) >= hub.slow_after:
                hub.arrived.set()
                hub.hold.wait(hub.slow_s)
            piece = memoryview(data[at : min(at + GIVEN_BYTES, last)])
            while piece:
                sent = self.connection.send(piece)
                with hub.lock:
                    hub.served[key] += sent
                piece = piece[sent:]


@contextmanager
def hub_running(hub: Hub | None = None) -> Iterator[Hub]:
    """A hub and its store, each on a port of its own."""
    hub = hub or Hub()
    answers = type("Answers", (_Answers,), {"hub": hub})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), answers) for _ in range(2)]
    # Two names for two hosts: what stays on one host is followed without being told.
    hub.url, hub.store = (
        f"http://{host}:{server.server_address[1]}"
        for host, server in zip(("127.0.0.1", "localhost"), servers, strict=True)
    )
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hub
    finally:
        if hub.hold is not None:
            hub.hold.set()
        for server in servers:
            server.shutdown()
            server.server_close()
