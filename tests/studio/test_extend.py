"""Going on from a take: the clip, its seam, its sound, and the film in which nothing is seen twice."""

from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.probe import probe
from ltxlib.store.takes import clip_path
from ltxlib.studio.assemble import FilmSettings, assemble, choose, lay_out
from tests.support.films import lumas
from tests.support.rendered import rendered
from tests.support.takes import a_take

HEADER = "scene,mode,prompt,source,frames,width,height,audio"
WORDS = "Rain runs down a window at night while soft rain taps against the glass."
ROWS = (
    f"rain,t2v,{WORDS},,41,192,128,yes",
    f"more,extend,{WORDS},rain,49,,,yes",
    f"quiet,extend,{WORDS},rain,33,,,no",
    f"mute,t2v,{WORDS},,25,192,128,no",
    f"wake,extend,{WORDS},mute,33,,,yes",
    f"long,t2v,{WORDS},,481,128,128,yes",
)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A take, what goes on from it with sound and without, and from a silent one; and twenty seconds."""
    return rendered(tmp_path_factory.mktemp("extend"), HEADER, ROWS)


def frames_of(film, scene):
    """The frames of a scene's clip, as grey levels."""
    shelf, takes = film
    with av.open(str(clip_path(shelf, scene, takes[scene].take_id))) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


def heard(film, scene):
    """The samples of a scene's sound, and their rate."""
    shelf, takes = film
    with av.open(str(clip_path(shelf, scene, takes[scene].take_id))) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=24000)
        blocks = [
            piece.to_ndarray().ravel()
            for frame in container.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    assert rate in (24000, 48000)
    return np.concatenate(blocks)


def test_it_begins_with_the_end_of_its_source(film):
    """The first second shows the source's last second again, frame by frame, and goes on without a jump."""
    before, more = frames_of(film, "rain"), frames_of(film, "more")
    assert len(more) == 49
    overlap = film[1]["more"].overlap_frames
    assert overlap == 25
    apart = [np.abs(a - b).mean() for a, b in zip(before[-overlap:], more[:overlap], strict=True)]
    assert max(apart) < 2
    steps = [np.abs(b - a).mean() for a, b in pairwise(more[20:31])]
    assert max(steps) < 6
    assert np.abs(more[-1] - before[-1]).mean() > np.mean(apart)


def test_its_sound_begins_with_the_end_of_the_sources_sound(film):
    """The overlap sounds the same as the source's end did; behind it there is new sound."""
    before, more = heard(film, "rain"), heard(film, "more")
    start, length = round(16 / 24 * 24000), round(0.9 * 24000)
    one, other = before[start : start + length], more[:length]
    # Where they fit best: coding moves sound by some samples.
    size = 2 * length
    fit = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)))
    best = fit.max() / (np.linalg.norm(one) * np.linalg.norm(other))
    assert best > 0.8
    assert min(int(fit.argmax()), size - int(fit.argmax())) < 2400
    assert np.abs(more[round(1.3 * 24000) :]).max() > 0.001
    kinds = {node["class_type"] for node in film[1]["more"].graph.values()}
    assert {"SetLatentNoiseMask", "LTXVAudioVAEEncode"} <= kinds


def test_a_silent_row_and_a_silent_source(film):
    """Without sound none is sampled; from a source without sound all of it is new."""
    quiet, wake = film[1]["quiet"], film[1]["wake"]
    assert not quiet.clip.has_sound
    kinds = {node["class_type"] for node in quiet.graph.values()}
    assert not kinds & {"LTXVConcatAVLatent", "LTXVEmptyLatentAudio", "LTXVAudioVAEEncode", "EmptyAudio"}
    assert wake.clip.has_sound
    kinds = {node["class_type"] for node in wake.graph.values()}
    assert "LTXVEmptyLatentAudio" in kinds
    assert not kinds & {"SetLatentNoiseMask", "LTXVAudioVAEEncode", "EmptyAudio", "MaskComposite"}


def test_twenty_seconds_are_one_take(film):
    """The longest take the model makes comes through whole: 481 frames at 24 a second, with sound."""
    clip = film[1]["long"].clip
    assert (clip.frames, clip.fps, clip.has_sound) == (481, "24", True)
    assert clip.duration_s == pytest.approx(481 / 24)


@pytest.mark.parametrize("crossfade_s", [0, 0.5, 1.5])
def test_in_the_film_nothing_is_seen_twice(film, crossfade_s, tmp_path):
    """Whatever the crossfade, both clips together last as long as what is different in them."""
    shelf, takes = film
    settings = FilmSettings(crossfade_s=crossfade_s, order=("rain", "more"))
    pair, problems = choose(shelf, [], settings)
    assert problems == []
    timeline = lay_out(shelf, pair, replace(settings, crossfade_s=min(crossfade_s, 20 / 24)))
    assert timeline.frames == 41 + 49 - 25
    assert Timeline.from_json(timeline.to_json()) == timeline
    if crossfade_s == 0.5:
        made = assemble(shelf, pair, settings)
        assert probe(made.path).frames == 65
        whole = lumas(made.path)
        parts = lumas(clip_path(shelf, "rain", takes["rain"].take_id))
        # Clear of the fade from black at the film's beginning.
        assert max(abs(a - b) for a, b in zip(whole[26:41], parts[26:], strict=True)) < 1.5


def test_a_crossfade_longer_than_the_overlap_takes_the_overlap():
    """Only what is the same in both can melt unseen; a joint that does not fit is told."""
    cut = Cut("a.mp4", "a", "1", 100)
    joined = Timeline((cut, replace(cut, frames=80, shared_frames=25)), 24, 128, 64, 36)
    assert joined.problems() == []
    assert (joined.frames, joined.starts_frames) == (155, (0, 75))
    tight = Timeline((cut, replace(cut, frames=20, shared_frames=25)), 24, 128, 64, 0)
    assert "fewer than it shares" in tight.problems()[0].what
    wrong = Timeline((cut, replace(cut, skip_frames=-1)), 24, 128, 64, 0)
    assert "less than nothing" in wrong.problems()[0].what


def test_another_take_before_it_is_told(film):
    """The film shows another take of the scene than the one gone on from: a seam, said before rendering."""
    from ltxlib.studio.choosing import _seams, goes_on_from

    rain, more = film[1]["rain"], film[1]["more"]
    assert goes_on_from(more, rain) and _seams([rain, more]) == []
    other = a_take(take_id="take02-0123456789", scene="rain")
    (problem,) = _seams([other, more])
    assert problem.warning
    assert rain.take_id in problem.what and "take02-0123456789" in problem.what
    assert _seams([a_take(scene="sea"), more]) == []
