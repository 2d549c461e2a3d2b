"""From red, green and blue to the planes of video: BT.709, 8-bit TV range."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.texture import Plane

# BT.709 luma weights, and the 8-bit "TV" range every player expects: black 16, white 235, colour 128 +- 112.
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722
LUMA_BLACK, LUMA_SPAN, CHROMA_ZERO, CHROMA_SPAN = 16, 219, 128, 224


def planes(canvas: np.ndarray) -> tuple[Plane, Plane, Plane]:
    """Luma, blue and red difference in 8-bit steps, not rounded; canvas: (3, height, width), 0 to 1."""
    luma, blue, red = differences(canvas)
    luma += LUMA_BLACK
    blue += CHROMA_ZERO
    red += CHROMA_ZERO
    return luma, blue, red


def differences(canvas: np.ndarray) -> tuple[Plane, Plane, Plane]:
    """The same without the offsets: what a change of colour changes in the planes."""
    red, green, blue = canvas
    luma = red * np.float32(RED) + green * np.float32(GREEN) + blue * np.float32(BLUE)
    toward_blue = (blue - luma) * np.float32(CHROMA_SPAN / (2 * (1 - BLUE)))
    toward_red = (red - luma) * np.float32(CHROMA_SPAN / (2 * (1 - RED)))
    luma *= LUMA_SPAN
    return luma, toward_blue, toward_red
