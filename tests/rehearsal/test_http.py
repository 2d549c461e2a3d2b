"""The routes of the rehearsal against what a real ComfyUI answered on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from ltxlib.rehearsal.models import FOLDERS
from tests.support.rehearsal import Client, node, recording, small_graph

CLIP = bytes(range(256)) * 400


@pytest.fixture
def furnished(client: Client) -> Client:
    """A server with the files in its folders that the recorded one had."""
    clips = client.server.output_dir / "lab"
    clips.mkdir(parents=True)
    (clips / "core_00001_.mp4").write_bytes(CLIP)
    Image.new("RGBA", (640, 360), (10, 20, 30, 128)).save(client.server.input_dir / "lab_640x360.png")
    return client


def answered(client: Client, asked: dict[str, Any], **more: Any) -> requests.Response:
    """Ask what the recording asked."""
    return client.http.request(asked["method"], client.url + asked["path"], timeout=30, **more)


SAME_BODY = [
    "queue", "prompt_get", "models", "models_unknown", "features", "object_info_unknown", "object_info_uuid",
    "embeddings", "history_unknown", "jobs_bad_status", "jobs_unknown", "jobs_noprefix", "users",
    "workflow_templates", "assets", "openapi", "view_missing", "view_no_filename", "view_traversal_name",
    "view_traversal_subfolder", "view_abs_subfolder", "view_abs_name", "view_type_bad", "userdata_list",
    "userdata_list_no_dir", "userdata_traversal", "userdata_missing", "userdata_unencoded_slash", "upload_json",
    "free_no_body", "history_no_body", "view_video_preview_param",
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


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("view", {}),
        ("view_head", {}),
        ("view_range", {"Range": "bytes=0-99"}),
        ("view_range_tail", {"Range": "bytes=-50"}),
        ("view_range_bad", {"Range": "bytes=999999999-"}),
        ("view_api_prefix", {}),
        ("view_type_input", {}),
        ("view_annotated", {}),
        ("view_preview_webp", {}),
        ("view_channel_rgb", {}),
    ],
)
def test_view_answers_as_recorded(
    shared: Path, furnished: Client, name: str, headers: dict[str, str]
) -> None:
    """Ranges, HEAD, tags and previews carry the recorded status and headers."""
    asked = recording(shared, "http")[name]
    answer = answered(furnished, asked, headers={**headers, "Accept-Encoding": "identity"})
    assert answer.status_code == asked["status"]
    for header in ("Content-Disposition", "Content-Type", "Accept-Ranges"):
        assert answer.headers.get(header) == asked["headers"].get(header), header
    assert ("Etag" in answer.headers) == ("Etag" in asked["headers"])
    expected = {
        "view": CLIP, "view_api_prefix": CLIP, "view_head": b"", "view_range": CLIP[:100],
        "view_range_tail": CLIP[-50:], "view_range_bad": b"",
    }  # fmt: skip
    if name in expected:
        assert answer.content == expected[name]
    if name == "view_head":
        assert answer.headers["Content-Length"] == str(len(CLIP))
    if answer.status_code in (206, 416):
        total = answer.headers["Content-Range"].rsplit("/", 1)
        assert total[1] == str(len(CLIP))
        assert total[0].split("-")[0] in asked["headers"]["Content-Range"] or name == "view_range_tail"


def test_view_knows_what_the_client_has_already(furnished: Client) -> None:
    """An ETag sent back is answered with an empty 304; of another file, with the file."""
    where = "/view?filename=core_00001_.mp4&subfolder=lab"
    first = furnished.get(where)
    again = furnished.get(where, headers={"If-None-Match": first.headers["Etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = furnished.get(where, headers={"If-None-Match": '"something"'})
    assert other.content == CLIP


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=-", "lines=1-2", "bytes=x-"])
def test_a_range_that_makes_no_sense_is_refused(furnished: Client, header: str) -> None:
    """A range that cannot be read is answered 416."""
    where = "/view?filename=core_00001_.mp4&subfolder=lab"
    assert furnished.get(where, headers={"Range": header}).status_code == 416


def test_an_open_range_goes_to_the_end(furnished: Client) -> None:
    """`bytes=100-` is all from the hundredth byte on."""
    where = "/view?filename=core_00001_.mp4&subfolder=lab"
    answer = furnished.get(where, headers={"Range": "bytes=100-"})
    assert answer.content == CLIP[100:]
    assert answer.headers["Content-Range"] == f"bytes 100-{len(CLIP) - 1}/{len(CLIP)}"


def test_the_alpha_channel_alone(furnished: Client) -> None:
    """channel=a gives a picture of the transparency."""
    answer = furnished.get("/view?filename=lab_640x360.png&type=input&channel=a")
    assert answer.headers["Content-Type"] == "image/png"


def upload(client: Client, name: str, content: bytes, path: str = "/upload/image", **form: str) -> Any:
    """Upload a file as a browser does."""
    return client.http.post(
        client.url + path, files={"image": (name, content, "image/png")}, data=form, timeout=30
    )


@pytest.mark.shared
@pytest.mark.parametrize(
    ("case", "name", "form"),
    [
        ("upload_first", "up.png", {}),
        ("upload_overwrite_true", "up.png", {"overwrite": "true"}),
        ("upload_overwrite_1", "up.png", {"overwrite": "1"}),
        ("upload_subfolder", "up.png", {"subfolder": "labsub/deep"}),
        ("upload_type_temp", "up.png", {"type": "temp"}),
        ("upload_type_output", "up.png", {"type": "output"}),
        ("upload_type_unknown", "up.png", {"type": "models"}),
        ("upload_subfolder_traversal", "up.png", {"subfolder": "../.."}),
        ("upload_subfolder_absolute", "up.png", {"subfolder": "/etc"}),
        ("upload_name_traversal", "..%2F..%2Fevil.png", {}),
        ("upload_name_leading_dot", ".hidden.png", {}),
        ("upload_not_an_image_txt", "note.txt", {}),
        ("upload_html", "x.html", {}),
    ],
)
def test_an_upload_is_answered_as_recorded(
    shared: Path, client: Client, case: str, name: str, form: dict[str, str]
) -> None:
    """Names, subfolders and types are taken or refused as ComfyUI does."""
    asked = recording(shared, "http")[case]
    answer = upload(client, name, b"picture", **form)
    assert answer.status_code == asked["status"]
    if asked["status"] == 200:
        assert answer.json() == asked["body"]


def test_the_same_name_with_other_bytes_gets_a_number(client: Client) -> None:
    """The same bytes keep their name, other bytes become `up (1).png`, `up (2).png`."""
    said = [upload(client, "up.png", content).json()["name"] for content in (b"a", b"a", b"b", b"c", b"b")]
    assert said == ["up.png", "up.png", "up (1).png", "up (2).png", "up (1).png"]
    assert upload(client, "up.png", b"z", overwrite="true").json()["name"] == "up.png"
    assert (client.server.input_dir / "up.png").read_bytes() == b"z"


@pytest.mark.parametrize("name", ["../evil.png", "/tmp/evil.png"])
def test_a_raw_name_that_leaves_the_folder_is_refused(client: Client, name: str, tmp_path: Path) -> None:
    """A name with real dots and slashes ends nowhere else."""
    boundary = b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"" + name.encode()
    body = boundary + b'"\r\nContent-Type: image/png\r\n\r\nevil\r\n--x--\r\n'
    answer = client.post(
        "/upload/image", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 400
    assert not list(tmp_path.rglob("evil.png"))


def test_uploads_without_a_picture_are_refused(client: Client) -> None:
    """No field `image` is a 400, one that is no file is the plain 500."""
    wrong = client.http.post(client.url + "/upload/image", files={"file": ("a.png", b"x")}, timeout=30)
    assert wrong.status_code == 400
    assert client.post("/upload/image").status_code == 400
    plain = client.http.post(client.url + "/upload/image", data={"image": "text"}, timeout=30)
    assert plain.status_code == 500
    field = client.http.post(
        client.url + "/upload/image", files={"image": (None, "text"), "x": ("y", b"z")}, timeout=30
    )
    assert field.status_code == 500


def test_an_uploaded_picture_is_offered_by_load_image(client: Client) -> None:
    """LoadImage lists pictures of the input folder only, sorted; LoadVideo videos; LoadAudio both."""
    for name in ("b.png", "a.jpg", "note.txt", "clip.mp4", "tone.wav"):
        upload(client, name, b"x")

    def choices(class_type: str, name: str) -> Any:
        spec = client.get(f"/object_info/{class_type}").json()[class_type]["input"]["required"][name]
        return spec[0] if isinstance(spec[0], list) else spec[1]["options"]

    assert choices("LoadImage", "image") == ["a.jpg", "b.png"]
    assert choices("LoadVideo", "file") == ["clip.mp4"]
    assert choices("LoadAudio", "audio") == ["clip.mp4", "tone.wav"]


def test_a_page_that_was_uploaded_is_never_shown(client: Client) -> None:
    """HTML comes back as a download."""
    upload(client, "x.html", b"<script>1</script>")
    answer = client.get("/view?filename=x.html&type=input")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"


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


def test_internal_files_are_listed_with_their_type(furnished: Client) -> None:
    """/internal/files/input names each file with its tag; an unknown type is refused."""
    assert furnished.get("/internal/files/input").json() == ["lab_640x360.png [input]"]
    assert furnished.get("/internal/files/nope").status_code == 400


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
