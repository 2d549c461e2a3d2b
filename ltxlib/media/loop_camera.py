"""Whether the whole picture moves, as with a camera that pans, tilts or travels. Arithmetic only.

Nine patches of the picture are followed by phase correlation (the peak of the cross-power spectrum lies where
one patch has gone). A camera moves them all alike, or away from the middle; a boat moves one of them, and
water none that can be followed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LOOKS = 17
PATCHES = 3
# How sharp a peak must be to be believed, how much a patch must hold, how many must be believed.
SURE, TEXTURE, ENOUGH = 0.12, 3.0, 5
# How near to the common move, in pixels and as a part of it, a patch must be, and how many must be so.
NEAR_PX, NEAR_SHARE, MOST = 0.6, 0.25, 0.7
# What is called a move: so much of the picture's size from the clip's beginning to its end.
LEAST_SHIFT, LEAST_ZOOM = 0.03, 0.03


@dataclass(frozen=True)
class CameraMove:
    """How the picture has moved from the first frame to the last: "" where it has not; share: how far."""

    words: str = ""
    share: float = 0.0


def camera_move(luma: np.ndarray) -> CameraMove:
    """How the whole picture moves. luma: frames x height x width, 8 bits."""
    import numpy as np

    places = np.unique(np.linspace(0, len(luma) - 1, min(LOOKS, len(luma))).round().astype(int))
    moved, zoomed, followed = np.zeros(2), 0.0, 0
    for first, second in itertools.pairwise(places):
        found = _move(luma[first].astype(np.float32), luma[second].astype(np.float32))
        if found is not None:
            moved += found[:2]
            zoomed += float(found[2])
            followed += 1
    if followed < max(len(places) // 2, 1):
        return CameraMove()
    height, width = luma.shape[1:]
    shares = {
        "up or down": abs(float(moved[0])) / height,
        "sideways": abs(float(moved[1])) / width,
    }
    words = max(shares, key=lambda name: shares[name])
    if abs(zoomed) >= LEAST_ZOOM and abs(zoomed) / LEAST_ZOOM > shares[words] / LEAST_SHIFT:
        return CameraMove("nearer" if zoomed > 0 else "away", round(abs(zoomed), 4))
    if shares[words] < LEAST_SHIFT:
        return CameraMove()
    return CameraMove(words, round(shares[words], 4))


def _move(one: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Down, along (pixels) and nearer (a share) that most patches agree on; None where they do not."""
    import numpy as np

    height, width = one.shape[0] // PATCHES, one.shape[1] // PATCHES
    centre = np.array([one.shape[0], one.shape[1]]) / 2
    found = []
    for row in range(PATCHES):
        for column in range(PATCHES):
            cut = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
            shift = _shift(one[cut], other[cut])
            if shift is not None:
                middle = np.array([(row + 0.5) * height, (column + 0.5) * width]) - centre
                found.append((*middle, *shift))
    if len(found) < ENOUGH:
        return None
    middles, shifts = np.array(found)[:, :2], np.array(found)[:, 2:]
    zoom = _slope(middles, shifts)
    common = np.median(shifts - zoom * middles, axis=0)
    meant = common + zoom * middles
    near = NEAR_PX + NEAR_SHARE * np.hypot(meant[:, 0], meant[:, 1])
    if (np.hypot(*(shifts - meant).T) <= near).mean() < MOST:
        return None
    return np.array([common[0], common[1], zoom])


def _slope(middles: np.ndarray, shifts: np.ndarray) -> float:
    """How much farther apart things are: the median over pairs of patches, so that a boat decides nothing."""
    import numpy as np

    slopes = []
    for axis in (0, 1):
        apart = middles[:, None, axis] - middles[None, :, axis]
        gone = shifts[:, None, axis] - shifts[None, :, axis]
        wide = apart > 1.0
        slopes += list(gone[wide] / apart[wide])
    return float(np.median(slopes)) if slopes else 0.0


def _shift(one: np.ndarray, other: np.ndarray) -> tuple[float, float] | None:
    """Where a patch has gone, down and along, to parts of a pixel; None where that cannot be told."""
    import numpy as np

    if one.std() < TEXTURE or other.std() < TEXTURE:
        return None
    shape = np.outer(np.hanning(one.shape[0]), np.hanning(one.shape[1]))
    first = np.fft.fft2((one - one.mean()) * shape)
    second = np.fft.fft2((other - other.mean()) * shape)
    power = second * np.conj(first)
    peaks = np.fft.ifft2(power / (np.abs(power) + 1e-6 * np.abs(power).max())).real
    top = np.unravel_index(int(np.argmax(peaks)), peaks.shape)
    if peaks[top] < SURE:
        return None
    down, along = (_exact(peaks, top, axis) for axis in (0, 1))
    return down, along


def _exact(peaks: np.ndarray, top: tuple[np.intp, ...], axis: int) -> float:
    """The peak's place along one axis, between pixels, negative for moves up or left."""
    import numpy as np

    size = peaks.shape[axis]

    def value(step: int) -> float:
        place = list(top)
        place[axis] = (top[axis] + step) % size
        return max(float(peaks[tuple(place)]), 0.0)

    before, at, behind = value(-1), value(0), value(1)
    # Phase correlation spreads a move between two pixels over both, in these shares.
    part = behind / (behind + at) if behind >= before else -before / (before + at)
    place = int(top[axis])
    return (place - size if place > size // 2 else place) + float(np.clip(part, -0.5, 0.5))
