"""Two lists that help a creator choose: the presets, and the models of the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ltxlib.cli import words
from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Model, Preset, Price


def presets(price: Price) -> tuple[list[str], dict[str, Any]]:
    """The presets with time, money and memory next to each: as lines, and for machines."""
    listed = catalog.shipped().presets
    rows = [["preset", "width", "height", "frames", "model", "a take", "costs", "RAM"]]
    for preset in listed:
        took = _took(preset)
        size = [str(preset.width_px), str(preset.height_px), str(preset.frames)]
        rows.append(
            [
                preset.name,
                *size,
                preset.model.name,
                words.span_of(took),
                words.money(took, price),
                _gb(preset.ram_gb),
            ]
        )
    lines = [
        *words.table(rows),
        "",
        *words.table([[preset.name, preset.meaning] for preset in listed]),
        "",
        "To use one, write its width, height, frames and model into the row of scenes.csv.",
        *_sources("Time", ((preset.name, preset.time_source) for preset in listed)),
        *_sources("RAM", ((preset.name, preset.ram_source) for preset in listed)),
        f"Price: {price.card} at ${price.usd_per_hour:g} an hour, {price.source}.",
    ]
    facts = [
        {**vars(preset), "model": preset.model.name, **words.span_facts(_took(preset), price)}
        for preset in listed
    ]
    return lines, {"presets": facts, "price": vars(price)}


def models(price: Price) -> tuple[list[str], dict[str, Any]]:
    """Every model of the catalog and what it needs: as lines, and for machines."""
    listed = catalog.KNOWN.values()
    rows = [["model", "family", "in scenes.csv", "files", "RAM", "card", "how it is sampled"]]
    rows += [
        [
            model.name,
            model.family.name,
            "yes" if model.drivable else "not yet",
            words.together(model.files) + (", gated" if model.gated else ""),
            _gb(model.ram_gb),
            _gb(model.vram_gb),
            _sampling(model),
        ]
        for model in listed
    ]
    lines = [
        *words.table(rows),
        "",
        *(
            ["not yet: the kit knows the model and its files, but has no workflow for it so far."]
            if not all(model.drivable for model in listed)
            else []
        ),
        *(words.gated(repo) for repo in dict.fromkeys(f.hf_repo for m in listed for f in m.gated)),
        "RAM and card: what their makers or users ask for; a ? was not to be found.",
        "Every figure has its source in ltxlib/core/catalog.json, where a model can also be added.",
    ]
    return lines, {"models": list(map(_model_facts, listed)), "price": vars(price)}


def _took(preset: Preset) -> tuple[float, float] | None:
    return preset.model.render_s(preset.width_px, preset.height_px, preset.frames)


def _gb(figure_gb: float | None) -> str:
    return f"{figure_gb:g} GB" if figure_gb else "?"


def _sources(what: str, named: Iterable[tuple[str, str]]) -> list[str]:
    """Where figures come from, each source said once, with the names it stands for."""
    found: dict[str, list[str]] = {}
    for name, source in named:
        found.setdefault(source, []).append(name)
    return [f"{what} of {', '.join(names)}: {source}." for source, names in found.items()]


def _sampling(model: Model) -> str:
    return " + ".join(f"{_span(stage.steps)} steps CFG {_span(stage.cfg)}" for stage in model.stages)


def _span(figure: tuple[float, float] | None) -> str:
    if figure is None:
        return "?"
    low, high = figure
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _model_facts(model: Model) -> dict[str, Any]:
    stages = [{**vars(stage), "lora": stage.lora.name if stage.lora else None} for stage in model.stages]
    family = {**vars(model.family), "cameras": sorted(model.family.cameras)}
    return {
        **vars(model),
        "graph": model.graph.name if model.graph else None,
        "gated": bool(model.gated),
        "family": family,
        "checkpoint": model.checkpoint.name,
        "needs": [file.name for file in model.needs],
        "files": [vars(file) for file in model.files],
        "stages": stages,
        "times": [vars(time) for time in model.times],
    }
