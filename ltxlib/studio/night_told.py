"""How a night tells what it does: in night.json for those who watch, in its log, and in notes to a phone."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from ltxlib.errors import StoreError
from ltxlib.pod.webhook import Note, addresses, send
from ltxlib.store.night_files import NightFolder
from ltxlib.studio.secrets import hide, hide_in

REHEARSAL = "REHEARSAL: "


class Told:
    """All three ways, without secrets. Nothing is raised: no word is worth a night."""

    def __init__(self, night: NightFolder, facts: Mapping[str, Any]) -> None:
        self.night = night
        self._facts = dict(facts)
        self._lock = threading.Lock()

    @property
    def facts(self) -> Mapping[str, Any]:
        """What night.json says, or is to say."""
        return self._facts

    def set(self, **facts: Any) -> None:
        """Change what night.json says; a change of phase is logged too."""
        with self._lock:
            if facts.get("phase", self._facts.get("phase")) != self._facts.get("phase"):
                self.log(f"-- {facts['phase']}")
            self._facts.update(hide_in(facts))
            try:
                self.night.write(self._facts)
            except StoreError as error:
                self.log(str(error))

    def log(self, text: str) -> None:
        """A line of the log, with the time."""
        print(f"{time.strftime('%H:%M:%S')} {hide(text)}", flush=True)

    def note(self, title: str, text: str, *, urgent: bool = False) -> None:
        """A word to every address in LTX_NOTIFY, and into the log."""
        mark = REHEARSAL if self._facts.get("rehearsal") else ""
        note = Note(mark + hide(title), hide(text), urgent)
        self.log("\n".join(["note: " + note.title, *note.text.splitlines()]))
        for one in send(note, addresses()):
            self.log(f"told {one.host}" if not one.fault else f"NOT told {one.host}: {one.fault}")
