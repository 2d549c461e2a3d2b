"""The kit's own batch on RunPod endpoints: the SDK's local server, a real process, and a stand-in."""

import threading
from collections import Counter
from functools import partial

import pytest

from ltxlib.media.stand_in import is_stand_in
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.connect import connect
from tests.support.batches import entries, job, of_kind, rows, run
from tests.support.serverless import ENDPOINT, KEY, Cloud, sdk_server
from tests.support.serverless_worker import work
from tests.support.studio import a_project

ADDRESS = f"runpod://{ENDPOINT}"


@pytest.fixture
def behind(tmp_path):
    """The ComfyUI behind the workers."""
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as server:
        yield server


@pytest.fixture
def cloud(behind, monkeypatch):
    """An endpoint of two workers in front of it."""
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    with Cloud(partial(work, comfy_url=behind.url)) as endpoint:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("LTX_COMFY_URL", ADDRESS)
        yield endpoint


def test_the_batch_runs_on_the_sdks_own_server(tmp_path, behind, monkeypatch):
    """A text and an image scene become takes among the stand-ins, by the endpoint's ids, and only once."""
    home = tmp_path / "sdk"
    home.mkdir()
    project = a_project(tmp_path / "p")
    with sdk_server(behind.url, home) as url:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", url)
        monkeypatch.setenv("LTX_COMFY_URL", "runpod://local")
        happened = run(project)
        assert happened[-1] == events.BatchEnded(made=2, there=0, failed=0, cancelled=False)
        assert run(project)[-1].there == 2
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    assert [(take.scene, take.mode, take.image) for take in takes] == [
        ("rain", "t2v", ""),
        ("still", "i2v", "still.png"),
    ]
    assert all(take.server["devices"] == ["workers of runpod://local"] for take in takes)
    assert all(take.rehearsal and take.prompt_id.startswith("test-") for take in takes)
    assert [take.clip.has_sound for take in takes] == [True, False]
    assert all(is_stand_in(event.clip) for event in of_kind(happened, events.TakeSaved))
    assert not (project.production / "film").exists()
    assert not list(project.production.rglob("*.part"))


def test_endpoints_and_comfyuis_share_a_night(tmp_path, cloud, behind, monkeypatch):
    """An endpoint named twice works on four at a time beside a plain ComfyUI; each take is made once."""
    monkeypatch.setenv("LTX_COMFY_URL", f"{ADDRESS},{behind.url},{ADDRESS}")
    project = a_project(tmp_path / "p", rows(9))
    assert len(connect(project).servers) == 3
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=9, there=0, failed=0, cancelled=False)
    shares = Counter(event.server for event in of_kind(happened, events.TakeSubmitted))
    assert set(shares) == {ADDRESS, behind.url}
    assert len(cloud.jobs) == shares[ADDRESS]
    assert {entry["prompt_id"] for entry in entries(project, "saved")} > set(cloud.jobs)
    journal = "".join(map(str, project.set(rehearsal=True).journal))
    assert KEY not in journal
    assert KEY not in "".join(path.read_text() for path in project.production.rglob("*.json"))


def test_a_run_that_was_cut_off_goes_on_with_what_the_endpoint_made(tmp_path, cloud):
    """A batch that dies while jobs run: the next one fetches them by their ids and pays for none twice."""
    project = a_project(tmp_path / "p", rows(2))
    batch = run_batch(job(project))
    while len(cloud.jobs) < 2:
        next(batch)
    batch.close()
    happened = run(project)
    assert happened[-1].made == 2
    assert all(event.again for event in of_kind(happened, events.TakeSubmitted))
    assert len(cloud.jobs) == 2


def test_what_the_endpoint_forgot_is_rendered_again(tmp_path, cloud):
    """A job whose result has gone is unknown, and its take is made by another one."""
    project = a_project(tmp_path / "p", rows(1))
    batch = run_batch(job(project))
    while not cloud.jobs:
        next(batch)
    cloud.jobs.clear()
    happened = list(batch)
    assert happened[-1].made == 1
    assert len(entries(project, "lost")) == 1


def test_a_scene_out_of_memory_takes_the_same_way_down_as_on_a_pod(tmp_path, cloud, behind):
    """The worker's words about memory are understood, so the take is made one rung lower."""
    behind.faults.add("oom")
    happened = run(a_project(tmp_path / "p", rows(1)))
    assert len(of_kind(happened, events.TakeLowered)) == 1
    assert happened[-1].made == 1


def test_waiting_for_a_worker_is_no_hang(tmp_path, cloud, behind):
    """Jobs that wait in RunPod's queue for longer than any take took are left alone."""
    gate = threading.Event()
    inner, asked = cloud.work, []

    def slow(one):
        if "workflow" in one["input"]:
            asked.append(one)
        return inner(one)

    cloud.work = slow
    project = a_project(tmp_path / "p", rows(1))
    # Both workers are busy with somebody else's work.
    others = [cloud._pool.submit(gate.wait, 30) for _ in range(cloud.workers)]
    threading.Timer(3.0, gate.set).start()
    happened = run(project, quiet_s=2.0, unknown_quiet_s=2.0)
    assert all(other.result() for other in others)
    assert happened[-1].made == 1
    assert len(asked) == 1
    assert not entries(project, "hung")


def test_a_cancelled_batch_leaves_nothing_on_the_endpoint(tmp_path, cloud):
    """What was handed over is cancelled there, so nobody pays for it."""
    inner, gate = cloud.work, threading.Event()

    def held(one):
        if "workflow" in one["input"]:
            gate.wait(30)
        return inner(one)

    cloud.work = held
    project, cancel = a_project(tmp_path / "p", rows(4)), threading.Event()
    for event in run_batch(job(project), cancel):
        if isinstance(event, events.TakeSubmitted):
            cancel.set()
    assert {one.status for one in cloud.jobs.values()} == {"CANCELLED"}
    gate.set()


def test_an_endpoint_that_hides_its_rehearsal_gets_nothing_into_the_film(tmp_path, cloud):
    """The clips say what they are, whatever the handler says, and are refused with the reason."""
    inner = cloud.work
    cloud.work = lambda one: inner(one) if "workflow" in one["input"] else {"error": "Missing 'workflow'"}
    project = a_project(tmp_path / "p", rows(1))
    (failed,) = of_kind(run(project), events.TakeFailed)
    assert "stand-in" in failed.reason
    assert not list((project.production / "film").rglob("*.mp4"))


def test_sound_alone_goes_to_a_machine_that_can_hand_it_back(tmp_path, cloud, behind, monkeypatch):
    """Beside an endpoint a plain ComfyUI makes what the endpoint could not give."""
    monkeypatch.setenv("LTX_COMFY_URL", f"{ADDRESS},{behind.url}")
    project = a_project(tmp_path / "p", ("hush,sound,Soft rain on a tent.,,25,256,128,1,yes,yes", *rows(2)))
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=3, there=0, failed=0, cancelled=False)
    (hush,) = [one for one in of_kind(happened, events.TakeSubmitted) if one.plan.scene.scene == "hush"]
    assert hush.server == behind.url


def test_sound_alone_is_refused_before_anything_is_paid(tmp_path, cloud):
    """worker-comfyui drops sounds, so such a scene is told at once and the others are made."""
    sound = "hush,sound,Soft rain on a tent.,,25,256,128,1,yes,yes"
    project = a_project(tmp_path / "p", (*rows(1), sound))
    happened = run(project)
    (failed,) = of_kind(happened, events.TakeFailed)
    assert "ends in sound" in failed.reason
    assert happened[-1].made == 1
    assert len(cloud.jobs) == 1
