"""The sound reaches its target by plain gain, and its decoded peaks keep the ceiling."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ltxlib.core.soundtrack import Soundtrack
from ltxlib.errors import Cancelled
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.level import level_sound
from ltxlib.media.settings import MasterSettings

SECONDS = 4
RANDOM = np.random.default_rng(5)


def noise(peak: float) -> np.ndarray:
    return (RANDOM.uniform(-1, 1, (48_000 * SECONDS, 2)) * peak).astype(np.float32)


def levelled(room, sound, **settings):
    return level_sound([sound[:70_000], sound[70_000:]], room, MasterSettings(**settings), find_ffmpeg())


@pytest.mark.parametrize("peak", [0.004, 0.2, 3.0])
@pytest.mark.parametrize("target", [-14.0, -18.0, -23.0])
def test_quiet_and_loud_mixes_reach_the_target(tmp_path, peak, target):
    """Within 0.3 LU and under the ceiling, from far below and from above full scale."""
    level = levelled(tmp_path, noise(peak), target_lufs=target)
    assert level.loudness.integrated_lufs == pytest.approx(target, abs=0.3)
    assert level.loudness.true_peak_dbtp <= -1.0
    assert level.notes == ()


def test_a_crackle_in_the_quiet_keeps_the_ceiling_and_the_report_says_what_it_cost(tmp_path):
    """Without a limiter, where peaks forbid the target the film stays softer, by plain gain alone."""
    sound = noise(0.01)
    sound[20_000::48_000] = 0.9
    level = levelled(tmp_path, sound, target_lufs=-14.0, soundtrack=Soundtrack(limit=False))
    assert level.loudness.integrated_lufs < -15
    assert -2.5 < level.loudness.true_peak_dbtp <= -1.0
    [note] = level.notes
    assert "softer than the -14 LUFS asked for" in note


@pytest.mark.parametrize("ceiling", [-1.0, -6.0])
def test_what_coding_adds_to_the_peaks_is_taken_back(tmp_path, ceiling):
    """Noise at few bits overshoots when it is coded; the decoded sound keeps the ceiling all the same."""
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, (48_000 * SECONDS, 2)).astype(np.float32)
    track = Soundtrack(limit=False)
    wishes = {"target_lufs": -5.0, "ceiling_dbtp": ceiling, "audio_kbps": 96, "soundtrack": track}
    level = levelled(tmp_path, sound, **wishes)
    assert ceiling - 2.0 < level.loudness.true_peak_dbtp <= ceiling
    # The mix's own true peak, -0.4 dB, would have allowed more gain than was given.
    assert level.gain_db < ceiling + 0.4 - 0.3


def test_silence_stays_silent(tmp_path):
    """Nothing to measure, nothing to raise, no crash."""
    level = levelled(tmp_path, np.zeros((48_000, 2), np.float32))
    assert (level.gain_db, level.loudness.integrated_lufs) == (0.0, None)
    assert level.notes == ("The film is silent.",)


def test_a_moment_of_sound_is_left_as_it_is_but_for_its_peaks(tmp_path):
    """Too short to measure: only the ceiling acts."""
    sound = noise(0.1)[:9600]
    level = level_sound([sound], tmp_path, MasterSettings(), find_ffmpeg())
    assert level.gain_db == 0.0
    assert "too short" in level.notes[0]


def test_the_raw_mix_is_gone_afterwards(tmp_path):
    """Only the coded sound is left in the room."""
    level = levelled(tmp_path, noise(0.1))
    assert [path.name for path in tmp_path.iterdir()] == [level.path.name]


def test_cancel_stops_it(tmp_path):
    """A cancel that comes in mid-mix ends the work."""
    cancel = threading.Event()

    def blocks():
        yield noise(0.1)
        cancel.set()

    with pytest.raises(Cancelled):
        level_sound(blocks(), tmp_path, MasterSettings(), find_ffmpeg(), cancel)


def crackling(level: float = 0.01) -> np.ndarray:
    """Quiet noise with one short crack a second."""
    sound = noise(level)
    for at in range(20_000, len(sound), 48_000):
        sound[at : at + 40] += (0.4 * np.exp(-np.arange(40) / 10))[:, None].astype(np.float32)
    return sound


@pytest.mark.parametrize("target", [-23.0, -30.0])
def test_a_crackle_is_held_so_that_the_film_is_as_loud_as_asked(tmp_path, target):
    """The limiter gives what plain gain cannot, under the ceiling after coding, and says what it took."""
    level = levelled(tmp_path, crackling(), target_lufs=target)
    assert level.loudness.integrated_lufs == pytest.approx(target, abs=0.3)
    assert level.loudness.true_peak_dbtp <= -1.0
    assert level.held_db > 1
    assert level.ceiling_dbtp <= -1.05
    assert bool(level.notes) == (level.held_db > 6)
    if level.notes:
        assert f"held down by up to {level.held_db:.1f} dB" in level.notes[0]


def test_the_limiter_stops_short_of_pressing_all_flat(tmp_path):
    """A quiet night is not made as loud as a street: what is missing is told."""
    level = levelled(tmp_path, crackling(0.001), target_lufs=-10.0)
    assert level.loudness.integrated_lufs < -15
    assert level.loudness.true_peak_dbtp <= -1.0
    assert level.held_db < 16
    assert any("more would press all of it flat" in note for note in level.notes)


def test_a_loud_pure_tone_is_not_spoilt_by_the_coder(tmp_path):
    """The quick coder makes a singing bowl near full scale 2 dB softer; then the thorough one codes it."""
    wave = np.sin(np.arange(48_000 * SECONDS) * 2 * np.pi * 440 / 48_000).astype(np.float32) * 0.5
    level = levelled(tmp_path, np.stack([wave, wave], 1), target_lufs=-5.0, ceiling_dbtp=-1.0)
    assert level.loudness.integrated_lufs == pytest.approx(-5.0, abs=0.3)


def test_the_same_sound_is_coded_to_the_same_bytes(tmp_path):
    """A film made twice is the same film."""
    made, sound = [], crackling()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(levelled(tmp_path / name, sound, target_lufs=-23.0).path.read_bytes())
    assert made[0] == made[1]
