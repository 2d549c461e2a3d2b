"""Notebook 02, drafts: many small first stages of a scene, a choice, and the chosen ones made whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core import catalog
from ltxlib.core.draft import plan_draft
from ltxlib.core.plan import Estimate, RenderPlan, estimate, plan_take
from ltxlib.core.scene import Scene
from ltxlib.store.project import Project
from ltxlib.studio import drafts
from ltxlib.studio.batch import run_batch
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import COUNT, MOST, Gallery, Listed
from ltxlib.studio.job import job_for
from ltxlib.ui import look, place
from ltxlib.ui.draft_cards import DraftCards
from ltxlib.ui.job import Job, Outcome, latest
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, field, set_html, show, text_block
from ltxlib.ui.progress import BatchState, panel_html

_HEAD = "Small and quick: the first half of the work. Pick those you like; finishing keeps their picture."
_ROWS_SHOWN = 6
# How much smaller a draft is plays no part in what it costs here; the graph tells it when it is made.
_HALF = 2.0


def drafts_panel(scenes_csv: str = "") -> None:
    """The form for drafts; by night it has nothing to do, the batch finishes what was picked.

    scenes_csv: another table than the project's, by its path from the project's folder.
    """
    face(
        lambda _: print("In a browser, drafts are made and picked here. The film below finishes the picked."),
        lambda project: DraftsPanel(project, scenes_csv),
    )


@dataclass(frozen=True)
class _Found:
    place: place.Place
    gallery: Gallery | None
    not_drafted: frozenset[str]
    outcome: Outcome

    @property
    def scenes(self) -> list[Scene]:
        """The scenes of which drafts can be made."""
        if self.gallery is None or self.gallery.checked.ingredients is None:
            return []
        scenes = self.gallery.checked.scenes
        return [scene for scene in scenes if scene.enabled and scene.scene not in self.not_drafted]


class DraftsPanel(Panel):
    """Which scenes, how many, what it would cost; the drafts; what is picked."""

    name = "drafts"

    def __init__(self, project: Project, scenes_csv: str = "") -> None:
        self.path = project.root / scenes_csv if scenes_csv else project.scenes_csv
        self.job_name = f"{project.root}:drafts"
        self._found: _Found | None = None
        self._seen = 0
        super().__init__(project)

    def build(self) -> list[widgets.Widget]:
        self.head = text_block(look.heading("Drafts", _HEAD))
        self.scenes = widgets.SelectMultiple(options=[], rows=_ROWS_SHOWN)
        self.count = widgets.BoundedIntText(value=COUNT, min=1, max=MOST)
        for part in (self.scenes, self.count):
            part.observe(lambda _: self._cost(), "value")
        self.form = column(
            [
                field("Scenes", self.scenes, "Hold Ctrl (on a Mac: Command) to choose several."),
                field("Drafts of each", self.count, "Each has a seed of its own."),
            ],
            "ltx-form",
        )
        self.estimate = text_block()
        self.make = self.button("Make drafts", self._make, "ltx-primary", "ltx-make")
        self.cancel = self.cancel_button()
        self.again = self.button(
            "Look again", self.refresh, "ltx-again", tooltip="Read table and drafts anew"
        )
        self.progress = text_block("", "ltx-progress")
        self.cards = DraftCards(self)
        self.finish = self.button("Nothing is picked", self._finish, "ltx-finish")
        self.finish_hint = text_block()
        self.make.disabled = self.finish.disabled = True
        show(self.finish, False)
        return [
            self.head,
            self.form,
            self.estimate,
            buttons([self.make, self.cancel, self.again]),
            self.progress,
            self.notice,
            self.cards.part,
            buttons([self.finish, self.finish_hint], "ltx-finishing"),
        ]

    def refresh(self) -> None:
        """Read the table and the drafts anew."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        here = place.look(self.project)
        outcome, seen, without = Outcome(), None, frozenset[str]()
        with outcome:
            seen = drafts.gallery(self.project, here.shelf, self.path)
            without = frozenset(drafts.without_drafts(seen.checked))
        return _Found(here, seen, without, outcome)

    def _fill(self, found: _Found) -> None:
        self._found = found
        self.stand_in(found.place)
        names = [scene.scene for scene in found.scenes]
        if list(self.scenes.options) != names:
            chosen = [name for name in self.scenes.value if name in names]
            self.scenes.options = names
            self.scenes.value = chosen or names[:1]
        self.cards.fill(found.place.shelf, found.gallery)
        self._cost()
        self._offer()

    def _cost(self) -> None:
        """Say what the drafts that are chosen now would cost, and put it on the button."""
        found = self._found
        if found is None:
            return
        wanted = self._wanted(found)
        there = {one.take.take_id for one in found.gallery.drafts} if found.gallery else set()
        missing = [plan for plan in wanted if plan_draft(plan, _HALF).take_id not in there]
        set_html(self.estimate, _before(found) + _cost_html(wanted, missing, found))
        words = f"Make {look.plural(len(missing), 'draft')}" if missing else "They are all there"
        self.make.description = words if wanted else "Make drafts"
        self.make.disabled = not missing or self._running()

    def _wanted(self, found: _Found) -> list[RenderPlan]:
        """The takes of which drafts are asked for."""
        ingredients = found.gallery.checked.ingredients if found.gallery else None
        if ingredients is None:
            return []
        return [
            plan_take(scene, number, ingredients)
            for scene in found.scenes
            if scene.scene in self.scenes.value
            for number in range(1, self.count.value + 1)
        ]

    def _offer(self) -> None:
        """Say what finishing the picked drafts would make, and put it on the button."""
        found = self._found
        if found is None or found.gallery is None:
            return
        picked = [one for one in found.gallery.drafts if one.picked]
        left = [one for one in picked if not one.finished]
        words = "Nothing is picked" if not picked else "What is picked is finished"
        self.finish.description = f"Finish {look.plural(len(left), 'picked draft')}" if left else words
        self.finish.disabled = not left or self._running()
        (self.finish.add_class if left else self.finish.remove_class)("ltx-primary")
        show(self.finish, bool(found.gallery.drafts))
        set_html(self.finish_hint, _finish_html(picked, left, found) if found.gallery.drafts else "")

    def _running(self) -> bool:
        job = latest(self.job_name)
        return bool(job and job.running)

    def picked(self, one: Listed, picked: bool) -> None:
        """Write a pick down and show what it means."""

        def write() -> None:
            if self._found:
                drafts.choose(self._found.place.shelf, one, picked=picked)

        self.say("")
        self.in_background(write, lambda _: self._after_pick())

    def _after_pick(self) -> None:
        self.refresh()
        # The whole film renders what is picked, so its table has changed too.
        self.tell_others()

    def _make(self) -> None:
        names, count = list(self.scenes.value), self.count.value
        self._begin(_making(self.project, self.path, names, count), BatchState(noun="draft"))

    def _finish(self) -> None:
        self._begin(_finishing(self.project, self.path), BatchState())

    def _begin(self, work: Callable[[Job], None], state: BatchState) -> None:
        self.say("")
        self.start_job(work, state)
        self.in_background(lambda: place.look(self.project), self.stand_in)

    def show_running(self, job: Job) -> None:
        stopping = job.cancel.is_set()
        self.make.disabled = self.finish.disabled = self.again.disabled = True
        self.cancel.disabled = stopping
        show(self.cancel, True)
        state = job.state
        set_html(self.progress, panel_html(state, running=True, stopping=stopping, listed=_listed(state)))
        if len(state.saved) != self._seen:
            # Each draft is to be looked at as soon as it is there.
            self._seen = len(state.saved)
            self.refresh()

    def show_ended(self, job: Job) -> None:
        show(self.cancel, False)
        self.again.disabled = False
        state = job.state
        html = panel_html(state, running=False, stopping=False, listed=_listed(state)) if state.takes else ""
        set_html(self.progress, html)
        self.fail(job.outcome)


