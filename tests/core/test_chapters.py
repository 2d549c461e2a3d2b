"""Chapters by YouTube's rules."""

from fractions import Fraction

import pytest

from ltxlib.core.chapters import (
    AGAIN,
    LONGEST_NAME,
    MOST,
    Chapter,
    Shown,
    chapters,
    check_chapters,
    clock,
    first_showings,
    shortened,
)


def film(*pieces: tuple[str, float]) -> tuple[list[Shown], Fraction]:
    """A film of these scenes, each so many seconds."""
    shown, at = [], Fraction(0)
    for scene, seconds in pieces:
        end = at + Fraction(str(seconds))
        shown.append(Shown(scene, scene.title(), at, end))
        at = end
    return shown, at


def made(*pieces):
    shown, duration = film(*pieces)
    found, problems = chapters(shown, duration)
    assert check_chapters(found, duration) == []
    return [str(one) for one in found], problems


def test_each_long_scene_is_a_chapter():
    """Three scenes of ten seconds or more are three chapters, the first at 0:00."""
    assert made(("rain", 10), ("fire", 60), ("lake", 3600)) == (["0:00 Rain", "0:10 Fire", "1:10 Lake"], [])


def test_neighbours_of_one_scene_are_one_chapter():
    """Two takes of a scene in a row are not told apart."""
    assert made(("rain", 10), ("rain", 10), ("fire", 12), ("lake", 12), ("lake", 1))[0] == [
        "0:00 Rain",
        "0:20 Fire",
        "0:32 Lake",
    ]


def test_short_scenes_share_a_chapter():
    """Scenes of five seconds go together until they last ten; what is left over joins the last."""
    assert made(*((name, 5) for name in "abcdefg"))[0] == ["0:00 A, B", "0:10 C, D", "0:20 E, F, G"]


def test_a_scene_begins_at_the_next_whole_second():
    """A click lands where the scene already shows."""
    assert made(("a", 10.2), ("b", 10.2), ("c", 11))[0] == ["0:00 A", "0:11 B", "0:21 C"]


@pytest.mark.parametrize("pieces", [[("rain", 36000)], [("a", 100), ("b", 100)], [("a", 4), ("b", 4)], []])
def test_fewer_than_three_are_none_and_it_is_said(pieces):
    """YouTube would show none, so none are written, with the reason."""
    found, problems = made(*pieces)
    assert found == []
    assert [problem.warning for problem in problems] == [True]
    assert ("too short" in problems[0].what) == (sum(seconds for _, seconds in pieces) < 30)


def test_a_night_that_repeats_names_each_scene_once():
    """Ten hours of four scenes in turn get four chapters and one for all that follows."""
    found, problems = made(*([("a", 60), ("b", 60), ("c", 60), ("d", 60)] * 150))
    assert found == ["0:00 A", "1:00 B", "2:00 C", "3:00 D", f"4:00 {AGAIN}"]
    assert "600 places" in problems[0].what


def test_two_scenes_in_turn_all_night_have_a_chapter_for_the_rest():
    """With the rest of the film as a chapter of its own, two scenes are enough."""
    assert made(*([("a", 60), ("b", 60)] * 100))[0] == ["0:00 A", "1:00 B", f"2:00 {AGAIN}"]


def test_never_more_than_a_description_holds():
    """Two hundred different scenes give no more chapters than are allowed."""
    found, _ = made(*((f"s{number}", 30) for number in range(200)))
    assert len(found) == MOST


@pytest.mark.parametrize("seed", range(30))
def test_any_film_has_chapters_that_youtube_takes(seed):
    """Whatever lengths and orders there are, what comes out is within the rules."""
    import random

    dice = random.Random(seed)
    count = dice.randint(1, 300)
    pieces = [
        (f"scene {dice.randint(1, 12)} {'x' * dice.choice((1, 80))}", round(dice.uniform(0.04, 30), 3))
        for _ in range(count)
    ]
    made(*pieces)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([Chapter(1, "a"), Chapter(20, "b"), Chapter(40, "c")], "0:00"),
        ([Chapter(0, "a"), Chapter(20, "b")], "only 2"),
        ([Chapter(0, "a"), Chapter(9, "b"), Chapter(40, "c")], "less than 10"),
        ([Chapter(0, "a"), Chapter(40, "b"), Chapter(20, "c")], "less than 10"),
        ([Chapter(0, "a"), Chapter(20, "b"), Chapter(95, "c")], "less than 10"),
        ([Chapter(0, "a"), Chapter(20, " "), Chapter(40, "c")], "no name"),
    ],
)
def test_the_check_sees_what_youtube_would_not_take(found, says):
    """Each rule that is broken is named."""
    assert any(says in problem.what for problem in check_chapters(found, Fraction(100)))


def test_times_are_written_as_youtube_reads_them():
    """No hours below one hour, two digits after the first."""
    assert [clock(seconds) for seconds in (0, 65, 3599, 3600, 36005)] == [
        "0:00",
        "1:05",
        "59:59",
        "1:00:00",
        "10:00:05",
    ]


def test_long_names_are_cut_at_a_word():
    """No name is longer than what the player shows."""
    assert shortened("word " * 40).endswith("word…")
    assert len(shortened("x" * 400)) == LONGEST_NAME
    assert first_showings([Chapter(0, "a")]) == [Chapter(0, "a")]
