"""How far a download of several model files is: each of them, all together, the speed, the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.hub.fetching import Progress

ASKING, FETCHING, CHECKING, READY = "asking", "fetching", "checking", "ready"
_LEAST_S = 2.0
# The speed is that of the last seconds; what was at the beginning says little about the end.
_WINDOW_S = 20.0


@dataclass
class FileState:
    """How far one file is. phase: "" (waits), FETCHING, CHECKING or READY."""

    size_bytes: int
    done_bytes: int = 0
    phase: str = ""


@dataclass
class FetchState:
    """How far all files are. file and phase: of the one that is worked on; speed in bytes a second."""

    size_bytes: int
    done_bytes: int = 0
    file: str = ""
    phase: str = ""
    bytes_per_s: float = 0.0
    ready: list[str] = field(default_factory=list)
    files: dict[str, FileState] = field(default_factory=dict)

    @property
    def left_s(self) -> float | None:
        """About how long it still takes; None while that cannot be told."""
        return (self.size_bytes - self.done_bytes) / self.bytes_per_s if self.bytes_per_s else None


class Telling:
    """Grows a FetchState from what each file tells, and hands it on; it may be told from several threads.

    sizes: of all that is to be fetched, in bytes, by name.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        on_progress: Callable[[FetchState], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = FetchState(
            sum(sizes.values()), files={name: FileState(size) for name, size in sizes.items()}
        )
        self._on_progress, self._clock = on_progress, clock
        self._before = 0
        self._seen: list[tuple[float, int]] = []
        self._lock = threading.Lock()

    def tell(self, progress: Progress) -> None:
        """Take in one word of a file's progress."""
        with self._lock:
            state, file = self.state, self.state.files[progress.file.name]
            state.file, state.phase = progress.file.name, progress.phase
            if progress.phase == FETCHING:
                file.phase, file.done_bytes = FETCHING, max(file.done_bytes, progress.done_bytes)
                state.done_bytes = max(state.done_bytes, self._before + progress.done_bytes)
                self._measure()
            else:
                file.phase, file.done_bytes = CHECKING, progress.done_bytes
            self._hand_on()

    def _measure(self) -> None:
        now = self._clock()
        # What was here before counts as done, not as fast.
        self._seen.append((now, self.state.done_bytes))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_S:
            del self._seen[0]
        first_s, first_bytes = self._seen[0]
        if now - first_s >= _LEAST_S:
            self.state.bytes_per_s = (self.state.done_bytes - first_bytes) / (now - first_s)

    def ended(self, file: ModelFile, size_bytes: int) -> None:
        """A file is in its place, whole."""
        with self._lock:
            self._before += size_bytes
            self._seen.clear()
            self.state.ready.append(file.name)
            self.state.files[file.name] = FileState(size_bytes, size_bytes, READY)
            self._hand_on()

    def _hand_on(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.state)
