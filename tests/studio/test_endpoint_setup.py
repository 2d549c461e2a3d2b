"""The checklist, the shelves and the guard of the film where the server is a RunPod endpoint."""

import base64

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.media.stand_in import is_stand_in
from ltxlib.studio import drafts
from ltxlib.studio.batch import run_batch
from ltxlib.studio.events import TakeFailed
from ltxlib.studio.setup import AMBER, GREEN, RED, checklist
from ltxlib.ui import place
from tests.support.batches import job
from tests.support.serverless import ENDPOINT, KEY, Cloud


@pytest.fixture
def cloud(monkeypatch):
    """An endpoint that is no rehearsal."""
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.setenv("LTX_COMFY_URL", f"runpod://{ENDPOINT}")
    with Cloud(
        lambda job: {"images": [{"type": "base64", "data": base64.b64encode(b"x").decode()}]}
    ) as running:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", running.base_url)
        yield running


def lines(project):
    return {line.name: line for line in checklist(project)}


def test_the_checklist_says_what_can_be_known_of_an_endpoint(project, cloud):
    """Its workers are counted; files cannot be asked for, which is said and is no green line."""
    found = lines(project)
    assert (found["Server"].state, found["GPU"].state, found["Nodes"].state) == (GREEN, GREEN, GREEN)
    assert "2 ready" in found["Server"].says
    assert "cannot be asked" in found["Models"].says
    assert found["Models"].state == AMBER


def test_an_endpoint_without_a_key_is_a_red_line(project, cloud, monkeypatch):
    """What is missing is named, with what to do about it."""
    monkeypatch.setenv("RUNPOD_API_KEY", "")
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "")
    server = lines(project)["Server"]
    assert server.state == RED
    assert "RUNPOD_API_KEY" in server.says
    assert "ComfyUI on the pod" not in server.cure


def test_a_key_that_may_not_is_a_red_line_that_does_not_show_it(project, cloud, monkeypatch):
    """The checklist says to make another key and never which one it was."""
    monkeypatch.setenv("RUNPOD_API_KEY", f"{KEY}x")
    server = lines(project)["Server"]
    assert server.state == RED
    assert "API Keys" in server.cure
    assert KEY not in f"{server}"


def test_an_endpoints_takes_belong_to_the_film(project, cloud):
    """Where people look for takes and drafts, an endpoint that says nothing else counts as real."""
    found = place.look(project)
    assert (found.url, found.rehearsal) == (f"runpod://{ENDPOINT}", False)
    assert not drafts.shelf_of(project).rehearsal
    cloud.work = lambda job: {"ltx_rehearsal": {}}
    assert place.look(project).rehearsal
    assert drafts.shelf_of(project).rehearsal


def test_a_stand_in_never_lands_in_a_film(project, server, monkeypatch):
    """A rehearsal that does not say that it is one makes clips that say it: none is kept, and why is told."""
    stats = ComfyClient.system_stats

    def silent(client):
        said = stats(client)
        del said["system"]["ltx_rehearsal"]
        return said

    # The server lies; what it is asked and what it sends are real.
    monkeypatch.setattr(ComfyClient, "system_stats", silent)
    happened = list(run_batch(job(project, tries=1)))
    failed = [event for event in happened if isinstance(event, TakeFailed)]
    assert len(failed) == 2
    assert all("stand-in" in event.reason for event in failed)
    assert not list(project.production.rglob("*.mp4"))


def test_the_mark_is_seen_in_sounds_and_not_where_it_is_not(tmp_path):
    """A comment elsewhere, no comment and a file that is none are no stand-ins."""
    import av

    for name, comment in (("a.flac", "REHEARSAL: x"), ("b.flac", "my REHEARSAL tape"), ("c.flac", None)):
        with av.open(str(tmp_path / name), "w") as out:
            stream = out.add_stream("flac", rate=48000, layout="mono")
            if comment:
                out.metadata["comment"] = comment
            frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
            frame.rate = 48000
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                out.mux(packet)
    (tmp_path / "d.mp4").write_bytes(b"no clip")
    assert [is_stand_in(path) for path in sorted(tmp_path.iterdir())] == [True, False, False, False]
