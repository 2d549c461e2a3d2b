"""Beds are looped without a gap, music follows on music, all else goes down under it, gaps are filled."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media.ffmpeg import find_ffmpeg, run_ffmpeg
from ltxlib.media.floats import write_floats
from ltxlib.media.looping import endless
from ltxlib.media.loudness import measure_samples
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.mix import Mix
from ltxlib.media.probe import probe
from ltxlib.media.sound import RATE_HZ
from tests.support.clips import make_clip
from tests.support.sounds import make_sound, noise, tone


def power(block: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(block.astype(np.float64) ** 2) + 1e-12))


def measure_program(path):
    """How loud a file is, by the ffmpeg program."""
    raw = path.with_suffix(".f32")
    run_ffmpeg(find_ffmpeg(), ["-i", str(path), "-f", "f32le", "-ar", "48000", "-ac", "2", str(raw)])
    return measure_samples(raw, RATE_HZ, find_ffmpeg())


def powers(sound: np.ndarray, window_s: float = 0.1) -> np.ndarray:
    step = round(window_s * RATE_HZ)
    return np.array([power(sound[at : at + step]) for at in range(0, len(sound) - step + 1, step)])


def mixed(room, soundtrack: Soundtrack, clips=None, seconds=10, **options) -> Mix:
    """A film of the clips given, or of one silent picture of so many seconds."""
    room.mkdir(exist_ok=True)
    if clips is None:
        clips = [make_clip(room / "mute.mp4", frames=seconds * 4, fps=4, sound=None, picture="still")]
    infos = [probe(clip) for clip in clips]
    rate = infos[0].fps
    cuts = [Cut(str(info.path), "night", f"t{n}", info.frames_at(rate)) for n, info in enumerate(infos)]
    return Mix(Timeline(cuts, Fraction(rate), 128, 64), infos, soundtrack, room, **options)


def whole(mix: Mix, first=0, last=None) -> np.ndarray:
    return np.concatenate(list(mix.span(first, mix.samples if last is None else last)))


def bed(path, **options) -> Layer:
    return Layer(str(path), **{"gain_db": 0.0, "fade_in_s": 0.0, "fade_out_s": 0.0, **options})


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels"),
    [
        ("a.wav", 8_000, 1),
        ("a.wav", 96_000, 2),
        ("a.flac", 44_100, 2),
        ("a.mp3", 24_000, 1),
        ("a.m4a", 48_000, 2),
        ("a.ogg", 48_000, 2),
    ],
)
def test_any_file_of_noise_is_looped_without_a_dip_or_a_click(tmp_path, name, rate_hz, channels):
    """Three seconds become ten, as loud at the seams as everywhere."""
    file = make_sound(tmp_path / name, noise(3, rate_hz=rate_hz, channels=channels), rate_hz)
    sound = whole(mixed(tmp_path / "room", Soundtrack(beds=(bed(file),))))
    assert len(sound) == 10 * RATE_HZ
    told = powers(sound[2_000:-2_000], 0.2)
    assert told.max() - told.min() < 1.5
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    first_time = steps[: 2 * RATE_HZ].max()
    assert steps.max() < 1.15 * first_time


@pytest.mark.parametrize("hz", [50.0, 61.7, 440.0])
def test_a_hum_neither_swells_nor_cancels_at_its_seam(tmp_path, hz):
    """A tone is joined where its waves agree, so that its loop is nearly the tone itself."""
    file = make_sound(tmp_path / "hum.wav", tone(3.37, hz))
    sound = whole(mixed(tmp_path / "room", Soundtrack(beds=(bed(file),))))
    told = powers(sound[2_000:-2_000], 0.2)
    assert told.max() - told.min() < 1.0
    assert np.abs(np.diff(sound[300:-300], axis=0)).max() < 1.1 * 0.3 * 2 * np.pi * hz / RATE_HZ


def test_a_bed_that_fades_in_and_out_is_looped_without_its_fades(tmp_path):
    """Where a recording goes up from silence and down again, the loop uses what is even."""
    sound = noise(8)
    ramp = np.linspace(0, 1, RATE_HZ)[:, None] ** 2
    sound[:RATE_HZ] *= ramp
    sound[-RATE_HZ:] *= ramp[::-1]
    file = make_sound(tmp_path / "rain.wav", sound)
    told = powers(whole(mixed(tmp_path / "room", Soundtrack(beds=(bed(file),)), seconds=20)), 0.2)
    assert told[1:-1].max() - told[1:-1].min() < 2.0


def test_a_loop_gives_the_same_samples_wherever_it_is_read(tmp_path):
    """Also before its beginning."""
    loop = endless(write_floats(tmp_path / "a.f32", [noise(2)]))
    once = loop.read(0, loop.length)
    assert np.array_equal(loop.read(-loop.length, 2 * loop.length), np.concatenate([once] * 3))
    assert np.array_equal(loop.read(7 * loop.length - 5, 7 * loop.length + 900)[5:], once[:900])


def test_a_bed_longer_than_the_film_is_not_looped(tmp_path):
    """What is heard is the file itself, read no further than needed."""
    samples = noise(14)
    file = make_sound(tmp_path / "a.wav", samples)
    mix = mixed(tmp_path / "room", Soundtrack(beds=(bed(file, gain_db=-6.0206),)))
    assert np.allclose(whole(mix)[500:-500], samples[500 : 10 * RATE_HZ - 500] / 2, atol=1e-4)
    assert (tmp_path / "room" / "bed0.f32").stat().st_size < 11 * RATE_HZ * 8


def test_beds_begin_end_and_fade_as_asked(tmp_path):
    """Silent until its moment, then up, and down before the film's end."""
    file = make_sound(tmp_path / "a.wav", noise(3))
    layer = bed(file, begins_s=2.0, fade_in_s=2.0, fade_out_s=3.0)
    sound = whole(mixed(tmp_path / "room", Soundtrack(beds=(layer,))))
    assert not sound[: 2 * RATE_HZ].any()
    told = powers(sound[2 * RATE_HZ :], 0.5)
    assert told[0] < told[1] < told[2] < told[3] + 0.5
    assert told[5] == pytest.approx(power(noise(3)), abs=0.3)
    assert told[-1] < told[-3] - 10


