"""A rehearsal server over real sockets, as the tests talk to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import requests
import websocket

from ltxlib.rehearsal.server import RehearsalServer

WAIT_S = 60.0
CLIP = bytes(range(256)) * 400
"""What stands for a clip where only its bytes matter."""


@cache
def ffmpeg_path() -> Path:
    """An ffmpeg to draw with."""
    from ltxlib.media.ffmpeg import find_ffmpeg

    return find_ffmpeg().path


class Listener:
    """One WebSocket client; hears in a thread of its own."""

    def __init__(self, url: str, client_id: str, flags: Mapping[str, Any] | None = None) -> None:
        address = url.replace("http", "ws", 1) + f"/ws?clientId={client_id}"
        self.client_id = client_id
        self.heard: list[Any] = []
        self.closed = False
        self._news = threading.Condition()
        self._socket = websocket.create_connection(address, timeout=WAIT_S)
        if flags is not None:
            self._socket.send(json.dumps({"type": "feature_flags", "data": dict(flags)}))
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        try:
            while True:
                kind, said = self._socket.recv_data()
                if kind == websocket.ABNF.OPCODE_CLOSE:
                    break
                with self._news:
                    self.heard.append(json.loads(said) if kind == websocket.ABNF.OPCODE_TEXT else said)
                    self._news.notify_all()
        except (websocket.WebSocketException, OSError):
            pass
        with self._news:
            self.closed = True
            self._news.notify_all()

    def wait_for(self, wanted: Any) -> Any:
        """Wait until a message satisfies `wanted`, and give it."""
        with self._news:
            assert self._news.wait_for(
                lambda: self.closed or any(wanted(one) for one in self.texts()), WAIT_S
            ), "nothing of the kind was heard"
            found = [one for one in self.texts() if wanted(one)]
        assert found, f"the socket was closed before; heard {[one['type'] for one in self.texts()]}"
        return found[0]

    def wait_for_end(self, prompt_id: str) -> None:
        """Wait for the last message of a prompt."""
        self.wait_for(
            lambda one: (
                one["type"] == "executing"
                and one["data"]["node"] is None
                and one["data"].get("prompt_id") == prompt_id
            )
        )

    def wait_until_closed(self) -> bool:
        """Wait until the server has cut the connection."""
        with self._news:
            return self._news.wait_for(lambda: self.closed, WAIT_S)

    def texts(self) -> list[Any]:
        """What was heard so far, pictures left out."""
        return [one for one in self.heard if not isinstance(one, bytes)]

    def types(self) -> list[str]:
        """The kinds of message heard so far."""
        return [one["type"] for one in self.texts()]

    def say(self, text: str) -> None:
        """Send something."""
        self._socket.send(text)

    def close(self) -> None:
        """Leave."""
        self._socket.close()


@dataclass(frozen=True)
class Elsewhere:
    """A server that somebody else runs; only its address is known."""

    url: str


class Client:
    """What the tests ask of a server."""

    def __init__(self, server: RehearsalServer | Elsewhere) -> None:
        self.server = server
        self.url = server.url
        self.http = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET a path."""
        return self.http.get(self.url + path, timeout=WAIT_S, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> requests.Response:
        """POST to a path."""
        return self.http.post(self.url + path, json=json, timeout=WAIT_S, **more)

    def submit(self, graph: Mapping[str, Any], **more: Any) -> str:
        """Post a graph that must be accepted; its prompt id."""
        answer = self.post("/prompt", {"prompt": graph, **more})
        assert answer.status_code == 200, answer.text
        assert answer.json()["node_errors"] == {}, answer.text
        return answer.json()["prompt_id"]

    def run(self, graph: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Run a graph to its end; the history entry."""
        with self.listening("runner") as ear:
            prompt_id = self.submit(graph, client_id="runner", **more)
            ear.wait_for_end(prompt_id)
        return self.entry(prompt_id)

    def entry(self, prompt_id: str) -> dict[str, Any]:
        """The history entry of a prompt."""
        return self.get(f"/history/{prompt_id}").json()[prompt_id]

    def until(self, path: str, wanted: Callable[[Any], bool]) -> Any:
        """Ask a path again and again until its JSON is as wanted."""
        last = time.monotonic() + WAIT_S
        while not wanted(answer := self.get(path).json()):
            assert time.monotonic() < last, f"{path} still says {answer}"
        return answer

    def saved(self, entry: Mapping[str, Any], at: str = "save", kind: str = "images") -> list[Path]:
        """The files that a run left, as paths."""
        root = self.server.output_dir
        return [root / one["subfolder"] / one["filename"] for one in entry["outputs"][at][kind]]

    def fail(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        """Run a graph that must fail; what execution_error said."""
        entry = self.run(graph)
        assert entry["status"]["status_str"] == "error"
        return dict(entry["status"]["messages"])["execution_error"]

    @contextmanager
    def listening(self, client_id: str, flags: Mapping[str, Any] | None = None) -> Iterator[Listener]:
        """A WebSocket client, greeted already."""
        ear = Listener(self.url, client_id, flags)
        try:
            ear.wait_for(lambda one: one["type"] == "status")
            yield ear
        finally:
            ear.close()


@dataclass(frozen=True)
class Looked:
    """What is in a media file, found by decoding it."""

    size_px: tuple[int, int]
    frames: int
    fps: Fraction
    sound_s: float
    sound_hz: int
    loudest: float
    tags: dict[str, str]
    pictures: tuple[bytes, ...]


def look(path: Path) -> Looked:
    """Decode a clip whole; a clip without sound has sound_s 0."""
    import av
    import numpy as np

    with av.open(str(path)) as container:
        video = container.streams.video[0]
        fps = Fraction(video.average_rate or 0)
        size = (video.width, video.height)
        pictures = tuple(frame.to_ndarray().tobytes() for frame in container.decode(video))
        tags = dict(container.metadata)
    loudest, sound_s, rate = 0.0, 0.0, 0
    with av.open(str(path)) as container:
        if container.streams.audio:
            stream = container.streams.audio[0]
            rate, sound_s = stream.rate, float(stream.duration * stream.time_base)
            levels = [float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(stream)]
            loudest = max(levels)
    return Looked(size, len(pictures), fps, sound_s, rate, loudest, tags, pictures)


def made(client: Client, graph: dict[str, Any], **more: Any) -> Looked:
    """Run a graph and look at the one clip it leaves."""
    entry = client.run(graph, **more)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    (clip,) = client.saved(entry)
    return look(clip)


def picture(client: Client, name: str = "a.png", size: tuple[int, int] = (640, 360)) -> str:
    """A picture in the input folder: left half red, right half blue."""
    from PIL import Image

    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.save(client.server.input_dir / name)
    return name


def answered(client: Client, asked: dict[str, Any], **more: Any) -> requests.Response:
    """Ask what the recording asked."""
    return client.http.request(asked["method"], client.url + asked["path"], timeout=30, **more)
