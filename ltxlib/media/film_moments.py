"""Single moments of a finished film and of the clips that it is made of, to hold one against the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media.picture import film_frames, plane_of
from ltxlib.media.probe import ClipInfo, first_picture, first_sound, open_clip, probe
from ltxlib.media.sound import RATE_HZ

if TYPE_CHECKING:
    import numpy as np

# A decoder needs some packets before what it gives is right.
RUN_UP_S = 0.2
# From here on a file is not read from its start.
NEAR_START_S = 30.0
# Every so many-th pixel of every so many-th row is enough to tell pictures apart.
EVERY = 2


@dataclass(frozen=True)
class Place:
    """Where a film's frame comes from: the cut's number, the cut, and the moment of its clip in seconds."""

    number: int
    cut: Cut
    clip_s: Fraction


class Sources:
    """The clips of a timeline, read only where somebody looks."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline, self.starts = timeline, timeline.starts_frames
        self.joints = (*timeline.joints_frames, 0)
        self._known: dict[str, ClipInfo] = {}

    def info(self, cut: Cut) -> ClipInfo:
        """The facts of a cut's clip. Raises ClipUnreadable."""
        if cut.clip not in self._known:
            self._known[cut.clip] = probe(Path(cut.clip))
        return self._known[cut.clip]

    def alone(self, number: int) -> tuple[int, int]:
        """From which frame to which a cut shows without its neighbours, if the second is the later one."""
        cut, cuts = self.timeline.cuts[number], self.timeline.cuts
        dark = cuts[number + 1].black_frames if number + 1 < len(cuts) else 0
        first = self.starts[number] + max(self.joints[number], cut.black_frames if number else 0)
        return first, self.starts[number] + cut.frames - max(self.joints[number + 1], dark)

    def place(self, number: int, frame: int) -> Place:
        """Where cut `number` has the frame of the film."""
        cut = self.timeline.cuts[number]
        return Place(number, cut, (frame - self.starts[number] + cut.skip_frames) / self.timeline.fps)

    def showing(self, first: int, last: int) -> list[int]:
        """The numbers of the cuts that show in some frames of the film."""
        return [
            number
            for number, (start, cut) in enumerate(zip(self.starts, self.timeline.cuts, strict=True))
            if start < last and start + cut.frames > first
        ]

    def lumas(self, first: int, last: int) -> list[np.ndarray]:
        """The brightness of the pictures that these frames should show (the film's own fades left out)."""
        numbers = self.showing(first, last)
        begin = self.starts[numbers[0]]
        cuts = self.timeline.cuts[numbers[0] : numbers[-1] + 1]
        part = replace(self.timeline, cuts=cuts)
        clips = [self.info(cut) for cut in cuts]
        wanted = (first - begin, min(last - begin, part.frames))
        return [_luma(frame) for frame in film_frames(part, clips, (0, 0), wanted)]


class Reader:
    """A film or clip held open, to look at many moments of it: ten hours of tables take a while to open."""

    def __init__(self, path: Path) -> None:
        self._path, self._open = path, ExitStack()
        self._container: Any = None
        self._read = False

    def __enter__(self) -> Reader:
        self._container = self._open.enter_context(open_clip(self._path))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        import av

        try:
            yield
        except av.error.FFmpegError as error:
            raise ClipUnreadable(f"{self._path.name} cannot be read ({error.strerror}).") from error

    def lumas(self, fps: Fraction, first: int, last: int) -> dict[int, np.ndarray]:
        """The brightness of some frames, by their number."""
        found: dict[int, np.ndarray] = {}
        picture = first_picture(self._container)
        self._read = True
        with self._reading():
            self._container.seek(int(first / fps / picture.time_base), stream=picture)
            for frame in self._container.decode(picture):
                number = round((frame.pts or 0) * picture.time_base * fps)
                if number >= last:
                    break
                if number >= first:
                    found[number] = _luma(frame)
        return found

    def sound(self, centre: int, half: int) -> tuple[np.ndarray, np.ndarray]:
        """The samples (2 x `half`, both sides) around one, and whether each is there at all.

        centre: counted at 48 kHz from the first picture on.
        """
        import numpy as np

        result, there = np.zeros((2 * half, 2), np.float32), np.zeros(2 * half, bool)
        picture, sound = first_picture(self._container), first_sound(self._container)
        if sound is None or picture is None:
            return result, there
        origin_s = Fraction((picture.start_time or 0) * picture.time_base)
        from_s = origin_s + Fraction(centre - half, RATE_HZ) - Fraction(RUN_UP_S)
        with self._reading():
            if from_s > NEAR_START_S:
                self._container.seek(int(from_s / sound.time_base), stream=sound)
            elif self._read:
                # Not at once: some kinds of file cannot be gone back in.
                self._container.seek(int(sound.start_time or 0), stream=sound)
            self._read = True
            for at, samples in _blocks(self._container, sound, origin_s):
                first = at - (centre - half)
                if first >= 2 * half:
                    break
                low, high = max(first, 0), min(first + samples.shape[1], 2 * half)
                if low < high:
                    result[low:high] = samples[:, low - first : high - first].T
                    there[low:high] = True
        return result, there


