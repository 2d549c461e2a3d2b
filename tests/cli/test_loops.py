"""The verb loop, as a person or a program calls it."""

import json
from pathlib import Path

import pytest

from ltxlib.cli.main import main
from tests.studio.test_loop_lab import put
from tests.support import loops
from tests.support.loops import rustle
from tests.support.studio import a_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a take that loops and one that does not, the latter twice."""
    root = tmp_path_factory.mktemp("loops")
    project = a_project(root / "project")
    shelf = project.set(rehearsal=False)
    put(shelf, loops.turning, root, sound=rustle(3.0), prompt="Rain.")
    put(shelf, loops.panned, root, scene="pan", take_id="take02-p", take_no=2, prompt="A wall.")
    put(project.set(rehearsal=True), loops.standing, root, scene="wall", prompt="A wall.")
    return project


def kit(project, *words):
    return main(["loop", *words, "--project", str(project.root)])


def test_a_person_is_told_score_advice_and_ways(project, capsys):
    """On one screen: the score in words, what to do, each way in frames and seconds, what to beware of."""
    assert kit(project, "rain") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("rain, take 1: ")
    assert "nobody will find the seam" in lines[0]
    assert lines[1] == "Loop it as it is: nobody will find the seam."
    assert [line.split(":")[0].strip() for line in lines[2:5]] == ["as it is", "trimmed", "crossfade"]
    assert "(frames 0 to 71)" in lines[2]
    assert lines[5].startswith("Beware: Never play it to and fro")
    assert len(lines) < 12


def test_a_take_that_is_not_to_be_looped_ends_with_1(project, capsys):
    """Named by its number or its id."""
    for which in ("2", "take02-p"):
        assert kit(project, "pan", which) == 1
        assert "Do not loop it: the whole picture moves sideways" in capsys.readouterr().out


def test_a_rehearsal_says_so(project, capsys):
    """Its takes are found with --rehearsal alone."""
    assert kit(project, "wall", "--rehearsal") == 0
    said = capsys.readouterr().out
    assert said.startswith("REHEARSAL")
    assert "stands still" in said
    assert kit(project, "wall") == 1
    assert "no take of a scene 'wall'" in capsys.readouterr().err


def test_the_preview_is_told_where_it_is(project, capsys):
    """A clip and a strip of pictures, for people and for programs."""
    assert kit(project, "rain", "--preview") == 0
    lines = capsys.readouterr().out.splitlines()
    shown = [Path(line.split(maxsplit=1)[1]) for line in lines[-2:]]
    assert all(path.is_file() for path in shown)
    assert kit(project, "rain", "--preview", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [told["preview"], told["strip"]] == [str(path) for path in shown]
    assert (told["advice"], told["score"] > 90, told["crossfade_frames"]) == ("as it is", True, 0)


def test_what_is_not_there_is_one_sentence(project, capsys):
    """As JSON too."""
    assert kit(project, "nowhere", "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"] == "BadInput"


def test_the_help_is_one_screen(capsys):
    """What it tells, what it does not do, and what the exit codes mean."""
    with pytest.raises(SystemExit):
        main(["loop", "--help"])
    said = capsys.readouterr().out
    assert "Changes nothing" in said
    assert len(said.splitlines()) <= 30
