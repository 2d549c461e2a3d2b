"""The file the rehearsal leaves: an MP4 as a real LTX-2 render would be, marked, whole or not there."""

from __future__ import annotations

import json
import stat
import struct
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from ltxlib.errors import BadInput, FfmpegMissing, MediaError, StoreError
from ltxlib.rehearsal import picture
from ltxlib.rehearsal.clip import ClipSpec, render_clip

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())


def spec(**other) -> ClipSpec:
    """A small clip with sound."""
    numbers = {
        "prompt": "Rain on a window at night",
        "seed": 7,
        "width_px": 192,
        "height_px": 128,
        "frames": 17,
        "fps": Fraction(24),
        **other,
    }
    return ClipSpec(**numbers)


def rendered(
    folder: Path, one: ClipSpec, *, name: str = "take.mp4", tags: dict[str, str] | None = None
) -> Path:
    """The clip as a file."""
    path = folder / name
    render_clip(one, path, ffmpeg_path=FFMPEG, tags=tags or {})
    return path


def test_the_streams_are_what_a_real_render_has(tmp_path: Path) -> None:
    """H.264 High yuv420p in BT.709 TV range at the exact size, count and rate, with AAC-LC 24 kHz stereo."""
    with av.open(str(rendered(tmp_path, spec()))) as file:
        video, sound = file.streams.video[0], file.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (int(context.colorspace), int(context.color_primaries), int(context.color_trc)) == (1, 1, 1)
        assert int(context.color_range) == 1
        assert (video.width, video.height, video.frames, video.average_rate) == (192, 128, 17, 24)
        assert (sound.codec_context.name, sound.profile, sound.rate, sound.channels) == (
            "aac",
            "LC",
            24000,
            2,
        )
        assert sum(1 for _ in file.decode(video)) == 17


@pytest.mark.parametrize(
    ("frames", "fps", "seconds"), [(121, 24, "5.01"), (17, 24, "0.69"), (65, 24, "2.69"), (121, 25, "4.81")]
)
def test_sound_is_a_little_shorter_than_the_picture(frames: int, fps: int, seconds: str) -> None:
    """The sound lasts as long as LTX-2's own arithmetic gives: 5.01 s for 121 frames at 24 (5.04 s)."""
    one = spec(frames=frames, fps=Fraction(fps))
    assert one.sound_s == Fraction(seconds)
    assert 0 < one.duration_s - one.sound_s <= Fraction("0.05")


def test_sound_in_the_file_has_that_length(tmp_path: Path) -> None:
    """The file's sound ends when it should, before its picture does."""
    one = spec(frames=33)
    with av.open(str(rendered(tmp_path, one))) as file:
        sound = file.streams.audio[0]
        assert float(sound.duration * sound.time_base) == pytest.approx(float(one.sound_s), abs=0.002)
        heard = np.concatenate([frame.to_ndarray() for frame in file.decode(sound)], axis=1)
    assert 0.02 < np.sqrt((heard**2).mean()) < 0.2
    assert np.abs(heard).max() < 0.75


def test_no_sound_leaves_no_sound_stream(tmp_path: Path) -> None:
    """A clip without sound has a picture and nothing else."""
    with av.open(str(rendered(tmp_path, spec(sound=False)))) as file:
        assert not file.streams.audio
        assert file.streams.video[0].frames == 17


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(25), Fraction(50), Fraction(12)])
def test_frame_rates_are_exact(tmp_path: Path, fps: Fraction) -> None:
    """Fractional and other rates come out exactly."""
    with av.open(str(rendered(tmp_path, spec(fps=fps, frames=9)))) as file:
        video = file.streams.video[0]
        assert video.average_rate == fps
        assert video.duration * video.time_base == pytest.approx(9 / fps)


def test_the_index_stands_before_the_data(tmp_path: Path) -> None:
    """The moov box comes first, so that a browser can play before all is loaded."""
    data = rendered(tmp_path, spec()).read_bytes()
    boxes, at = [], 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        boxes.append(kind.decode())
        at += size
    assert boxes.index("moov") < boxes.index("mdat")


def test_tags_are_kept_whole(tmp_path: Path) -> None:
    """Prompt and workflow survive in the file, long ones and those full of signs that ffmpeg would read."""
    workflow = json.dumps({"nodes": [{"text": "a=b; c#d \\ e\nnext", "é": "雨"}] * 3000})
    tags = {"prompt": 'wave = "soft"; #1 \\ over\nline', "workflow": workflow, "empty": ""}
    assert len(workflow) > 131_072
    with av.open(str(rendered(tmp_path, spec(), tags=tags))) as file:
        kept = file.metadata
        assert kept["prompt"] == tags["prompt"]
        assert json.loads(kept["workflow"]) == json.loads(workflow)
        assert kept["comment"].startswith("REHEARSAL")


@pytest.mark.parametrize(
    ("given", "kept"), [("REHEARSAL take 3", "REHEARSAL take 3"), ("by hand", "by hand")]
)
def test_the_comment_always_says_rehearsal(tmp_path: Path, given: str, kept: str) -> None:
    """A comment of one's own is kept, and the word is put before it if it is not there."""
    with av.open(str(rendered(tmp_path, spec(frames=2), tags={"comment": given}))) as file:
        assert file.metadata["comment"].endswith(kept)
        assert file.metadata["comment"].startswith("REHEARSAL")


