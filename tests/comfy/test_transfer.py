from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.state import OutputFile
from ltxlib.errors import Cancelled, OutputMissing, ServerAnswerError, ServerUnreachable, StoreError
from tests.comfy.conftest import Recorded
from tests.support.comfy_replies import Replies, Reply

CLIP = bytes(range(256)) * 4000  # 1 MB, four pieces and a rest
FILE = OutputFile("save", "clip_00001_.mp4", "films", "output", True)


def left_in(folder: Path) -> list[str]:
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_download(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A clip arrives whole under the name the caller chose and tells how far it is."""
    replies.on("GET", "/view", Reply(body=CLIP, headers={"Content-Type": "video/mp4"}))
    heard: list[tuple[int, int | None]] = []
    target = tmp_path / "takes" / "one.mp4"
    given = client.download(FILE, target, on_bytes=lambda done, total: heard.append((done, total)))
    assert given == target and target.read_bytes() == CLIP
    assert left_in(target.parent) == ["one.mp4"]
    assert heard[-1] == (len(CLIP), len(CLIP)) and len(heard) > 2 and heard == sorted(heard)
    asked = parse_qs(urlsplit(replies.seen[0].path).query)
    assert asked == {"filename": ["clip_00001_.mp4"], "subfolder": ["films"], "type": ["output"]}


def test_names_are_asked_for_as_they_are(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """Spaces, ampersands and other letters in a name reach the server unharmed."""
    replies.on("GET", "/view", Reply(body=b"x"))
    client.download(OutputFile("1", "ü & b%20#?.mp4"), tmp_path / "a.mp4")
    asked = parse_qs(urlsplit(replies.seen[0].path).query, keep_blank_values=True)
    assert asked == {"filename": ["ü & b%20#?.mp4"], "subfolder": [""], "type": ["output"]}


def test_names_from_the_server_choose_no_place(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A name that would leave the folder changes nothing about where the clip is written."""
    replies.on("GET", "/view", Reply(body=b"x", headers={"Content-Disposition": 'filename="../../evil.mp4"'}))
    folder = tmp_path / "in"
    client.download(OutputFile("1", "../../evil.mp4", "../.."), folder / "a.mp4")
    assert left_in(folder) == ["a.mp4"] and left_in(tmp_path) == ["in"]


def test_an_older_clip_is_replaced_only_by_a_whole_one(
    replies: Replies, client: ComfyClient, tmp_path: Path
) -> None:
    """What lies at the target stays until the new clip is whole."""
    target = tmp_path / "a.mp4"
    target.write_bytes(b"older")
    replies.on("GET", "/view", Reply(body=CLIP, length_bytes=len(CLIP) + 1), Reply(body=CLIP))
    with pytest.raises(ServerUnreachable):
        client.download(FILE, target)
    assert target.read_bytes() == b"older"
    client.download(FILE, target)
    assert target.read_bytes() == CLIP


@pytest.mark.shared
def test_cached_success_whose_file_is_gone(
    replies: Replies, client: ComfyClient, tmp_path: Path, recorded_033: Recorded
) -> None:
    """The 404 ComfyUI gives for the file of a remembered run is a missing clip, with a cure."""
    view = recorded_033("cached_repeat_after_output_deleted.json")["view"]
    replies.on("GET", "/view", Reply(view["status"]))
    with pytest.raises(OutputMissing, match="no longer has it") as told:
        client.download(OutputFile("save", "cdel_00001_.mp4", "lab"), tmp_path / "a.mp4")
    assert "seed" in told.value.cure and left_in(tmp_path) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=CLIP[:5000], length_bytes=9000),
        Reply(body=CLIP[:5000], chunked=True),
        Reply(drop=True),
    ],
)
def test_clips_that_break_off(replies: Replies, client: ComfyClient, tmp_path: Path, reply: Reply) -> None:
    """A clip that breaks off is an unreachable server, and nothing of it stays behind."""
    replies.on("GET", "/view", reply)
    with pytest.raises(ServerUnreachable):
        client.download(FILE, tmp_path / "a.mp4")
    assert left_in(tmp_path) == []


