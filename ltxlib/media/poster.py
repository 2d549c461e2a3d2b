"""A still of a clip for lists and pages: right colours, small file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media import colour
from ltxlib.media.conform import turned
from ltxlib.media.placing import placed
from ltxlib.media.probe import ClipInfo, open_clip, probe

QUALITY = 85
NARROWEST_PX, WIDEST_PX = 16, 3840
# The middle: clips may open dark, and a picture from the middle says most about one.
MOMENT = 0.5


def write_poster(clip: Path, out_jpg: Path, width_px: int = 480) -> Path:
    """Writes a JPEG of the clip's middle, `width_px` wide in the clip's shape, whole or not at all.

    Raises ClipUnreadable, BadInput (width), StoreError.
    """
    if not NARROWEST_PX <= width_px <= WIDEST_PX:
        raise BadInput(
            f"A poster cannot be {width_px} pixels wide.",
            cure=f"Choose {NARROWEST_PX} to {WIDEST_PX}.",
        )
    info = probe(clip)
    picture = _picture(info, _middle(info), width_px)
    with placed(Path(out_jpg), "The poster") as part:
        picture.save(part, "JPEG", quality=QUALITY, optimize=True)
    return Path(out_jpg)


def _middle(info: ClipInfo) -> Any:
    """The frame in the middle; the last one that decodes where the file ends sooner."""
    wanted, found = int(info.frames * MOMENT), None
    with open_clip(info.path) as container:
        picture = container.streams.video[0]
        picture.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(picture)):
            found = frame
            if number >= wanted:
                break
    if found is None:
        raise ClipUnreadable(f"{info.path.name} holds no picture that can be decoded.")
    return found


def _picture(info: ClipInfo, frame: Any, width_px: int) -> Any:
    """The frame as a Pillow image: turned upright, square pixels, sRGB numbers."""
    from PIL import Image

    height_px = max(round(info.height_px * width_px / info.width_px), 1)
    # RGB at full size first: colours are exact there, and Pillow shrinks better than swscale.
    steps = [*turned(info), *colour.to_rgb(info)]
    chain = colour.filter_chain(frame, steps)
    chain.push(frame)
    image = Image.fromarray(chain.pull().to_ndarray(format="rgb24"))
    return image.resize((width_px, height_px), Image.Resampling.LANCZOS)
