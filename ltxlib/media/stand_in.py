"""Whether a file says of itself that the rehearsal made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ltxlib.errors import ClipUnreadable
from ltxlib.media.probe import open_clip

MARK = "REHEARSAL"
"""How the comment of everything that the rehearsal makes begins."""


def is_stand_in(path: Path) -> bool:
    """Whether a clip or a sound carries the rehearsal's mark; False for what cannot be read at all."""
    try:
        with open_clip(path) as container:
            said = [container.metadata, *(stream.metadata for stream in container.streams)]
    except ClipUnreadable:
        return False
    return any(is_marked(tags) for tags in said)


def is_marked(tags: Mapping[str, str]) -> bool:
    """Whether a file's own words say that the rehearsal made it."""
    return any(name.lower() == "comment" and words.startswith(MARK) for name, words in tags.items())
