"""From one line to scenes: written by the server's text encoder, or by the grammar where none can write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from ltxlib.core import check, concept, concept_grammar, roles, text_request
from ltxlib.core.concept import MOST_SCENES, Concept
from ltxlib.core.plan import workflow_for
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.core.span import LONGEST_S
from ltxlib.errors import BadInput, Cancelled, LtxlibError, WorkflowError
from ltxlib.store.project import Project
from ltxlib.store.scene_sheet import add_scene, read_sheet
from ltxlib.studio import instructions
from ltxlib.studio.asking import Patience, ask_text
from ltxlib.studio.check import read_library, read_workflow
from ltxlib.studio.connect import Connection, connect

ROUNDS = 3
MODEL, STAND_IN, GRAMMAR = "model", "stand-in", "grammar"
LABELS = {
    MODEL: "written by the text encoder",
    STAND_IN: "rehearsal stand-in, not written by a language model",
    GRAMMAR: "from the kit's grammar, not written by a language model",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Idea:
    """One scene to be: its name, its prompt, who wrote it (a key of LABELS), whether it was changed since.

    wish: what the length that was wished for asks of the film, for the row's notes; empty for none.
    """

    scene: str
    prompt: str
    source: str
    line: str = ""
    changed: bool = False
    wish: str = ""

    @property
    def label(self) -> str:
        """Who wrote it, in words."""
        return LABELS[self.source]

    @property
    def notes(self) -> str:
        """What stands in the row's notes."""
        by_hand = ", then changed by hand" if self.changed else ""
        told = f"From “{self.line}”; {self.label}{by_hand}."
        return f"{told} {self.wish}" if self.wish else told


@dataclass(frozen=True)
class Written:
    """What came of a line: its ideas, and what a person is to know of how they came about."""

    concept: Concept
    ideas: tuple[Idea, ...]
    says: tuple[str, ...] = ()


