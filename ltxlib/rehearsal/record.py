"""What a rehearsal server really ran, on disk: unlike its history it outlives the process."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.queue import Job
from ltxlib.rehearsal.saving import saved_as

log = logging.getLogger(__name__)

BEGINS, ENDS = "begins", "ends"


class Record:
    """A file with a JSON line as each prompt begins and as it ends; without a path nothing is kept.

    A line has `at` (seconds since 1970), `what` ("begins" or "ends"), `prompt_id` and `saved_as` (the prefix
    of its file); one that begins has `struck`, the faults that were ordered for it, one that ends `status`,
    "success" or "error". A prompt that was running as the process was killed has no line that it ended, nor
    has one that was forgotten in mid-take.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def begins(self, job: Job, struck: Iterable[str]) -> None:
        """A prompt is taken from the queue."""
        self._write(BEGINS, job, struck=sorted(struck))

    def ends(self, job: Job, status: str) -> None:
        """A prompt is in the history."""
        self._write(ENDS, job, status=status)

    def _write(self, what: str, job: Job, **facts: Any) -> None:
        if self._path is None:
            return
        at = time.time()
        line = {"at": at, "what": what, "prompt_id": job.prompt_id, "saved_as": saved_as(job.graph), **facts}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            # Rendering goes on: who wants the record puts it where there is room.
            log.warning("%s could not be written: %s", self._path.name, error)
