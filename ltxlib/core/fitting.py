"""Which models fit a machine, and which is the best of them to begin with. Pure.

Memory that is needed is the catalog's, with its sources: users' reports rather than measurements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ltxlib.core.catalog_parts import Model, Preset

GB = 10**9
# As cards are named: a card with "24 GB" has 24 GiB.
CARD_GB = 2**30
# Cards and pods are sold in GiB and tell a little less than their name.
NEAR = 0.93


@dataclass(frozen=True)
class Fit:
    """Whether a model fits, and what it lacks where it does not."""

    model: Model
    lacks: tuple[str, ...]
    known: bool

    @property
    def fits(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.lacks


@dataclass(frozen=True)
class Advice:
    """What to begin with: a preset, or None where none fits; and why."""

    preset: Preset | None
    why: str


def fit(model: Model, vram_bytes: int | None, ram_bytes: int | None) -> Fit:
    """Whether a model fits a machine; None: not known of the machine."""
    lacks = []
    for name, needs_gb, has, told in (
        ("memory on the card", model.vram_gb, vram_bytes, CARD_GB),
        ("system memory", model.ram_gb, ram_bytes, GB),
    ):
        if needs_gb is not None and has is not None and has < NEAR * needs_gb * GB:
            lacks.append(f"{name}: {has / told:.0f} GB, wanted {needs_gb:g} GB")
    return Fit(model, tuple(lacks), model.ram_gb is not None)


def advise(presets: Iterable[Preset], vram_bytes: int | None, ram_bytes: int | None) -> Advice:
    """The most demanding preset that fits, as presets tell what they need of system memory."""
    fitting = [
        preset
        for preset in presets
        if preset.ram_gb is not None
        and (ram_bytes is None or ram_bytes >= NEAR * preset.ram_gb * GB)
        and fit(preset.model, vram_bytes, None).fits
    ]
    if not fitting:
        return Advice(None, f"No preset is known to work with {_has(vram_bytes, ram_bytes)}.")
    best = max(fitting, key=lambda one: (one.ram_gb or 0, one.width_px * one.height_px * one.frames))
    return Advice(
        best, f"It wants {best.ram_gb:g} GB of system memory; there is {_has(vram_bytes, ram_bytes)}."
    )


def _has(vram_bytes: int | None, ram_bytes: int | None) -> str:
    ram = (
        "system memory of unknown size" if ram_bytes is None else f"{ram_bytes / GB:.0f} GB of system memory"
    )
    return ram if vram_bytes is None else f"{ram} and a card with {vram_bytes / CARD_GB:.0f} GB"
