"""One film made one way, as a process of its own, so that its work and memory can be measured from outside.

    python -m benchmarks.assemble_ways WAY JOB.json

WAY: `ours`, `moviepy` as its documentation shows it, or `xfade`: one ffmpeg with a chain of filters.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.writer import GROUP_S


@dataclass(frozen=True)
class Job:
    """What film is to be made: clips in order (equally long), and how. cache: ours only."""

    clips: list[str]
    frames: int
    crossfade_frames: int
    out: str
    width_px: int = 1536
    height_px: int = 1024
    fps: int = 24
    crf: float = 18.0
    preset: str = "veryfast"
    audio_kbps: int = 384
    lufs: float = -18.0
    cache: str = ""

    @property
    def crossfade_s(self) -> float:
        """The crossfade in seconds."""
        return self.crossfade_frames / self.fps

    def save(self, path: Path) -> Path:
        """Writes the job down for the process that does it."""
        path.write_text(json.dumps(asdict(self)))
        return path


def ours(job: Job) -> None:
    """The kit's own engine."""
    cuts = tuple(Cut(clip, Path(clip).stem, "take", job.frames) for clip in job.clips)
    timeline = Timeline(cuts, Fraction(job.fps), job.width_px, job.height_px, job.crossfade_frames)
    settings = MasterSettings(job.lufs, -1.0, job.crf, job.preset, 0.0, 0.0, job.audio_kbps)
    cache = Path(job.cache)
    render_master(timeline, Path(job.out), settings, work_dir=cache / "work", cache_dir=cache / "pieces")


def moviepy(job: Job) -> None:
    """MoviePy as people write it."""
    from moviepy import VideoFileClip, afx, concatenate_videoclips, vfx

    effects = [
        vfx.CrossFadeIn(job.crossfade_s),
        afx.AudioFadeIn(job.crossfade_s),
        afx.AudioFadeOut(job.crossfade_s),
    ]
    clips = [VideoFileClip(clip) for clip in job.clips]
    shown = [clips[0], *(clip.with_effects(effects) for clip in clips[1:])]
    film = concatenate_videoclips(shown, method="compose", padding=-job.crossfade_s)
    film.write_videofile(
        job.out,
        fps=job.fps,
        codec="libx264",
        preset=job.preset,
        audio_codec="aac",
        audio_bitrate=f"{job.audio_kbps}k",
        audio_fps=48_000,
        ffmpeg_params=[*_h264(job), "-pix_fmt", "yuv420p"],
        temp_audiofile_path=os.fspath(Path(job.out).parent),
        logger=None,
    )


def xfade(job: Job) -> None:
    """One ffmpeg that reads all clips and melts them into each other."""
    words, chain = [], []
    step_s, picture, sound = (job.frames - job.crossfade_frames) / job.fps, "0:v", "0:a"
    for number, clip in enumerate(job.clips):
        words += ["-i", clip]
        if number:
            fade = f"xfade=transition=fade:duration={job.crossfade_s}:offset={number * step_s:.6f}"
            chain.append(f"[{picture}][{number}:v]{fade}[v{number}]")
            chain.append(f"[{sound}][{number}:a]acrossfade=d={job.crossfade_s}[a{number}]")
            picture, sound = f"v{number}", f"a{number}"
    maps = ["-map", f"[{picture}]", "-map", f"[{sound}]"] if chain else ["-map", "0:v", "-map", "0:a"]
    coding = ["-c:v", "libx264", "-preset", job.preset, *_h264(job), "-pix_fmt", "yuv420p"]
    coding += ["-c:a", "aac", "-b:a", f"{job.audio_kbps}k", "-ar", "48000", "-movflags", "+faststart"]
    filters = ["-filter_complex", ";".join(chain)] if chain else []
    command = [find_ffmpeg().path, "-nostdin", "-v", "error", "-y", *words, *filters, *maps, *coding, job.out]
    subprocess.run(command, check=True)


def _h264(job: Job) -> list[str]:
    return ["-crf", f"{job.crf:g}", "-bf", "2", "-g", str(GROUP_S * job.fps)]


WAYS: dict[str, Callable[[Job], None]] = {"ours": ours, "moviepy": moviepy, "xfade": xfade}

if __name__ == "__main__":
    WAYS[sys.argv[1]](Job(**json.loads(Path(sys.argv[2]).read_text())))
