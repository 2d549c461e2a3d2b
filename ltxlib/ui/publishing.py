"""Notebook 04, publishing: the pack beside a master, made with one press and ready to be copied from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.publishing import ALTERED_CONTENT
from ltxlib.core.publishing_template import FILE
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.assemble import masters
from ltxlib.studio.pack_folder import MANIFEST
from ltxlib.studio.publishing import Pack, publish
from ltxlib.ui import look, parts, place
from ltxlib.ui.film_fields import tick
from ltxlib.ui.film_result import read_facts
from ltxlib.ui.job import Job
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.video import files_url, folder_url

_HEAD = (
    "Title, description, chapters, tags and thumbnails for a finished film. Nothing is uploaded from here."
)
_NONE = "There is no finished film yet. Render one above, then press Look again."
_WORKING = "Choosing pictures and writing the words ..."
_MARKED = "One click marks a text as a whole; copy it with Ctrl+C."
_OWN_WORDS = (
    "Your own words stand in publishing.md, in the project's folder: change them there, make the pack again."
)


def publishing_panel(pack: bool = True, words: str = "") -> None:
    """Show the publishing pack of a film; by night, make that of the newest.

    pack: whether the night makes one. words: on the thumbnails.
    """
    face(lambda project: _by_night(project, pack, words), lambda project: PublishingPanel(project, words))


def _by_night(project: Project, pack: bool, words: str) -> None:
    shelf = place.look(project).shelf
    if not pack:
        print("No publishing pack was asked for. Make one here in a browser, or with ./kit publish.")
        return
    if not masters(shelf):
        print("There is no finished film, so there is nothing to make a publishing pack of.")
        return
    there = _there(project, masters(shelf)[0])
    if there:
        print(f"The publishing pack of the newest film was made before: {there}")
        return
    try:
        made = publish(project, shelf, words=words)
    except LtxlibError as error:
        # The film is there; nobody is to wake up to a night that failed for want of a few words.
        print(f"The publishing pack could not be made: {error}")
        return
    mark = "REHEARSAL, not to be published: " if shelf.rehearsal else ""
    print(f"{mark}the publishing pack is in {made.folder}")
    for problem in made.problems:
        print(f"  {problem}")


def _there(project: Project, master: Path) -> Path | None:
    """The pack of a film, where it is newer than the film and than the creator's own words."""
    pack = master.with_name(f"{master.stem}-pack")
    try:
        made = (pack / MANIFEST).stat().st_mtime_ns
        changed = max(path.stat().st_mtime_ns for path in (master, project.root / FILE))
    except OSError:
        return None
    return pack if made >= changed else None


@dataclass(frozen=True)
class _Found:
    place: place.Place
    films: list[tuple[str, str]]


