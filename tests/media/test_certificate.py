"""The look at a finished film: a good one has nothing against it, each broken one exactly its own fault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ltxlib.core.film import LongForm
from ltxlib.core.longform import LongFilm, unrolled
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import Cancelled
from ltxlib.media import film_decoding
from ltxlib.media.card import title_card
from ltxlib.media.certificate import Certificate, Expected, certify, expected_of
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.findings import LOOKED_AT
from ltxlib.media.longform import render_long
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.probe import probe
from tests.support.broken_films import recoded, remuxed, repacked, with_pictures, with_sound
from tests.support.clips import make_clip

SIZE = {"width_px": 192, "height_px": 96}
SETTINGS = MasterSettings(preset="ultrafast", target_lufs=-30.0, tags={"comment": "REHEARSAL: stand-in"})
FRAMES, CROSSFADE, RATE = 49, 8, 48_000


def timeline_of(clips: list[Path], *, crossfade: int = 0, fps: str = "24", **more: Any) -> Timeline:
    rate = Fraction(fps)
    cuts = [Cut(str(c), f"scene{n}", "take-01", probe(c).frames_at(rate)) for n, c in enumerate(clips)]
    return Timeline(tuple(cuts), rate, SIZE["width_px"], SIZE["height_px"], crossfade, **more)


def looked(path: Path, expected: Expected, **more: Any) -> Certificate:
    return certify(path, expected, find_ffmpeg(), **more)


def told(certificate: Certificate) -> str:
    return "\n".join(f"{line.state} {line}" for line in certificate.lines)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Expected]:
    """Three clips of moving waves with soft tones and hiss, crossfaded."""
    folder = tmp_path_factory.mktemp("good")
    clips = [
        make_clip(
            folder / f"{n}.mp4", frames=FRAMES, seed=n, wave="noise", peak=0.05, sound_rate_hz=48_000, **SIZE
        )
        for n in range(3)
    ]
    timeline = timeline_of(clips, crossfade=CROSSFADE)
    render_master(timeline, folder / "film.mp4", SETTINGS, work_dir=folder / "work")
    return folder / "film.mp4", expected_of(timeline, SETTINGS)


def test_a_good_film_has_nothing_against_it(good):
    """Every line is looked at, and all is well; progress rises to 1."""
    film, expected = good
    parts: list[float] = []
    certificate = looked(film, expected, on_progress=parts.append)
    assert [line.key for line in certificate.lines] == list(LOOKED_AT)
    assert {line.state for line in certificate.lines} == {"good"}, told(certificate)
    assert parts == sorted(parts) and parts[-1] == 1.0
    assert "All of the film was played" in certificate.decoded
    assert certificate.to_json()["passed"] is True


def _frozen(frames: list[Any]) -> list[Any]:
    joint = FRAMES
    return [frames[joint - 4] if joint - 4 <= n < joint + 6 else frame for n, frame in enumerate(frames)]


def _clicks(sound: np.ndarray) -> np.ndarray:
    at = (FRAMES - CROSSFADE) * RATE // 24
    sound[at : at + 30] += 0.5
    return sound


def _spike(sound: np.ndarray) -> np.ndarray:
    sound[RATE : RATE + 4] = 1.2
    return sound


def _torn(film: Path, out: Path) -> Path:
    out.write_bytes(film.read_bytes()[:-3000])
    return out


def _damaged(film: Path, out: Path) -> Path:
    """The inside of one picture of the second group is noise."""
    import av

    with av.open(str(film)) as container:
        packets = [p for p in container.demux(video=0) if p.size and not p.is_keyframe]
        at, size = max((packet.size, packet.pos) for packet in packets[5:])[::-1]
    data = bytearray(film.read_bytes())
    data[at + 6 : at + size] = bytes((n * 37) % 256 for n in range(size - 6))
    out.write_bytes(bytes(data))
    return out


def _late(packet: Any, number: int) -> None:
    if number == 60:
        packet.pts += packet.duration // 2


def _doubled(packet: Any, number: int) -> None:
    if number == 60:
        packet.pts += packet.duration


def _longer(film: Path, out: Path) -> Path:
    out.write_bytes(film.read_bytes() + b"\0\0\0\2left")
    return out


def _sounds(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, Path], Path]:
    return lambda film, out: with_sound(film, out, change)


def _pictures(change: Callable[[list[Any]], list[Any]]) -> Callable[[Path, Path], Path]:
    return lambda film, out: with_pictures(film, out, change)


def _x264(words: str, *more: str) -> Callable[[Path, Path], Path]:
    return lambda film, out: recoded(film, out, "-x264-params", words, *more)


def _muxed(*words: str, first: bool = True) -> Callable[[Path, Path], Path]:
    return lambda film, out: remuxed(film, out, *words, first=first)


def _sound_waits(film: Path, out: Path) -> Path:
    """The file lets the sound wait; what ffmpeg plays of the coder's run-up then is taken off its end."""
    alone = with_sound(film, out.with_suffix(".mov"), lambda sound: sound[:-1024])
    late = ["-i", film, "-itsoffset", str(0.1 + 1024 / RATE)]
    return remuxed(alone, out, "-map", "0:v", "-map", "1:a", before=late)


