"""The routes of the rehearsal against what a real ComfyUI answered on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltxlib.rehearsal.models import FOLDERS
from tests.support.rehearsal import Client, answered
from tests.support.rehearsal_graphs import node, recording, small_graph

SAME_BODY = [
    "queue", "prompt_get", "models", "models_unknown", "features", "object_info_unknown", "object_info_uuid",
    "embeddings", "history_unknown", "jobs_bad_status", "jobs_unknown", "jobs_noprefix", "users",
    "workflow_templates", "assets", "openapi", "view_missing", "view_no_filename", "view_traversal_name",
    "view_traversal_subfolder", "view_abs_subfolder", "view_abs_name", "view_type_bad", "userdata_list",
    "userdata_list_no_dir", "userdata_traversal", "userdata_missing", "userdata_unencoded_slash",
    "upload_json", "free_no_body", "history_no_body", "view_video_preview_param",
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", SAME_BODY)
def test_a_route_answers_as_recorded(shared: Path, furnished: Client, name: str) -> None:
    """Status, kind and body are those that ComfyUI gave."""
    asked = recording(shared, "http")[name]
    answer = answered(furnished, asked)
    assert answer.status_code == asked["status"]
    assert answer.headers.get("Content-Type") == asked["headers"].get("Content-Type")
    body = asked["body"]
    if isinstance(body, dict) and "__raw__" in body:
        assert answer.text == body["__raw__"]
    else:
        assert answer.json() == body


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/queue"), ("GET", "/queue"), ("OPTIONS", "/prompt"), ("GET", "/")]
)
def test_a_foreign_page_is_refused(client: Client, method: str, path: str) -> None:
    """Another Origin, or a cross-site request, is answered 403; our own Origin is not."""
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": client.url.replace("127.0.0.1", "localhost")},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = client.http.request(method, client.url + path, headers=headers, timeout=30)
        assert (answer.status_code, answer.content) == (403, b"")
    own = client.http.request(method, client.url + path, headers={"Origin": client.url}, timeout=30)
    assert own.status_code != 403


def test_a_foreign_page_cannot_listen(client: Client) -> None:
    """The WebSocket refuses a foreign Origin too."""
    import websocket

    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(
            client.url.replace("http", "ws") + "/ws", origin="https://evil.example", timeout=10
        )
    assert refused.value.status_code == 403


@pytest.mark.shared
def test_system_stats_has_the_recorded_shape_and_says_rehearsal(shared: Path, client: Client) -> None:
    """All recorded keys are there, and nobody can take it for a GPU."""
    recorded = recording(shared, "http")["system_stats"]["body"]
    stats = client.get("/system_stats").json()
    assert set(recorded["system"]) <= set(stats["system"])
    assert stats["devices"][0].keys() == recorded["devices"][0].keys()
    assert stats["system"]["ltx_rehearsal"]
    assert "REHEARSAL" in stats["devices"][0]["name"]
    assert stats["system"]["comfyui_version"] == recorded["system"]["comfyui_version"]


def test_models_are_listed_by_folder(client: Client) -> None:
    """Every folder answers, with and without /api; the LTX-2 files are there."""
    for folder in FOLDERS:
        assert client.get(f"/models/{folder}").status_code == 200
    assert "ltx-2-19b-distilled.safetensors" in client.get("/api/models/checkpoints").json()
    assert client.get("/experiment/models").json()[0]["name"] == "checkpoints"
    assert client.get("/experiment/models/loras").json()[0]["pathIndex"] == 0
    assert client.get("/experiment/models/nope").status_code == 404


@pytest.mark.shared
def test_userdata_is_kept_as_recorded(shared: Path, client: Client) -> None:
    """Saving, listing, moving and deleting a workflow, in the recorded order with the recorded answers."""
    recorded = recording(shared, "http")
    names = ["userdata_post", "userdata_post_again_no_overwrite", "userdata_post_full_info", "userdata_get",
             "userdata_list_full", "userdata_move", "userdata_delete"]  # fmt: skip
    for name in names:
        asked = recorded[name]
        body = b'{"nodes":[1]}' if asked["method"] == "POST" else None
        answer = answered(client, asked, data=body)
        assert answer.status_code == asked["status"], name
        expected = asked["body"]
        if isinstance(expected, dict | list | str) and "__raw__" not in expected:
            said = answer.json()
            assert type(said) is type(expected)
            if isinstance(expected, str) or name == "userdata_get":
                assert said == expected
    assert client.get("/userdata?dir=workflows").status_code == 404


def test_userdata_lists_folders_in_each_way(client: Client) -> None:
    """Only the folder itself, or all below; names, split names or full descriptions."""
    for name in ("workflows%2Fa.json", "workflows%2Fsub%2Fb.json"):
        client.post(f"/userdata/{name}", {"nodes": []})
    assert client.get("/userdata?dir=workflows").json() == ["a.json"]
    assert client.get("/userdata?dir=workflows&recurse=true").json() == ["a.json", "sub/b.json"]
    split = client.get("/userdata?dir=workflows&recurse=true&split=true").json()
    assert split == [["a.json", "a.json"], ["sub/b.json", "sub", "b.json"]]
    assert client.get("/userdata?dir=..%2Fx").status_code == 403
    assert client.post("/userdata/..%2Fx", {}).status_code == 403
    assert client.http.delete(client.url + "/userdata/..%2Fx", timeout=30).status_code == 403
    assert client.post("/userdata/workflows%2Fa.json/move/..%2F..%2Fx").status_code == 403
    assert client.post("/userdata/nope/move/x").status_code == 404
    assert client.post("/userdata/..%2Fnope/move/x").status_code == 403
    taken = "/userdata/workflows%2Fa.json/move/workflows%2Fsub%2Fb.json?overwrite=false"
    assert client.post(taken).status_code == 409


def test_settings_are_kept(client: Client) -> None:
    """The web client's settings are kept while the server is up."""
    assert client.post("/api/settings", {"Comfy.Locale": "de"}).status_code == 200
    assert client.post("/api/settings/Comfy.ColorPalette", "dark").status_code == 200
    kept = client.get("/settings").json()
    assert kept["Comfy.Locale"] == "de"
    assert kept["Comfy.TutorialCompleted"] is True
    assert client.get("/settings/Comfy.ColorPalette").json() == "dark"


