"""What an hour costs: as it was named, else as the environment or RunPod says; else it is to be asked."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from ltxlib.errors import BadInput, PodError
from ltxlib.pod.here import this_pod
from ltxlib.pod.runpod_api import RunPodApi

VARIABLE = "LTX_USD_PER_HOUR"


@dataclass(frozen=True)
class HourlyPrice:
    """What an hour of the pod costs in US dollars, and who says so."""

    usd: float
    source: str


def hourly_price(named_usd: float | None = None) -> HourlyPrice | None:
    """The price of an hour; None when nobody knows it, and then a person must be asked.

    named_usd: as a person named it, with --price or in a form; it goes before LTX_USD_PER_HOUR, and that
    before RunPod, whose price may not be what is paid (a savings plan, a spot pod). Raises BadInput when one
    of the first two is no price; what RunPod does not tell is not known.
    """
    if named_usd is not None:
        return HourlyPrice(_checked(str(named_usd), named_usd, "The price"), "named by hand")
    text = os.environ.get(VARIABLE, "").strip()
    if text:
        return HourlyPrice(_checked(text, _number(text), VARIABLE), VARIABLE)
    return _of_runpod()


def _number(text: str) -> float:
    """The number in a text such as "0.59" or "$0.59"; not a number when there is none."""
    try:
        return float(text.removeprefix("$").strip())
    except ValueError:
        return math.nan


def _checked(text: str, usd: float, what: str) -> float:
    # Zero is the price of a card of one's own.
    if not math.isfinite(usd) or usd < 0:
        raise BadInput(
            f"{what} is “{text}”, which is no price of an hour.",
            cure="Write US dollars as a plain number, such as 0.59.",
        )
    return usd


def _of_runpod() -> HourlyPrice | None:
    here = this_pod()
    if here is None:
        return None
    try:
        told = RunPodApi(here.api_key).state(here.pod_id).usd_per_hour
    except PodError:
        return None
    return HourlyPrice(told, "RunPod") if told else None
