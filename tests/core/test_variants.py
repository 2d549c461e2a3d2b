"""Which graph a server can run, told from the classes it has."""

from ltxlib.core import recipes, variants, workflow
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.variants import Candidate
from tests.support.reshape import packed

CORE = NodeSchema({name: {} for name in ("A", "B")})


def test_the_first_that_runs_is_chosen():
    """What is wanted comes first; what it lacks is told all the same."""
    tiled, plain = Candidate("tiled", frozenset({"A", "T", "S"})), Candidate("plain", frozenset({"A", "B"}))
    choice = variants.choose([tiled, plain], CORE)
    assert (choice.name, choice.wanted, choice.lacking) == ("plain", "tiled", ("S", "T"))
    assert not choice.as_wanted
    assert variants.choose([plain, tiled], CORE).as_wanted


def test_none_is_chosen_where_none_runs():
    """Then the name is None, and what the wanted one lacks is told."""
    choice = variants.choose([Candidate("tiled", frozenset({"T"}))], CORE)
    assert (choice.name, choice.lacking) == (None, ("T",))


def test_classes_are_those_that_run():
    """Notes, nodes that are switched off and subgraphs themselves are no classes; what lies in them is."""
    name = "ltxvideo-tiled.json"
    ui = workflow.load(recipes.shipped()[name], name)
    for one in (ui, packed(ui, ("Refine", "Enlarge"))):
        classes = variants.classes_of(one)
        assert {"LTXVTiledSampler", "STGGuiderAdvanced", "SaveVideo"} <= classes
        assert "MarkdownNote" not in classes
        assert variants.lacking(classes, shipped()) == ()
    off = {"nodes": [{"id": 1, "type": "Gone", "mode": 4}, {"id": 2, "type": "A", "mode": 0}], "links": []}
    assert variants.classes_of(off) == {"A"}
