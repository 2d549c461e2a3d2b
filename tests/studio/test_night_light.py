"""The night's light switch, against a stand-in for RunPod."""

import threading

import pytest

from ltxlib.pod import stopping
from ltxlib.store.night_files import night_folder
from ltxlib.store.project import Project
from ltxlib.studio.night_light import Light, pod_to_stop
from ltxlib.studio.night_told import Told
from ltxlib.studio.watching import add_order, look
from tests.support.nights import phone, until
from tests.support.runpod import KEY, POD, put_runpodctl, runpod


@pytest.fixture
def ear(monkeypatch):
    """A phone that hears the notes."""
    with phone() as found:
        monkeypatch.setenv("LTX_NOTIFY", found.url)
        yield found


@pytest.fixture
def on_a_pod(monkeypatch, tmp_path):
    """A pod whose RunPod is on this machine; the test chooses what stops it."""
    with runpod() as world:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        monkeypatch.setenv("RUNPOD_POD_ID", POD)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", f"{world.url}/graphql")
        monkeypatch.setenv("LTX_RUNPOD_REST", f"{world.url}/v1")
        yield world


@pytest.fixture
def project(tmp_path):
    """A project whose night runs: its lock is held."""
    found = Project(tmp_path / "project")
    with night_folder(found).lock:
        yield found


def a_light(project, countdown_s=0.0, rehearsal=False):
    told = Told(night_folder(project), {"id": "n", "began": 1.0, "phase": "report", "rehearsal": rehearsal})
    told.set()
    return Light(project, told, countdown_s, verify_s=0.0)


def in_background(light):
    """The switch at work on a thread; gives what came of it when joined."""
    came = []
    thread = threading.Thread(target=lambda: came.append(light.turn_off()))
    thread.start()

    def join():
        thread.join(30)
        assert came, "it is still at it"
        return came[0]

    return join


def test_the_pod_is_stopped_and_told(project, on_a_pod, ear, capsys):
    """When RunPod itself says so: in night.json, in the log with every way that was tried, on the phone."""
    on_a_pod.stops = {"rest"}
    assert a_light(project).turn_off()
    view = look(project)
    assert view.light == {"stopped": True, "text": "The pod is stopped: RunPod says EXITED."}
    assert view.phase == "stopping"
    assert ear.titles == ["The pod is stopped"]
    out = capsys.readouterr().out
    assert "no   RunPod's GraphQL" in out
    assert "yes  RunPod's REST" in out
    assert KEY not in out


def test_the_command_on_the_pod_is_used(project, on_a_pod, ear, tmp_path):
    """With runpodctl on the PATH it is asked first."""
    asked = put_runpodctl(tmp_path / "bin", {"stop pod": (1, "no")})
    on_a_pod.stops = {"graphql"}
    assert a_light(project).turn_off()
    assert asked.read_text().splitlines()[0] == f"stop pod {POD}"


def test_a_person_calls_it_off_in_the_countdown(project, on_a_pod, ear):
    """Keeping the pod ends the countdown at once; nothing is asked of RunPod."""
    on_a_pod.stops = {"rest"}
    join = in_background(a_light(project, countdown_s=600.0))
    view = until(project, lambda view: view.countdown_s)
    assert view.phase == "countdown"
    assert 500 < view.countdown_s <= 600
    assert "--keep-pod" in view.light["text"]
    add_order(night_folder(project), keep_pod=True)
    assert join() is False
    assert on_a_pod.asked == []
    assert look(project).light == {"stopped": False, "text": "The pod is left running, as somebody asked."}
    assert ear.titles == ["The pod is left running"]


def test_keeping_the_pod_beforehand_is_enough(project, on_a_pod, ear):
    """An order that was given while the night worked counts."""
    add_order(night_folder(project), keep_pod=True)
    assert a_light(project, countdown_s=600.0).turn_off() is False
    assert on_a_pod.asked == []


