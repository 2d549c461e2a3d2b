"""What a finished film must be, as its timeline and settings ask: the measure for its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ltxlib.core.timeline import Timeline
from ltxlib.media.settings import MasterSettings
from ltxlib.media.sound import RATE_HZ

Joint = tuple[int, int]


@dataclass(frozen=True)
class Expected:
    """All that a finished film is held against.

    samples: at 48 kHz. joints: between which frames two cuts melt into each other; a hard cut: (n, n).
    tags: each must be in the file as it is here. timeline, fade_frames: with them, pictures and sound are
    held against the clips. dark_frames: from this frame on the picture goes dark for good.
    """

    frames: int
    fps: Fraction
    width_px: int
    height_px: int
    samples: int
    target_lufs: float | None = None
    ceiling_dbtp: float | None = None
    joints: tuple[Joint, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    timeline: Timeline | None = None
    fade_frames: tuple[int, int] = (0, 0)
    dark_frames: int | None = None

    @property
    def lit_frames(self) -> int:
        """How many frames have a picture."""
        return self.frames if self.dark_frames is None else min(self.dark_frames, self.frames)


def expected_of(timeline: Timeline, settings: MasterSettings, *, dark_frames: int | None = None) -> Expected:
    """What the film of this timeline must be, finished with these settings.

    timeline: with its cards; of a long film the whole, unrolled. dark_frames: from which frame on the picture
    goes dark for good; None: never.
    """
    starts = timeline.starts_frames
    met = zip(timeline.cuts[1:], starts[1:], timeline.joints_frames[1:], strict=True)
    joints = tuple(
        (start - cut.black_frames // 2, start + max(shared, (cut.black_frames + 1) // 2))
        for cut, start, shared in met
    )
    return Expected(
        frames=timeline.frames,
        fps=timeline.fps,
        width_px=timeline.width_px,
        height_px=timeline.height_px,
        samples=timeline.sample_at(timeline.frames, RATE_HZ),
        target_lufs=settings.target_lufs,
        ceiling_dbtp=settings.ceiling_dbtp,
        joints=joints,
        tags={key: value for key, value in settings.tags.items() if value},
        timeline=timeline,
        fade_frames=settings.fade_frames(timeline.frames, timeline.fps),
        dark_frames=dark_frames,
    )
