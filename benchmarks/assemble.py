"""How much work is a film? The kit's engine beside MoviePy and one ffmpeg, with the same encoder settings.

    python -m benchmarks.assemble [--check] [--rounds N] [--clips N] [--many N]

Makes 12 clips of 1536x1024 (121 frames at 24 a second), then in every round the same film of them by MoviePy,
by one ffmpeg with xfade, and by the kit: from nothing, in a new order, with another loudness. Every film is a
process of its own; figures are medians of CPU seconds, and the largest memory of any process. At the end one
film of many cuts looks whether memory grows. Five rounds take an hour on two cores. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import median

from benchmarks.assemble_ways import Job
from ltxlib.media.ffmpeg import find_ffmpeg, run_ffmpeg
from ltxlib.media.probe import probe
from ltxlib.rehearsal.clip import ClipSpec, render_clip

PROJECT = Path(__file__).resolve().parents[1]
WIDTH_PX, HEIGHT_PX, FRAMES, FPS, CROSSFADE_FRAMES = 1536, 1024, 121, 24, 12
CLIPS, MANY, ROUNDS = 12, 100, 5
GRAIN = 6
SCENES = (
    "Rain falls on a still lake at dusk, slow rings on the water.",
    "A candle burns in a dark cabin, its light on the wooden wall.",
    "A brook runs over stones in a green forest, soft light.",
    "Waves roll onto a beach at night under the moon.",
    "Snow falls quietly in front of a warm cabin window.",
    "A fire crackles in a stone fireplace, embers glow.",
    "Drops slide down a window pane, the city lights behind it.",
    "A waterfall pours into a mossy pool.",
    "Boats lie in a foggy harbour at dawn.",
    "Stars turn slowly above a mountain lake.",
    "Autumn leaves drift down in a quiet park.",
    "A train window, fields pass in the evening rain.",
)
# At least so many times less work than (MoviePy, xfade).
WANTED = {"new order": (12.0, 5.0), "new sound": (30.0, 12.0), "from nothing": (1.9, 1 / 1.05)}
WANTED_MB = 600.0
OURS = ("from nothing", "new order", "new sound")


@dataclass(frozen=True)
class Cost:
    """What one film took: CPU and wall seconds, the memory of its largest process, and its frames."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    frames: int


def make_clips(folder: Path, count: int, frames: int) -> list[Path]:
    """Clips as ComfyUI saves them: one group of pictures at its own quality, BT.709, 24 kHz stereo.

    The pictures are the rehearsal's scenes, drawn at half size and enlarged, as the second stage of LTX-2
    does, with a fine grain that models leave and drawings lack.
    """
    ffmpeg, made = find_ffmpeg(), []
    for number in range(count):
        drawn, clip = folder / "drawn.mp4", folder / f"clip{number:02}.mp4"
        spec = ClipSpec(
            SCENES[number % len(SCENES)], number, WIDTH_PX // 2, HEIGHT_PX // 2, frames, Fraction(FPS)
        )
        render_clip(spec, drawn, ffmpeg_path=ffmpeg.path, tags={})
        picture = f"scale={WIDTH_PX}:{HEIGHT_PX}:flags=lanczos,noise=alls={GRAIN}:allf=t:all_seed={number}"
        words = ["-y", "-i", os.fspath(drawn), "-vf", f"{picture},format=yuv420p", "-c:a", "copy"]
        words += ["-c:v", "libx264", "-preset", "medium", "-crf", "23", "-g", "250"]
        words += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
        run_ffmpeg(ffmpeg, [*words, os.fspath(clip)])
        drawn.unlink()
        made.append(clip)
    return made


def made(way: str, job: Job, folder: Path) -> Cost:
    """Makes one film in a process of its own and tells what it took. Raises RuntimeError when it fails."""
    noted = job.save(folder / "job.json")
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.assemble_ways", way, os.fspath(noted)], cwd=PROJECT
    )
    _pid, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    wall_s = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{way} ended with code {process.returncode}")
    cost = Cost(
        round(used.ru_utime + used.ru_stime, 2),
        round(wall_s, 2),
        round(used.ru_maxrss / 1024, 1),
        probe(Path(job.out)).frames,
    )
    Path(job.out).unlink()
    return cost


