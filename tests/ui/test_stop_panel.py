"""Stopping the pod: two presses, what stays and costs, every answer, never while something works."""

from __future__ import annotations

import threading

import pytest

from ltxlib.core import leaving as words
from ltxlib.pod.machine import Volume
from ltxlib.store.night_files import night_folder
from ltxlib.studio import leaving
from ltxlib.ui import job, stop
from ltxlib.ui.stop import StopPanel, stop_panel
from tests.cli.test_pods import on_a_pod
from tests.studio.test_taking_home import shelf
from tests.ui.test_home_panel import hidden

__all__ = ["on_a_pod", "shelf"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """An accepted stop shows at once here, and no phone is told."""
    monkeypatch.delenv("LTX_NOTIFY", raising=False)
    real = leaving.stop
    monkeypatch.setattr(leaving, "stop", lambda *given: real(*given, verify_s=0.0))


def panel_of(project) -> StopPanel:
    made = StopPanel(project)
    made.settle()
    return made


def test_the_second_press_stops_the_pod(project, shelf, on_a_pod, monkeypatch):
    """The first asks, with the red number and what it costs; the second stops, each answer shown."""
    volume = Volume(project.root, words.VOLUME, 10, 150 * words.GB, True)
    monkeypatch.setattr(leaving, "volume_of", lambda _: volume)
    panel = panel_of(project)
    assert "1 film and 2 takes" in panel.number.value
    assert "this pod" in panel.number.value
    assert (hidden(panel.first), hidden(panel.sure)) == (False, True)
    panel.first.click()
    panel.settle()
    assert on_a_pod.asked == []
    for said in (
        "What a stop means",
        "films, takes, pictures, models",
        "$30.00 for 150 GB",
        "for good",
    ):
        assert said in panel.says.value
    assert (hidden(panel.first), hidden(panel.sure)) == (True, False)
    panel.never.click()
    panel.settle()
    assert (hidden(panel.first), hidden(panel.sure), panel.says.value) == (False, True, "")
    panel.first.click()
    panel.settle()
    panel.sure.click()
    panel.settle()
    assert on_a_pod.status == "EXITED"
    assert "The pod is stopped: RunPod says EXITED." in panel.notice.value
    for way in ("runpodctl stop pod", "runpodctl pod stop", "RunPod&#x27;s GraphQL", "RunPod&#x27;s REST"):
        assert way in panel.progress.value
    assert hidden(panel.presses)
    assert "films, takes, pictures, models" in panel.says.value


def test_a_pod_that_does_not_stop_is_told_and_may_be_left(project, on_a_pod, monkeypatch):
    """Refused everywhere it says so loudly, tries again, and a person may call it off."""
    on_a_pod.stops.clear()
    told = threading.Event()
    real = stop.Stopping.apply

    def apply(self, one):
        real(self, one)
        if self.report:
            told.set()

    monkeypatch.setattr(stop.Stopping, "apply", apply)
    panel = panel_of(project)
    panel.first.click()
    panel.settle()
    panel.sure.click()
    assert told.wait(20)
    panel._see(panel._job)
    assert "STILL RUNNING" in panel.progress.value
    panel.cancel.click()
    panel.settle()
    assert on_a_pod.status == "RUNNING"
    assert "STILL RUNNING" in panel.notice.value
    assert leaving.PAGE in panel.notice.value
    assert not hidden(panel.first)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("copy", "Files are being copied"),
        ("batch", "Takes are being rendered"),
        ("night", "The night is running"),
        ("job", "Something is still at work"),
    ],
)
def test_not_while_something_works(project, on_a_pod, what, says):
    """The button waits, and says for what; who asked just before is not obeyed either."""
    panel = panel_of(project)
    panel.first.click()
    panel.settle()
    locks = {
        "copy": project.copying,
        "batch": project.set(rehearsal=True).lock,
        "night": night_folder(project).lock,
    }
    done = threading.Event()
    if what == "job":
        job.begin(f"{project.root}:film", lambda _: done.wait(20))
        panel.sure.click()
        panel.settle()
    else:
        with locks[what]:
            panel.sure.click()
            panel.settle()
            assert says in panel.notice.value + panel.says.value
            panel.again.click()
            panel.settle()
    assert says in panel.says.value
    assert panel.first.disabled
    assert on_a_pod.asked == []
    done.set()
    job.latest(f"{project.root}:film") and job.latest(f"{project.root}:film").wait(20)
    panel.again.click()
    panel.settle()
    assert not panel.first.disabled


def test_elsewhere_there_is_no_button(project, shelf, monkeypatch):
    """A machine of one's own is not stopped from here."""
    monkeypatch.delenv("RUNPOD_POD_ID", raising=False)
    panel = panel_of(project)
    assert "no RunPod pod" in panel.says.value
    assert hidden(panel.presses)
    assert panel.number.value == ""


@pytest.mark.parametrize(
    ("kind", "stays", "costs"),
    [
        (words.VOLUME, "All that lies in /workspace", "about $20.00 for 100 GB"),
        (words.NETWORK, "All that lies in /workspace", "about $7.00 for 100 GB"),
        (words.CONTAINER, "NOTHING", "Nothing more"),
    ],
)
def test_what_stays_depends_on_the_disk(kind, stays, costs):
    """A volume, a network volume, and the container disk, which is wiped."""
    assert stays in words.kept(kind, "/workspace")
    assert costs in words.costs(kind, 100 * words.GB)
    assert "about" not in words.costs(words.VOLUME, 10**16)
    assert words.lost(kind)
    assert words.ended(kind)


def test_the_night_stops_nothing(project, shelf, on_a_pod, night, capsys):
    """By night it only says the number."""
    stop_panel()
    assert "2 takes and 1 film" in capsys.readouterr().out
    assert on_a_pod.asked == []
