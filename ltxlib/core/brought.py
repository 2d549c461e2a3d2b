"""What a person brings from elsewhere: which files are pictures, and under which names they are kept.

Names come from other programs, from ZIP files and from other systems: only the last parts of them are used,
and only letters, digits, blanks and a few signs, so that no name leads out of a folder or fails on Windows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

PICTURE, ZIP, CLIP, HEIC, AVIF, ODD, IGNORED = "picture", "zip", "clip", "heic", "avif", "odd", "ignored"
# What ComfyUI's LoadImage takes as it is, and what is written anew as PNG.
KEPT_ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".jfif", ".jpe")
_BY_ENDING = {
    **dict.fromkeys(PICTURE_ENDINGS, PICTURE),
    **dict.fromkeys((".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v"), CLIP),
    **dict.fromkeys((".heic", ".heif"), HEIC),
    ".avif": AVIF,
    ".zip": ZIP,
}
ACCEPT = ",".join((*PICTURE_ENDINGS, ".zip"))
# What other systems put beside pictures, which nobody means to bring.
_LITTER = {"thumbs.db", "desktop.ini", "__macosx", "icon\r"}

LARGEST_BYTES = 100_000_000
LARGEST_ZIP_BYTES = 4_000_000_000
LARGEST_PIXELS = 80_000_000
_LONGEST_STEM_BYTES = 120
# Windows cannot hold files of these names, whatever their ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10))}
_LONGEST_SAID = 60
_SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}

DEFAULT_PROMPT = (
    "The picture comes gently alive. Everything in it keeps its place and moves slowly and naturally, the "
    "light stays soft and steady, and the quiet sounds of the place are heard, close and clear. The camera "
    "stands still."
)


def kind_of(name: str) -> str:
    """What a file is by its name: a picture, a zip, a clip, heic, avif, odd, or one to be passed over."""
    parts = _parts(name)
    if not parts or any(part.startswith(".") or part.casefold() in _LITTER for part in parts):
        return IGNORED
    return _BY_ENDING.get(PurePosixPath(parts[-1]).suffix.lower(), ODD)


def kind_inside(head: bytes) -> str:
    """What a file is by its first bytes, for those that are not what their name says; empty when unknown."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return AVIF
        return HEIC if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis") else CLIP
    if head.startswith(b"\x1aE\xdf\xa3") or (head.startswith(b"RIFF") and head[8:11] == b"AVI"):
        return CLIP
    return ZIP if head.startswith(b"PK\x03\x04") else ""


def refusal(name: str, size_bytes: int, kind: str = "") -> str:
    """Why a file is not taken, in one or two sentences; empty when it may come. kind: where it is known."""
    said, kind = short(name), kind or kind_of(name)
    if kind == CLIP:
        return f"“{said}” is a clip: films are made of takes, so bring the still picture it began with."
    if kind == HEIC:
        return f"“{said}” is a HEIC picture, which ComfyUI cannot open. Export it as JPEG or PNG."
    if kind == AVIF:
        return f"“{said}” is an AVIF picture, which ComfyUI cannot open. Save it as PNG or WebP."
    if kind not in (PICTURE, ZIP):
        return f"“{said}” is no picture that the kit knows. Bring PNG, JPEG or WebP, or a ZIP of them."
    if not size_bytes:
        return f"“{said}” is empty. Save or download it anew."
    most = LARGEST_ZIP_BYTES if kind == ZIP else LARGEST_BYTES
    if size_bytes > most:
        smaller = "Bring it in two parts" if kind == ZIP else "Save it smaller"
        return f"“{said}” has {size_bytes / 1e6:,.0f} MB; up to {most / 1e6:,.0f} MB can be taken. {smaller}."
    return ""


def kept_name(name: str, ending: str) -> str:
    """The file name under which a brought file is kept: the folders' names in front, joined by dashes.

    name may have folders, of any system. ending: with its dot.
    """
    parts = [plain for part in _parts(name) if (plain := _plain(part))]
    if parts:
        last = _parts(name)[-1]
        dot = PurePosixPath(last).suffix.lower()
        parts[-1] = _plain(last[: -len(dot)] if dot in _BY_ENDING or dot == ending else last) or "picture"
    stem = "-".join(dict.fromkeys(parts)) or "picture"
    # The end of a long name says more than its beginning: that is where the numbers are.
    raw = stem.encode()[-_LONGEST_STEM_BYTES:].decode(errors="ignore").strip(" .-") or "picture"
    if raw.partition(".")[0].casefold().strip() in _DEVICES:
        raw = f"picture-{raw}"
    return f"{raw}{ending}"


def scene_name(file: str, taken: Collection[str]) -> str:
    """A name for a scene that starts from this picture, which no other scene has."""
    stem = PurePosixPath(file).stem
    for letter, plain in _SPELT.items():
        stem = stem.replace(letter, plain).replace(letter.upper(), plain.title())
    ascii_only = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_only).strip("-_")[:56].rstrip("-_").lower() or "picture"
    if base in _DEVICES:
        base = f"picture-{base}"
    used, number, name = {one.casefold() for one in taken}, 1, base
    while name.casefold() in used:
        number += 1
        name = f"{base}-{number}"
    return name


def fitting_size(width_px: int, height_px: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The size whose shape is nearest to a picture's; of equals the first."""
    shape = width_px / height_px
    return min(sizes, key=lambda size: round(max(size[0] / size[1] / shape, shape / (size[0] / size[1])), 3))


def short(name: str) -> str:
    """A name as it is told: its last part, without what cannot be seen, not too long."""
    last = (_parts(name) or ["a file"])[-1]
    shown = "".join(letter for letter in last if letter.isprintable()) or "a file"
    return shown if len(shown) <= _LONGEST_SAID else f"{shown[: _LONGEST_SAID - 9]}…{shown[-8:]}"


def _parts(name: str) -> list[str]:
    """A path's parts, of any system; what leads upwards or to a drive is left out."""
    parts = re.split(r"[\\/]+", unicodedata.normalize("NFC", name))
    return [part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]


def _plain(part: str) -> str:
    """One part of letters, digits, blanks, dots, dashes and round brackets."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w .()+-]+", "-", part)).strip(" .-")
