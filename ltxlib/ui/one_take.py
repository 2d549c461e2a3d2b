"""Notebook 02, one take: write or choose a prompt, press the button, watch the clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.prompts import PromptEntry
from ltxlib.core.scene import Scene, cells_for
from ltxlib.core.take import Take
from ltxlib.errors import BadInput
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import add_scene, edit_scene, read_sheet
from ltxlib.store.takes import clip_path, take_of
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_scenes, read_library
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from ltxlib.studio.model_choice import model_here
from ltxlib.ui import look, place
from ltxlib.ui.job import Job
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, set_html, show, text_block
from ltxlib.ui.progress import BatchState
from ltxlib.ui.take_form import FILE, TakeForm, named
from ltxlib.ui.video import awaited_html, video_html

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}


def one_take_panel() -> None:
    """The form for one take; by night it has nothing to do."""
    face(
        lambda _: print("In a browser, this is a form for a single take. The night has no use for it."),
        OneTakePanel,
    )


@dataclass(frozen=True)
class Made:
    """What came of the button: the plan, its take (None when there is none), and where the clip lies."""

    plan: RenderPlan
    take: Take | None
    clip: Path


def _work(project: Project, scene: Scene) -> Callable[[Job], Made]:
    def work(job: Job) -> Made:
        connection = connect(project)
        one = [replace(scene, takes=1, enabled=True)]
        checked = check_scenes(project, one, [], FILE, shelf=connection.shelf)
        _or_raise(named(checked.problems))
        batch = job_for(project, connection, checked)
        for event in run_batch(batch, job.cancel):
            job.tell(event)
        plan = batch.plans[0]
        take = take_of(batch.shelf, plan)
        return Made(plan, take, clip_path(batch.shelf, plan.scene.scene, (take or plan).take_id))

    return work


def _or_raise(problems: list[Problem]) -> None:
    if errors_in(problems):
        raise BadInput(
            "Nothing was rendered: something in the form is to be mended first.", errors_in(problems)
        )


@dataclass(frozen=True)
class _Choices:
    place: place.Place
    library: dict[str, PromptEntry]
    images: list[str]
    scenes: list[Scene]
    model: str


class OneTakePanel(Panel):
    """The form, its button and its clip."""

    name = "take"

    def build(self) -> list[widgets.Widget]:
        self.job_name = f"{self.project.root}:take"
        self.form = TakeForm(self.project.images, self._name_changed)
        self.render = self.button("Render one take", self._render, "ltx-primary", "ltx-render")
        self.cancel = self.cancel_button()
        self.save = self.button("Add to scenes.csv", self._save, "ltx-save")
        self.progress = text_block("", "ltx-progress")
        self.result = text_block("", "ltx-result")
        head = look.heading("One take", "Choose a prompt, or write your own, and see what comes of it.")
        return [
            text_block(head),
            self.form.part,
            buttons([self.render, self.cancel, self.save]),
            self.notice,
            self.progress,
            self.result,
        ]

    def refresh(self) -> None:
        """Offer the prompts, pictures and scenes that are there now."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Choices:
        project = self.project
        library, _ = read_library(project.prompts)
        images = sorted(
            path.relative_to(project.images).as_posix()
            for path in project.images.rglob("*")
            if path.suffix.lower() in _PICTURES
        )
        try:
            scenes = list(read_sheet(project.scenes_csv).scenes)
        except BadInput:
            # The batch below says what is wrong with the table; the form works without it.
            scenes = []
        here = model_here()
        return _Choices(place.look(project), library, images, scenes, here.name if here else "")

    def _fill(self, found: _Choices) -> None:
        self.stand_in(found.place)
        fresh = not self.form.prompt.value
        self.form.fill_choices(found.library, found.images, found.scenes)
        if fresh and found.model:
            # A pod may have been given other files than the standard ones, those that suit its card.
            self.form.model.value = found.model

    def _scene(self) -> Scene | None:
        """The scene of the form; None, with the problems shown, when there is something to mend."""
        scene, problems = self.form.scene()
        if scene is None:
            text = "Something in the form is to be mended first."
            self.say(look.note(text, kind="bad", inside=look.problem_table(errors_in(problems))))
            return None
        self.say("")
        return scene

    def _render(self) -> None:
        scene = self._scene()
        if scene is not None:
            self.start_job(_work(self.project, scene), BatchState())
            self.in_background(lambda: place.look(self.project), self.stand_in)

    def show_running(self, job: Job) -> None:
        state = job.state
        self.render.disabled = True
        self.cancel.disabled = job.cancel.is_set()
        show(self.cancel, True)
        said = f'<div class="ltx-said"><span class="ltx-now">{look.escape(state.now_text())}</span></div>'
        set_html(self.progress, said + look.bar(state.step, state.steps))
        set_html(self.result, awaited_html("The clip will be here."))

    def show_ended(self, job: Job) -> None:
        set_html(self.progress, "")
        set_html(self.result, "")
        self.render.disabled = False
        show(self.cancel, False)
        self.fail(job.outcome)
        if job.result:
            self._show(job.result, job.state)

    def _show(self, made: Made, state: BatchState) -> None:
        for event in state.failed:
            self.say(look.note(event.reason, event.cure, kind="bad"))
        if state.saved or state.there:
            plan = made.plan
            words = f"{plan.scene.scene}, seed {plan.seed}"
            if state.saved:
                words += f", made in {look.span_text(state.saved[0].take.render_s)}"
            else:
                words += ". This very take was made before; choose New seed for another one"
            otherwise = f" {made.take.made_otherwise}" if made.take and made.take.made_otherwise else ""
            shape = (plan.scene.width, plan.scene.height)
            set_html(self.result, video_html(made.clip, note=f"{words}.{otherwise}", shape=shape))
        elif state.ended and state.ended.cancelled:
            self.say(look.note("Stopped. No take was made.", kind="wait"))
        elif not state.failed:
            self.say(
                look.note("No take was made, and nothing says why.", "Press the button again.", kind="wait")
            )

    def _name_changed(self) -> None:
        base = self.form.base.scene
        same = bool(base) and base == self.form.name.value.strip()
        self.save.description = "Save to this row" if same else "Add to scenes.csv"

    def _save(self) -> None:
        scene = self._scene()
        if scene is None:
            return
        path, base = self.project.scenes_csv, self.form.base
        if base.scene and base.scene == scene.scene:
            before, after = cells_for(base), cells_for(scene)
            changes = {name: text for name, text in after.items() if text != before[name]}
            if "frames" in changes or "fps" in changes:
                changes |= {"frames": str(scene.frames), "seconds": ""}
            changes.pop("enabled", None)
            edit_scene(path, base.scene, changes)
            text = f"Saved: {scene.scene} in {path.name} is now as this form says."
        else:
            add_scene(path, scene)
            text = f"Added: {scene.scene} is now the last row of {path.name}."
        self.form.base = scene
        self._name_changed()
        self.say(look.note(text))
        self.refresh()
        self.tell_others()
