"""Looks at a file that holds sound alone: is it whole, as long as asked, and is anything to be heard."""

from __future__ import annotations

from pathlib import Path

from ltxlib.core.problem import Problem
from ltxlib.errors import ClipUnreadable
from ltxlib.media.probe import first_sound, open_clip
from ltxlib.media.quality import LISTEN, RENDER_AGAIN, SILENT_PEAK

# LTX-2's sound ends a little before the picture would; more than this is missing.
MISSING_S = 0.25


def sound_seconds(path: Path) -> float:
    """How long a sound lasts, counted in samples. Raises ClipUnreadable when it cannot be decoded."""
    return _heard(path)[0]


def check_sound(path: Path, seconds: float) -> list[Problem]:
    """Everything that is wrong with a sound that should last so long; silence is a warning."""
    try:
        lasts_s, peak = _heard(path)
    except ClipUnreadable as error:
        return [Problem(path.name, error.message, error.cure)]
    found = []
    if abs(lasts_s - seconds) > MISSING_S:
        told = f"It lasts {lasts_s:.2f} s, not {seconds:.2f} s."
        found.append(Problem(path.name, told, "Look at the length (title [ltx.frames]) in the workflow."))
    if peak < SILENT_PEAK:
        found.append(Problem(path.name, "It is silent.", f"{RENDER_AGAIN} {LISTEN}", warning=True))
    return found


def _heard(path: Path) -> tuple[float, float]:
    """Length in seconds and loudest sample (0 to 1) of a sound."""
    import numpy as np

    samples, peak = 0, 0.0
    with open_clip(path) as container:
        stream = first_sound(container)
        if stream is None:
            raise ClipUnreadable(f"{path.name} holds no sound.")
        for frame in container.decode(stream):
            block = frame.to_ndarray()
            full = float(np.iinfo(block.dtype).max) if block.dtype.kind == "i" else 1.0
            samples += frame.samples
            peak = max(peak, float(np.abs(block.astype(np.float64)).max(initial=0.0)) / full)
        rate = stream.rate
    return samples / rate, peak
