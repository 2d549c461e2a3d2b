"""What if a render is killed? The next one ends the film, byte for byte as if nothing had been.

    python -m benchmarks.kills [--rounds N] [--seed S] [--check]

Makes a small film in a process of its own, undisturbed; then again and again in a fresh box, killed with
SIGKILL at random moments spread over the whole time it takes, once to three times, and at last let run. The
film must be the undisturbed one's, and beside it must lie what lies there in the undisturbed box: no file
more, also none among the system's temporary ones. What stood there before the kill stays until it is
replaced. A moment is so long after so many steps of progress, so that it hits the same work on a busy
machine too. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.ffmpeg import find_ffmpeg, run_ffmpeg
from ltxlib.media.master import MasterProgress, MasterSettings, render_master

PROJECT = Path(__file__).resolve().parents[1]
ROUNDS, MOST_KILLS = 30, 3
FRAMES, FPS, SIZE = 60, 24, (256, 160)
CLIPS = 4
OLD = b"an older film"


def make_clips(folder: Path) -> list[Path]:
    """Small clips of one group of pictures each, with sound."""
    made = []
    for number in range(CLIPS):
        clip = folder / f"clip{number}.mp4"
        picture = f"testsrc2=s={SIZE[0]}x{SIZE[1]}:r={FPS},hue=h={90 * number}"
        words = [
            "-y",
            "-f",
            "lavfi",
            "-i",
            picture,
            "-f",
            "lavfi",
            "-i",
            f"anoisesrc=r=24000:a=0.1:seed={number}",
        ]
        words += [
            "-frames:v",
            str(FRAMES),
            "-t",
            str(FRAMES / FPS),
            "-ac",
            "2",
            "-pix_fmt",
            "yuv420p",
            "-c:v",
        ]
        run_ffmpeg(find_ffmpeg(), [*words, "libx264", "-g", "250", "-c:a", "aac", os.fspath(clip)])
        made.append(clip)
    return made


def render(clips: Sequence[Path], box: Path) -> None:
    """The film, in the process that may be killed; says on its standard output each step of its progress."""
    cuts = [Cut(os.fspath(clip), clip.stem, "take", FRAMES) for clip in clips]
    cuts[2] = Cut(cuts[2].clip, cuts[2].scene, "take", FRAMES, black_frames=12)
    timeline = Timeline(tuple(cuts), Fraction(FPS), *SIZE, 8)
    settings = MasterSettings(preset="fast", fade_in_s=0.5, fade_out_s=1.0)

    def tell(step: MasterProgress) -> None:
        print(step.phase, flush=True)

    folders = {"work_dir": box / "work", "cache_dir": box / "pieces"}
    render_master(timeline, box / "masters" / "film.mp4", settings, on_progress=tell, **folders)


@dataclass(frozen=True)
class Course:
    """How a process went: its exit code, when each step was told and when it ended, in seconds, and the
    phase of its last step."""

    code: int
    steps_s: tuple[float, ...]
    whole_s: float
    phase: str

    def moment(self, share: float) -> tuple[int, float]:
        """A moment of it, from 0 to 1, as steps that were told and seconds after the last of them."""
        at_s = share * self.whole_s
        steps = bisect_right(self.steps_s, at_s)
        return steps, at_s - (self.steps_s[steps - 1] if steps else 0.0)


def run(clips: Sequence[Path], box: Path, moment: tuple[int, float] | None = None) -> Course:
    """One process in a box, killed at a moment if one is given."""
    (box / "tmp").mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "benchmarks.kills", "--box", os.fspath(box), *map(os.fspath, clips)]
    started, told, phase = time.perf_counter(), [], "start"
    where = {**os.environ, "TMPDIR": os.fspath(box / "tmp")}
    with subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=where) as child:
        for steps in count():
            if moment is not None and steps == moment[0]:
                time.sleep(moment[1])
                child.kill()
                break
            line = child.stdout.readline()
            if not line:
                break
            phase = line.strip()
            told.append(time.perf_counter() - started)
    return Course(child.returncode, tuple(told), time.perf_counter() - started, phase)


def files(box: Path) -> dict[str, str]:
    """Everything in a box: each name with what it holds."""
    return {
        os.fspath(path.relative_to(box)): ""
        if path.is_dir()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(box.rglob("*"))
    }


def one_round(
    clips: Sequence[Path], box: Path, moments: Sequence[tuple[int, float]], calm: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Kills at these moments, then a last run: the phases that were hit, and what is wrong, by sentences."""
    film, hit, wrong = box / "masters" / "film.mp4", [], []
    film.parent.mkdir(parents=True)
    film.write_bytes(OLD)
    allowed = {hashlib.sha256(OLD).hexdigest(), calm["masters/film.mp4"]}
    for moment in moments:
        course = run(clips, box, moment)
        hit.append("over" if course.code == 0 else course.phase)
        if hashlib.sha256(film.read_bytes()).hexdigest() not in allowed:
            wrong.append(f"killed in {course.phase}: the film there is neither old nor new")
    course = run(clips, box)
    if course.code:
        wrong.append(f"the last run ended with {course.code} ({course.phase})")
    return hit, [*wrong, *differing(files(box), calm)]


def differing(found: dict[str, str], calm: dict[str, str]) -> list[str]:
    """How a box is not as the undisturbed one, one sentence for each file."""
    said = [f"left over: {name}" for name in found.keys() - calm.keys()]
    said += [f"not there: {name}" for name in calm.keys() - found.keys()]
    said += [f"other bytes: {name}" for name in found.keys() & calm.keys() if found[name] != calm[name]]
    return sorted(said)


def main(words: Sequence[str] | None = None) -> int:
    """Kills and looks; with --check the answer is 1 when a film came out otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many films ({ROUNDS})")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--check", action="store_true", help="fail when a film came out otherwise")
    parser.add_argument("--box", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("clips", type=Path, nargs="*", help=argparse.SUPPRESS)
    wishes = parser.parse_args(words)
    if wishes.box is not None:
        render(wishes.clips, wishes.box)
        return 0
    dice, hit, wrong, kills = random.Random(wishes.seed), Counter(), [], 0
    with tempfile.TemporaryDirectory(prefix="ltx-kills-") as name:
        folder = Path(name)
        clips = make_clips(folder)
        course = run(clips, folder / "calm")
        if course.code:
            raise RuntimeError(f"the undisturbed film ended with code {course.code}")
        calm = files(folder / "calm")
        for number in range(wishes.rounds):
            # One kill as a rule, spread evenly over the whole; what is kept makes later runs shorter.
            shares = [(number + dice.random()) / wishes.rounds]
            shares += [dice.random() for _ in range(dice.choice([0, 0, *range(MOST_KILLS)]))]
            moments = [course.moment(share) for share in shares]
            phases, faults = one_round(clips, folder / f"round{number}", moments, calm)
            told = ", ".join(f"{share:.0%} {phase}" for share, phase in zip(shares, phases, strict=True))
            print(f"round {number:3} killed at {told}: {'; '.join(faults) or 'as undisturbed'}", flush=True)
            hit.update(phases)
            kills += sum(phase != "over" for phase in phases)
            wrong += [f"round {number}: {fault}" for fault in faults]
    found = {"rounds": wishes.rounds, "kills": kills, "whole_s": round(course.whole_s, 2), "hit": dict(hit)}
    print(json.dumps({**found, "seed": wishes.seed, "wrong": wrong}))
    return int(bool(wrong) and wishes.check)


if __name__ == "__main__":
    sys.exit(main())
