"""A rehearsal server over real sockets, and the recordings of a real ComfyUI to hold against it."""

from __future__ import annotations

import copy
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


@cache
def ffmpeg_path() -> Path:
    """An ffmpeg to draw with."""
    from ltxlib.media.ffmpeg import find_ffmpeg

    return find_ffmpeg().path


def recording(shared: Path, name: str, version: str = "0.33.0") -> Any:
    """One file of the recorded contract."""
    return json.loads((shared / "contract" / f"comfyui-{version}" / f"{name}.json").read_text("utf-8"))


def shared_graph(shared: Path, name: str) -> dict[str, Any]:
    """One of the graphs that really ran."""
    return json.loads((shared / "contract" / "graphs" / f"{name}.graph.json").read_text("utf-8"))


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    """A node of a graph in API form."""
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}


def small_graph(**changes: Any) -> dict[str, Any]:
    """A one-stage text-to-video graph, 64x64, 9 frames, with sound. changes: seed, text, prefix, steps."""
    made = {"seed": 1, "text": "rain on a window", "prefix": "t/clip", "sigmas": "1.0, 0.5, 0.0", **changes}
    return {
        "ckpt": node("CheckpointLoaderSimple", ckpt_name="ltx-2-19b-distilled.safetensors"),
        "avae": node("LTXVAudioVAELoader", ckpt_name="ltx-2-19b-distilled.safetensors"),
        "te": node(
            "LTXAVTextEncoderLoader",
            text_encoder="gemma_3_12B_it_fp4_mixed.safetensors",
            ckpt_name="ltx-2-19b-distilled.safetensors",
            device="default",
        ),
        "pos": node("CLIPTextEncode", clip=["te", 0], text=made["text"]),
        "neg": node("ConditioningZeroOut", conditioning=["pos", 0]),
        "cond": node("LTXVConditioning", positive=["pos", 0], negative=["neg", 0], frame_rate=24.0),
        "vlat": node("EmptyLTXVLatentVideo", width=64, height=64, length=9, batch_size=1),
        "alat": node(
            "LTXVEmptyLatentAudio", frames_number=9, frame_rate=24, batch_size=1, audio_vae=["avae", 0]
        ),
        "cat": node("LTXVConcatAVLatent", video_latent=["vlat", 0], audio_latent=["alat", 0]),
        "noise": node("RandomNoise", noise_seed=made["seed"]),
        "guider": node("CFGGuider", model=["ckpt", 0], positive=["cond", 0], negative=["cond", 1], cfg=1.0),
        "samp": node("KSamplerSelect", sampler_name="euler"),
        "sig": node("ManualSigmas", sigmas=made["sigmas"]),
        "stage": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["samp", 0],
            sigmas=["sig", 0],
            latent_image=["cat", 0],
        ),
        "sep": node("LTXVSeparateAVLatent", av_latent=["stage", 0]),
        "dec": node("VAEDecode", samples=["sep", 0], vae=["ckpt", 2]),
        "adec": node("LTXVAudioVAEDecode", samples=["sep", 1], audio_vae=["avae", 0]),
        "vid": node("CreateVideo", images=["dec", 0], audio=["adec", 0], fps=24.0),
        "save": node(
            "SaveVideo", video=["vid", 0], filename_prefix=made["prefix"], format="auto", codec="auto"
        ),
    }


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


class Client:
    """What the tests ask of a server."""

    def __init__(self, server: RehearsalServer) -> None:
        self.server = server
        self.url = server.url
        self.http = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET a path."""
        return self.http.get(self.url + path, timeout=WAIT_S, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> requests.Response:  # noqa: A002
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


def other(name: str, value: Any) -> Any:
    """Another legal value for a node's input."""
    replacements = {
        "sigmas": "1.0, 0.0",
        "sampler_name": "heun",
        "model_name": "ltx-2-temporal-upscaler-x2-1.0.safetensors",
        "filename_prefix": "prime/one",
    }
    if name in replacements:
        return replacements[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + {"width": 32, "noise_seed": 1000}.get(name, 1)
    return f"{value} again"


def priming(graph: Mapping[str, Any], cached: list[str]) -> dict[str, Any]:
    """A graph of which exactly the nodes `cached` are equal: every other one with a value has another."""
    primed = copy.deepcopy(dict(graph))
    for node_id, one in primed.items():
        names = [name for name, value in one["inputs"].items() if not isinstance(value, list)]
        free = [name for name in names if not name.endswith(("ckpt_name", "lora_name", "codec", "format"))]
        if node_id not in cached and free:
            one["inputs"][free[0]] = other(free[0], one["inputs"][free[0]])
    return primed


def story(messages: list[Any], prompt_id: str | None = None) -> list[Any]:
    """Messages without what changes from run to run: ids, times, how many steps were told of.

    Each becomes (type, what matters); the steps of one node are told once.
    """
    told: list[Any] = []
    for one in messages:
        kind, data = one["type"], one["data"]
        if kind == "progress_state":
            states = tuple((name, state["state"]) for name, state in data["nodes"].items())
            keys = tuple(sorted({key for state in data["nodes"].values() for key in state}))
            line = (kind, states, keys)
        elif kind in ("executing", "executed", "progress"):
            line = (kind, data["node"], tuple(sorted(data)))
        elif kind == "execution_cached":
            line = (kind, tuple(data["nodes"]), tuple(sorted(data)))
        elif kind in ("execution_error", "execution_interrupted"):
            line = (kind, data["node_id"], data["node_type"], tuple(sorted(data["executed"])))
            line += (tuple(sorted(data)),)
        elif kind == "status":
            line = (kind, data["status"]["exec_info"]["queue_remaining"], "sid" in data)
        else:
            line = (kind, tuple(sorted(data)))
        told.append(line)
    return _steps_once(told)


def _steps_once(told: list[Any]) -> list[Any]:
    short: list[Any] = []
    for line in told:
        short.append(line)
        while len(short) >= 4 and short[-4:-2] == short[-2:] and short[-1][0] == "progress":
            del short[-2:]
    return short


def texts_of(recorded: list[Any]) -> list[Any]:
    """The text messages of a recording."""
    return [one["text"] for one in recorded if one.get("text")]


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
