"""The small picture that clients with previews switched on are shown while a sampler works."""

from __future__ import annotations

import hashlib
import io

SIZE_PX = (192, 128)


def preview_jpeg(node_id: str, done: int, of: int) -> bytes:
    """A JPEG that says REHEARSAL and how far the sampler is."""
    from PIL import Image, ImageDraw

    hue = hashlib.blake2b(node_id.encode(), digest_size=1).digest()[0]
    bright = 40 + round(60 * done / max(1, of))
    picture = Image.new("HSV", SIZE_PX, (hue, 120, bright)).convert("RGB")
    ImageDraw.Draw(picture).text((10, SIZE_PX[1] // 2), f"REHEARSAL  {done} / {of}", "#fb0")
    data = io.BytesIO()
    picture.save(data, "jpeg")
    return data.getvalue()
