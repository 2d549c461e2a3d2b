"""The cards at a film's head and end: words on near-black, joined to the film like any other clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from ltxlib.core.film import FilmSettings
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.card import title_card

TITLE_S = 4
TITLE, END = "title", "end"


@dataclass(frozen=True)
class Card:
    """A card: which one (TITLE or END), its words, and how many frames it has."""

    which: str
    words: str
    frames: int


def cards_of(timeline: Timeline, settings: FilmSettings) -> list[Card]:
    """The cards that a film gets. A film of a set length goes round and round and has none."""
    if settings.long.wanted:
        return []
    both = ((TITLE, settings.title.strip()), (END, settings.end_title.strip()))
    # Long enough that it is still read between its own melting and the film's.
    seconds = max(Fraction(TITLE_S), 2 * settings.joined_by.frames_at(timeline.fps) / timeline.fps + 1)
    return [Card(which, words, max(round(seconds * timeline.fps), 1)) for which, words in both if words]


def with_cards(timeline: Timeline, settings: FilmSettings, folder: Path) -> Timeline:
    """The timeline with its cards, as they will lie in a folder; they need not be there yet."""
    head: list[Cut] = []
    tail: list[Cut] = []
    dark = settings.joined_by if settings.joined_by.kind == "black" else None
    for card in cards_of(timeline, settings):
        cut = Cut(str(_file(folder, card)), card.which, "", card.frames)
        if card.which == TITLE:
            head.append(cut)
        else:
            tail.append(replace(cut, black_frames=dark.frames_at(timeline.fps) if dark else 0))
    if not head and not tail:
        return timeline
    usual = settings.joined_by
    # A single clip had no crossfade; with a card beside it, it has.
    crossfade = usual.frames_at(timeline.fps) if usual.kind == "crossfade" else 0
    return replace(timeline, cuts=(*head, *timeline.cuts, *tail), crossfade_frames=crossfade)


def make_cards(
    timeline: Timeline, settings: FilmSettings, folder: Path, stop_if_asked: Callable[[], None]
) -> None:
    """Draws the cards into the folder. Raises BadInput, MediaError, StoreError."""
    for card in cards_of(timeline, settings):
        stop_if_asked()
        title_card(
            card.words,
            _file(folder, card),
            width_px=timeline.width_px,
            height_px=timeline.height_px,
            fps=timeline.fps,
            seconds=float(card.frames / timeline.fps),
        )


def _file(folder: Path, card: Card) -> Path:
    return folder / f"{card.which}.mp4"
