"""What rendering a film would take, looked up beforehand: which of its pieces are coded already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from ltxlib.core.timeline import Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media.mezzanine import SUFFIX, Mould, digest_of, mould_of
from ltxlib.media.pieces import Span, plan_pieces
from ltxlib.media.settings import MasterSettings
from ltxlib.media.writer import Coding, FilmShape


@dataclass(frozen=True)
class Foreseen:
    """What of a film's picture is there and what is not.

    frames: of all its pieces, each once. missing_frames: of those that must be coded. there_bytes: how large
    those are that are there, as far as the film uses them.
    """

    frames: int
    missing_frames: int
    there_bytes: int


def foresee(timeline: Timeline, settings: MasterSettings, fade_frames: Span, cache_dir: Path) -> Foreseen:
    """What coding this timeline would take; clips that are not there count as new. Raises MediaError.

    Reads each clip once in the life of this process, codes nothing but one grey picture.
    """
    digests = [_digest(Path(cut.clip)) for cut in timeline.cuts]
    fps = timeline.fps
    mould = _mould(timeline.width_px, timeline.height_px, fps, settings.crf, settings.preset)
    there = dict(_there(cache_dir))
    frames = missing = used_bytes = 0
    seen: set[str] = set()
    for piece in plan_pieces(timeline, digests, fade_frames):
        key = mould.key(piece)
        size = there.get(key)
        if size is not None:
            used_bytes += size * (piece.used[1] - piece.used[0]) // piece.frames
        if key not in seen:
            frames += piece.frames
            missing += piece.frames if size is None else 0
        seen.add(key)
    return Foreseen(frames, missing, used_bytes)


def _digest(clip: Path) -> str:
    try:
        facts = clip.stat()
        return _digest_at(clip, facts.st_size, facts.st_mtime_ns)
    except (OSError, ClipUnreadable):
        return f"not there: {clip.name}"


@lru_cache(maxsize=2000)
def _digest_at(clip: Path, size: int, mtime_ns: int) -> str:
    return digest_of(clip, lambda: None)


@lru_cache(maxsize=8)
def _mould(width_px: int, height_px: int, fps: Fraction, crf: float, preset: str) -> Mould:
    return mould_of(FilmShape(width_px, height_px, fps), Coding(crf, preset, {}))


def _there(cache_dir: Path) -> Iterator[tuple[str, int]]:
    """The names of the pieces that are there, with their sizes."""
    for path in cache_dir.glob(f"*{SUFFIX}"):
        try:
            yield path.stem.partition("-")[0], path.stat().st_size
        except FileNotFoundError:
            continue
