"""What each card can do and costs, in docs/MACHINES.md, from the catalog and the kit's rules of what fits.

    python -m tools.machines

Run it after core/catalog.json was changed; a test tells when it is due.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core import catalog, fitting
from ltxlib.core.catalog_parts import Model, Preset, ReportedTime
from tools import marked

PAGE = Path(__file__).resolve().parents[1] / "docs" / "MACHINES.md"
COMMAND = "python -m tools.machines"
# Whole pods are told of by their memory: too little for fp8, enough for it, enough for all that is known.
RAM_GB = (50, 64, 96)


@dataclass(frozen=True)
class Card:
    """A card as RunPod names it: its own memory, by its maker; the system memory its pods were seen with."""

    name: str
    vram_gb: int
    pod_ram: str


CARDS = (
    Card("A40", 48, "about 50 GB: users' reports of 2026"),
    Card("RTX 4090", 24, "differs from pod to pod"),
    Card("L40S", 48, "differs from pod to pod"),
    Card("A100 80 GB", 80, "differs from pod to pod"),
)


def price(card: Card) -> float:
    """What an hour of it was seen for, in US dollars."""
    return next(one.usd_per_hour for one in catalog.shipped().prices if one.card == card.name)


def begin_with(card: Card, ram_gb: int) -> Preset | None:
    """The preset that the checklist would advise on a pod with this card and so much system memory."""
    return fitting.advise(catalog.shipped().presets, card.vram_gb * fitting.GB, ram_gb * fitting.GB).preset


def fits(model: Model, card: Card) -> str:
    """What a pod with this card needs for the model, in a few words."""
    fit = fitting.fit(model, card.vram_gb * fitting.GB, None)
    if not fit.fits:
        return f"no: wants a card of {model.vram_gb:g} GB"
    ram = f"with {model.ram_gb:g} GB RAM" if model.ram_gb else "RAM not known"
    return ram if model.vram_gb else f"{ram}; card: no report"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    return [_line(*head), "|" + "---|" * len(head), *(_line(*row) for row in rows), ""]


def _cards() -> Iterator[Sequence[str]]:
    for card in CARDS:
        advised = [begin_with(card, ram_gb) for ram_gb in RAM_GB]
        told = [f"`{preset.name}`" if preset else "nothing is known to work" for preset in advised]
        yield card.name, f"{card.vram_gb} GB", f"${price(card):.2f}", card.pod_ram, *told


def _models() -> Iterator[Sequence[str]]:
    for model in catalog.MODELS.values():
        yield f"`{model.name}`", *(fits(model, card) for card in CARDS)


def _presets() -> Iterator[Sequence[str]]:
    for one in catalog.shipped().presets:
        took = one.model.render_s(one.width_px, one.height_px, one.frames)
        size = f"{one.width_px} x {one.height_px}, {one.frames} frames"
        seconds = f"{took[0]:.0f} to {took[1]:.0f} s" if took else "not known"
        ram = f"{one.ram_gb:g} GB" if one.ram_gb else "not known"
        yield f"`{one.name}`", one.meaning, f"`{one.model.name}`", size, seconds, ram


def _usd_of_a_hundred(time: ReportedTime) -> str:
    """What 100 such clips cost: on the card that is named, else on the cheapest and the dearest."""
    named = [price(card) for card in CARDS if card.name in time.gpu]
    prices = named or [price(card) for card in CARDS if card.vram_gb <= 48]
    low, high = (100 * s / 3600 * usd for s, usd in ((time.low_s, min(prices)), (time.high_s, max(prices))))
    return f"${low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"${low:.2f} to ${high:.2f}"


def _times() -> Iterator[Sequence[str]]:
    groups: dict[ReportedTime, list[str]] = {}
    for model in catalog.MODELS.values():
        for time in model.times:
            groups.setdefault(time, []).append(model.name)
    for time, models in groups.items():
        seconds = f"{time.low_s:g} s" if time.low_s == time.high_s else f"{time.low_s:g} to {time.high_s:g} s"
        size = f"{time.width_px} x {time.height_px}, {time.frames / 24:.1f} s of film"
        names = ", ".join(f"`{name}`" for name in models)
        yield names, size, time.gpu, seconds, _usd_of_a_hundred(time), marked.cell(time.source)


def _reckoned() -> list[str]:
    """How the presets' times came about, each way said once."""
    ways: dict[str, list[str]] = {}
    for one in catalog.shipped().presets:
        ways.setdefault(one.time_source, []).append(f"`{one.name}`")
    return [f"Time of {', '.join(names)}: {way}." for way, names in ways.items()]


def made() -> str:
    """The part of the page that tells of the cards."""
    shipped = catalog.shipped()
    first = shipped.first_load_s
    ram = [f"begin with, on a pod of {ram_gb} GB" for ram_gb in RAM_GB]
    return "\n".join(
        [
            *_table(("card", "its own memory", "an hour", "system RAM of its pods", *ram), _cards()),
            f"Prices: {shipped.prices[0].source}.",
            "",
            "What the presets are, with the times that follow from the reports further down:",
            "",
            *_table(("preset", "for", "model", "size", "a clip", "system RAM"), _presets()),
            *_reckoned(),
            "",
            "What each model asks of the pod:",
            "",
            *_table(("model", *(card.name for card in CARDS)), _models()),
            "What clips really took, by those who told:",
            "",
            *_table(("model", "clip", "on", "it took", "100 of them", "who says so"), _times()),
            f"The first clip of a session takes {first[0]:.0f} to {first[1]:.0f} seconds longer.",
        ]
    )


def main() -> int:
    """Write the tables into the page."""
    changed = marked.write(PAGE, COMMAND, made())
    print(f"{PAGE.name}: {'written anew' if changed else 'as it was'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