class PublishingPanel(Panel):
    """Which film, what stands on its thumbnails, one button, and the pack."""

    name = "publishing"

    def __init__(self, project: Project, words: str = "") -> None:
        self.job_name = f"{project.root}:publish"
        self._words = words
        self._shelf: Shelf | None = None
        # The film that was the newest at the last look: who had that one chosen wants the new newest.
        self._newest: str | None = None
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = parts.text_block(look.heading("Publishing", _HEAD))
        self.film = widgets.Dropdown(options=[])
        self.film.add_class("ltx-master")
        self.words = widgets.Text(value=self._words, placeholder="such as Night rain; empty: none")
        self.timeline = tick("Also a timeline (.otio) for DaVinci Resolve and other editors", on=False)
        self.make = self.button("Make the pack", self._make, "ltx-primary", "ltx-make-pack")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.working = parts.text_block("", "ltx-working")
        self.pack = parts.text_block("", "ltx-pack")
        self.make.disabled = True
        form = parts.column(
            [
                parts.field("Film", self.film, "The newest first."),
                parts.field(
                    "Words on the thumbnails", self.words, "A few large ones; phones show them small."
                ),
                parts.column([self.timeline], "ltx-ticks", "ltx-wide"),
            ],
            "ltx-form",
            "ltx-pairs",
        )
        return [
            self.head,
            form,
            parts.buttons([self.make, self.again]),
            self.notice,
            self.working,
            self.pack,
        ]

    def refresh(self) -> None:
        """Look for finished films."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        return _Found(here, [(_called(path), path.name) for path in masters(here.shelf)])

    def _fill(self, found: _Found) -> None:
        with self._lock:
            self._shelf = found.place.shelf
            self.stand_in(found.place)
            before, names = self.film.value, [name for _, name in found.films]
            if list(self.film.options) != found.films:
                newer = not before or before not in names or before == self._newest
                self.film.options = found.films
                self.film.value = next(iter(names), None) if newer else before
            self._newest = next(iter(names), None)
            parts.set_html(self.head, look.heading("Publishing", _HEAD if names else _NONE))
            self.make.disabled = not names or bool(self._job and self._job.running)

    def _make(self) -> None:
        if self._shelf is None or not self.film.value:
            return
        self.say("")
        work = pack_work(
            self.project, self._shelf, self.film.value, self.words.value.strip(), self.timeline.value
        )
        self.start_job(work)

    def show_running(self, job: Job) -> None:
        self.make.disabled = True
        parts.set_html(self.pack, "")
        parts.set_html(self.working, f'<div class="ltx-said"><span class="ltx-now">{_WORKING}</span></div>')

    def show_ended(self, job: Job) -> None:
        self.make.disabled = False
        parts.set_html(self.working, "")
        self.fail(job.outcome)
        if job.result:
            parts.set_html(self.pack, pack_html(job.result))


def pack_work(project: Project, shelf: Shelf, film: str, words: str, timeline: bool) -> Callable[[Job], Pack]:
    """The job that makes a pack."""
    return lambda job: publish(project, shelf, name=film, words=words, timeline=timeline)


def _called(path: Path) -> str:
    """A master in the list: its name, how long it is and when it was made."""
    facts = read_facts(path)
    seconds = facts.get("duration_s")
    length = look.clock(seconds) if isinstance(seconds, int | float) else ""
    return ", ".join(word for word in (path.stem, length, look.when(str(facts.get("made_at", "")))) if word)


def pack_html(pack: Pack) -> str:
    """A pack to be copied from: what to do first, the words, the pictures, and where it all lies."""
    texts = pack.texts
    words = [
        ("Title", texts.title),
        ("Description", texts.description),
        ("Tags", ",".join(texts.tags)),
        ("Chapters", "\n".join(map(str, texts.chapters))),
    ]
    told = "".join(_to_copy(name, text) for name, text in words if text)
    return (
        f"{_first(pack)}"
        f'<div class="ltx-scene-name">The words</div><div class="ltx-hint">{_MARKED} {_OWN_WORDS}</div>{told}'
        f"{_pictures(pack)}{_where(pack)}"
    )


def _first(pack: Pack) -> str:
    """What to know and to do before the upload."""
    rows = [("The switch", look.escape(ALTERED_CONTENT))]
    varied = pack.variety
    clips = look.plural(varied.clips, "clip")
    times = f", shown {varied.repeats:,.1f} times over" if varied.repeats >= 1.05 else ""
    rows.append(("Variety", look.escape(f"{clips} of {look.span_text(varied.unique_s)} in all{times}.")))
    table = look.facts(rows)
    problems = look.problem_table(pack.problems) if pack.problems else ""
    kind = "" if pack.publishable else "wait"
    said = "Before you upload" if pack.publishable else "Not to be uploaded as it is"
    return look.note(said, kind=kind, inside=table + problems)


def _to_copy(name: str, text: str) -> str:
    return f'<div class="ltx-label">{name}</div><pre class="ltx-copy">{look.escape(text)}</pre>'


def _pictures(pack: Pack) -> str:
    shown = []
    for path in pack.thumbnails:
        url = files_url(path)
        if url:
            link = look.escape(url)
            shown.append(f'<a href="{link}" target="_blank"><img class="ltx-thumb" alt="" src="{link}"></a>')
    sheet = files_url(pack.folder / "contact-sheet.jpg")
    if not shown:
        return ""
    whole = f'<div class="ltx-scene-name">Thumbnails</div><div class="ltx-thumbs">{"".join(shown)}</div>'
    if sheet:
        link = look.escape(sheet)
        whole += '<div class="ltx-scene-name">Contact sheet</div>'
        whole += f'<a href="{link}" target="_blank"><img class="ltx-sheet" alt="" src="{link}"></a>'
    return whole


def _where(pack: Pack) -> str:
    folder = folder_url(pack.folder)
    place_words = f"<code>{look.escape(pack.folder)}</code>"
    if folder:
        place_words += f' <a href="{look.escape(folder)}" target="_blank">Open the folder</a>'
    rows = [("Where it is", place_words)]
    if pack.timeline:
        rows.append(
            ("For editors", f"<code>{look.escape(pack.timeline.name)}</code> in that folder; leave it there.")
        )
    return look.facts(rows)
