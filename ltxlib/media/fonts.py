"""Finds a font of this machine that knows every letter of a text, so that nothing is drawn as a box."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ltxlib.errors import BadInput

# Pillow brings this one; it looks the same everywhere, but knows little beyond English.
OWN = None
# What usual systems have; calm ones that know many letters first.
USUAL = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "segoeui.ttf",
    "Arial.ttf",
    "arial.ttf",
    "NotoSansCJK-Regular.ttc",
    "Hiragino Sans GB.ttc",
    "YuGothM.ttc",
    "msyh.ttc",
    "malgun.ttf",
)
# Styles that are taken only where no other font knows the letters.
_SPECIAL = ("bold", "italic", "oblique", "mono", "condensed", "narrow", "light", "black", "thin", "math")
_ENDINGS = (".ttf", ".otf", ".ttc")
_PROBE_PX = 24
# U+FFFF is no character, so what a font draws for it is its sign for "I do not know this one".
_NOTHING = "\uffff"
_CURE = (
    "Leave them out, or install a font that has them: the Noto fonts of Google have nearly all "
    "(on Debian and Ubuntu: apt install fonts-noto)."
)


def font_for(text: str) -> str | None:
    """The name or path of a font that knows all of a text; None is Pillow's own.

    Raises BadInput naming the letters that no font of this machine knows, or cannot set.
    """
    letters = _letters(text)
    if any(unicodedata.bidirectional(one) in ("R", "AL") or _joins(one) for one in letters) and not _shapes():
        raise BadInput(
            "The words are in a script whose letters change with their neighbours or run from right to left, "
            "and this machine's Pillow cannot set it.",
            cure="Install the library fribidi (on Debian and Ubuntu: apt install libfribidi0), or write "
            "the words in another script.",
        )
    fewest = letters
    for name in _names():
        unknown = _unknown(name, letters)
        if unknown == "":
            return name
        if unknown and len(unknown) < len(fewest):
            fewest = unknown
    told = " ".join(fewest[:20])
    raise BadInput(
        f"No font on this machine knows {told}, so boxes would be drawn in their place.", cure=_CURE
    )


def loaded(name: str | None, size_px: int) -> Any:
    """The font as Pillow takes it."""
    from PIL import ImageFont

    return ImageFont.load_default(size_px) if name is None else ImageFont.truetype(name, size_px)


def _letters(text: str) -> str:
    """Every sign once that a font must know; those that are only there to steer others are not drawn."""
    steering = ("Cf", "Cc", "Zs", "Zl", "Zp")
    found = dict.fromkeys(unicodedata.normalize("NFC", text))
    return "".join(
        one for one in found if unicodedata.category(one) not in steering and not "\ufe00" <= one <= "\ufe0f"
    )


def _unknown(name: str | None, letters: str) -> str | None:
    """The letters that a font does not know; None: it cannot be used at all."""
    try:
        font = loaded(name, _PROBE_PX)
        nothing = bytes(font.getmask(_NOTHING))
        return "".join(one for one in letters if bytes(font.getmask(one)) == nothing)
    except (OSError, ValueError):
        # Not on this machine, broken, or of pictures (emoji) in one size only.
        return None


def _names() -> Iterator[str | None]:
    yield OWN
    yield from USUAL
    files = sorted({path for folder in _folders() for path in folder.rglob("*") if _is_font(path)})
    files.sort(key=lambda path: any(word in path.name.lower() for word in _SPECIAL))
    yield from (os.fspath(path) for path in files)


def _is_font(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS


def _folders() -> list[Path]:
    """Where this system keeps its fonts."""
    home = Path.home()
    if sys.platform == "win32":
        roots = [os.environ.get("WINDIR", ""), os.environ.get("LOCALAPPDATA", "")]
        parts = ["Fonts", "Microsoft/Windows/Fonts"]
        return [Path(root) / part for root, part in zip(roots, parts, strict=True) if root]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    shares = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or home / ".local/share"
    return [Path(share) / "fonts" for share in (*shares.split(":"), own) if share] + [home / ".fonts"]


def _joins(letter: str) -> bool:
    """Whether a letter is of a script of India or South-East Asia, whose signs are set around each other."""
    return "\u0900" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17ff"


def _shapes() -> bool:
    from PIL import features

    return bool(features.check("raqm") and features.check("fribidi"))
