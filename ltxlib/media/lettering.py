"""Words on pictures: a font that knows the letters, lines that fit, an edge that keeps them readable."""

from __future__ import annotations

from typing import Any

from ltxlib.errors import BadInput

LONGEST_WORDS = 60
# Bold ones that usual systems have and that know more letters than Pillow's own.
FONTS = (
    "DejaVuSans-Bold.ttf",
    "NotoSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "Arial Bold.ttf",
    "arialbd.ttf",
)
PLAIN_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "arial.ttf",
)
# Words keep off the edges, and off the lower right corner, where YouTube writes the length.
SAFE_SHARE, BASE_SHARE, MOST_LINES = 0.86, 0.86, 3
LARGEST_SHARE, SMALLEST_SHARE = 0.2, 0.06


def _loaded(names: tuple[str, ...], size_px: int) -> Any:
    from PIL import ImageFont

    for name in names:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            # This system has another one.
            continue
    return ImageFont.load_default(size_px)


def plain_font(size_px: int) -> Any:
    """A font for small labels; letters that it does not know are drawn as boxes."""
    return _loaded(PLAIN_FONTS, size_px)


def check_words(words: str) -> None:
    """Raises BadInput for words that are too long, or that the fonts of this machine cannot write."""
    text = words.strip()
    if len(text) > LONGEST_WORDS or not text.isprintable():
        raise BadInput(
            f"The words on the thumbnail are {len(text)} characters long, or hold a line break.",
            cure=f"Write up to {LONGEST_WORDS} in one line; few, large words are read best.",
        )
    font = _loaded(FONTS, 100)
    nothing = bytes(font.getmask("\uffff"))
    letters = [letter for letter in dict.fromkeys(text) if not letter.isspace()]
    unknown = [letter for letter in letters if bytes(font.getmask(letter)) == nothing]
    if unknown:
        raise BadInput(
            f"The font on this machine has no {' '.join(unknown)} for the words on the thumbnail.",
            cure="Write the words in plain Latin letters, or install the font DejaVu Sans.",
        )


def fitting(text: str, font: Any, width_px: int) -> str:
    """The text, cut where it is wider than this."""
    if font.getlength(text) <= width_px:
        return text
    while text and font.getlength(f"{text}...") > width_px:
        text = text[:-1]
    return f"{text.rstrip()}..."


def with_words(picture: Any, words: str) -> Any:
    """The picture with words in its lower part, as large as fit in three lines, white with a dark edge."""
    from PIL import Image, ImageDraw, ImageFilter

    width, height = picture.size
    size_px = round(height * LARGEST_SHARE)
    while True:
        sized = _loaded(FONTS, size_px)
        lines = _lines(words, sized, width * SAFE_SHARE)
        fits = lines and len(lines) * size_px * 1.2 <= height * 0.7
        if fits or size_px <= height * SMALLEST_SHARE:
            break
        size_px = round(size_px * 0.9)
    lines = lines or [fitting(words, sized, round(width * SAFE_SHARE))]
    text = "\n".join(lines)
    place = (width * (1 - SAFE_SHARE) / 2, height * BASE_SHARE)
    style = {"font": sized, "anchor": "ld", "spacing": size_px * 0.2}
    shade, edge = Image.new("L", picture.size, 0), max(size_px // 14, 2)
    # The same edge in both drawings: Pillow sets lines further apart for a wider one.
    style |= {"stroke_width": edge // 2}
    ImageDraw.Draw(shade).multiline_text(place, text, fill=200, stroke_fill=200, **style)
    shade = shade.filter(ImageFilter.MaxFilter(2 * edge + 1)).filter(ImageFilter.GaussianBlur(edge * 2))
    shaded = Image.composite(Image.new("RGB", picture.size), picture, shade)
    ImageDraw.Draw(shaded).multiline_text(place, text, fill=(255, 255, 255), stroke_fill=(0, 0, 0), **style)
    return shaded


def _lines(words: str, font: Any, width_px: float) -> list[str]:
    """The words in at most three lines; none where they do not fit."""
    lines: list[str] = []
    for word in words.split():
        if font.getlength(word) > width_px:
            return []
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if len(lines) <= MOST_LINES else []
