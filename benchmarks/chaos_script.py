"""What goes wrong in a round of chaos, and when: drawn from the round's seed, so that it can be had again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

KILL_NIGHT, KILL_REHEARSAL, KILL_BOTH = "kill night", "kill rehearsal", "kill both"
FILL_DISK = "fill disk"
ORDERED = {
    "drop sockets": "drop_sockets",
    "forget": "forget",
    "answer 500": "error_500",
    "truncate": "truncated",
}
KINDS = (KILL_NIGHT, KILL_REHEARSAL, KILL_BOTH, *ORDERED, FILL_DISK)
HASTY_SHARE = 0.8
_PATHS = ("", "/history", "/prompt", "/view", "/queue", "/object_info")
SPEEDS_S = (0.0, 0.01, 0.03)
"""Seconds a step; a take has eight."""


@dataclass(frozen=True)
class Strike:
    """One thing that goes wrong.

    after_lines: so many more lines in the journal are waited for first, then delay_s. details: for a fault
    that the rehearsal is ordered to have. hold_s: how long the disk is full. spare_bytes: what is left of it.
    left_dead: the rehearsal is not started again by anybody but the batch that needs it.
    """

    kind: str
    after_lines: int
    delay_s: float
    details: dict[str, Any] = field(default_factory=dict)
    left_dead: bool = False
    hold_s: float = 0.0
    spare_bytes: int = 0

    def __str__(self) -> str:
        about = f" {self.details}" if self.details else ""
        about += ", left to the batch," if self.left_dead else ""
        about += f" for {self.hold_s:.2f} s" if self.hold_s else ""
        return f"{self.kind}{about} {self.delay_s:.3f} s after {self.after_lines} lines"


@dataclass(frozen=True)
class Script:
    """A round: how many scenes, how slowly they render, and what goes wrong one after the other.

    hasty: the batch makes short pauses only; else it is `./kit batch` itself.
    """

    seed: int
    scenes: int
    seconds_per_step: float
    hasty: bool
    strikes: tuple[Strike, ...]


def drawn(seed: int, place: int, *, disk: bool) -> Script:
    """The script of a round. place: the kinds come first by turns. disk: whether it can be filled."""
    dice = random.Random(seed)
    kinds = [kind for kind in KINDS if disk or kind != FILL_DISK]
    chosen = [kinds[place % len(kinds)], *dice.choices(kinds, k=dice.choice((0, 1, 1, 2)))]
    scenes, speed = dice.choice((3, 4)), dice.choice(SPEEDS_S)
    hasty = dice.random() < HASTY_SHARE
    return Script(seed, scenes, speed, hasty, tuple(_strike(dice, kind, scenes) for kind in chosen))


def _strike(dice: random.Random, kind: str, scenes: int) -> Strike:
    details: dict[str, Any] = {}
    if kind in ORDERED:
        details = {"kind": ORDERED[kind]}
        if kind == "answer 500":
            details |= {"path": dice.choice(_PATHS), "count": dice.randint(1, 6)}
        else:
            details["take"] = dice.randint(0 if kind != "truncate" else 1, 2)
    elif kind == KILL_REHEARSAL and dice.random() < 0.4:
        # For certain in mid-take, by its own hand.
        details = {"kind": "die", "take": 1}
    # Either anywhere, the start included, or close to the writing of a line, where things are half done.
    close = dice.random() < 0.6
    lines = dice.randint(1, 2 * scenes) if close else 0
    delay_s = dice.uniform(0, 0.06) if close else dice.uniform(0, 1.5)
    hold_s, spare = 0.0, 0
    if kind == FILL_DISK:
        hold_s, spare = dice.uniform(0.1, 0.7), dice.choice((0, 4096, 20_000))
    left_dead = kind == KILL_REHEARSAL and dice.random() < 0.3
    return Strike(kind, lines, delay_s, details, left_dead, hold_s, spare)
