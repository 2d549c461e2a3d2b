"""From one line to rows of scenes.csv, with a text encoder and without."""

import shutil
import threading
from dataclasses import replace

import pytest

from ltxlib.core.prompt_rules import check_prompt
from ltxlib.errors import BadInput, Cancelled
from ltxlib.rehearsal import nodes, nodes_text
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio import concept
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.concept import GRAMMAR, MODEL, STAND_IN, Idea, add, wish_text, write_scenes
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.core.test_concept import OTHER
from tests.core.test_enhance import GOOD, SHORT
from tests.support.studio import a_project
from tests.support.writers import without

LINE = "a cabin in a snowstorm, one hour"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def project(tmp_path, project_root):
    """A project of two scenes, with the shipped instructions and all columns."""
    made = a_project(tmp_path / "project")
    shutil.copytree(project_root / "prompts" / "enhance", made.prompts / "enhance")
    made.scenes_csv.write_text("scene,prompt,frames,width,height,notes\nrain,@rain/window,9,192,128,\n")
    return made


def answers(monkeypatch, *texts):
    """Let the text encoder answer with these in turn, the last one for ever; gives what it is asked."""
    given, asked = list(texts), []

    def answer(call):
        asked.append(call["prompt"])
        return (given.pop(0) if len(given) > 1 else given[0],)

    monkeypatch.setitem(nodes.PERFORMERS, "TextGenerate", answer)
    return asked


def numbered(*prompts):
    return "\n".join(f"{number}. {text}" for number, text in enumerate(prompts, 1))


def test_the_text_encoder_writes_the_scenes(project, server):
    """Through the whole rehearsal: as many as wished, each good, named, labelled as a stand-in, journaled."""
    heard = []
    written = write_scenes(project, LINE, 5, say=heard.append)
    assert written.concept.theme == "a cabin in a snowstorm"
    assert len(written.ideas) == len({idea.scene for idea in written.ideas}) == 5
    assert {idea.source for idea in written.ideas} == {STAND_IN}
    assert all(check_prompt(idea.prompt, "x") == [] for idea in written.ideas)
    assert written.says == ()
    assert heard == ["The text encoder writes 5 of 5 scenes ..."]
    (entry,) = (e for e in project.set(rehearsal=True).journal if e["event"] == "concept")
    assert entry["answer"].startswith(nodes_text.LIST_MARK)
    assert (entry["used"], entry["line"]) == (5, LINE)
    again = write_scenes(project, LINE, 5)
    other = write_scenes(project, LINE, 5, seed=1)
    assert again.ideas == written.ideas
    assert not {idea.prompt for idea in other.ideas} & {idea.prompt for idea in written.ideas}


def test_what_breaks_a_rule_is_asked_for_again(project, server, monkeypatch):
    """The second request asks for what is missing only, and names what is there already."""
    asked = answers(monkeypatch, f"Sure:\n{numbered(GOOD, SHORT)}", numbered(GOOD, OTHER))
    written = write_scenes(project, LINE, 2)
    assert [idea.prompt for idea in written.ideas] == [GOOD, OTHER]
    assert len(asked) == 2
    assert asked[0].endswith("Number of prompts: 2")
    assert asked[1].endswith("Number of prompts: 1")
    assert GOOD.split(". ")[0] in asked[1]
    assert "Be" not in asked[0][:2]
    assert asked[0].startswith("You write prompts for LTX-2")


def test_a_model_that_cannot_leaves_the_rest_to_the_grammar(project, server, monkeypatch):
    """After three tries the grammar writes what is missing, and both is said."""
    asked = answers(monkeypatch, numbered(GOOD), "I am sorry.")
    written = write_scenes(project, LINE, 3)
    assert len(asked) == 3
    assert [idea.source for idea in written.ideas] == [STAND_IN, GRAMMAR, GRAMMAR]
    assert "2 of 3 scenes the text encoder did not write well enough in 3 tries" in written.says[0]
    assert "2 scenes come from the kit's own grammar" in written.says[1]


def test_without_a_server_the_grammar_writes_and_says_so(project, monkeypatch):
    """Nothing answers: the scenes are there all the same, labelled in the rows that they make."""
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    written = write_scenes(project, LINE, 4)
    assert {idea.source for idea in written.ideas} == {GRAMMAR}
    assert "The text encoder was not asked" in written.says[0]
    assert "no language model wrote them" in written.says[1]
    add(project, written.ideas)
    notes = [scene.notes for scene in read_sheet(project.scenes_csv).scenes[1:]]
    by_whom = f"From “{LINE}”; from the kit's grammar, not written by a language model."
    assert notes == [f"{by_whom} For 1 h the film is played 45 times, 20 s a scene."] * 4


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"object_info": without("TextGenerate", "TextGenerateLTX2Prompt")}, "no node that writes text"),
        ({"missing_files": frozenset({"gemma_3_12B_it_fp4_mixed.safetensors"})}, "asks for the file gemma_3"),
    ],
)
def test_a_server_that_cannot_write_is_told_and_the_grammar_writes(
    project, tmp_path, monkeypatch, settings, says
):
    """A server without the node, or without the encoder's file, is not asked; the reason is given."""
    made = RehearsalSettings(**settings)
    with RehearsalServer(tmp_path / "out", tmp_path / "in", settings=made) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        written = write_scenes(project, LINE, 2)
    assert {idea.source for idea in written.ideas} == {GRAMMAR}
    assert says in written.says[0]


