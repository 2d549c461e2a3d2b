"""A calm title or end card: a few words on near-black, a clip of a timeline like any other.

MoviePy draws the words and puts them together. Where lines end and how large letters are is settled here,
since its own way cuts words that are too long in two. Nor does it write the file: its writer drops last
frames and codes colours as BT.601 without saying so (measured), so frames go through the kit's own writer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput, MediaError
from ltxlib.media import colour, fonts
from ltxlib.media.picture import mixed
from ltxlib.media.placing import placed
from ltxlib.media.settings import CardLook
from ltxlib.media.sound import CHANNELS, RATE_HZ
from ltxlib.media.workroom import workroom
from ltxlib.media.writer import Coding, FilmShape, write_film, write_sound

if TYPE_CHECKING:
    import numpy as np

LONGEST_TEXT = 200
LONGEST_S = 60.0
# Words take at most this part of the width and height, so nothing is lost on screens that cut the edges.
SAFE_SHARE, SAFE_HEIGHT = 0.8, 0.76
# Letters, as part of the shorter side: as a rule, and where the words are many; then the small ones of those.
LETTER_SHARE, LEAST_LETTER_SHARE, SMALL_SHARE = 1 / 12, 1 / 36, 0.5
LEAST_LETTER_PX = 8
# From line to line and from the words to the small ones, in letters; Pillow counts from a capital's height.
PITCH, CAPITAL, GAP = 1.32, 0.73, 0.95
# Scripts without spaces, whose lines may end after any sign.
_ANYWHERE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True)
class _Words:
    """Lines of one size. share: how much of the ink they have; the rest is paper."""

    lines: tuple[str, ...]
    letter_px: int
    share: float


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
    """Writes a card as MP4 (H.264, BT.709 tagged, silent 48 kHz stereo) and gives back its frames.

    text: 1 to 200 characters, line breaks allowed; what follows an empty line is set small. Letters become
    smaller where words are long or many. width_px, height_px: even. seconds: up to 60; the card has the
    nearest whole number of frames. The same words make the same bytes, with the same fonts.
    Raises BadInput (also where no font of this machine knows the letters), MediaError, StoreError.
    """
    fps, look, out = Fraction(fps), look or CardLook(), Path(out)
    problems = _problems(text, width_px, height_px, seconds)
    if problems:
        raise BadInput("The title card cannot be made.", problems)
    frames, words = max(round(seconds * fps), 1), _tidy(text)
    font = fonts.font_for(words)
    with placed(out, "The title card") as part, workroom(out.parent) as room:
        sound = room / "silence.m4a"
        write_sound(_silence(round(frames * RATE_HZ / fps)), sound, 64)
        card = _drawn(words, font, (width_px, height_px), look)
        pictures = _faded(*card, frames, look.fade_s * fps)
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


def _faded(paper: Any, card: Any, frames: int, fade_frames: float) -> Iterator[Any]:
    """The card's frames: the words come out of the paper, stand, and go again, softly at both ends."""
    fade_frames = min(fade_frames, frames / 2)
    for number in range(frames):
        near = min(number, frames - 1 - number) + 0.5
        share = min(near / fade_frames, 1.0) if fade_frames else 1.0
        yield card if share == 1.0 else mixed(paper, card, share * share * (3 - 2 * share))


