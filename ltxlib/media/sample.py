"""A small piece of a clip: its first frames at a small size, with the sound that belongs to them."""

from __future__ import annotations

import os
from pathlib import Path

from ltxlib.media.ffmpeg import find_ffmpeg, run_ffmpeg
from ltxlib.media.probe import probe


def write_sample(clip: Path, out: Path, width_px: int, height_px: int, frames: int) -> Path:
    """Write the first frames of a clip as an MP4 of this size, whole or not at all; gives `out`.

    Raises ClipUnreadable when the clip cannot be read, MediaError or FfmpegMissing when it cannot be written.
    """
    info = probe(clip)
    part = out.with_name(f"{out.name}.part")
    lasts_s = float(frames / info.fps)
    sound = ["-c:a", "aac", "-t", f"{lasts_s:.4f}"] if info.has_audio else ["-an"]
    words = ["-y", "-i", os.fspath(clip), "-map", "0:v:0", *(["-map", "0:a:0"] if info.has_audio else [])]
    words += ["-vf", f"scale={width_px}:{height_px}", "-frames:v", str(frames), "-c:v", "libx264"]
    words += ["-pix_fmt", "yuv420p", *sound, "-f", "mp4", os.fspath(part)]
    try:
        run_ffmpeg(find_ffmpeg(), words)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return out