BARE = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown:range=unknown"
BSF = "h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"
OPEN, LONG = "8x8dct=1:open-gop=1:keyint=24:bframes=3:b-adapt=0", "8x8dct=1:keyint=999:scenecut=0"
MAIN = ("8x8dct=0:open-gop=0:keyint=48", "-profile:v", "main")
# What is broken: the line it must give, words in that line, and how.
BROKEN: dict[str, tuple[str, str, Callable[[Path, Path], Path]]] = {
    "one frame less": ("frames", "130, not 131", _pictures(lambda frames: frames[:-1])),
    "one frame more": ("frames", "1 too many", _pictures(lambda frames: [*frames, frames[-1]])),
    "a frozen stretch": ("stalls", "stands still for", _pictures(_frozen)),
    "a click": ("clicks", "clicks at 0:01.71", _sounds(_clicks)),
    "sound begins late": ("together", "100 ms later", _sound_waits),
    "sound moved inside": ("together", "100.0 ms too late", _sounds(lambda s: np.roll(s, 4800, 0))),
    "picture moved inside": ("together", "1 frames too early", _pictures(lambda f: [*f[1:], f[-1]])),
    "untagged colours": ("picture", "BT.709", lambda f, o: recoded(f, o, "-vf", BARE, "-bsf:v", BSF)),
    "open groups": ("picture", "not closed", _x264(OPEN)),
    "long groups": ("picture", "wait up to", _x264(LONG)),
    "another profile": ("picture", "not as H.264 High", _x264(*MAIN)),
    "4:4:4": ("picture", "not yuv420p", lambda f, o: recoded(f, o, "-pix_fmt", "yuv444p")),
    "another size": ("picture", "not 192x96", lambda f, o: recoded(f, o, "-vf", "scale=160:96")),
    "table at the end": ("streams", "comes at the end", _muxed(first=False)),
    "torn": ("whole", "cut off", _torn),
    "longer than its tables": ("whole", "no part of it", _longer),
    "damaged inside": ("decodes", "complained", _damaged),
    "too loud": ("loudness", "LU too loud", _sounds(lambda s: s * 2)),
    "a spike": ("peak", "above the -1", _sounds(_spike)),
    "mono": ("sound", "1 channel,", _muxed("-c:a", "aac", "-ac", "1")),
    "44.1 kHz": ("sound", "44,100 Hz", _muxed("-c:a", "aac", "-ar", "44100")),
    "no sound": ("sound", "no sound tracks", _muxed("-an")),
    "two sounds": ("sound", "2 sound tracks", _muxed("-map", "0", "-map", "0:a")),
    "sound too short": ("samples", "100.0 ms too short", _sounds(lambda s: s[:-4800])),
    "a frame late": ("even", "stays for 62.5 ms", lambda f, o: repacked(f, o, _late)),
    "two frames at once": ("even", "same moment", lambda f, o: repacked(f, o, _doubled)),
    "rehearsal not told": ("words", "comment is “”", _muxed("-metadata", "comment=")),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_gives_exactly_its_line(good, tmp_path, fault):
    """A broken film is refused for what is wrong with it, and for nothing else."""
    film, expected = good
    key, words, breaking = BROKEN[fault]
    certificate = looked(breaking(film, tmp_path / "broken.mp4"), expected)
    assert [line.key for line in certificate.bad] == [key], told(certificate)
    assert words in certificate.bad[0].seen
    assert certificate.bad[0].cure
    assert not certificate.doubts, told(certificate)


def _films(folder: Path) -> dict[str, Timeline]:
    noise = {"wave": "noise", "peak": 0.1, **SIZE}

    def clip(name: str, **more: Any) -> Path:
        return make_clip(folder / f"{name}.mp4", **{"frames": 41, **noise, **more})

    title_card("Rain", folder / "card.mp4", fps=Fraction(24), seconds=2.0, **SIZE)
    plain, other = clip("plain"), clip("other", seed=1)
    still, silent = clip("still", picture="still"), clip("silent", sound=None)
    slow = clip("slow", fps="12", frames=20)
    cracks = clip(
        "cracks", wave="clicks", peak=0.6, clicks_s=tuple(41 / 24 - 0.2 + n / 100 for n in range(15))
    )
    # The crack of a fire at the very moment at which the cut begins, far from all others.
    crack = clip("crack", wave="clicks", peak=0.6, clicks_s=(20 / 24, 1.2), sound_rate_hz=48_000)
    tone = clip("tone", wave="tone", sound_rate_hz=48_000, tone_hz=110.0)
    tall = clip("tall", width_px=96, height_px=192)
    odd = [clip(f"odd{n}", fps="30000/1001", seed=n) for n in range(2)]
    film = timeline_of([tone, crack])
    skipped = replace(film, cuts=(film.cuts[0], replace(film.cuts[1], frames=21, skip_frames=20)))
    return {
        "rain": timeline_of([plain, other, plain], crossfade=6),
        "hard cuts": timeline_of([plain, other, plain]),
        "one clip": timeline_of([plain]),
        "silent": timeline_of([silent, silent], crossfade=4),
        "partly silent": timeline_of([silent, other], crossfade=4),
        "title card": timeline_of([folder / "card.mp4", plain, still, other]),
        "title card melting": timeline_of([folder / "card.mp4", plain], crossfade=8),
        "few pictures a second": timeline_of([slow, plain, slow], crossfade=6),
        "NTSC": timeline_of(odd, crossfade=5, fps="30000/1001"),
        "60": timeline_of([plain, other], crossfade=12, fps="60"),
        "23.976": timeline_of([plain, other], crossfade=12, fps="24000/1001"),
        "fire": timeline_of([cracks, cracks]),
        "a crack at the joint": skipped,
        "through black": replace(film, cuts=(film.cuts[0], replace(film.cuts[1], black_frames=12))),
        "grain, blurred sides": replace(timeline_of([plain, tall], crossfade=6), sides="blur", grain=2),
        "shorter than its place": replace(
            timeline_of([plain, other]),
            cuts=tuple(replace(cut, frames=60) for cut in timeline_of([plain, other]).cuts),
        ),
    }


GOOD_FILMS = (
    "rain", "hard cuts", "one clip", "silent", "partly silent", "title card", "title card melting",
    "few pictures a second", "NTSC", "60", "23.976", "fire", "a crack at the joint", "shorter than its place",
    "through black", "grain, blurred sides",
)  # fmt: skip


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Timeline]]:
    folder = tmp_path_factory.mktemp("films")
    return folder, _films(folder)


