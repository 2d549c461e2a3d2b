"""How sound that goes on fits what encodes it: LTX-2's sound comes in steps, ComfyUI encodes whole blocks.

ComfyUI 0.33.0 brings sound to 44.1 kHz and keeps whole blocks of 4096 samples from its middle (comfy/sd.py,
vae_encode_crop_pixels), so sound of any other length would lose up to 46 ms at each end and begin too early.
A step is four lines of 10 ms; the last three lines of a whole are not there when it is decoded again
(comfy/ldm/lightricks/vae/audio_vae.py).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

BLOCK_S = Fraction(4096, 44_100)
STEPS_PER_S = 25
# A little more than whole blocks, so that no rounding on the way takes a block away; 0.1 ms of it is cut off
# at the beginning.
SPARE_S = Fraction(1, 5000)
_LINES_HZ, _LINES_A_STEP, _LINES_LOST = 100, 4, 3


def whole_blocks_s(lasts_s: Fraction) -> Fraction:
    """The shortest length in seconds, in whole blocks, that covers so many seconds."""
    return ceil(lasts_s / BLOCK_S) * BLOCK_S


def steps_of(blocks_s: Fraction) -> int:
    """How many steps sound of so many seconds, in whole blocks, has when it is encoded."""
    return ceil(Fraction(1 + floor(blocks_s * _LINES_HZ), _LINES_A_STEP))


def made_s(picture_s: Fraction) -> Fraction:
    """How long the sound is that LTX-2 makes for so many seconds of picture: often a little shorter."""
    lines = round(picture_s * STEPS_PER_S) * _LINES_A_STEP - _LINES_LOST
    return min(picture_s, max(Fraction(lines, _LINES_HZ), Fraction(0)))


def held_steps(picture_s: Fraction, overlap_s: Fraction) -> int:
    """How many steps hold the end of a take's sound, from `overlap_s` before the end of its picture on.

    picture_s: how long the take is. Steps that would hold the silence behind a sound that ends before its
    picture are not counted, so that they are made anew; at least one.
    """
    carried_s = overlap_s - (picture_s - made_s(picture_s))
    return max(1, floor(carried_s * STEPS_PER_S))
