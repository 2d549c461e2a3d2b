"""The word REHEARSAL, burnt into pictures, so that no stand-in is ever taken for the real thing."""

from __future__ import annotations

from typing import Any

from ltxlib.media.planes import plane_of
from ltxlib.media.stand_in import MARK


class Mark:
    """The word REHEARSAL, small and half see-through, in the lower right corner, or in the left one."""

    def __init__(self, width: int, height: int, *, left_corner: bool = False) -> None:
        import numpy as np
        from PIL import Image, ImageDraw, ImageFont

        size = max(8.0, 0.021 * (width * height) ** 0.5)
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox(MARK)
        pad = max(2, round(size * 0.3))
        room = (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad)
        image = Image.new("L", room, 0)
        ImageDraw.Draw(image).text((pad - left, pad - top), MARK, fill=255, font=font)
        ink = np.asarray(image, np.float32)[-height:, -width:] / 255
        margin = max(0, min(round(size * 0.55), width - ink.shape[1], height - ink.shape[0]))
        bottom_px, right_px = height - margin, margin + ink.shape[1] if left_corner else width - margin
        self._place = (slice(bottom_px - ink.shape[0], bottom_px), slice(right_px - ink.shape[1], right_px))
        small = image.resize((max(1, room[0] // 3), max(1, room[1] // 3)), Image.Resampling.BOX)
        shade = np.asarray(small.resize(room, Image.Resampling.BICUBIC), np.float32)[-height:, -width:] / 255
        self._shade, self._ink = 0.4 * np.clip(shade * 1.4, 0, 1), 0.5 * ink

    def stamp(self, luma: Any) -> None:
        """Burns the word into one full-size plane of brightness (float32)."""
        part = luma[self._place]
        part *= 1 - self._shade
        part += self._ink * (225 - part)

    def stamped(self, frame: Any) -> Any:
        """A new picture (PyAV, yuv420p) with the word in it; the decoder may still need the old one."""
        import av
        import numpy as np

        result = av.VideoFrame(frame.width, frame.height, "yuv420p")
        for number in range(3):
            plane_of(result, number)[:] = plane_of(frame, number)
        luma = plane_of(frame, 0).astype(np.float32)
        self.stamp(luma)
        plane_of(result, 0)[self._place] = np.round(luma[self._place]).astype(np.uint8)
        return result
