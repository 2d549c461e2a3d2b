"""Reads a span of a remote file by huggingface_hub's `http_get`: ranges, tries again after a cut connection.

What it logs of each try may name signed addresses, which are as good as a key, so it is kept quiet.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Protocol

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.core.fetched import Span
from ltxlib.errors import HubError
from ltxlib.hub.asking import Remote, ask, hub_errors

# What has arrived but is not written yet is what a kill can lose, in each span that is being read.
CHUNK_BYTES = 2**20
# Enough for a connection to come up to its speed; a second or two on a pod.
TRIAL_BYTES = 64 * 2**20


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
    with _quiet(), hub_errors(file, token, endpoint):
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


@contextmanager
def _quiet() -> Iterator[None]:
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    yield
