"""The drafts as cards, scene by scene: a small player, the seed, and the button that picks it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import ipywidgets as widgets

from ltxlib.store.project import Shelf
from ltxlib.studio.drafts import Gallery, Listed
from ltxlib.studio.review import poster_of
from ltxlib.ui import look
from ltxlib.ui.panel import Panel
from ltxlib.ui.parts import buttons, column, set_html, show, text_block
from ltxlib.ui.video import video_html

PAGE = 24
_AWAITED = '<div class="ltx-still"></div>'


class _Keeper(Protocol):
    """The panel that the cards belong to, and that writes picks down."""

    def picked(self, one: Listed, picked: bool) -> None: ...


class _Card:
    """One draft: its player, its seed, Pick."""

    def __init__(self, keeper: _Keeper, one: Listed) -> None:
        self.one = one
        self._keeper = keeper
        self._telling = True
        self.film = text_block(_AWAITED)
        self.words = text_block("")
        self.pick = widgets.ToggleButton(description="Pick", value=one.picked)
        self.pick.add_class("ltx-pick")
        self.pick.observe(lambda _: self._pressed(), "value")
        self.part = column([self.film, self.words, self.pick], "ltx-card", "ltx-draft")
        self.show(one)

    def show(self, one: Listed) -> None:
        """Show the draft as it stands now."""
        self.one = one
        take = one.take
        mark = look.tag("finished", "good") if one.finished else ""
        head = f'<div class="ltx-said"><b>Draft {take.take_no}</b>{mark}</div>'
        known = "".join(f'<div class="ltx-quiet">{look.escape(words)}</div>' for words in take.warnings)
        set_html(self.words, f'{head}<div class="ltx-quiet">seed {take.seed}</div>{known}')
        (self.part.add_class if one.picked else self.part.remove_class)("ltx-chosen")
        if self.pick.value != one.picked:
            self._telling = False
            self.pick.value = one.picked
            self._telling = True
        self.pick.description = "Picked" if one.picked else "Pick"
        self.pick.tooltip = "Press to take it back" if one.picked else "It is to be finished"

    def show_film(self, still: Path | None) -> None:
        """Show the player, once: one that plays is not disturbed."""
        if self.film.value == _AWAITED:
            clip = self.one.take.clip
            shape = (clip.width_px, clip.height_px)
            set_html(self.film, video_html(self.one.clip, still=still, shape=shape))

    def _pressed(self) -> None:
        if self._telling:
            self.pick.description = "Picked" if self.pick.value else "Pick"
            self._keeper.picked(self.one, self.pick.value)


class _Group:
    """The cards of one scene below its name and prompt."""

    def __init__(self) -> None:
        self.heading = text_block("")
        self.cards = column([], "ltx-cards")
        self.part = column([self.heading, self.cards])

    def fill(self, cards: list[_Card]) -> None:
        """Show these cards."""
        set_html(self.heading, _heading(cards[0].one))
        _set_children(self.cards, [card.part for card in cards])


def _set_children(box: widgets.Box, children: list[widgets.Widget]) -> None:
    if list(box.children) != children:
        box.children = children


class DraftCards:
    """Pages of drafts, a heading for each scene."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._cards: dict[str, _Card] = {}
        self._groups: dict[str, _Group] = {}
        self._gallery: Gallery | None = None
        self._shelf: Shelf | None = None
        self._page = 0
        self.list = column([], "ltx-shelf")
        self.earlier = panel.button("Earlier", lambda: self._turn(self._page - 1), "ltx-small", "ltx-earlier")
        self.later = panel.button("Later", lambda: self._turn(self._page + 1), "ltx-small", "ltx-later")
        self.where = text_block("")
        self.pager = buttons([self.earlier, self.where, self.later], "ltx-pager")
        self.part = column([self.list, self.pager], "ltx-drafts-shown")
        show(self.pager, False)
        show(self.part, False)

    def fill(self, shelf: Shelf, gallery: Gallery | None) -> None:
        """Show these drafts; cards that were there before are kept."""
        self._shelf, self._gallery = shelf, gallery
        show(self.part, bool(gallery and gallery.drafts))
        self._turn(self._page)

    def _turn(self, page: int) -> None:
        shown = self._gallery.drafts if self._gallery else ()
        last = max(len(shown) - 1, 0) // PAGE
        self._page = min(max(page, 0), last)
        here = shown[self._page * PAGE : (self._page + 1) * PAGE]
        kept, self._cards = self._cards, {}
        for one in here:
            card = kept.get(one.take.key) or _Card(self._panel, one)
            card.show(one)
            self._cards[one.take.key] = card
        self._lay_out()
        self.earlier.disabled, self.later.disabled = self._page == 0, self._page == last
        set_html(self.where, f'<span class="ltx-quiet">page {self._page + 1} of {last + 1}</span>')
        show(self.pager, last > 0)
        cards = list(self._cards.values())
        self._panel.in_background(lambda: self._films(cards), lambda _: None)

    def _lay_out(self) -> None:
        """Show the cards scene by scene; what stays is not drawn again, since that would stop a player."""
        by_scene: dict[str, list[_Card]] = {}
        for card in self._cards.values():
            by_scene.setdefault(card.one.take.scene, []).append(card)
        kept, self._groups = self._groups, {}
        for scene, cards in by_scene.items():
            group = kept.get(scene) or _Group()
            group.fill(cards)
            self._groups[scene] = group
        _set_children(self.list, [group.part for group in self._groups.values()])

    def _films(self, cards: list[_Card]) -> None:
        """Fill in the players; missing posters are made, which takes a moment each."""
        for card in cards:
            if self._shelf is not None:
                card.show_film(poster_of(self._shelf, card.one.take, card.one.clip))


def _heading(one: Listed) -> str:
    take = one.take
    prompt = " ".join(take.prompt.split())
    name, said = look.escape(take.scene), look.escape(prompt)
    lines = f'<div class="ltx-quiet ltx-two-lines" title="{said}">{said}</div>'
    return f'<div class="ltx-scene-name">{name}</div>{lines}'
