from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ltxlib.comfy import wire as wire_module
from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.state import OutputFile
from ltxlib.errors import ComfyError, ServerAnswerError, ServerUnreachable
from tests.support.comfy_replies import Replies, Reply

CALLS: dict[str, Callable[[ComfyClient], object]] = {
    "system_stats": lambda client: client.system_stats(),
    "object_info": lambda client: client.object_info(),
    "submit": lambda client: client.submit({"1": {"class_type": "X", "inputs": {}}}),
    "queue": lambda client: client.queue(),
    "status": lambda client: client.status("p"),
    "interrupt": lambda client: client.interrupt(),
    "delete": lambda client: client.delete(["p"]),
    "free": lambda client: client.free(),
}
ROUTES = {
    "system_stats": ("GET", "/system_stats"),
    "object_info": ("GET", "/object_info"),
    "submit": ("POST", "/prompt"),
    "queue": ("GET", "/queue"),
    "status": ("GET", "/history/p"),
    "interrupt": ("POST", "/interrupt"),
    "delete": ("POST", "/queue"),
    "free": ("POST", "/free"),
}


@pytest.fixture(params=sorted(CALLS))
def call(request: pytest.FixtureRequest) -> str:
    """Each call of the client in turn."""
    return request.param


def test_nobody_there(call: str) -> None:
    """With nobody at the address every call says so, and how to go on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ServerUnreachable, match="Nobody answers") as told:
            CALLS[call](ComfyClient(url, timeout_s=2))
    assert url in str(told.value) and "Start ComfyUI" in told.value.cure


def test_dropped_connection(replies: Replies, client: ComfyClient, call: str) -> None:
    """A server that hangs up without a word is unreachable, and nothing is sent twice."""
    replies.on(*ROUTES[call], Reply(drop=True))
    with pytest.raises(ServerUnreachable):
        CALLS[call](client)
    assert len(replies.seen) == 1


def test_stumbling_server(replies: Replies, client: ComfyClient, call: str) -> None:
    """A 500 is an answer error with the server's words in it."""
    replies.on(*ROUTES[call], Reply(500, b"500 Internal Server Error\n\nServer got itself in trouble"))
    with pytest.raises(ServerAnswerError, match="status 500") as told:
        CALLS[call](client)
    assert "Server got itself in trouble" in str(told.value)


@pytest.mark.parametrize("status", [502, 503, 504, 524])
def test_nobody_behind_the_proxy(replies: Replies, client: ComfyClient, status: int) -> None:
    """A proxy with nobody behind it counts as an unreachable server, which may come back."""
    replies.on("GET", "/queue", Reply(status, b"<html>bad gateway</html>"))
    with pytest.raises(ServerUnreachable, match=str(status)):
        client.queue()


@pytest.mark.parametrize("name", ["system_stats", "object_info", "submit", "queue", "status"])
@pytest.mark.parametrize("body", [b"<html><h1>Please log in</h1></html>", b"", b"\xff\xfe\x00", b"{", b"[]"])
def test_not_json(replies: Replies, client: ComfyClient, name: str, body: bytes) -> None:
    """An answer that is not what ComfyUI sends is told as such, with a short excerpt and no tags."""
    replies.on(*ROUTES[name], Reply(200, body))
    with pytest.raises(ServerAnswerError) as told:
        CALLS[name](client)
    assert "<" not in str(told.value) and len(str(told.value)) < 400


@pytest.mark.parametrize(
    ("status", "cure"), [(401, "address"), (403, "address"), (404, "address"), (418, "log")]
)
def test_other_statuses(replies: Replies, client: ComfyClient, status: int, cure: str) -> None:
    """Any other status is an answer error with a cure that fits."""
    replies.on("GET", "/queue", Reply(status))
    with pytest.raises(ServerAnswerError, match=f"status {status}") as told:
        client.queue()
    assert cure in told.value.cure


def test_redirects_are_not_followed(replies: Replies, client: ComfyClient) -> None:
    """A server that sends elsewhere, to a login for instance, is not followed there."""
    replies.on("GET", "/queue", Reply(302, headers={"Location": "/login?next=secret"}))
    with pytest.raises(ServerAnswerError, match="status 302"):
        client.queue()
    assert replies.routes() == ["GET /queue"]


def test_silence(replies: Replies) -> None:
    """A server that keeps silent is given up after the patience that was asked for."""
    replies.on("GET", "/queue", Reply(hold=True))
    with pytest.raises(ServerUnreachable, match=r"silent for 0\.2 seconds") as told:
        ComfyClient(replies.url, timeout_s=0.2).queue()
    assert "wait" in told.value.cure


