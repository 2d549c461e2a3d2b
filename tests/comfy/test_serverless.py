"""The client of an endpoint, against a stand-in for RunPod over real sockets."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ltxlib.comfy import serverless_wire
from ltxlib.comfy.backend import client_for, feed_for
from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.no_feed import NoFeed
from ltxlib.comfy.progress import ProgressFeed
from ltxlib.comfy.serverless import ServerlessClient
from ltxlib.comfy.state import PromptState, require_video
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import (
    OutputMissing,
    PromptRejected,
    RenderInterrupted,
    ServerAnswerError,
    ServerUnreachable,
    StoreError,
    WorkflowError,
)
from tests.support.comfy_replies import Replies, Reply
from tests.support.serverless import ENDPOINT, KEY, Cloud

CLIP = bytes(range(256)) * 3000
ADDRESS = f"runpod://{ENDPOINT}"
GRAPH = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
    "9": {"class_type": "SaveVideo", "inputs": {}},
}


def _made(job: dict[str, Any]) -> dict[str, Any]:
    data = base64.b64encode(CLIP).decode()
    return {"images": [{"filename": "clip_00001_.mp4", "type": "base64", "data": data}]}


@pytest.fixture(autouse=True)
def key(monkeypatch) -> None:
    """A key in the environment, and no long pauses."""
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.setattr(serverless_wire, "PAUSES_S", (0.01, 0.01))


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Cloud]:
    """An endpoint that hands back a clip."""
    with Cloud(_made) as endpoint:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", endpoint.base_url)
        yield endpoint


@pytest.fixture
def replies(monkeypatch) -> Iterator[Replies]:
    """A server that answers what the test says, at the endpoint's address."""
    with Replies() as server:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", server.url)
        yield server


def _ended(client: ServerlessClient, job_id: str) -> PromptState:
    until = time.monotonic() + 20
    while not (state := client.status(job_id)).finished and state.kind != "unknown":
        assert time.monotonic() < until, state
        time.sleep(0.01)
    return state


def test_a_clip_comes_home_whole(cloud, tmp_path):
    """Submitted, asked after, fetched: byte for byte, and asked for no more than once."""
    client = ServerlessClient(ADDRESS)
    job_id = client.submit(GRAPH, prompt_id="0f0f0f0f-0000-4000-8000-000000000000")
    assert job_id in cloud.jobs
    state = _ended(client, job_id)
    asked = len(cloud.seen)
    told: list[tuple[int, int | None]] = []
    saved = client.download(
        require_video(state), tmp_path / "deep" / "a.mp4", lambda *about: told.append(about)
    )
    assert saved.read_bytes() == CLIP
    assert told[-1] == (len(CLIP), len(CLIP))
    assert len(cloud.seen) == asked
    assert [path.name for path in saved.parent.iterdir()] == ["a.mp4"]
    policy = cloud.jobs[job_id].asked["policy"]
    assert policy["executionTimeout"] > 600_000, "RunPod's own limit is too short for a first render"


def test_a_run_that_goes_on_after_a_death_fetches_by_the_id_alone(cloud, tmp_path):
    """Another client, which never saw the job, gets the same clip."""
    job_id = ServerlessClient(ADDRESS).submit(GRAPH)
    again = ServerlessClient(ADDRESS)
    clip = require_video(_ended(again, job_id))
    third = ServerlessClient(ADDRESS)
    assert third.download(clip, tmp_path / "a.mp4").read_bytes() == CLIP


