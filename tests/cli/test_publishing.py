"""The verb publish, as a person or a program calls it."""

import json

import pytest

from ltxlib.cli.main import main
from ltxlib.cli.publishing import trace_lines
from ltxlib.studio.assemble import FilmSettings, assemble
from tests.studio.test_publishing import put
from tests.support.studio import a_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a film of one short scene, and its rehearsal's."""
    root = tmp_path_factory.mktemp("publish")
    project = a_project(root / "project", ("rain,t2v,@rain/window,,9,256,128,1,yes,yes",))
    for rehearsal in (False, True):
        shelf = project.set(rehearsal=rehearsal)
        assemble(shelf, [put(shelf, root, "rain", 1, frames=17, picture="still")], FilmSettings(name="calm"))
    return project


def test_a_person_is_told_where_it_is_and_what_to_do(project, capsys):
    """The folder, the title, what is in it, and the reminder of altered content."""
    assert main(["publish", "--project", str(project.root), "--words", "Calm", "--timeline"]) == 0
    said = capsys.readouterr().out
    assert "-pack" in said
    assert "no chapters" in said
    assert "thumbnail" in said
    assert "timeline.otio" in said
    assert "Altered content" in said


def test_a_rehearsal_is_told_as_such(project, capsys):
    """No reminder how to upload, but that it is not to be."""
    assert main(["publish", "--project", str(project.root), "--rehearsal", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["may_be_published"] is False
    assert facts["title"].startswith("REHEARSAL")
    assert facts["timeline"] is None
    assert main(["publish", "--project", str(project.root), "--rehearsal"]) == 0
    said = capsys.readouterr().out
    assert "not to be published" in said
    assert "Altered content" not in said


def test_a_film_and_a_take_are_traced(project, capsys):
    """A line for where it comes from and one for what made it, for each take."""
    assert main(["publish", "--project", str(project.root), "--trace", "calm"]) == 0
    said = capsys.readouterr().out
    assert "rain/take01-rain: scenes.csv row 2, changed since" in said
    assert "seed 1, ltx-2-19b-distilled, asmr-txt2vid.json, made 2026-01-01" in said
    assert main(["publish", "--project", str(project.root), "--trace", "rain/take01-rain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scene_row"]["row"] == 2
    assert not any("{" in line for line in trace_lines(json.loads(json.dumps(_take()))))


def _take():
    take = {
        "scene": "a",
        "take_id": "b",
        "rung": 2,
        "seed": 1,
        "model": "m",
        "workflow": "w",
        "made_at": "2026",
    }
    return take | {"scene_row": None}


def test_a_wrong_name_ends_with_a_sentence(project, capsys):
    """Exit code 1, and what there is."""
    assert main(["publish", "--project", str(project.root), "--name", "nothing"]) == 1
    assert "There are: calm-" in capsys.readouterr().err
