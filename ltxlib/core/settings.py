"""What one model is run with, as values for a workflow's roles: its files beside the model, its sampling.

Several models share a workflow file, which holds the settings of one of them. Only what differs from that one
is a value of the take, so that takes of the model the file is written for keep their names.
"""

from __future__ import annotations

from typing import Any

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Model


def of_model(model: Model, stages: int) -> dict[str, Any]:
    """Everything the catalog says a workflow of this model holds, in one stage or two.

    sigmas and sigmas_two are the noise levels as text; steps and cfg are of the first stage.
    """
    first, last = model.stages[0], model.stages[-1]
    encoder, upscaler = model.need("text_encoders"), model.need("latent_upscale_models")
    values: dict[str, Any] = {
        "text_encoder": encoder.name if encoder else None,
        "sampler": first.sampler or None,
        "sigmas": _text(first.sigmas) or None,
    }
    if not first.sigmas:
        values |= {"steps": _plain(first.own_steps), "cfg": _plain(first.own_cfg)}
    if stages == 2:
        values |= {
            "upscaler": upscaler.name if upscaler else None,
            "sigmas_two": _text(last.sigmas) or None,
            "distilled_lora": last.lora.name if last.lora else None,
            "distilled_lora_strength": last.lora_strength,
        }
    return {name: value for name, value in values.items() if value is not None}


def beyond_the_file(model: Model, stages: int, steps: int | None, cfg: float | None) -> dict[str, Any]:
    """The settings that the workflow file of this model does not hold already.

    steps and cfg: what the scene asks for, None for the model's own.
    """
    wanted = of_model(model, stages)
    wanted |= {name: value for name, value in asked(steps, cfg).items() if name in wanted}
    held = of_model(catalog.KNOWN[model.graph.written_for], stages) if model.graph else {}
    return {name: value for name, value in wanted.items() if held.get(name) != value}


def asked(steps: int | None, cfg: float | None) -> dict[str, Any]:
    """steps and cfg as values, those that are asked for."""
    return {name: _plain(value) for name, value in (("steps", steps), ("cfg", cfg)) if value is not None}


def _text(sigmas: tuple[float, ...]) -> str:
    return ", ".join(str(float(sigma)) for sigma in sigmas)


def _plain(number: float | None) -> float | None:
    """4 rather than 4.0, so that the same setting is the same value however it was written."""
    return int(number) if number is not None and float(number).is_integer() else number
