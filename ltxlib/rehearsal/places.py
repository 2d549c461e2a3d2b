"""Names that clients send, turned into paths that cannot leave their folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

_ANNOTATION = re.compile(r"^(.*) \[(input|output|temp)\]$", re.DOTALL)


def annotated(name: str) -> tuple[str, str | None]:
    """A name such as `a.png [input]` as (`a.png`, `input`); without the tag, the type is None."""
    found = _ANNOTATION.match(name)
    return (found.group(1), found.group(2)) if found else (name, None)


def inside(folder: Path, *parts: str) -> Path | None:
    """The path of a file or folder below `folder`; None when the parts would leave it."""
    root = os.path.realpath(folder)
    target = os.path.abspath(os.path.join(root, *parts))  # noqa: PTH100, PTH118  not resolved: links stay
    return Path(target) if os.path.commonpath((root, target)) == root else None
