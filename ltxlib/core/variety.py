"""The variety guard: says when a film is one clip a thousand times over, and what YouTube may think. Pure.

YouTube calls what looks mass-produced or repetitive inauthentic content since July 2025 (before: repetitious
content). Such films may stay, but a channel of them may earn nothing. YouTube names no numbers: those here
are the kit's own, to make a person think before the upload and not after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ltxlib.core.problem import Problem

# From so many showings of all it has on, a film is called repetitive, and very much so.
REPEATS, MANY_REPEATS = 4.0, 60.0
# A scene that takes more of a film than this leaves little else to see.
LARGEST_SHARE = 0.8
# Below this length, one scene alone is what people expect.
SHORT_S = 180
_WHERE = "variety"
POLICY = "YouTube may take it for inauthentic content (mass-produced or repetitive), which earns no money"


@dataclass(frozen=True)
class Variety:
    """How varied a film is.

    clips: how many different ones. unique_s: how long they are together, each counted once at its longest.
    repeats: how often the film shows all it has. largest: the scene shown longest, and its share, 0 to 1.
    """

    clips: int
    scenes: int
    unique_s: float
    duration_s: float
    repeats: float
    largest: str
    largest_share: float

    @property
    def problems(self) -> list[Problem]:
        """What a person should know before such a film is published; warnings all of them."""
        found = []
        if self.repeats >= REPEATS:
            found.append(self._repetitive())
        if self.scenes > 1 and self.largest_share > LARGEST_SHARE and self.duration_s > SHORT_S:
            share = f"{self.largest_share:.0%}"
            what = f"The scene {self.largest} is {share} of the film; the others hardly show."
            found.append(Problem(_WHERE, what, "Give the others more time, or make it its own film.", True))
        return found

    def _repetitive(self) -> Problem:
        times = f"{self.repeats:,.0f} times over"
        of = "one clip" if self.clips == 1 else f"{self.clips} clips"
        what = f"The film is {of} ({_span(self.unique_s)} in all) {times}. {POLICY}."
        if self.repeats >= MANY_REPEATS:
            what += " A channel of many such films risks its right to earn as a whole."
            cure = "Film more scenes, let their order and the sound bed change, and say what is yours in it."
        else:
            cure = "More scenes, a changing order or a sound bed of another length make it less so."
        return Problem(_WHERE, what, cure, warning=True)


def variety(shown: Sequence[tuple[str, str, Fraction]], repeats: float = 1) -> Variety:
    """How varied a film is that shows these (scene, take, seconds) in order, all of them `repeats` times."""
    longest: dict[tuple[str, str], Fraction] = {}
    shares: Counter[str] = Counter()
    for scene, take, seconds in shown:
        longest[scene, take] = max(longest.get((scene, take), Fraction(0)), Fraction(seconds))
        shares[scene] += Fraction(seconds)  # type: ignore[assignment]
    unique_s, once_s = sum(longest.values()), sum(shares.values())
    whole_s = once_s * Fraction(repeats)
    largest, most_s = max(shares.items(), key=lambda pair: pair[1], default=("", 0))
    return Variety(
        clips=len(longest),
        scenes=len(shares),
        unique_s=float(unique_s),
        duration_s=float(whole_s),
        repeats=float(whole_s / unique_s) if unique_s else 0.0,
        largest=largest,
        largest_share=float(most_s / once_s) if once_s else 0.0,
    )


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} seconds"
    return f"{seconds / 60:.1f} minutes"
