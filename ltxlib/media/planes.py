"""A picture's numbers as numpy sees them."""

from __future__ import annotations

from typing import Any


def plane_of(frame: Any, number: int) -> Any:
    """One plane of a picture as a numpy view (height x width); writing into it changes the picture."""
    import numpy as np

    plane = frame.planes[number]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