def test_a_clip_that_hangs(replies: Replies, tmp_path: Path) -> None:
    """A clip that stops coming is given up, and nothing of it stays behind."""
    replies.on("GET", "/view", Reply(body=CLIP, hold=True, held_from=5000))
    with pytest.raises(ServerUnreachable, match="half way"):
        ComfyClient(replies.url, timeout_s=0.2).download(FILE, tmp_path / "a.mp4")
    assert left_in(tmp_path) == []


def test_length_is_counted_even_if_the_library_does_not(
    replies: Replies, client: ComfyClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short body is found out by counting, whatever the HTTP library thinks of it."""
    real = urllib3.response.HTTPResponse.__init__

    def lenient(self: object, *args: object, **options: object) -> None:
        real(self, *args, **{**options, "enforce_content_length": False})

    monkeypatch.setattr(urllib3.response.HTTPResponse, "__init__", lenient)
    replies.on("GET", "/view", Reply(body=CLIP[:5000], length_bytes=9000))
    with pytest.raises(ServerUnreachable, match="half way"):
        client.download(FILE, tmp_path / "a.mp4")
    assert left_in(tmp_path) == []


def test_without_a_length(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """Where the server does not say how long the clip is, it is taken to its end."""
    replies.on("GET", "/view", Reply(body=CLIP, length_bytes=-1))
    heard: list[int | None] = []
    client.download(FILE, tmp_path / "a.mp4", on_bytes=lambda done, total: heard.append(total))
    assert (tmp_path / "a.mp4").read_bytes() == CLIP and set(heard) == {None}


def test_packed_on_the_way(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A clip that a proxy packed on the way is unpacked, and its packed length is not held against it."""
    packed = gzip.compress(CLIP)
    replies.on("GET", "/view", Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    client.download(FILE, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP
    assert replies.seen[0].headers["Accept-Encoding"] == "identity"


def test_empty_clips(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A clip of no bytes is a missing clip."""
    replies.on("GET", "/view", Reply(body=b""))
    with pytest.raises(OutputMissing, match="empty"):
        client.download(FILE, tmp_path / "a.mp4")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400),
        Reply(403),
        Reply(500, b"Server got itself in trouble"),
        Reply(302, headers={"Location": "/"}),
        Reply(200, b"<html>Please log in</html>", headers={"Content-Type": "text/html; charset=utf-8"}),
    ],
)
def test_no_clip_in_the_answer(replies: Replies, client: ComfyClient, tmp_path: Path, reply: Reply) -> None:
    """Anything but a file is an answer error and is not saved as a clip."""
    replies.on("GET", "/view", reply)
    with pytest.raises(ServerAnswerError):
        client.download(FILE, tmp_path / "a.mp4")
    assert left_in(tmp_path) == []


def test_cancel_in_mid_download(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """What the listener raises ends the download, goes through, and nothing stays behind."""
    replies.on("GET", "/view", Reply(body=CLIP))

    def stop(done: int, total: int | None) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        client.download(FILE, tmp_path / "a.mp4", on_bytes=stop)
    assert left_in(tmp_path) == []


def test_a_disk_that_refuses(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A folder that cannot be made, or a target that is a folder, is the disk's fault."""
    replies.on("GET", "/view", Reply(body=CLIP))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"a\.mp4 could not be saved"):
        client.download(FILE, tmp_path / "file" / "a.mp4")
    (tmp_path / "b.mp4").mkdir()
    with pytest.raises(StoreError, match=r"b\.mp4"):
        client.download(FILE, tmp_path / "b.mp4")
    assert left_in(tmp_path) == ["b.mp4", "file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's always-full device")
def test_a_full_disk(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A disk that fills up while a clip arrives is the disk's fault, whether it shows early or at the end."""
    for body in (CLIP, b"small"):
        (tmp_path / "a.mp4.part").symlink_to("/dev/full")
        replies.on("GET", "/view", Reply(body=body))
        with pytest.raises(StoreError, match="could not be saved"):
            client.download(FILE, tmp_path / "a.mp4")
        assert left_in(tmp_path) == []


def sent_name(replies: Replies) -> str:
    """The file name in the last form that was sent."""
    found = re.search(rb'name="image"; filename="([^"]*)"', replies.seen[-1].body)
    assert found is not None
    return found.group(1).decode()


def test_upload(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A picture is named after its contents in plain letters, and the server's name is believed."""
    picture = tmp_path / "Üñï cöde 画 (1).PNG"
    picture.write_bytes(b"\x89PNG picture")
    replies.on("POST", "/upload/image", {"name": "as the server says.png", "subfolder": "", "type": "input"})
    assert client.upload_image(picture) == "as the server says.png"
    name = sent_name(replies)
    assert name == f"ltx-{hashlib.sha256(picture.read_bytes()).hexdigest()[:20]}.png"
    body = replies.seen[0].body
    assert b"\x89PNG picture" in body and b"Content-Type: image/png" in body
    assert re.search(rb'name="overwrite"\r\n\r\ntrue\r\n', body) and re.search(
        rb'name="type"\r\n\r\ninput', body
    )
    copy = tmp_path / "copy.png"
    copy.write_bytes(picture.read_bytes())
    client.upload_image(copy, overwrite=False)
    assert sent_name(replies) == name
    assert re.search(rb'name="overwrite"\r\n\r\nfalse\r\n', replies.seen[1].body)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.jpeg", ".jpeg"), ("a", ".png"), ("a.p%20g", ".png"), ("a.ü", ".png"), ("a.TIFF", ".tiff")],
)
def test_upload_suffixes(
    replies: Replies, client: ComfyClient, tmp_path: Path, name: str, suffix: str
) -> None:
    """The ending is kept where it is plain, so that the server knows the kind."""
    (tmp_path / name).write_bytes(b"x")
    replies.on("POST", "/upload/image", {"name": "n.png"})
    client.upload_image(tmp_path / name)
    assert sent_name(replies).endswith(suffix) and "%" not in sent_name(replies)


@pytest.mark.shared
def test_upload_into_a_subfolder(
    replies: Replies, client: ComfyClient, tmp_path: Path, recorded: Recorded
) -> None:
    """A subfolder in the recorded answer becomes part of the name."""
    told = recorded("http.json")
    (tmp_path / "a.png").write_bytes(b"x")
    replies.on(
        "POST", "/upload/image", told["upload_subfolder"]["body"], told["upload_different_same_name"]["body"]
    )
    assert client.upload_image(tmp_path / "a.png") == "labsub/deep/up.png"
    assert client.upload_image(tmp_path / "a.png") == "up (1).png"


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 3}, [], "x"])
def test_upload_without_a_name(replies: Replies, client: ComfyClient, tmp_path: Path, body: object) -> None:
    """An answer without a name is no success."""
    (tmp_path / "a.png").write_bytes(b"x")
    replies.on("POST", "/upload/image", Reply(body=body))
    with pytest.raises(ServerAnswerError):
        client.upload_image(tmp_path / "a.png")


def test_upload_refused(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """A refused picture is an answer error; one too large for a proxy as well."""
    (tmp_path / "a.png").write_bytes(b"x")
    replies.on("POST", "/upload/image", Reply(400), Reply(413))
    for status in (400, 413):
        with pytest.raises(ServerAnswerError, match=str(status)):
            client.upload_image(tmp_path / "a.png")


def test_upload_of_nothing(client: ComfyClient, tmp_path: Path) -> None:
    """A picture that is not there is told by its name before anything is sent."""
    with pytest.raises(StoreError, match=r"gone\.png cannot be read") as told:
        client.upload_image(tmp_path / "gone.png")
    assert str(tmp_path) not in told.value.message
