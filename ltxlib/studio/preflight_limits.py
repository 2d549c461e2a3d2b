"""Time, money, and whether what was allowed of them will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ltxlib.core.amounts import range_text, time_text, usd_text
from ltxlib.core.plan import Estimate
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line
from ltxlib.studio.price import VARIABLE, HourlyPrice

if TYPE_CHECKING:
    from ltxlib.studio.preflight import Wishes

_ASK = f"Name the price of an hour (in a terminal: --price 0.59), or set {VARIABLE}."


def cost_usd(seconds: float | None, price: HourlyPrice | None) -> float | None:
    """What a time costs; None when the time or the price is not known."""
    return None if seconds is None or price is None else seconds / 3600 * price.usd


def lines(
    wanted: Wishes, estimate: Estimate, price: HourlyPrice | None, now: float, *, rehearsal: bool
) -> Iterator[Line]:
    """How long it lasts, what that costs, and how both stand to the clock and the budget that were named."""
    least = "more than " if estimate.left_out and estimate.known else ""
    if estimate.known:
        span = range_text(time_text(estimate.low_s), time_text(estimate.high_s))
        yield Line("Time", DOUBT if least else GOOD, f"{least}{span} ({estimate.source}).")
    else:
        state = GOOD if rehearsal else DOUBT
        yield Line("Time", state, f"How long it lasts is not known: {estimate.source}.")
    yield _money(estimate, price, least, rehearsal=rehearsal)
    if wanted.budget_usd is not None:
        yield _budget(wanted.budget_usd, estimate, price)
    if wanted.until is not None:
        yield _clock(wanted.until - now, estimate)


def _money(estimate: Estimate, price: HourlyPrice | None, least: str, *, rehearsal: bool) -> Line:
    if price is None:
        if rehearsal:
            return Line("Money", GOOD, "A rehearsal costs nothing.")
        return Line("Money", DOUBT, "What an hour costs is not known.", _ASK)
    told = f"{usd_text(price.usd)} an hour ({price.source})"
    low, high = cost_usd(estimate.low_s, price), cost_usd(estimate.high_s, price)
    if not estimate.known or low is None or high is None:
        return Line("Money", GOOD, f"{told}; for how long is not known.")
    return Line("Money", GOOD, f"{least}{range_text(usd_text(low), usd_text(high))} at {told}.")


def _budget(budget_usd: float, estimate: Estimate, price: HourlyPrice | None) -> Line:
    if budget_usd <= 0:
        return Line("Budget", BAD, f"{budget_usd:g} is no budget.", "Name US dollars, such as 5.")
    if price is None:
        what = f"A budget of {usd_text(budget_usd)} cannot be held: nobody knows what an hour costs."
        return Line("Budget", BAD, what, _ASK)
    if not estimate.known:
        what = f"The night ends at {usd_text(budget_usd)}; whether all is made by then, nobody knows."
        return Line("Budget", DOUBT, what)
    low, high = (cost_usd(seconds, price) or 0.0 for seconds in (estimate.low_s, estimate.high_s))
    if high <= budget_usd and not estimate.left_out:
        return Line("Budget", GOOD, f"{usd_text(budget_usd)} is enough.")
    cure = (
        "Name a higher budget, or render fewer or smaller scenes; what is missing can be made another night."
    )
    if low > budget_usd:
        share = f"about {budget_usd / high:.0%} to {budget_usd / low:.0%}"
        what = f"{usd_text(budget_usd)} is enough for {share} of it; then the night ends."
        return Line("Budget", DOUBT, what, cure)
    return Line("Budget", DOUBT, f"{usd_text(budget_usd)} may not be enough for all of it.", cure)


def _clock(left_s: float, estimate: Estimate) -> Line:
    if left_s <= 0:
        return Line("Clock", BAD, "The time until which the night may last has passed.", "Name a later one.")
    told = f"The night may last {time_text(left_s)}"
    cure = "Name a later time, or leave it to another night to make the rest."
    if not estimate.known:
        return Line("Clock", DOUBT, f"{told}; whether all is made by then, nobody knows.")
    if estimate.high_s <= left_s and not estimate.left_out:
        return Line("Clock", GOOD, f"{told}, which is enough.")
    if estimate.low_s > left_s:
        share = f"about {left_s / estimate.high_s:.0%} to {left_s / estimate.low_s:.0%}"
        return Line("Clock", DOUBT, f"{told}, enough for {share} of it.", cure)
    return Line("Clock", DOUBT, f"{told}, which may not be enough for all of it.", cure)
