"""The project's own sounds: ambience beds and music in the folder sounds/, brought there whole."""

from __future__ import annotations

import re
from pathlib import Path

from ltxlib.errors import BadInput
from ltxlib.store.files import inside, write_whole
from ltxlib.store.project import Project
from ltxlib.studio.film_sounds import SOUNDS

_LONGEST_NAME = 80


def sound_path(project: Project, name: str) -> Path:
    """Where a sound of that name lies. Raises UnsafeName when the name would leave the folder."""
    return inside(project.sounds, name)


def keep_sound(project: Project, name: str, data: bytes) -> str:
    """Put a sound into the folder sounds/ under a clean name, whole; gives that name.

    Another file of that name stays; the new one is called NAME-2, NAME-3 ... The same file once more is kept
    once. Raises BadInput for what is no sound by its name or is empty, StoreError when the disk refuses.
    """
    stem, suffix = _clean(name)
    if suffix not in SOUNDS:
        cure = f"Bring one of these kinds: {', '.join(one[1:] for one in sorted(SOUNDS))}."
        raise BadInput(f"“{name[:_LONGEST_NAME]}” is not a kind of sound that the kit knows.", cure=cure)
    if not data:
        raise BadInput(f"“{name[:_LONGEST_NAME]}” is empty.", cure="Save or download it anew.")
    number = 1
    while True:
        kept = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        path = inside(project.sounds, kept)
        if not path.exists():
            write_whole(path, data)
            return kept
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return kept
        number += 1


def _clean(name: str) -> tuple[str, str]:
    """A file's name and its ending, of letters, digits, dots, dashes and blanks, without any folder."""
    last = re.split(r"[\\/]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    plain = re.sub(r"[^\w .-]+", "-", stem if dot else last).strip(" .-")
    return plain[:_LONGEST_NAME].strip(" .-") or "sound", f".{ending.lower()}" if dot else ""
