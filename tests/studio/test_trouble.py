"""When things break in a batch: tried again, set aside, stopped early, freed, started again."""

import os
import signal
import threading
import time

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.core.limits import ALIKE, BUDGET, CANCELLED, CLOCK, DISK, Limits
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.night_files import AFTER_TAKE, NOW, VARIABLE, Orders, night_folder, read_status
from ltxlib.store.takes import load_takes
from ltxlib.studio import disk, events, rehearsing
from ltxlib.studio.batch import run_batch
from tests.support.batches import entries, job, kinds, of_kind, rows, run
from tests.support.studio import a_project


def slow(server, seconds):
    """Have the server take its time for each step; it reads that as it starts."""
    server.stop()
    server.settings = type(server.settings)(**{**vars(server.settings), "seconds_per_step": seconds})
    server.start()


def test_a_take_that_fails_twice_is_made_the_third_time(project, server):
    """What may go well the next time is tried again, and told as delayed, not as failed."""
    for take in (1, 3):
        server.faults.add("no_file", take=take)
    happened = run(project)
    assert happened[-1].made == 2
    assert happened[-1].failed == 0
    assert len(of_kind(happened, events.TakeDelayed)) == len(entries(project, "delayed")) == 2
    assert entries(project, "failed") == []


def test_a_scene_that_fails_three_times_is_set_aside(tmp_path, server):
    """After three failures a scene's other takes are left, with the reason; other scenes are made."""
    project = a_project(tmp_path / "p", (*rows(1, takes=5), rows(2)[1]))
    server.faults.add("no_outputs", count=3)
    happened = run(project)
    failed = of_kind(happened, events.TakeFailed)
    assert {event.plan.scene.scene for event in failed} == {"scene0"}
    assert any("Set aside" in event.reason for event in failed)
    assert happened[-1].made + happened[-1].failed == 6
    assert any(event.plan.scene.scene == "scene1" for event in of_kind(happened, events.TakeSaved))


def test_when_every_scene_fails_alike_the_batch_stops(tmp_path, server):
    """Three scenes that fail in the same way end the batch early, saying why; the rest is not burnt."""
    project = a_project(tmp_path / "p", rows(8))
    server.faults.add("no_outputs", count=100)
    ended = run(project)[-1]
    assert ended.stopped_by == ALIKE
    assert "no clip was saved" in ended.says
    assert ended.made == 0
    assert len(entries(project, "submitted")) <= 5
    status = read_status(project.set(rehearsal=True))
    assert status.ended
    assert status.exit_code == 2
    server.faults.clear()
    assert run(project)[-1].made == 8


def test_without_room_on_the_disk_nothing_is_begun(project, server):
    """A disk that is nearly full ends the batch before a broken file, and says what can be deleted."""
    ended = run(project, reserve_bytes=10**18)[-1]
    assert ended.stopped_by == DISK
    assert "left on the disk" in ended.says
    assert entries(project, "submitted") == []
    assert run(project)[-1].made == 2


def test_what_may_be_deleted_is_named(project):
    """Large left-overs are named with their size."""
    shelf = project.set(rehearsal=True)
    (shelf.work / "old").mkdir(parents=True)
    (shelf.work / "old" / "big.bin").write_bytes(bytes(2_500_000))
    assert "REHEARSAL/work (2 MB)" in disk.what_may_go(shelf)
    assert disk.free_bytes(project.root / "not" / "there" / "yet") > 0


def test_a_take_that_hangs_is_interrupted_and_made_anew(project, server):
    """A server that says nothing for too long is told to let go, and the take comes out the next time."""
    server.faults.add("hang")
    happened = run(project, unknown_quiet_s=3.0, quiet_s=3.0)
    (nursed,) = of_kind(happened, events.ServerNursed)
    assert "stopped and tried again" in nursed.says
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
    assert len(entries(project, "hung")) == 1


@pytest.fixture
def own_rehearsal(project, monkeypatch):
    """The project's rehearsal, switched on as a process of its own."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    running = rehearsing.start(project)
    yield running
    rehearsing.stop(project)


def test_a_server_that_died_is_started_again(project, own_rehearsal):
    """When the server's process is gone, it is started where it was, and every take is made once."""
    killed, happened = False, []
    for event in run_batch(job(project, revive_s=0.0)):
        happened.append(event)
        if isinstance(event, events.TakeSubmitted) and not killed:
            os.kill(own_rehearsal.pid, signal.SIGKILL)
            killed = True
    assert "started again" in of_kind(happened, events.ServerNursed)[0].says
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
    now = rehearsing.running(project)
    assert now.url == own_rehearsal.url
    assert now.pid != own_rehearsal.pid
    assert [entry["event"] for entry in entries(project, "restarted")] == ["restarted"]


