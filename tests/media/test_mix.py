"""The mix gives any stretch of the film's sound, always the same samples; circles close without a seam."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.core.soundtrack import Soundtrack
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.mix import Mix
from ltxlib.media.probe import probe
from ltxlib.media.sound import RATE_HZ
from tests.support.clips import make_clip

FRAME = RATE_HZ // 24


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three clips of noise and tones, 24 frames each."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        make_clip(folder / "a.mp4", frames=24, wave="noise", seed=1, sound_rate_hz=48000),
        make_clip(folder / "b.mp4", frames=24, tone_hz=313, sound="mono"),
        make_clip(folder / "c.mp4", frames=24, tone_hz=371),
    ]


def mixed(room, clips, *, cuts=None, crossfade=6, soundtrack=None, **options) -> Mix:
    infos = [probe(clip) for clip in clips]
    cuts = cuts or [{}] * len(clips)
    laid = [Cut(str(i.path), "s", "t", **{"frames": 24, **cut}) for i, cut in zip(infos, cuts, strict=True)]
    timeline = Timeline(laid, Fraction(24), 128, 64, crossfade)
    room.mkdir(exist_ok=True)
    return Mix(timeline, infos, soundtrack or Soundtrack(even=False), room, **options)


def whole(mix: Mix, first=0, last=None) -> np.ndarray:
    return np.concatenate(list(mix.span(first, mix.samples if last is None else last)))


def steps(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound, axis=0)).max())


def test_any_span_is_cut_from_the_whole(tmp_path, clips):
    """Wherever one begins to listen, a sample has the same bits."""
    mix = mixed(tmp_path, clips, fades=(9000, 9000), soundtrack=Soundtrack(even=False, slow_start_s=1.0))
    sound = whole(mix)
    assert len(sound) == mix.samples == (72 - 12) * FRAME
    random = np.random.default_rng(1)
    for _ in range(60):
        first, last = sorted(random.integers(0, mix.samples, 2))
        assert np.array_equal(whole(mix, first, min(last, first + 9000)), sound[first:last][:9000])


def test_a_circle_repeats_to_the_bit_and_any_span_is_cut_from_it(tmp_path, clips):
    """Samples before the first and after the last are those of other times around."""
    mix = mixed(tmp_path, clips, rounds=1)
    assert mix.period == mix.samples == (72 - 18) * FRAME
    sound = whole(mix)
    assert np.array_equal(whole(mix, -mix.period, 0), sound)
    around = whole(mix, mix.period * 5 - 7001, mix.period * 5 + 4999)
    assert np.array_equal(around, np.concatenate([sound[-7001:], sound[:4999]]))


def test_a_circle_joins_its_end_to_its_beginning_as_any_two_cuts(tmp_path, clips):
    """A film that goes around twice is the same film as its cuts written down twice."""
    circle = mixed(tmp_path / "a", clips, rounds=1)
    long = mixed(tmp_path / "b", [*clips, *clips, *clips])
    assert np.array_equal(whole(circle), whole(long, circle.period, 2 * circle.period))


def test_a_circular_film_begins_and_ends_as_a_film_and_repeats_in_between(tmp_path, clips):
    """At its head nothing melts in; between head and tail it is the circle."""
    samples = 200 * FRAME
    circle = mixed(tmp_path, clips, rounds=1)
    film = mixed(tmp_path, clips, rounds=1, samples=samples, fades=(4800, 9600))
    head = mixed(tmp_path, clips, fades=(4800, 0))
    sound = whole(film)
    assert len(sound) == samples
    assert np.array_equal(sound[: 60 * FRAME - 6 * FRAME], whole(head)[: 54 * FRAME])
    first, last = film.steady
    assert 0 < first < last < samples
    assert np.array_equal(sound[first:last], whole(circle, first, last))
    assert np.array_equal(sound[first : last - film.period], sound[first + film.period : last])
    assert np.abs(sound[-3:]).max() < 1e-4


@pytest.mark.parametrize(
    "first", [{}, {"crossfade_frames": 0}, {"crossfade_frames": 12}, {"black_frames": 5}]
)
def test_a_circle_of_tones_never_steps_further_than_its_tones(tmp_path, clips, first):
    """However the circle is closed, nothing clicks at its seam."""
    mix = mixed(tmp_path, clips[1:], cuts=[first, {}], rounds=1)
    around = whole(mix, mix.period - 20_000, mix.period + 20_000)
    assert steps(around) < 2 * 0.25 * 2 * np.pi * 371 / RATE_HZ


def test_hard_cuts_into_the_middle_of_a_clip_do_not_click(tmp_path, clips):
    """In and out points inside a tone are softened too."""
    cuts = [{"skip_frames": 5, "frames": 7}, {"skip_frames": 3, "frames": 8}, {"frames": 9}]
    mix = mixed(tmp_path, [clips[1], clips[2], clips[1]], cuts=cuts, crossfade=0)
    sound = whole(mix)
    assert len(sound) == 24 * FRAME
    assert steps(sound) < 2 * 0.25 * 2 * np.pi * 371 / RATE_HZ


def test_through_black_the_sound_goes_down_and_comes_up_with_the_picture(tmp_path, clips):
    """Silent in the middle of the dark frames, whole outside of them."""
    mix = mixed(tmp_path, clips[1:], cuts=[{}, {"black_frames": 12}], crossfade=4)
    sound = np.abs(whole(mix))
    middle = 24 * FRAME
    assert len(sound) == 48 * FRAME
    assert sound[middle - 300 : middle + 300].max() < 0.01
    assert sound[middle - 3 * FRAME - 400 : middle - 3 * FRAME + 400].max() == pytest.approx(0.125, abs=0.02)
    assert sound[middle - 8 * FRAME : middle - 6 * FRAME].max() == pytest.approx(0.25, abs=0.02)
    assert sound[middle + 6 * FRAME : middle + 8 * FRAME].max() == pytest.approx(0.25, abs=0.02)


def test_a_joint_of_its_own_counts_instead_of_the_films(tmp_path, clips):
    """Two seconds of noise with one frame shared, not six."""
    mix = mixed(tmp_path, clips[:2], cuts=[{}, {"crossfade_frames": 1}])
    assert mix.samples == 47 * FRAME


def test_the_gain_of_all_clips_comes_on_top_of_each_ones_own(tmp_path, clips):
    """Six down and six up is as it was."""
    plain = mixed(tmp_path / "a", clips, cuts=[{"gain_db": 0.0}] * 3)
    moved = mixed(
        tmp_path / "b",
        clips,
        cuts=[{"gain_db": 6.0}] * 3,
        soundtrack=Soundtrack(even=False, clips_db=-6.0),
    )
    assert np.allclose(whole(plain), whole(moved), atol=1e-6)
