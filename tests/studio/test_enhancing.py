"""Prompts written out by a server's text encoder, from the row to the record of the take."""

import json
import threading

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.errors import BadInput
from ltxlib.rehearsal import nodes, nodes_text
from ltxlib.rehearsal.calls import NodeFailed
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store import enhanced
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.studio import a_project
from tests.support.writers import table, with_pack, without

HEADER = "scene,mode,prompt,image,frames,width,height,takes,enhance"
WORDS = "Snow falls on a cabin."
RAIN = f"rain,t2v,{WORDS},,9,192,128,2,yes"
STILL = f"still,i2v,{WORDS},still.png,9,192,128,1,yes"
PLAIN = f"plain,t2v,{WORDS},,9,192,128,1,no"


def a_film(tmp_path, *rows):
    """A project with these rows, and instructions for the text encoder."""
    project = a_project(tmp_path / "project")
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    (project.prompts / "enhance").mkdir()
    for name in ("t2v.md", "i2v.md"):
        (project.prompts / "enhance" / name).write_text(f"<!-- edit me -->\nWrite calmly, as {name} says.\n")
    return project


def batch_of(project):
    return job_for(project, connect(project), check_project(project))


def run(project):
    """Everything that happens in a batch, and the takes that are there afterwards, by scene and number."""
    happened = list(run_batch(batch_of(project)))
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return happened, {(take.scene, take.take_no): take for take in takes}


def written(happened):
    return [event for event in happened if isinstance(event, events.PromptWritten)]


def test_a_prompt_is_written_out_once_and_filmed(tmp_path, server):
    """All takes of a scene are made of the one text, which is checked, kept, journaled and recorded."""
    project = a_film(tmp_path, RAIN, STILL, PLAIN)
    happened, takes = run(project)
    assert [event.plan.scene.scene for event in written(happened)] == ["rain", "still"]
    assert happened[-1].made == 4
    text = takes["rain", 1].enhanced_prompt
    assert text == takes["rain", 2].enhanced_prompt == written(happened)[0].text
    assert text.startswith(nodes_text.MARK)
    assert WORDS in text
    for key, filmed in ((("rain", 2), text), (("plain", 1), WORDS)):
        texts = [
            n["inputs"]["text"] for n in takes[key].graph.values() if n["class_type"] == "CLIPTextEncode"
        ]
        assert filmed in texts
    assert (takes["rain", 1].prompt, takes["plain", 1].enhanced_prompt) == (WORDS, "")
    shelf = project.set(rehearsal=True)
    entries = [entry for entry in shelf.journal if entry["event"] == "enhanced"]
    assert [(entry["scene"], entry["prompt"]) for entry in entries] == [("rain", WORDS), ("still", WORDS)]
    assert entries[0]["text"] == text
    (kept,) = (shelf.folder / "enhanced" / "rain").glob("*.json")
    told = json.loads(kept.read_text("utf-8"))
    assert (told["text"], told["rehearsal"]) == (text, True)
    assert told["instructions"] == "prompts/enhance/t2v.md"
    assert told["problems"] == []


def test_a_second_run_asks_nothing(tmp_path, server):
    """The text is kept on disk: more takes of the scene are made of it, whatever a server would write now."""
    project = a_film(tmp_path, RAIN)
    _, before = run(project)
    project.scenes_csv.write_text(project.scenes_csv.read_text().replace(",2,yes", ",3,yes"))
    happened, takes = run(project)
    assert written(happened) == []
    assert happened[-1].made == 1
    assert takes["rain", 3].enhanced_prompt == before["rain", 1].enhanced_prompt


def test_other_instructions_make_other_takes(tmp_path, server):
    """Editing prompts/enhance/ has the prompt written anew, beside what was made."""
    project = a_film(tmp_path, RAIN)
    run(project)
    (project.prompts / "enhance" / "t2v.md").write_text("Write briefly.")
    happened, _ = run(project)
    assert len(written(happened)) == 1
    assert happened[-1].made == 2


