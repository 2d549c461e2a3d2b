"""Sound on the disk as plain floating point: 48 kHz stereo, any stretch of it read at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import MediaError

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 48_000
CHANNELS = 2
BLOCK = 1 << 16
_BYTES = 4 * CHANNELS


@dataclass(frozen=True)
class Floats:
    """A file of `count` samples x 2, float32; `first`: at which sample of its clip it begins, 0 or later."""

    path: Path
    count: int
    first: int = 0

    @property
    def end(self) -> int:
        """The sample after its last, counted as `first` is."""
        return self.first + self.count

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples `first` to `last`, counted as `first` is; silence where the file holds none."""
        import numpy as np

        found = np.zeros((last - first, CHANNELS), np.float32)
        low, high = max(first, self.first), min(last, self.end)
        if low < high:
            try:
                with self.path.open("rb") as file:
                    file.seek((low - self.first) * _BYTES)
                    data = file.read((high - low) * _BYTES)
            except OSError as error:
                raise MediaError(f"The sound laid aside for this film cannot be read ({error}).") from error
            found[low - first : high - first] = np.frombuffer(data, "<f4").reshape(-1, CHANNELS)
        return found

    def span(self, first: int, last: int) -> Iterator[np.ndarray]:
        """The same in blocks."""
        for at in range(first, last, BLOCK):
            yield self.read(at, min(at + BLOCK, last))


def write_floats(path: Path, blocks: Iterable[np.ndarray], most: int | None = None) -> Floats:
    """Writes blocks of samples x 2 one behind the other, at most so many samples. Raises MediaError."""
    count = 0
    try:
        with path.open("wb") as file:
            for block in blocks:
                wanted = block if most is None else block[: most - count]
                file.write(wanted.astype("<f4").tobytes())
                count += len(wanted)
                if most is not None and count >= most:
                    break
    except OSError as error:
        raise MediaError(
            f"The sound cannot be laid aside ({error.strerror}).", cure="Free some room on the disk."
        ) from error
    return Floats(path, count)


def overwrite(floats: Floats, at: int, samples: np.ndarray) -> None:
    """Writes these samples in the place of those that stand there; `at` counts from the file's first."""
    with floats.path.open("r+b") as file:
        file.seek(at * _BYTES)
        file.write(samples.astype("<f4").tobytes())
