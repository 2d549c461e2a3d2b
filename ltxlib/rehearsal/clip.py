"""Draws one rehearsal clip, picture and sound, and writes it as the MP4 a real LTX-2 render would leave."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import IO

from ltxlib.errors import FfmpegMissing, MediaError, StoreError
from ltxlib.media.stand_in import MARK
from ltxlib.rehearsal.aside import aside
from ltxlib.rehearsal.spec import SOUND_RATE_HZ, ClipSpec

__all__ = ["MARK", "ClipSpec", "render_clip"]

COMMENT = f"{MARK}: drawn on this computer by the kit, not rendered by a model."
ENDING_S = 5.0


def render_clip(
    spec: ClipSpec,
    out: Path,
    *,
    ffmpeg_path: Path,
    tags: Mapping[str, str],
    on_frame: Callable[[int], None] | None = None,
    lead: Sequence[bytes] = (),
) -> None:
    """Draws the clip and writes it to `out`, whole or not at all.

    H.264 High yuv420p BT.709, AAC-LC 24 kHz stereo where `spec.sound`, moov first. `tags` are kept in the
    MP4; `comment` always says REHEARSAL. `on_frame(done)` is called after each frame with how many are drawn
    (1 to `spec.frames`); whatever it raises ends ffmpeg, removes the half file and goes on to the caller.
    lead: frames that come first, as yuv420p bytes; what is drawn goes on from the last of them, which then is
    `spec.image` too.
    Raises FfmpegMissing, MediaError (ffmpeg failed), StoreError (the file could not be put in place),
    BadInput (the start image cannot be used).
    """
    from ltxlib.rehearsal import picture

    lead = lead[: spec.frames]
    drawn = picture.frames(replace(spec, frames=spec.frames - max(0, len(lead) - 1)))
    frames = chain(lead, islice(drawn, min(1, len(lead)), None))
    part = aside(out)
    try:
        with _encoder(spec, part, ffmpeg_path, tags) as write:
            for done, frame in enumerate(frames, start=1):
                write(frame)
                if on_frame is not None:
                    on_frame(done)
        _put_in_place(part, out)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _encoder(
    spec: ClipSpec, part: Path, ffmpeg_path: Path, tags: Mapping[str, str]
) -> Iterator[Callable[[bytes], None]]:
    """An ffmpeg, as a function that takes one raw frame after another; its failures become MediaError."""
    with ExitStack() as stack:
        # Files without a name: nothing is left behind even if this process is killed.
        complaints = stack.enter_context(tempfile.TemporaryFile())
        facts = stack.enter_context(_filled(_tag_file(tags)))
        sound = stack.enter_context(_filled(_sound_bytes(spec))) if spec.sound else None
        handed = [facts, *([sound] if sound else [])]
        try:
            process = subprocess.Popen(
                [os.fspath(ffmpeg_path), *_arguments(spec, part, facts, sound)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=[file.fileno() for file in handed],
            )
        except OSError as error:
            raise FfmpegMissing(f"The program {ffmpeg_path} could not be started ({error}).") from error

        def write(frame: bytes) -> None:
            try:
                process.stdin.write(frame)
            except BrokenPipeError as error:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(ENDING_S)
                raise _failure(part, complaints) from error

        try:
            yield write
            with suppress(BrokenPipeError):
                process.stdin.close()
            if process.wait() != 0:
                raise _failure(part, complaints)
        finally:
            _end(process)


def _failure(part: Path, complaints: IO[bytes]) -> MediaError:
    """The error for an ffmpeg that gave up, in its own last words."""
    complaints.seek(0)
    said = complaints.read().decode(errors="replace").strip().splitlines()
    return MediaError(
        f"ffmpeg could not write the clip {part.with_suffix('').with_suffix('').name}: {' '.join(said[-3:])}",
        cure="Check that the disk has room and that this ffmpeg has libx264 and aac.",
    )


def _end(process: subprocess.Popen) -> None:
    """Ends an ffmpeg that still runs (what it wrote is thrown away) and closes its pipe."""
    if process.poll() is None:
        process.kill()
        process.wait()
    with suppress(BrokenPipeError):
        process.stdin.close()


def _arguments(spec: ClipSpec, part: Path, facts: IO[bytes], sound: IO[bytes] | None) -> list[str]:
    """The words for ffmpeg: raw frames on its standard input, tags and sound on files handed over."""
    colours = "color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    words = ["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "yuv420p"]
    words += ["-video_size", f"{spec.width_px}x{spec.height_px}"]
    words += ["-framerate", str(spec.fps), "-i", "pipe:0"]
    words += ["-f", "ffmetadata", "-i", f"pipe:{facts.fileno()}"]
    if sound:
        words += ["-f", "f32le", "-ar", str(SOUND_RATE_HZ), "-ac", "2", "-i", f"pipe:{sound.fileno()}"]
    words += ["-map", "0:v", *(["-map", "2:a"] if sound else []), "-map_metadata", "1"]
    # The number of threads is fixed because x264's choices depend on it: same clip, same bytes.
    words += [
        "-vf",
        f"setparams=range=tv:{colours}",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-threads",
        "2",
    ]
    words += ["-crf", "17", "-profile:v", "high", "-pix_fmt", "yuv420p", "-x264-params", "aq-mode=3"]
    words += [
        "-color_range",
        "tv",
        "-color_primaries",
        "bt709",
        "-color_trc",
        "bt709",
        "-colorspace",
        "bt709",
    ]
    if sound:
        words += ["-c:a", "aac", "-profile:a", "aac_low", "-b:a", "128k"]
    words += ["-bitexact", "-movflags", "+faststart+use_metadata_tags", "-f", "mp4", os.fspath(part)]
    return words


def _filled(content: bytes) -> IO[bytes]:
    """A nameless file that holds `content`, wound back to its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(content)
    file.seek(0)
    return file


def _sound_bytes(spec: ClipSpec) -> bytes:
    """The clip's sound as raw little-endian 32-bit floats, left and right in turn."""
    from ltxlib.rehearsal import sound

    return sound.synth(spec, float(spec.sound_s), SOUND_RATE_HZ).astype("<f4").tobytes()


def _tag_file(tags: Mapping[str, str]) -> bytes:
    """The tags in ffmpeg's own metadata format, which has no limit of length as the command line has."""
    comment = tags.get("comment", COMMENT)
    if MARK not in comment:
        comment = f"{COMMENT} {comment}"
    lines = [";FFMETADATA1"]
    for key, value in {**tags, "comment": comment}.items():
        lines.append(f"{_escaped(key)}={_escaped(value)}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _escaped(text: str) -> str:
    return re.sub(r"([=;#\\\n])", r"\\\1", text.replace("\0", "").replace("\r", ""))


def _put_in_place(part: Path, out: Path) -> None:
    """Makes sure the finished file is on the disk, then gives it its name."""
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(out)
        folder = os.open(out.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"The clip {out.name} could not be put in place ({error.strerror}).") from error
