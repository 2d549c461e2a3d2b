"""Files over HTTP against what a real ComfyUI answered: /view and /upload/image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.rehearsal import CLIP, Client, answered
from tests.support.rehearsal_graphs import recording


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
    boundary = b'--x\r\nContent-Disposition: form-data; name="image"; filename="' + name.encode()
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


def test_internal_files_are_listed_with_their_type(furnished: Client) -> None:
    """/internal/files/input names each file with its tag; an unknown type is refused."""
    assert furnished.get("/internal/files/input").json() == ["lab_640x360.png [input]"]
    assert furnished.get("/internal/files/nope").status_code == 400
