"""The client against the kit's own rehearsal of ComfyUI, from the graph to the clip on the disk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
import websocket
from PIL import Image

from ltxlib.comfy.address import websocket_url
from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.events import Event, Executed, ExecutionStart, ExecutionSuccess, Preview, Progress
from ltxlib.comfy.progress import FeedSettings, ProgressFeed
from ltxlib.comfy.state import PromptState, require_video
from ltxlib.errors import (
    OutputMissing,
    PromptRejected,
    RenderFailed,
    RenderInterrupted,
    ServerAnswerError,
    ServerUnreachable,
)
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings

pytestmark = pytest.mark.shared
SETTINGS = FeedSettings(first_pause_s=0.05, longest_pause_s=0.2)
PATIENCE_S = 60.0
Graph = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RehearsalServer]:
    """One rehearsal for all tests here."""
    folder = tmp_path_factory.mktemp("rehearsal")
    with RehearsalServer(folder / "output", folder / "input") as running:
        yield running


@pytest.fixture
def comfy(server: RehearsalServer) -> Iterator[ComfyClient]:
    """A client of the rehearsal, which is left without faults and without work."""
    server.start()
    client = ComfyClient(server.url, timeout_s=10)
    yield client
    server.faults.clear()
    server.start()
    queue = client.queue()
    client.delete(queue.pending)
    for prompt_id in queue.running:
        client.interrupt(prompt_id)
        finish(client, prompt_id)


@pytest.fixture
def graph(shared: Path) -> Callable[..., Graph]:
    """Reads a recorded graph, with a seed of its own so that nothing comes from memory."""

    def read(name: str = "033_core_t2v_onestage_scheduler", *, seed: int) -> Graph:
        found: Graph = json.loads((shared / "contract/graphs" / f"{name}.graph.json").read_text("utf-8"))
        for node in found.values():
            if "noise_seed" in node["inputs"]:
                node["inputs"]["noise_seed"] = seed
        return found

    return read


def finish(client: ComfyClient, prompt_id: str, feed: ProgressFeed | None = None) -> PromptState:
    """Poll until a prompt has ended, as the batch does."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        if feed is not None:
            feed.events(0.1)
        state = client.status(prompt_id)
        if state.finished or state.kind == "unknown":
            return state
        time.sleep(0 if feed is not None else 0.05)
    raise AssertionError("the rehearsal did not come to an end")


def frames_of(clip: Path) -> tuple[int, int, int]:
    """Frames, width and height of a clip, decoded."""
    with av.open(str(clip)) as opened:
        pictures = [(frame.width, frame.height) for frame in opened.decode(video=0)]
    return len(pictures), *pictures[0]


def test_it_marks_itself(comfy: ComfyClient) -> None:
    """The rehearsal is known as such, and has the nodes and files a real server would have."""
    assert comfy.rehearsal() is True
    nodes = comfy.object_info()
    assert "SaveVideo" in nodes and comfy.object_info("SaveVideo")["SaveVideo"] == nodes["SaveVideo"]
    assert comfy.object_info("NoSuchNode") == {}


