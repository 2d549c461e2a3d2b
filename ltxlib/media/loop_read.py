"""Reads a clip for the loop lab: every picture small, and the sound, so that a seam can be looked for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ltxlib.errors import ClipUnreadable
from ltxlib.media.probe import ClipInfo, open_clip
from ltxlib.media.sound import RATE_HZ, clip_sound

if TYPE_CHECKING:
    import numpy as np

# Large enough that a drop on a window or a bird is still something, small enough to compare all with all.
LONGEST_SIDE_PX, BLOCK_PX = 160, 16


@dataclass(frozen=True)
class LoopSource:
    """A clip to look for a seam in.

    luma: frames x height x width, 8 bits, both sides whole blocks of BLOCK_PX. chroma: frames x 2 x half the
    height x half the width. sound: samples x 2, float32, at 48 kHz, as long as the picture; None without any.
    sound_s: how long the clip really sounds.
    """

    luma: np.ndarray
    chroma: np.ndarray
    fps: Fraction
    sound: np.ndarray | None = None
    sound_s: float = 0.0

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return len(self.luma)


def small_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the small pictures: the longer side LONGEST_SIDE_PX, both whole blocks."""
    scale = LONGEST_SIDE_PX / max(width_px, height_px)
    sides = (max(round(side * scale / BLOCK_PX), 1) * BLOCK_PX for side in (width_px, height_px))
    return next(sides), next(sides)


def read_loop(info: ClipInfo) -> LoopSource:
    """Decodes the clip once. Raises ClipUnreadable when it cannot be read."""
    import numpy as np
    from av.video.reformatter import VideoReformatter

    width, height = small_size(info.width_px, info.height_px)
    luma = np.empty((info.frames, height, width), np.uint8)
    chroma = np.empty((info.frames, 2, height // 2, width // 2), np.uint8)
    seen, small = 0, VideoReformatter()
    with open_clip(info.path) as container:
        picture = container.streams.video[0]
        picture.thread_type = "AUTO"
        for frame in container.decode(picture):
            if seen == info.frames:
                break
            shown = small.reformat(frame, width, height, format="yuv420p", interpolation="AREA")
            planes = [_plane(plane) for plane in shown.planes]
            luma[seen], chroma[seen, 0], chroma[seen, 1] = planes
            seen += 1
    if seen == 0:
        raise ClipUnreadable(f"{info.path.name} holds no picture that can be decoded.")
    sound = clip_sound(info, round(seen / info.fps * RATE_HZ)) if info.has_audio else None
    return LoopSource(luma[:seen], chroma[:seen], info.fps, sound, info.audio_duration_s)


def _plane(plane: object) -> np.ndarray:
    import numpy as np

    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[attr-defined, call-overload]
    return rows[:, : plane.width]  # type: ignore[attr-defined]
