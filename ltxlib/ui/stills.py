"""Notebook 02, your own pictures: dropped in, looked at, and made scenes of."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.brought import ACCEPT, short
from ltxlib.core.scene import Scene
from ltxlib.store.project import Project
from ltxlib.studio import stills
from ltxlib.studio.disk import room_for
from ltxlib.studio.stills import Brought, Still
from ltxlib.ui import look, parts
from ltxlib.ui.incoming import Incoming
from ltxlib.ui.job import LOOK_EVERY_S
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.take_form import SIZES
from ltxlib.ui.upload import PLAIN_MB, UploadPlace
from ltxlib.ui.video import folder_url, picture_url

A_PAGE = 8
_MOST_TOLD = 30
_WORDS = {
    "drop": "Drop pictures here: many at once, whole folders, or a ZIP",
    "choose": "Choose pictures",
    "folder": "Choose a folder",
    "hint": "PNG, JPEG or WebP, up to 100 MB each. They are kept in images/ and go nowhere else.",
    "accept": ACCEPT,
}
_HEAD = "Stills from NanoBanana or any other generator become scenes: the clip begins with your picture."


def stills_panel() -> None:
    """Bring pictures into images/ and make scenes of them; by night there is nobody to bring any."""
    face(_by_night, StillsPanel)


def _by_night(project: Project) -> None:
    count = len(stills.stills(project))
    print(f"{look.plural(count, 'picture')} in images/. In a browser, more are brought in here.")


@dataclass(frozen=True)
class _Page:
    """What the list shows: these, from that one on, of so many; which scenes use which picture."""

    shown: list[Still]
    first: int
    count: int
    used: dict[str, list[str]]


class StillsPanel(Panel):
    """The drop place, what came of it, the list of pictures, and the form for a scene."""

    name = "stills"

    def build(self) -> list[widgets.Widget]:
        project = self.project
        self._results: list[Brought] = []
        self._over, self._first, self._count, self._told_s = True, 0, 0, 0.0
        self._news = threading.Lock()
        self._draft: Scene | None = None
        self.door = Incoming(project.images, self._judge, self._take, self._refused, self._all_through)
        self.place = UploadPlace(self.door, _WORDS, _plain_hint(project))
        self.told = parts.text_block("", "ltx-brought")
        self.cards = [Card(self) for _ in range(A_PAGE)]
        self.newer = self.button("Newer", lambda: self._turn(-A_PAGE), "ltx-small", "ltx-newer")
        self.older = self.button("Older", lambda: self._turn(A_PAGE), "ltx-small", "ltx-older")
        self.where = parts.text_block("", "ltx-where")
        pager = parts.buttons([self.newer, self.older, self.where], "ltx-pager")
        grid = parts.column([card.part for card in self.cards], "ltx-cards")
        self.form = self._make_form()
        self.drawer = widgets.Accordion([parts.column([grid, pager, self.form], "ltx-pictures")])
        self.drawer.add_class("ltx-drawers")
        self.drawer.titles = ("Pictures",)
        parts.show(self.form, False)
        head = parts.text_block(look.heading("Your own pictures", _HEAD))
        return [head, self.place.part, self.told, self.notice, self.drawer]

    def _make_form(self) -> widgets.Widget:
        self.chosen = parts.text_block("", "ltx-chosen-still")
        self.scene = widgets.Text()
        self.prompt = widgets.Textarea(rows=4)
        self.add = self.button("Add to scenes.csv", self._add, "ltx-primary", "ltx-add-scene")
        self.never = self.button("Never mind", self._close, "ltx-never-mind")
        hint = "Say what moves and what is heard, not what the picture shows: the model sees that."
        fields = parts.column(
            [
                self.chosen,
                parts.field("Name of the scene", self.scene, "Letters, digits, dashes."),
                parts.field("Prompt", self.prompt, hint, "ltx-wide", "ltx-prompt"),
            ],
            "ltx-form",
            "ltx-pairs",
        )
        return parts.column([fields, parts.buttons([self.add, self.never])], "ltx-scene-form")

    # What arrives, on the door's own thread

    def _judge(self, name: str, size_bytes: int) -> str:
        return stills.judge(name, size_bytes) or room_for(self.project.images, size_bytes)

    def _take(self, part: Path, name: str) -> None:
        self._note(*stills.bring(self.project, part, name))

    def _refused(self, name: str, why: str) -> None:
        if why != stills.IGNORED:
            self._note(Brought(name, says=why))

    def _note(self, *found: Brought) -> None:
        with self._news:
            if self._over:
                self._results, self._over = [], False
            self._results += found
        if time.monotonic() - self._told_s >= LOOK_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        with self._news:
            self._told_s = time.monotonic()
            parts.set_html(self.told, _results_html(self._results))

    def _all_through(self) -> None:
        with self._news:
            # Where all was called off, these are still the results of the time before.
            fresh = not self._over and any(one.path for one in self._results)
            self._over = True
        self._tell()
        if fresh:
            self.drawer.selected_index, self._first = 0, 0
        self.refresh()
        self.tell_others()

    # The list

    def refresh(self) -> None:
        """List the pictures that are there now."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Page:
        found = stills.stills(self.project)
        first = _page_at(self._first, len(found))
        shown = [stills.shown(self.project, path) for path in found[first : first + A_PAGE]]
        return _Page(shown, first, len(found), stills.used_in(self.project))

    def _fill(self, page: _Page) -> None:
        # Which page is wanted is not told by what was gathered: somebody may have turned it meanwhile.
        self._count = page.count
        fresh = {one.path for one in self._results if one.path and not one.there}
        for number, card in enumerate(self.cards):
            still = page.shown[number] if number < len(page.shown) else None
            card.show(
                still, page.used.get(still.name, []) if still else [], bool(still and still.path in fresh)
            )
        self.drawer.titles = (f"{look.plural(page.count, 'picture')} in images/",)
        last = min(page.first + A_PAGE, page.count)
        words = f"{page.first + 1} to {last} of {page.count}, the newest first" if page.count else "None yet."
        many = page.count > A_PAGE
        for button in (self.newer, self.older):
            parts.show(button, many)
        self.newer.disabled, self.older.disabled = page.first == 0, last >= page.count
        parts.set_html(self.where, f'<div class="ltx-quiet">{words}</div>' if many or not page.count else "")

    def _turn(self, by: int) -> None:
        self._first = _page_at(_page_at(self._first, self._count) + by, self._count)
        self.refresh()

    # A scene of one of them

    def ask(self, still: Still) -> None:
        """Show the form for a scene that starts from this picture."""
        self.say("")
        self._draft = stills.draft_scene(self.project, still, list(SIZES))
        draft = self._draft
        self.scene.value, self.prompt.value = draft.scene, draft.prompt
        size = f"{draft.width} x {draft.height}, {SIZES[draft.width, draft.height]}"
        said = f"The clip: {size}; {float(draft.duration_s):.1f} s. All else is changed in One take below."
        parts.set_html(
            self.chosen,
            f'<div class="ltx-label">{look.escape(still.name)}</div>{_small(still)}'
            f'<div class="ltx-hint">{look.escape(said)}</div>',
        )
        parts.show(self.form, True)

    def _close(self) -> None:
        self._draft = None
        parts.show(self.form, False)

    def _add(self) -> None:
        if self._draft is None:
            return
        scene = stills.make_scene(self.project, self._draft, self.scene.value, self.prompt.value)
        self._close()
        words = f"Added: {scene.scene} is now the last row of {self.project.scenes_csv.name}."
        self.say(look.note(words, "Try it in One take below: choose it there as Scene."))
        self.refresh()
        self.tell_others()


