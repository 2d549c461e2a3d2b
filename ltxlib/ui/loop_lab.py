"""Notebook 03, the loop lab: how well a take loops, its seam to look at, and its best in and out points."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.looping import CLEAN, FAIR, LoopWay
from ltxlib.core.take import KEEP, Take
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.store.takes import decisions
from ltxlib.studio import loop_lab
from ltxlib.studio.loop_film import film_to_change, put_into_film
from ltxlib.studio.loop_lab import LoopReport
from ltxlib.ui import look, place
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, field, set_html, show, text_block
from ltxlib.ui.video import awaited_html, picture_url, video_html

# By night no more takes than these are looked at for the first time; the others are told of another time.
MOST_BY_NIGHT = 12
_NONE = ""
_TAGS = {"trimmed": "cut at its best places", "crossfade": "with a crossfade", "as it is": "as it is"}


def loop_panel(scenes_csv: str = "", only_scene: str = "") -> None:
    """Show how takes loop; by night, a line for each that was kept.

    scenes_csv: the table whose scenes a film shows, when it is not the project's own. only_scene: of this
    scene alone.
    """
    face(
        lambda project: _by_night(project, only_scene),
        lambda project: LoopPanel(project, scenes_csv, only_scene),
    )


def _by_night(project: Project, only_scene: str) -> None:
    here = place.look(project)
    decided = decisions(here.shelf)
    kept = [take for take in loop_lab.candidates(here.shelf, only_scene) if decided.get(take.key) == KEEP]
    if not kept:
        print("No take is kept yet, so the loop lab has nothing to look at.")
    left = MOST_BY_NIGHT
    for take in kept:
        report = loop_lab.remembered(here.shelf, take)
        if report is None and left == 0:
            print(f"  {take.scene}, take {take.take_no}: not looked at yet; in a browser it takes a moment.")
            continue
        try:
            if report is None:
                left -= 1
                report = loop_lab.loop_report(here.shelf, take)
        except LtxlibError as error:
            print(f"  {take.scene}, take {take.take_no}: {error.message}")
            continue
        print(f"  {take.scene}, take {take.take_no}: {report.advice.score} of 100. {report.advice.sentence}")


@dataclass(frozen=True)
class _Found:
    place: place.Place
    takes: list[Take]
    kept: frozenset[str]
    order: list[str]
    film: str


@dataclass(frozen=True)
class _Seam:
    """A way of looping, ready to be looked at."""

    report: LoopReport
    way: LoopWay
    clip: Path
    strip: Path


class LoopPanel(Panel):
    """One take, how it loops, and what can be done with it."""

    name = "loop"

    def __init__(self, project: Project, scenes_csv: str = "", only_scene: str = "") -> None:
        self.scenes_csv, self.only_scene = scenes_csv, only_scene
        self._found: _Found | None = None
        self._report: LoopReport | None = None
        self._measuring = False
        self._filling = False
        self._number = 0
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("The loop lab", "Reading the takes ..."))
        self.take = widgets.Dropdown(options=[("", _NONE)], value=_NONE)
        self.take.observe(lambda _: self._chosen(), "value")
        self.look_button = self.button("See how it loops", self._look_at_it, "ltx-primary", "ltx-measure")
        # Nothing can be pressed before the takes are read, or the press would be lost.
        self.look_button.disabled = True
        self.score = text_block("", "ltx-score")
        self.ways = widgets.ToggleButtons(options=[("", _NONE)], value=_NONE)
        self.ways.observe(lambda _: self._show_way(), "value")
        self.ways_field = field("Look at the seam", self.ways)
        self.player = text_block("", "ltx-player")
        self.points = text_block("", "ltx-points")
        self.use = self.button("Use these in and out points in the film", self._use, "ltx-use")
        self.again = self.button("Look again", self.refresh, "ltx-again")
        self.told = text_block()
        self.below = buttons([self.use])
        for part in (self.ways_field, self.below):
            show(part, False)
        self.choice = field("Take", self.take, "", "ltx-narrow")
        return [
            self.head,
            self.choice,
            buttons([self.look_button, self.again]),
            self.score,
            column([self.ways_field, self.player, self.points], "ltx-seam"),
            self.below,
            self.told,
            self.notice,
        ]

    def refresh(self) -> None:
        """Read the takes anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        decided = decisions(here.shelf)
        takes = loop_lab.candidates(here.shelf, self.only_scene)
        kept = frozenset(take.key for take in takes if decided.get(take.key) == KEEP)
        order = place.scene_order(self.project, self.scenes_csv)
        return _Found(here, takes, kept, order, film_to_change(self.project))

    def _fill(self, found: _Found) -> None:
        before = self.take.value
        self._found = found
        self.stand_in(found.place)
        keys = [take.key for take in found.takes]
        names = [(_name(take, found.kept), take.key) for take in found.takes] or [("no take yet", _NONE)]
        self._filling = True
        if tuple(self.take.options) != tuple(names):
            self.take.options = names
            self.take.value = before if before in keys else names[0][1]
        self._filling = False
        self.look_button.disabled = not keys or self._measuring
        self.use.tooltip = f"writes them into films/{found.film}.toml"
        below = "How well a take goes round and round, seen and heard, and what to do about its seam."
        set_html(self.head, look.heading("The loop lab", below if keys else _NOTHING))
        if self.take.value != before or (self._report is None and not self._measuring):
            self._chosen()

    def _chosen(self) -> None:
        """Another take: what is known of it is shown at once, the rest when it is asked for."""
        if self._filling:
            return
        self._clear()
        found, take = self._found, self._take()
        if found is None or take is None:
            return
        number = self._number

        def then(report: LoopReport | None) -> None:
            if report is not None and number == self._number:
                self._show(report, play=False)

        self.in_background(lambda: loop_lab.remembered(found.place.shelf, take), then)

    def _take(self) -> Take | None:
        takes = self._found.takes if self._found else []
        return next((take for take in takes if take.key == self.take.value), None)

    def _clear(self) -> None:
        """Nothing is known yet."""
        self._number += 1
        self._report = None
        for part in (self.score, self.player, self.points, self.told):
            set_html(part, "")
        show(self.ways_field, False)
        show(self.below, False)
        self.say("")

    def _look_at_it(self) -> None:
        found, take = self._found, self._take()
        if found is None or take is None:
            return
        self._clear()
        number = self._number
        words = f"Looking at {take.scene}, take {take.take_no}: every picture, and all of its sound ..."
        set_html(self.score, f'<div class="ltx-quiet">{look.escape(words)}</div>')
        self.look_button.disabled = self._measuring = True

        def work() -> LoopReport:
            try:
                return loop_lab.loop_report(found.place.shelf, take)
            finally:
                self.look_button.disabled = self._measuring = False
                if number == self._number:
                    set_html(self.score, "")

        def then(report: LoopReport) -> None:
            if number == self._number:
                self._show(report, play=True)

        self.in_background(work, then)

    def _show(self, report: LoopReport, *, play: bool) -> None:
        """Show a report; play: a person has just asked, so the seam may begin to play."""
        self._report = report
        set_html(self.score, score_html(report))
        self._filling = True
        options = [(f"{_TAGS[way.kind]}: {way.score}", way.kind) for way in report.ways]
        self.ways.options = options
        self.ways.value = report.advice.way.kind
        self._filling = False
        show(self.ways_field, True)
        self._show_way(play=play)

    def _show_way(self, *, play: bool = True) -> None:
        """Show the seam of the way that is chosen."""
        report, found = self._report, self._found
        if self._filling or report is None or found is None:
            return
        way = next((way for way in report.ways if way.kind == self.ways.value), report.advice.way)
        number = self._number
        set_html(self.player, awaited_html("The seam will be here.", loop_lab.preview_shape(report)))
        set_html(self.points, points_html(report, way))
        set_html(self.told, "")
        show(self.below, True)

        def work() -> _Seam:
            shelf = found.place.shelf
            clip = loop_lab.preview(shelf, report, way)
            return _Seam(report, way, clip, loop_lab.strip(shelf, report, way))

        def then(seam: _Seam) -> None:
            if number == self._number and self.ways.value == seam.way.kind:
                set_html(self.player, seam_html(seam, play=play))

        self.in_background(work, then)

    def _use(self) -> None:
        report, found = self._report, self._found
        if report is None or found is None:
            return
        way = next((way for way in report.ways if way.kind == self.ways.value), report.advice.way)

        def work() -> str:
            return put_into_film(self.project, found.place.shelf, report, found.order, way=way).sentence

        def then(sentence: str) -> None:
            set_html(self.told, look.note(sentence, "In notebook 04, press Look again to see it."))
            self.tell_others()

        self.say("")
        self.in_background(work, then)


