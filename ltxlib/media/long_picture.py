"""The picture of a long film: its few coded pieces, and the order in which its tables name them.

abridged film    head | one round | tail            every piece of it coded once, kept in the cache
long film        head | one round | one round | ... | tail | black, black, black ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.longform import LongFilm, left_out, longest_joint, unrolled
from ltxlib.core.timeline import Timeline
from ltxlib.errors import MediaError
from ltxlib.media.join import out_of_order, packets_used
from ltxlib.media.mezzanine import Mould, coded_piece
from ltxlib.media.mp4_boxes import STREAM_TABLE, Track, box_in, plain_description
from ltxlib.media.picture import BLACK, plane_of
from ltxlib.media.pieces import LEAST_FRAMES, Piece, Span
from ltxlib.media.writer import group_frames

if TYPE_CHECKING:
    import numpy as np

# The clock of a track counts at least so finely, as players are used to.
FINEST_HZ = 10_000

Part = tuple[Piece, Path]


@dataclass(frozen=True)
class Abridged:
    """A film without those rounds of its middle that are like the one that stays.

    timeline: what is left. period: frames of a round. rounds: how many were left out. fades: in frames, from
    and to black. lit: how many frames of the film are not black for good. steady: the first frame from which
    on, and the frame up to which, the timeline shows the circle and nothing else.
    """

    timeline: Timeline
    period: int
    rounds: int
    fades: Span
    lit: int
    steady: Span

    def whole(self, parts: Sequence[Part]) -> list[Part]:
        """All parts of the film in order, from those of the abridged one. Raises MediaError."""
        if self.rounds == 0:
            return list(parts)
        starts = {piece.used[0]: number for number, (piece, _path) in enumerate(parts)}
        for first, number in sorted(starts.items()):
            again = starts.get(first + self.period)
            if again is not None and self.steady[0] <= first and first + self.period <= self.steady[1]:
                return [*parts[:again], *parts[number:again] * self.rounds, *parts[again:]]
        raise MediaError("The pieces of the loop do not fit together where it begins again.")


def abridged(film: LongFilm, fade_in: int, fade_out: int) -> Abridged:
    """What has to be coded of a film's picture; fade_in, fade_out: in frames."""
    circle, period = film.cycle, film.cycle_frames
    lit, fade_out = film.lit_frames, film.dusk_frames or fade_out
    if film.frames - lit < LEAST_FRAMES:
        lit = film.frames
    fade_in, fade_out = min(fade_in, lit // 2), min(fade_out, lit // 2)
    # The first cut does not melt out of the last one, nor the last into its next.
    joint = longest_joint(circle)
    head, tail = max(fade_in, joint), max(fade_out, joint)
    rounds = left_out(lit, period, head + tail + 2 * period)
    timeline = unrolled(circle, lit - rounds * period)
    return Abridged(timeline, period, rounds, (fade_in, fade_out), lit, (head, timeline.frames - tail))


def dark_parts(frames: int, mould: Mould, room: Path) -> list[Part]:
    """So many black pictures as parts, of which two at most are coded; none for 0 frames."""
    group = group_frames(mould.shape.fps)
    whole, last = divmod(frames, group)
    if last and whole:
        whole, last = whole - 1, last + group
    found: list[Part] = []
    for count, lasts in ((whole, group), (1, last)):
        if count and lasts:
            piece = Piece(0, lasts, (0, lasts), (0, 0), {"black": lasts})
            found += [(piece, coded_piece(repeat(_black(mould), lasts), lasts, mould, room))] * count
    return found


def _black(mould: Mould) -> Any:
    import av

    frame = av.VideoFrame(mould.shape.width_px, mould.shape.height_px, "yuv420p")
    for number, level in enumerate(BLACK):
        plane_of(frame, number)[:] = level
    frame.colorspace, frame.color_range = 1, 1
    return frame


def picture_track(parts: Sequence[Part], mould: Mould, media: Path, between: Callable[[], None]) -> Track:
    """Copies the packets of every different part into `media`, and tells in which order they make the film.

    between: called now and then, may stop the work. Raises MediaError, ClipUnreadable.
    """
    import numpy as np

    fps = mould.shape.fps
    ahead = max(out_of_order(path, fps) for path in dict.fromkeys(path for _piece, path in parts))
    known: dict[tuple[Path, int, int], _Packets] = {}
    order = []
    with media.open("wb") as file:
        for piece, path in parts:
            used = (path, piece.used[0] - piece.first, piece.used[1] - piece.first)
            if used not in known:
                between()
                known[used] = _copied(piece, path, mould, file, ahead)
            order.append(known[used])
    places, sizes, late, keys = (
        np.concatenate([getattr(packets, name) for packets in order])
        for name in ("places", "sizes", "late", "keys")
    )
    scale = -(-FINEST_HZ // fps.numerator)
    step = fps.denominator * scale
    return Track(
        media,
        places,
        sizes,
        plain_description(box_in(mould.sample, STREAM_TABLE)),
        fps.numerator * scale,
        step,
        step,
        ahead * step,
        len(sizes) / fps,
        np.flatnonzero(keys),
        late,
        (mould.shape.width_px, mould.shape.height_px),
    )


@dataclass(frozen=True)
class _Packets:
    """The packets of one part: where they lie, how large they are, when they show, which are key frames."""

    places: np.ndarray
    sizes: np.ndarray
    late: np.ndarray
    keys: np.ndarray


def _copied(piece: Piece, path: Path, mould: Mould, file: Any, ahead: int) -> _Packets:
    import numpy as np

    sizes, late, keys, begins = [], [], [], file.tell()
    for number, (packet, frame) in enumerate(packets_used(piece, path, mould)):
        sizes.append(file.write(packet))
        late.append(frame - piece.used[0] + ahead - number)
        keys.append(packet.is_keyframe)
    if len(sizes) != piece.used[1] - piece.used[0] or min(late) < 0 or not keys[0]:
        raise MediaError("The pieces of the film do not fit together: a picture comes too late.")
    lengths = np.array(sizes, np.int64)
    return _Packets(begins + np.cumsum(lengths) - lengths, lengths, np.array(late), np.array(keys))