@pytest.mark.parametrize(
    "name",
    [
        "033_core_t2v_lora",
        "033_core_t2v_17f_192x128",
        "033_core_i2v_lora",
        "033_core_t2v_onestage_scheduler",
        "033_core_temporal_upscaler",
    ],
)
def test_from_graph_to_clip(
    comfy: ComfyClient, shared: Path, graph: Callable[..., Graph], tmp_path: Path, name: str
) -> None:
    """A recorded graph is taken, tells its progress, and its clip arrives with the frames ComfyUI gave it."""
    wanted = graph(name, seed=11)
    if "img" in wanted:
        picture = tmp_path / "ein Bild ü.png"
        Image.new("RGB", (640, 360), (90, 120, 160)).save(picture)
        wanted["img"]["inputs"]["image"] = comfy.upload_image(picture)
    with ProgressFeed(comfy, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        prompt_id = comfy.submit(wanted, extra_data={"preview_method": "auto"})
        events: list[Event] = []
        until_s = time.monotonic() + PATIENCE_S
        while not any(isinstance(event, ExecutionSuccess) for event in events) and time.monotonic() < until_s:
            events += feed.events(1)
        state = finish(comfy, prompt_id, feed)
    assert ExecutionStart(prompt_id) in events
    assert any(isinstance(event, Progress) and event.prompt_id == prompt_id for event in events)
    assert any(isinstance(event, Preview) and event.image[:3] == b"\xff\xd8\xff" for event in events)
    done = next(event for event in events if isinstance(event, Executed) and event.outputs)
    output = require_video(state, "save")
    assert state.kind == "succeeded" and not state.cached and done.outputs == (output,)
    clip = comfy.download(output, tmp_path / "take.mp4")
    probe = json.loads((shared / "contract/graphs" / f"{name}.ffprobe.json").read_text("utf-8"))
    stream = next(stream for stream in probe["streams"] if stream["codec_type"] == "video")
    assert frames_of(clip) == (int(stream["nb_frames"]), stream["width"], stream["height"])
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".png"] == ["take.mp4"]


def test_repeat_from_memory(
    comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph], tmp_path: Path
) -> None:
    """The same graph again is answered from memory; if its file is gone, the clip is missing."""
    first = finish(comfy, comfy.submit(graph(seed=21)))
    second = finish(comfy, comfy.submit(graph(seed=21)))
    output = require_video(second)
    assert second.cached and output == require_video(first)
    (server.output_dir / output.subfolder / output.filename).unlink()
    with pytest.raises(OutputMissing, match="no longer has it"):
        comfy.download(output, tmp_path / "a.mp4")
    comfy.free()
    third = finish(comfy, comfy.submit(graph(seed=21)))
    assert not third.cached
    comfy.download(require_video(third), tmp_path / "a.mp4")


def test_refusals(comfy: ComfyClient, graph: Callable[..., Graph]) -> None:
    """Whatever is wrong with a graph is told with the node's title, and nothing is queued."""
    broken = graph(seed=31)
    broken["ckpt"]["inputs"]["ckpt_name"] = "not-there.safetensors"
    broken["ckpt"]["_meta"] = {"title": "Model [ltx.checkpoint]"}
    with pytest.raises(PromptRejected, match=r"not-there\.safetensors") as told:
        comfy.submit(broken)
    assert 'Node "Model [ltx.checkpoint]" (ckpt)' in [problem.where for problem in told.value.problems]
    with pytest.raises(PromptRejected, match="does not know"):
        comfy.submit({"1": {"class_type": "NoSuchNode", "inputs": {}}})
    with pytest.raises(PromptRejected, match="Nothing in it saves"):
        comfy.submit({})
    assert comfy.queue().running == () and comfy.queue().pending == ()


def test_a_200_with_node_errors(
    comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph]
) -> None:
    """A graph taken only in part is refused, and what was queued of it does not render."""
    server.faults.add("node_errors")
    with pytest.raises(PromptRejected):
        comfy.submit(graph(seed=41))
    sent = comfy.last_submission
    assert sent is not None
    queue = comfy.queue()
    assert queue.pending == ()
    for prompt_id in queue.running:
        assert finish(comfy, prompt_id).kind == "interrupted"


def test_out_of_memory(comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph]) -> None:
    """A sampler that runs out of memory is a failure of that kind."""
    server.faults.add("oom")
    state = finish(comfy, comfy.submit(graph(seed=51)))
    assert state.kind == "failed" and isinstance(state.error, RenderFailed) and state.error.out_of_memory