def test_the_pack_writes_where_core_cannot(tmp_path, monkeypatch):
    """A server with LTXVideo's enhancer alone is asked by that one."""
    raw = with_pack(without("TextGenerate", "TextGenerateLTX2Prompt"))
    settings = RehearsalSettings(object_info=raw)
    with RehearsalServer(tmp_path / "out", tmp_path / "in", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        _, takes = run(a_film(tmp_path, STILL))
    assert takes["still", 1].enhanced_prompt.startswith(nodes_text.MARK)


def test_a_newer_server_is_asked_in_its_own_way(tmp_path, monkeypatch):
    """Where TextGenerate takes a system prompt and several pictures, it gets them there."""
    settings = RehearsalSettings(object_info=table(newer=True))
    with RehearsalServer(tmp_path / "out", tmp_path / "in", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        _, takes = run(a_film(tmp_path, STILL))
    assert takes["still", 1].enhanced_prompt.startswith(nodes_text.MARK)


def test_a_server_that_cannot_write_is_told_before_anything_is_rendered(tmp_path, monkeypatch):
    """The scenes that ask for it are named, with what to do; those that do not are no problem."""
    settings = RehearsalSettings(object_info=without("TextGenerate", "TextGenerateLTX2Prompt"))
    with RehearsalServer(tmp_path / "out", tmp_path / "in", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        project = a_film(tmp_path, RAIN, PLAIN)
        with pytest.raises(BadInput, match="Nothing was rendered") as caught:
            batch_of(project)
        (problem,) = caught.value.problems
        assert problem.where == "scene rain, column enhance"
        assert "no node that writes text" in problem.what
        assert "write no in the column enhance" in problem.cure
        project.scenes_csv.write_text(f"{HEADER}\n{PLAIN}\n")
        assert run(project)[0][-1].made == 1


def test_missing_instructions_are_told(tmp_path, server):
    """A file that is gone or says nothing stops the row that needs it, and only that."""
    project = a_film(tmp_path, RAIN, PLAIN)
    path = project.prompts / "enhance" / "t2v.md"
    path.write_text("<!-- nothing -->")
    (problem,) = check_project(project).errors
    assert (problem.where, "says nothing" in problem.what) == ("prompts/enhance/t2v.md", True)
    path.unlink()
    (problem,) = check_project(project).errors
    assert "cannot be read" in problem.what
    project.scenes_csv.write_text(f"{HEADER}\n{PLAIN}\n")
    assert check_project(project).errors == []


def answers(monkeypatch, *texts):
    """Let the text encoder answer with these, one after the other, the last one for ever."""
    given = list(texts)
    monkeypatch.setitem(
        nodes.PERFORMERS, "TextGenerate", lambda _: (given.pop(0) if len(given) > 1 else given[0],)
    )


def test_an_answer_that_breaks_rules_is_asked_for_again(tmp_path, server, monkeypatch):
    """The first good answer is taken; its dress is taken off."""
    good = nodes_text._written_out(WORDS)
    answers(monkeypatch, "No.", f"Here you go:\n\n**{good}**")
    happened, takes = run(a_film(tmp_path, RAIN))
    assert takes["rain", 1].enhanced_prompt == good
    assert written(happened)[0].says == ""


def test_a_model_that_writes_nothing_good_leaves_the_prompt_as_it_is(tmp_path, server, monkeypatch):
    """After a few tries the prompt itself is filmed, which is told, and the next run does not ask again."""
    answers(monkeypatch, "")
    project = a_film(tmp_path, RAIN)
    happened, takes = run(project)
    (event,) = written(happened)
    assert (event.text, takes["rain", 1].enhanced_prompt) == ("", "")
    assert "gave no text" in event.says
    assert takes["rain", 1].prompt == WORDS
    (entry,) = (e for e in project.set(rehearsal=True).journal if e["event"] == "enhanced")
    assert entry["asked"] == 3
    assert written(run(project)[0]) == []


def test_a_text_encoder_that_fails_costs_its_scene_alone(tmp_path, server, monkeypatch):
    """The takes of that scene fail with the server's reason; the others are made."""

    def fail(call):
        raise NodeFailed("RuntimeError", "the encoder cannot generate")

    monkeypatch.setitem(nodes.PERFORMERS, "TextGenerate", fail)
    happened, takes = run(a_film(tmp_path, RAIN, PLAIN))
    assert (happened[-1].made, happened[-1].failed) == (1, 2)
    assert set(takes) == {("plain", 1)}
    failed = [event for event in happened if isinstance(event, events.TakeFailed)]
    assert all("cannot generate" in event.reason for event in failed)


def test_cancel_while_it_writes_stops_the_server_too(tmp_path, server, monkeypatch):
    """Nothing is kept, nothing is filmed, and the server has nothing left to do."""
    writing, cancel = threading.Event(), threading.Event()

    def slowly(call):
        writing.set()
        while True:
            call.bench.check()
            cancel.wait(0.02)

    monkeypatch.setitem(nodes.PERFORMERS, "TextGenerate", slowly)
    project = a_film(tmp_path, RAIN)
    happened = []
    runner = threading.Thread(target=lambda: happened.extend(run_batch(batch_of(project), cancel)))
    runner.start()
    assert writing.wait(20)
    cancel.set()
    runner.join(20)
    assert not runner.is_alive()
    assert (happened[-1].cancelled, happened[-1].failed, happened[-1].made) == (True, 0, 0)
    shelf = project.set(rehearsal=True)
    assert [entry["event"] for entry in shelf.journal] == ["batch started", "batch ended"]
    client = ComfyClient(server.url)
    for _ in range(200):
        queue = client.queue()
        if not queue.running and not queue.pending:
            break
        threading.Event().wait(0.05)
    assert (queue.running, queue.pending) == ((), ())


def test_what_is_kept_is_read_back_and_damage_is_nothing(tmp_path):
    """A text that was kept comes back, an empty one too; a damaged file is as good as none."""
    shelf = a_film(tmp_path).set(rehearsal=False)
    assert enhanced.read(shelf, "rain", "k") is None
    enhanced.write(shelf, "rain", "k", "Mist.", {"prompt": "x"})
    assert enhanced.read(shelf, "rain", "k") == "Mist."
    enhanced.write(shelf, "rain", "k", "", {})
    assert enhanced.read(shelf, "rain", "k") == ""
    for damage in ("{", "[]", '{"text": 5}'):
        enhanced.path_of(shelf, "rain", "k").write_text(damage)
        assert enhanced.read(shelf, "rain", "k") is None
