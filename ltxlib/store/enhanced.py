"""Prompts that the text encoder wrote out, `enhanced/<scene>/<key>.json`, so that nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltxlib.store.files import inside, write_json
from ltxlib.store.journal import now
from ltxlib.store.project import Shelf


def path_of(shelf: Shelf, scene: str, key: str) -> Path:
    """Where the text of a scene lies; raises UnsafeName for a name that would leave its folder."""
    return inside(shelf.folder / "enhanced", scene, f"{key}.json")


def read(shelf: Shelf, scene: str, key: str) -> str | None:
    """The text that was kept, empty when the prompt is to stay as it is; None when nothing was kept."""
    try:
        text = json.loads(path_of(shelf, scene, key).read_bytes())["text"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return text if isinstance(text, str) else None


def write(shelf: Shelf, scene: str, key: str, text: str, facts: Mapping[str, Any]) -> None:
    """Keep a text, with what it was made of. Raises StoreError when the disk refuses."""
    kept = {"text": text, "made_at": now(), "rehearsal": shelf.rehearsal, **facts}
    write_json(path_of(shelf, scene, key), kept)
