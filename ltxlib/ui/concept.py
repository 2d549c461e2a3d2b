"""Notebook 02, ideas: one line becomes scenes, to be looked through, changed and put into scenes.csv."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import ipywidgets as widgets

from ltxlib.core.concept import MOST_SCENES
from ltxlib.core.prompts import check_prompt
from ltxlib.store.project import Project
from ltxlib.studio import concept
from ltxlib.studio.concept import GRAMMAR, MODEL, Idea, Written
from ltxlib.ui import look, place
from ltxlib.ui.job import Job, latest
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, field, set_html, show, text_block

EXAMPLE = "a cabin in a snowstorm, one hour"
_TAGS = {MODEL: "good", GRAMMAR: "wait"}


def concept_panel() -> None:
    """The form that turns one line into scenes; by night it has nothing to do."""
    face(
        lambda _: print("In a browser, this is a form that turns a line into scenes. By night it rests."),
        ConceptPanel,
    )


@dataclass
class _State:
    """What the job says of itself, and whether its ideas have gone into the table."""

    said: str = "Getting ready ..."
    added: bool = False

    def apply(self, said: str) -> None:
        """Take in one sentence."""
        self.said = said


class _Row:
    """One idea: ticked or not, its name, its prompt, what the rules have against it."""

    def __init__(self, idea: Idea) -> None:
        self.idea = idea
        self.wanted = widgets.Checkbox(value=True, indent=False, tooltip="put this scene into scenes.csv")
        self.name = widgets.Text(value=idea.scene, continuous_update=False)
        self.prompt = widgets.Textarea(value=idea.prompt, rows=5, continuous_update=False)
        self.says = text_block("", "ltx-idea-says")
        self.prompt.observe(lambda _: self._judge(), "value")
        label = text_block(look.tag(idea.label, _TAGS.get(idea.source, "wait")))
        top = widgets.HBox([self.wanted, self.name, label])
        top.add_class("ltx-idea-top")
        self.part = column([top, self.prompt, self.says], "ltx-idea")
        self._judge()

    def _judge(self) -> None:
        found = check_prompt(self.prompt.value, self.name.value)
        said = " ".join(f"{problem.what} {problem.cure}" for problem in found)
        set_html(self.says, f'<div class="ltx-hint">{look.escape(said)}</div>' if said else "")

    @property
    def chosen(self) -> Idea:
        """The idea as it stands now."""
        prompt = self.prompt.value.strip()
        changed = prompt != self.idea.prompt
        return replace(self.idea, scene=self.name.value.strip(), prompt=prompt, changed=changed)


class ConceptPanel(Panel):
    """One line, the number of scenes, Write scenes; then the scenes, and Add to scenes.csv."""

    name = "concept"

    def build(self) -> list[widgets.Widget]:
        self.job_name = f"{self.project.root}:concept"
        self.rows: list[_Row] = []
        self._seed = 0
        self.line = widgets.Text(placeholder=f"such as: {EXAMPLE}")
        self.count = widgets.IntSlider(value=6, min=1, max=MOST_SCENES, continuous_update=False)
        self.write = self.button("Write scenes", self._write, "ltx-primary", "ltx-write")
        self.cancel = self.cancel_button()
        self.add = self.button("Add to scenes.csv", self._add, "ltx-primary", "ltx-add")
        self.progress = text_block("", "ltx-progress")
        self.told = text_block("", "ltx-told")
        self.list = column([], "ltx-ideas")
        self.adding = buttons([self.add])
        self.line.observe(lambda _: self._renewed(), "value")
        show(self.adding, False)
        head = look.heading("Ideas", "Say in one line what the film shows, and get the scenes for it.")
        form = column(
            [
                field("The film in one line", self.line, "A length may stand in it, too.", "ltx-wide"),
                field("Scenes", self.count),
            ],
            "ltx-form",
        )
        return [
            text_block(head),
            form,
            buttons([self.write, self.cancel]),
            self.progress,
            self.told,
            self.list,
            self.adding,
            self.notice,
        ]

    def refresh(self) -> None:
        """Look anew at which server would write."""
        self.look_at(lambda: place.look(self.project), self.stand_in)

    def _renewed(self) -> None:
        self._seed = 0
        self.write.description = "Write scenes"

    def _write(self) -> None:
        self.say("")
        work = _work(self.project, self.line.value, self.count.value, self._seed)
        self._seed += 1
        self.start_job(work, _State())

    def show_running(self, job: Job) -> None:
        self.write.disabled = True
        self.cancel.disabled = job.cancel.is_set()
        show(self.cancel, True)
        said = look.escape(job.state.said)
        set_html(self.progress, f'<div class="ltx-said"><span class="ltx-now">{said}</span></div>')
        if self.rows:
            self._show_ideas([])
        set_html(self.told, "")

    def show_ended(self, job: Job) -> None:
        set_html(self.progress, "")
        self.write.disabled = False
        show(self.cancel, False)
        self.fail(job.outcome)
        if job.result and not job.state.added:
            self._show(job.result)

    def _show(self, written: Written) -> None:
        if not self.line.value:
            self.line.value = written.concept.line
        self.write.description = "Write others"
        told = list(written.says)
        if any(idea.source == concept.STAND_IN for idea in written.ideas):
            told.append("In the rehearsal no language model writes: these are stand-ins, made by a grammar.")
        wish = concept.wish_text(written)
        notes = look.note(" ".join(told), kind="wait") if told else ""
        quiet = f'<div class="ltx-quiet">{look.escape(wish)}</div>' if wish else ""
        set_html(self.told, notes + quiet)
        self._show_ideas(list(written.ideas))

    def _show_ideas(self, ideas: list[Idea]) -> None:
        self.rows = [_Row(idea) for idea in ideas]
        for row in self.rows:
            row.wanted.observe(lambda _: self._counted(), "value")
        self.list.children = [row.part for row in self.rows]
        show(self.adding, bool(ideas))
        self._counted()

    def _counted(self) -> None:
        count = sum(row.wanted.value for row in self.rows)
        self.add.description = (
            f"Add {look.plural(count, 'scene')} to scenes.csv" if count else "None is ticked"
        )
        self.add.disabled = not count

    def _add(self) -> None:
        chosen = [row.chosen for row in self.rows if row.wanted.value]
        names = concept.add(self.project, chosen)
        job = latest(self.job_name)
        if job:
            job.state.added = True
        self._show_ideas([])
        set_html(self.told, "")
        file = self.project.scenes_csv.name
        what = "is now the last row" if len(names) == 1 else "are now the last rows"
        self.say(look.note(f"Added: {', '.join(names)} {what} of {file}."))
        self.tell_others()


def _work(project: Project, line: str, count: int, seed: int) -> Callable[[Job], Written]:
    def work(job: Job) -> Written:
        return concept.write_scenes(project, line, count, seed=seed, say=job.tell, cancel=job.cancel)

    return work
