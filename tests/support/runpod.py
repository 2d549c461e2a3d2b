"""A stand-in for RunPod: its two web interfaces on loopback, and a `runpodctl` for the PATH.

Both know the same pod, as the real ones do; what each of them refuses, or accepts without doing, is chosen
by the test.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

POD = "k7x2abc9pod"
KEY = "rpa_SECRETSECRETSECRET"


@dataclass
class RunPod:
    """The pods' state and how the interfaces behave: each of `stops` and `lies` names ways.

    stops: the ways that really stop the pod. lies: the ways that accept and do nothing. Others refuse. tells:
    the ways that tell the state. slow: how often the state is still told as RUNNING after a stop.
    """

    stops: set[str] = field(default_factory=set)
    lies: set[str] = field(default_factory=set)
    tells: set[str] = field(default_factory=lambda: {"rest", "graphql"})
    slow: int = 0
    status: str = "RUNNING"
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def stop(self, way: str) -> str | None:
        """What a way answers to "stop": a state, or None for a refusal."""
        self.asked.append(way)
        if way in self.stops:
            self.status = "EXITED"
            return "EXITED"
        return "EXITED" if way in self.lies else None

    def told(self) -> str:
        """The state as it is told, a little behind when the pod is slow to stop."""
        if self.status == "EXITED" and self.slow:
            self.slow -= 1
            return "RUNNING"
        return self.status


def _pod(status: str) -> dict[str, Any]:
    return {"id": POD, "desiredStatus": status, "costPerHr": "0.59", "env": {"HF_TOKEN": "hf_ALSOSECRET"}}


def _handler(world: RunPod) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """The test's output stays clean."""

        def _say(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _body(self) -> dict[str, Any]:
            return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

        def do_GET(self) -> None:
            if self.path != f"/v1/pods/{POD}" or "rest" not in world.tells:
                return self._say(404, {"error": f"no {self.headers['Authorization']}"})
            return self._say(200, _pod(world.told()))

        def do_POST(self) -> None:
            body = self._body()
            if self.headers["Authorization"] == f"Bearer {KEY}x":
                return self._say(401, {})
            if self.path == f"/v1/pods/{POD}/stop":
                status = world.stop("rest")
                return self._say(200, _pod(status)) if status else self._say(403, {})
            query = body["query"]
            assert self.path == "/graphql"
            if "clientBalance" in query:
                return self._say(200, {"data": {"myself": {"clientBalance": 12.5}}})
            assert f'"{POD}"' in query
            if "podStop" in query:
                status = world.stop("graphql")
                if status:
                    return self._say(200, {"data": {"podStop": _pod(status)}})
                return self._say(200, {"errors": [{"message": f"not allowed for {KEY}"}], "data": None})
            if "graphql" not in world.tells:
                return self._say(200, {"data": {"pod": None}})
            return self._say(200, {"data": {"pod": _pod(world.told())}})

    return Handler


@contextmanager
def runpod(**how: Any) -> Iterator[RunPod]:
    """RunPod's web interfaces on a free loopback port; `.url` is their address."""
    world = RunPod(**how)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world))
    world.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_TOOL = """#!{python} -IS
import sys
words = sys.argv[1:]
answers = {answers!r}
open({log!r}, "a").write(" ".join(words) + "\\n")
code, text = answers.get(" ".join(words[:2]), (1, 'Error: unknown command "' + " ".join(words) + '"'))
print(text)
sys.exit(code)
"""


def put_runpodctl(folder: Path, answers: dict[str, tuple[int, str]]) -> Path:
    """A `runpodctl` that answers two-word commands as told; gives the file that holds what it was asked."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "asked.txt"
    command = folder / "runpodctl"
    command.write_text(_TOOL.format(python=sys.executable, answers=answers, log=str(log)))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return log
