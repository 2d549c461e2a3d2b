"""A stand-in for RunPod Serverless on loopback: queue, workers, states; and the SDK's own local server."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

ENDPOINT = "abc123def456"
KEY = "rpa_SECRETSECRETSECRET"


@dataclass
class Job:
    """One job as RunPod keeps it."""

    id: str
    asked: dict[str, Any]
    status: str = "IN_QUEUE"
    output: Any = None
    error: str | None = None
    execution_ms: int = 0

    def told(self) -> dict[str, Any]:
        """The answer of /status."""
        told: dict[str, Any] = {"id": self.id, "status": self.status, "delayTime": 7}
        if self.status in ("COMPLETED", "FAILED"):
            told["executionTime"] = self.execution_ms
        if self.error is not None:
            told["error"] = self.error
        return told | ({"output": self.output} if self.output is not None else {})


@dataclass
class Cloud:
    """The endpoint, a context manager: `work` does a job as a worker's handler would.

    base_url: its address. turned_away: how many requests get 429 first. sick: the status that everything
    gets, 0 for none.
    """

    work: Callable[[dict[str, Any]], dict[str, Any]]
    workers: int = 2
    turned_away: int = 0
    sick: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def __enter__(self) -> Cloud:
        self._pool = ThreadPoolExecutor(self.workers)
        self._lock = threading.Lock()
        (listening,) = bind_sockets(0, "127.0.0.1")
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/v2"
        ready = threading.Event()

        async def serve() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            route = rf"/v2/{ENDPOINT}/(run|runsync|health|status|cancel)(?:/([^/]+))?"
            server = HTTPServer(Application([(route, _Door, {"cloud": self})]))
            server.add_socket(listening)
            ready.set()
            await self._stop.wait()
            server.stop()
            await server.close_all_connections()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *about: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def queue(self, asked: dict[str, Any]) -> Job:
        """Take a job."""
        job = Job(f"{uuid.uuid4()}-u1", asked)
        self.jobs[job.id] = job
        self._pool.submit(self.do, job)
        return job

    def do(self, job: Job) -> None:
        """Have a worker do a job, unless it was cancelled while it waited."""
        with self._lock:
            if job.status != "IN_QUEUE":
                return
            job.status = "IN_PROGRESS"
        began = time.monotonic()
        try:
            output = dict(self.work({"id": job.id, **job.asked}))
            error = output.pop("error", None)
        except (OSError, TimeoutError, KeyError) as fault:
            output, error = {}, json.dumps({"error_type": str(type(fault)), "error_message": str(fault)})
        with self._lock:
            if job.status != "IN_PROGRESS":
                return
            job.execution_ms = int((time.monotonic() - began) * 1000)
            job.output, job.error = output or None, error
            job.status = "FAILED" if error else "COMPLETED"

    def cancel(self, job: Job) -> None:
        """Cancel a job; what its worker still brings is dropped."""
        with self._lock:
            if job.status in ("IN_QUEUE", "IN_PROGRESS"):
                job.status = "CANCELLED"


class _Door(RequestHandler):
    def initialize(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def prepare(self) -> None:
        cloud = self.cloud
        cloud.seen.append(f"{self.request.method} {self.request.path.rpartition(ENDPOINT)[2]}")
        if cloud.sick:
            return self._end(cloud.sick, {"error": "sick"})
        if self.request.headers.get("Authorization") != f"Bearer {KEY}":
            return self._end(401, {"error": f"no: {self.request.headers.get('Authorization')}"})
        if cloud.turned_away:
            cloud.turned_away -= 1
            return self._end(429, {"error": "too many requests"})
        return None

    async def get(self, what: str, job_id: str | None) -> None:
        if what == "health":
            return self._health()
        job = self.cloud.jobs.get(job_id or "")
        if what != "status" or job is None:
            return self._end(404, {"error": "job not found"})
        return self._end(200, job.told())

    async def post(self, what: str, job_id: str | None) -> None:
        if what == "cancel":
            job = self.cloud.jobs.get(job_id or "")
            if job is None:
                return self._end(404, {"error": "job not found"})
            self.cloud.cancel(job)
            return self._end(200, {"id": job.id, "status": job.status})
        if len(self.request.body) > 10_000_000:
            return self._end(413, {"error": "payload too large"})
        asked = json.loads(self.request.body)
        if what == "run":
            job = self.cloud.queue(asked)
            return self._end(200, {"id": job.id, "status": "IN_QUEUE"})
        job = Job(f"sync-{uuid.uuid4()}", asked)
        await asyncio.to_thread(self.cloud.do, job)
        return self._end(200, job.told())

    def _health(self) -> None:
        stood = [job.status for job in self.cloud.jobs.values()]
        jobs = {"completed": stood.count("COMPLETED"), "inQueue": stood.count("IN_QUEUE")}
        self._end(200, {"jobs": jobs, "workers": {"ready": self.cloud.workers, "initializing": 0}})

    def _end(self, status: int, body: object) -> None:
        self.set_status(status)
        self.finish(json.dumps(body))


@contextmanager
def sdk_server(comfy_url: str, home: Path) -> Iterator[str]:
    """The runpod SDK's own local server as a process, with a worker in front of a ComfyUI; gives its address.

    Skips the test, saying so, where the SDK is not installed. home: a folder for what it may write.
    """
    if importlib.util.find_spec("runpod") is None:
        pytest.skip("the runpod SDK is not installed (requirements-dev.txt has it)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).resolve().parents[2]
    options = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
    unset = ("RUNPOD_API_KEY", "RUNPOD_AI_API_KEY", "RUNPOD_ENDPOINT_ID", "RUNPOD_POD_ID")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    env |= {"COMFY_URL": comfy_url, "PYTHONPATH": str(root), "HOME": str(home)}
    log = home / "handler.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.runpod_handler", *options],
            cwd=home,
            env=env,
            stdout=out,
            stderr=out,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_listens(port, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the SDK's server did not come up:\n{log.read_text(errors='replace')[-3000:]}")
