"""docs/MACHINES.md says of each card what the catalog and the kit's rules of what fits say."""

from __future__ import annotations

from ltxlib.core import catalog
from tools import machines, marked


def test_the_page_is_as_the_catalog_is_now() -> None:
    """Whoever changes a figure has the page written anew."""
    now = marked.replaced(machines.PAGE, machines.COMMAND, machines.made())
    assert machines.PAGE.read_text("utf-8") == now, f"docs/MACHINES.md is behind: run {machines.COMMAND}"


def test_every_card_with_a_price_is_told_of() -> None:
    """Each card that the catalog has a price for has its line, and no card is without a price."""
    assert {card.name for card in machines.CARDS} == {one.card for one in catalog.shipped().prices}
    assert all(machines.price(card) > 0 for card in machines.CARDS)


def test_a_pod_with_little_memory_is_told_honestly() -> None:
    """An A40 with its 50 GB is good for small clips only, whatever its card could hold."""
    a40 = next(card for card in machines.CARDS if card.name == "A40")
    preset = machines.begin_with(a40, 50)
    assert preset is not None and preset.name == "low memory"
    assert "| A40 | 48 GB | $0.40 | about 50 GB" in machines.made()


def test_a_small_card_is_told_what_it_lacks() -> None:
    """A model that wants more memory than the card has says how much it wants."""
    told = machines.made().splitlines()
    row = next(line for line in told if line.startswith("| `ltx-2-19b-distilled` | with"))
    assert "no: wants a card of 32 GB" in row
