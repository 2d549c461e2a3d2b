"""The ways in which a clip can be made: what a scene's `mode` may be, and what each of them starts from."""

from __future__ import annotations

from dataclasses import dataclass

# The smallest film the model takes, where nobody looks at it.
SMALLEST_PX = 64


@dataclass(frozen=True)
class Mode:
    """One way of making a clip.

    meaning: the words after its name in the documentation. words: in a form. images: the columns of images
    it uses. stages: in how many passes it can be made. sources: the columns of takes it starts from. same:
    what of width, height, fps and frames must be as in the take of its first source column (an empty cell
    means so). continues: the clip begins with the end of its source, so that neighbours in the film overlap.
    smooth: it can be made with twice as many frames a second. sized: the graph is told a size. seen: how
    large the model sees the picture; 0 is as small as can be. sound: the sound is what it is about.
    keeps_picture: the picture is its source's. sound_alone: there is no picture. covered: the takes it starts
    from must last at least as long as the clip. keeps_sound: the sound is that of its source. melts: one
    source turns into the other over the whole clip.
    """

    name: str
    meaning: str
    words: str
    images: tuple[str, ...] = ()
    stages: tuple[int, ...] = (2,)
    sources: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    continues: bool = False
    smooth: bool = False
    sized: bool = True
    seen: float = 1.0
    sound: bool = False
    keeps_picture: bool = False
    sound_alone: bool = False
    covered: bool = False
    keeps_sound: bool = False
    melts: bool = False


MODES: dict[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode("t2v", "makes the clip from words", "from words", stages=(2, 1), smooth=True),
        Mode("i2v", "from a still image", "from a picture", ("image",), stages=(2, 1), smooth=True),
        Mode("loop", "begins and ends with that image", "living loop", ("image",)),
        Mode("flf", "goes from that image to end_image", "between two pictures", ("image", "end_image")),
        Mode(
            "extend",
            "goes on where the take named under source ends",
            "go on from a take",
            sources=("source",),
            same=("width", "height", "fps"),
            continues=True,
        ),
        Mode(
            "foley",
            "makes new sound for the picture of the take named under source",
            "new sound for a take",
            stages=(1,),
            sources=("source",),
            same=("width", "height", "fps", "frames"),
            sized=False,
            seen=0.5,
            sound=True,
            keeps_picture=True,
        ),
        Mode(
            "sound",
            "makes sound alone, from words",
            "sound alone",
            stages=(1,),
            sized=False,
            seen=0.0,
            sound=True,
            sound_alone=True,
        ),
        Mode(
            "detail",
            "goes over the take under source once more for finer detail",
            "finer detail for a take",
            sources=("source",),
            same=("width", "height", "fps", "frames"),
            covered=True,
            keeps_sound=True,
        ),
        Mode(
            "control",
            "makes a new film on what the take under source shows: its outlines, its depth or a pose",
            "on the outlines of a take",
            sources=("source",),
            same=("fps",),
            covered=True,
        ),
        Mode(
            "transition",
            "melts the end of source into the beginning of end_source",
            "one take into another",
            sources=("source", "end_source"),
            same=("width", "height", "fps"),
            covered=True,
            melts=True,
        ),
    )
}
