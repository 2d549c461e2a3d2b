"""Clips come nearer to one loudness, measured on the mix itself, and none where it should not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.core.soundtrack import Soundtrack
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.floats import write_floats
from ltxlib.media.levelling import MOST_DB, levels_of, loudness_of
from ltxlib.media.loudness import measure_blocks
from ltxlib.media.mix import Mix
from ltxlib.media.probe import probe
from ltxlib.media.sound import RATE_HZ
from tests.support.clips import make_clip
from tests.support.sounds import noise


def film(room, peaks, order=None, **wishes):
    """Clips of noise of these peaks in this order, mixed; the loudness of each place, and the notes."""
    clips = [
        probe(make_clip(room / f"{n}.mp4", frames=24, wave="noise", seed=n, sound_rate_hz=48000, peak=peak))
        for n, peak in enumerate(peaks)
    ]
    infos = [clips[n] for n in order or range(len(clips))]
    gains = wishes.pop("gains", [0.0] * len(infos))
    cuts = [
        Cut(str(info.path), "s", info.path.stem, 24, gain) for info, gain in zip(infos, gains, strict=True)
    ]
    mix = Mix(Timeline(cuts, Fraction(24), 128, 64), infos, Soundtrack(**wishes), room)
    told = []
    for number in range(len(infos)):
        first = number * RATE_HZ
        told.append(measure_blocks(mix.span(first + 2000, first + RATE_HZ - 2000)).integrated_lufs)
    return told, mix.notes


def test_clips_come_to_the_loudness_of_the_median_clip(tmp_path):
    """4 dB louder and 4 dB softer ones end beside the others; the gains are told."""
    told, notes = film(tmp_path, [0.1, 0.158, 0.063, 0.1, 0.1])
    assert max(told) - min(told) < 0.5
    assert notes == ("Clips were brought nearer to the others in loudness: s 1 -4.0 dB, s 2 +4.0 dB.",)


def test_no_clip_is_changed_by_more_than_a_little(tmp_path):
    """A thunderstorm stays louder than a whisper."""
    told, notes = film(tmp_path, [0.05, 0.05, 0.8])
    assert told[2] - told[0] == pytest.approx(20 * np.log10(16) - MOST_DB, abs=0.4)
    assert "s 2 -6.0 dB" in notes[0]


def test_near_silence_stays_what_it_is(tmp_path):
    """A clip 40 dB below the others is meant to be quiet."""
    told, notes = film(tmp_path, [0.3, 0.3, 0.003])
    assert told[0] - told[2] == pytest.approx(40, abs=0.6)
    assert notes == ()


def test_a_take_has_one_gain_wherever_it_stands(tmp_path):
    """Twice in the film, equally loud both times."""
    told, _notes = film(tmp_path, [0.1, 0.14, 0.1], order=[1, 0, 2, 1])
    assert told[0] == pytest.approx(told[3], abs=0.05)


def test_what_a_person_sets_comes_on_top(tmp_path):
    """A cut 6 dB softer is 6 dB softer than the others after they were evened."""
    told, _notes = film(tmp_path, [0.1, 0.15, 0.1], gains=[0.0, -6.0, 0.0], clips_db=-3.0)
    assert told[0] - told[1] == pytest.approx(6, abs=0.3)
    plain, _notes = film(tmp_path, [0.1, 0.15, 0.1])
    assert plain[0] - told[0] == pytest.approx(3, abs=0.1)


def test_a_few_loud_cracks_in_the_quiet_are_not_made_louder(tmp_path):
    """They are measured as soft, but no clip's peaks are raised above those of all others."""
    rain = write_floats(tmp_path / "a.f32", [noise(3, peak=0.2)])
    cracks = noise(3, peak=0.02)
    cracks[20_000::40_000] = 0.6
    fire = write_floats(tmp_path / "b.f32", [cracks])
    levels = levels_of({"rain": (rain, 0, rain.count), "fire": (fire, 0, fire.count)}, even=True)
    assert levels.lufs["fire"] < levels.lufs["rain"] - 5
    assert levels.gains_db["fire"] == 0.0


def test_switched_off_nothing_is_changed(tmp_path):
    """The clips are as loud as they were made."""
    told, notes = film(tmp_path, [0.1, 0.2, 0.1], even=False)
    assert told[1] - told[0] == pytest.approx(6, abs=0.3)
    assert notes == ()


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.39])
def test_short_sounds_are_measured_too(tmp_path, seconds):
    """Shorter than a broadcaster's window, a noise is as loud as when it is long."""
    long, _peak = loudness_of(write_floats(tmp_path / "a.f32", [noise(2)]), 0, 2 * RATE_HZ)
    short = write_floats(tmp_path / "b.f32", [noise(seconds)])
    assert loudness_of(short, 0, short.count)[0] == pytest.approx(long, abs=0.7)


def test_silence_has_no_loudness_and_no_gain(tmp_path):
    """A film of silence is no division by nothing."""
    silent = write_floats(tmp_path / "a.f32", [np.zeros((RATE_HZ, 2), np.float32)])
    empty = write_floats(tmp_path / "b.f32", [])
    levels = levels_of({"a": (silent, 0, RATE_HZ), "b": (empty, 0, 100)}, even=True)
    assert levels.after_lufs is None
    assert levels.gains_db == {"a": 0.0, "b": 0.0}
