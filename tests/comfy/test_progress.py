from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.events import Event, Executing, FeatureFlags, Preview, Progress, Status, Unknown
from ltxlib.comfy.progress import FeedSettings, ProgressFeed
from ltxlib.comfy.protocol import CLIENT_FLAGS
from tests.comfy.conftest import Recorded
from tests.support.comfy_sockets import RawSocketServer, SocketServer

# Patient enough for a busy machine, with quick new attempts.
SETTINGS = FeedSettings(first_pause_s=0.02, longest_pause_s=0.1, goodbye_s=0.3)
GRAPH = {"1": {"class_type": "X", "inputs": {}}}
STEP = json.dumps({"type": "progress", "data": {"value": 1, "max": 8, "prompt_id": "p", "node": "s"}})


def heard(feed: ProgressFeed, wanted: Callable[[Event], bool], timeout_s: float = 10.0) -> list[Event]:
    """All events up to the first wanted one; fails when it does not come."""
    events: list[Event] = []
    until_s = time.monotonic() + timeout_s
    while not any(map(wanted, events)):
        assert time.monotonic() < until_s, events
        events += feed.events(0.1)
    return events


def is_step(event: Event) -> bool:
    return isinstance(event, Progress)


def closed_before_the_next(server: SocketServer) -> bool:
    """Whether the server saw the end of each socket before the next one came."""
    kinds = [kind for kind, _ in server.trail]
    return all(kind == ("open", "close")[place % 2] for place, kind in enumerate(kinds))


def test_hears_what_is_said(sockets: SocketServer) -> None:
    """What the server tells this client arrives as events, text and pictures, in order."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        sockets.tell(client.client_id, STEP, b"\0\0\0\1\0\0\0\1jpeg", "nonsense")
        events = heard(feed, lambda event: isinstance(event, Unknown))
    assert events == [
        Status(0, client.client_id),
        Progress("p", "s", 1, 8),
        Preview(None, None, "image/jpeg", b"jpeg"),
        Unknown("", "nonsense"),
    ]


def test_first_words(sockets: SocketServer) -> None:
    """The first words on a connection are the client's flags, and no foreign origin is claimed."""
    with ProgressFeed(ComfyClient(sockets.url), SETTINGS):
        assert sockets.wait_for(lambda: len(sockets.first_words) == 1)
    assert sockets.first_words == [CLIENT_FLAGS]
    assert "Origin" not in sockets.headers[0]


@pytest.mark.shared
def test_a_recorded_run(sockets: SocketServer, recorded: Recorded) -> None:
    """A whole recorded run comes through the socket as events, and none is lost or unknown."""
    said = [json.dumps(frame["text"]) for frame in recorded("ws_success_plain.json")["ws"] if "text" in frame]
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        feed.events(5)
        sockets.tell(client.client_id, *said)
        events = heard(feed, lambda event: isinstance(event, Executing) and event.node is None)
    assert len(events) == len(said) and not any(isinstance(event, Unknown) for event in events)


def test_nothing_to_hear(sockets: SocketServer) -> None:
    """Waiting for events ends after the time that was given, with none."""
    with ProgressFeed(ComfyClient(sockets.url), SETTINGS) as feed:
        assert heard(feed, lambda event: isinstance(event, Status))
        assert feed.events(0.01) == [] and feed.events(-1) == []


def test_dropped_socket(sockets: SocketServer) -> None:
    """A socket that is cut is replaced under the same client id, and hearing goes on."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        for cuts in (1, 2, 3):
            sockets.cut_all()
            assert sockets.wait_for(lambda cuts=cuts: sockets.opened() == cuts + 1)
        sockets.tell(client.client_id, STEP)
        assert heard(feed, is_step)
        assert feed.live
    assert closed_before_the_next(sockets)
    assert {client_id for _, client_id in sockets.trail} == {client.client_id}


def test_node_repeated_after_a_reconnection(sockets: SocketServer) -> None:
    """What the server repeats to a socket that comes back arrives, without the prompt's id."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        sockets.greetings.append('{"type": "executing", "data": {"node": "stage1"}}')
        sockets.cut_all()
        events = heard(feed, lambda event: isinstance(event, Executing))
    assert events[-1] == Executing(None, "stage1")


def test_restarted_server() -> None:
    """A server that goes away and comes back at the same address is heard again."""
    with SocketServer() as first:
        client = ComfyClient(first.url)
        port = int(first.url.rpartition(":")[2])
        feed = ProgressFeed(client, SETTINGS)
        with feed:
            assert feed.wait_until_live(10)
            first.stop()
            with SocketServer(port) as second:
                assert second.wait_for(lambda: second.opened() == 1)
                second.tell(client.client_id, STEP)
                assert heard(feed, is_step)