def _listed(state: BatchState) -> bool:
    """Drafts are to be seen as cards; finished takes are listed, since they are watched elsewhere."""
    return state.noun == "take"


def _making(project: Project, path: Path, names: list[str], count: int) -> Callable[[Job], None]:
    def work(job: Job) -> None:
        checked = drafts.check_drafts(project, names, count, path)
        batch = drafts.draft_job(project, connect(project), checked, named=True)
        for event in run_batch(batch, job.cancel):
            job.tell(event)

    return work


def _finishing(project: Project, path: Path) -> Callable[[Job], None]:
    def work(job: Job) -> None:
        connection = connect(project)
        checked = drafts.check_finish(project, connection.shelf, path)
        for event in run_batch(job_for(project, connection, checked), job.cancel):
            job.tell(event)

    return work


def _before(found: _Found) -> str:
    """What stands in the way, and what is worth knowing."""
    if found.gallery is None:
        return look.failure(found.outcome)
    checked, parts = found.gallery.checked, []
    if checked.errors:
        inside = f'<div class="ltx-scroll">{look.problem_table(checked.errors)}</div>'
        parts.append(look.note("Mend these first; nothing is drafted until then.", kind="bad", inside=inside))
    if found.gallery.problems:
        inside = look.problem_table(found.gallery.problems)
        parts.append(look.note("Some drafts are damaged:", kind="wait", inside=inside))
    quiet = []
    if found.not_drafted:
        names = ", ".join(sorted(found.not_drafted))
        quiet.append(f"Made in one stage, so without drafts: {names}.")
    if found.gallery.older:
        older = look.plural(found.gallery.older, "draft")
        quiet.append(f"{older} of rows as they were before they changed: kept on the disk, not shown.")
    return "".join([*parts, *(f'<div class="ltx-quiet">{look.escape(line)}</div>' for line in quiet)])


