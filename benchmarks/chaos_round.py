"""One round of chaos: a small night that is struck again and again, and started again, until it is done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks.box import (
    Execution,
    Rehearsal,
    batch,
    end,
    environment,
    executions,
    left_over,
    small_project,
    wait_for,
)
from benchmarks.chaos_check import wrong_with
from benchmarks.chaos_script import FILL_DISK, KILL_BOTH, KILL_NIGHT, KILL_REHEARSAL, Script, Strike
from ltxlib.store.project import Project

# The batch wants a quarter of a gigabyte to be left; none of it is taken from the machine before it is used.
DISK_BYTES = 1024**3
RUN_PATIENCE_S = 60.0
LINES_PATIENCE_S = 2.0
NURSE_PATIENCE_S = 20.0
LAST_RUNS = 2
"""How often a run that nothing disturbs may be needed to make what failed in the one before."""


@dataclass
class Outcome:
    """What came of a round: all that is wrong (nothing, when it is good), and what it took."""

    script: Script
    wrong: list[str] = field(default_factory=list)
    took_s: float = 0.0
    runs: int = 0
    ran: tuple[Execution, ...] = ()
    kept: Path | None = None

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return not self.wrong

    @property
    def cut_off(self) -> int:
        """How many prompts were cut off in mid-render."""
        return sum(not one.status for one in self.ran)


@contextmanager
def small_disk(folder: Path, wanted: bool) -> Iterator[Path]:
    """A folder that is a small disk of its own where root can mount one and it is wanted, else a folder."""
    folder.mkdir(parents=True)
    size = f"size={DISK_BYTES}"
    if wanted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        if wanted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _remount(folder: Path, size_bytes: int) -> bool:
    words = ["mount", "-o", f"remount,size={size_bytes}", str(folder)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def can_mount(folder: Path) -> bool:
    """Whether this process may mount a small disk."""
    if os.name != "posix" or os.geteuid() != 0:
        return False
    try:
        with small_disk(folder, True):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def play(
    script: Script, folder: Path, *, disk: bool, keep: Path | None, make: type[Night] | None = None
) -> Outcome:
    """Play one round. folder: for its files, made and removed. keep: where those of a bad one are copied.

    make: another kind of night than the batch alone.
    """
    make = make or Night
    began = time.monotonic()
    outcome = Outcome(script)
    with small_disk(folder / "disk", disk) as place:
        night = make(script, folder, place)
        try:
            night.through()
            outcome.wrong += [*night.wrong, *night.wrong_at_the_end()]
        except (TimeoutError, requests.RequestException) as error:
            outcome.wrong.append(str(error))
        finally:
            night.end()
        outcome.ran, outcome.runs = tuple(executions(night.rehearsal.record)), night.runs
        outcome.wrong += wrong_with(night.project, script.scenes, outcome.ran)
        outcome.wrong += night.left_over()
        if outcome.wrong and keep is not None:
            outcome.kept = keep
            shutil.copytree(folder, keep, dirs_exist_ok=True)
    shutil.rmtree(folder)
    outcome.took_s = time.monotonic() - began
    return outcome


class Night:
    """The rehearsal and the batch of a round, and what befalls them."""

    def __init__(self, script: Script, folder: Path, place: Path) -> None:
        self.script, self.folder, self.place = script, folder, place
        self.project: Project = small_project(place / "film", script.scenes)
        self.mark = f"{script.seed}-{os.getpid()}"
        (folder / "tmp").mkdir()
        self.env = environment(self.mark, TMPDIR=str(folder / "tmp"))
        record, speed = folder / "rehearsal.record", script.seconds_per_step
        self.rehearsal = Rehearsal(self.project.root, record, self.env, speed)
        self.batch: subprocess.Popen[bytes] | None = None
        self.runs = 0
        self.wrong: list[str] = []

    def through(self) -> None:
        """From the first start to the end of a run that nothing disturbed."""
        self.rehearsal.start()
        self.start_batch()
        for strike in self.script.strikes:
            self._wait_for_moment(strike)
            self._strike(strike)
            self._revive(strike)
        self._calm()

    def end(self) -> None:
        """Let nothing of it run on; a rehearsal that the batch was just starting is known a moment later."""
        end(self.batch, signal.SIGKILL)
        last = time.monotonic() + NURSE_PATIENCE_S
        self.rehearsal.stop()
        while left_over(self.mark) and time.monotonic() < last:
            self.rehearsal.stop()
            time.sleep(0.05)

    def left_over(self) -> list[str]:
        """Processes that are still there although all that were started have ended."""
        return [f"a process is left: {one}" for one in left_over(self.mark)]

    def start_batch(self) -> None:
        """Start the batch, again where it has ended."""
        self.runs += 1
        log, hasty = self.folder / "batch.log", self.script.hasty
        self.batch = batch(self.project, self.env, [self.rehearsal.url], log, hasty=hasty)

    def kill_batch(self) -> None:
        """Kill the batch, -9."""
        end(self.batch, signal.SIGKILL)

    def wrong_at_the_end(self) -> list[str]:
        """What else is wrong once all is done."""
        return []

    def ended(self) -> bool:
        """Whether the run that was started last is over."""
        return self.batch is not None and self.batch.poll() is not None

    def _lines(self) -> int:
        try:
            return self.project.set(rehearsal=True).journal.path.read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    def _wait_for_moment(self, strike: Strike) -> None:
        last, wanted = time.monotonic() + LINES_PATIENCE_S, self._lines() + strike.after_lines
        while self._lines() < wanted and time.monotonic() < last and not self.ended():
            time.sleep(0.002)
        last = time.monotonic() + strike.delay_s
        while time.monotonic() < last and not self.ended():
            time.sleep(0.005)

    def _strike(self, strike: Strike) -> None:
        if strike.kind in (KILL_NIGHT, KILL_BOTH):
            self.kill_batch()
        if strike.kind == KILL_REHEARSAL and strike.details:
            self._order(strike)
            with suppress(TimeoutError):  # nothing more may be rendered; then it lives
                wait_for(lambda: not self.rehearsal.alive or self.ended(), "", 1.0)
        elif strike.kind in (KILL_REHEARSAL, KILL_BOTH):
            self.rehearsal.kill()
        elif strike.kind == FILL_DISK:
            self._fill_disk(strike)
        elif strike.details:
            self._order(strike)

    def _order(self, strike: Strike) -> None:
        """Order a fault, from a rehearsal that may just be dying of an earlier one."""
        last = time.monotonic() + RUN_PATIENCE_S
        while True:
            try:
                return self.rehearsal.order(strike.details)
            except requests.RequestException:
                if time.monotonic() > last:
                    raise
                self.rehearsal.start()

    def _fill_disk(self, strike: Strike) -> None:
        """The disk is made as small as what is on it, and large again: quicker than writing a gigabyte."""
        until, full = time.monotonic() + strike.hold_s, False
        while not full:
            about = os.statvfs(self.place)
            used = (about.f_blocks - about.f_bfree) * about.f_frsize
            # Refused when something was written in between; and size=0 would be no limit at all.
            full = _remount(self.place, used + max(strike.spare_bytes, about.f_frsize))
        time.sleep(max(0.0, until - time.monotonic()))
        _remount(self.place, DISK_BYTES)

    def _revive(self, strike: Strike | None = None) -> None:
        """Start again what died; a batch that came to its end well has nothing more to do."""
        if strike and strike.left_dead:
            with suppress(TimeoutError):  # nothing is left to do, so the batch lets it be
                wait_for(lambda: self.ended() or self.rehearsal.answers(), "", NURSE_PATIENCE_S)
        if not self.rehearsal.answers():
            self.rehearsal.start()
        if self.ended() and self.batch.returncode != 0:
            self.start_batch()

    def _calm(self) -> None:
        """Nothing goes wrong any more: see that everything gets made."""
        self._revive()
        with suppress(requests.RequestException):  # it dies of what was ordered, and forgets it so
            self.rehearsal.order_nothing()
        self._revive()
        for left in range(LAST_RUNS, -1, -1):
            wait_for(self.ended, "the batch", RUN_PATIENCE_S)
            if self.batch.returncode == 0:
                return
            if left:
                self.start_batch()
        self.wrong.append(f"the last run, which nothing disturbed, ended with {self.batch.returncode}")