def test_a_forgotten_job_is_unknown_and_its_clip_missing(cloud, tmp_path):
    """After 30 minutes RunPod knows nothing: the batch renders again."""
    client = ServerlessClient(ADDRESS)
    job_id = client.submit(GRAPH)
    clip = require_video(_ended(client, job_id))
    cloud.jobs.clear()
    fresh = ServerlessClient(ADDRESS)
    assert fresh.status(job_id).kind == "unknown"
    with pytest.raises(OutputMissing, match="30 minutes"):
        fresh.download(clip, tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_pictures_go_along_with_the_prompts_that_name_them(cloud, tmp_path):
    """A picture is sent with each graph that names it and with no other."""
    picture = tmp_path / "Sea & Sand%20.PNG"
    picture.write_bytes(b"a picture")
    client = ServerlessClient(ADDRESS)
    name = client.upload_image(picture)
    assert client.upload_image(picture) == name
    graph = {"1": {"class_type": "LoadImage", "inputs": {"image": name, "n": 1}}, "9": GRAPH["9"]}
    with_it, without = client.submit(graph), client.submit(GRAPH)
    assert cloud.jobs[with_it].asked["input"]["images"] == [
        {"name": name, "image": base64.b64encode(b"a picture").decode()}
    ]
    assert "images" not in cloud.jobs[without].asked["input"]
    assert cloud.jobs[with_it].asked["input"]["workflow"] == graph


def test_a_picture_that_changed_or_went_is_told(cloud, tmp_path):
    """What is sent is what the take's name was made of."""
    picture = tmp_path / "sea.png"
    picture.write_bytes(b"one")
    client = ServerlessClient(ADDRESS)
    graph = {"1": {"class_type": "LoadImage", "inputs": {"image": client.upload_image(picture)}}}
    picture.write_bytes(b"two")
    with pytest.raises(StoreError, match="was changed"):
        client.submit(graph)
    picture.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        client.submit(graph)
    assert not cloud.jobs


def test_what_is_too_large_is_told_before_it_is_posted(cloud, tmp_path):
    """Ten megabytes are the limit, base64 counted; nothing is sent beyond it."""
    picture = tmp_path / "sea.png"
    picture.write_bytes(bytes(7_600_000))
    client = ServerlessClient(ADDRESS)
    graph = {"1": {"class_type": "LoadImage", "inputs": {"image": client.upload_image(picture)}}}
    with pytest.raises(PromptRejected, match=r"10\.1 MB.*10 MB at most"):
        client.submit(graph)
    picture.write_bytes(bytes(7_400_000))
    graph["1"]["inputs"]["image"] = client.upload_image(picture)
    assert client.submit(graph) in cloud.jobs
    assert cloud.seen == ["POST /run"]


def test_what_cannot_come_back_is_not_sent(cloud):
    """Sound or text alone is dropped by worker-comfyui, so it is refused here; beside a clip it may be."""
    client = ServerlessClient(ADDRESS)
    sound = {"1": {"class_type": "SaveAudio", "inputs": {}}}
    with pytest.raises(PromptRejected, match="ends in sound"):
        client.submit(sound)
    assert client.gives(sound)
    assert client.gives(sound | GRAPH) == ""
    assert client.gives({"1": {"class_type": "PreviewAny", "inputs": {}}}).endswith("ends in text.")
    for odd in ({"nodes": []}, {"1": {"class_type": "SaveVideo", "inputs": {"x": float("nan")}}}):
        with pytest.raises(WorkflowError):
            client.submit(odd)
    assert not cloud.seen


def test_a_job_is_cancelled_wherever_it_is(monkeypatch):
    """A waiting and a running job both end as interrupted; nobody else's is touched."""
    gate = threading.Event()
    with Cloud(lambda job: {"opened": gate.wait(20)}, workers=1) as cloud:
        monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", cloud.base_url)
        client = ServerlessClient(ADDRESS)
        running, waiting, last = (client.submit(GRAPH) for _ in range(3))
        while client.status(running).kind != "running":
            time.sleep(0.01)
        assert client.status(waiting).kind == "pending"
        assert client.queue().running == (running,)
        assert client.queue().pending == (waiting, last)
        client.delete([running, waiting])
        assert cloud.jobs[running].status == "IN_PROGRESS", "delete is for what waits"
        assert isinstance(client.status(waiting).error, RenderInterrupted)
        client.interrupt()
        client.interrupt(running)
        client.cancel(last)
        client.cancel("nobody-knows-it")
        assert [job.status for job in cloud.jobs.values()] == ["CANCELLED"] * 3
        assert client.queue().pending == ()
        gate.set()


def test_the_health_of_the_endpoint_is_its_stats(cloud):
    """Workers and jobs by their state, no version, no kinds of cards; a rehearsal if the handler says so."""
    client = ServerlessClient(ADDRESS)
    stats = client.system_stats()
    assert stats["system"]["workers"] == {"ready": 2, "initializing": 0}
    assert stats["system"]["runpod_endpoint"] == ENDPOINT
    assert [device["name"] for device in stats["devices"]] == [f"workers of {ADDRESS}"]
    assert not client.rehearsal()
    assert client.free() is None
    cloud.work = lambda job: {"ltx_rehearsal": {"speed": 1}}
    assert client.rehearsal()


def test_the_nodes_are_comfyuis_own_and_the_files_are_not_told():
    """Nobody can ask an endpoint what it has: lists of files judge nothing, packs are not assumed."""
    client = client_for("runpod://local")
    assert not client.lists_known
    assert ComfyClient.lists_known
    schema = NodeSchema(client.object_info(), lists_known=client.lists_known)
    assert "SaveVideo" in schema
    assert "LTXVTiledSampler" not in schema
    assert list(client.object_info("SaveVideo")) == ["SaveVideo"]
    assert client.object_info("Nonsense") == {}


def test_the_seam_picks_by_the_address(cloud):
    """An endpoint gets its client and a silent feed, any other address a ComfyUI's."""
    client, plain = client_for(ADDRESS), client_for("http://127.0.0.1:9")
    assert (client.url, plain.url) == (ADDRESS, "http://127.0.0.1:9")
    assert plain.gives({}) == ""
    assert isinstance(feed_for(plain), ProgressFeed)
    with feed_for(client) as feed:
        assert isinstance(feed, NoFeed)
        began = time.monotonic()
        assert feed.events(0.05) == []
        assert time.monotonic() - began >= 0.04
        assert (feed.live, feed.wait_until_live(5)) == (False, False)
    assert feed.events(30) == [], "a closed feed does not wait"


def test_a_question_too_many_is_put_again(cloud):
    """429 means nothing was taken: it is asked again after a pause, and told when that does not help."""
    cloud.turned_away = 2
    client = ServerlessClient(ADDRESS)
    client.submit(GRAPH)
    assert len(cloud.jobs) == 1
    cloud.turned_away = 50
    with pytest.raises(ServerUnreachable, match="no more questions"):
        client.submit(GRAPH)
    assert len(cloud.jobs) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 524])
