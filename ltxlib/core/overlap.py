"""What a clip that goes on from a take shares with it: how many frames, where picture and sound are cut."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ltxlib.core import carried_sound, source_rules
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
        **_sound(scene, source, overlap),
        "carry_sound": scene.audio and source.has_sound,
    }


def _sound(scene: Scene, source: Source, overlap: int) -> dict[str, Any]:
    """How long the carried sound and the new one are together, and how many steps of it stay."""
    together_s = carried_sound.whole_blocks_s(scene.frames / scene.fps)
    return {
        "sound_s": round(float(together_s + carried_sound.SPARE_S), 4),
        "sound_steps": carried_sound.steps_of(together_s),
        "held_steps": carried_sound.held_steps(source.frames / source.fps, overlap / source.fps),
    }


def _seconds(count: Fraction, fps: Fraction) -> float:
    return round(float(count / fps), 4)
