"""From chosen takes to a timeline: size, rate, where each begins and ends, how each follows on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ltxlib.core.film import LONGEST_SHORT_S, SHORT_PX, CutWish, FilmLook, FilmSettings
from ltxlib.core.lengths import length_text
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.take import Take
from ltxlib.core.timeline import Cut, Timeline, frames_at
from ltxlib.errors import BadInput
from ltxlib.store import takes as take_store
from ltxlib.store.project import Shelf
from ltxlib.studio import melting
from ltxlib.studio.choosing import goes_on_from, wishes_of

NO_TAKE = "There is no take to make a film of."
NO_TAKE_CURE = "Render scenes in notebook 02 first, then come back."


@dataclass(frozen=True)
class Laid:
    """A film laid out: its timeline without cards, and what people should know of it, a sentence each."""

    timeline: Timeline
    notes: tuple[str, ...]


def lay_out(shelf: Shelf, takes: Sequence[Take], settings: FilmSettings) -> Timeline:
    """The timeline of these takes: the size and rate most of them have, joined as the settings ask.

    Raises BadInput when there is nothing to lay out or what is asked does not fit.
    """
    return lay(shelf, takes, settings).timeline


def lay(shelf: Shelf, takes: Sequence[Take], settings: FilmSettings) -> Laid:
    """The timeline of these takes, and what was changed to make it one. Raises BadInput with all faults."""
    if not takes:
        raise BadInput(NO_TAKE, cure=NO_TAKE_CURE)
    faults = settings.problems()
    if faults:
        raise BadInput("The film cannot be made as it is wished.", faults)
    film = _frame(takes, settings)
    wishes = wishes_of(takes, settings)
    cuts: list[Cut] = []
    for number, (take, wish) in enumerate(zip(takes, wishes, strict=True)):
        cut = _cut(shelf, take, wish, film, settings)
        faults += _too_late(number, take, wish, cut)
        if number and goes_on_from(take, takes[number - 1]) and not (wish.in_s or wishes[number - 1].out_s):
            cut = _joined(cut, cuts[-1], take, film)
        cuts.append(cut)
    if faults:
        raise BadInput("The film cannot be laid out like this.", faults)
    cuts = melting.laid(cuts, takes, film, _by_hand(takes, wishes))
    timeline, notes = _within(replace(film, cuts=tuple(cuts)), settings)
    faults = errors_in(timeline.problems())
    if faults:
        raise BadInput("The film cannot be laid out like this.", faults)
    return Laid(timeline, notes)


def film_size(look: FilmLook, made_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the film in pixels, both even; made_px: of the takes."""
    if look.short:
        return SHORT_PX
    if not look.height_px:
        return made_px
    height = look.height_px + look.height_px % 2
    return max(2 * round(made_px[0] * height / made_px[1] / 2), 2), height


def _frame(takes: Sequence[Take], settings: FilmSettings) -> Timeline:
    """A film without cuts yet: the size, rate and crossfade that all of them share."""
    sizes = Counter((take.clip.width_px, take.clip.height_px) for take in takes)
    fps = Counter(Fraction(take.clip.fps) for take in takes).most_common(1)[0][0]
    width_px, height_px = film_size(settings.look, sizes.most_common(1)[0][0])
    joined = settings.joined_by
    # One clip alone has no neighbour, unless it comes round again.
    melts = joined.kind == "crossfade" and (len(takes) > 1 or settings.long.wanted)
    crossfade_frames = joined.frames_at(fps) if melts else 0
    look = settings.look
    # On a phone a wide clip between black bars is a third of the screen.
    sides = "fill" if look.short and look.sides == "fit" else look.sides
    return Timeline((), fps, width_px, height_px, crossfade_frames, sides, look.grain)