def test_a_take_that_brings_the_server_down_twice_goes_down_the_ladder(project, monkeypatch):
    """Where the machine has no memory left the server is killed: nothing is gained by going on as before."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    rehearsing.start(project, seconds_per_step=0.3)
    try:
        happened, kills = [], 0
        for event in run_batch(job(project, revive_s=0.0)):
            happened.append(event)
            renders = isinstance(event, events.TakeProgress) and event.step > 1
            if renders and event.plan.scene.scene == "rain" and kills < 2:
                kills += 1
                os.kill(rehearsing.noted(project).pid, signal.SIGKILL)
    finally:
        rehearsing.stop(project)
    (lowered,) = of_kind(happened, events.TakeLowered)
    assert (lowered.plan.scene.scene, lowered.plan.rung) == ("rain", 1)
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)


def test_a_server_that_does_not_let_go_is_started_again(project, own_rehearsal):
    """What hangs and is deaf to the interruption is ended and started anew."""
    client = ComfyClient(own_rehearsal.url)
    client._wire.post("/rehearsal/faults", [{"kind": "stuck"}])
    happened = run(project, unknown_quiet_s=3.0, quiet_s=3.0, interrupt_s=0.5)
    said = [event.says for event in of_kind(happened, events.ServerNursed)]
    assert "stopped and tried again" in said[0]
    assert "started again" in said[1]
    assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)


def test_a_finished_clip_that_the_server_forgot_is_found(tmp_path, monkeypatch):
    """A clip that was written before the server was restarted is fetched by its name, not rendered again."""
    project = a_project(tmp_path / "p", rows(1))
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        first = run_batch(job(project))
        for event in first:
            if isinstance(event, events.TakeSubmitted):
                break
        until = time.monotonic() + 60
        while ComfyClient(server.url).status(event.prompt_id).kind != "succeeded":
            assert time.monotonic() < until
        first.close()
        server.faults.add("forget", take=0)
        happened = run(project)
    assert kinds(happened) == ["BatchStarted", "TakeSaved", "BatchEnded"]
    assert len(list((tmp_path / "output").rglob("*.mp4"))) == 1
    assert load_takes(project.set(rehearsal=True))[1] == []


@pytest.fixture
def night(tmp_path, monkeypatch):
    """A project of six scenes, and the night it is rendered in."""
    project = a_project(tmp_path / "night", rows(6))
    folder = night_folder(project)
    folder.folder.mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(folder.folder))
    return project, folder


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(began=0.0, until=1.0), CLOCK),
        (Limits(began=0.0, budget_usd=1.0, usd_per_hour=1.0), BUDGET),
    ],
)
def test_a_limit_that_is_reached_begins_nothing(night, server, limits, reason):
    """Past its hour, or with its money spent, a night's batch begins no take and says why."""
    project, folder = night
    folder.write_limits(limits)
    ended = run(project)[-1]
    assert (ended.stopped_by, ended.made, ended.cancelled) == (reason, 0, False)
    assert entries(project, "submitted") == []
    assert read_status(project.set(rehearsal=True)).exit_code == 3


def test_ordered_to_end_after_the_take_it_finishes_that_one(night, server):
    """“After this take”: what is rendered is finished and kept, what waits is taken back."""
    project, folder = night
    slow(server, 0.1)
    happened = []
    for event in run_batch(job(project)):
        happened.append(event)
        if isinstance(event, events.TakeProgress):
            folder.write_orders(Orders(AFTER_TAKE))
    ended = happened[-1]
    assert ended.stopped_by == CANCELLED
    assert not ended.cancelled
    assert 1 <= ended.made < 6
    assert ended.failed == 0
    # One waits while one is rendered, but for the moment between two takes.
    assert len(entries(project, "cancelled")) <= 1
    assert len(entries(project, "submitted")) < 6


def test_ordered_to_end_now_it_stops_at_once(night, server):
    """“Now”: what is rendered is interrupted."""
    project, folder = night
    slow(server, 0.2)
    happened = []
    for event in run_batch(job(project)):
        happened.append(event)
        if isinstance(event, events.TakeProgress):
            folder.write_orders(Orders(NOW))
    assert happened[-1].cancelled
    assert happened[-1].stopped_by == CANCELLED
    assert happened[-1].made < 6
    assert entries(project, "cancelled")


def test_the_status_tells_what_goes_on(tmp_path, server):
    """Anybody can read which takes are rendered, at which step, and how many are done."""
    project = a_project(tmp_path / "p", rows(3))
    slow(server, 0.1)
    shelf, seen = project.set(rehearsal=True), []
    over = threading.Event()

    def look():
        while not over.wait(0.05):
            status = read_status(shelf)
            if status:
                seen.append(status)

    looker = threading.Thread(target=look)
    looker.start()
    run(project)
    over.set()
    looker.join()
    rendering = [each for one in seen for each in one.now]
    assert any(each.steps > 0 and each.server == server.url for each in rendering)
    assert all(one.process == os.getpid() for one in seen)
    last = read_status(shelf)
    assert (last.ended, last.made, last.takes, last.left, last.now) == (True, 3, 3, 0, ())
    assert last.exit_code == 0
