"""What one rehearsal clip shall be: the numbers and words the picture and the sound are drawn from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

SMALLEST_SIDE_PX = 16

# LTX-2 keeps 25 sound latents a second; its decoder makes 4 steps of 10 ms out of each, less 3 at the start
# (measured on real clips: 17 frames at 24 fps gave 0.69 s of sound, 121 frames gave 5.01 s).
LATENTS_PER_SECOND = 25
STEPS_PER_LATENT = 4
STEPS_LOST = 3
STEP_S = Fraction(1, 100)
SOUND_RATE_HZ = 24_000
"""The rate of LTX-2's sound, whatever it was made from (measured)."""


@dataclass(frozen=True)
class ClipSpec:
    """One clip to draw.

    width_px, height_px: even, at least 16. frames: 1 or more. fps: above 0. seed: any whole number.
    image: a picture to start from, or None; image_strength: 0 (ignored) to 1 (the first frame is it).
    end_image: a picture to end with, or None; it counts only beside an image, and as strongly.
    steps: sampling steps of the graph; few of them make a softer picture.
    camera: name of a camera LoRA file or "" for none; camera_strength: 0 (off) to about 1. refined: what
    later passes did, which shows in the finest detail alone.
    Raises BadInput where a number cannot be drawn.
    """

    prompt: str
    seed: int
    width_px: int
    height_px: int
    frames: int
    fps: Fraction
    sound: bool = True
    image: Path | None = None
    image_strength: float = 1.0
    steps: int = 8
    camera: str = ""
    camera_strength: float = 1.0
    end_image: Path | None = None
    refined: str = ""

    def __post_init__(self) -> None:
        for side, value in (("width", self.width_px), ("height", self.height_px)):
            if value < SMALLEST_SIDE_PX or value % 2:
                raise BadInput(
                    f"A clip with a {side} of {value} pixels cannot be drawn.",
                    cure=f"Use an even number of at least {SMALLEST_SIDE_PX}; LTX-2 takes multiples of 64.",
                )
        if self.frames < 1 or self.fps <= 0:
            raise BadInput(
                f"A clip of {self.frames} frames at {self.fps} frames a second cannot be drawn.",
                cure="Ask for at least one frame and a frame rate above 0.",
            )

    @property
    def duration_s(self) -> Fraction:
        """How long the picture lasts, exactly."""
        return self.frames / Fraction(self.fps)

    @property
    def sound_s(self) -> Fraction:
        """How long the sound lasts: a little less than the picture, by LTX-2's own arithmetic."""
        latents = max(1, round(self.duration_s * LATENTS_PER_SECOND))
        return (latents * STEPS_PER_LATENT - STEPS_LOST) * STEP_S

    def rng(self, purpose: str) -> np.random.Generator:
        """A random generator for one purpose, the same each time for the same prompt and seed."""
        import numpy as np

        text = f"{self.seed}\0{purpose}\0{self.prompt}".encode("utf-8", "surrogatepass")
        return np.random.default_rng(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big"))