@pytest.mark.parametrize("name", GOOD_FILMS)
def test_no_good_film_is_accused(films, name):
    """Rain, fire, still cards, silence, odd rates: what the kit renders has no bad line and no doubt."""
    folder, timelines = films
    settings = replace(SETTINGS, target_lufs=-24.0)
    out = folder / f"{name}-film.mp4"
    report = render_master(timelines[name], out, settings, work_dir=folder / "work")
    certificate = looked(out, expected_of(timelines[name], settings))
    softer = any("softer" in note for note in report.notes)
    accused = [line.key for line in certificate.lines if line.state != "good"]
    assert accused == (["loudness"] if softer and certificate.doubts else []), told(certificate)
    assert len(certificate.lines) == len(LOOKED_AT)


def test_long_films_are_played_in_parts_and_read_whole(good, tmp_path, monkeypatch):
    """Beyond a quarter of an hour both ends, the middle and some joints are played, and it says so."""
    film, expected = good
    monkeypatch.setattr(film_decoding, "WHOLE_S", 3.0)
    monkeypatch.setattr(film_decoding, "END_S", 0.5)
    monkeypatch.setattr(film_decoding, "AROUND_S", 0.4)
    monkeypatch.setattr(film_decoding, "LOUD_S", 2.0)
    spans = film_decoding.stretches(expected.frames, expected.fps, expected.joints)
    assert spans[0][0] == 0 and spans[-1][1] == expected.frames and len(spans) > 2
    certificate = looked(film, expected)
    assert [line.key for line in certificate.lines] == list(LOOKED_AT)
    assert {line.state for line in certificate.lines} == {"good"}, told(certificate)
    played = sum(last - first for first, last in spans)
    assert f"{played} of {expected.frames} frames were decoded" in told(certificate)
    assert "tables were read" in certificate.decoded
    frozen = looked(with_pictures(film, tmp_path / "frozen.mp4", _frozen), expected)
    assert [line.key for line in frozen.bad] == ["stalls"], told(frozen)


