"""How much of a night is rendering? The batch on one server and on three, and a simple loop beside it.

    python -m benchmarks.night [--check] [--scenes N] [--seconds S]

Every scene renders for S seconds on the rehearsal, a process of its own: it waits so long and then draws a
tiny clip. Takes about five minutes with 60 scenes of 2 s. The last line is one JSON object.

makespan: from the journal's line "batch started" to "batch ended" (for the loop: from before the first
submission to after the last record), so everything counts but the start of Python.
rendering: the sum over all prompts, in the servers' own history, of execution_success minus execution_start.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.box import STEPS, Rehearsal, batch, environment, rehearsals, small_project
from ltxlib.comfy.state import require_video
from ltxlib.store.project import Project
from ltxlib.store.takes import load_takes
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import BatchJob, job_for
from ltxlib.studio.saving import Finished, save

WANTED_RATIO, WANTED_SPEEDUP = 1.01, 2.9
MANY = 3
LOOP_POLL_S = 0.5


@dataclass(frozen=True)
class Night:
    """One way of making the scenes, all in seconds.

    made: takes on disk, whole. process_s: the same with the start and the end of Python; None where the work
    was not a process of its own.
    """

    name: str
    servers: int
    scenes: int
    made: int
    makespan_s: float
    rendering_s: float
    process_s: float | None = None

    @property
    def ratio(self) -> float:
        """Makespan over rendering a server; 1 would be a server that never waits."""
        return self.makespan_s / (self.rendering_s / self.servers) if self.rendering_s else float("inf")

    @property
    def complete(self) -> bool:
        """Whether every scene was made."""
        return self.made == self.scenes


@dataclass(frozen=True)
class Nights:
    """What a run found; the goals are read from it."""

    one: Night
    loop: Night
    many: Night

    @property
    def speedup(self) -> float:
        """How many times faster the batch is with several servers than with one."""
        return self.one.makespan_s / self.many.makespan_s

    @property
    def loop_ratio(self) -> float:
        """How many times longer the loop takes than the batch."""
        return self.loop.makespan_s / self.one.makespan_s

    @property
    def good(self) -> bool:
        """Whether everything was made and both goals are reached."""
        complete = all(night.complete for night in (self.one, self.loop, self.many))
        return complete and self.one.ratio <= WANTED_RATIO and self.speedup >= WANTED_SPEEDUP


def rendering_s(servers: Sequence[Rehearsal]) -> float:
    """The time that servers worked, by their own history."""
    total_ms = 0
    for entry in (entry for server in servers for entry in server.history().values()):
        times = {name: said["timestamp"] for name, said in entry["status"]["messages"]}
        total_ms += times.get("execution_success", times["execution_start"]) - times["execution_start"]
    return total_ms / 1000


def by_batch(servers: Sequence[Rehearsal], project: Project, scenes: int, log: Path) -> Night:
    """Have `./kit batch` make the scenes. Raises RuntimeError when it does not come to its end."""
    began = time.monotonic()
    process = batch(project, environment("night"), [server.url for server in servers], log)
    process.wait()
    process_s = time.monotonic() - began
    shelf = project.set(rehearsal=True)
    at = {entry["event"]: datetime.fromisoformat(entry["at"]) for entry in shelf.journal}
    if "batch ended" not in at:
        raise RuntimeError(f"the batch ended with {process.returncode}: {log.read_text()[-400:]}")
    makespan_s = (at["batch ended"] - at["batch started"]).total_seconds()
    made = len(load_takes(shelf)[0])
    name = f"batch, {len(servers)} server{'s' if len(servers) > 1 else ''}"
    return Night(name, len(servers), scenes, made, makespan_s, rendering_s(servers), process_s)


def by_loop(server: Rehearsal, project: Project, scenes: int) -> Night:
    """Make the scenes as a simple script would: submit, ask until it is done, fetch, then the next."""
    os.environ["LTX_COMFY_URL"] = server.url
    job = job_for(project, connect(project), check_project(project))
    began = time.monotonic()
    for plan in job.plans:
        _one(job, plan)
    makespan_s = time.monotonic() - began
    made = len(load_takes(job.shelf)[0])
    return Night("submit, wait, download", 1, scenes, made, makespan_s, rendering_s([server]))


def _one(job: BatchJob, plan: Any) -> None:
    graph = job.graph(plan, "loop0000", {})
    prompt_id = job.client.submit(graph)
    state = job.client.status(prompt_id)
    while not state.finished:
        time.sleep(LOOP_POLL_S)
        state = job.client.status(prompt_id)
    finished = Finished(plan, prompt_id, graph, require_video(state), state.duration_s or 0.0)
    save(job.shelf, job.connection, finished)


def run(scenes: int, seconds: float, folder: Path) -> Nights:
    """The three nights, one after the other, each on fresh servers and in a fresh project."""
    env, speed = environment("night"), seconds / STEPS
    found = []
    for many, name in ((1, "one"), (1, "loop"), (MANY, "many")):
        print(f"{name} ...", file=sys.stderr, flush=True)
        project = small_project(folder / name, scenes)
        with rehearsals(many, folder / f"{name}-servers", env, speed) as servers:
            if name == "loop":
                found.append(by_loop(servers[0], project, scenes))
            else:
                found.append(by_batch(servers, project, scenes, folder / f"{name}.log"))
    return Nights(*found)


def report(found: Nights, seconds: float) -> None:
    """Print the table and the goals."""
    print(f"{found.one.scenes} scenes, each rendered for {seconds:g} s and a moment.\n")
    print(f"{'':24}{'made':>6}{'makespan':>12}{'rendering':>12}{'makespan per':>16}{'with Python':>14}")
    print(f"{'':24}{'':>6}{'':>12}{'':>12}{'server rendering':>16}{'started':>14}")
    for night in (found.one, found.loop, found.many):
        process = f"{night.process_s:.2f} s" if night.process_s is not None else ""
        print(
            f"{night.name:24}{night.made:>6}{night.makespan_s:>10.2f} s{night.rendering_s:>10.2f} s"
            f"{night.ratio:>16.4f}{process:>14}"
        )
    print(f"\nmakespan / rendering, one server: {found.one.ratio:.4f} (wanted: at most {WANTED_RATIO})")
    print(f"{MANY} servers against one: {found.speedup:.2f} times faster (wanted: at least {WANTED_SPEEDUP})")
    print(f"the loop takes {found.loop_ratio:.2f} times as long as the batch")


def figures(found: Nights) -> dict[str, Any]:
    """The numbers of a run, for a machine."""
    nights = {}
    for key, night in (("one", found.one), ("loop", found.loop), ("many", found.many)):
        nights[key] = {
            "servers": night.servers,
            "made": night.made,
            "makespan_s": round(night.makespan_s, 3),
            "rendering_s": round(night.rendering_s, 3),
            "ratio": round(night.ratio, 4),
        }
    return {
        "benchmark": "night",
        "scenes": found.one.scenes,
        **nights,
        "loop_ratio": round(found.loop_ratio, 3),
        "speedup": round(found.speedup, 3),
        "good": found.good,
    }


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; with --check 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 when a goal is missed")
    parser.add_argument("--scenes", type=int, default=60, metavar="N", help="(60)")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="rendering of each (2)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="night-") as folder:
        found = run(chosen.scenes, chosen.seconds, Path(folder))
    report(found, chosen.seconds)
    print()
    print(json.dumps(figures(found)))
    return int(chosen.check and not found.good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
