"""The ways in which a clip can be made: what a scene's `mode` may be, and what each of them starts from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    """One way of making a clip.

    meaning: the words after its name in the documentation. words: in a form. images: the columns of images it
    uses. stages: in how many passes it can be made.
    """

    name: str
    meaning: str
    words: str
    images: tuple[str, ...] = ()
    stages: tuple[int, ...] = (2,)


MODES: dict[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode("t2v", "makes the clip from words", "from words", stages=(2, 1)),
        Mode("i2v", "from a still image", "from a picture", ("image",), stages=(2, 1)),
        Mode("loop", "begins and ends with that image", "living loop", ("image",)),
        Mode("flf", "goes from that image to end_image", "between two pictures", ("image", "end_image")),
    )
}
