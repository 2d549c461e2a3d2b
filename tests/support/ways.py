"""Every shipped workflow file with what it is for, as the catalog and the plan put them together."""

from dataclasses import dataclass

from ltxlib.core import catalog, controls, specials
from ltxlib.core.catalog_parts import Model
from ltxlib.core.modes import MODES
from ltxlib.core.plan import SMOOTH_WORKFLOWS, WORKFLOWS, workflow_name


@dataclass(frozen=True)
class ShippedWay:
    """One file: the mode and the stages it makes, and the model it is written for."""

    name: str
    mode: str
    stages: int
    model: Model
    smooth: bool = False
    special: str = specials.NONE
    control: str = controls.EDGES


def shipped_ways() -> list[ShippedWay]:
    """One for each file, graph by graph."""
    standard = next(iter(catalog.MODELS.values()))
    ways = [
        ShippedWay(workflow_name(mode, stages, graph), mode, stages, catalog.KNOWN[graph.written_for])
        for graph in catalog.shipped().graphs.values()
        for mode, stages in WORKFLOWS
        if graph.modes is None or mode in graph.modes
    ]
    ways += [
        ShippedWay(name, mode, stages, standard, True) for (mode, stages), name in SMOOTH_WORKFLOWS.items()
    ]
    ways += [
        ShippedWay(file, mode, 2, standard, special=name)
        for name, special in specials.SPECIALS.items()
        for mode, file in special.workflows.items()
    ]
    ways += [
        ShippedWay(one.workflow, controls.MODE, 2, standard, control=name)
        for name, one in controls.CONTROLS.items()
        if name != controls.EDGES
    ]
    return ways


def models_and_ways() -> list[tuple[str, str, int]]:
    """Every model that a scene can name, in every mode and number of stages that it can be made in."""
    return [
        (name, mode, stages)
        for name, model in catalog.MODELS.items()
        for mode, stages in WORKFLOWS
        if model.graph
        and (model.graph.modes is None or mode in model.graph.modes)
        # Those that go over a take are written for one model.
        and not MODES[mode].covered
    ]
