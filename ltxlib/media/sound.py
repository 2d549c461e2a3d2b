"""The sound of clips: each clip's samples sit exactly under its pictures.

Everything runs at 48 kHz stereo. Every edge of real sound gets a ramp of 5 ms, so nothing clicks. How clips,
beds and music become one film is told in `mix.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.soundtrack import Soundtrack
from ltxlib.core.timeline import Timeline
from ltxlib.media.floats import CHANNELS, RATE_HZ, Floats, overwrite, write_floats
from ltxlib.media.probe import ClipInfo, first_sound, open_clip
from ltxlib.media.ramps import SOFT, falling, rising

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CHANNELS", "EDGE_S", "RATE_HZ", "clip_sound", "film_sound", "heard_blocks", "heard_clip"]

EDGE_S = 0.005


def film_sound(
    timeline: Timeline,
    clips: Sequence[ClipInfo],
    fade_frames: tuple[int, int] = (0, 0),
    soundtrack: Soundtrack | None = None,
) -> Iterator[np.ndarray]:
    """The whole mix as blocks of float32, samples x 2; together exactly the film's samples, to the last one.

    clips, fade_frames: as for `picture.film_frames`. A thin use of `mix.Mix`. Raises as that does.
    """
    from ltxlib.media.mix import Mix

    fades = tuple(timeline.sample_at(frames, RATE_HZ) for frames in fade_frames)
    with tempfile.TemporaryDirectory(prefix="ltx-sound-") as room:
        mix = Mix(timeline, clips, soundtrack or Soundtrack(), Path(room), fades=(fades[0], fades[1]))
        yield from mix.span(0, mix.samples)


def clip_sound(info: ClipInfo, samples: int) -> np.ndarray:
    """One clip's sound as float32, samples x 2, from its first picture on, cut or filled to `samples`.

    Mono plays on both sides, more than two channels are mixed down. Raises ClipUnreadable.
    """
    with tempfile.TemporaryDirectory(prefix="ltx-sound-") as room:
        return heard_clip(info, samples, Path(room) / "clip.f32").read(0, samples)


def heard_clip(info: ClipInfo, samples: int, path: Path) -> Floats:
    """A clip's sound in a file at `path`, as far as `samples` from its first picture on, its edges softened.

    Raises ClipUnreadable, MediaError.
    """
    if not info.has_audio or samples <= 0:
        return write_floats(path, ())
    with open_clip(info.path) as container:
        picture, sound = container.streams.video[0], first_sound(container)
        picture_s = float((picture.start_time or 0) * picture.time_base)
        start_s, blocks = heard_blocks(container, sound)
        first = round((start_s - picture_s) * RATE_HZ)
        # AAC works in blocks of 1024: what stands after the end the file tells is padding, not sound.
        most = min(round(info.audio_duration_s * RATE_HZ), samples - first)
        left = max(-first, 0)
        heard = write_floats(path, _later(blocks, left), max(most - left, 0))
    softened(heard)
    return Floats(path, heard.count, max(first, 0))


def heard_blocks(container: Any, sound: Any) -> tuple[float, Iterator[np.ndarray]]:
    """When a stream of sound begins, in seconds, and all of it as blocks of samples x 2 at 48 kHz.

    Mono plays on both sides, more than two channels are mixed down. Use it while `open_clip` is open.
    """
    frames = container.decode(sound)
    first = next(frames, None)
    if first is None:
        return 0.0, iter(())
    return float((first.pts or 0) * first.time_base), _resampled(first, frames)


def softened(heard: Floats) -> None:
    """Lets the sound of a file begin and end softly, in the file."""
    count = min(round(EDGE_S * RATE_HZ), heard.count // 2)
    if count:
        last = heard.count - count
        head, tail = heard.read(0, count), heard.read(last, heard.count)
        overwrite(heard, 0, head * rising(SOFT, count, 0, count)[:, None])
        overwrite(heard, last, tail * falling(SOFT, count, 0, count)[:, None])


def _resampled(first: Any, frames: Iterator[Any]) -> Iterator[np.ndarray]:
    import numpy as np
    from av.audio.resampler import AudioResampler

    # Sound may change its kind on the way; each kind has a resampler, which in the end gives what it holds.
    for kind, alike in groupby(chain([first], frames), _kind):
        layout = "mono" if kind[0] == 1 else "stereo"
        resampler = AudioResampler(format="fltp", layout=layout, rate=RATE_HZ)
        for frame in chain(alike, [None]):
            for ready in resampler.resample(frame):
                heard = ready.to_ndarray().T
                if len(heard):
                    both = np.broadcast_to(heard, (len(heard), CHANNELS))
                    yield np.ascontiguousarray(both, dtype=np.float32)


def _kind(frame: Any) -> tuple[int, str, str, int]:
    return frame.layout.nb_channels, frame.layout.name, frame.format.name, frame.sample_rate


def _later(blocks: Iterator[np.ndarray], left: int) -> Iterator[np.ndarray]:
    """The blocks without their first `left` samples."""
    for block in blocks:
        if left < len(block):
            yield block[left:]
        left = max(left - len(block), 0)
