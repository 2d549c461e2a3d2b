"""Peaks are held at the ceiling, the wave between the samples too, and nothing else is touched or heard."""

from __future__ import annotations

import numpy as np
import pytest

from ltxlib.media.floats import write_floats
from ltxlib.media.limiter import AHEAD, MEMORY, Limited
from ltxlib.media.loudness import measure_blocks
from ltxlib.media.sound import RATE_HZ
from tests.support.sounds import noise, tone


def soft_noise(seconds: float, seed: int = 3) -> np.ndarray:
    """Noise that falls towards the treble, as rain and wind do."""
    wide = noise(seconds, peak=1.0, seed=seed)
    return np.stack([np.convolve(side, np.ones(12) / 12, "same") for side in wide.T], 1).astype(np.float32)


def crackles(seconds: float) -> np.ndarray:
    """A quiet night with a fire: short cracks 30 dB above the rest."""
    sound = soft_noise(seconds) * np.float32(0.02)
    random = np.random.default_rng(7)
    for at in random.integers(2000, len(sound) - 2000, int(seconds * 2)):
        crack = np.exp(-np.arange(60) / 12) * random.choice([-1, 1], 60) * random.uniform(0.3, 0.9)
        sound[at : at + 60] += crack[:, None].astype(np.float32)
    return sound


def held(tmp_path, sound, gain_db, ceiling=-1.0) -> tuple[np.ndarray, Limited]:
    limited = Limited(write_floats(tmp_path / "a.f32", [sound]), gain_db, ceiling)
    return np.concatenate(list(limited.span(0, len(sound)))), limited


@pytest.mark.parametrize("make", [crackles, soft_noise, lambda s: tone(s, 997.0), lambda s: tone(s, 60.0)])
@pytest.mark.parametrize("over_db", [1.0, 6.0, 12.0])
def test_the_true_peak_stays_at_the_ceiling(tmp_path, make, over_db):
    """Measured by a meter of another maker, and not held lower than needed."""
    sound = make(4)
    peak = measure_blocks([sound]).true_peak_dbtp
    found, limited = held(tmp_path, sound, -1.0 - peak + over_db)
    assert measure_blocks([found]).true_peak_dbtp == pytest.approx(-1.0, abs=0.12)
    assert limited.held_db == pytest.approx(over_db, abs=0.4)


def test_peaks_between_the_samples_are_seen(tmp_path):
    """A tone at a quarter of the rate whose samples all miss its crests, 3 dB below them."""
    at = np.arange(2 * RATE_HZ)
    swell = np.minimum(1, np.minimum(at, at[::-1]) / 9600)
    wave = (np.sin(at * np.pi / 2 + np.pi / 4) * swell).astype(np.float32)
    found, _limited = held(tmp_path, np.stack([wave, wave], 1), 0.0)
    assert np.abs(wave).max() < 0.71
    assert np.abs(found).max() == pytest.approx(0.707 * 10 ** (-1 / 20), abs=0.01)


def test_what_is_not_near_a_peak_is_left_as_it_is_to_the_bit(tmp_path):
    """One crack in the rain: before it comes near, and after it has passed, nothing is changed."""
    sound = soft_noise(4) * np.float32(0.05)
    sound[100_000] = 2.0
    found, limited = held(tmp_path, sound, 0.0)
    assert np.array_equal(found[: 100_000 - AHEAD - 30], sound[: 100_000 - AHEAD - 30])
    assert np.array_equal(found[100_000 + MEMORY :], sound[100_000 + MEMORY :])
    assert limited.held_db == pytest.approx(7, abs=0.3)
    quiet, _limited = held(tmp_path, sound[:90_000], 0.0)
    assert np.array_equal(quiet, sound[:90_000])


def test_the_rain_around_a_crack_hardly_dips(tmp_path):
    """12 dB are held for an instant; a tenth of a second later the rain is as it was, within 1 dB."""
    sound = soft_noise(4) * np.float32(0.05)
    sound[100_000] = 3.5
    found, _limited = held(tmp_path, sound, 0.0)
    for first in (100_000 - 5_000, 100_000 + 5_200):
        before, after = sound[first : first + 4_800], found[first : first + 4_800]
        assert 10 * np.log10((before**2).mean() / (after**2).mean()) < 1.0


def test_the_gain_moves_smoothly(tmp_path):
    """No click: from sample to sample the gain changes by less than a hundredth."""
    sound = crackles(4)
    found, _limited = held(tmp_path, sound, 12.0)
    factor = np.float32(10 ** (12 / 20))
    heard = np.abs(sound[:, 0]) > 1e-3
    gain = found[heard, 0] / (sound[heard, 0] * factor)
    steps = np.abs(np.diff(gain))[np.diff(np.flatnonzero(heard)) == 1]
    assert gain.min() < 0.5
    assert steps.max() < 0.02


@pytest.mark.parametrize(("hz", "below_db"), [(50.0, -40), (110.0, -40), (997.0, -60)])
def test_a_tone_that_is_held_stays_a_tone(tmp_path, hz, below_db):
    """Held down by 6 dB for seconds, what is added to it stays far below it."""
    found, _limited = held(tmp_path, tone(6, hz, peak=1.0), 5.0)
    part = found[RATE_HZ : 5 * RATE_HZ, 0]
    powers = np.abs(np.fft.rfft(part * np.blackman(len(part)))) ** 2
    top = int(powers.argmax())
    rest = powers.sum() - powers[top - 8 : top + 9].sum()
    assert 10 * np.log10(rest / powers.sum()) < below_db


def test_any_span_is_the_same(tmp_path):
    """Wherever one begins to listen, a sample has the same bits."""
    sound = crackles(7)
    found, limited = held(tmp_path, sound, 12.0)
    random = np.random.default_rng(4)
    for _ in range(12):
        first, last = sorted(random.integers(0, len(sound), 2))
        part = np.concatenate(list(limited.span(first, last)))
        assert np.array_equal(part, found[first:last])


def test_without_a_ceiling_it_is_plain_gain(tmp_path):
    """Nothing is held, whatever comes out."""
    sound = soft_noise(1)
    limited = Limited(write_floats(tmp_path / "a.f32", [sound]), 20.0)
    found = np.concatenate(list(limited.span(0, len(sound))))
    assert np.array_equal(found, sound * np.float32(10))
    assert limited.held_db == 0.0