def _drawn(text: str, font: str | None, size: tuple[int, int], look: CardLook) -> tuple[Any, Any]:
    """The bare paper and the card with all its words (PyAV, yuv420p, BT.709)."""
    from moviepy import ColorClip, CompositeVideoClip

    paper = ColorClip(size=size, color=look.paper, duration=1)
    try:
        words = [_worded(part, font, look) for part in laid_out(text, font, size)]
    except (OSError, ValueError) as error:
        raise MediaError(f"The words of the card could not be drawn ({error}).") from error
    gap = round(GAP * words[0][3])
    # By what is seen of the letters: lines without descenders would stand too high otherwise.
    top = (size[1] - sum(height for _clip, _top, height, _letter in words) - gap * (len(words) - 1)) // 2
    placed_words = []
    for clip, above, height, _letter in words:
        placed_words.append(clip.with_position(((size[0] - clip.w) // 2, top - above)))
        top += height + gap
    with CompositeVideoClip([paper, *placed_words], size=size).with_duration(1) as card:
        return _picture(paper.get_frame(0)), _picture(card.get_frame(0))


def _worded(words: _Words, font: str | None, look: CardLook) -> tuple[Any, int, int, int]:
    """Words as a MoviePy clip, where in it the first ink is and how high it stands, and the letters' size."""
    import numpy as np
    from moviepy import TextClip

    mix = zip(look.ink, look.paper, strict=True)
    clip = TextClip(
        text="\n".join(words.lines),
        font=font,
        font_size=words.letter_px,
        # Room around: without it MoviePy cuts descenders and letters that lean out of their width.
        margin=(words.letter_px, words.letter_px),
        interline=round((PITCH - CAPITAL) * words.letter_px),
        color=tuple(round(ink * words.share + paper * (1 - words.share)) for ink, paper in mix),
        method="label",
        text_align="center",
        horizontal_align="center",
        duration=1,
    )
    rows = np.flatnonzero(clip.mask.get_frame(0).max(axis=1) > 0.1)
    first, last = (int(rows[0]), int(rows[-1])) if len(rows) else (0, 0)
    return clip, first, last - first + 1, words.letter_px


def _picture(rgb: np.ndarray) -> Any:
    import av
    import numpy as np

    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb, np.uint8), format="rgb24")
    chain = colour.filter_chain(frame, colour.FROM_RGB)
    chain.push(frame)
    shown = chain.pull()
    shown.colorspace, shown.color_range = 1, 1
    return shown


def _tidy(text: str) -> str:
    """The words in composed letters, spaces as they are meant, at most one empty line between two parts."""
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).strip().splitlines()]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines))


def laid_out(text: str, font: str | None, size: tuple[int, int]) -> list[_Words]:
    """The words in lines, as large as they fit; small ones after an empty line."""
    width, height = size[0] * SAFE_SHARE, size[1] * SAFE_HEIGHT
    letter = max(round(min(size) * LETTER_SHARE), LEAST_LETTER_PX)
    least = max(round(min(size) * LEAST_LETTER_SHARE), LEAST_LETTER_PX)
    large, _, small = text.partition("\n\n")
    while True:
        # Words that do not fit into a line make all letters smaller; the smallest are cut where they must be.
        room = width, letter <= least
        parts = [_words(large, font, letter, 1.0, room)]
        if small:
            little = max(round(letter * SMALL_SHARE), LEAST_LETTER_PX)
            parts.append(_words(small, font, little, 0.72, room))
        high = sum(len(part.lines) * part.letter_px * PITCH for part in parts) + GAP * letter * (
            len(parts) - 1
        )
        wide = max(
            fonts.loaded(font, part.letter_px).getlength(line) for part in parts for line in part.lines
        )
        if letter <= least or (high <= height and wide <= width):
            return parts
        letter = max(letter * 15 // 16, least)


def _words(text: str, font: str | None, letter_px: int, share: float, room: tuple[float, bool]) -> _Words:
    """A text in lines, each paragraph in as few as it needs, these as even as they can be.

    room: how wide lines may be, and whether words that are wider are cut.
    """
    found: list[str] = []
    sized, (width, cutting) = fonts.loaded(font, letter_px), room
    for paragraph in text.split("\n"):
        parts = [
            piece for part in _parts(paragraph) for piece in (_cut(part, sized, width) if cutting else [part])
        ]
        lines = _greedy(parts, sized, width)
        low, high = width / len(lines), width
        for _ in range(8 if len(lines) > 1 else 0):
            tried = _greedy(parts, sized, (low + high) / 2)
            low, high = (low, (low + high) / 2) if len(tried) == len(lines) else ((low + high) / 2, high)
        found += _greedy(parts, sized, high)
    return _Words(tuple(found), letter_px, share)


def _greedy(parts: list[str], font: Any, width: float) -> list[str]:
    """As much on each line as goes; a part begins with a space where one stands before it."""
    lines: list[str] = []
    for part in parts:
        longer = lines[-1] + part if lines else part.strip()
        if lines and font.getlength(longer) > width:
            lines.append(part.strip())
        else:
            lines[-1:] = [longer]
    return lines


def _parts(paragraph: str) -> list[str]:
    """What is kept together: words, or single signs where a script has no spaces."""
    spaced = _ANYWHERE.sub(lambda sign: f"\0{sign[0]}\0", paragraph.replace(" ", "\0 "))
    found: list[str] = []
    for part in spaced.split("\0"):
        # A dash or a full stop begins no line.
        if found and not any(sign.isalnum() for sign in part):
            found[-1] += part
        elif part.strip():
            found.append(part)
    return found


def _cut(part: str, font: Any, width: float) -> list[str]:
    """A word in pieces that fit."""
    pieces = [""]
    for letter in part:
        if pieces[-1].strip() and font.getlength((pieces[-1] + letter).strip()) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
