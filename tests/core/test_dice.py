"""Dice whose throws depend on a text alone."""

from collections import Counter

from ltxlib.core.dice import Dice


def test_the_same_text_gives_the_same_throws():
    """Two dice of one text agree, throw by throw; another text gives others."""
    one, same, other = Dice("rain"), Dice("rain"), Dice("snow")
    throws = [one.below(1000) for _ in range(50)]
    assert throws == [same.below(1000) for _ in range(50)]
    assert throws != [other.below(1000) for _ in range(50)]
    assert throws[:3] == [90, 672, 719]


def test_every_side_comes_up():
    """Over many throws all sides fall about equally often."""
    dice = Dice("fair")
    seen = Counter(dice.choice("abcdef") for _ in range(6000))
    assert set(seen) == set("abcdef")
    assert all(800 < count < 1200 for count in seen.values())


def test_a_sample_holds_nothing_twice():
    """As many as wished, or as there are; the things given are left as they were."""
    things = [1, 2, 3, 4]
    dice = Dice("sample")
    for _ in range(50):
        assert len(set(dice.sample(things, 3))) == 3
    assert sorted(dice.sample(things, 9)) == things == [1, 2, 3, 4]
