"""Rounds of chaos with the whole of `./kit night`: its process, its watchman, papermill and the kernels."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.box import KIT, wait_for
from benchmarks.chaos_round import Night
from benchmarks.chaos_script import Script
from ltxlib.errors import ProjectBusy
from ltxlib.store.night_files import night_folder
from ltxlib.studio.night_start import refuse_second
from ltxlib.studio.watching import look

FREE_PATIENCE_S = 60.0


class WholeNight(Night):
    """A round whose batch runs in a notebook that the night's process runs."""

    def __init__(self, script: Script, folder: Path, place: Path) -> None:
        super().__init__(script, folder, place)
        for notebook in (KIT / "notebooks").glob("*.ipynb"):
            shutil.copy(notebook, self.project.notebooks)

    def start_batch(self) -> None:
        """Begin a night as soon as the one before is over, watchman and kernels included."""
        self.runs += 1
        wait_for(self._free, "what is left of the night before", FREE_PATIENCE_S)
        words = [sys.executable, "-m", "ltxlib", "night", "--project", str(self.project.root)]
        with (self.folder / "batch.log").open("ab") as log:
            self.batch = subprocess.Popen(
                words,
                env={**self.env, "LTX_COMFY_URL": self.rehearsal.url},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.project.root,
            )

    def kill_batch(self) -> None:
        """Kill the night's own process; whoever watches it sees that, and its watchman steps in."""
        process = night_folder(self.project).read().get("process")
        if process and look(self.project).running:
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
            last = time.monotonic() + FREE_PATIENCE_S
            while not self.ended() and time.monotonic() < last:
                time.sleep(0.02)

    def wrong_at_the_end(self) -> list[str]:
        """The report of the last night must be there."""
        report = look(self.project).report
        return [] if report and report.is_file() else ["there is no morning report"]

    def end(self) -> None:
        """Let nothing of it run on: the watchman goes by himself when he sees a night that is over."""
        with suppress(TimeoutError):
            wait_for(self._free, "the night", FREE_PATIENCE_S if self.ended() else 0.0)
        super().end()

    def _free(self) -> bool:
        try:
            refuse_second(self.project)
        except ProjectBusy:
            return False
        return True