def test_deaf_socket_is_found_by_a_submission(sockets: SocketServer) -> None:
    """A socket that is not told of the prompt just taken is replaced, and the new one hears."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, replace(SETTINGS, deaf_s=0.1)) as feed:
        assert feed.wait_until_live(10)
        sockets.forget(client.client_id)  # as when an older socket of this id is found dead
        sockets.tell(client.client_id, STEP)
        client.submit(GRAPH)
        assert sockets.wait_for(lambda: sockets.opened() == 2)
        sockets.tell(client.client_id, STEP)
        assert heard(feed, is_step)
    assert closed_before_the_next(sockets)


def test_deaf_socket_is_found_by_its_silence(sockets: SocketServer) -> None:
    """While work is queued, a socket that stays silent for long is replaced to be sure."""
    sockets.queue_remaining = 1
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, replace(SETTINGS, quiet_s=0.2)) as feed:
        assert feed.wait_until_live(10)
        sockets.forget(client.client_id)
        assert sockets.wait_for(lambda: sockets.opened() == 2)
        sockets.tell(client.client_id, STEP)
        assert heard(feed, is_step)


def test_deaf_socket_in_mid_run(sockets: SocketServer) -> None:
    """A node at work counts as work in hand, even if no queue was told of."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, replace(SETTINGS, quiet_s=0.2)) as feed:
        assert feed.wait_until_live(10)
        sockets.tell(client.client_id, '{"type": "executing", "data": {"node": "s", "prompt_id": "p"}}')
        sockets.forget(client.client_id)
        assert sockets.wait_for(lambda: sockets.opened() == 2)


def test_silence_without_work_is_no_deafness(sockets: SocketServer) -> None:
    """An idle server says nothing, and a prompt whose news arrived is no reason for doubt."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, replace(SETTINGS, deaf_s=0.05, quiet_s=0.05)) as feed:
        assert feed.wait_until_live(10)
        client.submit(GRAPH)
        assert heard(feed, lambda event: event == Status(1))
        sockets.tell(
            client.client_id, '{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}}'
        )
        assert heard(feed, lambda event: event == Status(0))
        opened = sockets.opened()
        assert feed.events(0.7) == []
        assert sockets.opened() == opened


def test_dead_connection() -> None:
    """A server that sends no sign of life, not even when asked for one, is given up and tried anew."""
    with RawSocketServer() as server:
        with ProgressFeed(ComfyClient(server.url), replace(SETTINGS, ping_s=0.05, dead_s=0.6)) as feed:
            assert server.wait_for(lambda: server.connections >= 2)
            assert feed.events(0) == [] and not feed.live
        # A masked ping without contents.
        assert b"\x89\x80" in bytes(server.received)


def test_signs_of_life_keep_a_silent_connection(sockets: SocketServer) -> None:
    """A server that answers pings is kept however silent it is."""
    client = ComfyClient(sockets.url)
    with ProgressFeed(client, replace(SETTINGS, ping_s=0.05, dead_s=0.6)) as feed:
        assert feed.wait_until_live(10)
        feed.events(5)
        assert feed.events(1.2) == []
        assert sockets.opened() == 1


def text_frame(text: str, *, last: bool = True, opcode: int = 1) -> bytes:
    """One frame as a server sends it."""
    data = text.encode()
    assert len(data) < 126
    return bytes([(0x80 if last else 0) | opcode, len(data)]) + data


def test_frames_in_pieces() -> None:
    """A frame that comes in pieces, slower than the feed looks, and a message in several frames are whole."""
    flags = text_frame('{"type": "feature_flags", "data": {"assets": false}}')
    first, second = text_frame(STEP[:40], last=False), text_frame(STEP[40:], opcode=0)
    pieces = [flags[:1], flags[1:9], flags[9:], first, second]
    with (
        RawSocketServer(*pieces, pause_s=0.25) as server,
        ProgressFeed(ComfyClient(server.url), SETTINGS) as feed,
    ):
        events = heard(feed, is_step)
    assert events == [FeatureFlags({"assets": False}), Progress("p", "s", 1, 8)]


@pytest.mark.parametrize(
    "pieces",
    [
        b"\xff" * 64,
        b"\x81\x03\xff\xfe\xfd\xc1\x00",
        b"\x88\x01x",
        b"\x88\x00",
        b"\x89\xfe" + b"x" * 300,
        b"\x80\x01x",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_garbage(pieces: bytes) -> None:
    """Whatever nonsense a server sends after the handshake, the feed only tries again."""
    settings = replace(SETTINGS, dead_s=0.3)
    with RawSocketServer(pieces) as server, ProgressFeed(ComfyClient(server.url), settings) as feed:
        assert server.wait_for(lambda: server.connections >= 2)
        assert all(isinstance(event, Unknown) for event in feed.events(0))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/ws\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"what?\r\n\r\n",
    ],
)
def test_no_websocket_there(answer: bytes) -> None:
    """A server that does not speak WebSocket costs the live progress and nothing else."""
    with RawSocketServer(answer=answer) as server, ProgressFeed(ComfyClient(server.url), SETTINGS) as feed:
        assert server.wait_for(lambda: server.connections >= 3)
        assert feed.events(0) == [] and not feed.live and not feed.wait_until_live(0.01)


def test_nobody_there() -> None:
    """With nobody at the address the feed is merely silent, and ends at once when told to."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = ComfyClient(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with ProgressFeed(client, FeedSettings()) as feed:
            assert feed.events(0.3) == []
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 2


