"""What a person is told of a loop, and which things must not run backwards."""

import re
from dataclasses import asdict, replace

import pytest

from ltxlib.core.loop_words import ONE_WAY, backwards_warning, one_way_words
from ltxlib.core.looping import (
    AS_IS,
    CROSSFADE,
    LIVING,
    NOT,
    STILL_SCORE,
    TRIMMED,
    LoopEvent,
    LoopMeasured,
    LoopWay,
    advise,
    best_way,
    score_words,
)


def way(kind=AS_IS, score=100, in_frame=0, out_frame=120, melt=0, **more):
    """A way that sounds as good as it looks."""
    values = {"picture": score, "sound": score, "ghost": 0.0, **more}
    return LoopWay(kind, in_frame, out_frame, melt, score, **values)


def measured(as_is, trimmed=None, melted=None, **more):
    """A clip of 120 frames at 24 a second."""
    values = {"motion": 3.0, "still": False, **more}
    return LoopMeasured(120, "24", True, as_is, trimmed or replace(as_is, kind=TRIMMED), melted, **values)


def test_a_clean_take_is_left_as_it_is():
    """What is clean already is not trimmed for a few points more."""
    advice = advise(measured(way(score=90), way(TRIMMED, 100, 5), way(CROSSFADE, 100, melt=12)), "t2v")
    assert (advice.what, advice.score, advice.loops) == (AS_IS, 90, True)
    assert advice.sentence == "Loop it as it is: nobody will find the seam."


def test_trimming_is_tried_before_melting():
    """A straight cut is simpler than a crossfade that is hardly better, and says from when to when."""
    found = measured(way(score=20), way(TRIMMED, 80, 6, 114), way(CROSSFADE, 84, melt=12))
    advice = advise(found, "t2v")
    assert advice.what == TRIMMED
    assert "from 0.25 s to 4.75 s, with a straight cut" in advice.sentence
    assert best_way(replace(found, crossfade=way(CROSSFADE, 90, melt=12))).kind == CROSSFADE


def test_a_crossfade_says_how_long_and_what_is_seen_twice():
    """Its length is told in seconds; a ghost only where there is one."""
    melted = way(CROSSFADE, 80, melt=12)
    advice = advise(measured(way(score=10), None, melted), "t2v")
    assert advice.what == CROSSFADE
    assert "melt into its beginning for 0.50 s" in advice.sentence
    assert "twice" not in advice.sentence
    ghostly = advise(measured(way(score=10), None, replace(melted, ghost=12.0)), "t2v")
    assert "seen twice" in ghostly.sentence
    assert melted.frames == 108


@pytest.mark.parametrize(
    ("mode", "what", "words"),
    [
        ("t2v", LIVING, "mode loop), which begins and ends with the same picture (column image)."),
        ("i2v", LIVING, "the same picture."),
        ("loop", NOT, "should be a living loop already"),
    ],
)
def test_a_take_that_does_not_loop_becomes_another(mode, what, words):
    """A living loop is proposed, unless it is one."""
    advice = advise(measured(way(score=10)), mode)
    assert (advice.what, advice.loops) == (what, False)
    assert words in advice.sentence


def test_a_moving_camera_is_the_reason():
    """Then no loop is proposed at all."""
    advice = advise(measured(way(score=10), camera="sideways", camera_share=0.3), "t2v")
    assert advice.what == NOT
    assert "moves sideways" in advice.sentence


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"light": -20.0}, "grows darker"),
        ({"light": 20.0}, "grows brighter"),
        ({"events": (LoopEvent("picture", 2.0),)}, "something happens once in it, at 2.0 s"),
        ({"events": (LoopEvent("sound", 2.0),)}, "unlike every beginning"),
    ],
)
def test_other_reasons_are_told(more, words):
    """Light that goes, or what happens once."""
    assert words in advise(measured(way(score=10), **more), "t2v").sentence


@pytest.mark.parametrize(("silence_s", "words"), [(0.2, "a hole of 0.20 s"), (0.0, "is another at the end")])
def test_a_good_picture_with_bad_sound_keeps_its_picture(silence_s, words):
    """The picture is looped, and other sound is laid under it."""
    advice = advise(measured(way(score=40, picture=100, sound=20), silence_s=silence_s), "t2v")
    assert advice.what == AS_IS
    assert words in advice.sentence
    assert "bed of sound" in advice.sentence


def test_a_still_picture_is_not_praised():
    """It is told that nothing moves, and it gets half of the points at most."""
    advice = advise(measured(way(score=100), still=True), "t2v")
    assert advice.score == STILL_SCORE
    assert "stands still" in advice.sentence
    assert "nothing moves" in advice.words
    assert "bed of sound" in advise(measured(way(picture=100, sound=5), still=True), "t2v").sentence


def test_what_was_measured_survives_being_stored():
    """As JSON, with and without a crossfade; what is no such thing is refused."""
    for melted in (None, way(CROSSFADE, 50, melt=9)):
        found = measured(way(), None, melted, events=(LoopEvent("sound", 1.5),))
        data = asdict(found)
        assert LoopMeasured.from_json({**data, "events": [dict(event) for event in data["events"]]}) == found
    with pytest.raises(KeyError):
        LoopMeasured.from_json({})
    with pytest.raises(TypeError):
        LoopMeasured.from_json({**asdict(measured(way())), "more": 1})


def test_every_score_has_words():
    """From 0 to 100, and better ones sound better."""
    told = [score_words(score) for score in range(101)]
    assert list(dict.fromkeys(told)) == [
        "a seam that nobody can miss",
        "a seam that is plain to see or hear",
        "a seam that attentive people notice",
        "a hardly noticeable seam",
        "nobody will find the seam",
    ]


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Rain runs down a window.", {"falls": ("rain",)}),
        ("Snowflakes settle while embers glow", {"falls": ("snowflakes",), "burns": ("embers",)}),
        ("A river; rain, more rain", {"falls": ("rain",), "flows": ("river",)}),
        ("Steam rises from the tea", {"rises": ("steam",)}),
        ("a room without any wind or rain, no fire", {}),
        ("no rain. Waves", {"flows": ("waves",)}),
        ("a careful season on the carpet, seamless, a rainbow of cards, sandals", {}),
        ("", {}),
        ("Дождь 雨 🌧", {}),
    ],
)
def test_one_way_things_are_found_in_prompts(prompt, found):
    """Whole words count, denied ones do not, and each is told once."""
    assert one_way_words(prompt) == found


def test_the_warning_names_what_it_found():
    """And says nothing where nothing runs one way only."""
    told = backwards_warning("Rain and drizzle on a fireplace")
    assert "falls (rain, drizzle)" in told
    assert "burns (fireplace)" in told
    assert backwards_warning("A quiet room.") == ""


def test_every_kind_of_the_table_is_a_whole_expression():
    """Each can be read, and names at least a few things."""
    for words in ONE_WAY.values():
        assert re.compile(words)
        assert words.count("|") >= 3 or words == ONE_WAY["rises"]