def one_round(clips: Sequence[Path], job: Job, folder: Path, number: int) -> dict[str, Cost]:
    """The same film by everybody, ours three times."""
    order = list(job.clips)
    random.Random(number).shuffle(order)
    cached = replace(job, cache=os.fspath(folder / f"round{number}"))
    again = replace(cached, clips=order)
    costs = {
        "MoviePy": made("moviepy", job, folder),
        "xfade": made("xfade", job, folder),
        "from nothing": made("ours", cached, folder),
        "new order": made("ours", again, folder),
        "new sound": made("ours", replace(again, lufs=-23.0), folder),
    }
    for name, cost in costs.items():
        told = f"{cost.cpu_s:8.2f} CPU s {cost.wall_s:8.2f} s {cost.peak_mb:7.0f} MB {cost.frames} frames"
        print(f"round {number} {name:14}{told}", flush=True)
    return costs


def figures(rounds: Sequence[Mapping[str, Cost]], many: Cost | None) -> dict[str, object]:
    """The medians, and how many times less work ours is than each of the others."""
    names = list(rounds[0])
    cpu = {name: median(costs[name].cpu_s for costs in rounds) for name in names}
    return {
        "rounds": len(rounds),
        "cpu_s": cpu,
        "wall_s": {name: median(costs[name].wall_s for costs in rounds) for name in names},
        "peak_mb": {name: max(costs[name].peak_mb for costs in rounds) for name in names},
        "frames": {name: rounds[0][name].frames for name in names},
        "times_less_than_moviepy": {name: round(cpu["MoviePy"] / cpu[name], 2) for name in OURS},
        "times_less_than_xfade": {name: round(cpu["xfade"] / cpu[name], 2) for name in OURS},
        "many_peak_mb": None if many is None else many.peak_mb,
        "many_cpu_s": None if many is None else many.cpu_s,
    }


def short_of(found: Mapping[str, object], frames: int) -> list[str]:
    """What is not as it should be, one sentence each; empty when all is."""
    said = []
    for name, wanted in WANTED.items():
        for other, least in zip(("moviepy", "xfade"), wanted, strict=True):
            times = found[f"times_less_than_{other}"][name]  # type: ignore[index]
            if times < least:
                said.append(f"{name}: {times} times less work than {other}, not {least:.2f}")
    peaks = {name: found["peak_mb"][name] for name in OURS}  # type: ignore[index]
    for name, peak in {**peaks, "many cuts": found["many_peak_mb"]}.items():
        if peak is not None and peak > WANTED_MB:
            said.append(f"{name}: {peak} MB, not {WANTED_MB:g}")
    for name in OURS:
        if found["frames"][name] != frames:  # type: ignore[index]
            said.append(f"{name}: {found['frames'][name]} frames, not {frames}")  # type: ignore[index]
    return said


def main(words: Sequence[str] | None = None) -> int:
    """Measures and prints; with --check the answer is 1 when something falls short."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assemble", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail when a figure is not as it should be")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often ({ROUNDS})")
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"how many clips ({CLIPS})")
    parser.add_argument("--many", type=int, default=MANY, help=f"cuts of the last film ({MANY}; 0: none)")
    wishes = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="ltx-assemble-") as name:
        folder = Path(name)
        clips = make_clips(folder, wishes.clips, FRAMES)
        job = Job(
            [os.fspath(clip) for clip in clips], FRAMES, CROSSFADE_FRAMES, os.fspath(folder / "film.mp4")
        )
        rounds = [one_round(clips, job, folder, number) for number in range(wishes.rounds)]
        many = None
        if wishes.many:
            dice, cuts = random.Random(1), list(job.clips)
            while len(cuts) < wishes.many:
                cuts.append(dice.choice([clip for clip in job.clips if clip != cuts[-1]] or job.clips))
            cache = os.fspath(folder / "round0")
            many = made("ours", replace(job, clips=cuts[: wishes.many], cache=cache), folder)
    found = figures(rounds, many)
    short = short_of(found, wishes.clips * (FRAMES - CROSSFADE_FRAMES) + CROSSFADE_FRAMES)
    for sentence in short:
        print(f"falls short: {sentence}")
    print(json.dumps({**found, "clips": wishes.clips, "falls_short": short}))
    return int(bool(short) and wishes.check)


if __name__ == "__main__":
    sys.exit(main())
