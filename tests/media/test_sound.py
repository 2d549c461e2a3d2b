"""Each clip's samples sit exactly under its pictures, and nothing clicks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.probe import open_clip, probe
from ltxlib.media.sound import RATE_HZ, clip_sound, film_sound, heard_blocks
from tests.support.clips import make_clip

HALF_MS = RATE_HZ // 2000


def mix(clips, crossfade=0, fades=(0, 0), fps="24", gains=None, frames=None) -> np.ndarray:
    infos = [probe(clip) for clip in clips]
    gains = gains or [0.0] * len(clips)
    counts = [frames or info.frames_at(Fraction(fps)) for info in infos]
    cuts = [Cut(str(i.path), "s", "t", n, gain) for i, n, gain in zip(infos, counts, gains, strict=True)]
    timeline = Timeline(cuts, Fraction(fps), 128, 64, crossfade)
    sound = np.concatenate(list(film_sound(timeline, infos, fades)))
    assert len(sound) == timeline.sample_at(timeline.frames, RATE_HZ)
    return sound


def power(block: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(block**2) + 1e-12))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sound": "mono"},
        {"sound": "5.1", "sound_rate_hz": 48000},
        {"sound_rate_hz": 48000},
        {"sound_rate_hz": 44100},
        {"sound_rate_hz": 8000},
        {"sound_codec": "pcm_s16le", "name": "a.mov"},
    ],
)
def test_a_click_stays_where_it_was(tmp_path, options):
    """Whatever rate, channels and coder a clip has, its sound is not shifted by half a millisecond."""
    options = {"wave": "clicks", "clicks_s": (0.25, 0.5), "peak": 0.9, **options}
    clip = make_clip(tmp_path / options.pop("name", "a.mp4"), **options)
    sound = clip_sound(probe(clip), 34000)
    assert sound.shape == (34000, 2)
    for moment, (low, high) in ((0.25, (0, 18000)), (0.5, (18000, 34000))):
        loudest = low + np.abs(sound[low:high]).argmax(0)
        assert np.all(np.abs(loudest - moment * RATE_HZ) <= 2 * HALF_MS)


def test_mono_plays_on_both_sides_as_loud_as_it_is(tmp_path):
    """One channel becomes two equal ones."""
    sound = clip_sound(probe(make_clip(tmp_path / "a.mp4", sound="mono", peak=0.5)), 30000)
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert np.abs(sound).max() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("seconds", [0.4, 0.69, 0.9])
def test_sound_shorter_or_longer_than_the_picture_is_filled_or_cut(tmp_path, seconds):
    """LTX-2's sound ends before its picture: silence fills the rest, and the end has no edge."""
    sound = clip_sound(probe(make_clip(tmp_path / "a.mp4", sound_s=seconds)), 34000)
    assert len(sound) == 34000
    end = round(min(seconds, 34000 / RATE_HZ) * RATE_HZ)
    assert np.abs(sound[end - 2000 : end - 500]).max() > 0.2
    assert np.abs(sound[end + 50 :]).max(initial=0) == 0
    assert np.abs(np.diff(sound, axis=0)).max() < 0.02


def test_a_clip_without_sound_is_silence_of_the_right_length(tmp_path):
    """Nothing is refused and nothing moves."""
    sound = clip_sound(probe(make_clip(tmp_path / "a.mp4", sound=None)), 1234)
    assert sound.shape == (1234, 2)
    assert not sound.any()


def test_a_sound_stream_without_any_sound_is_silence(tmp_path):
    """A stream of no length crashes nothing."""
    clip = make_clip(tmp_path / "a.mkv", sound_s=0.0, sound_codec="pcm_s16le")
    assert not clip_sound(probe(clip), 100).any()


def test_plain_cuts_do_not_click(tmp_path):
    """At joins, start and end the sound never jumps further than the tone itself moves."""
    clips = [make_clip(tmp_path / f"{n}.mp4", tone_hz=hz) for n, hz in enumerate((440, 313, 371))]
    sound = mix(clips)
    tone_step = 0.25 * 2 * np.pi * 440 / RATE_HZ
    assert np.abs(np.diff(sound, axis=0)).max() < 1.3 * tone_step
    assert np.abs(sound[[0, -1]]).max() < 0.001


def test_crossfades_do_not_click_even_where_sound_ends_inside_one(tmp_path):
    """A sound that ends 60 ms early ends softly in the middle of the fade."""
    clips = [
        make_clip(tmp_path / f"{n}.mp4", tone_hz=hz, sound_s=0.65) for n, hz in enumerate((440, 313, 371))
    ]
    sound = mix(clips, crossfade=8)
    assert np.abs(np.diff(sound, axis=0)).max() < 2 * 0.25 * 2 * np.pi * 440 / RATE_HZ


