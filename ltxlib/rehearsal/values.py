"""What travels along the wires of a rehearsed graph: descriptions of things, not the things themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.rehearsal.spec import SOUND_RATE_HZ

if TYPE_CHECKING:
    from ltxlib.rehearsal.followed import Inverted, Outlines

LATENT_FRAMES = 8
"""LTX-2's video VAE makes 8 frames of each step of its time axis, but 1 of the first."""
LTX_CELL_PX = 32
PLAIN_CELL_PX = 8


@dataclass(frozen=True)
class Lora:
    """A LoRA file and how strongly it is applied."""

    name: str
    strength: float


@dataclass(frozen=True)
class Model:
    """A diffusion model with the LoRAs put on it, in their order; left_out: layers that STG leaves out."""

    name: str
    loras: tuple[Lora, ...] = ()
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder."""

    name: str


@dataclass(frozen=True)
class Vae:
    """A decoder between latents and pictures, or between latents and sound."""

    name: str
    audio: bool = False

    @property
    def of_stills(self) -> bool:
        """Whether it is one of Stable Diffusion's, which know pictures one by one and no time."""
        return self.name.startswith(("vae-ft-mse", "sdpose"))


@dataclass(frozen=True)
class UpscaleModel:
    """A latent upscaler: how much it enlarges the picture, and whether it doubles the frames."""

    name: str
    space: Fraction = Fraction(2)
    time: bool = False


@dataclass(frozen=True)
class Conditioning:
    """A prompt on its way to the sampler; zeroed says that its words were taken away again."""

    prompt: str
    zeroed: bool = False
    frame_rate: float | None = None
    guides: int = 0

    @property
    def words(self) -> str:
        """The words that still count."""
        return "" if self.zeroed else self.prompt


@dataclass(frozen=True)
class Noise:
    """Where the noise comes from; None is no noise."""

    seed: int | None


@dataclass(frozen=True)
class Sampler:
    """A sampling method."""

    name: str


@dataclass(frozen=True)
class Sigmas:
    """The noise levels of a pass, one more than it has steps."""

    values: tuple[float, ...]

    @property
    def steps(self) -> int:
        """How many steps a sampler takes over them."""
        return max(0, len(self.values) - 1)


@dataclass(frozen=True)
class Guider:
    """A model with the prompts that lead it. keeps: it lets its conditionings be taken from it again."""

    model: Model
    positive: Conditioning
    negative: Conditioning | None = None
    keeps: bool = False


@dataclass(frozen=True)
class Pass:
    """One sampler's work on a latent.

    noise: how much of what it was given is noise when it begins, 0 to 1; at 1 nothing of it is left.
    """

    seed: int | None
    steps: int
    model: Model
    prompt: str
    frame_rate: float | None = None
    noise: float = 1.0


@dataclass(frozen=True)
class Solid:
    """One colour, `0xRRGGBB`."""

    colour: int = 0


@dataclass(frozen=True)
class ImageFile:
    """A picture in a file."""

    path: Path


@dataclass(frozen=True)
class VideoFile:
    """The frames of a video file."""

    path: Path


@dataclass(frozen=True)
class Drawing:
    """What sampling made: drawn when it is saved. `start` and `end` are pictures it begins and ends with.

    lead: several pictures that it shows again at its beginning, and goes on from.
    """

    passes: tuple[Pass, ...]
    start: Pictures | None = None
    strength: float = 1.0
    end: Pictures | None = None
    lead: Pictures | None = None


@dataclass(frozen=True)
class Several:
    """Pictures one after the other."""

    parts: tuple[Pictures, ...]


@dataclass(frozen=True)
class Pictures:
    """A batch of images. first: which frame of the source comes first."""

    width_px: int
    height_px: int
    frames: int
    source: Solid | ImageFile | VideoFile | Drawing | Several | Outlines | Inverted
    first: int = 0

    def only(self, number: int) -> Pictures:
        """The one with this number, counted from 0."""
        return replace(self, frames=1, first=self.first + number)

    def sized(self, width_px: int, height_px: int) -> Pictures:
        """The same pictures in another size, at least one pixel a side."""
        return replace(self, width_px=max(1, int(width_px)), height_px=max(1, int(height_px)))