def test_success_without_a_file(
    comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph], tmp_path: Path
) -> None:
    """Success that lists no file, or one that is not there, is a missing clip."""
    server.faults.add("no_outputs")
    state = finish(comfy, comfy.submit(graph(seed=61)))
    assert state.kind == "succeeded"
    with pytest.raises(OutputMissing):
        require_video(state)
    server.faults.add("no_file")
    state = finish(comfy, comfy.submit(graph(seed=62)))
    with pytest.raises(OutputMissing):
        comfy.download(require_video(state), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_dropped_sockets_cost_nothing(
    comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph]
) -> None:
    """A socket cut in mid-take comes back by itself, and the take succeeds all the same."""
    server.faults.add("drop_sockets")
    with ProgressFeed(comfy, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        state = finish(comfy, comfy.submit(graph(seed=71)), feed)
        assert state.kind == "succeeded"
        feed.events(0)
        second = comfy.submit(graph(seed=72))
        assert finish(comfy, second, feed).kind == "succeeded"
        assert feed.wait_until_live(10)


def test_deaf_socket(comfy: ComfyClient, graph: Callable[..., Graph]) -> None:
    """When an older socket of the same client ends, the feed's own goes deaf; it notices and hears again."""
    older = websocket.create_connection(websocket_url(comfy.url, comfy.client_id), timeout=10)
    with ProgressFeed(comfy, replace(SETTINGS, deaf_s=0.2)) as feed:
        assert feed.wait_until_live(10)
        older.close()
        feed.events(0)
        prompt_ids = [comfy.submit(graph(seed=75))]
        # Heard by the socket that replaces the deaf one; what the deaf one missed is polled as ever.
        until_s = time.monotonic() + PATIENCE_S
        events: list[Event] = []
        while not any(isinstance(event, Progress) for event in events) and time.monotonic() < until_s:
            events += feed.events(0.3)
            if finish(comfy, prompt_ids[-1]).kind == "succeeded":
                prompt_ids.append(comfy.submit(graph(seed=75 + len(prompt_ids))))
    assert any(isinstance(event, Progress) for event in events)


def test_forgotten_history(comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph]) -> None:
    """A server that forgot everything knows the prompt no more, and that is no failure of the prompt's."""
    server.faults.add("forget")
    state = finish(comfy, comfy.submit(graph(seed=81)))
    assert state == PromptState(state.prompt_id, "unknown")


def test_answers_that_fail(comfy: ComfyClient, server: RehearsalServer) -> None:
    """A 500 and an answer that does not come in time are told apart."""
    server.faults.add("error_500", path="/queue")
    with pytest.raises(ServerAnswerError):
        comfy.queue()
    server.faults.add("slow", path="/queue", seconds=1.0)
    with pytest.raises(ServerUnreachable, match="silent"):
        ComfyClient(server.url, timeout_s=0.2).queue()
    assert comfy.queue().running == ()


def test_death_and_restart(comfy: ComfyClient, server: RehearsalServer, graph: Callable[..., Graph]) -> None:
    """A server that dies in mid-take is unreachable; restarted it knows nothing, and is heard again."""
    server.faults.add("die")
    with ProgressFeed(comfy, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        prompt_id = comfy.submit(graph(seed=91))
        assert server.wait_until_gone(PATIENCE_S)
        with pytest.raises(ServerUnreachable):
            comfy.status(prompt_id)
        server.start()
        assert comfy.status(prompt_id).kind == "unknown"
        assert feed.wait_until_live(10)
        assert finish(comfy, comfy.submit(graph(seed=92)), feed).kind == "succeeded"


def test_stop_and_take_back(tmp_path: Path, graph: Callable[..., Graph]) -> None:
    """Only the prompt that is named is stopped; one that waits is taken back without a trace."""
    slow = RehearsalSettings(seconds_per_step=0.5)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=slow) as server:
        client = ComfyClient(server.url, timeout_s=10)
        with ProgressFeed(client, SETTINGS) as feed:
            assert feed.wait_until_live(10)
            running, waiting = client.submit(graph(seed=1)), client.submit(graph(seed=2))
            until_s = time.monotonic() + PATIENCE_S
            while client.status(running).kind != "running" and time.monotonic() < until_s:
                feed.events(0.1)
            assert client.status(waiting) == PromptState(waiting, "pending", ahead=1)
            client.interrupt("0fa4f64f-630a-411b-833d-856d65034454")
            assert client.status(running).kind == "running"
            client.cancel(waiting)
            assert client.status(waiting).kind == "unknown"
            client.cancel(running)
            state = finish(client, running, feed)
    assert state.kind == "interrupted" and isinstance(state.error, RenderInterrupted)
