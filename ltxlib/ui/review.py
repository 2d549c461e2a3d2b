"""Notebook 03: the takes of each scene, to watch, keep and reject."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.ladder import words_of
from ltxlib.core.problem import Problem
from ltxlib.core.take import KEEP, REJECT, UNDECIDED, Take
from ltxlib.store.project import Project
from ltxlib.store.takes import decide
from ltxlib.studio.drafts import draft_words
from ltxlib.studio.review import Reviewed, poster, review
from ltxlib.ui import look, place
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, field, set_html, show, text_block
from ltxlib.ui.video import picture_url, video_html

PAGE = 24
_ALL = ""


def review_panel(scenes_csv: str = "", only_scene: str = "") -> None:
    """Show the takes; by night, list them.

    scenes_csv: the table that gives the order, when it is not the project's own. only_scene: begin with this
    scene alone.
    """
    face(
        lambda project: _by_night(project, scenes_csv, only_scene),
        lambda project: ReviewPanel(project, scenes_csv, only_scene),
    )


def _by_night(project: Project, scenes_csv: str, only_scene: str) -> None:
    here = place.look(project)
    shown, problems = review(here.shelf, place.scene_order(project, scenes_csv))
    shown = [one for one in shown if not only_scene or one.take.scene == only_scene]
    print(f"{'REHEARSAL: ' if here.rehearsal else ''}{look.plural(len(shown), 'take')} to look at.")
    for one in shown:
        mark = "in the film" if one.chosen else one.decision
        print(f"  {one.take.scene}, take {one.take.take_no}: {_length(one)}{_origin(one)}, {mark}")
        if one.take.made_otherwise:
            print(f"    {one.take.made_otherwise}")
    for problem in problems:
        print(f"  {problem}")


def _length(one: Reviewed) -> str:
    return f"{one.take.clip.duration_s:.2f} s"


def _origin(one: Reviewed) -> str:
    """Which draft it was finished from, as the rest of a sentence."""
    return f", from {draft_words(one.from_draft)}" if one.from_draft else ""


@dataclass(frozen=True)
class _Found:
    place: place.Place
    shown: list[Reviewed]
    problems: list[Problem]


class _Card:
    """One take: its picture, Play, and the three decisions."""

    def __init__(self, panel: ReviewPanel, one: Reviewed) -> None:
        self.one = one
        self._telling = True
        self._panel = panel
        self.still = text_block('<div class="ltx-still"></div>')
        self.words = text_block("")
        self.play = panel.button("Play", lambda: panel.play(self.one), "ltx-small", "ltx-play")
        self.choice = widgets.ToggleButtons(
            options=[("Keep", KEEP), ("Undecided", UNDECIDED), ("Reject", REJECT)],
            tooltips=["goes into the film", "not decided yet", "never goes into the film"],
            value=one.decision,
        )
        self.choice.observe(lambda _: self._decided(), "value")
        self.part = column([self.still, self.words, self.play, self.choice], "ltx-card")
        self.show(one)

    def show(self, one: Reviewed) -> None:
        """Show the take as it stands now."""
        self.one = one
        take = one.take
        mark = look.tag("in the film", "good") if one.chosen and not take.sound_alone else ""
        less = words_of(take.rung)
        mark += f" {look.tag(less, 'wait')}" if less else ""
        head = f'<div class="ltx-said"><b>{look.escape(take.scene)}</b>{mark}</div>'
        alone = ", sound alone" if take.sound_alone else ""
        quiet = look.escape(f"Take {take.take_no}, {_length(one)}{alone}{_origin(one)}")
        set_html(self.words, f'{head}<div class="ltx-quiet">{quiet}</div>')
        (self.part.add_class if one.chosen else self.part.remove_class)("ltx-chosen")
        (self.part.add_class if one.decision == REJECT else self.part.remove_class)("ltx-rejected")
        if self.choice.value != one.decision:
            self._telling = False
            self.choice.value = one.decision
            self._telling = True

    def show_still(self, picture: Path | None) -> None:
        """Show the take's poster."""
        url = picture_url(picture) if picture else None
        if url:
            set_html(self.still, f'<img class="ltx-still" loading="lazy" alt="" src="{look.escape(url)}">')

    def _decided(self) -> None:
        if self._telling:
            self._panel.decided(self.one, self.choice.value)


