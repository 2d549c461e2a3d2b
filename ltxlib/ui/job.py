"""Work that goes on while the notebook stays usable.

A job runs on a thread of its own. Whoever shows it follows it from another thread, a few times a second at
most. Jobs are kept by name, so that running a cell again shows the job that runs and never starts a second.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

LOOK_EVERY_S = 0.25


class Outcome:
    """A `with` block whose error is kept instead of raised, to be shown where a person looks for it.

    Threads and button callbacks have nobody above them who could catch: an error that leaves them ends up in
    a log, or in pink under whatever cell happens to run.
    """

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Outcome:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True

    @property
    def details(self) -> str:
        """The traceback, for those who ask for it; empty when all went well."""
        return "".join(traceback.format_exception(self.error)) if self.error else ""


class Job:
    """One piece of work; `state` is what it tells of itself while it runs.

    work gets the job: it calls `tell(event)`, which hands the event to `state.apply`, and looks at `cancel`.
    """

    def __init__(self, work: Callable[[Job], Any], state: Any = None) -> None:
        self.state = state
        self.cancel = threading.Event()
        self.result: Any = None
        self.outcome = Outcome()
        self._work = work
        self._news = threading.Condition()
        self._told = 0
        self._ended = False

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended

    @property
    def error(self) -> BaseException | None:
        """What ended it early, if anything did."""
        return self.outcome.error

    def start(self) -> None:
        """Begin, on a thread that does not keep the kernel from ending."""
        threading.Thread(target=self._run, name="ltx-job", daemon=True).start()

    def tell(self, event: Any) -> None:
        """Called by the work: something happened."""
        with self._news:
            self.state.apply(event)
            self._told += 1
            self._news.notify_all()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; says whether it has come."""
        with self._news:
            return self._news.wait_for(lambda: self._ended, timeout_s)

    def follow(
        self, see: Callable[[], None], *, every_s: float = LOOK_EVERY_S, quiet_s: float = 10.0
    ) -> None:
        """Call `see` whenever there is news, at most every `every_s` seconds, and once after the end.

        Without news it is called every `quiet_s` seconds, as a sign of life. Returns after the end.
        """
        seen = -1
        while True:
            with self._news:
                self._news.wait_for(lambda seen=seen: self._ended or self._told != seen, quiet_s)
                seen, ended = self._told, self._ended
            see()
            if ended:
                return
            self.wait(every_s)

    def _run(self) -> None:
        with self.outcome:
            self.result = self._work(self)
        with self._news:
            self._ended = True
            self._news.notify_all()


_JOBS: dict[str, Job] = {}
_JOBS_LOCK = threading.Lock()


def begin(name: str, work: Callable[[Job], Any], state: Any = None) -> Job:
    """Start a job under a name, or give back the one of that name that runs."""
    with _JOBS_LOCK:
        found = _JOBS.get(name)
        if found and found.running:
            return found
        job = _JOBS[name] = Job(work, state)
        job.start()
        return job


def run_here(work: Callable[[Job], Any], state: Any, see: Callable[[], None]) -> Job:
    """Do a job while this thread shows it; for the night, where a cell is done when its work is done.

    An interrupt cancels the work cleanly before it goes on up. Raises what the work raised.
    """
    job = Job(work, state)
    job.start()
    try:
        job.follow(see)
    except KeyboardInterrupt:
        job.cancel.set()
        job.wait()
        raise
    if job.error is not None:
        raise job.error
    return job


def latest(name: str) -> Job | None:
    """The job of this name that runs or ran last in this kernel."""
    return _JOBS.get(name)


def to_show(name: str) -> Job | None:
    """The job that a cell which is run again should show: one that runs, or one that ended well.

    A failure was told when it happened; told again later it would frighten about what may be mended by now.
    """
    job = latest(name)
    return job if job and (job.running or job.error is None) else None


def at_work(project: str, but: str = "") -> str:
    """That a job of a project runs in this kernel, in a sentence; empty when none does. but: not this one."""
    with _JOBS_LOCK:
        running = [name for name, job in _JOBS.items() if job.running and name != but]
    if not any(name.startswith(f"{project}:") for name in running):
        return ""
    return "Something is still at work on one of these pages. Wait until it is done, or cancel it there."
