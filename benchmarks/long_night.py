"""A night of many scenes with faults of every kind: is all made that can be, all else named, memory flat?

    python -m benchmarks.long_night [--check] [--scenes N] [--share S] [--seed S]

Each kind of fault strikes a share (5 %) of the scenes: take by take those of `TAKES`, at any moment those of
`MOMENTS`. Some stay for good with their scene (`LASTING`), which then cannot be made. The batch runs with the
pauses of a night cut short. 500 scenes take about four minutes. The last line is one JSON object.

Memory is what the batch's process has in use (RSS), looked at ten times a second once ten scenes are made:
the median of the last tenth of these looks over that of the first.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.box import Rehearsal, batch, environment, executions, rehearsals, scene_name, small_project
from ltxlib.core.problem import errors_in
from ltxlib.media.quality import ExpectedClip, check_clip
from ltxlib.store.files import sha256_of
from ltxlib.store.project import Project, Shelf
from ltxlib.store.takes import clip_path, load_takes
from ltxlib.studio.report import write_report

# What a server refuses once it refuses again, so these always stay.
REFUSALS = ("refused", "node_errors")
TAKES = ("oom", "truncated", "no_file", "no_outputs", "silent", "forget", "drop_sockets", "hang", *REFUSALS)
MOMENTS = ("error_500", "slow")
LASTING = ("oom", "truncated", "no_file", "no_outputs", *REFUSALS)
# Of the scenes that a lasting kind strikes, one in so many is struck for good.
LASTING_EVERY = 5
# Each costs seconds of waiting until it is seen to hang, so these are fewer.
HANGS_EVERY = 5
PATHS = ("/history", "/prompt", "/view", "/queue")
FOR_GOOD = 1_000_000
FLAT = 1.10
WARM_SCENES = 10
LOOK_S = 0.1


@dataclass(frozen=True)
class Ordered:
    """The faults of a night: for scenes by name, one kind each; those in `hopeless` are struck for good.

    moments: so many scenes are made before an answer is struck.
    """

    by_scene: dict[str, str]
    hopeless: frozenset[str]
    moments: tuple[tuple[int, dict[str, Any]], ...]

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Those of takes, as a rehearsal is told of them."""
        return [
            {"kind": kind, "of": f"/{scene}/", "count": FOR_GOOD if scene in self.hopeless else 1}
            for scene, kind in self.by_scene.items()
        ]


