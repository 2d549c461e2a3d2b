"""The film's sound, mixed whole in floating point: each clip's samples sit exactly under its pictures.

Everything runs at 48 kHz stereo. A clip's sound is cut or filled with silence to the samples of its frames,
so a clip without sound, or one whose sound ends before its picture, moves nothing. Where clips overlap, sound
fades over exactly the pictures' overlap, at equal power, because the ambiences of two clips are not alike in
detail: a straight fade would dip by 3 dB in the middle. Every edge of real sound gets a ramp of 5 ms, so
nothing clicks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ltxlib.core.timeline import Timeline
from ltxlib.media.probe import ClipInfo, first_sound, open_clip

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 48_000
CHANNELS = 2
EDGE_S = 0.005


def film_sound(
    timeline: Timeline, clips: Sequence[ClipInfo], fade_frames: tuple[int, int] = (0, 0)
) -> Iterator[np.ndarray]:
    """The whole mix as blocks of float32, samples x 2; together exactly the film's samples, to the last one.

    clips, fade_frames: as for `picture.film_frames`. Only one clip's sound is in memory at a time.
    """
    total = timeline.sample_at(timeline.frames, RATE_HZ)
    fade_in, fade_out = (timeline.sample_at(frames, RATE_HZ) for frames in fade_frames)
    at = 0
    for block in _joined(timeline, clips):
        _fade(block, at, fade_in)
        _fade(block[::-1], total - at - len(block), fade_out)
        at += len(block)
        yield block


def clip_sound(info: ClipInfo, samples: int) -> np.ndarray:
    """One clip's sound as float32, samples x 2, from its first picture on, cut or filled to `samples`.

    Mono plays on both sides, more than two channels are mixed down. Raises ClipUnreadable.
    """
    import numpy as np

    result = np.zeros((samples, CHANNELS), np.float32)
    if not info.has_audio or samples == 0:
        return result
    first, heard = _decoded(info, samples)
    # AAC works in blocks of 1024: what stands after the end the file tells is padding, not sound.
    heard = heard[: round(info.audio_duration_s * RATE_HZ)]
    heard = heard[max(-first, 0) :]
    first = max(first, 0)
    heard = heard[: max(samples - first, 0)]
    _soften_edges(heard)
    result[first : first + len(heard)] = heard
    return result


def _joined(timeline: Timeline, clips: Sequence[ClipInfo]) -> Iterator[np.ndarray]:
    starts = timeline.starts_frames
    tail: Any = None
    for number, (cut, info) in enumerate(zip(timeline.cuts, clips, strict=True)):
        first = timeline.sample_at(starts[number], RATE_HZ)
        end = timeline.sample_at(starts[number] + cut.frames, RATE_HZ)
        skipped = timeline.sample_at(cut.skip_frames, RATE_HZ)
        sound = clip_sound(info, skipped + end - first)[skipped:]
        sound *= 10 ** (cut.gain_db / 20)
        if tail is not None and len(tail):
            _crossfade(tail, sound[: len(tail)], alike=cut.shared_frames is not None)
        if number + 1 < len(starts):
            end = timeline.sample_at(starts[number + 1], RATE_HZ)
        tail = sound[end - first :]
        yield sound[: end - first]


def _crossfade(leaving: np.ndarray, coming: np.ndarray, *, alike: bool = False) -> None:
    """Mixes the sound that leaves into the one that comes, at equal power; writes into `coming`.

    alike: both are the same sound, of which equal power would make more than there was.
    """
    import numpy as np

    if alike:
        share = (np.arange(len(coming), dtype=np.float32) + np.float32(0.5)) / np.float32(len(coming))
        coming *= share[:, None]
        coming += leaving * (1 - share)[:, None]
        return
    turn = (np.arange(len(coming), dtype=np.float32) + np.float32(0.5)) * np.float32(np.pi / 2 / len(coming))
    coming *= np.sin(turn)[:, None]
    coming += leaving * np.cos(turn)[:, None]


def _fade(block: np.ndarray, at: int, samples: int) -> None:
    """Lets the first `samples` of the film rise from silence; `at` is where the block starts in it."""
    import numpy as np

    count = min(len(block), samples - at)
    if count > 0:
        turn = (np.arange(at, at + count, dtype=np.float64) + 0.5) * (np.pi / 2 / samples)
        block[:count] *= (np.sin(turn) ** 2).astype(np.float32)[:, None]


def _soften_edges(heard: np.ndarray) -> None:
    import numpy as np

    count = min(round(EDGE_S * RATE_HZ), len(heard) // 2)
    if count:
        ramp = (np.sin((np.arange(count) + 0.5) * (np.pi / 2 / count)) ** 2).astype(np.float32)[:, None]
        heard[:count] *= ramp
        heard[len(heard) - count :] *= ramp[::-1]


def _decoded(info: ClipInfo, samples: int) -> tuple[int, np.ndarray]:
    """Where the sound starts against the first picture, in samples, and at least the samples asked for."""
    import numpy as np
    from av.audio.resampler import AudioResampler

    blocks: list[np.ndarray] = []
    start_s: float | None = None
    with open_clip(info.path) as container:
        picture, sound = container.streams.video[0], first_sound(container)
        picture_s = float((picture.start_time or 0) * picture.time_base)
        layout = "mono" if info.audio_channels == 1 else "stereo"
        resampler = AudioResampler(format="fltp", layout=layout, rate=RATE_HZ)
        count = 0
        for frame in container.decode(sound):
            if start_s is None:
                start_s = float((frame.pts or 0) * frame.time_base)
            for ready in resampler.resample(frame):
                blocks.append(ready.to_ndarray())
                count += blocks[-1].shape[1]
            if count + round((start_s - picture_s) * RATE_HZ) > samples:
                break
        else:
            blocks += [ready.to_ndarray() for ready in resampler.resample(None)]
    if not blocks:
        return 0, np.zeros((0, CHANNELS), np.float32)
    heard = np.concatenate(blocks, axis=1).T
    return round(((start_s or 0.0) - picture_s) * RATE_HZ), np.ascontiguousarray(
        np.broadcast_to(heard, (len(heard), CHANNELS)), dtype=np.float32
    )