def test_a_sick_runpod_is_waited_for(cloud, status):
    """Every fault of RunPod's own is told as a server that is away, so the batch goes on when it is back."""
    cloud.sick = status
    client = ServerlessClient(ADDRESS)
    for ask in (client.system_stats, lambda: client.submit(GRAPH), lambda: client.status("j")):
        with pytest.raises(ServerUnreachable, match=str(status)):
            ask()


def test_a_key_that_may_not_is_told_and_never_shown(cloud, monkeypatch):
    """401 says what to do about the key; the server's own words may hold it and the message does not."""
    monkeypatch.setenv("RUNPOD_API_KEY", f"{KEY}-wrong")
    client = ServerlessClient(ADDRESS)
    with pytest.raises(ServerAnswerError, match="does not let the key in RUNPOD_API_KEY") as refused:
        client.system_stats()
    assert "API Keys" in refused.value.cure
    assert KEY not in f"{refused.value} {client!r} {vars(client)['_endpoint']!r}"


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(404, b"{}"), ServerAnswerError, "knows no endpoint"),
        (Reply(400, {"error": f"bad {KEY}"}), PromptRejected, "bad …"),
        (Reply(413, b""), PromptRejected, "413"),
        (Reply(302, b"", {"Location": "https://elsewhere.example"}), ServerAnswerError, "302"),
        (Reply(200, f"<p>{KEY}</p>".encode()), ServerAnswerError, "something else"),
        (Reply(200, []), ServerAnswerError, "something else"),
        (Reply(200, {"status": "IN_QUEUE"}), ServerAnswerError, "something else"),
        (Reply(drop=True), ServerUnreachable, "connection broke"),
        (Reply(200, b"{}", length_bytes=99), ServerUnreachable, "stopped half way"),
    ],
)
def test_every_odd_answer_to_a_job_is_one_of_the_kits_errors(replies, reply, error, words):
    """Whatever comes back from /run is told in a sentence, without the key."""
    replies.on("POST", f"/{ENDPOINT}/run", reply)
    with pytest.raises(error, match=words) as told:
        ServerlessClient(ADDRESS).submit(GRAPH)
    assert KEY not in str(told.value)
    assert "ComfyUI at" not in str(told.value)
    assert len(replies.seen) == 1, "a job is never posted twice"


def test_odd_answers_about_a_job_and_the_health_are_told(replies):
    """A broken /status and a /health that is none are RunPod's faults, not a lost job."""
    replies.on("GET", f"/{ENDPOINT}/status/j", Reply(200, b"<html>"))
    replies.on("GET", f"/{ENDPOINT}/health", {"workers": 5})
    client = ServerlessClient(ADDRESS)
    for ask in (lambda: client.status("j"), client.system_stats):
        with pytest.raises(ServerAnswerError, match="something else than it should"):
            ask()
    replies.on("GET", f"/{ENDPOINT}/status/a%2Fb", Reply(404, {"error": "job not found"}))
    assert client.status("a/b").kind == "unknown"


def test_nobody_there_is_told_with_a_cure_of_its_own(monkeypatch):
    """A closed port is a RunPod out of reach, not a ComfyUI to be started."""
    with Replies() as server:
        url = server.url
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", url)
    with pytest.raises(ServerUnreachable, match="Nobody answers") as told:
        ServerlessClient(ADDRESS).system_stats()
    assert "ComfyUI" not in str(told.value)


def _completed(replies: Replies, kind: str, data: str) -> Callable[[], PromptState]:
    body = {"status": "COMPLETED", "output": {"images": [{"filename": "a.mp4", "type": kind, "data": data}]}}
    replies.on("GET", f"/{ENDPOINT}/status/j", body)
    return lambda: ServerlessClient(ADDRESS).status("j")


