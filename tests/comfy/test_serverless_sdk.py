"""The client against the runpod SDK's own local server, a real process, in front of the rehearsal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from ltxlib.comfy.serverless import ServerlessClient
from ltxlib.comfy.state import PromptState, require_video
from ltxlib.core import recipes, roles
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import PromptRejected, RenderFailed
from ltxlib.media.stand_in import is_stand_in
from ltxlib.rehearsal.server import RehearsalServer
from tests.support.rehearsal import look
from tests.support.rehearsal_graphs import small_graph
from tests.support.serverless import sdk_server


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory) -> Iterator[RehearsalServer]:
    """The ComfyUI behind the worker."""
    folder = tmp_path_factory.mktemp("rehearsal")
    with RehearsalServer(folder / "output", folder / "input") as server:
        yield server


@pytest.fixture(scope="module")
def sdk(rehearsal, tmp_path_factory) -> Iterator[str]:
    """The SDK's server."""
    with sdk_server(rehearsal.url, tmp_path_factory.mktemp("sdk")) as url:
        yield url


@pytest.fixture
def client(sdk, rehearsal, monkeypatch) -> Iterator[ServerlessClient]:
    """A client of that server; the rehearsal is left without faults."""
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", sdk)
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    yield ServerlessClient("runpod://local")
    rehearsal.faults.clear()


def _ended(client: ServerlessClient, job_id: str) -> PromptState:
    until = time.monotonic() + 60
    while not (state := client.status(job_id)).finished:
        assert time.monotonic() < until, state
        time.sleep(0.02)
    return state


def _asked(client: ServerlessClient, job_id: str) -> PromptState:
    """The state of a job that does not run; a slow machine may need more than one question."""
    until = time.monotonic() + 20
    while (state := client.status(job_id)).kind == "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    return state


def _still(seed: int, client: ServerlessClient, picture: Path) -> dict[str, Any]:
    workflow = json.loads(recipes.shipped()["asmr-img2vid.json"])
    schema = NodeSchema(client.object_info(), lists_known=client.lists_known)
    values = {
        "prompt": "Mist drifts.",
        "negative_prompt": "",
        "seed": seed,
        "width_px": 128,
        "height_px": 128,
    }
    values |= {"frames": 9, "fps": 24.0, "image": client.upload_image(picture), "image_strength": 1.0}
    values |= {"checkpoint": "ltx-2-19b-distilled.safetensors", "camera_lora": None, "audio": True}
    return roles.prepare(workflow, schema, values | {"filename_prefix": f"still/{seed}"})


def test_the_local_server_is_as_the_client_thinks(sdk, rehearsal):
    """It takes only POST for a job, does the job in that answer, forgets it then, and has no other routes."""
    job_id = requests.post(f"{sdk}/run", json={"input": {"ltx_rehearsal": True}}, timeout=10).json()["id"]
    assert requests.get(f"{sdk}/status/{job_id}", timeout=10).status_code == 405
    assert requests.get(f"{sdk}/health", timeout=10).status_code == 404
    assert requests.post(f"{sdk}/cancel/{job_id}", timeout=10).status_code == 404
    first, again = (requests.post(f"{sdk}/status/{job_id}", timeout=10).json() for _ in range(2))
    assert (first["status"], "ltx_rehearsal" in first["output"]) == ("COMPLETED", True)
    assert (again["status"], again["error"]) == ("FAILED", "Job ID not found")


def test_the_handler_says_that_it_is_a_rehearsal(client):
    """What is behind the endpoint says so itself, so its clips go among the stand-ins."""
    assert client.rehearsal()
    assert client.system_stats()["system"]["ltx_rehearsal"]


def test_a_prompt_becomes_a_clip(client, tmp_path):
    """Text to video: the clip comes back in the answer, with its sound and its mark, and only once."""
    job_id = client.submit(small_graph(seed=11, prefix="t/eleven"))
    # So small a clip may be done before anybody looks; until then it is told among what runs.
    first = client.status(job_id).kind
    assert first in ("running", "succeeded")
    assert client.queue().running == ((job_id,) if first == "running" else ())
    state = _ended(client, job_id)
    assert state == client.status(job_id), "an end is kept until its clip is fetched"
    saved = client.download(require_video(state), tmp_path / "eleven.mp4")
    seen = look(saved)
    assert (seen.size_px, seen.frames, seen.fps, seen.sound_s > 0) == ((64, 64), 9, Fraction(24), True)
    assert is_stand_in(saved)
    assert _asked(client, job_id).kind == "unknown"


def test_a_picture_becomes_a_clip_beside_another(client, tmp_path):
    """Image to video by the kit's own workflow: its picture goes along and is what the clip begins with."""
    picture = tmp_path / "red.png"
    Image.new("RGB", (320, 180), (200, 20, 20)).save(picture)
    jobs = [client.submit(_still(seed, client, picture)) for seed in (1, 2)]
    for seed, job_id in enumerate(jobs):
        saved = client.download(require_video(_ended(client, job_id)), tmp_path / f"{seed}.mp4")
        seen = look(saved)
        assert (seen.size_px, seen.frames) == ((128, 128), 9)
        # Yuv: the red of the picture has much more in its third plane than in its second.
        plane = len(seen.pictures[0]) // 6
        blue, red = seen.pictures[0][-2 * plane : -plane], seen.pictures[0][-plane:]
        assert sum(red) / plane > sum(blue) / plane + 30


def test_what_the_comfyui_refuses_is_told_as_if_it_were_asked_itself(client):
    """A model file that is not there is named with its folder."""
    graph = small_graph()
    graph["ckpt"]["inputs"]["ckpt_name"] = "nobody.safetensors"
    state = _ended(client, client.submit(graph))
    assert isinstance(state.error, PromptRejected)
    assert 'The model file "nobody.safetensors" is not on the server' in str(state.error)


def test_a_node_that_the_worker_lacks_is_named(client):
    """What no node of the graph is to blame for is told too: a kind of node that is not installed."""
    graph = small_graph()
    graph["odd"] = {"class_type": "NobodysNode", "inputs": {}, "_meta": {"title": "Odd one"}}
    state = _ended(client, client.submit(graph))
    assert isinstance(state.error, PromptRejected)
    assert 'does not know the kind of node "NobodysNode"' in str(state.error)


def test_a_render_that_fails_is_told(client, rehearsal):
    """A node that runs out of memory ends the job as failed; the local server hands on no more than that."""
    rehearsal.faults.add("oom")
    state = _ended(client, client.submit(small_graph(seed=13)))
    assert isinstance(state.error, RenderFailed)
    assert "Job processing failed" in state.error.message


def test_a_job_that_nobody_knows_is_unknown(client):
    """An id of another time is unknown, and cancelling it is nothing."""
    client.cancel("test-of-another-time")
    assert _asked(client, "test-of-another-time").kind == "unknown"