@dataclass
class _Draft:
    """The prompts so far, with who wrote them."""

    wanted: int
    avoid: list[str]
    prompts: list[tuple[str, str]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.wanted - len(self.prompts)

    @property
    def there(self) -> list[str]:
        """What is not to be said again."""
        return [*self.avoid, *(prompt for prompt, _ in self.prompts)]


@dataclass(frozen=True)
class _How:
    seed: int
    say: Say
    cancel: threading.Event


def write_scenes(
    project: Project,
    line: str,
    count: int,
    *,
    seed: int = 0,
    say: Say = lambda _: None,
    cancel: threading.Event | None = None,
) -> Written:
    """So many scenes for a line, each keeping every rule for a good prompt; nothing is written to disk.

    seed: another one gives other scenes. say: hears what happens. Without a server that can write, and for
    what its model does not manage in a few tries, the grammar writes, and the result says so. Raises BadInput
    for a line that says nothing, Cancelled when the event is set.
    """
    asked = concept.read_concept(line)
    if not 1 <= count <= MOST_SCENES:
        raise BadInput(f"{count} scenes cannot be written.", cure=f"Choose 1 to {MOST_SCENES}.")
    taken, prompts = _there(project)
    draft = _Draft(count, prompts)
    try:
        _ask(project, asked, draft, _How(seed, say, cancel or threading.Event()))
    except Cancelled:
        raise
    except LtxlibError as error:
        draft.says.append(f"The text encoder was not asked: {error.message}")
    if draft.missing:
        _by_grammar(project, asked, draft, seed)
    ideas: list[Idea] = []
    for prompt, source in draft.prompts:
        name = concept.scene_name(prompt, taken)
        taken.add(name)
        ideas.append(Idea(name, prompt, source, asked.line))
    again = _again(asked.duration_s, len(ideas))
    if asked.duration_s is not None and again > 1:
        told = f"For {_span(asked.duration_s)} the film is played {again} times, {LONGEST_S} s a scene."
        ideas = [replace(idea, wish=told) for idea in ideas]
    return Written(asked, tuple(ideas), tuple(draft.says))


def _there(project: Project) -> tuple[set[str], list[str]]:
    """The names and the prompts that the table has already."""
    try:
        scenes = read_sheet(project.scenes_csv).scenes
    except BadInput:
        return set(), []
    return {scene.scene for scene in scenes}, [scene.prompt for scene in scenes]


def _ask(project: Project, asked: Concept, draft: _Draft, how: _How) -> None:
    """Have the server's text encoder write, and write again for what broke a rule, a few times."""
    told = instructions.read(project, concept.INSTRUCTIONS)
    connection = connect(project)
    source = STAND_IN if connection.rehearsal else MODEL
    for turn in range(ROUNDS):
        how.say(f"The text encoder writes {draft.missing} of {draft.wanted} scenes ...")
        request = concept.request_for(
            asked, draft.missing, told, avoid=draft.there, seed=how.seed * ROUNDS + turn
        )
        graph, node = _graph(project, connection, request)
        answer = ask_text(connection.client, graph, node, Patience(how.cancel))
        good, _ = concept.usable(answer, draft.missing, draft.there)
        draft.prompts += [(prompt, source) for prompt in good]
        facts = {"line": asked.line, "answer": answer, "used": len(good), "wanted": draft.wanted}
        connection.shelf.journal.append("concept", **facts)
        if not draft.missing:
            return
    count = draft.missing
    draft.says.append(
        f"{count} of {draft.wanted} scenes the text encoder did not write well enough in {ROUNDS} tries."
    )


def _graph(
    project: Project, connection: Connection, request: text_request.TextRequest
) -> tuple[dict[str, object], str]:
    """The graph that asks, made of the workflow that films words; WorkflowError where it cannot run."""
    ui = read_workflow(project, workflow_for(Scene("concept", "x")))
    api = roles.prepare(ui, connection.schema, {"prompt": request.request})
    graph, node = text_request.text_graph(api, connection.schema, request)
    problems = check.check_graph(graph, connection.schema)
    if problems:
        raise WorkflowError(f"{problems[0].where} {problems[0].what}", cure=problems[0].cure)
    return graph, node


def _by_grammar(project: Project, asked: Concept, draft: _Draft, seed: int) -> None:
    """Let the grammar write what is missing, and say so."""
    library, _ = read_library(project.prompts)
    made = concept_grammar.write(asked.theme, draft.missing, seed=seed, library=library, avoid=draft.there)
    draft.prompts += [(prompt, GRAMMAR) for prompt in made]
    if made:
        what = "This scene comes" if len(made) == 1 else f"{len(made)} scenes come"
        draft.says.append(f"{what} from the kit's own grammar; no language model wrote them.")
    if not concept_grammar.fits(asked.theme):
        draft.says.append(
            "The grammar knows no setting for these words, so its scenes are plain; better write your own."
        )


def add(project: Project, ideas: Sequence[Idea]) -> list[str]:
    """Put ideas into scenes.csv as rows of their own, in order; gives the names they got there.

    A name that was taken meanwhile gets a number. Raises BadInput when a row would not be a legal one;
    nothing is written then.
    """
    path = project.scenes_csv
    taken = {name.casefold() for name in _there(project)[0]}
    scenes: list[Scene] = []
    problems: list[Problem] = []
    for idea in ideas:
        name, number = idea.scene.strip(), 1
        while name and name.casefold() in taken:
            number += 1
            name = f"{idea.scene.strip()}-{number}"
        taken.add(name.casefold())
        scene = Scene(name, idea.prompt.strip(), notes=idea.notes)
        _, found = read_scene(cells_for(scene), 0, path.name)
        problems += [replace(one, where=idea.scene or "a scene without a name") for one in errors_in(found)]
        scenes.append(scene)
    if problems:
        raise BadInput("Nothing was added: something is to be mended first.", problems)
    for scene in scenes:
        add_scene(path, scene)
    return [scene.scene for scene in scenes]


def wish_text(written: Written) -> str:
    """What the wished length means for so many scenes, in sentences; empty when none was wished.

    The film shows one take of each scene, so its length is theirs; the rest is playing it again.
    """
    wish_s, count = written.concept.duration_s, len(written.ideas)
    if wish_s is None or not count:
        return ""
    clip_s = float(Scene("x", "x").duration_s)
    if wish_s <= clip_s * count:
        return ""
    lasts = f"a film of these scenes lasts {_span(clip_s * count)}, {clip_s:.1f} s each."
    told = f"You wish for {_span(wish_s)}; {lasts}"
    again = _again(wish_s, count)
    if again <= 1:
        return f"{told} Write {ceil(wish_s / count)} under seconds in each row, and it lasts that long."
    return (
        f"{told} With {LONGEST_S} under seconds in each row, the longest a take can be, it lasts"
        f" {_span(LONGEST_S * count)} and is played {again} times for your {_span(wish_s)}: let the player"
        f" repeat it, or have up to {MOST_SCENES} scenes written. Each row's notes say so."
    )


def _again(wish_s: float | None, count: int) -> int:
    """How often a film of so many scenes, each as long as a take can be, is played to fill a wish."""
    return ceil(wish_s / (LONGEST_S * count)) if wish_s and count else 0


def _span(seconds: float) -> str:
    """A length as people say it: "16 s", "90 min", "1 h 30 min"."""
    if seconds < 120:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