def drawn(scenes: int, share: float, seed: int) -> Ordered:
    """Deal out the faults: each kind to its share of the scenes, at least one, none to two of one scene."""
    dice = random.Random(seed)
    names = [scene_name(number) for number in range(scenes)]
    left = dice.sample(names, scenes)
    by_scene: dict[str, str] = {}
    hopeless = set()
    each = max(1, round(scenes * share))
    for kind in TAKES:
        for number in range(max(1, each // HANGS_EVERY) if kind == "hang" else each):
            scene = left.pop()
            by_scene[scene] = kind
            if kind in REFUSALS or (kind in LASTING and number % LASTING_EVERY == LASTING_EVERY - 1):
                hopeless.add(scene)
    moments = []
    for kind in MOMENTS:
        for _ in range(each):
            fault = {"kind": kind, "path": dice.choice(PATHS), "count": 1, "seconds": 1.0}
            moments.append((dice.randrange(scenes), fault))
    moments.sort(key=lambda moment: moment[0])
    return Ordered(by_scene, frozenset(hopeless), tuple(moments))


@dataclass(frozen=True)
class Long:
    """What came of a night. rss_bytes: what the process had in use, look by look, from warm on."""

    scenes: int
    ordered: Ordered
    exit_code: int
    made: int
    failed: int
    wrong: tuple[str, ...]
    rss_bytes: tuple[int, ...]
    report_bytes: int
    took_s: float
    struck: dict[str, int]

    @property
    def growth(self) -> float:
        """Memory in the last tenth of the looks over memory in the first."""
        tenth = max(1, len(self.rss_bytes) // 10)
        first, last = self.rss_bytes[:tenth], self.rss_bytes[-tenth:]
        return statistics.median(last) / statistics.median(first) if first else float("inf")

    @property
    def good(self) -> bool:
        """Whether everything came out as it must, in memory that stayed what it was."""
        return not self.wrong and self.growth <= FLAT


def run(scenes: int, share: float, seed: int, folder: Path) -> Long:
    """One long night."""
    ordered = drawn(scenes, share, seed)
    project = small_project(folder / "film", scenes, sound=True)
    env = environment("long-night")
    began = time.monotonic()
    with rehearsals(1, folder / "servers", env, 0.0) as (server,):
        server.order(*ordered.faults)
        process = batch(project, env, [server.url], folder / "batch.log", hasty=True)
        try:
            rss = _watch(process, server, project.set(rehearsal=True), ordered)
        finally:
            process.kill()
    took_s = time.monotonic() - began
    shelf = project.set(rehearsal=True)
    page = write_report(shelf)
    assert page is not None
    wrong = [*_takes(shelf, scenes, ordered), *_named(page, ordered), *_left(project)]
    if process.returncode != 1:
        wrong.append(f"the batch ended with {process.returncode}, not with 1: {_last(folder / 'batch.log')}")
    struck: dict[str, int] = {}
    for one in executions(server.record):
        for kind in one.struck:
            struck[kind] = struck.get(kind, 0) + 1
    made, failed = len(load_takes(shelf)[0]), len(_failed_in(page))
    size = page.stat().st_size
    return Long(
        scenes, ordered, process.returncode, made, failed, tuple(wrong), tuple(rss), size, took_s, struck
    )


def _watch(process: subprocess.Popen[bytes], server: Rehearsal, shelf: Shelf, ordered: Ordered) -> list[int]:
    """Look at the batch's memory, in bytes, until it ends; order meanwhile what strikes at a moment."""
    looks: list[int] = []
    moments, page_bytes = list(ordered.moments), os.sysconf("SC_PAGE_SIZE")
    statm = Path(f"/proc/{process.pid}/statm")
    while process.poll() is None:
        made = len(list(shelf.takes.glob("*/*.json")))
        due = [fault for moment, fault in moments if moment <= made]
        if due:
            server.order(*due)
            moments = moments[len(due) :]
        try:
            resident = int(statm.read_text().split()[1]) * page_bytes
        except (OSError, IndexError):
            resident = 0  # it has just ended, or this is no Linux
        if made >= WARM_SCENES and resident:
            looks.append(resident)
        time.sleep(LOOK_S)
    return looks


def _takes(shelf: Shelf, scenes: int, ordered: Ordered) -> list[str]:
    """Every scene that could be made has one take, whole; the others have none."""
    takes, problems = load_takes(shelf)
    found = [str(problem) for problem in problems]
    have: dict[str, int] = {}
    for take in takes:
        have[take.scene] = have.get(take.scene, 0) + 1
        clip, facts = clip_path(shelf, take.scene, take.take_id), take.clip
        if sha256_of(clip) != facts.sha256:
            found.append(f"the clip of {take.key} is not the one that its record tells of")
        expected = ExpectedClip(
            facts.width_px, facts.height_px, facts.frames, Fraction(facts.fps), facts.has_sound
        )
        found += [f"{take.key}: {problem.what}" for problem in errors_in(check_clip(clip, expected))]
        if ordered.by_scene.get(take.scene) == "silent" and not take.warnings:
            found.append(f"the record of {take.key} does not say that it is silent")
    for name in map(scene_name, range(scenes)):
        wanted, kind = int(name not in ordered.hopeless), ordered.by_scene.get(name, "nothing")
        if have.get(name, 0) != wanted:
            found.append(f"{name} (struck by {kind}) has {have.get(name, 0)} takes, not {wanted}")
    return found


def _failed_in(page: Path) -> dict[str, str]:
    """The scenes that the report says could not be made, with what it says of each."""
    boxes = re.findall(r'<div class="bad"><b>(.*?)</b>(.*?)</div>', page.read_text("utf-8"), re.DOTALL)
    return {html.unescape(scene): html.unescape(re.sub("<.*?>", " ", says)) for scene, says in boxes}


def _named(page: Path, ordered: Ordered) -> list[str]:
    """The report names every scene that could not be made, says why and what to do, and names no other."""
    told = _failed_in(page)
    found = [f"the report does not name {scene}" for scene in sorted(ordered.hopeless - set(told))]
    found += [f"the report says that {scene} failed" for scene in sorted(set(told) - ordered.hopeless)]
    for scene, says in told.items():
        reason, _, cure = says.partition("What to do:")
        if len(reason.split()) < 4 or len(cure.split()) < 3:
            found.append(f"the report says too little of {scene}: {says}")
    return found


def _left(project: Project) -> list[str]:
    return [f"a half file is left: {path.name}" for path in project.root.rglob("*.part")]


def _last(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")[-300:].strip()


def report(found: Long) -> None:
    """Print what came of it."""
    kinds = sorted(set(found.ordered.by_scene.values()))
    print(f"{found.scenes} scenes in {found.took_s:.0f} s: {found.made} made, {found.failed} failed.\n")
    print(f"{'fault':14}{'scenes':>8}{'for good':>10}{'times':>8}")
    for kind in kinds:
        scenes = [scene for scene, of in found.ordered.by_scene.items() if of == kind]
        good = sum(scene in found.ordered.hopeless for scene in scenes)
        times = found.struck.get(kind, "")
        print(f"{kind:14}{len(scenes):>8}{good:>10}{times:>8}")
    for kind in MOMENTS:
        times = sum(fault["kind"] == kind for _, fault in found.ordered.moments)
        print(f"{kind:14}{'':>8}{'':>10}{times:>8}")
    if found.rss_bytes:
        first, most, last = found.rss_bytes[0], max(found.rss_bytes), found.rss_bytes[-1]
        print(f"\nmemory: {first / 1e6:.0f} MB at first, most {most / 1e6:.0f}, {last / 1e6:.0f} at last;")
        print(f"last tenth / first tenth: {found.growth:.3f} (at most {FLAT})")
    print(f"the report: {found.report_bytes / 1e6:.2f} MB, names {found.failed} failures")
    for line in found.wrong:
        print(f"WRONG: {line}")


def figures(found: Long) -> dict[str, Any]:
    """The numbers of a run, for a machine."""
    return {
        "benchmark": "long_night",
        "scenes": found.scenes,
        "made": found.made,
        "failed": found.failed,
        "hopeless": len(found.ordered.hopeless),
        "struck_scenes": len(found.ordered.by_scene),
        "struck_moments": len(found.ordered.moments),
        "memory_growth": round(found.growth, 4),
        "most_mb": round(max(found.rss_bytes, default=0) / 1e6, 1),
        "report_bytes": found.report_bytes,
        "wrong": list(found.wrong),
        "took_s": round(found.took_s, 1),
        "good": found.good,
    }


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; with --check 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.long_night", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="exit 1 when something is wrong")
    parser.add_argument("--scenes", type=int, default=500, metavar="N", help="(500)")
    parser.add_argument("--share", type=float, default=0.05, metavar="S", help="struck by each kind (0.05)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which scenes are struck (1)")
    chosen = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="long-night-"))
    found = run(chosen.scenes, chosen.share, chosen.seed, folder)
    report(found)
    if found.wrong:
        print(f"its files are kept: {folder}")
    else:
        shutil.rmtree(folder)
    print()
    print(json.dumps(figures(found)))
    return int(chosen.check and not found.good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