def test_missing_instructions_are_told_and_the_grammar_writes(project, server):
    """A file that is gone costs no idea."""
    (project.prompts / "enhance" / "concept.md").unlink()
    written = write_scenes(project, LINE, 1)
    assert "prompts/enhance/concept.md cannot be read" in written.says[0]
    assert written.ideas[0].source == GRAMMAR
    assert "This scene comes from the kit's own grammar" in written.says[1]


def test_words_the_grammar_does_not_know_are_told(project, monkeypatch):
    """A theme with no setting of its own gives plain scenes, which is said."""
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    says = write_scenes(project, "a spaceship past Saturn", 2).says
    assert "knows no setting for these words" in says[-1]


@pytest.mark.parametrize(("line", "count"), [("one hour", 3), (LINE, 0), (LINE, 41)])
def test_what_cannot_be_written_is_refused(project, line, count):
    """A line that says nothing and a number that is none are told before anybody is asked."""
    with pytest.raises(BadInput) as caught:
        write_scenes(project, line, count)
    assert caught.value.cure


def test_a_cancelled_writing_writes_nothing(project, server, monkeypatch):
    """Once the event is set, nobody waits for the server and no grammar steps in."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        write_scenes(project, LINE, 3, cancel=cancel)


def test_a_real_server_s_scenes_are_labelled_so(project, server):
    """Who wrote a scene stands in its notes, and whether a person changed it."""
    idea = Idea("a", GOOD, MODEL, LINE)
    assert idea.notes == f"From “{LINE}”; written by the text encoder."
    assert replace(idea, changed=True).notes.endswith("written by the text encoder, then changed by hand.")


def test_ideas_become_rows_that_render(project, server):
    """The rows stand at the end, in order, with defaults left empty; a name taken meanwhile gets a number."""
    written = write_scenes(project, LINE, 2)
    first = add(project, written.ideas)
    assert first == [idea.scene for idea in written.ideas]
    second = add(project, written.ideas[:1])
    assert second == [f"{first[0]}-2"]
    text = project.scenes_csv.read_text()
    assert text.startswith("scene,prompt,frames,width,height,notes\nrain,@rain/window,9,192,128,\n")
    checked = check_project(project)
    assert [scene.scene for scene in checked.scenes] == ["rain", *first, *second]
    assert not [one for one in checked.problems if "rain" not in one.where and " row 2" not in one.where]
    assert len(job_for(project, connect(project), checked).plans) == 4
    assert len(write_scenes(project, LINE, 2).ideas) == 2
    assert not {i.prompt for i in write_scenes(project, LINE, 2).ideas} & {i.prompt for i in written.ideas}


def test_rows_that_would_be_wrong_are_all_told_and_none_is_written(project):
    """An empty prompt and a name that cannot name a folder stop all of them."""
    before = project.scenes_csv.read_text()
    ideas = [
        Idea("good", GOOD, MODEL),
        Idea("a/b", OTHER, MODEL),
        Idea("empty", "  ", MODEL),
        Idea("", GOOD, MODEL),
    ]
    with pytest.raises(BadInput) as caught:
        add(project, ideas)
    assert [one.where for one in caught.value.problems] == ["a/b", "empty", "a scene without a name"]
    assert project.scenes_csv.read_text() == before


def test_a_project_without_a_table_gets_one(project, monkeypatch):
    """The first ideas make scenes.csv."""
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    project.scenes_csv.unlink()
    names = add(project, write_scenes(project, LINE, 2).ideas)
    assert [scene.scene for scene in read_sheet(project.scenes_csv).scenes] == names


def test_the_wish_is_put_beside_what_the_scenes_give(project, monkeypatch):
    """A wished hour is told in terms of what so many scenes are; no wish, or a small one, is no word."""
    monkeypatch.setenv("LTX_COMFY_URL", NOBODY)
    written = write_scenes(project, LINE, 6)
    told = wish_text(written)
    assert told.startswith("You wish for 1 h; a film of these scenes lasts 16 s, 2.7 s each.")
    assert "With 20 under seconds" in told and "lasts 2 min and is played 30 times for" in told
    assert all("For 1 h the film is played 30 times" in idea.notes for idea in written.ideas)
    short = write_scenes(project, "rain, 50 s", 4)
    assert "Write 13 under seconds in each row" in wish_text(short)
    assert "played" not in short.ideas[0].notes
    assert wish_text(write_scenes(project, "rain", 6)) == ""
    assert wish_text(write_scenes(project, "rain, 10 s", 6)) == ""
    assert [concept._span(s) for s in (16.2, 1800, 5400, 7200)] == ["16 s", "30 min", "1 h 30 min", "2 h"]


def test_an_added_scene_is_rendered(project, server):
    """End to end: line, row, take."""
    project.scenes_csv.write_text("scene,prompt,notes\n")
    (name,) = add(project, write_scenes(project, "rain on a tent", 1).ideas)
    text = project.scenes_csv.read_text().replace(
        "scene,prompt,notes", "scene,prompt,notes,frames,width,height"
    )
    project.scenes_csv.write_text(text.rstrip("\n") + ",9,192,128\n")
    ended = list(run_batch(job_for(project, connect(project), check_project(project))))[-1]
    assert (ended.made, ended.failed) == (1, 0)
    assert (project.set(rehearsal=True).takes / name).is_dir()
