from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.state import PromptState, require_video
from ltxlib.errors import (
    BadInput,
    OutputMissing,
    PromptRejected,
    RenderInterrupted,
    ServerAnswerError,
    ServerUnreachable,
    WorkflowError,
)
from tests.comfy.conftest import Recorded
from tests.support.comfy_replies import Replies, Reply

GRAPH = {"9": {"class_type": "SaveVideo", "inputs": {}, "_meta": {"title": "Save the film"}}}
EMPTY_QUEUE = {"queue_running": [], "queue_pending": []}
ID = "0fa4f64f-630a-411b-833d-856d65034454"


def queue_with(*, running: tuple[str, ...] = (), pending: tuple[str, ...] = ()) -> dict[str, object]:
    """A body of GET /queue."""
    numbered = [[number, prompt_id, {}, {}, []] for number, prompt_id in enumerate(pending)]
    return {
        "queue_running": [[0, prompt_id, {}, {}, []] for prompt_id in running],
        "queue_pending": list(reversed(numbered)),
    }


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address the usual one is taken, and one that is none is refused at once."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    assert ComfyClient().url == "http://127.0.0.1:8188"
    with pytest.raises(BadInput):
        ComfyClient("http://ann:s3cret@host")


def test_client_ids_are_never_shared() -> None:
    """Each client has an id of its own unless it is given one, for sharing makes sockets deaf."""
    assert ComfyClient("h:1").client_id != ComfyClient("h:1").client_id
    assert ComfyClient("h:1", client_id="mine").client_id == "mine"


@pytest.mark.shared
def test_submit(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """A graph is posted with an id of the client's making, in the only shape the server takes."""
    replies.on("POST", "/prompt", recorded("own_prompt_id.json")["own_uuid"]["body"])
    client.submit(GRAPH, extra_data={"preview_method": "auto"})
    sent = replies.seen[0].json()
    assert sent["prompt"] == GRAPH and sent["client_id"] == client.client_id
    assert sent["prompt_id"] == str(uuid.UUID(sent["prompt_id"]))
    assert sent["extra_data"] == {"preview_method": "auto"}
    assert client.last_submission is not None
    assert client.last_submission.asked_s <= client.last_submission.accepted_s


def test_the_id_in_the_answer_counts(replies: Replies, client: ComfyClient) -> None:
    """Older servers ignore the id they are given, so the one that comes back is believed."""
    replies.on("POST", "/prompt", {"prompt_id": "of the server's making", "number": 1, "node_errors": {}})
    assert client.submit(GRAPH, prompt_id=ID.upper()) == "of the server's making"
    sent = replies.seen[0].json()
    assert sent["prompt_id"] == ID and "extra_data" not in sent


def test_ids_that_are_none(client: ComfyClient, replies: Replies) -> None:
    """An id that is no UUID is a mistake of the caller's and is not sent."""
    with pytest.raises(ValueError):
        client.submit(GRAPH, prompt_id="take-7")
    assert replies.seen == []


@pytest.mark.shared
def test_refused(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """A refused graph is told node by node, and nothing needs to be cancelled."""
    told = recorded("prompt_validation.json")["missing_model_file"]["response"]
    replies.on("POST", "/prompt", Reply(told["status"], told["body"]))
    with pytest.raises(PromptRejected, match="ltx-2-19b-nope") as caught:
        client.submit({"ckpt": {"class_type": "CheckpointLoaderSimple", "_meta": {"title": "The model"}}})
    assert caught.value.problems[0].where == 'Node "The model" (ckpt)'
    assert replies.routes() == ["POST /prompt"] and client.last_submission is None


@pytest.mark.shared
def test_a_200_with_node_errors_is_cancelled_while_waiting(
    replies: Replies, client: ComfyClient, recorded: Recorded
) -> None:
    """A graph accepted in part is a refusal; what waits of it is taken out of the queue."""
    body = recorded("prompt_validation.json")["one_bad_output_of_two"]["response"]["body"]
    replies.on("POST", "/prompt", body)
    replies.on("POST", "/queue", Reply())
    replies.on("GET", "/queue", queue_with(running=("another",)))
    with pytest.raises(PromptRejected, match="only a part") as caught:
        client.submit(GRAPH)
    assert len(caught.value.problems) == 1
    assert replies.routes() == ["POST /prompt", "POST /queue", "GET /queue"]
    assert replies.seen[1].json() == {"delete": [body["prompt_id"]]}


@pytest.mark.shared
def test_a_200_with_node_errors_is_interrupted_while_running(
    replies: Replies, client: ComfyClient, recorded: Recorded
) -> None:
    """What already runs of a graph accepted in part is stopped, by its id."""
    body = recorded("prompt_validation.json")["missing_image_file"]["response"]["body"]
    replies.on("POST", "/prompt", body)
    replies.on("POST", "/queue", Reply())
    replies.on("GET", "/queue", queue_with(running=(body["prompt_id"],)))
    replies.on("POST", "/interrupt", Reply())
    with pytest.raises(PromptRejected, match=r"nope\.png"):
        client.submit(GRAPH)
    assert replies.routes()[-1] == "POST /interrupt"
    assert replies.seen[-1].json() == {"prompt_id": body["prompt_id"]}


def test_a_partial_one_that_cannot_be_cancelled(replies: Replies, client: ComfyClient) -> None:
    """If cancelling fails too, the refusal is still what is told, with a word of warning."""
    replies.on("POST", "/prompt", {"prompt_id": ID, "node_errors": {"9": {"errors": [], "class_type": "X"}}})
    replies.on("POST", "/queue", Reply(drop=True))
    with pytest.raises(PromptRejected, match="may still run") as caught:
        client.submit(GRAPH)
    assert isinstance(caught.value.__cause__, ServerUnreachable) and len(caught.value.problems) == 1


@pytest.mark.parametrize("graph", [{"nodes": [], "links": [], "version": 0.4}, [], "x", None])
def test_the_save_format_is_not_sent(client: ComfyClient, replies: Replies, graph: object) -> None:
    """A workflow in ComfyUI's save format, at which the server would stumble, is refused here."""
    with pytest.raises(WorkflowError, match="flattened"):
        client.submit(graph)  # type: ignore[arg-type]
    assert replies.seen == []


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, Path("x")])
def test_graphs_that_cannot_be_written(client: ComfyClient, replies: Replies, value: object) -> None:
    """A graph with a value JSON has no word for is refused here."""
    with pytest.raises(WorkflowError, match="cannot be sent"):
        client.submit({"1": {"class_type": "X", "inputs": {"a": value}}})
    assert replies.seen == []