def test_music_follows_on_music_and_begins_again(tmp_path):
    """Three pieces in turn, melting, for longer than they last together; no gap and no click."""
    tones = (220.0, 440.0, 880.0)
    files = [make_sound(tmp_path / f"{hz:g}.wav", tone(4, hz)) for hz in tones]
    mix = mixed(tmp_path / "room", Soundtrack(music=tuple(bed(file) for file in files)), seconds=16)
    sound = whole(mix)
    # Each lasts 4 s and melts for 1: they begin every 3 s.
    heard = []
    for second in (1, 5, 8, 11, 14):
        block = sound[second * RATE_HZ : (second + 1) * RATE_HZ, 0]
        heard.append(float(np.abs(np.fft.rfft(block)).argmax()))
    assert heard == [220, 440, 880, 220, 440]
    assert powers(sound[2000:-2000], 0.2).min() > power(tone(1, 220.0)) - 1
    assert np.abs(np.diff(sound, axis=0)).max() < 1.5 * 0.3 * 2 * np.pi * 880 / RATE_HZ


def test_all_else_goes_down_smoothly_while_music_plays(tmp_path):
    """By as much as asked, over three quarters of a second, and comes up in a pause of the music."""
    rain = make_sound(tmp_path / "rain.wav", noise(3))
    hum = make_sound(tmp_path / "hum.wav", tone(3, 1000.0, peak=1e-4))
    music = (bed(hum, begins_s=2.0), bed(hum, begins_s=8.0))
    sound = whole(
        mixed(tmp_path / "room", Soundtrack(beds=(bed(rain),), music=music, duck_db=12.0), seconds=12)
    )
    told = powers(sound, 0.25)
    loud = power(noise(3))
    assert told[2:8].mean() == pytest.approx(loud, abs=0.3)
    assert told[11:20].mean() == pytest.approx(loud - 12, abs=0.5)
    assert told[24:31].mean() == pytest.approx(loud, abs=0.3)
    assert told[36:46].mean() == pytest.approx(loud - 12, abs=0.5)
    assert max(abs(after - before) for before, after in pairwise(told[1:-1])) < 8


def test_a_slow_start_brings_everything_up(tmp_path):
    """Music too; nothing is heard at first."""
    file = make_sound(tmp_path / "a.wav", noise(3))
    sound = whole(
        mixed(tmp_path / "room", Soundtrack(beds=(bed(file),), music=(bed(file),), slow_start_s=6.0))
    )
    told = powers(sound, 0.5)
    assert told[0] < told[13] - 30
    assert all(before < after + 0.5 for before, after in pairwise(told[:12]))