def test_a_crossfade_of_two_ambiences_keeps_its_power(tmp_path):
    """Equal power: no dip and no swell in the middle of a long fade between unlike noises."""
    clips = [
        make_clip(tmp_path / f"{n}.mp4", frames=48, wave="noise", seed=n, sound_rate_hz=48000) for n in (1, 2)
    ]
    sound = mix(clips, crossfade=24)
    body, middle = sound[10_000:40_000], sound[60_000 - 6000 : 60_000 + 6000 + 24_000]
    assert power(middle) == pytest.approx(power(body), abs=0.5)


def test_the_sound_fade_runs_exactly_over_the_pictures_overlap(tmp_path):
    """Beside a silent clip the leaving sound follows a quarter cosine, in the middle 3 dB down."""
    tone = make_clip(tmp_path / "a.mp4", frames=48, tone_hz=2000, sound_rate_hz=48000)
    none = make_clip(tmp_path / "b.mp4", frames=48, sound=None)
    sound = mix([tone, none], crossfade=24)
    first = 24 * 2000
    for step in range(1, 23):
        at = first + step * 2000
        turn = (step / 24) * np.pi / 2
        expected = power(sound[40_000:44_800]) + 20 * np.log10(np.cos(turn))
        assert power(sound[at - 240 : at + 240]) == pytest.approx(expected, abs=0.3)
    assert not sound[first + 48_000 :].any()
    assert power(sound[first - 4800 : first]) == pytest.approx(power(sound[20_000:24_800]), abs=0.1)


def test_gain_changes_one_clip_only(tmp_path):
    """A cut 6 dB softer is half as high; its neighbour is not touched."""
    clip = make_clip(tmp_path / "a.mp4", frames=24)
    sound = mix([clip, clip], gains=[0.0, -6.0206])
    assert np.abs(sound[60_000:80_000]).max() == pytest.approx(
        np.abs(sound[10_000:30_000]).max() / 2, rel=0.01
    )


def test_the_film_rises_from_and_falls_into_silence(tmp_path):
    """Fades lie inside the film's length, across clip borders too."""
    clip = make_clip(tmp_path / "a.mp4", frames=12)
    sound = mix([clip, clip, clip], fades=(18, 18))
    blocks = [np.abs(sound[at : at + 2000]).max() for at in range(0, len(sound), 2000)]
    assert blocks[0] < 0.01
    assert blocks[-1] < 0.01
    assert blocks[9] == pytest.approx(0.125, abs=0.03)
    assert blocks[26] == pytest.approx(0.125, abs=0.03)
    assert blocks[:18] == sorted(blocks[:18])
    assert blocks[-18:] == sorted(blocks[-18:], reverse=True)
    assert max(blocks) < 0.27


@pytest.mark.parametrize("fps", ["24000/1001", "30000/1001", "25", "30"])
def test_samples_add_up_at_every_rate(tmp_path, fps):
    """The whole mix has the film's samples to the last one, crossfades included."""
    clips = [make_clip(tmp_path / f"{n}.mp4", fps=fps) for n in range(3)]
    sound = mix(clips, crossfade=5, fps=fps)
    assert len(sound) == round((51 - 10) / Fraction(fps) * RATE_HZ)


def test_a_long_clip_in_a_short_place_is_read_no_further_than_needed(tmp_path):
    """Only the samples that are needed come back."""
    clip = make_clip(tmp_path / "a.mp4", frames=240)
    assert len(mix([clip], frames=12)) == 24_000


def test_sound_that_changes_its_kind_on_the_way_is_heard_to_its_end(tmp_path):
    """Two recordings laid behind each other by copying: first mono at 24 kHz, then stereo at 48 kHz."""
    parts = [
        make_clip(tmp_path / f"{kind}.ts", frames=24, sound=kind, sound_rate_hz=rate)
        for kind, rate in (("mono", 24_000), ("stereo", 48_000))
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_clip(both) as container:
        sound = np.concatenate(list(heard_blocks(container, container.streams.audio[0])[1]))
    assert 1.9 * RATE_HZ < len(sound) < 2.3 * RATE_HZ
    assert np.abs(sound[RATE_HZ // 2 : RATE_HZ // 2 + 5000]).max() == pytest.approx(0.25, rel=0.1)
    assert np.abs(sound[-RATE_HZ // 2 : -RATE_HZ // 2 + 5000]).max() == pytest.approx(0.25, rel=0.1)