def sound_around(path: Path, centre: int, half: int) -> tuple[np.ndarray, np.ndarray]:
    """As `Reader.sound`, of a file that is opened for it. Raises ClipUnreadable."""
    with Reader(path) as reader:
        return reader.sound(centre, half)


def _luma(frame: Any) -> np.ndarray:
    return plane_of(frame, 0)[::EVERY, ::EVERY].copy()


def _blocks(container: Any, sound: Any, origin_s: Fraction) -> Any:
    """Decoded sound at 48 kHz with the place of its first sample."""
    from av.audio.resampler import AudioResampler

    layout = "mono" if sound.codec_context.channels == 1 else "stereo"
    resampler, at = AudioResampler(format="fltp", layout=layout, rate=RATE_HZ), None
    for frame in container.decode(sound):
        if at is None:
            at = round(((frame.pts or 0) * frame.time_base - origin_s) * RATE_HZ)
        for ready in resampler.resample(frame):
            yield at, ready.to_ndarray()
            at += ready.samples
    for ready in resampler.resample(None):
        yield at, ready.to_ndarray()
        at += ready.samples


def later(film: np.ndarray, clip: np.ndarray) -> tuple[int, float, float]:
    """By how many samples the film's sound is later than the clip's, how alike both are then, and unshifted.

    film: some samples; clip: as many and equally more on both sides. Likeness: 0 not at all, 1 the same.
    """
    import numpy as np

    film, clip = film - film.mean(), clip - clip.mean()
    reach = (len(clip) - len(film)) // 2
    size = 1 << (len(clip) + len(film)).bit_length()
    product = np.fft.irfft(np.fft.rfft(clip, size) * np.conj(np.fft.rfft(film, size)), size)[: 2 * reach + 1]
    sums = np.concatenate([[0.0], np.cumsum(clip.astype(np.float64) ** 2)])
    energy = sums[len(film) :][: 2 * reach + 1] - sums[: 2 * reach + 1]
    scale = np.sqrt(np.maximum(energy, 1e-12) * max(float(np.dot(film, film)), 1e-12))
    likeness = product / scale
    best = int(np.argmax(likeness))
    return reach - best, float(likeness[best]), float(likeness[reach])


def nearest(frame: int, found: dict[int, np.ndarray], wanted: np.ndarray) -> tuple[int, float, float]:
    """Which of a film's pictures comes nearest to the wanted one, how far off it is, and how far frame is."""
    import numpy as np

    far = {
        number: float(np.mean((luma.astype(np.float32) - wanted) ** 2))
        for number, luma in found.items()
        if luma.shape == wanted.shape
    }
    best = min(far, key=lambda number: (far[number], abs(number - frame)))
    return best - frame, far[best], far[frame]


def anchors(sources: Sources, lit_frames: int) -> Sequence[int]:
    """The numbers of the cuts at the start, in the middle and at the end of what is to be seen."""
    last = max(n for n, start in enumerate(sources.starts) if start < lit_frames or n == 0)
    return sorted({0, last // 2, last})
