"""Several servers share one night."""

from collections import Counter

import pytest

from ltxlib.errors import BadInput
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import addresses, connect
from ltxlib.studio.job import job_for
from tests.support.batches import entries, job, of_kind, rows, run
from tests.support.studio import a_project

STEP = RehearsalSettings(seconds_per_step=0.05)


@pytest.fixture
def three(tmp_path, monkeypatch):
    """Three rehearsals, all named in LTX_COMFY_URL."""
    servers = [RehearsalServer(tmp_path / f"o{n}", tmp_path / f"i{n}", settings=STEP) for n in range(3)]
    for server in servers:
        server.start()
    monkeypatch.setenv("LTX_COMFY_URL", ",".join(server.url for server in servers))
    yield servers
    for server in servers:
        server.stop()


def test_unnamed_it_is_this_machines_comfyui_at_its_own_port(tmp_path, monkeypatch):
    """The port of comfyui_args.txt counts; where it cannot be read or is no number, the usual one."""
    project = a_project(tmp_path / "p", rows(1))
    root = tmp_path / "slim" / "ComfyUI"
    root.mkdir(parents=True)
    (root / "main.py").touch()
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    monkeypatch.setenv("LTX_COMFY_ROOT", str(root))
    for text, port in (("", 8188), ("--port 8200 --lowvram", 8200), ("--port x", 8188), ("--port '1", 8188)):
        (root.parent / "comfyui_args.txt").write_text(text)
        assert addresses(project) == (f"http://127.0.0.1:{port}",)


def test_every_server_gets_its_part(tmp_path, three):
    """Nine takes on three servers are each made once, and none of the servers is idle."""
    project = a_project(tmp_path / "p", rows(9))
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=9, there=0, failed=0, cancelled=False)
    shares = Counter(event.server for event in of_kind(happened, events.TakeSubmitted))
    assert set(shares) == {server.url for server in three}
    assert min(shares.values()) >= 2
    assert Counter(entry["scene"] for entry in entries(project, "saved")) == Counter(
        f"scene{n}" for n in range(9)
    )
    assert run(project)[-1].there == 9


def test_a_server_that_goes_for_good_leaves_its_takes_to_the_others(tmp_path, three):
    """When one of three stays away, what it had is made by the other two."""
    project = a_project(tmp_path / "p", rows(8))
    happened = []
    for event in run_batch(job(project, patience_s=0.5)):
        happened.append(event)
        if isinstance(event, events.TakeSaved) and len(of_kind(happened, events.TakeSaved)) == 1:
            three[0].stop()
    assert happened[-1] == events.BatchEnded(made=8, there=0, failed=0, cancelled=False)
    assert len(load_takes(project.set(rehearsal=True))[0]) == 8


def test_a_server_that_does_not_answer_is_left_out_and_named(tmp_path, three):
    """One of three that is away at the start is said so; the others work."""
    gone = three[2].url
    three[2].stop()
    project = a_project(tmp_path / "p", rows(2))
    happened = run(project)
    (noted,) = of_kind(happened, events.Noted)
    assert noted.problem.where == gone
    assert happened[-1].made == 2


def test_what_one_of_them_lacks_is_said_with_its_address(tmp_path, three, monkeypatch):
    """A model file that is on one server only is missing on the other, and that one is named."""
    lacking = RehearsalSettings(missing_files=frozenset({"ltx-2-19b-distilled.safetensors"}))
    project = a_project(tmp_path / "p", rows(1))
    with RehearsalServer(tmp_path / "o", tmp_path / "i", settings=lacking) as server:
        monkeypatch.setenv("LTX_COMFY_URL", f"{three[0].url} {server.url}")
        with pytest.raises(BadInput, match=server.url):
            job_for(project, connect(project), check_project(project))


def test_what_a_killed_run_left_is_adopted_where_it_is(tmp_path, three):
    """Prompts of a dead batch are picked up on the very servers that have them."""
    project = a_project(tmp_path / "p", rows(6))
    first, submitted = run_batch(job(project)), 0
    for event in first:
        submitted += isinstance(event, events.TakeSubmitted)
        if submitted == 6:
            break
    first.close()
    happened = run(project)
    assert happened[-1].made + happened[-1].there == 6
    assert len(entries(project, "submitted")) == 6


def test_the_clips_of_a_chain_are_sent_to_whoever_needs_them(tmp_path, three):
    """A scene that goes on from a take made elsewhere finds that clip on its own server."""
    head = "scene,mode,prompt,image,frames,width,height,takes,audio,enabled,source"
    project = a_project(tmp_path / "p")
    lines = [head, "a,t2v,Soft rain taps against glass.,,17,256,128,1,yes,yes,"]
    lines += [f"b{n},extend,The soft rain goes on and on.,,17,256,128,1,yes,yes,a" for n in range(3)]
    project.scenes_csv.write_text("\n".join(lines) + "\n")
    connection = connect(project)
    made = job_for(project, connection, check_project(project, shelf=connection.shelf))
    ended = list(run_batch(made))[-1]
    assert ended == events.BatchEnded(made=4, there=0, failed=0, cancelled=False)