@pytest.fixture(scope="module")
def rain(tmp_path_factory):
    """A soft bed of noise."""
    return make_sound(tmp_path_factory.mktemp("beds") / "rain.wav", noise(4, peak=0.02))


def loud_clip(path, **options):
    return make_clip(path, **{"frames": 48, "wave": "noise", "sound_rate_hz": 48000, "peak": 0.2, **options})


def test_a_clip_without_sound_is_filled_from_the_bed_as_loud_as_the_others(tmp_path, rain):
    """The bed comes up to the clips' level for just so long, and people are told."""
    clips = [loud_clip(tmp_path / "a.mp4"), loud_clip(tmp_path / "b.mp4", sound=None)]
    clips.append(loud_clip(tmp_path / "c.mp4", seed=3))
    mix = mixed(tmp_path / "room", Soundtrack(beds=(bed(rain),)), clips)
    sound = whole(mix)
    levels = [power(sound[at * RATE_HZ + 24_000 : at * RATE_HZ + 72_000]) for at in (0, 2, 4)]
    # Measured as ears hear it they are alike; both are white noise, so plainly too.
    assert levels[1] == pytest.approx(levels[0], abs=0.7)
    assert mix.notes == ("night t1: it has no sound; the bed rain.wav comes up in its place.",)
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    assert steps[90_000:200_000].max() < 1.1 * max(steps[:90_000].max(), steps[200_000:].max())


def test_sound_that_ends_long_before_its_picture_is_filled(tmp_path, rain):
    """From where it ends; a sound that ends a few hundredths early is as it should be."""
    clips = [loud_clip(tmp_path / "a.mp4", sound_s=0.8), loud_clip(tmp_path / "b.mp4", sound_s=1.93)]
    mix = mixed(tmp_path / "room", Soundtrack(beds=(bed(rain),)), clips)
    told = powers(whole(mix), 0.1)
    assert told[3:19].min() > told[1:7].mean() - 1.5
    assert mix.notes == ("night t0: its sound ends 1.2 s early; the bed rain.wav comes up in its place.",)


def test_sound_that_begins_long_after_its_picture_is_filled_too(tmp_path, rain):
    """The bed goes as the clip's own sound comes; where it comes has not moved."""
    early, late = loud_clip(tmp_path / "a.mp4"), tmp_path / "late.mp4"
    apart = ["-i", str(early), "-itsoffset", "0.8", "-i", str(early), "-map", "0:v", "-map", "1:a"]
    run_ffmpeg(find_ffmpeg(), [*apart, "-c", "copy", str(late)])
    mix = mixed(tmp_path / "room", Soundtrack(beds=(bed(rain),)), [early, late, early])
    sound = whole(mix)
    told = powers(sound, 0.1)
    assert told[1:-1].min() > told[1:18].mean() - 1.5
    assert mix.notes == ("night t1: its sound begins 0.8 s late; the bed rain.wav comes up in its place.",)
    first = 2 * RATE_HZ + round(0.8 * RATE_HZ) + 20_000
    there, here = sound[first : first + 9_600, 0], sound[20_000:29_600, 0]
    assert np.corrcoef(there, here)[0, 1] > 0.98


@pytest.mark.parametrize(
    ("beds", "fill", "said"),
    [
        (False, True, "so the film is silent there. A bed of ambience would fill it."),
        (True, False, "so only the bed is heard there."),
    ],
)
def test_without_a_bed_or_a_wish_it_is_only_said(tmp_path, rain, beds, fill, said):
    """Nothing comes up; the cure is told."""
    clips = [loud_clip(tmp_path / "a.mp4"), loud_clip(tmp_path / "b.mp4", wave="silence")]
    mix = mixed(tmp_path / "room", Soundtrack(beds=(bed(rain),) if beds else (), fill=fill), clips)
    assert mix.notes == (f"night t1: it has no sound, {said}",)
    assert power(whole(mix)[150_000:]) < power(noise(1, peak=0.02)) + 0.5


