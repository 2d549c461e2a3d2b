"""Which classes a server lacks for a workflow."""

from ltxlib.core import recipes, variants, workflow
from ltxlib.core.schema import NodeSchema, shipped
from tests.support.reshape import packed


def test_classes_are_those_that_run():
    """Notes, nodes that are switched off and subgraphs themselves are not missed; what lies in them is."""
    name = "ltxvideo-tiled.json"
    ui = workflow.load(recipes.shipped()[name], name)
    core = NodeSchema({kind: {} for kind in shipped().names() if kind != "LTXVTiledSampler"})
    for one in (ui, packed(ui, ("Refine", "Enlarge"))):
        assert variants.missing_classes(one, shipped()) == ()
        assert variants.missing_classes(one, core) == ("LTXVTiledSampler",)
    off = {"nodes": [{"id": 1, "type": "Gone", "mode": 4}, {"id": 2, "type": "A", "mode": 0}], "links": []}
    assert variants.missing_classes(off, NodeSchema({})) == ("A",)
