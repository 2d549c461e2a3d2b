"""How many bytes takes will need on disk: by what takes on this shelf needed, else by a careful figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.take import Take

# Bytes of film for a pixel of a frame. ComfyUI saves H.264 with x264's own quality (crf 23); a picture full
# of noise of ten grey levels, stronger than film grain, came to 0.155 so (measured at 768x512).
CAREFUL_PER_PX = 0.16
# Bytes of sound for a second: uncompressed CD sound, more than AAC and FLAC need.
SOUND_PER_S = 180_000
# Record, poster, the graph inside the clip, and what a file system rounds up to.
BESIDE_BYTES = 512 * 1024
# Scenes differ: room is kept for more than nine in ten of the takes so far needed.
_SHARE, _MARGIN = 0.9, 1.25
# Fewer takes than this say too little of what others will need.
_FEWEST = 3


@dataclass(frozen=True)
class Rate:
    """How large takes are: bytes for a pixel of a frame, and where the figure comes from."""

    per_px: float = CAREFUL_PER_PX
    source: str = "a careful figure: no take to go by yet"


def rate_of(takes: Iterable[Take]) -> Rate:
    """The rate of takes that are there, with a margin; the careful figure when they are too few."""
    found = sorted(
        take.clip.size_bytes / (take.clip.width_px * take.clip.height_px * take.clip.frames)
        for take in takes
        if take.clip.width_px and take.clip.height_px and take.clip.frames
    )
    if len(found) < _FEWEST:
        return Rate()
    high = found[min(int(len(found) * _SHARE), len(found) - 1)]
    return Rate(high * _MARGIN, f"from {len(found)} takes on this shelf")


def bytes_of(plan: RenderPlan, rate: Rate | None = None) -> int:
    """How many bytes one take will need, record and poster included; ComfyUI keeps a copy of its own."""
    rate, scene = rate or Rate(), plan.scene
    sound = float(scene.duration_s) * SOUND_PER_S if scene.audio or MODES[scene.mode].sound_alone else 0.0
    if MODES[scene.mode].sound_alone:
        return round(sound) + BESIDE_BYTES
    width_px, height_px = plan.size_px
    return round(width_px * height_px * scene.clip_frames * rate.per_px + sound) + BESIDE_BYTES


def bytes_for(plans: Iterable[RenderPlan], rate: Rate | None = None) -> int:
    """How many bytes these takes will need together."""
    return sum(bytes_of(plan, rate) for plan in plans)
