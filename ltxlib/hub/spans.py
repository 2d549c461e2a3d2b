"""Reads a span of a remote file by huggingface_hub's `http_get`: ranges, another try after a cut."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.core.fetched import Span
from ltxlib.errors import HubError
from ltxlib.hub.asking import Remote, ask, hub_errors, keep_quiet

# What has arrived but is not written yet is what a kill can lose, in each span that is being read.
CHUNK_BYTES = 2**20
# What waits unread in the system is lost by a kill too, and it grows to 32 MiB a connection where the disk is
# slower than the network. This much still lets 100 MB a second through on a way of 10 ms, in each connection.
WINDOW_BYTES = 2**20
_MOST_WINDOW = Path("/proc/sys/net/core/rmem_max")
# Enough for a connection to come up to its speed; a second or two on a pod.
TRIAL_BYTES = 64 * 2**20


_LOCK = threading.Lock()


class Sink(Protocol):
    """Where the bytes of a span go; as much of a file object as `http_get` uses."""

    def write(self, data: bytes) -> int:
        """Take these bytes."""
        ...

    def tell(self) -> int:
        """Asked for only to go back to the beginning, see `truncate`."""
        ...

    def seek(self, offset: int, whence: int = 0) -> int:
        """As `tell`."""
        ...

    def truncate(self, size: int | None = None) -> int:
        """The server began the file from its start though a part of it was asked for."""
        ...


def read_span(
    file: ModelFile, remote: Remote, access: tuple[str | None, str | None], span: Span, sink: Sink
) -> None:
    """Brings the bytes of one span. access: token and endpoint. Raises HubError, and OSError of the disk."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    token, endpoint = access
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    # The token is for Hugging Face, not for the store that its addresses lead to.
    headers = build_hf_headers(token=(token or False) if remote.own_host else False)
    headers |= {"Range": f"bytes={span[0]}-{span[1] - 1}", "Accept-Encoding": "identity"}
    keep_quiet()
    _bound_buffers()
    with hub_errors(file, token, endpoint):
        try:
            http_get(
                remote.url,
                sink,  # type: ignore[arg-type]
                headers=headers,
                expected_size=span[1] - span[0],
                displayed_filename=file.name,
                tqdm_class=_silent_bar(),
            )
        except OSError as error:
            if error.errno is not None:
                raise
            # huggingface_hub's own, not the disk's: the answer ended before its end.
            raise HubError(f"{file.name} ended before its end.") from error


def measure(
    file: ModelFile,
    at_once: int,
    token: str | None = None,
    endpoint: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """How fast this file would come, in bytes a second: its first part is read and thrown away.

    Raises HubError.
    """
    remote = ask(file, token, endpoint)
    length = min(remote.size_bytes, TRIAL_BYTES)
    edges = [length * number // at_once for number in range(at_once + 1)]
    spans = [(first, last) for first, last in pairwise(edges) if first < last]
    began = clock()
    with ThreadPoolExecutor(at_once, thread_name_prefix="measure") as pool:
        access, sink = (token, endpoint), _Nowhere()
        for done in [pool.submit(read_span, file, remote, access, one, sink) for one in spans]:
            done.result()
    return length / max(clock() - began, 1e-6)


def _bound_buffers() -> None:
    """Has every connection that answers keep no more than WINDOW_BYTES unread."""
    from huggingface_hub import get_session

    with _LOCK:
        client = get_session()
        hooks = client.event_hooks
        if _bound not in hooks["response"]:
            client.event_hooks = {**hooks, "response": [*hooks["response"], _bound]}


def _bound(response: Any) -> None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is None:
        return
    try:
        most = int(_MOST_WINDOW.read_text("ascii"))
        # The system takes less without a word where its limit is lower, and that would make it slow.
        if most >= WINDOW_BYTES:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, WINDOW_BYTES)
    except (OSError, ValueError, AttributeError):
        # Another system than Linux: then a kill may cost more, and nothing else.
        return


class _Nowhere:
    """Takes bytes and keeps none."""

    def write(self, data: bytes) -> int:
        return len(data)

    def tell(self) -> int:
        return 0

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return 0

    def truncate(self, _size: int | None = None) -> int:
        return 0


def _silent_bar() -> type:
    """huggingface_hub wants a progress bar; this one shows nothing."""
    from tqdm import tqdm

    class Silent(tqdm):  # type: ignore[type-arg]
        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **{**options, "disable": True})

    return Silent
