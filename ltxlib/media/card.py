"""A calm title card: a few words on near-black, as a clip at the head of a timeline like any other.

MoviePy lays out and fades the words. It does not write the file: its writer drops last frames and codes
colours as BT.601 without saying so (measured), so the frames go through the kit's own writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput, MediaError
from ltxlib.media import colour
from ltxlib.media.placing import placed
from ltxlib.media.settings import CardLook
from ltxlib.media.sound import CHANNELS, RATE_HZ
from ltxlib.media.workroom import workroom
from ltxlib.media.writer import Coding, FilmShape, write_film, write_sound

if TYPE_CHECKING:
    import numpy as np

LONGEST_TEXT = 200
LONGEST_S = 60.0
# Words take at most this part of the width, so nothing is lost on screens that cut the edges.
SAFE_SHARE = 0.8
LETTER_SHARE = 1 / 12


def title_card(
    text: str,
    out: Path,
    *,
    width_px: int,
    height_px: int,
    fps: Fraction,
    seconds: float = 4.0,
    look: CardLook | None = None,
) -> int:
    """Writes a title card as MP4 (H.264, BT.709 tagged, silent 48 kHz stereo) and gives back its frames.

    text: 1 to 200 characters, line breaks allowed; the font knows Latin letters. width_px, height_px: even.
    seconds: up to 60; the card has the nearest whole number of frames.
    Raises BadInput, MediaError, StoreError.
    """
    fps, look, out = Fraction(fps), look or CardLook(), Path(out)
    problems = _problems(text, width_px, height_px, seconds)
    if problems:
        raise BadInput("The title card cannot be made.", problems)
    frames = max(round(seconds * fps), 1)
    with placed(out, "The title card") as part, workroom(out.parent) as room:
        sound = room / "silence.m4a"
        write_sound(_silence(round(frames * RATE_HZ / fps)), sound, 64)
        pictures = _pictures(text, (width_px, height_px), frames, fps, look)
        for _done in write_film(pictures, sound, part, FilmShape(width_px, height_px, fps), Coding()):
            pass
    return frames


def _problems(text: str, width_px: int, height_px: int, seconds: float) -> list[Problem]:
    found = []
    if not text.strip() or len(text) > LONGEST_TEXT:
        found.append(
            Problem("title card", f"It has {len(text)} characters.", f"Write 1 to {LONGEST_TEXT} of them.")
        )
    for name, side in (("width", width_px), ("height", height_px)):
        if side < 64 or side % 2:
            found.append(
                Problem("title card", f"Its {name} is {side} pixels.", "Choose an even number from 64 on.")
            )
    if not 0 < seconds <= LONGEST_S:
        found.append(
            Problem("title card", f"It would last {seconds:g} seconds.", f"Choose up to {LONGEST_S:g}.")
        )
    return found


def _silence(samples: int) -> Iterator[np.ndarray]:
    import numpy as np

    for start in range(0, samples, RATE_HZ):
        yield np.zeros((min(RATE_HZ, samples - start), CHANNELS), np.float32)


def _pictures(text: str, size: tuple[int, int], frames: int, fps: Fraction, look: CardLook) -> Iterator[Any]:
    """The card's frames; between the fades nothing moves, so one drawing serves them all."""
    import av
    import numpy as np

    seconds = float(frames / fps)
    clip, fade_s = _composed(text, size, seconds, look), min(look.fade_s, seconds / 2)
    chain, shown, resting = None, None, False
    try:
        for number in range(frames):
            # The middle of the frame: the very first and last moments of a MoviePy clip are rounding's.
            moment = float((number + Fraction(1, 2)) / fps)
            rested, resting = resting, fade_s < moment < seconds - fade_s
            if not (rested and resting):
                rgb = np.ascontiguousarray(clip.get_frame(moment), np.uint8)
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                chain = chain or colour.filter_chain(frame, colour.FROM_RGB)
                chain.push(frame)
                shown = chain.pull()
                shown.colorspace, shown.color_range = 1, 1
            yield shown
    finally:
        clip.close()


def _composed(text: str, size: tuple[int, int], seconds: float, look: CardLook) -> Any:
    """The card as a MoviePy clip."""
    from moviepy import ColorClip, CompositeVideoClip, TextClip, vfx

    width, height = size
    font_size = max(round(min(width, height) * LETTER_SHARE), 8)
    try:
        words = TextClip(
            text=text.strip(),
            font_size=font_size,
            # Room around: without it MoviePy cuts the descenders of the last line off.
            margin=(0, font_size),
            interline=font_size // 3,
            color=look.ink,
            method="caption",
            size=(round(width * SAFE_SHARE), None),
            text_align="center",
            horizontal_align="center",
            duration=seconds,
        )
    except (OSError, ValueError) as error:
        raise MediaError(f"The words of the title card could not be drawn ({error}).") from error
    fade_s = min(look.fade_s, seconds / 2)
    words = words.with_effects([vfx.CrossFadeIn(fade_s), vfx.CrossFadeOut(fade_s)])
    paper = ColorClip(size=size, color=look.paper, duration=seconds)
    return CompositeVideoClip([paper, words.with_position("center")], size=size).with_duration(seconds)