def test_same_clip_same_file(tmp_path: Path) -> None:
    """The whole file is the same each time; another seed gives another."""
    files = [
        rendered(tmp_path, spec(seed=seed), name=f"{i}.mp4").read_bytes() for i, seed in enumerate((7, 7, 8))
    ]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_what_was_drawn_is_what_is_seen(tmp_path: Path) -> None:
    """Decoded frames are close to the frames that were drawn."""
    one = spec(frames=9)
    drawn = [np.frombuffer(frame[: 192 * 128], np.uint8).reshape(128, 192) for frame in picture.frames(one)]
    with av.open(str(rendered(tmp_path, one))) as file:
        seen = [frame.to_ndarray()[:128] for frame in file.decode(file.streams.video[0])]
    for before, after in zip(drawn, seen, strict=True):
        error = np.mean((before.astype(float) - after) ** 2)
        assert 10 * np.log10(255**2 / error) > 36


def test_frames_are_told_one_by_one(tmp_path: Path) -> None:
    """The caller hears of every frame, in order."""
    told: list[int] = []
    render_clip(spec(frames=9), tmp_path / "a.mp4", ffmpeg_path=FFMPEG, tags={}, on_frame=told.append)
    assert told == list(range(1, 10))


class StopHere(Exception):
    """Raised by a test to stop a render."""


@pytest.mark.parametrize("at", [1, 8, 17])
def test_a_cancelled_clip_leaves_nothing(tmp_path: Path, at: int) -> None:
    """Stopping at any frame ends ffmpeg and leaves no file; a clip that was there before stays as it was."""
    out = tmp_path / "take.mp4"
    out.write_bytes(b"the one before")

    def stop(done: int) -> None:
        if done == at:
            raise StopHere

    with pytest.raises(StopHere):
        render_clip(spec(), out, ffmpeg_path=FFMPEG, tags={}, on_frame=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["take.mp4"]
    assert out.read_bytes() == b"the one before"


def test_a_pipe_broken_by_the_caller_is_no_deadlock(tmp_path: Path) -> None:
    """A caller whose own connection breaks while it is told of a frame ends the render too."""

    def gone(done: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        render_clip(spec(), tmp_path / "take.mp4", ffmpeg_path=FFMPEG, tags={}, on_frame=gone)
    assert not list(tmp_path.iterdir())


def fake_ffmpeg(folder: Path, script: str) -> Path:
    """A program that stands in for a broken ffmpeg."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_ffmpeg_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    """What ffmpeg complained of reaches the person, and no file is left."""
    broken = fake_ffmpeg(tmp_path, "echo 'Unknown encoder libx264' >&2; exit 1")
    with pytest.raises(MediaError, match="Unknown encoder libx264"):
        render_clip(spec(), tmp_path / "take.mp4", ffmpeg_path=broken, tags={})
    assert [path.name for path in tmp_path.iterdir()] == ["ffmpeg"]


def test_an_ffmpeg_that_dies_in_the_middle_is_told(tmp_path: Path) -> None:
    """A program that stops reading half way fails the clip with what it said last."""
    dying = fake_ffmpeg(tmp_path, "head -c 200000 >/dev/null; echo 'No space left on device' >&2; exit 1")
    with pytest.raises(MediaError, match="No space left on device"):
        render_clip(spec(frames=60), tmp_path / "take.mp4", ffmpeg_path=dying, tags={})


def test_an_ffmpeg_that_will_not_end_is_ended(tmp_path: Path) -> None:
    """A program that ignores polite requests is ended all the same, so that cancelling never hangs."""
    deaf = fake_ffmpeg(tmp_path, "trap '' TERM; echo deaf >&2; while true; do read line; done")

    def stop(done: int) -> None:
        raise StopHere

    with pytest.raises(StopHere):
        render_clip(spec(), tmp_path / "take.mp4", ffmpeg_path=deaf, tags={}, on_frame=stop)
    assert not (tmp_path / "take.mp4").exists()


def test_a_missing_ffmpeg_is_told(tmp_path: Path) -> None:
    """No program at the path is FfmpegMissing, with a cure."""
    with pytest.raises(FfmpegMissing, match="could not be started"):
        render_clip(spec(), tmp_path / "take.mp4", ffmpeg_path=tmp_path / "nowhere", tags={})


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Writing where there is no folder is a MediaError in ffmpeg's words."""
    with pytest.raises(MediaError, match=r"take\.mp4"):
        render_clip(spec(), tmp_path / "no" / "take.mp4", ffmpeg_path=FFMPEG, tags={})


def test_a_name_that_is_taken_by_a_folder_is_told(tmp_path: Path) -> None:
    """When the finished clip cannot get its name, that is said and the half file is gone."""
    (tmp_path / "take.mp4").mkdir()
    with pytest.raises(StoreError, match="put in place"):
        render_clip(spec(frames=2), tmp_path / "take.mp4", ffmpeg_path=FFMPEG, tags={})
    assert [path.name for path in tmp_path.iterdir()] == ["take.mp4"]


def test_a_bad_image_is_told_before_ffmpeg_starts(tmp_path: Path) -> None:
    """A start image that cannot be opened stops everything at once."""
    with pytest.raises(BadInput, match=r"nowhere\.png"):
        render_clip(
            spec(image=tmp_path / "nowhere.png"),
            tmp_path / "take.mp4",
            ffmpeg_path=tmp_path / "none",
            tags={},
        )


@pytest.mark.parametrize("size", [(64, 64), (320, 64), (96, 256)])
def test_small_clips_of_nine_frames(tmp_path: Path, size: tuple[int, int]) -> None:
    """The smallest clips a rehearsal is asked for come out whole, with a prompt in any script."""
    one = spec(prompt="Тихий снег 雪", width_px=size[0], height_px=size[1], frames=9)
    with av.open(str(rendered(tmp_path, one, tags={"prompt": one.prompt}))) as file:
        assert sum(1 for _ in file.decode(video=0)) == 9
        assert file.metadata["prompt"] == "Тихий снег 雪"
