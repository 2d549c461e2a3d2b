"""Films that go on and on: a timeline taken as a circle, unrolled to any length, exact to the frame. Pure.

    circle   | a | b | c |          after its last cut comes its first again, joined as the first cut asks
    film     | a | b | c | a | b | c | a | b | c | a :end
    abridged | a | b | c | a :end                      whole rounds left out of its middle

All that is different in a long film is found in its abridged form: the head with its fade, one whole round,
and the tail. The rounds that are left out show and sound like the one that stayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from ltxlib.core.dice import Dice
from ltxlib.core.film import LONGEST_FILM_S, ORDERS, LongForm
from ltxlib.core.problem import Problem
from ltxlib.core.timeline import Cut, Timeline, frames_at

# Each new neighbourhood is a transition that has to be made; so many make an hour or more without a repeat.
MOST_TRANSITIONS = 400
# How many ways are tried for one more time around with neighbours that never met.
TRIES = 400
# With more clips than these left to choose from, any will do.
MANY_UNITS = 60
# How long a screen takes to fade to black for the night: slow enough that nobody wakes of it.
LONGEST_DUSK_S, SHORTEST_DUSK_S = 45, 1


@dataclass(frozen=True)
class LongFilm:
    """A film of a set length out of a timeline taken as a circle, in the order that is asked for."""

    loop: Timeline
    length: LongForm

    @cached_property
    def cycle(self) -> Timeline:
        """What is repeated, once around: the loop itself, or several shuffled rounds of it."""
        if self.length.order != "shuffled":
            return self.loop
        once = max(circle_frames(self.loop), 1)
        return replace(self.loop, cuts=shuffled(self.loop.cuts, self.length.seed, -(-self.frames // once)))

    @cached_property
    def cycle_frames(self) -> int:
        """After so many frames the picture repeats."""
        return circle_frames(self.cycle)

    @property
    def frames(self) -> int:
        """How many frames the film has, exactly."""
        return frames_at(Fraction(str(self.length.length_s)), self.loop.fps)

    @property
    def lit_frames(self) -> int:
        """How many frames the film has until its picture is black for good; all, where it never is."""
        return min(sum(self._dusk()), self.frames)

    @property
    def dusk_frames(self) -> int:
        """How long the picture takes to go black for the night; 0: it never does."""
        begins, lasts = self._dusk()
        return max(min(lasts, self.frames - begins), 0)

    def _dusk(self) -> tuple[int, int]:
        asked_s = Fraction(str(self.length.screen_off_s))
        if asked_s <= 0:
            return self.frames, 0
        begins = frames_at(asked_s, self.loop.fps)
        lasts_s = min(Fraction(LONGEST_DUSK_S), max(asked_s / 2, Fraction(SHORTEST_DUSK_S)))
        return begins, frames_at(lasts_s, self.loop.fps)

    def problems(self) -> list[Problem]:
        """Everything that keeps this from becoming a film; an empty list when nothing does."""
        found = self.loop.problems()
        if not 0 < self.length.length_s <= LONGEST_FILM_S:
            what = f"The film would be {self.length.length_s:g} seconds long."
            found.append(Problem("length", what, f"Choose up to {LONGEST_FILM_S / 3600:g} hours."))
        if self.length.order not in ORDERS:
            what = f"The order {self.length.order!r} is not known."
            found.append(Problem("length, order", what, f"Choose one of: {', '.join(ORDERS)}."))
        if self.length.screen_off_s < 0:
            what, cure = "The screen would go dark before the film begins.", "Choose 0 (never) or more."
            found.append(Problem("length, screen_off_s", what, cure))
        if any(not problem.warning for problem in found):
            return found
        return found + [
            replace(problem, where=f"where the film begins again, {problem.where}")
            for problem in replace(self.cycle, cuts=self.cycle.cuts * 2).problems()
            if problem not in found
        ]


def circle_frames(loop: Timeline) -> int:
    """How many frames a timeline has as a circle, where its last cut is joined to its first."""
    return replace(loop, cuts=loop.cuts * 2).frames - loop.frames


def longest_joint(loop: Timeline) -> int:
    """How many frames at most beside a joint of the circle look otherwise where a film begins or ends."""
    count = len(loop.cuts)
    joints = replace(loop, cuts=loop.cuts * 2).joints_frames[count:]
    return max(*joints, *(cut.black_frames for cut in loop.cuts), 0)


def unrolled(circle: Timeline, frames: int) -> Timeline:
    """A circle as a film with two ends and exactly so many frames, whose last clip stops wherever it is."""
    rounds = frames // max(circle_frames(circle), 1) + 2
    film = replace(circle, cuts=circle.cuts * rounds)
    starts = film.starts_frames
    # The first cut that reaches the end is the last: whatever would melt into it there is not begun.
    last = next(n for n, cut in enumerate(film.cuts) if starts[n] + cut.frames >= frames)
    cut = film.cuts[last]
    left = frames - starts[last]
    # Its crossfade is its own: the film's may be no longer than half of any clip.
    own = None if cut.shared_frames is not None or cut.black_frames else film.joints_frames[last]
    ends = replace(cut, frames=left, crossfade_frames=own, black_frames=min(cut.black_frames, 2 * left))
    return replace(film, cuts=(*film.cuts[:last], ends))


def left_out(frames: int, period: int, least: int) -> int:
    """How many whole periods can be left out of a film so that at least so many frames stay."""
    return max(frames - least, 0) // period


def rounds_until_whole(frames: int, fps: Fraction, block_samples: int, rate_hz: int) -> int:
    """The fewest rounds of so many frames that last a whole number of blocks of so many samples."""
    return (Fraction(frames * rate_hz) / fps / block_samples).denominator


def shuffled(cuts: Sequence[Cut], seed: int, most_rounds: int) -> tuple[Cut, ...]:
    """Several rounds of all cuts in different orders, to be taken as a circle.

    In every round each cut is there once. No clip follows twice on the same other one, nor ever on itself,
    around the end as well; where there are too few clips for a second round, there is one. Cuts that go on
    from the one before stay behind it. The same seed gives the same order, everywhere.
    """
    units = _units(cuts)
    labels = [(unit[0].clip, unit[-1].clip) for unit in units]
    most = max(min(most_rounds, MOST_TRANSITIONS // len(cuts)), 1)
    order = _circle(labels, Dice(f"shuffle {seed}"), most)
    return tuple(cut for number in order for cut in units[number])


def _units(cuts: Sequence[Cut]) -> list[tuple[Cut, ...]]:
    """The cuts in groups that must stay together, around the circle."""
    starts = [number for number, cut in enumerate(cuts) if cut.shared_frames is None]
    if not starts:
        return [tuple(cuts)]
    circle = [*cuts[starts[0] :], *cuts[: starts[0]]]
    edges = [*(start - starts[0] for start in starts), len(cuts)]
    return [tuple(circle[low:high]) for low, high in pairwise(edges)]


Labels = Sequence[tuple[str, str]]
Pairs = frozenset[tuple[str, str]]


def _circle(labels: Labels, dice: Dice, most: int) -> list[int]:
    """An order in rounds, the longest found that closes; labels: what each unit begins and ends with."""
    row: list[int] = []
    met: Pairs = frozenset()
    best: list[int] = []
    for number in range(min(most, max(len(labels) - 1, 1))):
        found = None
        for _ in range(TRIES):
            found = _round(labels, row, met, dice)
            if found is not None and (number or _closes(labels, found[0], found[1])):
                break
        if found is None:
            break
        row, met = found
        if _closes(labels, row, met):
            best = row
    return best or row or dice.sample(range(len(labels)), len(labels))


def _round(labels: Labels, row: list[int], met: Pairs, dice: Dice) -> tuple[list[int], Pairs] | None:
    """The row with every unit once more behind it, no two that met before; None: these dice found none."""
    row, pairs, left = list(row), set(met), list(range(len(labels)))
    while left:
        ends = labels[row[-1]][1] if row else None
        free = [unit for unit in left if _is_new(ends, labels[unit][0], pairs)]
        if not free:
            return None
        chosen = dice.choice(_hardest(labels, free, left, pairs) if len(left) <= MANY_UNITS else free)
        if ends is not None:
            pairs.add((ends, labels[chosen][0]))
        row.append(chosen)
        left.remove(chosen)
    return row, frozenset(pairs)


def _hardest(labels: Labels, free: list[int], left: list[int], pairs: set[tuple[str, str]]) -> list[int]:
    """Of the free ones those that have fewest others left to meet, or one more; else they stay behind."""
    ways = {
        unit: sum(_is_new(labels[unit][1], labels[other][0], pairs) for other in left if other != unit)
        for unit in free
    }
    return [unit for unit in free if ways[unit] <= min(ways.values()) + 1]


def _is_new(leaves: str | None, comes: str, pairs: set[tuple[str, str]] | Pairs) -> bool:
    return leaves is None or (leaves != comes and (leaves, comes) not in pairs)


def _closes(labels: Labels, row: list[int], met: Pairs) -> bool:
    """Whether the row's first may follow on its last."""
    return _is_new(labels[row[-1]][1], labels[row[0]][0], met)
