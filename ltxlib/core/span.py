"""How long a clip is: whole frames, exact rates, and which lengths LTX-2 can make.

The model works on groups of eight frames after an opening one, so a clip has 8n+1 frames; its time
axis ends at 20 seconds (source: LTX-2 in ComfyUI, `EmptyLTXVLatentVideo` floors other lengths silently).
Seconds are what people write: "5 s at 24 fps" is 5 x 24 = 120 frames and the opening one, 121.
"""

from __future__ import annotations

from fractions import Fraction

FRAME_GROUP = 8
SHORTEST_FRAMES = 9
LONGEST_S = 20

_NTSC = tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120))
_SHORT = {"23.98": Fraction(24000, 1001)}
# A person writes at most hundredths of a second; half of one is not a mistake.
_TYPING_S = Fraction(1, 200)


def exact_rate(text: str) -> Fraction:
    """The exact frame rate a person means, in frames per second.

    "24", "24.0", "24000/1001" and the usual short forms 23.976, 23.98, 29.97, 59.94 are understood.
    Raises ValueError for anything that is not a positive number.
    """
    text = text.strip()
    try:
        rate = _SHORT.get(text) or meant_rate(Fraction(text))
    except ZeroDivisionError as error:
        raise ValueError(f"{text!r} is not a frame rate") from error
    if rate <= 0:
        raise ValueError(f"{text!r} is not a frame rate")
    return rate


def in_thousandths(fps: Fraction) -> Fraction:
    """A rate as ComfyUI writes it into a clip: rounded to thousandths (source: SaveVideo of 0.33.0)."""
    return Fraction(round(fps * 1000), 1000)


def meant_rate(fps: Fraction) -> Fraction:
    """The rate that a written one stands for: 23.976 is 24000/1001, all others are themselves."""
    return next((usual for usual in _NTSC if fps == in_thousandths(usual)), fps)


def longest_frames(fps: Fraction, longest_s: int = LONGEST_S) -> int:
    """The longest clip the model makes at this rate, in frames (481 at 24 fps)."""
    return int(longest_s * fps) // FRAME_GROUP * FRAME_GROUP + 1


def is_legal(frames: int, fps: Fraction, longest_s: int = LONGEST_S) -> bool:
    """Whether LTX-2 makes exactly this many frames; longest_s: in seconds, more when filmed in stretches."""
    return frames % FRAME_GROUP == 1 and SHORTEST_FRAMES <= frames <= longest_frames(fps, longest_s)


def nearest_legal(frames: int, fps: Fraction, longest_s: int = LONGEST_S) -> tuple[int, int]:
    """The nearest legal lengths in frames, the one below and the one above (equal at the ends)."""
    longest = max(longest_frames(fps, longest_s), SHORTEST_FRAMES)
    below = (frames - 1) // FRAME_GROUP * FRAME_GROUP + 1
    above = below if below == frames else below + FRAME_GROUP

    def within(value: int) -> int:
        return min(max(value, SHORTEST_FRAMES), longest)

    return within(below), within(above)


def frames_for(seconds: Fraction, fps: Fraction) -> int:
    """How many frames a person means by this many seconds.

    Whole groups get their opening frame (5 s at 24 fps -> 121); a length that is already 8n+1 frames
    stays (2.71 s at 24 fps -> 65). Anything else comes back as it is and is not legal.
    """
    frames = round(seconds * fps)
    if abs(seconds * fps - frames) > _TYPING_S * fps:
        return frames
    return frames + 1 if frames % FRAME_GROUP == 0 else frames


def seconds_text(frames: int, fps: Fraction) -> str:
    """A length as people read it, such as "2.71 s"."""
    return f"{float(frames / fps):.2f} s"