@pytest.mark.parametrize("url", ["http://nobody.invalid:8188", "https://127.0.0.1:{port}"])
def test_unusable_addresses(sockets: SocketServer, url: str) -> None:
    """A name nobody knows, or safe words where only plain ones are spoken, cost nothing but the progress."""
    client = ComfyClient(url.format(port=sockets.url.rpartition(":")[2]))
    with ProgressFeed(client, replace(SETTINGS, connect_s=0.3)) as feed:
        assert feed.events(0.6) == []
    assert sockets.trail == []


def test_close_ends_the_thread(sockets: SocketServer) -> None:
    """Closing ends the thread and says goodbye to the server, and may be done twice."""
    before = threading.active_count()
    with ProgressFeed(ComfyClient(sockets.url), SETTINGS) as feed:
        assert feed.wait_until_live(10)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before and not feed.live
    assert sockets.wait_for(lambda: sockets.closed() == 1)
    feed.close()


def test_close_while_the_server_says_nothing() -> None:
    """A server that accepts and never answers does not hold up the end for long."""
    with RawSocketServer(answer=b"") as server:
        feed = ProgressFeed(ComfyClient(server.url), replace(SETTINGS, connect_s=0.3))
        with feed:
            assert server.wait_for(lambda: server.connections >= 1)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 3


def test_close_wakes_a_waiting_listener(sockets: SocketServer) -> None:
    """Whoever waits for events is woken by the end."""
    feed = ProgressFeed(ComfyClient(sockets.url), SETTINGS)
    with feed:
        heard(feed, lambda event: isinstance(event, Status))
        given: list[list[Event]] = []
        waiting = threading.Thread(target=lambda: given.append(feed.events(30)))
        waiting.start()
    waiting.join(10)
    assert given == [[]] and feed.events(30) == []


def test_one_feed_a_client(sockets: SocketServer) -> None:
    """A second feed at the same time would make the first one deaf, so it is refused; later it is welcome."""
    client = ComfyClient(sockets.url)
    feed = ProgressFeed(client, SETTINGS)
    with feed, pytest.raises(RuntimeError, match="already has a feed"), ProgressFeed(client, SETTINGS):
        pass
    with ProgressFeed(client, SETTINGS) as second:
        assert second.wait_until_live(10)
    with feed:
        assert feed.wait_until_live(10)


def test_unread_events_are_dropped(sockets: SocketServer) -> None:
    """A listener that never looks does not fill the memory; the newest events are kept."""
    client = ComfyClient(sockets.url)
    steps = [STEP.replace('"value": 1', f'"value": {step}') for step in range(1500)]
    end = '{"type": "executing", "data": {"node": null, "prompt_id": "p"}}'
    with ProgressFeed(client, SETTINGS) as feed:
        assert feed.wait_until_live(10)
        sockets.tell(client.client_id, *steps, end)
        with feed._news:
            assert feed._news.wait_for(lambda: feed._events and feed._events[-1] == Executing("p", None), 10)
        events = feed.events(0)
    assert len(events) == 1000 and events[-2] == Progress("p", "s", 1499, 8)


def test_environment_is_left_out(sockets: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named by the environment does not stand between the kit and this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ProgressFeed(ComfyClient(sockets.url), SETTINGS) as feed:
        assert feed.wait_until_live(10)
