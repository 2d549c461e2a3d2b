"""Loudness is measured, silence included."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ltxlib.errors import Cancelled, ClipUnreadable, MediaError
from ltxlib.media.ffmpeg import NEEDED_ENCODERS, NEEDED_FILTERS, Ffmpeg, find_ffmpeg
from ltxlib.media.loudness import SILENCE, Loudness, measure, measure_samples
from tests.support.clips import make_clip


def test_a_tone_is_as_loud_as_the_standard_says(tmp_path):
    """1 kHz at -20 dB peak on both sides is -20 LUFS, by BS.1770's own definition."""
    sound = {"tone_hz": 1000, "peak": 0.1, "sound_rate_hz": 48000, "sound_codec": "pcm_s16le"}
    clip = make_clip(tmp_path / "a.mov", frames=72, **sound)
    found = measure(clip, find_ffmpeg())
    assert found.integrated_lufs == pytest.approx(-20.0, abs=0.3)
    assert found.true_peak_dbtp == pytest.approx(-20.0, abs=0.3)
    assert found.range_lu is not None


@pytest.mark.parametrize("options", [{"wave": "silence"}, {"sound": None}])
def test_silence_has_no_loudness(tmp_path, options):
    """Silent sound and no sound at all are None, not minus infinity and not a crash."""
    assert measure(make_clip(tmp_path / "a.mp4", frames=48, **options), find_ffmpeg()) == SILENCE


def test_a_moment_too_short_to_measure_still_has_a_peak(tmp_path):
    """Under 0.4 s there is no loudness, but a peak."""
    found = measure(make_clip(tmp_path / "a.mp4", frames=5, peak=0.5), find_ffmpeg())
    assert found.integrated_lufs is None
    assert found.true_peak_dbtp == pytest.approx(-6, abs=1)


def test_peaks_of_a_mix_above_full_scale_are_seen(tmp_path):
    """A float mix may exceed full scale; the measure tells by how much."""
    tone = 2 * np.sin(np.arange(48_000) * 2 * np.pi * 1000 / 48_000)
    raw = tmp_path / "mix.f32"
    raw.write_bytes(np.stack([tone, tone], 1).astype("<f4").tobytes())
    assert measure_samples(raw, 48_000, find_ffmpeg()).true_peak_dbtp == pytest.approx(6.0, abs=0.2)


def test_what_is_no_clip_is_refused(tmp_path):
    """A broken file is told as such."""
    (tmp_path / "a.mp4").write_bytes(b"x" * 100)
    with pytest.raises(ClipUnreadable):
        measure(tmp_path / "a.mp4", find_ffmpeg())


def test_measuring_can_be_cancelled(tmp_path):
    """A long film need not be measured to its end."""
    raw, cancel = tmp_path / "mix.f32", threading.Event()
    with raw.open("wb") as file:
        file.truncate(48_000 * 8 * 3000)
    cancel.set()
    with pytest.raises(Cancelled):
        measure_samples(raw, 48_000, find_ffmpeg(), cancel=cancel)


def test_an_ffmpeg_that_answers_nothing_is_an_error(tmp_path):
    """No summary is no loudness, and never taken for silence."""
    mute = tmp_path / "ffmpeg"
    mute.write_text("#!/bin/sh\n")
    mute.chmod(0o755)
    with pytest.raises(MediaError, match="how loud"):
        measure_samples(mute, 48_000, Ffmpeg(mute, "0", "chosen", NEEDED_ENCODERS, NEEDED_FILTERS))


def test_equal_measures_are_equal():
    """Loudness is a plain value."""
    assert Loudness(-18.0, -1.0, 3.0) == Loudness(-18.0, -1.0, 3.0)
