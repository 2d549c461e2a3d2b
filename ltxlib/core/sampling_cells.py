"""The cells that a model decides about: which it is, its sides, its camera, its steps and CFG."""

from __future__ import annotations

from typing import Any

from ltxlib.core import catalog, settings, specials
from ltxlib.core.catalog_parts import Model
from ltxlib.core.columns import BY_NAME
from ltxlib.core.modes import MODES
from ltxlib.core.row import Row


def model(reader: Row, mode: str) -> str:
    """The model a row names; one that the kit drives, and that has a workflow for the row's mode."""
    name = reader.text("model").lower()
    if name not in catalog.KNOWN or name in catalog.MODELS:
        name = reader.choice("model", tuple(catalog.MODELS))
    else:
        reader.problem(
            "model",
            f"{name} is known, but the kit has no workflow for it yet.",
            f"Write one that it has: {', '.join(catalog.MODELS)}.",
        )
    graph = catalog.MODELS[name].graph if name in catalog.MODELS else None
    own = bool(reader.cells["workflow"])
    if graph and not own and graph.modes is not None and mode in MODES and mode not in graph.modes:
        others = [other.name for other in catalog.MODELS.values() if _can(other, mode)]
        reader.problem(
            "model",
            f"{name} has no workflow for mode {mode}.",
            f"Write a model that has: {', '.join(others)}; or another mode: {', '.join(graph.modes)}.",
        )
    return name


def check_special(reader: Row, model_name: str, mode: str, special: str) -> None:
    """Say so when a special, or a mode that goes over a take, is asked of a model it is not written for."""
    chosen = catalog.MODELS.get(model_name)
    if chosen is None or mode not in MODES:
        return
    column = "special" if special != specials.NONE else "mode" if MODES[mode].covered else ""
    other = bool(chosen.graph and chosen.graph.suffix) or bool(
        settings.beyond_the_file(chosen, 2, None, None)
    )
    if column and other:
        asked = special if column == "special" else f"Mode {mode}"
        reader.problem(
            column,
            f"{asked} is made with the distilled LTX-2 19B only, not with {model_name}.",
            "Write ltx-2-19b-distilled as model, or another word here.",
        )


def _can(chosen: Model, mode: str) -> bool:
    return chosen.graph is not None and (chosen.graph.modes is None or mode in chosen.graph.modes)


def smooth(reader: Row, mode: str, made_in: int | None, model_name: str) -> bool:
    """Whether the film's frames are doubled; not every mode and model can, and one stage cannot."""
    wanted = reader.flag("smooth")
    if wanted and mode in MODES and not MODES[mode].smooth:
        those = " or ".join(name for name, one in MODES.items() if one.smooth)
        what = f"Mode {mode} cannot double its frames: no workflow does that yet."
        reader.problem("smooth", what, f"Empty this cell, or write {those} as mode.")
    elif wanted and made_in == 1:
        what = "Frames are doubled between the two stages, and this row has one."
        reader.problem("smooth", what, "Write 2 under stages, or empty this cell.")
    elif wanted and model_name in catalog.MODELS and not _doubles(catalog.MODELS[model_name]):
        those = ", ".join(name for name, one in catalog.MODELS.items() if _doubles(one))
        what = f"The kit has no workflow that doubles the frames of {model_name}."
        reader.problem("smooth", what, f"Empty this cell, or write one of these as model: {those}.")
    return wanted


def _doubles(chosen: Model) -> bool:
    """Whether the workflows that double frames are written for this model: they hold its family's doubler."""
    standard = next(iter(catalog.MODELS.values()))
    return chosen.graph == standard.graph and chosen.family == standard.family


def side(reader: Row, name: str, model_name: str, mode: str, stages: int | None) -> int | None:
    """The width or the height in pixels, as the row's model makes it in that mode and so many stages."""
    value = reader.whole(name)
    family = catalog.KNOWN[model_name].family if model_name in catalog.KNOWN else None
    step = family.side_step_px(stages or 2) if family else BY_NAME[name].step or 1
    if value is not None and value % step:
        below = value // step * step
        half, maker = "", family.name if family else "LTX-2"
        if family and step > family.side_multiple and mode in MODES and 1 in MODES[mode].stages:
            half = f" With 1 as stages it makes every multiple of {family.side_multiple}."
        reader.problem(
            name,
            f"{value} pixels is not a multiple of {step}.",
            f"The nearest that {maker} makes are {below} and {below + step}.{half}",
        )
    return value


def camera(reader: Row, model_name: str) -> str:
    """The camera move; an empty cell means the default where the model has camera LoRAs, else none."""
    every = (*catalog.CAMERAS, catalog.NO_CAMERA)
    family = catalog.KNOWN[model_name].family if model_name in catalog.KNOWN else None
    if family is None or family.cameras:
        return reader.choice("camera_lora", every)
    if not reader.cells["camera_lora"]:
        return catalog.NO_CAMERA
    move = reader.choice("camera_lora", every)
    if move in catalog.CAMERAS:
        reader.problem(
            "camera_lora",
            f"There is no camera LoRA {move} for {family.name}: its makers have them for the LTX-2 19B only.",
            "Empty this cell and tell the camera in the prompt (“The camera holds completely still.”), "
            "or write ltx-2-19b-distilled as model.",
        )
    return move


def sampling(reader: Row, model_name: str) -> dict[str, Any]:
    """steps and cfg as the row has them, None for the model's own; what the model does not bear is told."""
    values: dict[str, Any] = {"steps": reader.whole("steps"), "cfg": reader.number("cfg")}
    chosen = catalog.MODELS.get(model_name)
    # With a graph of the creator's own and no model named, nobody but the graph knows what samples there.
    unnamed = bool(reader.cells["workflow"]) and not reader.cells["model"]
    if chosen is None or not chosen.stages or unnamed:
        return values
    first = chosen.stages[0]
    figures = {"steps": (first.steps, first.own_steps), "cfg": (first.cfg, first.own_cfg)}
    for name, value in values.items():
        span, own = figures[name]
        if value is None or span is None or span[0] <= value <= span[1]:
            continue
        if span[0] == span[1]:
            _refuse(reader, name, value, chosen)
        else:
            reader.problem(
                name,
                f"{value:g} is outside what suits {model_name}.",
                f"{span[0]:g} to {span[1]:g} is tried and good ({own:g} for an empty cell); "
                "elsewhere look at one take before you make many.",
                warning=True,
            )
    return values


def _refuse(reader: Row, name: str, value: float, chosen: Model) -> None:
    """A distilled model has its steps and its CFG trained in: more of either only spoils the clip."""
    first = chosen.stages[0]
    told = f"CFG {value:g}" if name == "cfg" else f"{value:g} steps"
    others = [
        other
        for other in catalog.MODELS.values()
        if not other.distilled and other.stages and other.stages[0].steps != first.steps
    ]
    others.sort(key=lambda other: other.family is not chosen.family)
    dev = f" For more steps and a higher CFG write {others[0].name} as model." if others else ""
    reader.problem(
        name,
        f"{chosen.name} cannot be given {told}: it was trained to need only {first.own_steps:g} steps at CFG "
        f"{first.own_cfg:g}, and anything else costs time and spoils the picture.",
        f"Empty this cell.{dev}",
    )
