"""Whether a file says of itself that the rehearsal made it."""

from __future__ import annotations

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
    return any(
        name.lower() == "comment" and value.startswith(MARK) for tags in said for name, value in tags.items()
    )
