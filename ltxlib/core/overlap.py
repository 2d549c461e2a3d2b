"""What a clip that goes on from a take shares with it: how many frames, where picture and sound are cut."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ltxlib.core import source_rules
from ltxlib.core.modes import MODES
from ltxlib.core.span import FRAME_GROUP

if TYPE_CHECKING:
    from ltxlib.core.scene import Scene
    from ltxlib.core.sources import Source

LONGEST_FRAMES = 25


def frames(scene: Scene, begun: Mapping[str, Source]) -> int:
    """How many frames at a clip's beginning show again the end of its source; 0 where it goes on from none.

    The model is led by whole groups of frames, and at least one group must be new; 25 frames are a second,
    enough to take up a motion.
    """
    if not MODES[scene.mode].continues or not begun:
        return 0
    most = min(LONGEST_FRAMES, next(iter(begun.values())).frames, scene.frames - FRAME_GROUP)
    return (most - 1) // FRAME_GROUP * FRAME_GROUP + 1


def values(scene: Scene, begun: Mapping[str, Source]) -> dict[str, Any]:
    """What the graph must be told of the takes that a scene starts from, beside their files."""
    if MODES[scene.mode].melts and begun:
        return source_rules.melting(scene)
    overlap = frames(scene, begun)
    if not overlap:
        return {}
    source = next(iter(begun.values()))
    first = Fraction(source.frames - overlap)
    # Half a frame before the first, so that rounding loses none; the sound's start makes up for it.
    read_from = max(first - Fraction(1, 2), Fraction(0))
    return {
        "overlap_first": -overlap,
        "overlap_frames": overlap,
        "overlap_from_s": _seconds(read_from, source.fps),
        "overlap_start_s": _seconds(first - read_from, source.fps),
        "overlap_s": _seconds(Fraction(overlap), source.fps),
        "overlap_rest_s": _seconds(Fraction(scene.frames - overlap), scene.fps),
        "carry_sound": scene.audio and source.has_sound,
    }


def _seconds(count: Fraction, fps: Fraction) -> float:
    return round(float(count / fps), 4)
