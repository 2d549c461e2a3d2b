"""The light switch: every row of the chain, each answer read, the state believed and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ltxlib.pod.here import PodHere
from ltxlib.pod.runpod_api import RunPodApi
from ltxlib.pod.stopping import prove, stop_for_good, stop_once
from tests.support.runpod import KEY, POD, RunPod, put_runpodctl, runpod

HERE = PodHere(POD, KEY)
OLD_YES = (0, f'pod "{POD}" stopped')
OLD_NO = (0, f'pod "{POD}" stop failed; status is RUNNING')
NEW_YES = (0, f'{{"id": "{POD}", "desiredStatus": "EXITED", "env": {{"HF_TOKEN": "hf_ALSOSECRET"}}}}')


@pytest.fixture(autouse=True)
def no_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No runpodctl unless a test puts one there, and the PATH as it was afterwards."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def api(world: RunPod) -> RunPodApi:
    return RunPodApi(KEY, graphql_url=f"{world.url}/graphql", rest_url=f"{world.url}/v1", timeout_s=5)


class Clock:
    """Waits without waiting; somebody calls the stop off after so many waits."""

    def __init__(self, off_after: int = 10**9) -> None:
        self.waited: list[float] = []
        self.off_after = off_after

    def __call__(self, seconds: float) -> bool:
        if seconds:
            self.waited.append(seconds)
        return len(self.waited) >= self.off_after


@pytest.mark.parametrize("way", ["rest", "graphql"])
def test_a_web_interface_that_may_stop_does(way):
    """Without the command, the first interface that may stop the pod ends the chain."""
    with runpod(stops={way}) as world:
        report = stop_once(HERE, wait=Clock(), api=api(world))
    assert report.stopped
    assert report.text == "The pod is stopped: RunPod says EXITED."
    assert [attempt.accepted for attempt in report.attempts[:2]] == [False, False]
    assert world.asked[-1] == way
    assert world.asked == (["graphql"] if way == "graphql" else ["graphql", "rest"])


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"stop pod": OLD_YES}, ["stop pod"]),
        ({"pod stop": NEW_YES}, ["stop pod", "pod stop"]),
        ({"stop pod": OLD_NO, "pod stop": NEW_YES}, ["stop pod", "pod stop"]),
    ],
)
def test_either_spelling_of_the_command_stops(tmp_path, answers, asked):
    """The old spelling first, then the new; an answer of failure that ends well is not believed."""
    log = put_runpodctl(tmp_path / "bin", answers)
    with runpod() as world:
        report = stop_once(
            HERE,
            wait=Clock(),
            api=api(world),
            tell=lambda attempt: setattr(world, "status", "EXITED") if attempt.accepted else None,
        )
    assert report.stopped
    assert log.read_text().splitlines() == [f"{words} {POD}" for words in asked]
    assert not world.asked


def test_a_stop_that_takes_its_time_is_waited_for(tmp_path):
    """An accepted stop is given time to show before the next way is tried."""
    with runpod(stops={"graphql"}, slow=3) as world:
        clock = Clock()
        report = stop_once(HERE, wait=clock, api=api(world))
    assert report.stopped
    assert world.asked == ["graphql"]
    assert clock.waited == [5.0, 5.0, 5.0]


def test_accepted_but_still_running_is_said_loudly(tmp_path):
    """Every way says yes, the pod runs on: all ways are tried, and the report says what it costs."""
    put_runpodctl(tmp_path / "bin", {"stop pod": OLD_YES, "pod stop": NEW_YES})
    with runpod(lies={"rest", "graphql"}) as world:
        report = stop_once(HERE, wait=Clock(), api=api(world), verify_s=10)
    assert not report.stopped
    assert [attempt.accepted for attempt in report.attempts] == [True] * 4
    assert report.text == (
        "THE POD IS STILL RUNNING and costs money although runpodctl stop pod was accepted: "
        "RunPod says RUNNING."
    )


def test_the_last_way_that_works_is_found(tmp_path):
    """A command and an interface that lie do not end the chain."""
    put_runpodctl(tmp_path / "bin", {"stop pod": OLD_YES})
    with runpod(lies={"graphql"}, stops={"rest"}) as world:
        report = stop_once(HERE, wait=Clock(), api=api(world), verify_s=0)
    assert report.stopped
    assert world.asked == ["graphql", "rest"]


def test_nobody_who_tells_is_no_success(tmp_path):
    """When an answer is yes but no one tells the state, nothing is claimed."""
    put_runpodctl(tmp_path / "bin", {"stop pod": OLD_YES})
    with runpod(tells=set()) as world:
        report = stop_once(HERE, wait=Clock(), api=api(world), verify_s=0)
    assert (report.status, report.stopped) == ("", False)
    assert "nobody here can tell" in report.text


def test_the_command_tells_when_the_web_does_not(tmp_path):
    """A pod without a key is watched by the command, in its table and in its JSON."""
    table = f"ID  NAME  GPU  IMAGE NAME  STATUS\n{POD}  film  1 RTX 4090  runpod/comfyui  EXITED"
    put_runpodctl(tmp_path / "bin", {"stop pod": OLD_YES, "get pod": (0, table)})
    report = stop_once(PodHere(POD), wait=Clock())
    assert report.stopped
    put_runpodctl(tmp_path / "bin2", {"stop pod": OLD_YES, "pod get": NEW_YES})
    assert stop_once(PodHere(POD), wait=Clock()).stopped


def test_no_way_at_all_is_said_loudly():
    """No command, no key: the pod runs on, and the report says so."""
    report = stop_once(PodHere(POD), wait=Clock())
    assert not any(attempt.accepted for attempt in report.attempts)
    assert report.text == "THE POD IS STILL RUNNING and costs money: no way of stopping it was accepted."
    assert report.attempts[0].said == "runpodctl is not on this machine"
    assert report.attempts[2].said == "This pod has no RunPod key of its own."


def test_it_keeps_trying_until_the_pod_has_stopped():
    """Round after round with growing pauses, each one told, until a way works."""
    told = []
    with runpod() as world:

        def tell(report):
            told.append(report.text)
            if len(told) == 4:
                world.stops.add("rest")

        clock = Clock()
        report = stop_for_good(HERE, wait=clock, tell=tell, api=api(world))
    assert report.stopped
    assert clock.waited == [15.0, 60.0, 300.0, 300.0]
    assert [text.startswith("THE POD IS STILL RUNNING") for text in told] == [True] * 4 + [False]


def test_a_person_can_call_it_off():
    """Called off, no further way is tried and no further round begins."""
    off = threading.Event()
    off.set()
    with runpod(stops={"rest"}) as world:
        report = stop_for_good(HERE, wait=off.wait, tell=lambda _: None, api=api(world))
    assert not report.stopped
    assert world.asked == []
    assert len(report.attempts) == 1


def test_no_secret_is_told(tmp_path):
    """Neither the key nor what the pod's environment holds is in any answer that is kept."""
    put_runpodctl(
        tmp_path / "bin", {"stop pod": (1, f"bad key {KEY}"), "pod stop": NEW_YES, "pod get": NEW_YES}
    )
    with runpod(tells=set()) as world:
        text = repr(stop_once(HERE, wait=Clock(), api=api(world), verify_s=0)) + repr(prove(HERE, api(world)))
    assert "SECRET" not in text + repr(HERE)


def test_the_way_is_proven_without_stopping(tmp_path):
    """ "Test it now" tells what answers, and asks nobody to stop anything."""
    log = put_runpodctl(tmp_path / "bin", {"get pod": (0, f"{POD} film RUNNING"), "stop pod": OLD_YES})
    with runpod(stops={"rest"}) as world:
        lines = prove(HERE, api(world))
    assert [line.good for line in lines] == [True, True, True]
    assert lines[1].seen == "it says RUNNING, $0.59 an hour"
    assert world.asked == []
    assert "stop" not in log.read_text()
    lines = prove(PodHere("another"), RunPodApi(""))
    assert [line.good for line in lines] == [True, False, True]