_NOTHING = "There is no take yet. Make some in notebook 02, then press Look again."


def _name(take: Take, kept: frozenset[str]) -> str:
    mark = ", kept" if take.key in kept else ""
    return f"{take.scene}, take {take.take_no}{mark} ({take.clip.duration_s:.2f} s)"


def score_html(report: LoopReport) -> str:
    """The score with its bar and its words, what to do, and what to beware of."""
    advice = report.advice
    kind = "good" if advice.score >= CLEAN else "wait" if advice.score >= FAIR else "bad"
    if report.measured.still:
        kind = ""
    head = f'<div class="ltx-said"><b>{advice.score} of 100</b>{look.tag(advice.words, kind)}</div>'
    beware = "".join(look.note(warning, kind="wait") for warning in islice(report.warnings, 4))
    return head + look.bar(advice.score, 100) + look.note(advice.sentence) + beware


def points_html(report: LoopReport, way: LoopWay) -> str:
    """In and out, the crossfade, and how picture and sound did, of one way."""
    rate = report.measured.rate

    def moment(frame: int) -> str:
        return f"{float(frame / rate):.2f} s (frame {frame})"

    melt = f"{float(way.crossfade_frames / rate):.2f} s ({look.plural(way.crossfade_frames, 'frame')})"
    pairs = [
        ("In", moment(way.in_frame)),
        ("Out", moment(way.out_frame)),
        ("Crossfade", melt if way.crossfade_frames else "none, a straight cut"),
        ("Once around", f"{float(way.frames / rate):.2f} s"),
        ("Picture", f"{way.picture} of 100"),
        ("Sound", "nothing to be heard" if way.sound is None else f"{way.sound} of 100"),
    ]
    return look.facts((name, look.escape(value)) for name, value in pairs)


def seam_html(seam: _Seam, *, play: bool) -> str:
    """The player that goes round and round, and the pictures next to the seam."""
    note = loop_lab.preview_words(seam.report, seam.way)
    shape = loop_lab.preview_shape(seam.report)
    video = video_html(seam.clip, note=note, autoplay=play, repeat=True, shape=shape)
    url = picture_url(seam.strip)
    if url is None:
        return video
    words = "how it melts" if seam.way.crossfade_frames else "three pictures before the seam, three behind it"
    return f'{video}<img class="ltx-strip" alt="{words}" src="{look.escape(url)}">'
