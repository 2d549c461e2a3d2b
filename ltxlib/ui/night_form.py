"""What is chosen for a night, in a form: a film at its end, what it may cost, until when, and the light."""

from __future__ import annotations

import math
import time

import ipywidgets as widgets

from ltxlib.errors import BadInput
from ltxlib.studio.night_options import NightOptions, clock_words, next_clock
from ltxlib.studio.price import HourlyPrice
from ltxlib.ui import look
from ltxlib.ui.parts import column, field, set_html, show, text_block

_MINUTE_S = 60
_NO_POD = "This machine is no pod, so there is nothing to stop."
_REHEARSED = "A rehearsal costs nothing, so it leaves the pod running."
_POD = (
    "A stopped pod costs only its disk. You have three minutes to say no, here or by ./kit night --keep-pod."
)


class NightForm:
    """The fields; `options` is what they ask for."""

    def __init__(self) -> None:
        self.assemble = _tick("Make the film afterwards", on=True)
        self.ladder = _tick("When memory runs out, make a take smaller rather than not at all", on=True)
        self.stop_pod = _tick("Stop the pod when it is over", on=False)
        self.budget = widgets.Text(placeholder="no limit", continuous_update=True)
        self.until = widgets.Text(placeholder="no limit", continuous_update=True)
        self.price = widgets.Text(placeholder="such as 0.59", continuous_update=True)
        self.clock = text_block()
        self.stop_hint = text_block()
        self.known = text_block()
        self.until.observe(lambda _: self.show_clock(), "value")
        self.price_field = field(
            "What an hour costs, in US dollars",
            self.price,
            "RunPod shows it on the pod's page. Without it a budget cannot be kept.",
        )
        show(self.price_field, False)
        budget = field("Budget, in US dollars", self.budget, "It ends with the take that reaches it.")
        budget.children = [*budget.children, self.known]
        until = field("End by, as 06:30", self.until)
        until.children = [*until.children, self.clock]
        choices = column([self.assemble, self.ladder, self.stop_pod, self.stop_hint], "ltx-ticks", "ltx-wide")
        self.part = column([budget, until, self.price_field, choices], "ltx-form", "ltx-night-form")
        self.show_clock()
        self.set_place(pod=False, stops=False)

    def set_price(self, price: HourlyPrice | None) -> None:
        """Ask for the hourly price when nobody knows it, else say what it is and who says so."""
        show(self.price_field, price is None)
        said = f"An hour costs ${price.usd:.2f} ({price.source})." if price else ""
        set_html(self.known, _hint(said) if said else "")

    def set_place(self, *, pod: bool, stops: bool) -> None:
        """Offer to stop the pod only where the night would. pod: whether this machine is one."""
        self.stop_pod.disabled = not stops
        if self.stop_pod.disabled:
            self.stop_pod.value = False
        set_html(self.stop_hint, _hint(_POD if stops else _REHEARSED if pod else _NO_POD))

    def show_clock(self, now: float | None = None) -> None:
        """Say what the clock of this machine shows, and what the hour that is written means."""
        now = time.time() if now is None else now
        text = self.until.value.strip()
        said = f"By the clock of this machine, which shows {_hour(now)} at this moment."
        if text:
            try:
                moment = next_clock(text, now)
                left = look.span_text(round((moment - now) / _MINUTE_S) * _MINUTE_S)
                said = f"{clock_words(moment)}, in {left}. The clock of this machine shows {_hour(now)}."
            except BadInput as error:
                said = f"{error.message} {error.cure}"
        set_html(self.clock, _hint(said))

    def options(self) -> NightOptions:
        """What the form asks for. Raises BadInput when a field holds what it cannot mean."""
        asked = self.price.value if "ltx-empty" not in self.price_field._dom_classes else ""
        text = self.until.value.strip()
        return NightOptions(
            assemble=self.assemble.value,
            budget_usd=usd_of(self.budget.value, "Budget"),
            until=next_clock(text) if text else None,
            stop_pod=self.stop_pod.value and not self.stop_pod.disabled,
            price_usd=usd_of(asked, "What an hour costs"),
            ladder=self.ladder.value,
        )


def usd_of(text: str, what: str) -> float | None:
    """An amount of dollars as people write it ("3", "$2.50", "2,50"); None for an empty text.

    Raises BadInput when it is none, or less than nothing.
    """
    plain = text.strip().removeprefix("$").removesuffix("$").strip()
    if not plain:
        return None
    try:
        usd = float(plain.replace(",", ".") if "." not in plain else plain)
    except ValueError:
        usd = math.nan
    if not math.isfinite(usd) or usd <= 0:
        raise BadInput(f"{what}: “{text.strip()}” is no sum of money.", cure="Write it as 3 or 2.50.")
    return usd


def _hour(moment: float) -> str:
    return time.strftime("%H:%M %Z", time.localtime(moment))


def _hint(text: str) -> str:
    return f'<div class="ltx-hint">{look.escape(text)}</div>'


def _tick(text: str, *, on: bool) -> widgets.Checkbox:
    return widgets.Checkbox(value=on, description=text, indent=False)
