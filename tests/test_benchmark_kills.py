"""Killed renders: the next one ends the same film and leaves nothing beside it."""

from __future__ import annotations

import json

from benchmarks.kills import differing, main


def test_a_render_killed_at_any_moment_is_ended_by_the_next(capsys):
    """Three films, killed with SIGKILL at moments spread over the whole work, come out byte for byte."""
    assert main(["--rounds", "3", "--seed", "3", "--check"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["rounds"], found["wrong"]) == (3, [])
    assert found["kills"] >= 2


def test_what_is_left_over_missing_or_other_is_told():
    """Every way in which a folder is not as the undisturbed one."""
    calm = {"film.mp4": "1", "pieces/a": "2"}
    assert differing(dict(calm), calm) == []
    found = {"film.mp4": "3", "tmp/x": ""}
    assert differing(found, calm) == ["left over: tmp/x", "not there: pieces/a", "other bytes: film.mp4"]