def _cut(shelf: Shelf, take: Take, wish: CutWish, film: Timeline, settings: FilmSettings) -> Cut:
    """One take as it is wished, not yet joined to what it goes on from."""
    whole = frames_at(take.clip.frames / Fraction(take.clip.fps), film.fps)
    begins = _moment(wish.in_s, film.fps)
    ends = min(_moment(wish.out_s, film.fps), whole) if wish.out_s else whole
    asked, usual = wish.transition, settings.joined_by
    dark = (asked or usual) if (asked or usual).kind == "black" else None
    own = None
    if asked is not None:
        own = asked.frames_at(film.fps) if asked.kind == "crossfade" else 0
    return Cut(
        clip=str(take_store.clip_path(shelf, take.scene, take.take_id)),
        scene=take.scene,
        take=take.take_id,
        frames=ends - begins,
        gain_db=wish.gain_db,
        skip_frames=begins,
        crossfade_frames=None if dark else own,
        black_frames=dark.frames_at(film.fps) if dark else 0,
    )


def _moment(seconds: float, fps: Fraction) -> int:
    """The frame nearest to a moment of a take; halves go up."""
    return int(Fraction(str(seconds)) * fps + Fraction(1, 2))


def _too_late(number: int, take: Take, wish: CutWish, cut: Cut) -> list[Problem]:
    if cut.frames >= 1:
        return []
    where = f"cut {number + 1} ({take.scene}), in_s"
    what = f"It would begin at {wish.in_s:g} s, but nothing is left of the take there."
    return [Problem(where, what, f"The take lasts {take.clip.duration_s:.2f} s; let it begin earlier.")]


def _joined(cut: Cut, before: Cut, take: Take, film: Timeline) -> Cut:
    """The cut so that what it shows again lies over the end of the cut before, moment on moment.

    As much of it is shared as the crossfade is long (a quarter of a second where there is none), the rest is
    left out: nothing is seen twice and nothing jumps. Only where a person asks for it at this very place is
    there no melting, or a way through black.
    """
    overlap = film.frames_at(take.overlap_frames, Fraction(take.clip.fps))
    if cut.crossfade_frames is not None:
        wanted = cut.crossfade_frames
    else:
        wanted = film.crossfade_frames or max(1, round(film.fps / 4))
    shared = min(overlap, wanted, before.frames // 2)
    skip = overlap - shared
    if cut.black_frames and film.crossfade_frames:
        return replace(cut, frames=cut.frames - overlap, skip_frames=overlap)
    return replace(cut, frames=cut.frames - skip, skip_frames=skip, shared_frames=shared, black_frames=0)


def _by_hand(takes: Sequence[Take], wishes: Sequence[CutWish]) -> frozenset[int]:
    """The joints (by the cut after them) that a person set, so that nothing is trimmed for a transition."""
    found: set[int] = set()
    for number, (take, wish) in enumerate(zip(takes, wishes, strict=True)):
        whole = melting.melts(take) and (wish.in_s or wish.out_s)
        if wish.in_s or wish.transition is not None or whole:
            found.add(number)
        if wish.out_s or whole:
            found.add(number + 1)
    return frozenset(found)


def _within(timeline: Timeline, settings: FilmSettings) -> tuple[Timeline, tuple[str, ...]]:
    """The timeline as long as a short may be; whole where it is none."""
    if not settings.look.short:
        return timeline, ()
    most_s = settings.long.length_s or LONGEST_SHORT_S
    most = int(Fraction(str(most_s)) * timeline.fps)
    cuts = list(timeline.cuts)
    while len(cuts) > 1 and replace(timeline, cuts=tuple(cuts)).frames > most:
        cuts.pop()
    if len(cuts) == 1 and cuts[0].frames > most:
        cuts[0] = replace(cuts[0], frames=most)
    short = replace(timeline, cuts=tuple(cuts))
    if short.frames == timeline.frames:
        return timeline, ()
    left = len(timeline.cuts) - len(cuts)
    if left:
        what = f"its last {left} of {len(timeline.cuts)} clips are left out"
    else:
        what = "its only clip is cut off"
    note = f"The short is at most {length_text(most_s)} long, so {what}."
    return short, (note,)
