"""Every shipped workflow file with what it is for, as the catalog and the plan put them together."""

from dataclasses import dataclass

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Model
from ltxlib.core.plan import WORKFLOWS, workflow_name


@dataclass(frozen=True)
class ShippedWay:
    """One file: the mode and the stages it makes, and the model it is written for."""

    name: str
    mode: str
    stages: int
    model: Model


def shipped_ways() -> list[ShippedWay]:
    """One for each file, graph by graph."""
    return [
        ShippedWay(workflow_name(mode, stages, graph), mode, stages, catalog.KNOWN[graph.written_for])
        for graph in catalog.shipped().graphs.values()
        for mode, stages in WORKFLOWS
        if graph.modes is None or mode in graph.modes
    ]


def models_and_ways() -> list[tuple[str, str, int]]:
    """Every model that a scene can name, in every mode and number of stages that it can be made in."""
    return [
        (name, mode, stages)
        for name, model in catalog.MODELS.items()
        for mode, stages in WORKFLOWS
        if model.graph and (model.graph.modes is None or mode in model.graph.modes)
    ]
