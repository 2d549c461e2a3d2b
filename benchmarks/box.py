"""What the benchmarks of nights run: small projects, and rehearsals and batches as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import requests

from ltxlib.core import recipes
from ltxlib.store.project import Project
from ltxlib.studio import rehearsing

KIT = Path(__file__).resolve().parents[1]
HEADER = "scene,mode,prompt,stages,frames,width,height,audio"
WORKFLOW = "asmr-txt2vid-1stage.json"
STEPS = 8
"""So many steps a take of that workflow has."""
PATIENCE_S = 60.0
MARK = "LTX_BENCHMARK"
"""In the environment of every process started here, so that none is left over unseen."""


@cache
def _workflow() -> str:
    return recipes.shipped()[WORKFLOW]


def small_project(root: Path, scenes: int, *, sound: bool = False) -> Project:
    """A project of so many scenes, the smallest clips there are and of what is drawn quickest."""
    project = Project(root)
    for folder in (project.notebooks, project.workflows, project.prompts):
        folder.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{scene_name(n)},t2v,A candle flame number {n} burns softly.,1,9,128,128,{'yes' if sound else 'no'}"
        for n in range(scenes)
    ]
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    (project.workflows / WORKFLOW).write_text(_workflow())
    return project


def scene_name(number: int) -> str:
    """The name of a scene of the small project, from 0 on."""
    return f"scene{number:03}"


def environment(mark: str, **more: str) -> dict[str, str]:
    """The environment for a process of a benchmark. mark: by which `left_over` finds it again."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LTX_", "JPY_"))}
    # Without its compiled files Python takes three times as long to start, which is no part of a night.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, MARK: mark, "PYTHONPATH": str(KIT), **more}


def left_over(mark: str) -> list[str]:
    """Every process (on Linux) with this mark that still runs, as "pid command"."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}\0".encode() in (folder / "environ").read_bytes() + b"\0":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if command:
                    found.append(f"{folder.name} {command[:120]}")
        except OSError:
            continue
    return found


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Execution:
    """One prompt that a rehearsal began: for which take, and how it ended ("" when it did not)."""

    prompt_id: str
    scene: str
    take: str
    struck: frozenset[str]
    status: str


def executions(record: Path) -> list[Execution]:
    """What a rehearsal (all its lives together) really ran, from the record that it kept."""
    lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.exists() else []
    ended = {line["prompt_id"]: line["status"] for line in lines if line["what"] == "ends"}
    found = []
    for line in lines:
        if line["what"] == "begins":
            scene, _, name = line["saved_as"].removeprefix("ltx-kit/").partition("/")
            struck = frozenset(line["struck"])
            prompt_id = line["prompt_id"]
            take = name.rpartition("-")[0]
            found.append(Execution(prompt_id, scene, take, struck, ended.get(prompt_id, "")))
    return found


@dataclass
class Rehearsal:
    """A rehearsal in a process of its own, always at the same port, so that a killed one is found again.

    home: where its files go (a project folder), record: a file that outlives it. It may be started again by
    the batch that uses it; then it is the one that is meant here.
    """

    home: Path
    record: Path
    env: Mapping[str, str]
    seconds_per_step: float = 0.0
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs, or the one that a batch started in its place."""
        ours = self.process is not None and self.process.poll() is None
        return ours or rehearsing.alive(Project(self.home))

    def launch(self) -> None:
        """Start the process, without waiting for it."""
        words = [sys.executable, "-m", "ltxlib", "server", "--project", str(self.home)]
        words += ["--port", str(self.port), "--seconds-per-step", str(self.seconds_per_step)]
        words += ["--record", str(self.record)]
        with self.record.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home
            )

    def start(self) -> None:
        """Start the process and wait until it answers. Raises TimeoutError."""
        last = time.monotonic() + PATIENCE_S
        while not self.answers():
            # Somebody else may have begun to start it too, and then one of them ends.
            if not self.alive:
                self.launch()
            if time.monotonic() > last:
                raise TimeoutError(f"the rehearsal at {self.url} does not come up")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it answers now."""
        try:
            return requests.get(f"{self.url}/rehearsal", timeout=5).ok
        except requests.RequestException:
            return False

    def order(self, *faults: Mapping[str, Any]) -> None:
        """Order faults."""
        requests.post(f"{self.url}/rehearsal/faults", json=list(faults), timeout=10).raise_for_status()

    def order_nothing(self) -> None:
        """Take back what was ordered and has not struck yet."""
        requests.delete(f"{self.url}/rehearsal/faults", timeout=10).raise_for_status()

    def history(self) -> dict[str, Any]:
        """Its own history of all prompts that ended, by prompt id."""
        return requests.get(f"{self.url}/history", timeout=30).json()

    def kill(self) -> None:
        """End it as the memory killer would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def _end(self, kind: int) -> None:
        other = rehearsing.noted(Project(self.home))
        end(self.process, kind)
        if other and rehearsing.alive(Project(self.home)):
            with suppress(ProcessLookupError):
                os.kill(other.pid, kind)
            wait_for(lambda: not rehearsing.alive(Project(self.home)), "the rehearsal that is to end")


def end(process: subprocess.Popen[Any] | None, kind: int) -> None:
    """Send a signal to a process of ours and wait until it is gone."""
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(kind)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def rehearsals(many: int, folder: Path, env: Mapping[str, str], speed: float) -> Iterator[list[Rehearsal]]:
    """So many rehearsals side by side, each with files of its own; stopped at the end."""
    found = []
    for number in range(many):
        home = small_project(folder / f"server{number}", 0).root
        found.append(Rehearsal(home, folder / f"server{number}.record", env, speed))
    try:
        for one in found:
            one.launch()
        for one in found:
            wait_for(one.answers, f"the rehearsal at {one.url}")
        yield found
    finally:
        for one in found:
            one.stop()


def wait_for(true: Any, what: str, patience_s: float = PATIENCE_S) -> None:
    """Ask again and again until something is true. Raises TimeoutError."""
    last = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > last:
            raise TimeoutError(f"{what} keeps us waiting")
        time.sleep(0.02)


def batch(
    project: Project, env: Mapping[str, str], urls: Sequence[str], log: Path, *, hasty: bool = False
) -> subprocess.Popen[bytes]:
    """`./kit batch` in a process of its own; its events are lines of JSON in the log.

    hasty: with the pauses of a night cut short.
    """
    words = [sys.executable, "-m", "ltxlib", "batch", "--json", "--project", str(project.root)]
    if hasty:
        words = [sys.executable, "-m", "benchmarks.hasty", str(project.root)]
    with log.open("ab") as file:
        return subprocess.Popen(
            words,
            env={**env, "LTX_COMFY_URL": ",".join(urls)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=project.root,
        )
