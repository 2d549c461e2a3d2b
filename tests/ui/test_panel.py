"""What all panels share: they follow jobs whoever began them, look in order, and lose no failure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import ipywidgets as widgets
import pytest

from ltxlib.errors import BadInput
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.studio import rehearsing
from ltxlib.ui import panel as panels
from ltxlib.ui.assemble import AssemblePanel
from ltxlib.ui.batch import BatchPanel
from ltxlib.ui.film_work import Asked
from ltxlib.ui.job import Job, latest
from ltxlib.ui.one_take import OneTakePanel
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.setup import SetupPanel

HIDDEN = "ltx-empty"


@dataclass
class Heard:
    """A state that keeps what it was told."""

    told: list[object] = field(default_factory=list)

    def apply(self, event: object) -> None:
        self.told.append(event)


class Small(Panel):
    """A panel that shows one job and one number from the disk."""

    name = "small"

    def __init__(self, project, name="small") -> None:
        self.job_name = f"{project.root}:{name}"
        self.numbers, self.filled, self.seen = iter(range(100)), [], []
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(project)

    def build(self):
        return [widgets.HTML("small"), self.notice]

    def refresh(self):
        self.look_at(self._gather, self.filled.append)

    def _gather(self) -> int:
        number = next(self.numbers)
        assert self.gate.wait(10)
        return number

    def show_running(self, job: Job) -> None:
        self.seen.append("running")

    def show_ended(self, job: Job) -> None:
        self.seen.append("ended")
        self.fail(job.outcome)


def test_every_panel_of_a_name_follows_the_job(project):
    """Begun by an older panel, a job is shown by the newer one, too, and both look at the disk at its end."""
    go = threading.Event()
    older, newer, other = Small(project), Small(project), Small(project, "other")
    for panel in (older, newer, other):
        panel.settle()
    older.start_job(lambda job: go.wait(10), Heard())
    assert newer.seen[0] == older.seen[0] == "running"
    later = Small(project)
    assert later.seen[0] == "running"
    looked = len(newer.filled)
    go.set()
    for panel in (older, newer, later, other):
        panel.settle()
    for panel in (older, newer, later):
        assert panel.seen[-1] == "ended"
        assert panel.seen.count("ended") == 1
    assert len(newer.filled) > looked
    assert other.seen == []
    assert len(other.filled) > 1


def test_looks_come_in_order_and_the_last_asking_counts(project):
    """Asked again while it looks, a panel looks once more; an old look never covers a newer one."""
    panel = Small(project)
    panel.settle()
    panel.gate.clear()
    for _ in range(5):
        panel.refresh()
    panel.gate.set()
    panel.settle()
    assert panel.filled == sorted(panel.filled)
    assert 2 <= len(panel.filled) <= 3


def test_a_failure_outlives_every_look(project):
    """What went wrong stays to be read when the disk is looked at anew, by whomever."""
    panel, other = Small(project), Small(project, "other")

    def bad(job: Job) -> None:
        raise BadInput("It did not work.")

    panel.start_job(bad, Heard())
    panel.settle()
    assert "It did not work." in panel.notice.value
    panel.refresh()
    other.tell_others()
    panel.settle()
    assert "It did not work." in panel.notice.value


def test_a_cell_shows_its_panel_filled_in(project, monkeypatch):
    """What the first look finds is there when the panel appears, so nothing moves under the mouse."""
    shown = []
    monkeypatch.setenv("LTX_HEADLESS", "0")
    monkeypatch.setattr(panels, "display", shown.append)
    made = []

    def small(found):
        made.append(Small(found))
        return made[0]

    face(lambda _: None, small)
    assert shown == [made[0].root]
    assert made[0].filled == [0]


def test_a_slow_look_does_not_keep_the_page_waiting(project):
    """A disk or server that takes its time is waited for only a moment."""
    gate = threading.Event()

    class Slow(Small):
        def _gather(self) -> int:
            assert gate.wait(10)
            return 7

    slow = Slow(project)
    slow.first_look(0.01)
    assert slow.filled == []
    gate.set()
    slow.settle()
    assert slow.filled == [7]


@pytest.fixture
def slowly(tmp_path, monkeypatch):
    """A rehearsal that takes its time."""
    settings = RehearsalSettings(seconds_per_step=0.3)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def test_a_batch_begun_by_an_old_panel_is_seen_and_stopped_in_the_new(project, slowly):
    """The new panel shows Cancel and progress, and is ready again at the end, without Look again."""
    old, new = BatchPanel(project), BatchPanel(project)
    old.settle()
    new.settle()
    old.start.click()
    assert new.start.disabled
    assert HIDDEN not in new.cancel._dom_classes
    assert "ltx-now" in new.progress.value
    new.cancel.click()
    old.settle()
    new.settle()
    for panel in (old, new):
        assert "Stopped." in panel.progress.value
        assert HIDDEN in panel.cancel._dom_classes
        assert not panel.start.disabled


def test_a_take_begun_by_an_old_panel_is_seen_in_the_new(project, slowly):
    """The new form shows the running take, keeps room for its clip, and lets it be cancelled."""
    old, new = OneTakePanel(project), OneTakePanel(project)
    old.settle()
    new.settle()
    old.form.row.value = "rain"
    old.render.click()
    assert new.render.disabled
    assert "ltx-awaited" in new.result.value
    new.cancel.click()
    old.settle()
    new.settle()
    assert "Stopped. No take was made." in new.notice.value
    assert new.result.value == ""
    assert not new.render.disabled


def test_a_film_begun_by_an_old_panel_is_seen_in_the_new(filled):
    """The film and the list of films appear in the newer panel as well."""
    old, new = AssemblePanel(filled, Asked(crossfade_s=0.1)), AssemblePanel(filled)
    old.settle()
    new.settle()
    old.render.click()
    assert new.render.disabled or new.result.value
    old.settle()
    new.settle()
    assert "Your film is ready." in new.result.value
    assert "REHEARSAL-film-" in new.films.value


def test_the_rehearsal_is_started_once(project, monkeypatch):
    """Running the cell again while the rehearsal starts shows it starting; a second press starts no other."""
    monkeypatch.delenv("LTX_COMFY_URL")
    go, started = threading.Event(), []

    def start(of):
        started.append(of)
        go.wait(10)
        return SimpleNamespace(url="http://127.0.0.1:1")

    monkeypatch.setattr(rehearsing, "start", start)
    first = SetupPanel(project)
    first.settle()
    first.switch.click()
    second = SetupPanel(project)
    assert "Starting the rehearsal" in second.working.value
    assert second.switch.disabled
    second.switch.click()
    go.set()
    first.settle()
    second.settle()
    assert len(started) == 1
    assert first.working.value == second.working.value == ""
    assert "answers at" in first.notice.value == second.notice.value
    assert not second.switch.disabled


def test_a_batch_with_nothing_to_do_says_so(project, server):
    """No row asks for a take: the panel says that nothing was rendered and where to look."""
    text = project.scenes_csv.read_text()
    panel = BatchPanel(project)
    panel.settle()
    project.scenes_csv.write_text(text.replace(",yes,yes", ",yes,no").replace(",no,yes", ",no,no"))
    panel.start.click()
    panel.settle()
    assert not latest(panel.job_name).running
    assert "Nothing was rendered" in panel.notice.value
    assert "scenes.csv" in panel.notice.value
