"""A transition between two takes in the film: what it shows of them is left out of the takes themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem
from ltxlib.core.take import Take
from ltxlib.core.timeline import Cut, Timeline


@dataclass
class _Trim:
    """How many frames of a cut's beginning and end a transition shows, and how many both share."""

    head: int = 0
    head_shared: int = 0
    tail: int = 0
    tail_shared: int = 0


@dataclass
class _Film:
    """The cuts with what is to be left out of each."""

    cuts: list[Cut]
    crossfade_frames: int
    trims: list[_Trim] = field(default_factory=list)
    by_hand: frozenset[int] = frozenset()

    def rest(self, place: int) -> int:
        """How many frames of a cut no transition shows."""
        return self.cuts[place].frames - self.trims[place].head - self.trims[place].tail


def melts(take: Take) -> bool:
    """Whether it melts one take into another."""
    return take.mode in MODES and MODES[take.mode].melts


def shows(take: Take, key: str) -> bool:
    """Whether its picture is that of the take with this key."""
    return key in ((take.key, take.source) if take.keeps_picture else (take.key,))


def laid(
    cuts: Sequence[Cut], takes: Sequence[Take], film: Timeline, by_hand: frozenset[int] = frozenset()
) -> list[Cut]:
    """The cuts of these takes so that each moment that a transition shows is seen once.

    A transition shows the last frames of the take before it and the first of the take after it, moment on
    moment; both keep of these only what is crossfaded. A take that is wholly in it is left out.
    by_hand: joints (by the number of the cut after them) that a person set; they stay as they are.
    """
    work = _Film(list(cuts), film.crossfade_frames, [_Trim() for _ in cuts], by_hand)
    for place, take in enumerate(takes):
        if melts(take):
            _note(work, takes, place, film.crossfade_frames or max(1, round(film.fps / 4)))
    return list(_trimmed(work))


def _note(work: _Film, takes: Sequence[Take], place: int, wanted: int) -> None:
    frames = work.cuts[place].frames
    shared = min(wanted, frames // 2)
    if place and place not in work.by_hand and shows(takes[place - 1], takes[place].source):
        work.trims[place - 1].tail, work.trims[place - 1].tail_shared = frames, shared
        work.cuts[place] = replace(work.cuts[place], shared_frames=shared)
    after = place + 1
    if after < len(takes) and after not in work.by_hand and shows(takes[after], takes[place].end_source):
        work.trims[after].head, work.trims[after].head_shared = frames, shared


def _trimmed(work: _Film) -> Iterator[Cut]:
    most: int | None = None
    for place, cut in enumerate(work.cuts):
        trim, rest = work.trims[place], work.rest(place)
        if rest <= 0:
            # What follows melts with what comes before as any other two do.
            most = None
            if place + 1 < len(work.cuts):
                work.cuts[place + 1] = replace(work.cuts[place + 1], shared_frames=None)
            continue
        joint = cut.shared_frames
        if trim.head:
            joint = trim.head_shared
        elif joint is None and cut.crossfade_frames is None:
            # A crossfade as long as the film's may not fit any more.
            room = [size for size in (most, rest if trim.tail else None) if size is not None]
            joint = min(room) if room and min(room) < work.crossfade_frames else None
        yield replace(
            cut,
            frames=rest + trim.head_shared + trim.tail_shared,
            skip_frames=cut.skip_frames + trim.head - trim.head_shared,
            shared_frames=joint,
            # What goes on from the clip before does not go through black on the way.
            black_frames=cut.black_frames if joint is None else 0,
        )
        most = rest if trim.head and not trim.tail else None


def seams(takes: Sequence[Take]) -> list[Problem]:
    """Transitions beside another take of a scene than the one they melt."""
    found = []
    for one, other in pairwise(takes):
        sides = []
        if melts(other):
            sides.append((other, one, other.source, "before", "begins with"))
        if melts(one):
            sides.append((one, other, one.end_source, "after", "ends with"))
        for take, beside, key, where, how in sides:
            scene, _, wanted = key.partition("/")
            if scene == beside.scene and not shows(beside, key):
                shown = f"the film shows {beside.take_id} {where} it: a visible seam."
                what = f"It {how} {wanted} of {scene}, but {shown}"
                cure = f"Keep {wanted} of {scene} in notebook 03, or render {take.scene} again."
                found.append(Problem(f"scene {take.scene}", what, cure, warning=True))
    return found