class Card:
    """One picture of the list; the same card shows another one when the page is turned."""

    def __init__(self, panel: StillsPanel) -> None:
        self.still: Still | None = None
        self.picture = parts.text_block()
        self.words = parts.text_block()
        self.make = panel.button(
            "Make a scene of it", lambda: self.still and panel.ask(self.still), "ltx-small", "ltx-make-scene"
        )
        self.part = parts.column([self.picture, self.words, self.make], "ltx-card", "ltx-picture")

    def show(self, still: Still | None, used: list[str], fresh: bool) -> None:
        """Show a picture, or nothing."""
        self.still = still
        parts.show(self.part, still is not None)
        if still is None:
            return
        size = f"{still.width_px} x {still.height_px}" if still.width_px else "does not open"
        scenes = f"in {'scene' if len(used) == 1 else 'scenes'} {', '.join(used[:3])}" if used else ""
        name = look.escape(still.name)
        tag = look.tag("new", "good") if fresh else ""
        parts.set_html(self.picture, _small(still))
        parts.set_html(
            self.words,
            f'<div class="ltx-said"><b title="{name}">{name}</b>{tag}</div>'
            f'<div class="ltx-hint">{look.escape(" · ".join(filter(None, (size, scenes))))}</div>',
        )
        self.make.disabled = not still.width_px


def _page_at(first: int, count: int) -> int:
    """Where the page begins that was asked for, or the last there is."""
    return max(min(first, (count - 1) // A_PAGE * A_PAGE), 0)


def _small(still: Still) -> str:
    url = picture_url(still.small) if still.small else None
    return (
        f'<img class="ltx-still" alt="" src="{look.escape(url)}">' if url else '<div class="ltx-still"></div>'
    )


def _results_html(results: list[Brought]) -> str:
    """What came of the files: how many, and what is to be said of which."""
    if not results:
        return ""
    kept = [one for one in results if one.path and not one.there]
    there = sum(one.there for one in results)
    refused = [one for one in results if one.path is None]
    words = []
    if kept:
        words.append(f"{look.plural(len(kept), 'picture is', 'pictures are')} in images/ now.")
    if there:
        words.append(f"{look.plural(there, 'was', 'were')} there already.")
    if refused:
        words.append(f"{look.plural(len(refused), 'file was', 'files were')} not taken.")
    told: dict[tuple[bool, str], list[str]] = {}
    for one in (*refused, *(one for one in results if one.path and one.says)):
        name = one.path.name if one.path else short(one.asked)
        told.setdefault((one.path is None, one.says), []).append(name)
    rows = [
        (
            look.tag("not taken", "bad") if bad else look.tag("kept", "good"),
            look.escape(", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")),
            look.escape(says),
        )
        for (bad, says), names in list(told.items())[:_MOST_TOLD]
    ]
    more = len(told) - len(rows)
    table = look.table(("", "File", "Worth knowing"), rows) if rows else ""
    if more > 0:
        table += f'<div class="ltx-hint">And {more} more.</div>'
    kind = "" if not refused else "wait"
    scroll = f'<div class="ltx-scroll">{table}</div>' if table else ""
    return look.note(" ".join(words), kind=kind, inside=scroll)


def _plain_hint(project: Project) -> str:
    url = folder_url(project.images)
    link = f'<a href="{look.escape(url)}" target="_blank">open the folder</a>' if url else "open the folder"
    return (
        f"Up to {PLAIN_MB} MB together in one go, also as a ZIP. "
        f"More: {link} <code>images/</code> and put them there."
    )
