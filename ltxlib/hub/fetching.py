"""Fetches one large file, in parallel and so that nothing that came is fetched twice, whoever dies meanwhile.

huggingface_hub moves the bytes (`spans.py`). Its own
`hf_hub_download` would begin again from nothing after a kill (1.33: each run has a part file of its own, with
hf_xet too), which at 43 GB is money; so where bytes go and which are here is kept by us:

    NAME.MARK.part   the file, bytes in their place          MARK: of the file's content at Hugging Face
    NAME.MARK.log    a line "from up-to" for each run of bytes that is in it

Only a file whose size and SHA-256 are right gets its name.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.core.fetched import Span, bytes_in, missing, read_log
from ltxlib.errors import Cancelled, HubError
from ltxlib.hub.asking import Remote, ask
from ltxlib.hub.spans import read_span

# At most this much is asked for at once: an address of Hugging Face's store is good for some minutes only.
PIECE_BYTES = 256 * 2**20
AT_ONCE = 4
FEWEST_TRIES = 2
BLOCK_BYTES = 8 * 2**20
PAUSED = "The download is paused; what is here already is kept."


@dataclass(frozen=True)
class Progress:
    """How far one file is. phase: "fetching" or "checking"; both count bytes of the whole file."""

    file: ModelFile
    phase: str
    done_bytes: int
    size_bytes: int


Tell = Callable[[Progress], None]


def fetch(
    file: ModelFile,
    to: Path,
    staging: Path,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    tell: Tell | None = None,
    cancel: threading.Event | None = None,
) -> str:
    """Brings the file to `to`, whole and checked; gives its SHA-256.

    staging: a folder on the same disk for what is not whole yet; calling this again goes on from there. tell
    is called from several threads. Raises HubError, Cancelled (paused).
    """
    remote = ask(file, token, endpoint)
    if file.sha256 and remote.sha256 and file.sha256 != remote.sha256:
        raise HubError(
            f"{file.name} at Hugging Face was changed: it is not the file that the kit was made for.",
            cure="Update the kit, or put the file that you trust into its folder by hand.",
        )
    transfer = _Transfer(file, remote, staging, (token, endpoint), tell, cancel or threading.Event())
    with _disk_errors(file):
        staging.mkdir(parents=True, exist_ok=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        transfer.run()
        digest = transfer.checked()
        transfer.part.replace(to)
        transfer.log.unlink(missing_ok=True)
    return digest


def have_bytes(file: ModelFile, staging: Path) -> int:
    """How much of a file lies in the staging folder already; 0 where nothing does."""
    found = 0
    for log in staging.glob(f"{_safe(file.name)}.*.log"):
        part = log.with_suffix(".part")
        if part.is_file():
            found = max(
                found, bytes_in(read_log(log.read_text("ascii", errors="replace"), part.stat().st_size))
            )
    return found


def forget(file: ModelFile, staging: Path) -> int:
    """Throws away what of a file lies in the staging folder; gives how many bytes of it were there."""
    had = have_bytes(file, staging)
    with _disk_errors(file):
        for old in staging.glob(f"{_safe(file.name)}.*"):
            old.unlink(missing_ok=True)
    return had


class _Transfer:
    """One file on its way: its part, its log, and the threads that fill them."""

    def __init__(
        self,
        file: ModelFile,
        remote: Remote,
        staging: Path,
        access: tuple[str | None, str | None],
        tell: Tell | None,
        cancel: threading.Event,
    ) -> None:
        self.file, self.remote, self.access = file, remote, access
        self.part = staging / f"{_safe(file.name)}.{remote.mark}.part"
        self.log = self.part.with_suffix(".log")
        self.tell, self.cancel = tell, cancel
        self.spans: list[Span] = []
        self.done_bytes = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def run(self) -> None:
        """Fetches what is missing. Raises HubError, Cancelled."""
        size = self.remote.size_bytes
        for old in self.part.parent.glob(f"{_safe(self.file.name)}.*"):
            # Of a file that was changed there since: its bytes fit no more.
            if old not in (self.part, self.log):
                old.unlink(missing_ok=True)
        with self.part.open("ab") as out:
            out.truncate(size)
        if self.log.is_file():
            text = self.log.read_text("ascii", errors="replace")
            self.spans = read_log(text, size)
            # A line that a kill cut off must not grow into a wrong one.
            self.log.write_text(text[: text.rfind("\n") + 1], "ascii")
        self.done_bytes = bytes_in(self.spans)
        self._told("fetching", self.done_bytes)
        tries = FEWEST_TRIES
        while gaps := list(missing(self.spans, size, PIECE_BYTES)):
            before = self.done_bytes
            fault = self._fill(gaps)
            if fault is None:
                continue
            # As long as something arrives it is worth going on; an address may simply have run out.
            tries = FEWEST_TRIES if self.done_bytes > before else tries - 1
            if isinstance(fault, Cancelled) or tries <= 0:
                raise fault
            self.remote = ask(self.file, *self.access)

    def _fill(self, gaps: list[Span]) -> HubError | Cancelled | None:
        """Fetches these spans, some at once; gives the first fault, after all threads ended."""
        self._stop.clear()
        fault: HubError | Cancelled | OSError | None = None
        with (
            self.part.open("r+b", buffering=0) as out,
            self.log.open("a", encoding="ascii") as log,
            ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool,
        ):
            running: set[Future[None]] = set()
            left = iter(gaps)
            while True:
                while fault is None and len(running) < AT_ONCE and (gap := next(left, None)):
                    running.add(pool.submit(self._piece, gap, out.fileno(), log))
                if not running:
                    break
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for one in ended:
                    problem = one.exception()
                    if isinstance(problem, (HubError, Cancelled, OSError)):
                        fault = fault or problem
                        self._stop.set()
                    elif problem is not None:
                        raise problem
        if isinstance(fault, OSError):
            raise fault
        return fault

    def _piece(self, gap: Span, descriptor: int, log: Any) -> None:
        read_span(self.file, self.remote, self.access, gap, _Slot(self, gap, descriptor, log))

    def arrived(self, span: Span, log: Any) -> None:
        """Writes down that these bytes are in the part, and tells."""
        with self._lock:
            log.write(f"{span[0]} {span[1]}\n")
            log.flush()
            self.spans.append(span)
            self.done_bytes += span[1] - span[0]
            done = self.done_bytes
        self._told("fetching", done)

    def must_end(self) -> None:
        """Raises Cancelled when somebody paused the download, or another piece of it failed."""
        if self.cancel.is_set() or self._stop.is_set():
            raise Cancelled(PAUSED, cure="Press the button again to go on.")

    def checked(self) -> str:
        """The SHA-256 of the whole part, after it was compared. Raises HubError when it came damaged."""
        digest, done = hashlib.sha256(), 0
        with self.part.open("rb") as whole:
            while block := whole.read(BLOCK_BYTES):
                if self.cancel.is_set():
                    raise Cancelled(PAUSED, cure="Press the button again to go on.")
                digest.update(block)
                done += len(block)
                self._told("checking", done)
            os.fsync(whole.fileno())
        found = digest.hexdigest()
        for wanted in (self.remote.sha256, self.file.sha256):
            if wanted and wanted != found:
                self.part.unlink()
                self.log.unlink(missing_ok=True)
                raise HubError(
                    f"{self.file.name} came damaged: it is not what Hugging Face has. It was thrown away.",
                    cure="Fetch it once more.",
                )
        return found

    def _told(self, phase: str, done: int) -> None:
        if self.tell is not None:
            self.tell(Progress(self.file, phase, done, self.remote.size_bytes))


class _Slot:
    """Where the bytes of one span go; as much of a file object as `http_get` writes to."""

    def __init__(self, transfer: _Transfer, gap: Span, descriptor: int, log: Any) -> None:
        self._transfer, self._at, self._end = transfer, gap[0], gap[1]
        self._descriptor, self._log = descriptor, log

    def write(self, data: bytes) -> int:
        """Puts bytes where they belong and writes down that they are there."""
        self._transfer.must_end()
        if self._at + len(data) > self._end:
            self.truncate()
        view, first = memoryview(data), self._at
        while view:
            written = os.pwrite(self._descriptor, view, self._at)
            view, self._at = view[written:], self._at + written
        self._transfer.arrived((first, self._at), self._log)
        return len(data)

    def tell(self) -> int:
        """Asked for only to go back to the beginning, see `truncate`."""
        return self._at

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """As `tell`."""
        return self._at

    def truncate(self, _size: int | None = None) -> int:
        """The server began the file from its start though a part of it was asked for. Raises HubError."""
        raise HubError(
            f"The server does not give parts of {self._transfer.file.name}, so it cannot be fetched safely.",
            cure="Fetch it with another address in HF_ENDPOINT, or by hand.",
        )


@contextmanager
def _disk_errors(file: ModelFile) -> Iterator[None]:
    """Turns what the disk (or a size that does not fit) says into HubError."""
    try:
        yield
    except OSError as error:
        told = error.strerror or "fewer bytes came than were announced"
        raise HubError(
            f"{file.name} could not be written: {told}.",
            cure="Look whether the disk is full or read-only, then go on: what is here already is kept.",
        ) from error


def _safe(name: str) -> str:
    """A file's name without any folder."""
    return Path(name.replace("\\", "/")).name
