"""Awkward clips: each is in the film as it should be, or refused in one sentence that names it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import ClipUnreadable
from ltxlib.media.certificate import certify, expected_of
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.master import MasterReport, MasterSettings, render_master
from ltxlib.media.probe import probe
from tests.support.awkward import AWKWARD, HEIGHT, RATE, WIDTH, Awkward, colour_of, ffmpeg, hz_of, made
from tests.support.clips import cut_short, make_clip
from tests.support.films import samples

SOUND_HZ = 48_000
SETTINGS = MasterSettings(preset="ultrafast", crf=10, fade_in_s=0, fade_out_s=0, audio_kbps=512)
EDGE_S = 0.03
USABLE = [one for one in AWKWARD if not one.needs or one.needs in find_ffmpeg().encoders]


@dataclass(frozen=True)
class Film:
    """One film of all awkward clips, its pictures as RGB and its sound."""

    timeline: Timeline
    report: MasterReport
    pictures: list[np.ndarray]
    sound: np.ndarray


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    folder = tmp_path_factory.mktemp("awkward")
    cuts = []
    for number, one in enumerate(USABLE):
        clip = made(one, folder, number)
        cuts.append(Cut(str(clip), one.what, "take-01", probe(clip).frames_at(Fraction(RATE))))
    timeline = Timeline(tuple(cuts), Fraction(RATE), WIDTH, HEIGHT)
    report = render_master(timeline, folder / "film.mp4", SETTINGS, work_dir=folder / "work")
    with av.open(str(report.path)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return Film(timeline, report, shown, samples(report.path))


def test_there_are_at_least_forty():
    """Forty kinds of clips are in the film, whatever this machine's ffmpeg cannot make."""
    assert len(USABLE) >= 40


@pytest.mark.parametrize("one", USABLE, ids=lambda one: one.what)
def test_each_is_in_the_film(film, one: Awkward):
    """As long as it should be, its colour where it should be seen, its tone where it should be heard."""
    number = USABLE.index(one)
    cut, start = film.timeline.cuts[number], film.timeline.starts_frames[number]
    assert cut.frames == one.shows
    for frame in (start, start + cut.frames - 1):
        picture = film.pictures[frame].astype(float)
        # The middle, and the edges where a clip of the film's shape must reach.
        seen = picture[HEIGHT * 5 // 8 : -4, WIDTH // 4 : WIDTH * 3 // 4].mean((0, 1))
        if "turned" not in one.what and one.near is not None:
            assert np.abs(seen - colour_of(number)).max() <= one.near, (frame, seen, colour_of(number))
    _hear(film, one, number)


def _hear(film: Film, one: Awkward, number: int) -> None:
    start_s = film.timeline.starts_frames[number] / RATE
    end_s = start_s + film.timeline.cuts[number].frames / RATE
    heard = one.heard or (0.0, 0.0)
    spans = [
        (start_s, start_s + heard[0], False),
        (start_s + heard[0], min(start_s + heard[1], end_s), True),
        (min(start_s + heard[1], end_s), end_s, False),
    ]
    for low, high, sounds in spans:
        if high - low < 0.1:
            continue
        part = film.sound[round((low + EDGE_S) * SOUND_HZ) : round((high - EDGE_S) * SOUND_HZ)].mean(axis=1)
        loud = float(np.sqrt(np.mean(part**2)))
        if not sounds:
            assert loud < 0.003, (low, high, loud)
            continue
        assert loud > 0.02, (low, high, loud)
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
        tone = float(np.argmax(spectrum)) * SOUND_HZ / (1 << 17)
        assert abs(tone - hz_of(number)) < 8, (tone, hz_of(number))


@pytest.mark.parametrize(
    ("what", "corner"), [("turned by 90", (1, 0)), ("turned by 180", (1, 1)), ("turned by 270", (0, 1))]
)
def test_turned_clips_stand_upright(film, what, corner):
    """The white corner is where every player shows it."""
    number = next(n for n, one in enumerate(USABLE) if one.what == what)
    picture = film.pictures[film.timeline.starts_frames[number] + 3].astype(float)
    down, along = HEIGHT // 2, WIDTH // 2
    for row in (0, 1):
        for column in (0, 1):
            part = picture[
                row * down + 4 : (row + 1) * down - 4, column * along + 4 : (column + 1) * along - 4
            ]
            wanted = (255, 255, 255) if (row, column) == corner else colour_of(number)
            assert np.abs(part.mean((0, 1)) - wanted).max() < 14, (row, column)


def test_the_film_of_all_of_them_is_fine(film):
    """Its certificate has nothing against it: every frame, every sample, every joint."""
    certificate = certify(film.report.path, expected_of(film.timeline, SETTINGS), find_ffmpeg())
    assert not certificate.bad, "\n".join(map(str, certificate.lines))
    assert film.report.frames == sum(one.shows for one in USABLE) == len(film.pictures)
    said = "\n".join(film.report.notes)
    for what in ("no sound", "HDR", "uneven times", "tiny"):
        assert f"{what} take-01" in said


def _written(content: bytes):
    def make(folder: Path) -> Path:
        (folder / "clip.mp4").write_bytes(content)
        return folder / "clip.mp4"

    return make


def _sound_alone(folder: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "sine", "-t", "0.5", "-c:a", "aac", folder / "clip.mp4")
    return folder / "clip.mp4"


def _song(folder: Path) -> Path:
    """Sound with a cover picture, which is no clip."""
    cover, clip = folder / "cover.jpg", _sound_alone(folder)
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64", "-frames:v", "1", cover)
    song = folder / "song.mp4"
    ffmpeg(
        "-i", clip, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v", "attached_pic", song
    )
    return song


def _torn(keep: float, **options):
    def make(folder: Path) -> Path:
        return cut_short(make_clip(folder / "clip.mp4", **options), keep)

    return make


def _no_tables(folder: Path) -> Path:
    clip = make_clip(folder / "clip.mp4")
    clip.write_bytes(clip.read_bytes().replace(b"moov", b"gone"))
    return clip


def _folder(folder: Path) -> Path:
    (folder / "clip.mp4").mkdir()
    return folder / "clip.mp4"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "clip.mp4")
    return folder / "clip.mp4"


