"""A picture from elsewhere: looked at whole, written anew where ComfyUI could not use it as it is.

ComfyUI's LoadImage (nodes.py of 0.33.0) opens with Pillow, turns by EXIF, drops transparency without looking,
makes one picture of each frame of an animation, and takes 16 bits of grey for 8.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.brought import AVIF, CLIP, HEIC, KEPT_ENDINGS, LARGEST_PIXELS, kind_inside, refusal, short
from ltxlib.errors import BadInput
from ltxlib.media.placing import placed

SMALL_PX = 320
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_TURNED_ASIDE = (5, 6, 7, 8)
_ORIENTATION = 0x0112
# An edge that is softened by a few steps is no transparency that anybody sees.
_NEARLY_SOLID = 250
_SOFT_PX = 480


@dataclass(frozen=True)
class Picture:
    """A picture that opens. ending: what its file is to end with. Sizes in pixels as it is seen, turned.

    anew: the bytes of a PNG that is to be kept instead; None where the file is good as it is. says: what was
    changed or is worth knowing, empty mostly.
    """

    ending: str
    width_px: int
    height_px: int
    anew: bytes | None = None
    says: str = ""


def look_at_picture(path: Path, name: str) -> Picture:
    """Open a picture from elsewhere whole. name: as its owner calls it. Raises BadInput with the fault."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return _seen(image, name)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many(name) from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        with path.open("rb") as file:
            kind = kind_inside(file.read(16))
        if kind in (CLIP, HEIC, AVIF):
            raise BadInput(refusal(name, 1, kind)) from error
        cure = "Save or download it anew, as PNG or JPEG."
        raise BadInput(f"“{short(name)}” is damaged or no picture.", cure=cure) from error


def write_small(path: Path, out: Path, side_px: int = SMALL_PX) -> tuple[int, int]:
    """Write a small JPEG of a picture for lists; gives the picture's size as it is seen. Raises BadInput."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=_FORMATS) as image:
            size = _size(image)
            if size[0] * size[1] > LARGEST_PIXELS:
                raise _too_many(path.name)
            image.draft("RGB", (2 * side_px, 2 * side_px))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((side_px, side_px))
            with placed(out, "The small picture") as part:
                _on_white(upright).save(part, "JPEG", quality=84)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise BadInput(f"“{short(path.name)}” is damaged or no picture.") from error
    return size


def seen_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is seen, in pixels, by its first bytes. Raises BadInput."""
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as image:
            return _size(image)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise BadInput(f"“{short(path.name)}” is damaged or no picture.") from error


def _seen(image: Any, name: str) -> Picture:
    if image.size[0] * image.size[1] > LARGEST_PIXELS:
        raise _too_many(name)
    frames = getattr(image, "n_frames", 1)
    kind = "JPEG" if image.format == "MPO" else image.format
    image.load()
    width, height = _size(image)
    said = [_soft(width, height)]
    why = []
    if frames > 1 and image.format != "MPO":
        why.append("it moved, and a scene starts from one picture: its first")
    elif kind not in KEPT_ENDINGS:
        why.append(f"ComfyUI does not take {kind} everywhere")
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        why.append("it had more than 8 bits of grey")
    if _see_through(image):
        why.append("it was partly transparent, which is white now")
    if not why:
        return Picture(KEPT_ENDINGS[kind], width, height, says=said[0])
    said.insert(0, f"Kept as a PNG: {', and '.join(why)}.")
    return Picture(".png", width, height, _written_anew(image), " ".join(filter(None, said)))


def _size(image: Any) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if image.getexif().get(_ORIENTATION) in _TURNED_ASIDE else (width, height)


def _soft(width: int, height: int) -> str:
    small = min(width, height) < _SOFT_PX
    return f"Small ({width} x {height}): the clip will be soft." if small else ""


def _see_through(image: Any) -> bool:
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] < _NEARLY_SOLID


def _on_white(image: Any) -> Any:
    from PIL import Image

    if _see_through(image):
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return _of_8_bits(image).convert("RGB")


def _of_8_bits(image: Any) -> Any:
    """Grey of more than 8 bits, brought down to what a screen shows."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;"):
        return image
    import numpy
    from PIL import Image

    values = numpy.asarray(image).astype(numpy.float32)
    top = float(values.max(initial=0))
    # Floats are told from 0 to 1, integers to 65535; what is small anyway is 8 bits in a wide coat.
    scale = 255.0 if top <= 1 else 1.0 if top <= 255 else 255.0 / 65535.0
    return Image.fromarray(numpy.clip(values * scale, 0, 255).astype(numpy.uint8))


def _written_anew(image: Any) -> bytes:
    from PIL import ImageOps

    out = io.BytesIO()
    _on_white(ImageOps.exif_transpose(image)).save(out, "PNG", compress_level=4)
    return out.getvalue()


def _too_many(name: str) -> BadInput:
    most = f"{LARGEST_PIXELS / 1e6:.0f} million pixels"
    return BadInput(f"“{short(name)}” has more than {most}.", cure="Save it smaller: clips have 2 million.")
