"""What a mode asks of the takes it starts from, beside their size and rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ltxlib.core import span
from ltxlib.core.modes import MODES

if TYPE_CHECKING:
    from ltxlib.core.scene import Scene
    from ltxlib.core.sources import Source


def broken(scene: Scene, begun: Mapping[str, Source]) -> Iterator[tuple[str, str, str]]:
    """Each rule that the takes break: the column, what is wrong, the cure."""
    mode = MODES[scene.mode]
    for column, source in begun.items():
        if mode.covered and source.frames < scene.frames:
            what = f"{source.scene} has {source.frames} frames, and this row needs {scene.frames} of it."
            yield column, what, f"Write {source.frames} or fewer under frames, or name a longer take."
        if mode.covered and source.fps != scene.fps:
            what = f"{source.scene} has {float(source.fps):g} frames a second, this row {float(scene.fps):g}."
            yield column, what, "Name a take of the same rate."
        if mode.keeps_sound and scene.audio and not source.has_sound:
            what = f"The sound of {source.scene} is kept, and it has none."
            yield "audio", what, "Write no here, or name a take with sound."


def melting(scene: Scene) -> dict[str, Any]:
    """What the graph must be told where one take melts into another over the whole length of the clip."""
    latents = (scene.frames - 1) // span.FRAME_GROUP + 1
    return {"overlap_first": -scene.frames, "overlap_frames": scene.frames, "melt_latents": latents}