def test_ten_hours_are_played_for_minutes():
    """However long the film, what is decoded of it stays short."""
    fps = Fraction(24)
    joints = [(n * 1440, n * 1440 + 12) for n in range(1, 600)]
    spans = film_decoding.stretches(864_000, fps, joints)
    assert sum(last - first for first, last in spans) / fps < 150
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_a_film_whose_clips_are_not_known_is_looked_at_all_the_same(good):
    """Without a timeline there is nothing to compare with, and all else is looked at."""
    film, expected = good
    certificate = looked(film, replace(expected, timeline=None))
    assert [line.key for line in certificate.lines if line.state != "good"] == ["stalls"], told(certificate)
    assert len(certificate.lines) == len(LOOKED_AT)


def test_a_click_is_only_a_doubt_when_the_clips_are_not_known(good, tmp_path):
    """A crack of the fire may fall on a joint; so a person is asked to listen."""
    film, expected = good
    broken = with_sound(film, tmp_path / "click.mp4", _clicks)
    certificate = looked(broken, replace(expected, timeline=None))
    assert not certificate.bad
    assert [line.key for line in certificate.doubts] == ["clicks", "stalls"], told(certificate)


def test_a_dark_screen_is_no_stall(good, tmp_path):
    """A picture that goes dark for the night, as asked, stands still without being a fault."""
    film, expected = good
    dark = with_pictures(film, tmp_path / "dark.mp4", lambda f: [*f[:47], *[f[0]] * (len(f) - 47)])
    certificate = looked(dark, replace(expected, dark_frames=47))
    assert not certificate.bad, told(certificate)


def test_a_silent_film_of_clips_that_sound_is_a_doubt(good, tmp_path):
    """Perhaps the clips are silent too; only a person can tell."""
    film, expected = good
    certificate = looked(with_sound(film, tmp_path / "silent.mp4", np.zeros_like), expected)
    assert [line.key for line in certificate.doubts] == ["loudness"]
    assert "though its clips have sound" in certificate.doubts[0].seen


def test_it_can_be_stopped(good):
    """Whoever stops the film need not wait for its certificate."""
    film, expected = good
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled, match="nothing was changed"):
        looked(film, expected, cancel=stop)


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\0\0\0\x10ftypisom\0\0\0\0"])
def test_what_is_no_film_is_one_bad_line(good, tmp_path, content):
    """A file of another kind ends the look at once."""
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert [line.key for line in looked(path, good[1]).lines] == ["whole"]
    assert [line.key for line in looked(tmp_path / "gone.mp4", good[1]).bad] == ["whole"]


@pytest.mark.parametrize("box", [b"stts", b"stsz", b"stsc", b"elst", b"ctts", b"mdhd", b"stss", b"mvhd"])
def test_damaged_tables_are_told_in_a_sentence(good, tmp_path, box):
    """Whatever stands in a table, reading it never ends in a traceback."""
    film, expected = good
    data = bytearray(film.read_bytes())
    at = data.index(box)
    for value in (0, 255):
        data[at + 4 : at + 28] = bytes([value]) * 24
        (tmp_path / "film.mp4").write_bytes(bytes(data))
        assert looked(tmp_path / "film.mp4", expected).bad


@pytest.mark.parametrize(("order", "dark_s"), [("as listed", 0), ("shuffled", 7)])
def test_a_film_that_goes_on_and_on_is_held_against_its_clips_too(films, order, dark_s):
    """What `render_long` makes is good to its end; a screen that goes dark is no stall."""
    folder, timelines = films
    loop = replace(timelines["rain"], cuts=timelines["rain"].cuts[:2])
    length = LongForm(12.0, order, 1, dark_s)
    film, out = LongFilm(loop, length), folder / f"{order}.mp4"
    render_long(film, out, SETTINGS, work_dir=folder / "work")
    dark = film.lit_frames - film.dusk_frames if film.dusk_frames else None
    certificate = looked(out, expected_of(unrolled(film.cycle, film.frames), SETTINGS, dark_frames=dark))
    assert {line.state for line in certificate.lines} == {"good"}, told(certificate)
    assert "frame for frame" in told(certificate)
