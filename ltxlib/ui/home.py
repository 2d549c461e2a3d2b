"""Notebook 04, taking films home: what lies only here, a ZIP to download, or rclone to a place of yours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.amounts import size_text
from ltxlib.errors import BadInput, Cancelled
from ltxlib.pod.here import this_pod
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import taking_home
from ltxlib.studio.taking_home import Left
from ltxlib.ui import look, parts, place
from ltxlib.ui.film_fields import tick
from ltxlib.ui.job import Job, Outcome
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.video import files_url

_HEAD = "A pod may be lost with all it holds. What lies at your place, too, is safe."
_WHAT = (
    ("Films and the takes you kept", "keepers"),
    ("Films alone", "films"),
    ("Everything but rejected takes", "all"),
)
_MOST_ZIPS = 4
ZIP, COPY = "zip", "copy"
_FOLDER = re.compile(r"[^\x00-\x1f]{0,200}")
_NO_RCLONE = "Set rclone up once, in a terminal: <code>apt install rclone</code>, <code>rclone config</code>."


def home_panel() -> None:
    """Offer to take films and takes home; by night say how many lie only here."""
    face(_by_night, HomePanel)


def _by_night(project: Project) -> None:
    print(taking_home.left(place.look(project).shelf).says)


@dataclass
class Going:
    """How far a ZIP or a copy is, in bytes. what: ZIP or COPY. to: where it goes."""

    what: str
    to: str = ""
    done: int = 0
    whole: int = 0

    def apply(self, far: tuple[int, int]) -> None:
        """Take in what the work tells."""
        self.done, self.whole = far


@dataclass(frozen=True)
class _Found:
    place: place.Place
    left: Left
    sizes: dict[str, int]
    zips: list[tuple[Path, int]]
    remotes: list[str] | None


class HomePanel(Panel):
    """The number that lies only here, the form, the ZIPs that are ready, and rclone behind a fold."""

    name = "home"

    def __init__(self, project: Project) -> None:
        self.job_name = f"{project.root}:home"
        self._shelf: Shelf | None = None
        self._sizes: dict[str, int] = {}
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.number = parts.text_block("", "ltx-left")
        self.what = widgets.Dropdown(options=_WHAT)
        self.what.observe(lambda _: self._show_size(), "value")
        self.size = parts.text_block("", "ltx-how-large")
        self.taken_too = tick("Also what was taken before", on=False)
        self.taken_too.observe(lambda _: self.refresh(), "value")
        self.zip = self.button("Make a ZIP", self._zip, "ltx-primary", "ltx-make-zip")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.cancel = self.cancel_button()
        self.progress = parts.text_block("", "ltx-progress")
        self.rows = [ZipRow(self) for _ in range(_MOST_ZIPS)]
        self.ready = parts.column([row.part for row in self.rows], "ltx-zips")
        what = parts.column([self.what, self.size])
        form = parts.column(
            [
                parts.field("What to take", what),
                parts.column([self.taken_too], "ltx-ticks", "ltx-home-ticks"),
            ],
            "ltx-form",
            "ltx-pairs",
        )
        self.zip.disabled = True
        return [
            parts.text_block(look.heading("Take it home", _HEAD)),
            self.number,
            form,
            parts.buttons([self.zip, self.cancel, self.again]),
            self.notice,
            self.progress,
            self.ready,
            self._rclone(),
        ]

    def _rclone(self) -> widgets.Widget:
        self.remote = widgets.Dropdown(options=[])
        self.folder = widgets.Text(value="films", placeholder="a folder there; empty: its top")
        self.copy = self.button("Copy there", self._copy, "ltx-copy-there")
        self.no_remote = parts.text_block()
        self.places = parts.column(
            [
                parts.field("Place", self.remote, "As rclone knows it."),
                parts.field("Folder", self.folder),
                parts.buttons([self.copy], "ltx-wide"),
            ],
            "ltx-form",
            "ltx-pairs",
        )
        parts.show(self.places, False)
        drawer = widgets.Accordion([parts.column([self.no_remote, self.places])])
        drawer.titles = ("Copy with rclone, to a drive or a bucket of yours",)
        drawer.add_class("ltx-drawers")
        return drawer

    def refresh(self) -> None:
        """Count anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        again = self.taken_too.value
        sizes = {
            what: sum(good.size_bytes for good in taking_home.chosen(here.shelf, what, again=again))
            for _, what in _WHAT
        }
        zips = [(path, path.stat().st_size) for path in taking_home.zips(here.shelf) if path.is_file()]
        return _Found(here, taking_home.left(here.shelf), sizes, zips, taking_home.remotes())

    def _fill(self, found: _Found) -> None:
        with self._lock:
            self._shelf, self._sizes = found.place.shelf, found.sizes
            self.stand_in(found.place)
            parts.set_html(self.number, left_html(found.left))
            for number, row in enumerate(self.rows):
                row.show(*(found.zips[number] if number < len(found.zips) else (None, 0)))
            parts.show(self.ready, bool(found.zips))
            names = found.remotes or []
            if list(self.remote.options) != names:
                self.remote.options = names
                self.remote.value = next(iter(names), None)
            parts.show(self.places, bool(names))
            why = "" if names else f'<div class="ltx-hint">{_NO_RCLONE}</div>'
            parts.set_html(self.no_remote, why)
            self._show_size()

    def _show_size(self) -> None:
        size = self._sizes.get(self.what.value, 0)
        text = f"{size_text(size)} to take" if size else "Nothing of these is left to take."
        parts.set_html(self.size, f'<div class="ltx-hint">{text}</div>' if self._shelf else "")
        busy = bool(self._job and self._job.running)
        self.zip.disabled = self.copy.disabled = busy or not size

    def _zip(self) -> None:
        shelf, what, again = self._shelf, self.what.value, self.taken_too.value
        if shelf is None:
            return
        self.say("")
        self.start_job(
            lambda job: taking_home.pack(
                shelf, what, again=again, tell=lambda *far: job.tell(far), cancel=job.cancel
            ),
            Going(ZIP),
        )

    def _copy(self) -> None:
        shelf, what, again, project = self._shelf, self.what.value, self.taken_too.value, self.project
        if shelf is None or not self.remote.value:
            return
        folder = self.folder.value.strip().strip("/")
        if not _FOLDER.fullmatch(folder) or ".." in folder.split("/"):
            raise BadInput("That is no folder.", cure="Write a name such as films, or leave it empty.")
        to = f"{self.remote.value}{folder}"
        self.say("")
        self.start_job(
            lambda job: taking_home.send(
                project,
                shelf,
                what,
                remote=to,
                again=again,
                tell=lambda *far: job.tell(far),
                cancel=job.cancel,
            ),
            Going(COPY, to),
        )

    def show_running(self, job: Job) -> None:
        going: Going = job.state
        self.zip.disabled = self.copy.disabled = True
        self.cancel.disabled = job.cancel.is_set()
        parts.show(self.cancel, True)
        doing = "Writing the ZIP" if going.what == ZIP else f"Copying to {going.to}"
        far = f"{size_text(going.done)} of {size_text(going.whole)}" if going.whole else ""
        said = f'<span class="ltx-now">{look.escape(doing)} ...</span><span>{far}</span>'
        bar = look.bar(going.done, going.whole)
        parts.set_html(self.progress, f'<div class="ltx-said">{said}</div>{bar}')

    def show_ended(self, job: Job) -> None:
        parts.set_html(self.progress, "")
        parts.show(self.cancel, False)
        self._show_size()
        if isinstance(job.error, Cancelled):
            self.say(look.note(job.error.message, job.error.cure, kind="wait"))
            return
        self.fail(job.outcome)
        if job.error is None and job.state.what == COPY:
            count = look.plural(job.result, "take or film", "takes and films")
            self.say(look.note(f"Copied to {job.state.to}: {count}."))

    def arrived(self, path: Path) -> None:
        """A person says that a ZIP is at their place."""
        if self._shelf is None:
            return
        count = taking_home.zip_arrived(self._shelf, path)
        words = (
            f"{look.plural(count, 'take or film', 'takes and films')} noted as copied off this {machine()}."
        )
        self.say(look.note(words, "The ZIP may be deleted now: it takes room on this disk."))
        self.refresh()
        self.tell_others()

    def delete(self, path: Path) -> None:
        """A ZIP is no longer wanted; what was in it stays."""
        path.unlink(missing_ok=True)
        self.say("")
        self.refresh()

    def fail(self, outcome: Outcome) -> None:
        super().fail(outcome)
        if outcome.error is not None:
            self._show_size()


