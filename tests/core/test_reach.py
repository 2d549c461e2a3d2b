"""A warning for clips far beyond what was ever reported."""

from dataclasses import replace

from ltxlib.core import catalog
from ltxlib.core.reach import check_reach
from ltxlib.core.scene import Scene

RAIN = Scene("rain", "Rain.")


def test_what_was_reported_and_twice_that_is_passed_over():
    """The kit's standard clip, small long ones and twice the work say nothing."""
    assert check_reach(RAIN, "scenes.csv row 2") == []
    assert check_reach(replace(RAIN, frames=129), "x") == []
    assert check_reach(replace(RAIN, frames=481, width=512, height=320), "x") == []


def test_far_beyond_it_is_a_warning_with_figures():
    """Twenty seconds at full size: how much more it is, what was reported, and what to do."""
    (problem,) = check_reach(replace(RAIN, frames=481), "scenes.csv row 2")
    assert problem.warning
    assert problem.where == "scenes.csv row 2, column frames"
    assert "7.4 times the largest clip" in problem.what and "6 to 18 minutes" in problem.what
    assert "1536x1024, 65 frames" in problem.what
    assert "smaller size or fewer seconds" in problem.cure
    (problem,) = check_reach(replace(RAIN, width=3072, height=2048, frames=57), "r")
    assert problem.where == "r, column width"


def test_doubled_frames_count(monkeypatch):
    """Frames that are doubled are work; a model of which nothing is known is passed over."""
    assert check_reach(replace(RAIN, frames=97, smooth=True), "x") != []
    assert check_reach(replace(RAIN, frames=97), "x") == []
    silent = replace(catalog.KNOWN[RAIN.model], times=())
    monkeypatch.setitem(catalog.KNOWN, RAIN.model, silent)
    assert check_reach(replace(RAIN, frames=481), "x") == []
