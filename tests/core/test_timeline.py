"""The timeline counts in whole frames and says what is wrong with itself."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import pytest

from ltxlib.core.timeline import Cut, Timeline, frames_at
from ltxlib.errors import BadInput

NTSC = Fraction(24000, 1001)


def film(*frames: int, crossfade: int = 0, fps: Fraction = Fraction(24), **more: int) -> Timeline:
    cuts = [Cut(f"{n}.mp4", f"s{n}", "take-01", count) for n, count in enumerate(frames)]
    size = {"width_px": 1536, "height_px": 1024} | more
    return Timeline(cuts, fps, crossfade_frames=crossfade, **size)


def test_twelve_clips_of_121_frames_with_half_second_crossfades_last_exactly_55_seconds():
    """The measured example of the edit: 1320 frames, 55 s."""
    timeline = film(*[121] * 12, crossfade=12)
    assert timeline.frames == 1320
    assert timeline.duration_s == 55
    assert timeline.starts_frames[:3] == (0, 109, 218)
    assert timeline.problems() == []


def test_plain_cuts_share_nothing():
    """Without crossfade each cut starts where the last one ended."""
    timeline = film(17, 33, 9)
    assert (timeline.frames, timeline.starts_frames) == (59, (0, 17, 50))


def test_one_clip_ignores_the_crossfade():
    """A single clip has no neighbour, so a crossfade longer than it is no problem."""
    timeline = film(9, crossfade=12)
    assert (timeline.frames, timeline.problems()) == (9, [])


def test_seconds_are_exact_at_uneven_rates():
    """Seconds of NTSC rates are fractions, never rounded."""
    assert film(240, fps=NTSC).duration_s == Fraction(1001, 100)


@pytest.mark.parametrize("fps", [Fraction(24), NTSC, Fraction(30000, 1001), Fraction(25)])
def test_sample_spans_of_neighbouring_frames_leave_no_gap(fps):
    """However a film is divided, the samples of its parts add up to the samples of the whole."""
    timeline = film(1000, fps=fps)
    bounds = [timeline.sample_at(frame, 48000) for frame in range(1001)]
    assert bounds[0] == 0
    assert bounds[-1] == round(1000 * 48000 / fps)
    steps = {after - before for before, after in itertools.pairwise(bounds)}
    assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize(
    ("frames", "source", "fps", "expected"),
    [
        (65, 24, 24, 65),
        (121, 25, 24, 116),
        (120, 48, 24, 60),
        (240, NTSC, 24, 240),
        (1, 24, 60, 3),
        (1, 60, 24, 1),
        (17, 24, NTSC, 17),
    ],
)
def test_a_clip_of_another_rate_fills_the_nearest_number_of_frames(frames, source, fps, expected):
    """Lengths go from the clip's rate to the film's, to the nearest frame and never to none."""
    timeline = film(9, fps=Fraction(fps))
    assert timeline.frames_at(frames, Fraction(source)) == expected


def test_half_a_frame_goes_up_and_nothing_is_never_none():
    """Rounding is the same everywhere, not to even as Python's."""
    assert frames_at(Fraction(1, 48), Fraction(24)) == 1
    assert frames_at(Fraction(5, 48), Fraction(24)) == 3
    assert frames_at(Fraction(0), Fraction(24)) == 1


def test_an_empty_timeline_says_that_there_is_no_clip():
    """No clip is one problem, not a crash."""
    timeline = film()
    assert (timeline.frames, timeline.duration_s, timeline.starts_frames) == (0, 0, ())
    [problem] = timeline.problems()
    assert "no clip" in problem.what


def test_a_crossfade_longer_than_half_the_shortest_clip_names_that_clip_and_the_longest_possible():
    """The shortest clip decides, by name, with the longest crossfade that goes."""
    [problem] = film(65, 17, 65, crossfade=9).problems()
    assert "s1 take-01" in problem.what
    assert "at most 8 frames (0.33 s)" in problem.cure
    assert film(65, 17, 65, crossfade=8).problems() == []


@pytest.mark.parametrize(("width", "height"), [(1535, 1024), (0, 64), (-2, 64), (100_000, 64), (64, 33)])
def test_sizes_that_h264_cannot_have_are_told(width, height):
    """Odd, missing and gigantic sides are problems, with an even example."""
    [problem] = film(9, width_px=width, height_px=height).problems()
    assert "pixels" in problem.what
    assert int(problem.cure.rstrip(".").split()[-1]) % 2 == 0


def test_all_problems_come_at_once():
    """Rate, size, empty file name, negative length, deafening gain, crossfade: each is told."""
    timeline = Timeline((Cut("", "s", "t", -1, 99.0),) * 2, Fraction(0) + 500, 63, 64, -1)
    assert [problem.where for problem in timeline.problems()] == [
        "timeline",
        "timeline",
        *["clip 1 (s t)"] * 3,
        *["clip 2 (s t)"] * 3,
        "timeline",
    ]