def test_the_front_page_says_rehearsal(client: Client) -> None:
    """Whether the web client is installed or not, the page is marked, and its files are served."""
    page = client.get("/")
    assert "REHEARSAL" in page.text
    assert client.http.head(client.url + "/", timeout=30).status_code == 200
    assert client.get("/nothing/here.js").status_code == 404
    for script in client.get("/extensions").json():
        assert client.get(script).status_code == 200


def test_without_the_web_client_a_plain_page_is_served(serve: Any) -> None:
    """The page says what this is and what to install."""
    client = serve(web_client=False)
    page = client.get("/")
    assert "REHEARSAL" in page.text
    assert "comfyui-frontend-package" in page.text
    assert client.get("/extensions").json() == []
    assert client.get("/assets/x.js").status_code == 404
    assert client.get("/rehearsal").json()["web_client"] is None


def test_history_pages(client: Client) -> None:
    """max_items gives the newest, offset counts from the oldest; entries can be deleted."""
    ids = []
    for colour in range(3):
        graph = {
            "e": node("EmptyImage", width=64, height=64, batch_size=1, color=colour),
            "s": node("PreviewImage", images=["e", 0]),
        }
        with client.listening("x") as ear:
            ids.append(client.submit(graph, client_id="x"))
            ear.wait_for_end(ids[-1])
    assert list(client.get("/history").json()) == ids
    assert list(client.get("/history?max_items=2").json()) == ids[1:]
    assert list(client.get("/history?max_items=1&offset=0").json()) == ids[:1]
    client.post("/history", {"delete": [ids[0], "unknown"]})
    assert list(client.get("/history").json()) == ids[1:]
    client.post("/history", {"clear": True})
    assert client.get("/history").json() == {}


@pytest.mark.shared
def test_own_prompt_ids_as_recorded(shared: Path, client: Client) -> None:
    """A canonical lowercase UUID is kept, anything else is refused in ComfyUI's words, null is as none."""
    recorded = recording(shared, "own_prompt_id")
    graph = small_graph()
    own = recorded["own_uuid"]["body"]["prompt_id"]
    assert client.post("/prompt", {"prompt": graph, "prompt_id": own}).json()["prompt_id"] == own
    refused = client.post("/prompt", {"prompt": graph, "prompt_id": "lab-take-7"})
    assert refused.status_code == recorded["own_text"]["status"]
    assert refused.json() == recorded["own_text"]["body"]
    upper = client.post("/prompt", {"prompt": graph, "prompt_id": own.upper()})
    assert upper.status_code == 400
    assert client.post("/prompt", {"prompt": graph, "prompt_id": None}).status_code == 200
    again = client.post("/prompt", {"prompt": graph, "prompt_id": own})
    assert again.status_code == 200, "an id posted twice is not refused; it runs twice"


def test_the_object_info_may_be_replaced(serve: Any) -> None:
    """A recorded table takes the shipped one's place; lists that are filled stay as they are."""
    table = json.loads(
        json.dumps(
            {
                "LoraLoaderModelOnly": {
                    "input": {"required": {"lora_name": [["mine.safetensors"]]}}, "output": ["MODEL"],
                    "output_node": False,
                },
                "CheckpointLoaderSimple": {
                    "input": {"required": {"ckpt_name": [[], {}]}}, "output": ["MODEL"], "output_node": False,
                },
            }
        )
    )  # fmt: skip
    client = serve(
        object_info=table,
        models={"checkpoints": ["b.safetensors", "a.safetensors"]},
        missing_files=frozenset({"b.safetensors"}),
    )
    told = client.get("/object_info").json()
    assert told["LoraLoaderModelOnly"]["input"]["required"]["lora_name"][0] == ["mine.safetensors"]
    assert told["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] == ["a.safetensors"]
    assert client.get("/models/checkpoints").json() == ["a.safetensors"]
    assert table["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] == []


def test_a_file_that_is_missing_is_not_offered(serve: Any) -> None:
    """missing_files rehearses a pod that is not fully set up."""
    gone = "ltx-2-19b-distilled.safetensors"
    client = serve(missing_files=frozenset({gone}))
    body = client.post("/prompt", {"prompt": small_graph()}).json()
    assert body["error"]["type"] == "prompt_outputs_failed_validation"
    assert gone not in body["node_errors"]["ckpt"]["errors"][0]["extra_info"]["input_config"][0]
