"""Still images that scenes start from."""

from __future__ import annotations

from pathlib import Path

from ltxlib.errors import ClipUnreadable


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of a picture that really opens; raises ClipUnreadable otherwise."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ClipUnreadable(
            f"{path.name} is not a picture that can be opened.", cure="Save it again as PNG or JPEG."
        ) from error
