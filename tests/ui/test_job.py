"""Jobs: work on a thread, watched from another, never started twice."""

from __future__ import annotations

import threading

import pytest

from ltxlib.errors import BadInput
from ltxlib.ui.job import Job, Outcome, begin, latest, run_here


class Notes:
    """A state that keeps what it was told."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def apply(self, event: object) -> None:
        self.heard.append(event)


def test_a_job_tells_and_gives_its_result():
    """What the work tells reaches the state, and its result stays."""

    def work(job: Job) -> str:
        job.tell("one")
        job.tell("two")
        return "made"

    job = begin("a", work, Notes())
    assert job.wait(10)
    assert (job.result, job.error, job.state.heard) == ("made", None, ["one", "two"])
    assert not job.running


def test_a_second_begin_gives_the_running_job_back():
    """Running a cell again shows the job that runs."""
    go = threading.Event()
    first = begin("a", lambda job: go.wait(10), Notes())
    second = begin("a", lambda job: pytest.fail("started twice"), Notes())
    other = begin("b", lambda job: 2, Notes())
    assert second is first
    assert other is not first
    go.set()
    assert first.wait(10)
    assert latest("a") is first
    assert begin("a", lambda job: 3, Notes()) is not first
    assert latest("nothing") is None


def test_a_failure_is_kept_with_its_details():
    """Nothing is raised into the kernel; the error and its traceback wait to be asked for."""
    job = begin("a", lambda job: {}["missing"], Notes())
    assert job.wait(10)
    assert isinstance(job.error, KeyError)
    assert "missing" in job.outcome.details
    assert Outcome().details == ""


def test_followers_see_the_end_and_no_more_than_four_times_a_second():
    """However much a job tells, a panel is touched a few times only, and once after the end."""
    seen: list[int] = []

    def work(job: Job) -> None:
        for number in range(500):
            job.tell(number)

    job = Job(work, Notes())
    job.start()
    job.follow(lambda: seen.append(len(job.state.heard)), every_s=0.05)
    assert seen[-1] == 500
    assert len(seen) < 100


def test_a_quiet_job_gives_signs_of_life():
    """Without news a follower is still called now and then, so that the night's log does not look dead."""
    go, looks = threading.Event(), []

    def see() -> None:
        looks.append(1)
        if len(looks) == 3:
            go.set()

    job = Job(lambda job: go.wait(10), Notes())
    job.start()
    job.follow(see, every_s=0.01, quiet_s=0.01)
    assert len(looks) >= 3


def test_by_night_the_work_is_done_when_the_call_returns():
    """The night's cell ends when its work has ended, and raises what it raised."""
    job = run_here(lambda job: job.tell("x") or "made", Notes(), lambda: None)
    assert (job.result, job.state.heard) == ("made", ["x"])

    def bad(job: Job) -> None:
        raise BadInput("no")

    with pytest.raises(BadInput):
        run_here(bad, Notes(), lambda: None)


def test_an_interrupt_by_night_cancels_cleanly():
    """When papermill is stopped, the work is told to stop and gets the time to do so."""
    ended = threading.Event()

    def work(job: Job) -> None:
        job.tell("begun")
        job.cancel.wait(10)
        ended.set()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_here(work, Notes(), interrupted)
    assert ended.is_set()
