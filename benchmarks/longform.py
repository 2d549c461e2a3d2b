"""How long does a film of ten hours take? The kit's long form beside a plain copy of the same file.

    python -m benchmarks.longform [--check] [--rounds N] [--hours H]

Makes twelve clips of 1536x1024 that are a loop of one minute, with flashes and clicks at the same moments,
and of them a film of ten hours: first from nothing, then, in every round, the file alone (what is coded is
there) and after it `cp` of that file, both until the disk has them (fsync). Then the last file is read back:
its tables are added up, its end is decoded, flashes and clicks are sought at its start, in its middle and at
its end, and the sound around joints of the loop is held against the mix. Needs three times the file's size on
the disk. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.longform_looks import FLASH_FRAME, joint_errors, steps_between
from ltxlib.core.film import LongForm
from ltxlib.core.longform import LongFilm
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.ffmpeg import find_ffmpeg, run_ffmpeg
from ltxlib.media.film_tables import read_tables
from ltxlib.media.longform import LongRender, render_long
from ltxlib.media.master import Rooms, sha256_of
from ltxlib.media.mp4_writer import write_mp4
from ltxlib.media.placing import placed
from ltxlib.media.settings import MasterSettings
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import timescale

WIDTH_PX, HEIGHT_PX, FRAMES, FPS, CROSSFADE_FRAMES, CLIPS = 1536, 1024, 132, 24, 12, 12
ROUNDS, HOURS = 5, 10.0
# At most so many times as long as the copy.
WANTED_RATIO = 1.3
# The error around a joint may be so much larger than elsewhere: coding is not as exact everywhere.
WANTED_JOINT_DB = 3.0


def make_loop(folder: Path) -> Timeline:
    """Soft pictures that hardly move, so that ten hours are some gigabytes; each flashes and clicks once."""
    cuts, lasts_s, flash_s = [], FRAMES / FPS, FLASH_FRAME / FPS
    for number in range(CLIPS):
        clip = folder / f"clip{number:02}.mp4"
        picture = f"gradients=s=96x64:r={FPS}:d={lasts_s + 1}:seed={number + 1}:speed=0.0004:nb_colors=3"
        picture += f",scale={WIDTH_PX}x{HEIGHT_PX}:flags=bicubic,eq=brightness=-0.2:contrast=0.5"
        picture += f",drawbox=color=white:t=fill:enable='eq(n,{FLASH_FRAME})'"
        sound = f"anoisesrc=r={RATE_HZ}:c=pink:a=0.05:seed={number + 1}:d={lasts_s}"
        click = f"aevalsrc='0.9*between(t,{flash_s},{flash_s + 0.0005})':s={RATE_HZ}:d={lasts_s}"
        words = ["-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-f", "lavfi", "-i", click]
        words += ["-frames:v", str(FRAMES), "-filter_complex", "[1:a][2:a]amix=normalize=0[a]"]
        words += ["-map", "0:v", "-map", "[a]", "-ac", "2"]
        words += ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]
        words += ["-c:v", "libx264", "-preset", "superfast", "-crf", "19", "-g", "250"]
        words += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
        run_ffmpeg(find_ffmpeg(), [*words, "-c:a", "aac", "-b:a", "256k", os.fspath(clip)])
        cuts.append(Cut(os.fspath(clip), f"scene {number}", "take", FRAMES))
    return Timeline(tuple(cuts), Fraction(FPS), WIDTH_PX, HEIGHT_PX, CROSSFADE_FRAMES)


def copied(source: Path, target: Path) -> float:
    """How many seconds `cp` takes until the disk has the copy."""
    started = time.perf_counter()
    subprocess.run(["cp", os.fspath(source), os.fspath(target)], check=True)
    handle = os.open(target, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    took = time.perf_counter() - started
    target.unlink()
    return took


def measured(film: LongFilm, settings: MasterSettings, folder: Path, rounds: int) -> dict[str, Any]:
    """Makes the film from nothing, then writes and copies it in turns; gives back all that was found."""
    out, room, cache = folder / "film.mp4", folder / "room", folder / "pieces"
    started = time.perf_counter()
    first = report = render_long(film, out, settings, work_dir=room, cache_dir=cache)
    first_s = time.perf_counter() - started
    print(f"from nothing {first_s:.1f} s {report.seconds}, {report.size_bytes / 1e9:.2f} GB", flush=True)
    started = time.perf_counter()
    report = render_long(film, out, settings, work_dir=room, cache_dir=cache)
    again_s = time.perf_counter() - started
    print(f"made again {again_s:.1f} s {report.seconds}", flush=True)
    written, copies = [], []
    room.mkdir(exist_ok=True)
    _levelled, tracks = LongRender(film, settings, None, None).tracks(Rooms(room, cache, room))
    for number in range(rounds):
        # As for the copy: making room by throwing the film of before away is no part of writing this one.
        out.unlink()
        started = time.perf_counter()
        with placed(out, "The film") as part:
            write_mp4(tracks, part, timescale(film.loop.fps), settings.tags)
        written.append(time.perf_counter() - started)
        copies.append(copied(out, folder / "copy.mp4"))
        print(f"round {number}: written {written[-1]:.2f} s, copied {copies[-1]:.2f} s", flush=True)
    return {
        "size_bytes": out.stat().st_size,
        "same_bytes": first.sha256 == report.sha256 == sha256_of(out, lambda: None),
        "from_nothing_s": round(first_s, 1),
        "from_nothing": first.seconds,
        "made_again": report.seconds,
        "made_again_s": round(again_s, 1),
        "written_s": round(median(written), 2),
        "copied_s": round(median(copies), 2),
        "ratio": round(median(ours / theirs for ours, theirs in zip(written, copies, strict=True)), 3),
        "rounds": rounds,
        "gain_db": report.gain_db,
    }


def looked_at(
    film: LongFilm, path: Path, settings: MasterSettings, gain_db: float, room: Path
) -> dict[str, Any]:
    """What the finished file is, read back."""
    picture, sound = read_tables(path).tracks
    steps = steps_between(film, path)
    joint_db, body_db = joint_errors(film, path, settings, gain_db, room)
    return {
        "frames": len(picture.lasts),
        "frames_wanted": film.frames,
        "samples": sound.length * RATE_HZ // sound.clock_hz,
        "samples_wanted": film.loop.sample_at(film.frames, RATE_HZ),
        "click_after_flash_samples": steps,
        "drift_ms": round((max(steps) - min(steps)) / RATE_HZ * 1000, 3),
        "joint_error_db": joint_db,
        "body_error_db": body_db,
    }


def short_of(found: dict[str, Any]) -> list[str]:
    """What is not as it should be, one sentence each; empty when all is."""
    said = []
    if found["ratio"] > WANTED_RATIO:
        said.append(f"the file takes {found['ratio']} times as long as its copy, not {WANTED_RATIO}")
    for what in ("frames", "samples"):
        if found[what] != found[f"{what}_wanted"]:
            said.append(f"{found[what]} {what}, not {found[f'{what}_wanted']}")
    if found["drift_ms"] >= 0.5:
        said.append(f"picture and sound drift by {found['drift_ms']} ms")
    if found["joint_error_db"] > found["body_error_db"] + WANTED_JOINT_DB:
        said.append(
            f"the sound's error at joints is {found['joint_error_db']} dB, not {found['body_error_db']}"
        )
    if not found["same_bytes"]:
        said.append("the film made twice is not the same file")
    return said


def main(words: Sequence[str] | None = None) -> int:
    """Measures and prints; with --check the answer is 1 when something falls short."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longform", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail when a figure is not as it should be")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often ({ROUNDS})")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"how long the film is ({HOURS:g})")
    parser.add_argument("--folder", type=Path, help="on which disk (the system's temporary folder)")
    wishes = parser.parse_args(words)
    settings = MasterSettings(tags={"title": "A long night"})
    with tempfile.TemporaryDirectory(prefix="ltx-longform-", dir=wishes.folder) as name:
        folder = Path(name)
        film = LongFilm(make_loop(folder), LongForm(wishes.hours * 3600))
        found = measured(film, settings, folder, wishes.rounds)
        (folder / "looks").mkdir()
        found |= looked_at(film, folder / "film.mp4", settings, found["gain_db"], folder / "looks")
    found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    short = short_of(found)
    for sentence in short:
        print(f"falls short: {sentence}")
    print(json.dumps({**found, "hours": wishes.hours, "falls_short": short}))
    return int(bool(short) and wishes.check)


if __name__ == "__main__":
    sys.exit(main())
