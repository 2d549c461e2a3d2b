"""The project's own sounds: ambience beds and music in the folder sounds/, brought there whole."""

from __future__ import annotations

import re
from pathlib import Path

from ltxlib.errors import BadInput
from ltxlib.store.files import inside, move_whole, sha256_of
from ltxlib.store.project import Project
from ltxlib.studio.film_sounds import SOUNDS

_LONGEST_NAME = 80


def sound_path(project: Project, name: str) -> Path:
    """Where a sound of that name lies. Raises UnsafeName when the name would leave the folder."""
    return inside(project.sounds, name)


def not_a_sound(name: str, size_bytes: int) -> str:
    """Why a file is no sound that can be brought, in a sentence or two; empty when it may come."""
    said = name[:_LONGEST_NAME]
    if _clean(name)[1] not in SOUNDS:
        kinds = ", ".join(one[1:] for one in sorted(SOUNDS))
        return f"“{said}” is not a kind of sound that the kit knows. Bring one of these kinds: {kinds}."
    return "" if size_bytes else f"“{said}” is empty. Save or download it anew."


def keep_sound(project: Project, name: str, part: Path) -> str:
    """Move a sound into the folder sounds/ under a clean name, whole; gives that name.

    part: the sound, on the same disk. Another file of that name stays; the new one is called NAME-2,
    NAME-3 ... The same file once more is kept once. Raises BadInput for what is no sound by its name or is
    empty, StoreError when the disk refuses.
    """
    why = not_a_sound(name, part.stat().st_size)
    if why:
        raise BadInput(why, cure="Then bring it again.")
    stem, suffix = _clean(name)
    number = 1
    while True:
        kept = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        path = inside(project.sounds, kept)
        if not path.exists():
            move_whole(part, path)
            return kept
        alike = path.is_file() and path.stat().st_size == part.stat().st_size
        if alike and sha256_of(path) == sha256_of(part):
            part.unlink()
            return kept
        number += 1


def _clean(name: str) -> tuple[str, str]:
    """A file's name and its ending, of letters, digits, dots, dashes and blanks, without any folder."""
    last = re.split(r"[\\/]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    plain = re.sub(r"[^\w .-]+", "-", stem if dot else last).strip(" .-")
    return plain[:_LONGEST_NAME].strip(" .-") or "sound", f".{ending.lower()}" if dot else ""