@dataclass(frozen=True)
class Mask:
    """A mask of one value (0 black, 1 white), of which so many rows from the top are black in any case."""

    width_px: int
    height_px: int
    value: float = 1.0
    black_rows_px: int = 0

    @property
    def held(self) -> Fraction:
        """Which part of what it is laid on is held as it is, from the beginning on: 0 none, 1 all."""
        return Fraction(1) if self.value == 0 else Fraction(self.black_rows_px, self.height_px)


@dataclass(frozen=True)
class DrawnSound:
    """Sound that sampling made."""

    passes: tuple[Pass, ...]
    seconds: Fraction
    rate_hz: int = SOUND_RATE_HZ


@dataclass(frozen=True)
class Silence:
    """Nothing to hear, for so long."""

    seconds: Fraction
    rate_hz: int = SOUND_RATE_HZ


@dataclass(frozen=True)
class SoundFile:
    """The sound of a file, in samples a second as there."""

    path: Path
    seconds: Fraction
    rate_hz: int


@dataclass(frozen=True)
class Joined:
    """One sound after the other, those at lower rates brought to the highest, as ComfyUI does."""

    parts: tuple[Sound, ...]

    @property
    def seconds(self) -> Fraction:
        """Their lengths together."""
        return sum((part.seconds for part in self.parts), Fraction(0))

    @property
    def rate_hz(self) -> int:
        """The highest of their rates."""
        return max(part.rate_hz for part in self.parts)


@dataclass(frozen=True)
class Cut:
    """A stretch of a sound."""

    sound: Sound
    start_s: Fraction
    seconds: Fraction

    @property
    def rate_hz(self) -> int:
        """That of the whole."""
        return self.sound.rate_hz


@dataclass(frozen=True)
class Decoded:
    """A sound that went through the audio VAE: it has the rate of the model's own."""

    sound: Sound
    rate_hz: int = SOUND_RATE_HZ

    @property
    def seconds(self) -> Fraction:
        """As long as it was."""
        return self.sound.seconds


Sound = DrawnSound | Silence | SoundFile | Joined | Cut | Decoded
"""What can be heard; `seconds` long, at `rate_hz` samples a second."""


@dataclass(frozen=True)
class Video:
    """Pictures at a rate, with or without sound."""

    pictures: Pictures
    fps: Fraction
    sound: Sound | None = None


@dataclass(frozen=True)
class VideoLatent:
    """A latent picture in motion: cells of 32 pixels, steps of 8 frames; guides are steps put at its end.

    lead: pictures that guide its beginning. held: a mask keeps its content as it is, whatever is sampled.
    """

    columns: int
    rows: int
    steps: int
    cell_px: int = LTX_CELL_PX
    guides: int = 0
    passes: tuple[Pass, ...] = ()
    start: Pictures | None = None
    strength: float = 1.0
    end: Pictures | None = None
    content: Pictures | None = field(default=None)
    lead: Pictures | None = None
    held: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height when decoded."""
        return self.columns * self.cell_px, self.rows * self.cell_px

    @property
    def frames(self) -> int:
        """How many frames it decodes to, guides that were not cropped included."""
        if self.cell_px == PLAIN_CELL_PX:
            return self.steps
        return (self.steps + self.guides - 1) * LATENT_FRAMES + 1


@dataclass(frozen=True)
class AudioLatent:
    """Latent sound: 25 steps make a second. held: what part of its content, from the start, a mask keeps."""

    steps: int
    passes: tuple[Pass, ...] = ()
    content: Sound | None = None
    held: Fraction = Fraction(0)


@dataclass(frozen=True)
class AVLatent:
    """Picture and sound sampled together."""

    video: VideoLatent
    audio: VideoLatent | AudioLatent