@pytest.mark.parametrize(
    "body", [{}, {"prompt_id": ""}, {"prompt_id": None, "node_errors": {}}, {"prompt_id": 7}]
)
def test_acceptance_without_an_id(replies: Replies, client: ComfyClient, body: object) -> None:
    """An acceptance without an id is no acceptance."""
    replies.on("POST", "/prompt", body)
    with pytest.raises(ServerAnswerError):
        client.submit(GRAPH)


@pytest.mark.shared
def test_status_of_a_finished_prompt(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """A finished prompt is known from the history alone."""
    response = recorded("ws_success_plain.json")["history"]
    prompt_id = response["path"].rpartition("/")[2]
    replies.on("GET", response["path"], response["body"])
    state = client.status(prompt_id)
    assert state.kind == "succeeded" and require_video(state).filename.endswith(".mp4")
    assert replies.routes() == [f"GET {response['path']}"]


@pytest.mark.shared
def test_status_of_a_stopped_prompt(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """A stopped prompt that the history calls an error is told as stopped."""
    response = recorded("ws_interrupt_global.json")["history"]
    replies.on("GET", response["path"], response["body"])
    state = client.status(response["path"].rpartition("/")[2])
    assert state.kind == "interrupted" and isinstance(state.error, RenderInterrupted)


@pytest.mark.shared
def test_status_of_a_success_without_file(replies: Replies, client: ComfyClient, shared: Path) -> None:
    """Success without the save node's file is success for the server and a missing clip for us."""
    run = json.loads((shared / "contract/comfyui-0.27.0/ws_partial_success_no_video.json").read_text("utf-8"))
    replies.on("GET", run["history"]["path"], run["history"]["body"])
    state = client.status(run["history"]["path"].rpartition("/")[2])
    assert (state.kind, state.outputs) == ("succeeded", ())
    with pytest.raises(OutputMissing):
        require_video(state)


def test_status_of_prompts_in_the_queue(replies: Replies, client: ComfyClient) -> None:
    """What runs and what waits is known from the queue, and how many come before it."""
    replies.on("GET", f"/history/{ID}", {})
    replies.on("GET", "/history/b", {})
    replies.on("GET", "/queue", queue_with(running=(ID,), pending=("a", "b", "c")))
    assert client.status(ID) == PromptState(ID, "running")
    assert client.status("b") == PromptState("b", "pending", ahead=2)


def test_status_of_a_prompt_that_ends_meanwhile(replies: Replies, client: ComfyClient) -> None:
    """A prompt that ends between the history's answer and the queue's is not taken for unknown."""
    entry = {"status": {"status_str": "success", "messages": []}, "outputs": {}}
    replies.on("GET", f"/history/{ID}", {}, {ID: entry})
    replies.on("GET", "/queue", EMPTY_QUEUE)
    assert client.status(ID).kind == "succeeded"
    assert replies.routes() == [f"GET /history/{ID}", "GET /queue", f"GET /history/{ID}"]


@pytest.mark.shared
def test_status_after_a_restart(replies: Replies, client: ComfyClient, shared: Path) -> None:
    """After a restart that forgot everything a prompt is unknown, which is no failure of its own."""
    told = json.loads((shared / "contract/comfyui-0.27.0/server_restart.json").read_text("utf-8"))
    lost = told["after_old_running_history"]["path"]
    replies.on("GET", lost, told["after_old_running_history"]["body"])
    replies.on("GET", "/queue", told["after_queue"]["body"])
    state = client.status(lost.rpartition("/")[2])
    assert state.kind == "unknown" and state.error is None and not state.finished


def test_odd_ids_stay_in_their_route(replies: Replies, client: ComfyClient) -> None:
    """An id with a slash in it asks for nothing but the history of that id."""
    replies.on("GET", "/history/..%2Fqueue", {})
    replies.on("GET", "/queue", EMPTY_QUEUE)
    assert client.status("../queue").kind == "unknown"


@pytest.mark.shared
def test_orders(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """Stopping, taking out of the queue and freeing memory are asked for as the server wants it."""
    empty = Reply(recorded("interrupt_when_idle.json")["status"])
    for path in ("/interrupt", "/queue", "/free"):
        replies.on("POST", path, empty)
    client.interrupt()
    client.interrupt(ID)
    client.delete(iter(["a", "b"]))
    client.delete([])
    client.free()
    assert [(seen.path, seen.json()) for seen in replies.seen] == [
        ("/interrupt", {}),
        ("/interrupt", {"prompt_id": ID}),
        ("/queue", {"delete": ["a", "b"]}),
        ("/free", {"unload_models": True, "free_memory": True}),
    ]


@pytest.mark.shared
def test_system_stats(replies: Replies, client: ComfyClient, recorded: Recorded) -> None:
    """A real server says its version and is not taken for a rehearsal; the rehearsal marks itself."""
    body = recorded("http.json")["system_stats"]["body"]
    marked = {**body, "system": {**body["system"], "ltx_rehearsal": True}}
    replies.on("GET", "/system_stats", body, body, marked)
    assert client.system_stats()["system"]["comfyui_version"]
    assert client.rehearsal() is False
    assert client.rehearsal() is True


@pytest.mark.parametrize("body", [{}, {"system": None}, {"system": "x"}])
def test_not_comfyui(replies: Replies, client: ComfyClient, body: object) -> None:
    """Something else that answers in JSON is not taken for ComfyUI."""
    replies.on("GET", "/system_stats", body)
    with pytest.raises(ServerAnswerError, match="not ComfyUI"):
        client.rehearsal()


@pytest.mark.shared
def test_object_info(replies: Replies, client: ComfyClient, recorded_033: Recorded) -> None:
    """The kinds of nodes are asked for anew each time, all or one, and an unknown one is empty."""
    told = recorded_033("http.json")
    replies.on("GET", "/object_info/SaveVideo", told["object_info_one"]["body"])
    replies.on("GET", "/object_info/No%2FSuch%20Node%7C", told["object_info_unknown"]["body"])
    replies.on("GET", "/object_info", {"A": {}}, {"A": {}, "B": {}})
    assert "SaveVideo" in client.object_info("SaveVideo")
    assert client.object_info("No/Such Node|") == {}
    assert len(client.object_info()) == 1 and len(client.object_info()) == 2


def test_one_connection_a_request(replies: Replies, client: ComfyClient) -> None:
    """No connection is kept, so that none can be found dead in the moment a prompt is posted."""
    replies.on("GET", "/queue", EMPTY_QUEUE)
    for _ in range(50):  # this server hangs up after every answer, without a word of warning
        client.queue()
    assert replies.seen[0].headers["Connection"] == "close"
    assert replies.seen[0].headers["User-Agent"].startswith("ltxlib/")
    assert "Origin" not in replies.seen[0].headers
