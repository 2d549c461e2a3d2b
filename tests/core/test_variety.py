"""The variety guard."""

from fractions import Fraction

from ltxlib.core.variety import variety


def test_one_clip_a_thousand_times_over_is_said():
    """A night of one five-second clip is told with its count and with what YouTube may think."""
    found = variety([("rain", "take01", Fraction(5))], repeats=7200)
    assert (found.clips, found.repeats, found.duration_s) == (1, 7200, 36000)
    (problem,) = found.problems
    assert problem.warning
    assert "one clip (5.0 seconds in all) 7,200 times over" in problem.what
    assert "inauthentic" in problem.what
    assert "channel" in problem.what


def test_the_same_in_one_timeline():
    """It counts showings in the timeline as well, a shorter showing of the same take as nothing new."""
    shown = [("rain", "a", Fraction(5)), ("rain", "a", Fraction(4)), ("fire", "b", Fraction(5))] * 4
    found = variety(shown)
    assert (found.clips, found.unique_s, found.repeats) == (2, 10, 5.6)
    assert "2 clips" in found.problems[0].what
    assert "channel" not in found.problems[0].what


def test_a_varied_film_has_nothing_to_hear():
    """Twelve scenes shown once, or one short scene alone, pass without a word."""
    assert variety([(f"s{n}", "t", Fraction(5)) for n in range(12)]).problems == []
    assert variety([("rain", "t", Fraction(10))]).problems == []
    assert variety([]).problems == []


def test_one_scene_that_takes_nearly_all_is_said():
    """A long film of which nine tenths are one scene says so."""
    found = variety([("rain", str(n), Fraction(300)) for n in range(9)] + [("fire", "t", Fraction(100))])
    assert [problem.what[:22] for problem in found.problems] == ["The scene rain is 96% "]
    assert "minutes" in variety([("rain", "t", Fraction(600))], repeats=5).problems[0].what