class ZipRow:
    """One ZIP that is ready: download it, say that it arrived, delete it."""

    def __init__(self, panel: HomePanel) -> None:
        self.path: Path | None = None
        self.words = parts.text_block("", "ltx-zip-words")
        self.came = panel.button(
            "It arrived", lambda: self.path and panel.arrived(self.path), "ltx-small", "ltx-arrived"
        )
        self.gone = panel.button(
            "Delete the ZIP", lambda: self.path and panel.delete(self.path), "ltx-small", "ltx-delete-zip"
        )
        self.part = widgets.HBox([self.words, self.came, self.gone])
        self.part.add_class("ltx-zip")

    def show(self, path: Path | None, size_bytes: int) -> None:
        """Show a ZIP, or nothing."""
        self.path = path
        parts.show(self.part, path is not None)
        if path is None:
            return
        url, name = files_url(path), look.escape(path.name)
        link = (
            f'<a class="ltx-download" href="{look.escape(url)}" download="{name}">Download {name}</a>'
            if url
            else f"<code>{look.escape(path)}</code>"
        )
        parts.set_html(
            self.words, f'<div>{link} <span class="ltx-quiet">{size_text(size_bytes)}</span></div>'
        )


def machine() -> str:
    """What this is called: a pod, or a machine of the creator's own."""
    return "pod" if this_pod() else "machine"


def left_html(left: Left) -> str:
    """How much lies only here, in red; or that nothing does."""
    if not left.goods:
        return f'<div class="ltx-all-home">Nothing of the film lies on this {machine()} alone.</div>'
    named = [
        look.plural(count, word) for count, word in ((left.films, "film"), (left.takes, "take")) if count
    ]
    size = size_text(left.size_bytes)
    return (
        f'<div class="ltx-only-here" role="status"><b>{" and ".join(named)}</b>'
        f"<span>not yet copied off this {machine()} ({size})</span></div>"
    )
