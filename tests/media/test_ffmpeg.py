"""Finding an ffmpeg that can do the work, and running it so that it can be watched and stopped."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ltxlib.errors import Cancelled, FfmpegMissing, MediaError
from ltxlib.media.ffmpeg import NEEDED_ENCODERS, NEEDED_FILTERS, Ffmpeg, find_ffmpeg, run_ffmpeg
from tests.support.clips import make_clip


@pytest.fixture
def real() -> Ffmpeg:
    return find_ffmpeg()


@pytest.fixture
def alone(tmp_path, monkeypatch, real):
    """An empty search path and no choice made: only imageio-ffmpeg's is left."""
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.delenv("LTX_FFMPEG", raising=False)
    return empty


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def pretending(path: Path, body: str) -> Ffmpeg:
    return Ffmpeg(script(path, body), "0", "chosen", NEEDED_ENCODERS, NEEDED_FILTERS)


def test_without_a_system_ffmpeg_the_bundled_one_is_taken_and_the_reason_told(alone):
    """A fresh machine works with what pip brought, and is told so."""
    found = find_ffmpeg()
    assert found.origin == "imageio-ffmpeg"
    assert "system has no ffmpeg" in found.reason
    assert found.encoders >= NEEDED_ENCODERS
    assert found.filters >= NEEDED_FILTERS
    assert found.version


def test_a_system_ffmpeg_that_can_do_all_is_preferred(alone, real):
    """The system's own comes first when it has what is needed."""
    (alone / "ffmpeg").symlink_to(real.path)
    found = find_ffmpeg()
    assert (found.origin, found.path) == ("system", alone / "ffmpeg")
    assert find_ffmpeg() is found


def test_a_system_ffmpeg_that_lacks_something_is_passed_over_by_name(alone, real):
    """A build without x264 is not used, and the reason names what it lacks."""
    script(alone / "ffmpeg", f"'{real.path}' \"$@\" | /bin/grep -v libx264")
    found = find_ffmpeg()
    assert found.origin == "imageio-ffmpeg"
    assert "lacks libx264" in found.reason


def test_a_chosen_ffmpeg_wins_and_a_bad_choice_is_never_replaced_silently(alone, real, tmp_path, monkeypatch):
    """LTX_FFMPEG is obeyed; when it is wrong the person hears of it."""
    monkeypatch.setenv("LTX_FFMPEG", str(real.path))
    assert find_ffmpeg().origin == "chosen"
    for wrong in (
        tmp_path / "nothing",
        script(tmp_path / "sick", "exit 3"),
        script(tmp_path / "other", "echo hi"),
    ):
        monkeypatch.setenv("LTX_FFMPEG", str(wrong))
        with pytest.raises(FfmpegMissing, match="LTX_FFMPEG"):
            find_ffmpeg()


def test_without_any_ffmpeg_all_that_was_tried_is_told(alone, tmp_path, monkeypatch):
    """Nothing usable anywhere: the message says what is wrong with each."""
    script(alone / "ffmpeg", "exit 9")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(script(tmp_path / "broken", "exit 7")))
    with pytest.raises(FfmpegMissing, match=r"code 9.*code 7"):
        find_ffmpeg()


def test_progress_counts_frames_and_seconds_to_the_end(real, tmp_path):
    """A run reports where it is; the last report is the whole output."""
    steps = []
    words = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=s=64x64:r=24:d=1",
        "-c:v",
        "libx264",
        "-y",
        str(tmp_path / "o.mp4"),
    ]
    run_ffmpeg(real, words, on_progress=steps.append)
    assert steps[-1].frames == 24
    # Older ffmpegs tell the time of the last frame that was written, and frames are written out of order.
    assert 0.8 <= steps[-1].out_s <= 1.01


def test_names_with_spaces_quotes_emoji_newline_and_dash_need_no_care(real, tmp_path):
    """Arguments are a list: no shell ever reads them."""
    clip = make_clip(tmp_path / '- it\'s "night" 🌧\n$(touch x).mp4')
    run_ffmpeg(real, ["-i", str(clip), "-f", "null", "-"])
    assert not Path("x").exists()


@pytest.mark.parametrize(
    ("log", "wanted"),
    [
        ("x: No space left on device\nConversion failed!", "disk is full"),
        ("a.mp4: Invalid data found when processing input", "damaged"),
        ("out.mp4: Permission denied", "may not be read"),
        ("Unknown encoder 'h265x'\nError opening output files: x", "It said: Unknown encoder 'h265x'"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_told_in_plain_words(tmp_path, log, wanted):
    """The line that says why is found and put into words."""
    fake = pretending(tmp_path / "ffmpeg", f"printf '%s' \"{log}\" >&2; exit 1")
    with pytest.raises(MediaError, match=wanted):
        run_ffmpeg(fake, [])


def test_a_real_failure_names_the_file_that_is_missing(real, tmp_path):
    """ffmpeg's own words are kept beside ours."""
    with pytest.raises(MediaError, match=r"not there.*gone\.mp4"):
        run_ffmpeg(real, ["-i", str(tmp_path / "gone.mp4"), "-f", "null", "-"])


def test_an_ffmpeg_that_was_killed_says_so(tmp_path):
    """Ended by the system (memory) is not an unexplained failure."""
    with pytest.raises(MediaError, match="memory"):
        run_ffmpeg(pretending(tmp_path / "ffmpeg", "kill -9 $$"), [])


def test_an_ffmpeg_that_vanished_is_missing(tmp_path):
    """A program that cannot be started is named."""
    gone = Ffmpeg(tmp_path / "gone", "0", "system", NEEDED_ENCODERS, NEEDED_FILTERS)
    with pytest.raises(FfmpegMissing, match="could not be started"):
        run_ffmpeg(gone, [])


def _alive(process_id: int) -> bool:
    stat = Path(f"/proc/{process_id}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_cancel_ends_ffmpeg_and_everything_it_started(tmp_path):
    """A cancelled run leaves no process behind, not even a child that ignores the first request."""
    pid, ready = tmp_path / "pid", tmp_path / "ready"
    os.mkfifo(ready)
    body = f"trap '' TERM; sleep 600 & echo $! > '{pid}'; echo > '{ready}'; while :; do sleep 600; done"
    fake = pretending(tmp_path / "ffmpeg", body)
    cancel = threading.Event()

    def when_ready() -> None:
        ready.read_text()
        cancel.set()

    waiter = threading.Thread(target=when_ready)
    waiter.start()
    with pytest.raises(Cancelled):
        run_ffmpeg(fake, [], cancel=cancel)
    waiter.join()
    assert not _alive(int(pid.read_text()))


def test_an_error_of_the_listener_ends_ffmpeg_too(real, tmp_path):
    """When whoever watches fails, nothing goes on in the dark."""

    def fail(_step: object) -> None:
        raise KeyError("listener")

    words = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=24", "-f", "null", "-"]
    pid = tmp_path / "pid"
    with pytest.raises(KeyError):
        run_ffmpeg(
            pretending(tmp_path / "ffmpeg", f"echo $$ > '{pid}'; exec '{real.path}' \"$@\""),
            words,
            on_progress=fail,
        )
    assert not _alive(int(pid.read_text()))
