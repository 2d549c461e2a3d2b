"""A word to the creator's phone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ltxlib.pod.webhook import Note, Sent, addresses, looked_at, send
from ltxlib.pod.webhook import _message as message

NOTE = Note("The night is over", "7 takes made, 1 failed <rain & fire>.", urgent=True)


class Ear:
    """A loopback listener that answers as told and keeps what it heard."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[str, dict[str, object]]] = []
        self.url = ""


@pytest.fixture
def ear() -> Iterator[Ear]:
    """One such listener on a free port."""
    found = Ear()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """The test's output stays clean."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append((self.path, json.loads(body)))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook/SECRET"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_note_arrives_whole(ear):
    """Anything that takes JSON gets title, text and whether it is urgent."""
    assert send(NOTE, (ear.url,)) == (Sent("127.0.0.1"),)
    assert ear.heard == [
        (
            "/hook/SECRET",
            {"title": NOTE.title, "text": NOTE.text, "urgent": True, "from": "ltx-kit"},
        )
    ]


def test_a_stumble_is_tried_again_and_a_refusal_is_not(ear):
    """A server that stumbles is asked once more; one that refuses is not; nothing is ever raised."""
    ear.answers = [503, 204, 404]
    assert send(NOTE, (ear.url, ear.url)) == (Sent("127.0.0.1"), Sent("127.0.0.1", "It answered 404."))
    assert len(ear.heard) == 3


def test_faults_show_the_host_only():
    """An address that cannot be reached or is not safe is named by its host, never by its secret path."""
    found = send(NOTE, ("http://127.0.0.1:1/SECRET", "http://example.com/SECRET", "nonsense SECRET"))
    assert [bool(sent.fault) for sent in found] == [True] * 3
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    ("address", "url", "body"),
    [
        (
            "https://discord.com/api/webhooks/1/x",
            "https://discord.com/api/webhooks/1/x",
            {"content": f"**{NOTE.title}**\n{NOTE.text}", "allowed_mentions": {"parse": []}},
        ),
        (
            "https://hooks.slack.com/services/T/B/x",
            "https://hooks.slack.com/services/T/B/x",
            {"text": f"*{NOTE.title}*\n7 takes made, 1 failed &lt;rain &amp; fire&gt;."},
        ),
        (
            "https://ntfy.sh/my-films",
            "https://ntfy.sh/",
            {"topic": "my-films", "title": NOTE.title, "message": NOTE.text, "priority": 5},
        ),
    ],
)
def test_each_service_gets_its_own_shape(address, url, body):
    """Discord, Slack and ntfy are known by their hosts."""
    assert message(NOTE, address) == (url, body)


def test_addresses_come_from_the_environment(monkeypatch):
    """Several addresses, apart by commas or spaces; each counts once."""
    monkeypatch.setenv("LTX_NOTIFY", "https://a.example/x, https://b.example/y\nhttps://a.example/x")
    assert addresses() == ("https://a.example/x", "https://b.example/y")
    assert addresses("") == ()


@pytest.mark.parametrize(
    ("address", "host", "fault"),
    [
        ("https://discord.com/api/webhooks/1/SECRET", "discord.com", ""),
        ("https://discord.com/channels/1/SECRET", "discord.com", "not whole"),
        ("https://hooks.slack.com/services/T/B/SECRET", "hooks.slack.com", ""),
        ("https://hooks.slack.com", "hooks.slack.com", "not whole"),
        ("https://ntfy.sh/SECRET", "ntfy.sh", ""),
        ("https://ntfy.sh/", "ntfy.sh", "not whole"),
        ("https://films.example/SECRET", "films.example", ""),
        ("http://127.0.0.1:8080/SECRET", "127.0.0.1", ""),
        ("http://films.example/SECRET", "films.example", "begin with https"),
        ("SECRET", "that address", "no address"),
        ("https://[SECRET", "that address", "no address"),
    ],
)
def test_an_address_is_looked_at_without_sending(address, host, fault):
    """Its shape tells whether it can be one; only the host is ever shown."""
    found = looked_at(address)
    assert found.host == host
    assert fault in found.fault
    assert bool(fault) == bool(found.fault)
    assert "SECRET" not in repr(found)


def test_what_is_no_address_is_told_and_not_raised():
    """A slip in LTX_NOTIFY ends no night."""
    assert send(NOTE, ("https://[nothing", "nothing")) == (
        Sent("that address", "It is no address of the web."),
        Sent("that address", "It is no address of the web."),
    )