@pytest.mark.parametrize("rounds", [1, 3])
def test_beds_and_music_close_in_a_circle(tmp_path, rain, rounds):
    """After so many rounds all repeats to the bit, with no dip and no click where it does."""
    clips = [loud_clip(tmp_path / "a.mp4", peak=0.001), loud_clip(tmp_path / "b.mp4", peak=0.001)]
    song = make_sound(tmp_path / "song.wav", noise(5, peak=0.05, seed=8))
    track = Soundtrack(beds=(bed(rain),), music=(bed(song),), duck_db=6.0, even=False)
    circle = mixed(tmp_path / "a", track, clips, rounds=rounds)
    assert circle.period == rounds * 4 * RATE_HZ
    sound = whole(circle)
    around = whole(circle, circle.period - 70_000, circle.period + 70_000)
    assert np.array_equal(around, np.concatenate([sound[-70_000:], sound[:70_000]]))
    told = powers(around, 0.2)
    assert told.max() - told.min() < 1.5
    film = mixed(tmp_path / "b", track, clips, rounds=rounds, samples=30 * RATE_HZ)
    first, last = film.steady
    assert first < last
    assert np.array_equal(whole(film, first, last), whole(circle, first, last))
    everything = whole(film)
    assert np.array_equal(everything[90_001:700_007], whole(film, 90_001, 700_007))
    told = powers(everything, 0.2)
    assert told[1:-1].max() - told[10:-1].min() < 8.5


def test_any_span_of_a_mix_of_everything_is_cut_from_the_whole(tmp_path, rain):
    """Beds, music, ducking, filling and fades: a sample has the same bits whichever span is asked."""
    clips = [loud_clip(tmp_path / "a.mp4"), loud_clip(tmp_path / "b.mp4", sound=None)]
    song = make_sound(tmp_path / "song.wav", noise(2, seed=8))
    layers = {"beds": (bed(rain, fade_in_s=1.0),), "music": (bed(song, begins_s=1.0), bed(song))}
    track = Soundtrack(**layers, duck_db=9.0, slow_start_s=1.5)
    mix = mixed(tmp_path / "room", track, clips, fades=(7000, 9000))
    sound = whole(mix)
    random = np.random.default_rng(2)
    for _ in range(60):
        first, last = sorted(random.integers(0, mix.samples, 2))
        assert np.array_equal(whole(mix, first, min(last, first + 9000)), sound[first:last][:9000])


def test_a_finished_film_sounds_as_its_report_says(tmp_path, rain):
    """Bed, filling, a crack that must be held, coded: measured on the file itself by the ffmpeg program."""
    cracks = {"wave": "clicks", "clicks_s": (0.3, 1.2), "peak": 0.9}
    clips = [loud_clip(tmp_path / "a.mp4", peak=0.05), loud_clip(tmp_path / "b.mp4", **cracks)]
    clips.append(loud_clip(tmp_path / "c.mp4", sound=None))
    infos = [probe(clip) for clip in clips]
    cuts = [Cut(str(info.path), "night", f"t{n}", 48) for n, info in enumerate(infos)]
    film = Timeline(cuts, Fraction(24), 128, 64, 6)
    wishes = MasterSettings(target_lufs=-16.0, soundtrack=Soundtrack(beds=(bed(rain),)))
    report = render_master(film, tmp_path / "film.mp4", wishes, work_dir=tmp_path / "work")
    found = measure_program(report.path)
    assert found.integrated_lufs == pytest.approx(-16.0, abs=0.3)
    assert found.integrated_lufs == pytest.approx(report.integrated_lufs, abs=0.1)
    assert found.true_peak_dbtp <= -1.0
    assert found.true_peak_dbtp == pytest.approx(report.true_peak_dbtp, abs=0.1)
    assert any("rain.wav comes up" in note for note in report.notes)


def test_sounds_that_cannot_be_used_are_told_in_one_sentence(tmp_path):
    """Too short, broken, missing, no sound: each by the file's name, with what to do."""
    short = make_sound(tmp_path / "short.wav", noise(0.5))
    with pytest.raises(BadInput) as told:
        mixed(tmp_path / "room", Soundtrack(beds=(bed(short),)))
    assert "short.wav" in str(told.value)
    assert "0.50 s" in str(told.value)
    (tmp_path / "broken.mp3").write_bytes(b"no sound at all" * 100)
    mute = make_clip(tmp_path / "mute.mp4", sound=None)
    for file in (tmp_path / "broken.mp3", tmp_path / "gone.wav", mute):
        with pytest.raises(ClipUnreadable) as told:
            mixed(tmp_path / "room", Soundtrack(music=(bed(file),)))
        assert file.name in told.value.message
        assert told.value.cure == "Choose another file for it, or take it out of the film's sound."
