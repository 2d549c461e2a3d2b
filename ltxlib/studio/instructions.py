"""What the text encoder is told, read from prompts/enhance/."""

from __future__ import annotations

from ltxlib.core.enhance import FOLDER, read_instructions
from ltxlib.errors import StoreError
from ltxlib.store.project import Project


def read(project: Project, name: str) -> str:
    """The instructions in one file. Raises StoreError when it is missing or says nothing."""
    place = f"prompts/{FOLDER}/{name}"
    try:
        text = read_instructions((project.prompts / FOLDER / name).read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{place} cannot be read; it tells the text encoder what to write.",
            cure="Copy it back from the kit, saved as plain UTF-8 text.",
        ) from error
    if not text:
        raise StoreError(
            f"{place} says nothing; it tells the text encoder what to write.",
            cure="Write the instructions into it, or copy the file back from the kit.",
        )
    return text
