"""What is found in pictures for an IC-LoRA to follow: edges, depth, the pose of a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from ltxlib.rehearsal.values import Pictures


@dataclass(frozen=True)
class Outlines:
    """What an IC-LoRA follows of some pictures: their "edges", their "depth", or the "pose" of a person."""

    of: Pictures
    what: str = "edges"


@dataclass(frozen=True)
class Inverted:
    """Pictures with bright and dark exchanged."""

    of: Pictures


@dataclass(frozen=True)
class Keypoints:
    """The joints that were looked for in some pictures."""

    of: Pictures


def leads_unseen(pictures: Pictures) -> bool:
    """Whether an IC-LoRA follows them, so that nothing of them is seen."""
    source = pictures.source
    return isinstance(source.of.source if isinstance(source, Inverted) else source, Outlines)


def drawn(picture: Image, what: str) -> Image:
    """What an IC-LoRA is shown of a picture; nobody is in these, so their pose is black."""
    from PIL import Image, ImageFilter

    if what == "pose":
        return Image.new("RGB", picture.size)
    found = ImageFilter.FIND_EDGES if what == "edges" else ImageFilter.GaussianBlur(max(picture.size) / 16)
    return picture.convert("L").filter(found).convert("RGB")