class ReviewPanel(Panel):
    """Pages of takes by scene, with one player for all."""

    name = "review"

    def __init__(self, project: Project, scenes_csv: str = "", only_scene: str = "") -> None:
        self.scenes_csv = scenes_csv
        self._wanted = only_scene
        self._found: _Found | None = None
        self._page = 0
        self._cards: dict[str, _Card] = {}
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("Takes", "Reading the takes ..."))
        self.only = widgets.Dropdown(options=[("all scenes", _ALL)], value=_ALL)
        self.only.observe(lambda _: self._turn(0), "value")
        self.player = text_block("", "ltx-player")
        self.cards = column([], "ltx-shelf")
        self.earlier = self.button("Earlier", lambda: self._turn(self._page - 1), "ltx-small", "ltx-earlier")
        self.later = self.button("Later", lambda: self._turn(self._page + 1), "ltx-small", "ltx-later")
        self.where = text_block("")
        self.pager = buttons([self.earlier, self.where, self.later], "ltx-pager")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        show(self.pager, False)
        self.top = field("Show", self.only, "", "ltx-narrow")
        self.problems = text_block()
        return [
            self.head,
            self.top,
            self.player,
            self.cards,
            self.pager,
            buttons([self.again]),
            self.problems,
            self.notice,
        ]

    def refresh(self) -> None:
        """Read the takes anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        shown, problems = review(here.shelf, place.scene_order(self.project, self.scenes_csv))
        return _Found(here, shown, problems)

    def _fill(self, found: _Found) -> None:
        self._found = found
        self.stand_in(found.place)
        scenes = list(dict.fromkeys(one.take.scene for one in found.shown))
        wanted = self._wanted if self._wanted in scenes else self.only.value
        self._wanted = _ALL
        self.only.options = [("all scenes", _ALL), *((scene, scene) for scene in scenes)]
        self.only.value = wanted if wanted in scenes else _ALL
        show(self.top, len(scenes) > 1)
        set_html(self.head, look.heading("Takes", _summary(found)))
        set_html(self.problems, look.problem_table(found.problems) if found.problems else "")
        self._turn(self._page)

    def _turn(self, page: int) -> None:
        """Show a page of the takes."""
        found = self._found
        if found is None:
            return
        shown = [one for one in found.shown if self.only.value in (_ALL, one.take.scene)]
        last = max(len(shown) - 1, 0) // PAGE
        self._page = min(max(page, 0), last)
        here = shown[self._page * PAGE : (self._page + 1) * PAGE]
        self.cards.children = self._lay_out(here)
        self.earlier.disabled, self.later.disabled = self._page == 0, self._page == last
        set_html(self.where, f'<span class="ltx-quiet">page {self._page + 1} of {last + 1}</span>')
        show(self.pager, last > 0)
        self.in_background(lambda: self._stills(here), lambda _: None)

    def _lay_out(self, here: list[Reviewed]) -> list[widgets.Widget]:
        """The cards of these takes, scene by scene; cards that were there before are kept."""
        kept, self._cards = self._cards, {}
        for one in here:
            card = kept.get(one.take.key) or _Card(self, one)
            card.show(one)
            self._cards[one.take.key] = card
        return [column([card.part for card in self._cards.values()], "ltx-cards")]

    def _stills(self, here: list[Reviewed]) -> None:
        """Fill in the posters; missing ones are made, which takes a moment each."""
        for one in here:
            card = self._cards.get(one.take.key)
            if card and self._found:
                card.show_still(poster(self._found.place.shelf, one))

    def play(self, one: Reviewed) -> None:
        """Show a take in the player."""
        take = one.take
        size = "sound alone" if take.sound_alone else f"{take.clip.width_px} x {take.clip.height_px}"
        words = f"{take.scene}, take {take.take_no}, {size}, "
        words += f"{_length(one)}, seed {take.seed}{_origin(one)}, made {look.when(take.made_at)}"
        if take.warnings:
            words += ". Worth knowing: " + " ".join(take.warnings)
        shape = take.clip.width_px, take.clip.height_px
        video = video_html(one.clip, note=words, autoplay=True, shape=shape)
        set_html(self.player, video + _prompt_html(take))

    def decided(self, one: Reviewed, decision: str) -> None:
        """Write a decision down and show what it means for the film."""

        def write() -> None:
            if self._found:
                decide(self._found.place.shelf, one.take, decision)

        self.say("")
        self.in_background(write, lambda _: self.refresh())


def _prompt_html(take: Take) -> str:
    """What was filmed, where the text encoder wrote the prompt out, behind a fold."""
    if not take.enhanced_prompt:
        return ""
    told = [("As written out", take.enhanced_prompt), ("Prompt", take.prompt)]
    inside = look.facts((name, look.escape(text)) for name, text in told)
    return f"<details><summary>The prompt, written out by the text encoder</summary>{inside}</details>"


def _summary(found: _Found) -> str:
    if not found.shown:
        return "There is no take yet. Make some in notebook 02, then press Look again."
    scenes = len({one.take.scene for one in found.shown})
    chosen = sum(one.chosen for one in found.shown)
    return (
        f"{look.plural(len(found.shown), 'take')} of {look.plural(scenes, 'scene')}. Into the film goes the "
        f"newest one you keep of each scene, else the newest you have not rejected: {chosen} now."
    )
