"""What goes wrong while a night renders and does not end it: read along in the journal, told and kept.

Only new lines are read, so a long night costs no more than a short one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ltxlib.store.project import Shelf
from ltxlib.studio.night_told import Told

# A server that dies all night long is one trouble, not a hundred notes.
MOST_NOTES = 3
MOST_KEPT = 20


class Troubles:
    """Reads the journal of one night's shelf from where it ended when the night began."""

    def __init__(self, shelf: Shelf, told: Told) -> None:
        self._path, self._told = shelf.journal.path, told
        self._at = self._size()
        self._notes = 0

    def see(self) -> None:
        """Tell of what is new."""
        for entry in self._new():
            if entry.get("event") == "restarted":
                self._tell("ComfyUI had to be started again", str(entry.get("says", "")))
            elif entry.get("event") == "not restarted":
                self._tell("ComfyUI cannot be started again", str(entry.get("reason", "")), urgent=True)

    def _tell(self, title: str, text: str, *, urgent: bool = False) -> None:
        kept = list(self._told.facts.get("troubles") or ())
        if len(kept) < MOST_KEPT:
            self._told.set(troubles=[*kept, f"{title}. {text}".strip()])
        self._notes += 1
        if self._notes <= MOST_NOTES:
            self._told.note(title, text, urgent=urgent)

    def _new(self) -> Iterator[dict[str, Any]]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except OSError:
            return
        # A line that is just being written is left for the next time.
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
