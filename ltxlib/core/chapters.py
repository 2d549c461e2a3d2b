"""Chapters for YouTube, from what a film shows. Pure.

YouTube makes chapters of the times in a description when the first is 0:00, there are three or more in
rising order, and each lasts ten seconds or more (its help page on chapters; one wrong line and none appear).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ltxlib.core.problem import Problem

FEWEST, SHORTEST_S, MOST = 3, 10, 100
# What the player shows of a name; the rest would be cut off.
LONGEST_NAME = 70
AGAIN = "From the beginning again"
_WHERE = "chapters"


@dataclass(frozen=True)
class Shown:
    """One clip as the film shows it: its scene, what people call that, and from when to when in seconds."""

    scene: str
    name: str
    start_s: Fraction
    end_s: Fraction


@dataclass(frozen=True)
class Chapter:
    """A chapter: the whole second at which it begins, and its name."""

    start_s: int
    name: str

    def __str__(self) -> str:
        return f"{clock(self.start_s)} {self.name}"


@dataclass
class _Stretch:
    """A piece of the film while chapters are being found; names in the order of their showing."""

    start_s: int
    end_s: int
    names: list[str]

    @property
    def name(self) -> str:
        """All its names where they fit, else the first."""
        together = ", ".join(dict.fromkeys(self.names))
        return together if len(together) <= LONGEST_NAME else shortened(self.names[0])


def clock(seconds: int) -> str:
    """A time as YouTube reads it: "0:00", "12:05", "1:02:05"."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """The text, cut at a word where it is longer than this, with a mark that it was."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_word = cut.rpartition(" ")[0]
    return f"{(at_word if len(at_word) > longest // 2 else cut).rstrip(' ,.;:-')}…"


def chapters(shown: Sequence[Shown], duration_s: Fraction) -> tuple[list[Chapter], list[Problem]]:
    """The chapters of a film, and what there is to say of them; no chapters where YouTube would take none.

    Neighbours of one scene are one chapter; scenes of less than ten seconds share one. A film that shows so
    many that no description holds them gets the first showing of each scene, and one for all that follows.
    """
    stretches = _of_length(_runs(shown, math.floor(duration_s)))
    found = [Chapter(stretch.start_s, stretch.name) for stretch in stretches]
    problems: list[Problem] = []
    if len(found) > MOST:
        found = first_showings(found)
        what = f"The film has {len(stretches)} places for a chapter, more than a description holds."
        cure = "Only the first showing of each scene got one; this is how it should be."
        problems.append(Problem(_WHERE, what, cure, warning=True))
    if len(found) < FEWEST:
        return [], [*problems, _too_few(len(found), len({one.scene for one in shown}), duration_s)]
    return found, problems


def first_showings(found: Sequence[Chapter], most: int = MOST) -> list[Chapter]:
    """The first chapter of each name, and one that says that the film begins again, if it does."""
    seen: set[str] = set()
    kept: list[Chapter] = []
    for chapter in found:
        if chapter.name not in seen:
            seen.add(chapter.name)
            kept.append(chapter)
    kept = kept[: most - 1]
    again = next((one for one in found if one not in kept and one.start_s > kept[-1].start_s), None)
    return [*kept, Chapter(again.start_s, AGAIN)] if again else kept


def check_chapters(found: Sequence[Chapter], duration_s: Fraction) -> list[Problem]:
    """What YouTube would not take of these chapters; an empty list when it takes them, or there are none."""
    if not found:
        return []
    wrong = []
    if found[0].start_s != 0:
        wrong.append("The first one does not begin at 0:00.")
    if len(found) < FEWEST:
        wrong.append(f"There are only {len(found)}.")
    ends = [*(chapter.start_s for chapter in found[1:]), math.floor(duration_s)]
    for chapter, end_s in zip(found, ends, strict=True):
        if end_s - chapter.start_s < SHORTEST_S:
            wrong.append(f"“{chapter}” lasts less than {SHORTEST_S} seconds.")
        if not chapter.name.strip() or "\n" in chapter.name:
            wrong.append(f"The one at {clock(chapter.start_s)} has no name in one line.")
    cure = f"YouTube wants {FEWEST} or more, the first at 0:00, each of {SHORTEST_S} seconds or more."
    return [Problem(_WHERE, what, cure) for what in wrong]


def _runs(shown: Sequence[Shown], duration_s: int) -> list[_Stretch]:
    """Neighbours of one scene as one stretch; a stretch ends where the next begins."""
    runs: list[_Stretch] = []
    last = ""
    for number, one in enumerate(shown):
        if number and one.scene == last:
            continue
        last = one.scene
        # Up to the next second: a click on the chapter lands where the scene already shows.
        start_s = math.ceil(one.start_s) if number else 0
        runs.append(_Stretch(start_s, duration_s, [one.name]))
    for run, following in itertools.pairwise(runs):
        run.end_s = following.start_s
    return runs


def _of_length(runs: list[_Stretch]) -> list[_Stretch]:
    """The runs joined until each lasts long enough; what is left over at the end goes to the last one."""
    joined: list[_Stretch] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and (last.end_s - last.start_s < SHORTEST_S or last.names == run.names):
            last.end_s = run.end_s
            last.names = [*last.names, *(name for name in run.names if name not in last.names)]
        else:
            joined.append(run)
    if len(joined) > 1 and joined[-1].end_s - joined[-1].start_s < SHORTEST_S:
        left = joined.pop()
        joined[-1].end_s = left.end_s
        joined[-1].names += [name for name in left.names if name not in joined[-1].names]
    return joined


def _too_few(count: int, scenes: int, duration_s: Fraction) -> Problem:
    if duration_s < FEWEST * SHORTEST_S:
        what = f"The film lasts {float(duration_s):.0f} seconds, too short for chapters."
        cure = f"YouTube makes them from {FEWEST * SHORTEST_S} seconds on; nothing needs to be done."
    else:
        of = "one scene" if scenes == 1 else f"{scenes} scenes"
        what = (
            f"The film has no chapters: it shows {of}, which makes {count} of at least {SHORTEST_S} seconds."
        )
        cure = f"YouTube takes {FEWEST} or more. Nothing needs to be done, unless you want chapters."
    return Problem(_WHERE, what, cure, warning=True)