@pytest.mark.parametrize("what", ["copying", "batch"])
def test_it_waits_for_copies_and_for_other_batches(project, on_a_pod, ear, what):
    """While files are copied away, or another batch runs, nothing is stopped; then it counts down anew."""
    on_a_pod.stops = {"rest"}
    lock = project.copying if what == "copying" else project.set(rehearsal=False).lock
    with lock:
        join = in_background(a_light(project))
        view = until(project, lambda view: view.phase == "countdown")
        assert view.countdown_s is None
        assert ("copying" if what == "copying" else "other batch") in view.light["text"]
        assert on_a_pod.asked == []
    assert join()
    assert on_a_pod.status == "EXITED"


def test_waiting_for_a_copy_can_be_called_off(project, on_a_pod, ear):
    """The pod is kept also while something is still in the way."""
    with project.copying:
        join = in_background(a_light(project))
        until(project, lambda view: view.phase == "countdown")
        add_order(night_folder(project), keep_pod=True)
        assert join() is False
    assert on_a_pod.asked == []


def test_a_stop_that_does_not_work_is_said_loudly_and_tried_again(project, on_a_pod, ear, monkeypatch):
    """Accepted and still running: an urgent note each round, until somebody says to keep it."""
    monkeypatch.setattr(stopping, "PAUSES_S", (0.0,))
    on_a_pod.lies = {"rest", "graphql"}
    light = a_light(project)
    join = in_background(light)
    until(project, lambda view: light.rounds >= 8)
    add_order(night_folder(project), keep_pod=True)
    assert join() is False
    text = look(project).light["text"]
    assert text.startswith("The pod is left running")
    assert "THE POD IS STILL RUNNING" in text
    assert on_a_pod.asked.count("rest") >= 7
    # Not a hundred notes a night: the first rounds, then every sixth.
    assert ear.titles[:3] == ["THE POD IS STILL RUNNING"] * 3
    assert len(ear.notes) < light.rounds
    assert all(note["urgent"] for note in ear.notes[:3])


def test_a_copy_that_begins_between_tries_is_waited_for(project, on_a_pod, ear, monkeypatch):
    """The next round comes when the copy is done."""
    monkeypatch.setattr(stopping, "PAUSES_S", (0.0,))
    light = a_light(project)
    with project.copying:
        # It began after the countdown: the switch sees it when the first round has failed.
        monkeypatch.setattr(Light, "_count_down", lambda self: True)
        join = in_background(light)
        until(project, lambda view: "copying" in view.light.get("text", ""))
        on_a_pod.stops = {"rest"}
    assert join()


def test_elsewhere_nothing_is_stopped(project, monkeypatch, ear):
    """A machine that is no pod is left alone, and so is a real pod after a rehearsal."""
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    assert a_light(project).turn_off() is False
    assert look(project).light["text"] == "There is no pod here to stop."
    monkeypatch.setenv("RUNPOD_POD_ID", POD)
    for name in ("LTX_RUNPOD_REST", "LTX_RUNPOD_GRAPHQL"):
        monkeypatch.delenv(name, raising=False)
    assert pod_to_stop(rehearsal=False).pod_id == POD
    assert pod_to_stop(rehearsal=True) is None
    monkeypatch.setenv("LTX_RUNPOD_REST", "http://127.0.0.1:1/v1")
    assert pod_to_stop(rehearsal=True) is None, "runpodctl and GraphQL would still be the real ones"


def test_an_address_that_may_not_have_the_key_is_told(project, on_a_pod, ear, monkeypatch):
    """What cannot even be asked is said as loudly as a stop that failed."""
    monkeypatch.setenv("LTX_RUNPOD_REST", "http://somewhere.example/v1")
    assert a_light(project).turn_off() is False
    assert ear.titles == ["THE POD IS STILL RUNNING"]
    assert "THE POD IS STILL RUNNING" in look(project).light["text"]