def test_json_gives_the_same_timeline_back():
    """What is written is read again, through text, at exact rates and with unusual names."""
    cuts = (Cut('takes/ra"in\n🌧/-1.mp4', "rain", "take-01", 65, -3.5), Cut("b.mp4", "fire", "take-02", 33))
    timeline = Timeline(cuts, NTSC, 1536, 1024, 12)
    assert Timeline.from_json(json.dumps(timeline.to_json())) == timeline
    assert timeline.to_json()["fps"] == "24000/1001"


def test_a_file_written_by_hand_may_leave_out_what_has_a_default():
    """Scene, take, gain and crossfade have defaults; a rate may be a number or a short form."""
    text = '{"fps": 23.976, "width_px": 64, "height_px": 64, "cuts": [{"clip": "a.mp4", "frames": 9}]}'
    assert Timeline.from_json(text) == Timeline((Cut("a.mp4", "", "", 9),), NTSC, 64, 64, 0)


@pytest.mark.parametrize("text", ["{", "[]", "12", ""])
def test_a_file_that_is_no_timeline_is_refused_in_words(text):
    """Damaged text and other JSON are refused with a cure."""
    with pytest.raises(BadInput, match="timeline file"):
        Timeline.from_json(text)


def test_every_mistake_in_a_file_is_named():
    """All wrong, missing and unknown values come in one report, by clip and name."""
    data = {
        "format": 7,
        "fps": "fast",
        "width_px": "wide",
        "height_px": True,
        "colour": "blue",
        "cuts": [{"clip": 3, "frames": 2.5, "gain_db": float("nan"), "speed": 2}, "b.mp4"],
    }
    with pytest.raises(BadInput) as caught:
        Timeline.from_json(data)
    assert {problem.where for problem in caught.value.problems} == {
        "timeline, format",
        "timeline, fps",
        "timeline, width_px",
        "timeline, height_px",
        "timeline, colour",
        "clip 1, clip",
        "clip 1, frames",
        "clip 1, gain_db",
        "clip 1, speed",
        "clip 2",
    }


def test_a_file_without_clips_or_rate_says_so():
    """Missing keys are told as missing."""
    with pytest.raises(BadInput) as caught:
        Timeline.from_json({"width_px": 64, "height_px": 64})
    assert [problem.where for problem in caught.value.problems] == ["timeline, fps", "timeline, cuts"]


def test_every_joint_may_have_its_own_length():
    """A crossfade of its own, a cut, shared frames and black each count where they stand, and only there."""
    joints = (
        {"crossfade_frames": 20},
        {"crossfade_frames": 0},
        {"shared_frames": 3},
        {"black_frames": 9},
        {},
    )
    cuts = [Cut("a.mp4", "a", "t", 60)] + [Cut("b.mp4", "b", "t", 60, **joint) for joint in joints]
    timeline = Timeline(cuts, Fraction(24), 64, 64, 12)
    assert timeline.problems() == []
    assert timeline.joints_frames == (0, 20, 0, 3, 0, 12)
    assert timeline.starts_frames == (0, 40, 100, 157, 217, 265)
    assert timeline.frames == 6 * 60 - 35
    assert timeline.dips_frames == ((217, 5, 4),)
    assert Timeline.from_json(json.dumps(timeline.to_json())) == timeline


@pytest.mark.parametrize(
    ("joint", "fine"),
    [
        ({"crossfade_frames": 17}, True),
        ({"crossfade_frames": 18}, False),
        ({"black_frames": 33}, True),
        ({"black_frames": 35}, True),
        ({"black_frames": 36}, False),
        ({"crossfade_frames": -1}, False),
        ({"black_frames": -1}, False),
        ({"shared_frames": 4, "black_frames": 8}, False),
        ({"shared_frames": 0, "black_frames": 8}, True),
    ],
)
def test_a_transition_must_have_room_in_both_clips(joint, fine):
    """The middle clip of 29 frames already gives 12 to the one after it; what is left is all it can take."""
    cuts = [Cut("a.mp4", "a", "t", 60), Cut("b.mp4", "b", "t", 29, **joint), Cut("c.mp4", "c", "t", 60)]
    problems = Timeline(cuts, Fraction(24), 64, 64, 12).problems()
    assert (problems == []) == fine
    assert all("(b t)" in problem.where for problem in problems)


def test_the_first_cut_has_no_joint():
    """What is written at the first cut about the one before it means nothing, and hinders nothing."""
    cuts = [Cut("a.mp4", "a", "t", 9, crossfade_frames=8, black_frames=8), Cut("b.mp4", "b", "t", 9)]
    timeline = Timeline(cuts, Fraction(24), 64, 64, 2)
    assert (timeline.problems(), timeline.joints_frames, timeline.dips_frames) == ([], (0, 2), ())


def test_looks_that_are_not_known_are_told():
    """Sides by name, grain by number."""
    timeline = Timeline((Cut("a.mp4", "a", "t", 9),), Fraction(24), 64, 64, sides="stretch", grain=5)
    assert [problem.where for problem in timeline.problems()] == ["timeline, sides", "timeline, grain"]
    for good in ({"sides": "blur"}, {"sides": "fill", "grain": 4}, {}):
        timeline = Timeline((Cut("a.mp4", "a", "t", 9),), Fraction(24), 64, 64, **good)
        assert timeline.problems() == []
        assert Timeline.from_json(timeline.to_json()) == timeline