def test_silence_in_mid_answer(replies: Replies) -> None:
    """An answer that stops in the middle and hangs is given up too."""
    replies.on("GET", "/queue", Reply(body=b'{"queue_running": [' + b" " * 999, hold=True, held_from=10))
    with pytest.raises(ServerUnreachable, match="half way"):
        ComfyClient(replies.url, timeout_s=0.2).queue()


@pytest.mark.parametrize("reply", [Reply(body=b"{}", length_bytes=99), Reply(body=b"{}", chunked=True)])
def test_short_answers(replies: Replies, client: ComfyClient, reply: Reply) -> None:
    """An answer shorter than it said is told as broken off, not as wrong."""
    replies.on("GET", "/queue", reply)
    with pytest.raises(ServerUnreachable, match="half way"):
        client.queue()


def test_broken_encoding(replies: Replies, client: ComfyClient) -> None:
    """An answer that claims to be packed and is not is told as broken."""
    replies.on("GET", "/queue", Reply(body=b"{}", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ServerUnreachable, match="half way"):
        client.queue()


def test_an_answer_without_end(
    replies: Replies, client: ComfyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that grows beyond all measure is not taken into memory."""
    monkeypatch.setattr(wire_module, "_MAX_ANSWER_BYTES", 1000)
    replies.on("GET", "/queue", Reply(body=b" " * 2000))
    with pytest.raises(ServerAnswerError, match="no end"):
        client.queue()


def test_an_answer_that_drips(replies: Replies, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes too slowly as a whole is given up though it never falls silent."""
    replies.on("GET", "/queue", {"queue_running": [], "queue_pending": []})
    client = ComfyClient(replies.url, timeout_s=2)
    monkeypatch.setattr(client._wire, "_whole_answer_s", -1.0)
    with pytest.raises(ServerUnreachable, match="too slowly"):
        client.queue()


def test_no_https_there(replies: Replies) -> None:
    """https:// where only http:// is spoken is told as such."""
    with pytest.raises(ServerUnreachable, match="safe connection") as told:
        ComfyClient(replies.url.replace("http://", "https://"), timeout_s=2).queue()
    assert "http://" in told.value.cure


def test_something_else_listens() -> None:
    """A listener that speaks no HTTP at all is told as a broken connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shout() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        threading.Thread(target=shout, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ComfyError):
            ComfyClient(url, timeout_s=2).queue()


def test_environment_is_left_out(replies: Replies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a proxy nor a password file from the environment touches the way to this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    replies.on("GET", "/queue", {"queue_running": [], "queue_pending": []})
    ComfyClient(replies.url, timeout_s=5).queue()
    assert "Authorization" not in replies.seen[0].headers


def test_proxies_for_other_machines(replies: Replies, monkeypatch: pytest.MonkeyPatch) -> None:
    """For another machine the environment's proxy is used, and the password file is still not."""
    monkeypatch.setenv("http_proxy", replies.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    replies.on("GET", "http://comfy.invalid:8188/queue", {"queue_running": [], "queue_pending": []})
    assert ComfyClient("http://comfy.invalid:8188", timeout_s=5).queue().running == ()
    assert replies.seen[0].path == "http://comfy.invalid:8188/queue"


def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody knows is an unreachable server."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ServerUnreachable):
        ComfyClient("http://nobody.invalid:8188", timeout_s=5).queue()


def test_requests_that_cannot_be_made() -> None:
    """A host name the library refuses to try is told as the address's fault."""
    with pytest.raises(ServerAnswerError, match="could not be made") as told:
        ComfyClient("http://*").queue()
    assert "address" in told.value.cure


def test_no_message_repeats_a_query(replies: Replies, client: ComfyClient, tmp_path: Path) -> None:
    """Messages name the route and never what stands behind its question mark."""
    replies.on("GET", "/view", Reply(500, b"oh"))
    with pytest.raises(ServerAnswerError) as told:
        client.download(OutputFile("1", "s3cret.mp4"), tmp_path / "a.mp4")
    assert "s3cret" not in str(told.value) and "GET /view" in str(told.value)


def test_patience_above_zero() -> None:
    """A patience of nothing is a mistake of the caller's."""
    with pytest.raises(ValueError, match="timeout_s"):
        ComfyClient("http://127.0.0.1:1", timeout_s=0)