def _locked(folder: Path) -> Path:
    clip = make_clip(folder / "clip.mp4")
    clip.chmod(0)
    if os.access(clip, os.R_OK):
        pytest.skip("this user may read everything, so no file can be locked")
    return clip


def _other_files(folder: Path) -> Path:
    """A list of other files, which ffmpeg would follow."""
    make_clip(folder / "other.mp4")
    (folder / "clip.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    return folder / "clip.mp4"


def _playlist(folder: Path) -> Path:
    make_clip(folder / "other.mp4")
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.mp4\n#EXT-X-ENDLIST\n"
    (folder / "clip.mp4").write_text(text)
    return folder / "clip.mp4"


def _as_before(folder: Path) -> Path:
    """Theora says of a picture that does not change that it is as before, by an empty packet."""
    if "libtheora" not in find_ffmpeg().encoders:
        pytest.skip("this ffmpeg cannot write Theora")
    still = folder / "clip.ogv"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=24", "-frames:v", "12", "-c:v", "libtheora", still)
    return still


def _photo(folder: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48", "-frames:v", "1", "-f", "mjpeg", folder / "clip.mp4")
    return folder / "clip.mp4"


REFUSED = {
    "zero bytes": _written(b""),
    "text called .mp4": _written(b"It rained all night.\n" * 50),
    "a web page called .mp4": _written(b"<!doctype html><html><body>404</body></html>"),
    "noise called .mp4": _written(bytes((n * n * 31) % 251 for n in range(9000))),
    "sound alone": _sound_alone,
    "sound with a cover": _song,
    "cut off at half": _torn(0.5),
    "cut off at its last bytes": _torn(0.98),
    "a WebM cut off": _torn(0.5, codec="libvpx-vp9", sound=None, options={"crf": "10", "cpu-used": "8"}),
    "tables missing": _no_tables,
    "a folder": _folder,
    "a pipe": _pipe,
    "no right to read": _locked,
    "a list of other files": _other_files,
    "a playlist": _playlist,
    "a picture called .mp4": _photo,
    "pictures left out": _as_before,
    "not there": lambda folder: folder / "clip.mp4",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_others_are_refused_in_a_sentence(tmp_path, what):
    """The film is not made without them in silence, and the message names file, scene and what to do."""
    clip = REFUSED[what](tmp_path)
    good = make_clip(tmp_path / "good.mp4", frames=5)
    cuts = (Cut(str(good), "good", "take-01", 5), Cut(str(clip), "rain", "take-02", 12))
    timeline = Timeline(cuts, Fraction(RATE), WIDTH, HEIGHT)
    with pytest.raises(ClipUnreadable) as refused:
        render_master(timeline, tmp_path / "out" / "film.mp4", SETTINGS, work_dir=tmp_path / "work")
    message = str(refused.value)
    assert "rain take-02" in message and clip.name in message
    assert "\n" not in message and refused.value.cure
    assert not (tmp_path / "out" / "film.mp4").exists()