def _cost_html(wanted: list[RenderPlan], missing: list[RenderPlan], found: _Found) -> str:
    if not found.place.answers:
        return look.note(found.place.says, found.place.cure, kind="wait")
    if not missing:
        return ""
    small, whole = estimate([plan_draft(plan, _HALF) for plan in missing]), estimate(missing)
    many = len(missing) > 1
    text = (
        f"On a pod {f'these {len(missing)} drafts' if many else 'this draft'} would need about"
        f" {_rendering(small)}, in place of {_rendering(whole)} for"
        f" {'finished takes' if many else 'the finished take'}; the first clip of a session needs"
        f" {look.span_text(catalog.FIRST_LOAD_S[0])} to {look.span_text(catalog.FIRST_LOAD_S[1])} more"
        f" ({small.source})."
    )
    if len(missing) < len(wanted):
        text = f"{look.plural(len(wanted) - len(missing), 'draft is', 'drafts are')} there already. {text}"
    if found.place.rehearsal:
        text += " The rehearsal needs a few seconds each."
    return f'<div class="ltx-quiet">{look.escape(text)}</div>'


def _rendering(guess: Estimate) -> str:
    """An estimate without the loading of the model, which would hide the difference."""
    low_s, high_s = catalog.FIRST_LOAD_S
    return f"{look.span_text(guess.low_s - low_s)} to {look.span_text(guess.high_s - high_s)}"


def _finish_html(picked: list[Listed], left: list[Listed], found: _Found) -> str:
    if not left:
        first = "Point at a draft to play it; press Pick on those you like."
        return f'<span class="ltx-quiet">{"Watch it in 3. Review." if picked else first}</span>'
    checked = found.gallery.checked if found.gallery else None
    if checked is None or checked.ingredients is None:
        return ""
    rows, ingredients = {scene.scene: scene for scene in checked.scenes}, checked.ingredients
    takes = [plan_take(rows[one.take.scene], one.take.take_no, ingredients) for one in left]
    guess = estimate(takes)
    text = f"On a pod about {look.span_text(guess.low_s)} to {look.span_text(guess.high_s)}."
    return f'<span class="ltx-quiet">{look.escape(text)}</span>'