def test_a_clip_in_a_bucket_is_fetched_without_the_key(replies, tmp_path):
    """The address with its signature is asked as it is, redirects are followed, and the key stays here."""
    state = _completed(replies, "s3_url", f"{replies.url}/b/a%20b.mp4?X-Sig=a%2Fb&n=1")()
    replies.on("GET", "/b/a%20b.mp4", Reply(307, b"", {"Location": "/moved.mp4?again=1"}))
    replies.on("GET", "/moved.mp4", Reply(200, CLIP))
    saved = ServerlessClient(ADDRESS).download(require_video(state), tmp_path / "a.mp4")
    assert saved.read_bytes() == CLIP
    fetched = [seen for seen in replies.seen if ENDPOINT not in seen.path]
    assert [seen.path for seen in fetched] == ["/b/a%20b.mp4?X-Sig=a%2Fb&n=1", "/moved.mp4?again=1"]
    assert not any("Authorization" in seen.headers for seen in fetched)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(403, b"<Error/>"), OutputMissing, "403"),
        (Reply(500, b""), ServerUnreachable, "unwell"),
        (Reply(503, b""), ServerUnreachable, "bucket"),
        (Reply(200, CLIP, length_bytes=len(CLIP) + 1), ServerUnreachable, "stopped half way"),
        (Reply(200, b""), OutputMissing, "empty"),
        (Reply(302, b"", {"Location": "http://192.0.2.1/a.mp4"}), ServerAnswerError, "not safe"),
        (Reply(302, b"", {"Location": "/a.mp4"}), OutputMissing, "302"),
    ],
)
def test_a_bucket_that_fails_leaves_nothing_behind(replies, tmp_path, reply, error, words):
    """A clip that is gone, broken off, empty or led elsewhere is told, and no half of it stays."""
    state = _completed(replies, "s3_url", f"{replies.url}/a.mp4")()
    replies.on("GET", "/a.mp4", reply)
    with pytest.raises(error, match=words) as told:
        ServerlessClient(ADDRESS).download(require_video(state), tmp_path / "a.mp4")
    assert "Start ComfyUI" not in str(told.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("s3_url", "simulated_uploaded/a.mp4", ServerAnswerError),
        ("s3_url", "http://192.0.2.1/a.mp4", ServerAnswerError),
        ("s3_url", "https://me:secret@bucket.example/a.mp4", ServerAnswerError),
        ("s3_url", "https://[broken", ServerAnswerError),
        ("ftp", "AAAA", ServerAnswerError),
        ("base64", "A", OutputMissing),
        ("base64", "ÄÖÜ=", OutputMissing),
        ("base64", "data:video/mp4;base64,", OutputMissing),
    ],
)
def test_what_is_no_clip_is_never_saved(replies, tmp_path, kind, data, error):
    """Unsafe addresses and damaged letters are told, and nothing is written."""
    state = _completed(replies, kind, data)()
    with pytest.raises(error):
        ServerlessClient(ADDRESS).download(require_video(state), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_clip_that_could_not_be_saved_can_be_fetched_again(cloud, tmp_path):
    """A full or missing folder costs no result: the same client saves it at the second try."""
    client = ServerlessClient(ADDRESS)
    clip = require_video(_ended(client, client.submit(GRAPH)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        client.download(clip, tmp_path / "file" / "a.mp4")
    cloud.jobs.clear()
    assert client.download(clip, tmp_path / "a.mp4").read_bytes() == CLIP


def test_a_few_results_are_kept_and_no_more(cloud, tmp_path):
    """Results wait in memory only until they are fetched; of many, the oldest is asked for again."""
    client = ServerlessClient(ADDRESS)
    states = [_ended(client, client.submit(GRAPH)) for _ in range(6)]
    asked = len(cloud.seen)
    for number, state in enumerate(states):
        client.download(require_video(state), tmp_path / f"{number}.mp4")
    assert all(path.read_bytes() == CLIP for path in tmp_path.iterdir())
    assert 0 < len(cloud.seen) - asked <= 6


def test_the_local_servers_silence_is_told_and_asked_anew(replies, monkeypatch):
    """A broken answer of the SDK's local server is an error once; the next question begins anew."""
    replies.on(
        "POST", "/status/j", Reply(drop=True), Reply(200, b"<html>"), Reply(200, {"status": "CANCELLED"})
    )
    client = ServerlessClient("runpod://local")

    def ask() -> PromptState:
        until = time.monotonic() + 20
        while (state := client.status("j")).kind == "running":
            assert time.monotonic() < until
            time.sleep(0.01)
        return state

    for error in (ServerUnreachable, ServerAnswerError):
        with pytest.raises(error):
            ask()
    assert ask().kind == "interrupted"
    assert replies.routes() == ["POST /status/j"] * 3
